"""Questions about what is known: stories, articles, one mention."""

import difflib
import itertools
from typing import Annotated, Any

import typer

from dateline import answers, show
from dateline.cli.options import AsKnownOption, AsOfOption, HomeOption, JsonOption, instant, print_json, resolved, table
from dateline.errors import UserError
from dateline.home import Home
from store.database import reading
from store.timeline import Article

stories = typer.Typer(help="Stories: named sets of claims that belong together.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.command("story")(story)
    app.command("article")(article)


@stories.command("list")
def list_stories(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """All stories with their claims and statuses."""
    with Home(resolved(home)) as opened:
        with reading(opened.engine) as connection:
            titles = opened.timeline.stories(connection)
        told = answers.story_answer(opened, None, None, None)
    rows: list[dict[str, Any]] = []
    for id_, title in titles.items():
        claims = [claim for claim in told["claims"] if claim["story"] == id_]
        statuses: dict[str, int] = {}
        for claim in claims:
            statuses[claim["status"]] = statuses.get(claim["status"], 0) + 1
        rows.append({"id": id_, "title": title, "claims": len(claims), "statuses": statuses})
    if as_json:
        print_json(rows)
        return
    table(
        None,
        ("story", "title", "claims", "statuses"),
        [(r["id"], r["title"], r["claims"], ", ".join(f"{n} {s}" for s, n in sorted(r["statuses"].items()))) for r in rows],
    )


def story(
    story: Annotated[str, typer.Argument(help="The story's id; see `dateline stories list`.")],
    home: HomeOption = show.HOME,
    as_of: AsOfOption = None,
    as_known: AsKnownOption = None,
    rows: Annotated[int, typer.Option(help="Most rows of the chronology on screen.")] = 25,
    as_json: JsonOption = False,
) -> None:
    """What happened in a story: chronology, and each claim's status, origins and history.

    With --as-of and --as-known: what we believed at one time about another.
    """
    of, known = instant(as_of, "--as-of"), instant(as_known, "--as-known")
    with Home(resolved(home)) as opened:
        told = answers.story_answer(opened, story, of, known)
        if as_json:
            print_json(told)
            return
        show.chronology(answers.chronology(opened, story, of, known, rows))
        show.claims(told["claims"])


def article(
    name: Annotated[str, typer.Argument(metavar="URL-OR-ID", help="The article's URL, or its id.")],
    home: HomeOption = show.HOME,
    diff: Annotated[bool, typer.Option("--diff", help="Show what changed between the revisions.")] = False,
    as_json: JsonOption = False,
) -> None:
    """One article: its revisions, what changed between them, and what was found in it."""
    with Home(resolved(home)) as opened:
        with reading(opened.engine) as connection:
            found = opened.timeline.article(connection, name)
            if found is None:
                raise UserError(f"no article is known by {name!r}. Give its URL or its id.")
            revisions = opened.timeline.revisions(connection, found.article)
            mentions = opened.timeline.mentions_of(connection, found.article)
        answer = _article_answer(opened, found, revisions, mentions, diff)
    if as_json:
        print_json(answer)
        return
    show.article(answer)


def _article_answer(opened: Home, found: Article, revisions: Any, mentions: Any, diff: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "article": found.article,
        "url": found.url,
        "title": found.title,
        "outlet": found.outlet,
        "published": found.occurred_at,
        "withdrawn_at": found.withdrawn_at,
        "erased": found.erased,
        "revisions": [
            {
                "revision": r.revision,
                "occurred_at": r.occurred_at,
                "seen_at": r.seen_at,
                "claimed_at": r.claimed_at,
                "outcome": r.outcome,
                "position": r.position,
                "edits": [
                    {"kind": kind, "claim": claim, "before": before, "after": after}
                    for (kind, claim), (before, after) in zip(
                        r.edits, r.passages or [(None, None)] * len(r.edits), strict=False
                    )
                ],
            }
            for r in revisions
        ],
        "mentions": [
            {
                "mention": m.id,
                "claim": m.mention.claim,
                "stance": m.stance,
                "quote": m.mention.text.quote if m.mention.text else None,
                "speaker": m.mention.text.speaker if m.mention.text else None,
            }
            for m in mentions
        ],
    }
    if diff:
        texts = [opened.content.document(found.article, r.revision) for r in revisions]
        answer["diff"] = [
            {
                "from": before.revision,
                "to": after.revision,
                "lines": list(
                    difflib.unified_diff(
                        before.text.splitlines(),
                        after.text.splitlines(),
                        f"revision {before.revision}",
                        f"revision {after.revision}",
                        lineterm="",
                        n=1,
                    )
                ),
            }
            for before, after in itertools.pairwise(texts)
            if before is not None and after is not None
        ]
    return answer
