"""Doing a chore that was asked for: the same whether a loop takes it or a message named it.

The function of a kind is handed in from the door. It asks `stopping` wherever it could break off: the process is to end, or
the chore is somebody else's by now.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Self
from uuid import uuid4

import structlog
from sqlalchemy.exc import DBAPIError

from store.chores import Chores
from store.chores_rules import Payload, Taken

_log = structlog.get_logger("chores")

Stopping = Callable[[], bool]
Doing = Callable[[Taken, Stopping], Payload | None]
"""Does a chore. None: it is done. A payload: there is more to do, or it was broken off, and this says where to go on."""


class NotNow(Exception):
    """A server that a chore needs does not answer, as the message says in one line. Nothing is lost: look again later."""


class Hands:
    """Does chores, one at a time. `functions` by kind; a kind that is not among them is not touched.

    Without an `owner` the hands take a name that nobody else has. Raises whatever a chore raises, once it is written down.
    """

    def __init__(
        self, chores: Chores, functions: Mapping[str, Doing], stopping: Stopping = lambda: False, owner: str | None = None
    ) -> None:
        self._chores, self._functions, self._stopping = chores, functions, stopping
        self._owner = owner or uuid4().hex

    def do_next(self) -> bool:
        """Does the next one that is due; False if there is none."""
        taken = self._chores.take_next(tuple(self._functions), self._owner)
        return taken is not None and self._do(taken)

    def do(self, id_: int) -> bool:
        """Does this one; False if it is done, or in somebody's hands, or not due."""
        taken = self._chores.take(id_, self._owner)
        return taken is not None and self._do(taken)

    def _do(self, taken: Taken) -> bool:
        with _Held(self._chores, taken) as held:
            try:
                rest = self._functions[taken.kind](taken, lambda: self._stopping() or held.lost)
            except Exception as error:
                self._chores.failed(taken, error)
                _log.error("chore_failed", kind=taken.kind, key=taken.key, attempt=taken.attempt, error=type(error).__name__)
                raise
        kept = self._chores.done(taken) if rest is None else self._chores.go_on(taken, rest)
        if not kept:
            _log.warning("chore_overtaken", kind=taken.kind, key=taken.key)
        return True


class _Held:
    """Gives signs of life for a chore, from a thread of its own, until it is let go."""

    def __init__(self, chores: Chores, taken: Taken) -> None:
        self._chores, self._taken = chores, taken
        self._let_go = threading.Event()
        self.lost = False
        self._thread = threading.Thread(target=self._extend, name="lease", daemon=True)

    def _extend(self) -> None:
        while not self.lost and not self._let_go.wait(self._chores.manner.lease.total_seconds() / 3):
            try:
                self.lost = not self._chores.extend(self._taken)
            except DBAPIError as error:  # the lease runs on; if the database is back in time, it is extended
                _log.warning("lease_not_extended", key=self._taken.key, error=type(error).__name__)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._thread.join()

