"""Readings that are kept while a re-match is under way, so that one that was broken off goes on where it stopped.

A SQLite file of the home, and no part of the ledger: it holds spans and cues, never words of a text, and is removed when
the re-match is done. A kill loses what was being read, no more; a file that cannot be read is thrown away.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Self

FILE = "rematch.db"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS readings (asked TEXT, article TEXT, revision INTEGER, rendition TEXT, findings BLOB, "
    "PRIMARY KEY (asked, article, revision, rendition)) WITHOUT ROWID"
)


class Which(NamedTuple):
    """One state of one article's text."""

    article: str
    revision: int
    rendition: str


class KeptReadings:
    """`asked` names the question in full: reader version, claims, scope. Answers to other questions are not seen."""

    def __init__(self, home: Path, asked: str) -> None:
        self._path, self._asked = home / FILE, asked
        try:
            self._database = self._open()
        except sqlite3.DatabaseError:
            self._remove()
            self._database = self._open()

    def find(self, which: Which) -> bytes | None:
        query = "SELECT findings FROM readings WHERE asked = ? AND article = ? AND revision = ? AND rendition = ?"
        row = self._database.execute(query, (self._asked, *which)).fetchone()
        return None if row is None else bytes(row[0])

    def keep(self, readings: Iterable[tuple[Which, bytes]]) -> None:
        """All of them or none, whatever is killed."""
        rows = [(self._asked, *which, findings) for which, findings in readings]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?)", rows)

    def done(self) -> None:
        """Removes everything that was kept, for other questions too."""
        self.close()
        self._remove()

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path)
        try:
            with closing(database.cursor()) as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute("PRAGMA secure_delete=ON")
                cursor.execute(_TABLE)
        except sqlite3.DatabaseError:
            database.close()
            raise
        return database

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)
