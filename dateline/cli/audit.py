"""Replay and audit: do the read tables follow from the ledger, and is the ledger what it claims to be?"""

from typing import Annotated

import typer

from dateline import show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import MISMATCH, UserError
from dateline.home import Home
from store.audit import verify as verify_ledger
from store.replay import rebuild as rebuild_tables

audit = typer.Typer(help="Audit: prove that nothing was changed.", no_args_is_help=True)


def replay(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the read tables anew from the ledger, and compare.")
    ] = False,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Plays the ledger again. With --rebuild: the read tables are built beside the live ones, compared and switched."""
    if not rebuild:
        raise UserError("say what to replay: `dateline replay --rebuild`.")
    with Home(resolved(home)) as opened:
        done = rebuild_tables(opened.ledger, opened.timeline)
    if as_json:
        print_json(done._asdict())
    elif done.equal:
        say(f"{done.events} events replayed: the read tables follow from them (digest {done.digest[:16]}…).")
    else:
        say(f"{done.events} events replayed: the read tables differed, and were replaced by the rebuilt ones.")
    if not done.equal:
        raise typer.Exit(MISMATCH)


@audit.command("verify")
def verify(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """Recomputes every commitment, leaf, position and read table. Exit code 3 if anything differs."""
    with Home(resolved(home)) as opened:
        verdict = verify_ledger(opened.ledger, opened.timeline)
        contents = list(opened.content.verify())
    good = not verdict.faults and not contents
    if as_json:
        print_json(
            {
                "good": good,
                "size": verdict.size,
                "root": verdict.root.hex(),
                "first_bad_position": verdict.first_bad_position,
                "faults": [fault._asdict() for fault in verdict.faults],
                "contents": [str(item) for item in contents],
            }
        )
    else:
        for fault in verdict.faults:
            where = f"position {fault.position}" if fault.position is not None else "the log"
            say(f"{where}: {fault.what}")
        for item in contents:
            say(f"content: {item} does not match its commitment")
        if good:
            say(f"{verdict.size} events, all as they were recorded. Root {verdict.root.hex()}")
    if not good:
        raise typer.Exit(MISMATCH)
