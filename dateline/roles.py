"""What each process does: a role is a loop over one `step`, stopped by SIGTERM between two steps.

`ingest` polls, `match` reads, `record` records, `alert` alerts, `web` tells how all of them are. Embedded and distributed
run the same roles.
"""

from collections.abc import Callable
from typing import NamedTuple

import structlog

from dateline.errors import FAILED, UserError
from dateline.home import Home
from dateline.parts import open_alerts, open_ingest, open_reader
from dateline.stopping import Stop
from store.bus import BusUnavailable, MemberReplaced, OffsetOutOfRange
from store.claim import ClaimSet
from store.database import reading
from store.recorder import Recorder
from workers.consume import Worker

ROLES = ("ingest", "match", "record", "alert", "web")
PAUSE = 0.2
"""Seconds that a role with nothing to do waits before it looks again."""
VIRTUAL_PAUSE = 0.005
"""The same on the virtual clock, which jumps."""

_log = structlog.get_logger("role")


Stopping = Callable[[], bool]


class Loop(NamedTuple):
    """`step` does what there is to do and returns how much that was; `close` lets go of everything."""

    step: Callable[[], int]
    close: Callable[[], None]


def run_role(home: Home, role: str, member: str) -> None:
    """Runs one role in this process until SIGTERM or SIGINT; returns when the step in hand is done.

    A service that does not answer is tried again with growing pauses; anything else ends the process with its
    traceback, and the supervisor starts it anew.
    """
    stop = Stop()
    pause = VIRTUAL_PAUSE if home.settings.clock == "shared" else PAUSE
    loop = _OPEN[role](home, member, pause, stop.asked)
    beat = None if home.settings.beat_dir is None else home.settings.beat_dir / member
    if beat is not None:
        beat.touch()
    _log.info("started", member=member)
    backoff = pause
    while not stop.asked():
        if beat is not None:
            beat.touch()
        try:
            done = loop.step()
        except BusUnavailable as error:
            _log.warning("bus_unavailable", error=str(error), again_in=backoff)
            stop.wait(backoff)
            backoff = min(backoff * 2, 30)
            continue
        except (MemberReplaced, OffsetOutOfRange) as error:
            # Going on would be wrong, and only an operator can know why it came to this.
            raise UserError(f"{member}: {error}", FAILED) from error
        backoff = pause
        if not done:
            stop.wait(pause)
    loop.close()
    _log.info("stopped", member=member)


def _ingest(home: Home, _member: str, _pause: float, stopping: Stopping) -> Loop:
    ingest = open_ingest(home, stopping)
    return Loop(lambda: ingest.run_due().total, ingest.close)


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
    return Loop(lambda: recorder.step(timeout=pause) + len(recorder.tick()), recorder.close)


def open_recorder(home: Home) -> Recorder:
    return Recorder(
        ledger=home.ledger,
        timeline=home.timeline,
        content=home.content,
        bus=home.bus,
        keyed=home.keyed,
        clock=home.clock,
    )


def _alert(home: Home, member: str, _pause: float, _stopping: Stopping) -> Loop:
    alerts = open_alerts(home, member)
    if home.settings.clock == "shared":  # a play is the same every time; when it signs would not be
        return Loop(lambda: int(alerts.step().anything), lambda: None)
    from dateline.publishing import Checkpointer

    checkpoints = Checkpointer(home)
    return Loop(lambda: int(alerts.step().anything) + checkpoints.tick(), lambda: None)


def _web(home: Home, _member: str, _pause: float, _stopping: Stopping) -> Loop:
    from dateline.watching import open_web

    watch, server = open_web(home)
    return Loop(watch.step, server.close)


_OPEN: dict[str, Callable[[Home, str, float, Stopping], Loop]] = {
    "ingest": _ingest,
    "match": _match,
    "record": _record,
    "alert": _alert,
    "web": _web,
}


def member_name(role: str, number: int) -> str:
    """A stable name: a restarted process takes over what its predecessor held."""
    return f"{role}-{number}"
