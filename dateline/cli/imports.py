"""`dateline import`: history from files, with its own dates and without alerting anybody."""

from pathlib import Path
from typing import Annotated

import typer

from dateline import show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say
from dateline.errors import PARTIAL, UserError
from dateline.home import Home


def register(app: typer.Typer) -> None:
    app.command("import")(import_history)


def import_history(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="JSON lines (.jsonl), feed files, saved pages (.html), or folders of these."),
    ],
    alert: Annotated[bool, typer.Option("--alert", help="Let rules alert about it, as far as their horizon reaches.")] = False,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Takes in articles with their original dates. Idempotent: break it off and repeat it as you like.

    A JSON line has url, title, text (or html), outlet, published (ISO 8601), and may have byline, language and guid. Exit code
    4 if something could not be read; it is named.
    """
    from ingest.history import LOUD, QUIET, Importer, read_history

    missing = [path for path in files if not path.exists()]
    if missing:
        raise UserError(f"{missing[0]} does not exist; nothing was imported.")
    with Home(resolved(home)) as opened:
        feed = LOUD if alert else QUIET
        importer = Importer(bus=opened.bus, content=opened.content, clock=opened.clock, secret=opened.secret, feed=feed)
        done = importer.run(read_history(files))
    if as_json:
        print_json(done)
    else:
        counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(done.articles.items()))
        say(f"{counted or 'nothing to import'}; {done.published} messages for the readers (`dateline run` has them read).")
    for problem in done.problems:
        typer.echo(f"dateline: {problem}", err=True)
    if done.problems:
        raise typer.Exit(PARTIAL)
