"""What people decide: erasing what must not be kept."""

import sys
from typing import Annotated

import typer

from dateline import erasing, show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import PARTIAL, UserError
from dateline.home import Home


def register(app: typer.Typer) -> None:
    app.command("erase")(erase)


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
