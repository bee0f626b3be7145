"""`dateline migrate`: brings the databases to this release's tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dateline import show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say, table
from dateline.errors import MISMATCH
from dateline.home import Home

if TYPE_CHECKING:
    from dateline.migrating import Standing


def register(app: typer.Typer) -> None:
    app.command("migrate")(migrate)


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only look; exit code 3 if something is to be done or odd.")] = False,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Brings the databases to this release's revisions: on servers by this command alone, with every role stopped.

    SQLite files are migrated by whatever opens them first; of each a copy is kept beside it.
    """
    from dateline.migrating import migrate_all, standings

    with Home(resolved(home)) as opened:
        found = standings(opened)
        if not as_json:
            _tell(found)
        kept = [] if check else migrate_all(opened)
    if as_json:
        print_json({"databases": [_plain(one) for one in found], "migrated": not check, "copies": [str(copy) for copy in kept]})
    elif not check:
        _done(found, kept)
    if any(one.differences for one in found) or (check and any(one.outdated for one in found)):
        raise typer.Exit(MISMATCH)


def _plain(one: "Standing") -> dict[str, Any]:
    return {**one._asdict(), "steps": [step._asdict() for step in one.steps]}


def _tell(found: "list[Standing]") -> None:
    rows: list[tuple[str, str, str, str]] = []
    for one in found:
        todo = [f"{step.revision}: {step.what}" for step in one.steps] or ["nothing to do"]
        rows.append((one.database, one.found, one.needed, "\n".join(todo)))
    table(None, ("database", "revision", "this release", "what is to be done"), rows)
    for one in found:
        for odd in one.differences:
            say(f"{one.database}: not as this release expects: {odd}")


def _done(found: "list[Standing]", kept: list[Path]) -> None:
    for copy in kept:
        say(f"The database as it was is kept in {copy}. Delete it when all is well: no erasure reaches its texts.")
    say("Done." if any(one.steps for one in found) else "Both databases are at this release's revisions.")
