"""Looks at the service from time to time and keeps what it saw: requests are answered from that and touch nothing.

So a hundred scrapers cost what one costs, and a database that hangs cannot hang the answers: they say how old they are.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from store.bus import BusError
from store.clock import Clock, to_micros
from web.checks import Check, NotReady, Probe, look
from web.figures import Figures
from web.progress import Seen, Stage, follow, stuck

EVERY = 5.0
"""Seconds between two looks."""
STALE = 60.0
"""Seconds after which what was last seen says nothing any more."""
PATIENCE = 300.0
"""Seconds that a stage may have work and do none of it."""

_log = structlog.get_logger("web")


class Snapshot(NamedTuple):
    """What one look saw. `taken` counts seconds on the machine's monotonic clock."""

    at: datetime
    taken: float
    checks: tuple[Check, ...]
    stages: tuple[Stage, ...]
    figures: Figures | None

    @property
    def at_micros(self) -> int:
        return to_micros(self.at)

    @property
    def ready(self) -> bool:
        return all(check.good for check in self.checks)


class Watch:
    """`probes` are asked by name, `stages` say how far the flow is, `figures` what there is to count.

    `step` is called by one thread again and again; `latest` may be read by any.
    """

    def __init__(
        self,
        *,
        probes: Mapping[str, Probe],
        stages: Callable[[], Sequence[Stage]],
        figures: Callable[[], Figures],
        clock: Clock,
        seconds: Callable[[], float],
    ) -> None:
        self._probes, self._stages, self._figures, self._clock, self._seconds = probes, stages, figures, clock, seconds
        self._seen: dict[str, Seen] = {}
        self.latest: Snapshot | None = None

    def step(self) -> int:
        """Looks if it is time to. Returns 1 if it did."""
        if self.latest is not None and self._seconds() - self.latest.taken < EVERY:
            return 0
        probes = {**self._probes, "lag": self._lag}
        checks = look(probes)
        stages = tuple(seen.stage for seen in self._seen.values())
        self.latest = Snapshot(self._clock.now(), self._seconds(), checks, stages, self._counted())
        return 1

    def age(self, snapshot: Snapshot) -> float:
        """How many seconds ago it was taken."""
        return self._seconds() - snapshot.taken

    def _lag(self) -> str:
        now = self._seconds()
        self._seen = follow(self._seen, self._stages(), now)
        faults = stuck(self._seen, now, PATIENCE)
        if faults:
            raise NotReady("; ".join(faults))
        return ", ".join(f"{seen.stage.name} {seen.stage.behind}" for seen in self._seen.values())

    def _counted(self) -> Figures | None:
        """None, with a line in the log, while the database does not answer."""
        try:
            return self._figures()
        except (SQLAlchemyError, BusError) as error:
            _log.warning("not_counted", error=str(error))
            return None
