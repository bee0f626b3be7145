"""Claims: the propositions that are tracked."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
import yaml

from dateline import show
from dateline.claimsfile import ClaimModel, dump_claims, load_claims, load_story_titles, parse_claims
from dateline.cli import calibrate
from dateline.cli.options import HomeOption, JsonOption, console, plain, print_json, resolved, say, table
from dateline.errors import UserError
from dateline.home import Home
from dateline.tracking import Changed, retire, track, watch_list
from store.claim import Claim, ClaimSet
from store.database import reading

app = typer.Typer(help="Claims: the propositions that are tracked.", no_args_is_help=True)
calibrate.register(app)

IdArgument = Annotated[str, typer.Argument(help="The claim's id.")]
TextOption = Annotated[str | None, typer.Option(help="The proposition, in one sentence.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=YAML", help="Any field, e.g. --set 'keyterms=[recall, listeria]'. Repeatable."),
]


@app.command("add")
def add(
    claim: IdArgument,
    text: Annotated[str, typer.Option(help="The proposition, in one sentence.")],
    story: Annotated[str, typer.Option(help="The story it belongs to.")],
    fields: SetOption = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Tracks a claim. The archive is read again for it."""
    with Home(resolved(home)) as opened:
        if claim in watch_list(opened).by_id:
            raise UserError(f"claim {claim!r} is tracked already. Change it with `dateline claims amend {claim}`.")
        changed = _track_one(opened, {"id": claim, "text": text, "story": story, **_fields(fields)})
    _told(changed, as_json)


@app.command("amend")
def amend(
    claim: IdArgument,
    text: TextOption = None,
    fields: SetOption = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Changes fields of a claim. What its readings depend on re-matches the archive; the rest re-folds at once."""
    with Home(resolved(home)) as opened:
        before = _claim(opened, claim)
        item = yaml.safe_load(dump_claims(ClaimSet((before,))))["claims"][0]
        item |= _fields(fields) | ({"text": text} if text is not None else {})
        changed = _track_one(opened, item)
    _told(changed, as_json)


@app.command("retire")
def retire_claim(claim: IdArgument, home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """Stops tracking a claim. What was recorded about it stays."""
    with Home(resolved(home)) as opened:
        if not retire(opened, claim):
            raise UserError(f"claim {claim!r} is not tracked. See `dateline claims list`.")
    if as_json:
        print_json({"retired": claim})
    else:
        say(f"Retired {claim}.")


@app.command("import")
def import_claims(
    file: Annotated[Path, typer.Argument(help="A claims file (YAML); see seeds/claims.yaml.")],
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Tracks the claims and entities of a file; those that are known and differ are amended. Safe to repeat."""
    claims, titles = load_claims(file), load_story_titles(file)
    with Home(resolved(home)) as opened:
        changed = track(opened, claims, titles)
    _told(changed, as_json)


@app.command("export")
def export(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """Writes all claims and entities as YAML (or JSON) to standard output; `import` reads it back."""
    with Home(resolved(home)) as opened, reading(opened.engine) as connection:
        claims = opened.timeline.claim_set(connection)
        titles = opened.timeline.stories(connection)
    text = dump_claims(claims, titles)
    if as_json:
        print_json(yaml.safe_load(text))
    else:
        sys.stdout.write(text)


@app.command("list")
def list_claims(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """All tracked claims with their status as last concluded."""
    with Home(resolved(home)) as opened, reading(opened.engine) as connection:
        claims = opened.timeline.claim_set(connection)
        statuses = opened.timeline.status_now(connection, [claim.id for claim in claims])
    if as_json:
        print_json([{**_plain(claim), "status": statuses.get(claim.id, "untested")} for claim in claims])
        return
    rows = [(c.id, c.story, statuses.get(c.id, "untested"), c.deadline or "", c.text) for c in claims]
    table(None, ("claim", "story", "status", "deadline", "text"), rows)


@app.command("show")
def show_claim(claim: IdArgument, home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """One claim: its definition, its status and how it came about."""
    with Home(resolved(home)) as opened:
        found = _claim(opened, claim)
        with reading(opened.engine) as connection:
            told = opened.timeline.told(connection, found.story, opened.clock.now(), claims=[claim]).claims[0]
    if as_json:
        print_json({**_plain(found), "status": told.status, "status_history": told.status_history,
                    "independent_origins": told.independent_origins, "mentions": told.mentions})  # fmt: skip
        return
    out = console()
    out.print(plain(dump_claims(ClaimSet((found,)))))
    out.print(f"Status: {told.status}; {told.independent_origins} independent origins, {told.mentions} mentions.")
    table("History", ("from", "status"), [(f"{c.at:%d %b %Y %H:%M}", c.status) for c in told.status_history])


def _track_one(opened: Home, item: dict[str, Any]) -> Changed:
    text = yaml.safe_dump({"claims": [item]}, allow_unicode=True)
    claims = parse_claims(text, "the claim")
    return track(opened, claims, {})


def _claim(opened: Home, claim: str) -> Claim:
    found = watch_list(opened).by_id.get(claim)
    if found is None:
        raise UserError(f"claim {claim!r} is not tracked. See `dateline claims list`.")
    return found


def _fields(pairs: list[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or name not in ClaimModel.model_fields:
            known = ", ".join(ClaimModel.model_fields)
            raise UserError(f"--set {pair!r}: write FIELD=YAML with one of the fields {known}.")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UserError(f"--set {name}: {value!r} is not YAML.") from error
    return found


def _plain(claim: Claim) -> dict[str, Any]:
    plain_claim: dict[str, Any] = msgspec.to_builtins(claim)
    return plain_claim


def _told(changed: Changed, as_json: bool) -> None:
    if as_json:
        print_json(changed._asdict())
        return
    parts = [f"{len(getattr(changed, name))} {name}" for name in Changed._fields if getattr(changed, name)]
    say(", ".join(parts) or "Nothing to change.")
