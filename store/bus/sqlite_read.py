"""Reading partitions of a `SqliteBus` file from given offsets, and waiting for new messages."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from store.bus import BusError, Incoming, OffsetOutOfRange
from store.bus.sqlite_file import OFFSET_BITS, BusFile, Part, parts_of

_OFFSET = (1 << OFFSET_BITS) - 1
_headers = msgspec.json.Decoder(tuple[tuple[str, str], ...])

SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 0.01
"""Seconds between two looks at the file's version while nothing comes."""


def fetch(connection: sqlite3.Connection, topic: str, wanted: Sequence[tuple[Part, int]], most: int) -> list[Incoming]:
    """Up to `most` messages from the (partition, next offset) given, in offset order in each.

    Each partition gets its share of `most`, so that a long one does not starve the others; a caller
    that turns the order of `wanted` serves all alike.
    """
    waiting = [(part, offset) for part, offset in wanted if part.next > offset]
    found: list[Incoming] = []
    for index, (part, offset) in enumerate(waiting):
        share = -(-(most - len(found)) // (len(waiting) - index))
        rows = connection.execute(
            "SELECT place, key, value, headers FROM log WHERE place >= ? AND place < ? ORDER BY place LIMIT ?",
            (part.place(offset), part.place(part.next), share),
        )
        found.extend(
            Incoming(topic, part.partition, place & _OFFSET, key, value, _headers.decode(headers))
            for place, key, value, headers in rows
        )
    return found


def await_messages(file: BusFile, attempt: Callable[[], list[Incoming]], timeout: float, every: float = 1.0) -> list[Incoming]:
    """`attempt` until it finds something or `timeout` seconds have passed.

    It is tried again when somebody else has committed to the file, and after `every` seconds in any case.
    """
    end = time.monotonic() + timeout
    while True:
        version, tried = file.version(), time.monotonic()
        found = attempt()
        if found or time.monotonic() >= end:
            return found
        pause = SHORTEST_PAUSE
        while file.version() == version and time.monotonic() < min(end, tried + every):
            time.sleep(max(0.0, min(pause, end - time.monotonic())))
            pause = min(2 * pause, LONGEST_PAUSE)


class SqliteReader:
    """Whole partitions from given offsets, with no group; see `store.bus.Reader`."""

    def __init__(self, file: BusFile, topic: str) -> None:
        self._file = file
        self._topic = topic
        self._positions: dict[int, int] = {}
        self._turn = 0
        self._closed = False

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]:
        if self._closed:
            raise BusError("this reader is closed")
        return await_messages(self._file, lambda: self._attempt(most), timeout)

    def seek(self, positions: dict[int, int]) -> None:
        with self._file.reading() as connection:
            parts = parts_of(connection, self._topic)
        _require_held(self._topic, parts, positions)
        self._positions = dict(positions)

    def close(self) -> None:
        self._closed = True
        self._file.close()

    def _attempt(self, most: int) -> list[Incoming]:
        with self._file.reading() as connection:
            parts = parts_of(connection, self._topic)
            _require_held(self._topic, parts, self._positions)
            self._turn = (self._turn + 1) % len(parts)
            turned = (*parts[self._turn :], *parts[: self._turn])
            wanted = [(part, self._positions.get(part.partition, part.first)) for part in turned]
            found = fetch(connection, self._topic, wanted, most)
        self._positions.update(advanced(found))
        return found


def advanced(messages: Iterable[Incoming]) -> dict[int, int]:
    """Partition → the offset after the last of these messages."""
    return {message.partition: message.offset + 1 for message in messages}


def _require_held(topic: str, parts: Sequence[Part], positions: dict[int, int]) -> None:
    for part in parts:
        offset = positions.get(part.partition, part.first)
        if not part.first <= offset <= part.next:
            raise OffsetOutOfRange(topic, part.partition, offset, part.first, part.next)
