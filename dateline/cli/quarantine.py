"""Messages that could not be processed: seeing them, trying them again, dropping them. And messages that the bus has lost."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from dateline import quarantine, reannouncing, show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say, table
from dateline.errors import UserError
from dateline.home import Home
from dateline.quarantine import Held

app = typer.Typer(help="Messages that could not be processed.", no_args_is_help=True)
IdsArgument = Annotated[list[int] | None, typer.Argument(metavar="ID…", help="As `dateline quarantine list` shows them.")]
AllOption = Annotated[bool, typer.Option("--all", help="All that wait.")]


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were retried or dropped.")] = False,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Shows the messages that wait for your decision, oldest first."""
    with Home(resolved(home)) as opened:
        found = [one for one in quarantine.held(opened) if everything or one.state == "waiting"]
    if as_json:
        print_json([_as_json(one) for one in found])
    elif found:
        columns = ("id", "state", "where it was", "reason", "since", "article", "bytes")
        table(None, columns, [_row(one) for one in found])
    else:
        say("Nothing is in quarantine.")


@app.command("show")
def show_(
    id_: Annotated[int, typer.Argument(metavar="ID")], home: HomeOption = show.HOME, as_json: JsonOption = False
) -> None:
    """Shows one message: where it was, why it is kept aside, what it says, what was decided."""
    with Home(resolved(home)) as opened:
        one = quarantine.one_of(opened, id_)
    if as_json:
        print_json(_as_json(one))
        return
    say(f"Message {one.id}, {one.state}: {one.reason} at {_place(one)}, since {one.since:%Y-%m-%d %H:%M:%S} UTC.")
    say(f"Article: {one.key or 'it says none'}")
    say("Its bytes were erased." if one.message is None else f"Its bytes: {one.message.decode(errors='backslashreplace')}")
    for decision in one.decisions:
        say(f"{decision.state} {decision.at:%Y-%m-%d %H:%M:%S} UTC (recorded at position {decision.id}).")


@app.command("retry")
def retry(
    ids: IdsArgument = None, everything: AllOption = False, home: HomeOption = show.HOME, as_json: JsonOption = False
) -> None:
    """Puts messages back on their topics, as after an upgrade that can read them. One that still cannot be read comes back."""
    with Home(resolved(home)) as opened:
        done = quarantine.retry(opened, _wanted(opened, ids, everything))
    _tell(done, as_json)


@app.command("drop")
def drop(
    ids: IdsArgument = None, everything: AllOption = False, home: HomeOption = show.HOME, as_json: JsonOption = False
) -> None:
    """Records that messages are not wanted. The events that keep them stay."""
    with Home(resolved(home)) as opened:
        done = quarantine.drop(opened, _wanted(opened, ids, everything))
    _tell(done, as_json)


def reannounce(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """After the bus has lost messages: has everything announced and read again. What is recorded is not recorded twice.

    The role ingest publishes it; `dateline doctor` shows how far the others are behind.
    """
    with Home(resolved(home)) as opened:
        done = reannouncing.reannounce(opened)
    if as_json:
        print_json({"messages": done.messages, "moved": [one._asdict() for one in done.moved]})
        return
    for one in done.moved:
        say(f"{one.topic}/{one.partition}: recording goes on at {one.to}; {one.wanted} is not in the log.")
    say(f"{done.messages} messages will be announced again.")


def _wanted(home: Home, ids: list[int] | None, everything: bool) -> list[int]:
    if bool(ids) == everything:
        raise UserError("say which messages: their ids, or --all.")
    return ids or [one.id for one in quarantine.held(home) if one.state == "waiting"]


def _tell(done: Sequence[Held], as_json: bool) -> None:
    if as_json:
        print_json([_as_json(one) for one in done])
        return
    for one in done:
        say(f"Message {one.id}: {one.state} (recorded at position {one.decisions[-1].id}).")
    if not done:
        say("Nothing is in quarantine.")


def _row(one: Held) -> tuple[object, ...]:
    size = "erased" if one.message is None else len(one.message)
    return one.id, one.state, _place(one), one.reason, f"{one.since:%Y-%m-%d %H:%M}", one.key, size


def _place(one: Held) -> str:
    return f"{one.topic}/{one.partition} at {one.offset}"


def _as_json(one: Held) -> dict[str, Any]:
    return {
        **one._asdict(),
        "message": None if one.message is None else b64encode(one.message).decode(),
        "decisions": [decision._asdict() for decision in one.decisions],
    }
