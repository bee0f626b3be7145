"""Running Dateline: making a home, the background service, the demonstration, backups, a look at its health."""

import importlib.resources
import random
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from dateline import answers, backups, checks, show
from dateline import demo as plays
from dateline.cli.options import HomeOption, JsonOption, console, print_json, resolved, say, table
from dateline.errors import FAILED, USAGE, UserError
from dateline.home import Home, create_home
from dateline.logs import set_up_logs
from dateline.parts import FIRST_RULES, RULES, load_rules, open_broker
from dateline.roles import ROLES, member_name, roles_of, run_role
from dateline.stopping import Stop, stop_at_end_of_input
from dateline.supervisor import Supervisor
from store.database import reading


def register(app: typer.Typer) -> None:
    for command in (init, run, demo, doctor, backup, restore):
        app.command(command.__name__)(command)


def init(
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The folder to make a home of.")] = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Makes a home: a folder with a secret, settings.toml and rules.yaml. Does nothing to one that is there."""
    path = resolved(directory or home)
    made = create_home(path)
    if not (path / RULES).exists():
        (path / RULES).write_text(FIRST_RULES, encoding="utf-8")
    with Home(path) as opened:
        log = opened.ledger.log
    if as_json:
        print_json({"home": str(path), "created": made, "log": log})
        return
    say(f"{'Made' if made else 'Found'} the home {path} (ledger {log}).")
    if made:
        console().print(
            "Next: `dateline feeds import FILE.opml`, `dateline claims import FILE.yaml`, then `dateline run`, "
            f"each with --home {path} or DATELINE_HOME set."
        )


def run(
    home: HomeOption = show.HOME,
    role: Annotated[str | None, typer.Option(help=f"Only this role, in this process: {', '.join(ROLES)}.")] = None,
    member: Annotated[str | None, typer.Option(help="This process's stable name, if a role runs more than once.")] = None,
    lifeline: Annotated[bool, typer.Option(hidden=True, help="End when standard input does.")] = False,
) -> None:
    """The background service: every role as a child process, restarted if it dies. SIGTERM drains and ends it."""
    path = resolved(home)
    if role is not None and role not in ROLES:
        raise UserError(f"there is no role {role!r}. Roles: {', '.join(ROLES)}.", USAGE)
    with Home(path) as opened:
        settings = opened.settings
        set_up_logs(role or "supervisor", form=settings.log, level=settings.log_level)
        if lifeline:
            stop_at_end_of_input()
        if role is not None:
            run_role(opened, role, member or member_name(role, 0))
            return
        load_rules(opened)  # a faulty file is told here, once, and not by a child that keeps dying
        _ = opened.ledger, opened.bus, opened.content
        if settings.celery_url is not None:
            open_broker(settings)
    supervisor = Supervisor(path, roles_of(settings))
    stop = Stop()
    if sys.stderr.isatty():
        sys.stderr.write(f"Dateline runs over {path}. Ctrl-C drains and ends it.\n")
    supervisor.run(stop.wait)


def demo(
    wire: Annotated[Path | None, typer.Option(help="A wire to play; by default the one that is shipped.")] = None,
    claims: Annotated[Path | None, typer.Option(help="The claims to track.")] = None,
    rules: Annotated[Path | None, typer.Option(help="The alert rules.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep the home that the play fills, in this new folder.")] = None,
    kills: Annotated[int, typer.Option(min=0, help="Kill that many roles (SIGKILL) on the way, at random moments.")] = 0,
    seed: Annotated[int, typer.Option(help="For --kills: the same seed gives the same moments.")] = 1,
    rows: Annotated[int, typer.Option(help="Most rows of the chronology.")] = 25,
    as_json: JsonOption = False,
) -> None:
    """Plays a recorded story through the real roles, on a virtual clock, and tells what came out of it."""
    set_up_logs("demo", form="console", level="warning")
    seeds = Path(str(importlib.resources.files("seeds")))
    shipped = wire is None
    played = plays.read_wire((wire or seeds / "wire").resolve())
    claims_file = claims or seeds / "claims.yaml"
    rules_file = rules or (seeds / "rules.yaml" if shipped and claims is None else None)
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise UserError(f"{keep} is not empty. Give --keep a new folder.")
    path = resolved(keep) if keep else Path(tempfile.mkdtemp(prefix="dateline-demo-"))
    try:
        with _Bar(sys.stderr.isatty()) as bar:
            done = plays.play(
                played, claims_file, rules_file, path,
                progress=bar.update, kill=random.Random(seed), kills=kills,  # noqa: S311 - not for secrets
            )  # fmt: skip
        with Home(path) as home:
            _show_demo(home, done, rows, as_json)
    finally:
        if keep is None:
            plays.clean_up(path)


def _show_demo(home: Home, done: plays.Play, rows: int, as_json: bool) -> None:
    answer = answers.demo_answer(home)
    if done.kills:
        sys.stderr.write(f"{done.kills} kills survived, {done.restarts} restarts\n")
    if as_json:
        print_json(answer)
        return
    with reading(home.engine) as connection:
        stories = home.timeline.stories(connection)
        alerts = answers.alerts(home, connection)
    leading = answers.leading_story(answer["timeline"], answer["claims"])
    out = console()
    out.print(
        Text(
            f"{done.changes} changes of the web in {done.seconds:.1f} s: {answer['articles']} articles, "
            f"{answer['readings']} readings, {answer['mentions']} mentions, {answer['alerts']} alerts.\n",
            style="bold",
        )
    )
    out.print(Text(stories.get(leading or "", leading or ""), style="bold underline"))
    show.chronology(answers.chronology(home, leading, None, None, rows))
    show.claims(answer["claims"])
    show.alerts(alerts, 15)
    for line in (
        "",
        "What to try next:",
        "  dateline demo --keep ./demo                                   keep what was recorded, then ask it:",
        f"  dateline story {leading} --home ./demo --as-of 2023-09-09   what had been published by then",
        "  dateline audit verify --home ./demo                           recompute every leaf of its ledger",
        "  dateline init ./mine                                          a home for your own feeds and claims",
    ):
        say(line)


class _Bar:
    """A progress bar on standard error, or nothing where nobody watches."""

    def __init__(self, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), disable=not shown, transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("starting the roles", total=None)

    def update(self, done: int, total: int, at: datetime) -> None:
        self._progress.update(self._task, completed=done, total=total, description=f"{at:%a %d %b %Y %H:%M}")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def doctor(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """Checks this machine, the home and everything it depends on, and says what to do about what is wrong."""
    found = checks.examine(resolved(home))
    if as_json:
        print_json([check._asdict() for check in found])
    else:
        table(None, ("check", "state", "finding", "what to do"), [(c.name, c.state, c.finding, c.remedy) for c in found])
    if any(check.state == "bad" for check in found):
        raise typer.Exit(FAILED)


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write (.tar.gz).")],
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Writes the whole home into one archive, consistent even while the service runs. It holds the home's secret."""
    made = backups.backup(resolved(home), file)
    _told(made, f"Wrote {file}: {made.events} events. Keep it as safe as the home: it holds its secret.", as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `dateline backup` wrote.")],
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Makes a home from an archive, and verifies its ledger before it is put in place."""
    made = backups.restore(file, resolved(home))
    _told(made, f"Restored {resolved(home)}: {made.events} events, verified.", as_json)


def _told(made: backups.Made, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(made._asdict())
    else:
        say(sentence)
