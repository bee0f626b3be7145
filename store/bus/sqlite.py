"""The embedded bus: an ordered, partitioned log and its consumer groups in one SQLite file.

WAL with synchronous=FULL: what `publish` has returned survives a power cut as far as the disk keeps what
it was told to keep. Any number of processes may use the file at once; it must lie on a local disk.
"""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path

import msgspec

from store.bus import BusError, Outgoing
from store.bus.cloudevents import headers_of
from store.bus.place import partition_of
from store.bus.sqlite_beat import Timing
from store.bus.sqlite_file import BusFile, parts_of
from store.bus.sqlite_group import SqliteConsumer
from store.bus.sqlite_read import SqliteReader
from store.bus.sqlite_retention import Retention, expired

FOR_A_MONTH = Retention()
_encode = msgspec.json.Encoder().encode


class SqliteBus:
    """See `store.bus.Bus`. Threads may share it, and a fork may inherit it; a consumer or reader has one owner.

    `lease` is for how many seconds a member that fell silent keeps its partitions; `patience` after how
    many seconds without a poll a member counts as stuck although its process lives. `retention` says what `expire`
    deletes. `now` counts seconds on a clock that all processes of the machine share.
    """

    def __init__(
        self,
        path: Path,
        *,
        lease: float = 5.0,
        patience: float = 300.0,
        retention: Retention = FOR_A_MONTH,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._file = BusFile(path)
        self._timing = Timing(lease, patience, now)
        self._retention = retention
        self._counts: dict[str, int] = {}

    @cached_property
    def id(self) -> str:
        """Drawn at random when the file was made. Raises `BusUnavailable`."""
        with self._file.reading() as connection:
            return str(connection.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()[0])

    def ensure(self, topic: str, partitions: int) -> None:
        """As `Bus.ensure`; a topic that exists keeps the count it has."""
        if partitions < 1:
            raise ValueError(f"{topic} needs at least one partition, not {partitions}")
        with self._file.writing() as connection:
            if not connection.execute("SELECT 1 FROM part WHERE topic = ? LIMIT 1", (topic,)).fetchone():
                connection.executemany(
                    "INSERT INTO part (topic, partition) VALUES (?, ?)", ((topic, p) for p in range(partitions))
                )

    def publish(self, topic: str, messages: Iterable[Outgoing]) -> None:
        """One transaction: all of the messages are in the log, on the disk, or none is. Raises `BusUnavailable`."""
        rows: dict[int, list[tuple[str, bytes, bytes]]] = defaultdict(list)
        count = self._partitions(topic)
        for message in messages:
            headers = _encode(headers_of(topic, message))
            rows[partition_of(message.key, count)].append((message.key, message.value, headers))
        if not rows:
            return
        with self._file.writing() as connection:
            parts = parts_of(connection, topic)
            for partition, group in rows.items():
                part = parts[partition]
                place = part.place(part.next)
                connection.executemany(
                    "INSERT INTO log VALUES (?, ?, ?, ?)", ((place + n, *row) for n, row in enumerate(group))
                )
                connection.execute("UPDATE part SET next = next + ? WHERE number = ?", (len(group), part.number))

    def consumer(self, topic: str, group: str, member: str) -> SqliteConsumer:
        """A consumer with a connection of its own; it joins the group with its first poll."""
        return SqliteConsumer(BusFile(self._path), topic, group, member, self._timing)

    def reader(self, topic: str) -> SqliteReader:
        return SqliteReader(BusFile(self._path), topic)

    def ends(self, topic: str) -> dict[int, int]:
        with self._file.reading() as connection:
            return {part.partition: part.next for part in parts_of(connection, topic)}

    def committed(self, topic: str, group: str) -> dict[int, int]:
        with self._file.reading() as connection:
            found = {part.partition: 0 for part in parts_of(connection, topic)}
            rows = connection.execute(
                "SELECT partition, next FROM holding WHERE topic = ? AND grp = ? AND next IS NOT NULL", (topic, group)
            )
            found.update(rows.fetchall())
        return found

    def trim(self, topic: str, before: dict[int, int]) -> None:
        """As `Bus.trim`, in one transaction. The file does not shrink; the room is used again."""
        with self._file.writing() as connection:
            _trim(connection, topic, before)

    def expire(self, topic: str, now: datetime, read: Mapping[int, int] | None = None) -> int:
        """As `Bus.expire`, in one transaction."""
        with self._file.writing() as connection:
            return _trim(connection, topic, expired(connection, topic, self._retention, now, read))

    def close(self) -> None:
        self._file.close()

    def _partitions(self, topic: str) -> int:
        if topic not in self._counts:
            with self._file.reading() as connection:
                self._counts[topic] = len(parts_of(connection, topic))
        return self._counts[topic]


def _trim(connection: sqlite3.Connection, topic: str, before: Mapping[int, int]) -> int:
    """Deletes below the offsets given; returns how many messages that was. Raises BusError for an offset past the end."""
    gone = 0
    for part in parts_of(connection, topic):
        keep = before.get(part.partition, part.first)
        if keep > part.next:
            raise BusError(f"{topic}/{part.partition} ends at {part.next}; it cannot be trimmed to {keep}")
        if keep > part.first:
            bounds = (part.place(part.first), part.place(keep))
            connection.execute("DELETE FROM log WHERE place >= ? AND place < ?", bounds)
            connection.execute("UPDATE part SET first = ? WHERE number = ?", (keep, part.number))
            gone += keep - part.first
    return gone
