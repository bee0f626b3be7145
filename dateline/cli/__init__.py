"""The command line. `main` is the console script; each module here holds the commands of one kind of question."""

import os
import sys

import typer
from sqlalchemy.exc import OperationalError

from dateline.cli import (
    alerts,
    audit,
    claims,
    evaluate,
    evidence,
    explain,
    feeds,
    imports,
    migrate,
    quarantine,
    questions,
    readings,
    replay,
    review,
    service,
)
from dateline.errors import FAILED, TEMPORARY, UserError
from dateline.logs import clean, set_up_logs
from store.bus import BusError
from store.ledger import LedgerError

app = typer.Typer(
    name="dateline",
    help="Watches feeds for the claims you track, and keeps the whole history of each: who said it, who denied it, "
    "who only repeated it, and what was known on any day.\n\nExit codes: 0 done, 1 failed, 2 wrong use, 3 a "
    "verification found a difference, 4 partly done, 75 a service did not answer, 78 settings are wrong, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
for module in (service, questions, readings, evaluate, explain, review, imports, migrate):
    module.register(app)
app.add_typer(feeds.app, name="feeds")
app.add_typer(claims.app, name="claims")
app.add_typer(questions.stories, name="stories")
app.add_typer(alerts.app, name="alerts")
app.add_typer(quarantine.app, name="quarantine")
app.command("reannounce")(quarantine.reannounce)
evidence.register(audit.audit)
app.add_typer(audit.audit, name="audit")
app.command("replay")(replay.replay)
app.add_typer(replay.state, name="state")


def main() -> None:
    """Runs the command line; every expected error is one clear line on stderr and an exit code, never a traceback."""
    set_up_logs("dateline", form="console", level="warning")  # on stderr: answers stay alone on stdout
    try:
        app()
    except UserError as error:
        _say(str(error))
        sys.exit(error.code)
    except BrokenPipeError:
        # The reader of our output has gone (`dateline … | head`): not an error, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except LedgerError as error:
        _say(str(error))
        sys.exit(FAILED)
    except OperationalError as error:
        _say(f"the database does not answer: {error.orig}")
        sys.exit(TEMPORARY)
    except BusError as error:
        _say(f"the bus does not answer: {error}")
        sys.exit(TEMPORARY)


def _say(message: str) -> None:
    for line in message.splitlines():
        sys.stderr.write(f"dateline: {clean(line)}\n")
