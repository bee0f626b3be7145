"""The one clock. Pure code is handed instants; only a `Clock` reads them, and it is injected at the door."""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the present instant: aware, UTC, microseconds."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that its owner sets: for tests, replays and anything within one process."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def set(self, at: datetime) -> None:
        self._at = at

    def advance(self, by: timedelta) -> None:
        self._at += by


class SharedClock:
    """A virtual clock that several processes see: eight bytes of a memory-mapped file.

    One process sets it (the demonstration), all others read it. A read is one aligned eight-byte
    load, so no reader ever sees half of a new instant.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._cell = mmap.mmap(file.fileno(), 8)

    def now(self) -> datetime:
        return from_micros(struct.unpack_from("<q", self._cell)[0])

    def set(self, at: datetime) -> None:
        struct.pack_into("<q", self._cell, 0, to_micros(at))


def to_micros(at: datetime) -> int:
    """Microseconds since 1970, the form in which the ledger's leaves carry instants.

    Raises ValueError for a naive datetime: the store knows no local time.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; Dateline keeps aware UTC times only")
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of `to_micros`' number."""
    return EPOCH + timedelta(microseconds=micros)
