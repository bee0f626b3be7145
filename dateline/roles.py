"""What each process does: a role is a loop over one `step`, stopped by SIGTERM between two steps.

`match` reads, `record` records, `web` tells how all are. Polling, alerting and the like are chores: without Celery the roles
`ingest` and `alert` look for them and do them; with it `beat` says when to look, and `chores` is a Celery worker.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog

from dateline.errors import CONFIG, FAILED, UserError
from dateline.home import Home
from dateline.keeping import Keeping
from dateline.parts import load_rules, open_broker, open_reader
from dateline.patience import away, may_pass
from dateline.settings import Settings
from dateline.stopping import Stop
from store.bus import MemberReplaced, OffsetOutOfRange
from store.claim import ClaimSet
from store.database import reading
from store.recorder import Recorder
from workers.consume import Worker

if TYPE_CHECKING:
    from celery import Celery

ROLES = ("ingest", "match", "record", "alert", "beat", "chores", "web")
PAUSE = 0.2
"""Seconds that a role with nothing to do waits before it looks again."""
VIRTUAL_PAUSE = 0.005
"""The same on the virtual clock, which jumps."""
LONGEST_PAUSE = 30.0
"""Seconds at most between two attempts to reach a server that is away."""

_log = structlog.get_logger("role")


Stopping = Callable[[], bool]


def roles_of(settings: Settings) -> dict[str, int]:
    """The roles that make up the service of a home, each with its number of processes."""
    chores = {"ingest": settings.ingest.pollers, "alert": 1} if settings.celery_url is None else {"beat": 1, "chores": 1}
    return {**chores, "match": settings.match.processes, "record": 1, "web": 1}


class Loop(NamedTuple):
    """`step` does what there is to do and returns how much that was; `close` lets go of everything."""

    step: Callable[[], int]
    close: Callable[[], None]


def run_role(home: Home, role: str, member: str) -> None:
    """Runs one role in this process until SIGTERM or SIGINT; returns when the step in hand is done.

    A bus or a database that goes away is waited for with growing pauses; if it is not there at the start, that is told in one
    line (UserError). Anything else ends the process with its traceback. The supervisor starts it anew in both cases.
    """
    if role in ("beat", "chores") and home.settings.celery_url is None:
        raise UserError(f"the role {role} needs celery_url; without it, `ingest` and `alert` do the chores", CONFIG)
    beat = None if home.settings.beat_dir is None else home.settings.beat_dir / member
    if role == "chores":
        _work(home, member, beat)
        return
    stop = Stop()
    pause = VIRTUAL_PAUSE if home.settings.clock == "shared" else PAUSE
    loop = _OPEN[role](home, member, pause, stop.asked)
    if beat is not None:
        beat.touch()
    _log.info("started", member=member)
    backoff = pause
    while not stop.asked():
        if beat is not None:
            beat.touch()
        try:
            done = loop.step()
        except (MemberReplaced, OffsetOutOfRange) as error:
            # Going on would be wrong, and only an operator can know why it came to this.
            raise UserError(f"{member}: {error}", FAILED) from error
        except may_pass() as error:
            said = away(error)
            if said is None:
                raise
            _log.warning("waiting", error=said, again_in=backoff)
            stop.wait(backoff)
            backoff = min(backoff * 2, LONGEST_PAUSE)
            continue
        backoff = pause
        if not done:
            stop.wait(pause)
    loop.close()
    _log.info("stopped", member=member)


def _ingest(home: Home, member: str, _pause: float, stopping: Stopping) -> Loop:
    return _own_chores("ingest", home, member, stopping)


def _alert(home: Home, member: str, _pause: float, stopping: Stopping) -> Loop:
    load_rules(home)
    return _own_chores("alert", home, member, stopping)


def _own_chores(role: str, home: Home, member: str, stopping: Stopping) -> Loop:
    from dateline.chores import KINDS, Work

    work = Work(home, stopping, KINDS[role], owner=member)
    return Loop(work.step, work.close)


def _beat(home: Home, _member: str, _pause: float, stopping: Stopping) -> Loop:
    from workers.chores import Beat

    beat = Beat(_celery(home.settings, stopping))
    return Loop(beat.step, beat.close)


def _work(home: Home, member: str, beat: Path | None) -> None:
    """A Celery worker: it has signal handlers, processes and a loop of its own."""
    from workers.chores import work

    load_rules(home)
    work(lambda stopping: _celery(home.settings, stopping), member, home.settings.chores.processes, beat)


def _celery(settings: Settings, stopping: Stopping) -> "Celery":
    """No connection is opened here: each process of a worker makes a home of its own."""
    from dateline.chores import LONGEST, CeleryWork
    from workers.chores import Limits, application

    limits = Limits(settings.chores.every, LONGEST)
    return application(open_broker(settings), limits, lambda asked: CeleryWork(settings.home, asked), stopping)


def _match(home: Home, member: str, pause: float, _stopping: Stopping) -> Loop:
    def claims(watched: ClaimSet | None) -> ClaimSet:
        with reading(home.engine) as connection:
            if watched is not None and home.timeline.claims_at(connection) == watched.claims_at:
                return watched
            return home.timeline.claim_set(connection)

    worker = Worker(
        bus=home.bus,
        documents=home.content,
        claims=claims,
        make_reader=lambda watched: open_reader(home, watched),
        member=member,
    )
    return Loop(lambda: worker.step(timeout=pause), worker.close)


def _record(home: Home, _member: str, pause: float, _stopping: Stopping) -> Loop:
    recorder = open_recorder(home)
    if home.settings.clock == "shared":  # a play ends before anything is old
        return Loop(lambda: recorder.step(timeout=pause) + len(recorder.tick()), recorder.close)
    keeping = Keeping(home)
    return Loop(lambda: recorder.step(timeout=pause) + len(recorder.tick()) + keeping.tick(), recorder.close)


def open_recorder(home: Home) -> Recorder:
    return Recorder(
        ledger=home.ledger,
        timeline=home.timeline,
        content=home.content,
        bus=home.bus,
        keyed=home.keyed,
        clock=home.clock,
    )


def _web(home: Home, _member: str, _pause: float, _stopping: Stopping) -> Loop:
    from dateline.watching import open_web

    watch, server = open_web(home)
    return Loop(watch.step, server.close)


_OPEN: dict[str, Callable[[Home, str, float, Stopping], Loop]] = {
    "ingest": _ingest,
    "match": _match,
    "record": _record,
    "alert": _alert,
    "beat": _beat,
    "web": _web,
}


def member_name(role: str, number: int) -> str:
    """A stable name: a restarted process takes over what its predecessor held."""
    return f"{role}-{number}"
