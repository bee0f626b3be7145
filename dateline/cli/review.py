"""What people decide: that a mention was misread, and that a text must not be kept."""

import sys
from typing import Annotated, get_args

import typer

from dateline import erasing, show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import PARTIAL, UserError
from dateline.home import Home
from dateline.reviewing import DECISIONS, Correction
from dateline.reviewing import review as record_review
from store.reading import STANCES, Hedging


def register(app: typer.Typer) -> None:
    app.command("review")(review)
    app.command("erase")(erase)


def review(
    mention: Annotated[str, typer.Argument(help="The mention's id; `dateline article URL --json` lists them.")],
    verb: Annotated[str, typer.Argument(metavar="confirm|reject|correct", help="What you decided.")],
    stance: Annotated[str | None, typer.Option(help=f"With correct: {', '.join(STANCES)}.")] = None,
    hedging: Annotated[str | None, typer.Option(help=f"With correct: {', '.join(get_args(Hedging))}.")] = None,
    variant: Annotated[str | None, typer.Option(help="With correct: one of the claim's variants.")] = None,
    note: Annotated[str | None, typer.Option(help="Why; kept with the decision.")] = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Records your decision about one mention. It holds for the passage, also when the article is read again."""
    _known(verb, tuple(DECISIONS), "decision")
    _known(stance, STANCES, "--stance")
    _known(hedging, get_args(Hedging), "--hedging")
    with Home(resolved(home)) as opened:
        done = record_review(
            opened, mention, verb, Correction(stance, hedging, variant), note  # type: ignore[arg-type]  # checked above
        )  # fmt: skip
    if as_json:
        print_json(done._asdict())
        return
    say(f"{done.mention} in {done.claim}: {done.decision} (recorded at position {done.position}).")
    for claim, before, after in done.changes:
        say(f"{claim}: {before} → {after}")


def _known(value: str | None, allowed: tuple[str, ...], what: str) -> None:
    if value is not None and value not in allowed:
        raise UserError(f"{what} {value!r}: write one of {', '.join(allowed)}.")


def erase(
    reason: Annotated[str, typer.Option(help="Why; it is recorded, so name no one in it.")],
    article: Annotated[
        list[str] | None, typer.Option("--article", metavar="URL-OR-ID", help="An article to erase; may be repeated.")
    ] = None,
    match: Annotated[str | None, typer.Option(metavar="TEXT", help="Every article that holds this text, in any case.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Erases texts for good: pages, quotes, names, titles, URLs. Facts, statuses and proofs stay, and say so.

    Exit code 4 if some trace is left in a file, with what to do about it.
    """
    if not article and not match:
        raise UserError("say what to erase: --article URL-OR-ID, or --match TEXT.")
    with Home(resolved(home)) as opened:
        wanted = erasing.named(opened, article or [])
        astray: tuple[int, ...] = ()
        if match:
            found = erasing.holding(opened, match)
            wanted += [id_ for id_ in found.articles if id_ not in wanted]
            astray = found.astray
        if wanted and not yes and sys.stdin.isatty():
            typer.confirm(f"Erase {len(wanted)} articles for good?", abort=True, err=True)
        done = erasing.erase_articles(opened, wanted, reason)
    if as_json:
        print_json({**done._asdict(), "astray": astray})
    else:
        for one in done.erased:
            say(f"{one.article}: erased, with the text of {len(one.positions)} events (recorded at position {one.position}).")
        for line in done.remains if done.erased else ():
            say(f"Out of reach: {line}.")
        if not done.erased:
            say("Nothing holds it.")
        for position in astray:
            say(f"Event {position} holds the text and belongs to no article: it was left as it is.")
    if astray or not done.emptied:
        raise typer.Exit(PARTIAL)
