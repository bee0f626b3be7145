"""A member's heartbeat: renews its lease from a thread while the member's own thread is at work."""

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

from store.bus import BusUnavailable
from store.bus.sqlite_file import BusFile

log = logging.getLogger(__name__)


class Timing(NamedTuple):
    """For how many seconds a silent member keeps its lease, after how many without a poll it counts as
    stuck, and the clock that counts them."""

    lease: float
    patience: float
    now: Callable[[], float]


class Heartbeat:
    """Renews the session's lease three times per lease, until stopped.

    It falls silent when the member has not polled for `patience` seconds: a process that lives but is
    stuck must not keep its partitions. A renewal that fails is tried again at the next beat; if the lease
    runs out meanwhile, the member's commit raises `LostPartition`.
    """

    def __init__(self, file: BusFile, session: str, timing: Timing) -> None:
        self._file, self._session, self._timing = file, session, timing
        self._polled_at = timing.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"bus-lease-{session}", daemon=True)
        self._thread.start()

    def polled(self) -> None:
        self._polled_at = self._timing.now()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._timing.lease / 3):
            if self._timing.now() - self._polled_at < self._timing.patience:
                self._renew()
        self._file.close()

    def _renew(self) -> None:
        try:
            with self._file.writing() as connection:
                connection.execute("UPDATE member SET renewed = ? WHERE session = ?", (self._timing.now(), self._session))
        except BusUnavailable as error:
            log.warning("lease %s not renewed, trying again: %s", self._session, error)
