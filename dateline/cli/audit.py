"""The audit: is the ledger what it claims to be?"""

from pathlib import Path
from typing import Annotated

import typer

from dateline import show
from dateline.cli.bars import progress_bar
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import MISMATCH, UserError
from dateline.home import Home
from dateline.keys import KeyRing
from store.audit import verify as verify_ledger
from store.checkpoint import Checkpoint, open_checkpoint
from store.notes import BadKey, BadNote, Verifier

audit = typer.Typer(help="Audit: prove that nothing was changed.", no_args_is_help=True)

KeyOption = Annotated[
    list[str] | None, typer.Option("--key", metavar="KEY", help="Trust this public key too (name+hash+base64).")
]


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
