"""The file under `SqliteBus`: its tables, and how a process opens, reads and writes it.

Writers queue on an advisory lock beside the database (`bus.db-lock`) before they begin. That is fairer than
SQLite's own retries, the kernel frees it when a process is killed, and, because checkpoints happen in
commits, it keeps every checkpoint apart from every write: SQLite before 3.51.3 can lose committed pages
when the two meet (sqlite.org/wal.html, "The WAL-reset bug").
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from store.bus import BusError, BusUnavailable

OFFSET_BITS = 40
"""A message's row id is its partition's number and its offset in one integer, so that appending is always
at the end of a B-tree's run and reading is one range."""

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part (
    number INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, partition));
CREATE TABLE IF NOT EXISTS log (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB NOT NULL, headers BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS member (
    topic TEXT NOT NULL, grp TEXT NOT NULL, name TEXT NOT NULL, session TEXT NOT NULL, renewed REAL NOT NULL,
    PRIMARY KEY (topic, grp, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holding (
    topic TEXT NOT NULL, grp TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER,
    member TEXT, session TEXT, generation INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, grp, partition)) WITHOUT ROWID;
"""
MARKS = """CREATE TABLE IF NOT EXISTS mark (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, at REAL NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, at)) WITHOUT ROWID"""


class Part(NamedTuple):
    """One partition of a topic: its number in the file, its first offset still kept, its next offset."""

    number: int
    partition: int
    first: int
    next: int

    def place(self, offset: int) -> int:
        return self.number << OFFSET_BITS | offset


class _Handle(NamedTuple):
    pid: int
    connection: sqlite3.Connection
    lock: int


class BusFile:
    """One connection to the file, opened when first needed and again after a fork. Threads take turns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: _Handle | None = None
        self._turn = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot of the file. Raises `BusUnavailable`, `BusError`."""
        with self._turn, _faults(self.path):
            connection = self._open().connection
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on the disk when the block has ended; undone if it raises.

        Raises `BusUnavailable` (locked, disk full, unreadable), `BusError` (not a database).
        """
        with self._turn, _faults(self.path):
            handle = self._open()
            with _locked(handle.lock):
                handle.connection.execute("BEGIN IMMEDIATE")
                try:
                    yield handle.connection
                    handle.connection.execute("COMMIT")
                finally:
                    if handle.connection.in_transaction:
                        handle.connection.execute("ROLLBACK")

    def version(self) -> int:
        """A number that changes when another connection has committed anything."""
        with self._turn, _faults(self.path):
            return int(self._open().connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        with self._turn, _faults(self.path):
            handle, self._handle = self._handle, None
            if handle is None or handle.pid != os.getpid():
                return  # a handle inherited over a fork is the parent's to close
            with _locked(handle.lock):  # the last connection checkpoints as it closes
                handle.connection.close()
            os.close(handle.lock)

    def _open(self) -> _Handle:
        if self._handle is None or self._handle.pid != os.getpid():
            self._handle = _open(self.path)
        return self._handle


def _open(path: Path) -> _Handle:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + "-lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BusUnavailable(f"cannot open the bus at {path}: {error.strerror}") from error
    with _locked(lock):
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'holding'").fetchone():
            _create(connection)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'mark'").fetchone():
            connection.execute(MARKS)  # files of earlier releases have none
    return _Handle(os.getpid(), connection, lock)


def _create(connection: sqlite3.Connection) -> None:
    connection.executescript(f"BEGIN IMMEDIATE;{TABLES}")
    connection.execute("INSERT INTO meta VALUES ('id', ?)", (f"sqlite:{token_hex(16)}",))
    connection.execute("COMMIT")


@contextmanager
def _locked(lock: int) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BusUnavailable(f"the bus at {path} does not answer: {error}") from error
    except sqlite3.DatabaseError as error:
        raise BusError(f"{path} is not a readable bus ({error}); restore it from a backup") from error


def parts_of(connection: sqlite3.Connection, topic: str) -> tuple[Part, ...]:
    """The topic's partitions, in order. Raises BusError when there is no such topic."""
    rows = connection.execute("SELECT number, partition, first, next FROM part WHERE topic = ? ORDER BY partition", (topic,))
    parts = tuple(Part(*row) for row in rows)
    if not parts:
        raise BusError(f"the bus has no topic {topic}; create it with `ensure` first")
    return parts
