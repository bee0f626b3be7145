"""Evidence for others: signed checkpoints, the keys that sign them, and bundles that can be checked offline."""

from pathlib import Path
from typing import Annotated

import typer

from dateline import show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import PARTIAL, UserError
from dateline.exporting import export as export_bundle
from dateline.home import Home
from dateline.keys import KeyRing
from dateline.publishing import Checkpointer
from store.bundle import Scope

keys = typer.Typer(help="The keys that sign checkpoints. Public halves only; the secret one never leaves its file.")


def register(audit: typer.Typer) -> None:
    """Adds these commands to `dateline audit`."""
    audit.command("checkpoint")(checkpoint)
    audit.command("export")(export)
    audit.add_typer(keys, name="keys")


def checkpoint(
    home: HomeOption = show.HOME,
    publish: Annotated[bool, typer.Option("--publish/--no-publish", help="Put it where `[checkpoints] publish` says.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Signs the ledger as it stands, records that, publishes and prints it. Exit code 4 if a place did not take it."""
    with Home(resolved(home)) as opened:
        checkpoints = Checkpointer(opened)
        signed = checkpoints.sign()
        taken, failed = checkpoints.publish() if publish else ([], [])
    if as_json:
        print_json(
            {
                "size": signed.checkpoint.size,
                "root": signed.checkpoint.root.hex(),
                "position": signed.position,
                "note": signed.note,
                "published": [str(to) for to in taken],
                "failed": [{"target": str(error.target), "why": error.why} for error in failed],
            }
        )
    else:
        typer.echo(signed.note, nl=False)
        for to in taken:
            say(f"published to {to}")
    for error in failed:
        typer.echo(f"dateline: not published to {error}; it is tried again with the next one.", err=True)
    if failed:
        raise typer.Exit(PARTIAL)


def export(
    path: Annotated[Path, typer.Argument(metavar="DIR-OR-ZIP", help="A new folder, or a new file that ends in .zip.")],
    story: Annotated[str | None, typer.Option(help="All claims of this story.")] = None,
    claim: Annotated[str | None, typer.Option(help="This claim.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole ledger.")] = False,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Writes an evidence bundle: events, texts, proofs, signed checkpoint, keys, a report, and a script that checks it all."""
    if (story is not None) + (claim is not None) + everything != 1:
        raise UserError("say what to export: --story S, --claim C or --all.")
    with Home(resolved(home)) as opened:
        made = export_bundle(opened, Scope(story, claim), resolved(path))
    if as_json:
        print_json(made._asdict())
        return
    say(f"{made.path}: {made.events} events and {made.contents} contents ({made.scope}), proved against {made.size} events.")
    say("Check it with `python -I verify.py` in the folder; read report.html.")


@keys.command("list")
def list_keys(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """All public keys of this home, the one in use last. Give them to whoever is to check checkpoints."""
    with Home(resolved(home)) as opened:
        found = [str(key) for key in KeyRing(opened.path, opened.ledger.log).verifiers()]
    if as_json:
        print_json(found)
        return
    for key in found:
        say(key)
    if not found:
        say("No key yet: the first checkpoint makes one.")


@keys.command("rotate")
def rotate(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """Makes a new signing key. What older keys signed can still be checked."""
    with Home(resolved(home)) as opened:
        made = str(KeyRing(opened.path, opened.ledger.log).rotate().verifier)
    if as_json:
        print_json({"key": made})
        return
    say(f"{made} signs from now on.")
