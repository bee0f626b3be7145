"""`Timeline`: keeps the read tables current inside the transaction that appends to the ledger."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from store.timeline.changes import Changes, Fact, Statements
from store.timeline.digest import digest
from store.timeline.tables import VERSION, Tables
from store.timeline.telling import Telling


class TimelineGap(Exception):
    """The read tables were offered an event that does not follow the last one they know."""

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(
            f"the read tables expect position {expected} and were given {got}: events are missing. "
            "Rebuild them with `dateline replay --rebuild`."
        )
        self.expected, self.got = expected, got


class TimelineOutdated(Exception):
    """The read tables have the layout of another release."""

    def __init__(self, found: int, prefix: str) -> None:
        super().__init__(
            f"the read tables {prefix}* have layout {found}, this release has {VERSION}. They hold nothing of their own: "
            "run `dateline replay --rebuild`."
        )
        self.found = found


class Timeline(Telling):
    """A projector of the ledger, and every question about its read tables.

    `prefix` names a set of tables: a rebuild fills a second set beside the first, compares `digest`s and takes its
    place. `key` is the keyed hash of a name that stands in `Party.key`; with it outlets are recognised where texts
    name them. All methods take a connection and neither begin nor end its transaction.
    """

    def __init__(self, prefix: str = "read_", *, key: Callable[[str], str] = str.casefold) -> None:
        tables = Tables(prefix)
        super().__init__(tables, key)
        self.prefix, self.key = prefix, key
        self.metadata: sa.MetaData = tables.metadata
        self._statements = Statements(tables)

    def apply(self, connection: Connection, batch: Sequence[Fact]) -> None:
        """Takes in the events of `batch`, which follow one another.

        Events that the tables hold already are skipped, so that a rebuild can start from 0 at any time. However
        the events are cut into batches, the tables become the same. Raises TimelineGap, TimelineOutdated.
        """
        cursor = self.tables.cursor.c
        following, version = connection.execute(sa.select(cursor.next, cursor.version)).first() or (0, VERSION)
        if version != VERSION:
            raise TimelineOutdated(version, self.prefix)
        fresh = [fact for fact in batch if fact.position >= following]
        if not fresh:
            return
        for expected, fact in enumerate(fresh, following):
            if fact.position != expected:
                raise TimelineGap(expected, fact.position)
        changes = Changes(self.tables, self._statements)
        changes.take(fresh)
        changes.execute(connection)
        self._advance(connection, fresh[-1].position + 1)

    def _advance(self, connection: Connection, following: int) -> None:
        cursor = self.tables.cursor
        moved = connection.execute(cursor.update().where(cursor.c.id == 0).values(next=following))
        if moved.rowcount == 0:
            connection.execute(cursor.insert().values(id=0, next=following, version=VERSION))

    def clear(self, connection: Connection) -> None:
        """Empties all read tables, to be filled again from position 0."""
        for table in self.metadata.tables.values():
            connection.execute(table.delete())

    def take_over(self, connection: Connection, other: "Timeline") -> None:
        """Replaces all rows by those of another set of tables in the same database: one transaction, seen whole."""
        for name, table in self.metadata.tables.items():
            source = other.metadata.tables[other.prefix + name.removeprefix(self.prefix)]
            connection.execute(table.delete())
            connection.execute(table.insert().from_select([c.name for c in source.c], sa.select(*source.c)))

    def digest(self, connection: Connection) -> str:
        """SHA-256, hex, over all rows of all read tables; equal rows give equal digests on every database."""
        return digest(connection, self.tables)
