"""Replay and audit: do the read tables follow from the ledger, and is the ledger what it claims to be?"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dateline import show
from dateline.claimsfile import load_claims
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import MISMATCH, UserError
from dateline.home import Home
from dateline.keys import KeyRing
from store.audit import verify as verify_ledger
from store.checkpoint import Checkpoint, open_checkpoint
from store.notes import BadKey, BadNote, Verifier
from store.replay import rebuild as rebuild_tables

audit = typer.Typer(help="Audit: prove that nothing was changed.", no_args_is_help=True)

KeyOption = Annotated[
    list[str] | None, typer.Option("--key", metavar="KEY", help="Trust this public key too (name+hash+base64).")
]


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """`(done, of)` as a bar on a terminal's standard error; nothing elsewhere."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def replay(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the read tables anew from the ledger, and compare.")
    ] = False,
    rematch: Annotated[
        bool, typer.Option("--rematch", help="Read the recorded articles again, and say what would be different.")
    ] = False,
    claims: Annotated[Path | None, typer.Option(help="With --rematch: the claims of this file instead (YAML).")] = None,
    record: Annotated[bool, typer.Option("--record", help="With --rematch: record that it was done, and its digest.")] = False,
    processes: Annotated[int, typer.Option(min=1, max=64, help="With --rematch: read in that many processes.")] = 1,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Plays the ledger again: --rebuild compares the read tables and mends them; --rematch changes nothing."""
    if rebuild == rematch:
        raise UserError("say what to replay: `dateline replay --rebuild`, or `--rematch`.")
    with Home(resolved(home)) as opened:
        if rematch:
            _rematch(opened, claims, record, processes, as_json)
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
        say(f"{done.events} events replayed: the read tables differed, and were replaced by the rebuilt ones.")
    if not done.equal:
        raise typer.Exit(MISMATCH)


def _rematch(opened: Home, claims: Path | None, record: bool, processes: int, as_json: bool) -> None:
    from dateline.rematching import rematch

    wanted = load_claims(claims) if claims is not None else None
    with progress_bar("articles") as progress:
        done = rematch(opened, wanted, processes=processes, record=record, progress=progress)
    if as_json:
        print_json(done._asdict())
        return
    say(f"{done.articles} articles read again by reader {done.reader}; {done.unread} hold no text any more.")
    for mention in done.mentions:
        change = f"{mention.before or 'nothing'} → {mention.after or 'nothing'}"
        why = ", ".join(mention.why)
        say(f"{mention.kind} {mention.published:%Y-%m-%d} {mention.claim}: {change}: “{mention.quote}” ({why})")
    for status in done.statuses:
        said = " → ".join(f"{at:%Y-%m-%d %H:%M}" if at else "never" for at in (status.before, status.after))
        why = f": “{status.because[0]}”" if status.because else ""
        say(f"{status.kind} {status.claim} {status.status}: {said}{why}")
    if not done.mentions and not done.statuses:
        say("Nothing would be different.")


@audit.command("verify")
def verify(
    home: HomeOption = show.HOME,
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", metavar="FILE", help="A checkpoint that was published earlier: finds a rolled-back ledger."),
    ] = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recomputes every commitment, leaf, position, checkpoint, content and read table. Exit code 3 if anything differs."""
    with Home(resolved(home)) as opened, progress_bar("events") as progress:
        keys = [*KeyRing(opened.path, opened.ledger.log).verifiers(), *_parsed(key or [])]
        verdict = verify_ledger(
            opened.ledger, opened.timeline, content=opened.content, keys=keys,
            against=[_published(path, keys) for path in against or []], progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(
            {
                "good": not verdict.faults,
                "size": verdict.size,
                "root": verdict.root.hex(),
                "checkpoints": verdict.checkpoints,
                "first_bad_position": verdict.first_bad_position,
                "faults": [fault._asdict() for fault in verdict.faults],
            }
        )
    else:
        for fault in verdict.faults:
            where = f"position {fault.position}" if fault.position is not None else "the log"
            say(f"{where}: {fault.what}")
        if not verdict.faults:
            signed = f" {verdict.checkpoints} signed checkpoints agree." if verdict.checkpoints else ""
            say(f"{verdict.size} events, all as they were recorded.{signed} Root {verdict.root.hex()}")
    if verdict.faults:
        raise typer.Exit(MISMATCH)


def _parsed(keys: list[str]) -> list[Verifier]:
    try:
        return [Verifier.parse(key) for key in keys]
    except BadKey as error:
        raise UserError(f"--key: {error}.") from error


def _published(path: Path, keys: list[Verifier]) -> Checkpoint:
    try:
        return open_checkpoint(path.read_text(encoding="utf-8"), keys)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--against {path}: cannot be read ({error})") from error
    except BadNote as error:
        raise UserError(f"--against {path}: {error.why}. Give the key that you trust with --key.", MISMATCH) from error
