"""Alerts: what went out, why something did or did not, and silence for a while."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from dateline import answers, show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say, table
from dateline.errors import FAILED, UserError
from dateline.home import Home
from dateline.parts import duration, open_alerts, open_channels, put_rules
from store.database import reading

app = typer.Typer(help="Alerts: what went out, and why something did or did not.", no_args_is_help=True)


@app.command("list")
def list_alerts(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """All alerts, newest last, with what became of them."""
    with Home(resolved(home)) as opened:
        _ = opened.ledger
        with reading(opened.engine) as connection:
            rows = answers.alerts(opened, connection)
    if as_json:
        print_json(rows)
        return
    table(
        None,
        ("alert", "raised", "rule", "trigger", "state", "headline"),
        [(r.alert, f"{r.raised_at:%d %b %Y %H:%M}", r.rule, r.trigger, r.state, r.headline or "") for r in rows],
    )


@app.command("explain")
def explain(
    subject: Annotated[str, typer.Argument(help="A ledger position, or the id of a mention, an alert or a message.")],
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Why something did or did not alert."""
    with Home(resolved(home)) as opened:
        told = open_alerts(opened, "explain").explain(subject)
    if not told:
        raise UserError(f"nothing is known of {subject!r}. Give a position, or the id of a mention, an alert or a message.")
    if as_json:
        print_json(told)
        return
    for explanation in told:
        say(explanation.say())


@app.command("mute")
def mute_scope(
    scope: Annotated[str, typer.Argument(help="rule:ID, story:ID or claim:ID.")],
    duration_: Annotated[str, typer.Option("--for", metavar="TIME", help="15m, 4h, 2d; 0m ends a mute.")],
    reason: Annotated[str | None, typer.Option(help="Why; it is recorded.")] = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Holds alerts back for a while. At the end one summary tells what was held back."""
    from alerts.deliver import BadScope, mute

    with Home(resolved(home)) as opened:
        now = opened.clock.now()
        until = now + (duration(duration_, "--for") or timedelta())
        try:
            draft = mute(scope, until, now, reason)
        except BadScope as error:
            raise UserError(str(error)) from error
        opened.ledger.append([draft], actor="operator")
    if as_json:
        print_json({"scope": scope, "until": until})
    else:
        say(f"{scope} is muted until {until:%d %b %Y %H:%M} UTC.")


@app.command("test")
def try_channel(
    channel: Annotated[str, typer.Argument(help="The channel's name in settings.toml.")],
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Sends a test message the way alerts go, and says what the receiver answered."""
    from alerts.deliver import probe

    with Home(resolved(home)) as opened:
        channels = open_channels(opened)
        if channel not in channels:
            raise UserError(f"there is no channel {channel!r}. Known: {', '.join(channels) or 'none'}.")
        outcome = probe(channels[channel], channel, opened.clock.now())
    name = type(outcome).__name__
    said = getattr(outcome, "receipt", None) or getattr(outcome, "reason", "")
    if as_json:
        print_json({"channel": channel, "outcome": name, "said": said})
    else:
        say(f"{channel}: {name} ({said})")
    if name != "Delivered":
        raise typer.Exit(FAILED)


@app.command("rules")
def import_rules(
    file: Annotated[Path, typer.Argument(help="A rules file (YAML); see seeds/rules.yaml.")],
    home: HomeOption = show.HOME,
) -> None:
    """Checks a rules file and makes it the home's. It counts from the next start of the alert role."""
    with Home(resolved(home)) as opened:
        put_rules(opened, file)
    say("The rules are in place.")
