"""Replay: do the read tables follow from the ledger, and what would other claims, rules or another reader have come to?"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dateline import show
from dateline.claimsfile import load_claims
from dateline.cli.bars import progress_bar
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import MISMATCH, UserError
from dateline.home import Home
from dateline.parts import parse_rules
from dateline.replaying import alone
from store.database import reading
from store.replay import NothingKept, roll_back
from store.replay import rebuild as rebuild_tables

if TYPE_CHECKING:
    from dateline.rematching import Rematched

state = typer.Typer(help="What the read tables hold, as one number.", no_args_is_help=True)


def replay(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the read tables anew from the ledger, compare, and switch if they differ.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Bring back the read tables that the last --rebuild replaced.")
    ] = False,
    rematch: Annotated[
        bool, typer.Option("--rematch", help="Read the recorded articles again, and say what would be different.")
    ] = False,
    claims: Annotated[Path | None, typer.Option(help="With --rematch: the claims of this file instead (YAML).")] = None,
    rules: Annotated[Path | None, typer.Option(help="With --rematch: the alert rules of this file instead (YAML).")] = None,
    record: Annotated[bool, typer.Option("--record", help="With --rematch: record that it was done, and its digest.")] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="With --rematch: read in that many processes; by default one a core.")
    ] = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Plays the ledger again: --rebuild and --rollback are about the read tables, --rematch changes nothing.

    Exit codes: 3, the tables differed and were replaced; 75, a process that read was killed; 130, interrupted. After the
    last two the same command goes on where it stopped.
    """
    if rebuild + rollback + rematch != 1:
        raise UserError("say what to replay: `dateline replay --rebuild`, `--rollback` or `--rematch`.")
    if not rematch and (claims or rules or record or processes):
        raise UserError("--claims, --rules, --record and --processes go with --rematch.")
    with Home(resolved(home)) as opened, alone(opened.path):
        if rematch:
            _rematch(opened, claims, rules, record, processes, as_json)
        elif rollback:
            _roll_back(opened, as_json)
        else:
            _rebuild(opened, as_json)


def _rebuild(opened: Home, as_json: bool) -> None:
    with progress_bar("events") as progress:
        done = rebuild_tables(opened.ledger, opened.timeline, progress)
    if as_json:
        print_json(done._asdict())
    elif done.equal:
        say(f"{done.events} events replayed: the read tables follow from them (digest {done.digest[:16]}…).")
    else:
        back = " `dateline replay --rollback` brings the old ones back." if done.kept else ""
        say(f"{done.events} events replayed: the read tables differed, and were replaced by the rebuilt ones.{back}")
    if not done.equal:
        raise typer.Exit(MISMATCH)


def _roll_back(opened: Home, as_json: bool) -> None:
    try:
        with progress_bar("events") as progress:
            done = roll_back(opened.ledger, opened.timeline, progress)
    except NothingKept as error:
        raise UserError(str(error)) from error
    if as_json:
        print_json(done._asdict())
    else:
        say(f"The read tables of before the last switch are live again, with all {done.events} events. The same undoes it.")


def _rematch(
    opened: Home, claims: Path | None, rules: Path | None, record: bool, processes: int | None, as_json: bool
) -> None:
    from dateline.rematching import rematch

    wanted = load_claims(claims) if claims is not None else None
    ruleset = parse_rules(rules) if rules is not None else None
    with progress_bar("readings and events") as progress:
        done = rematch(opened, wanted, ruleset, processes=processes, record=record, progress=progress)
    if as_json:
        print_json(done._asdict())
    else:
        _tell(done)


def _tell(done: "Rematched") -> None:
    resumed = f" ({done.resumed} revisions by an earlier run)" if done.resumed else ""
    say(f"{done.articles} articles read again by reader {done.reader}{resumed}; {done.unread} hold no text any more.")
    for mention in done.mentions:
        change = f"{mention.before or 'nothing'} → {mention.after or 'nothing'}"
        why = ", ".join(mention.why)
        say(f"{mention.kind} mention {mention.published:%Y-%m-%d} {mention.claim}: {change}: “{mention.quote}” ({why})")
    for status in done.statuses:
        why = f": “{status.because[0]}”" if status.because else ""
        say(f"{status.kind} status {status.claim} {status.status}: {_moved(status.before, status.after)}{why}")
    for alert in done.alerts:
        quote = f": “{alert.quote}”" if alert.quote else ""
        moved = _moved(alert.before, alert.after)
        say(f"{alert.kind} alert {alert.rule}, {alert.trigger}: {moved}: {alert.headline}{quote} ({alert.why})")
    if not done.mentions and not done.statuses and not done.alerts:
        say("Nothing would be different.")
    if done.left_out:
        say(f"Not compared: {', '.join(done.left_out)}. No reader and no claim changes when a feed falls silent.")


def _moved(before: datetime | None, after: datetime | None) -> str:
    return " → ".join(f"{at:%Y-%m-%d %H:%M}" if at else "never" for at in (before, after))


@state.command("digest")
def digest(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """The digest of the live read tables: the same wherever the same events are, on SQLite and on PostgreSQL."""
    with Home(resolved(home)) as opened:
        engine = opened.engine
        with reading(engine) as connection:
            events, found = opened.timeline.next_position(connection), opened.timeline.digest(connection)
    if as_json:
        print_json({"events": events, "digest": found})
    else:
        say(f"{found} ({events} events)")
