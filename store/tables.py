"""The ledger's tables: events, their erasable texts, idempotency keys, the tree's upper nodes, and the head.

`position` and `recorded_at` are given under the append lock. Instants are microseconds since 1970 UTC.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.exc import DBAPIError

FORMAT = 1
"""Version of the tables below. A ledger of a newer format is refused, an older one is migrated on opening."""

KEPT_LEVEL = 8
"""Perfect subtrees from this level up are kept as rows; those below are hashed again from at most 256 leaves."""

metadata = MetaData()
events = Table(
    "events",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("stream_version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("cause", BigInteger),
    Column("articles", Text, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("text_commitment", LargeBinary),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("stream", "stream_version"),
)
texts = Table(
    "texts",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("text", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("position", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
tree = Table(
    "tree",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("index", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
head = Table(
    "head",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("format", Integer, nullable=False),
    Column("log", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)


class Stored(NamedTuple):
    """One ledger row as it lies in the database, text joined: what the audit recomputes."""

    position: int
    stream: str
    stream_version: int
    name: str
    schema: int
    occurred_at: int
    recorded_at: int
    actor: str
    cause: int | None
    articles: str
    facts: bytes
    salt: bytes
    text_commitment: bytes | None
    leaf: bytes
    text: bytes | None
    text_salt: bytes | None


_STORED = ", ".join([*(f"e.{column.name}" for column in events.columns), "t.text", "t.salt"])
_DECODED = ", ".join([*(f"e.{column.name}" for column in list(events.columns)[:11]), "t.text"])


def select_stored(start: int, stop: int) -> str:
    """The rows of positions [start, stop) as `Stored`, in order."""
    return _select(_STORED, start, stop)


def select_stored_after(position: int | None, most: int) -> str:
    """The next `most` rows as `Stored`, in order, whatever positions there are: what an audit must see."""
    after = "" if position is None else f"WHERE e.position > {int(position)} "
    return (
        f"SELECT {_STORED} FROM events e LEFT JOIN texts t ON t.position = e.position "  # noqa: S608 - own names
        f"{after}ORDER BY e.position LIMIT {int(most)}"
    )


def select_decoded(start: int, stop: int) -> str:
    """The same rows, but only what an event is decoded from: the columns up to the facts, and the text."""
    return _select(_DECODED, start, stop)


def select_facts(start: int, stop: int) -> str:
    """Position, name, schema, `occurred_at` and facts of positions [start, stop), in order."""
    return (
        "SELECT position, name, schema, occurred_at, facts FROM events "  # noqa: S608 - own names
        f"WHERE position >= {int(start)} AND position < {int(stop)} ORDER BY position"
    )


def _select(columns: str, start: int, stop: int) -> str:
    return (
        f"SELECT {columns} FROM events e LEFT JOIN texts t ON t.position = e.position "  # noqa: S608 - own names
        f"WHERE e.position >= {int(start)} AND e.position < {int(stop)} ORDER BY e.position"
    )


def last_versions(connection: Connection, streams: Sequence[str]) -> list[tuple[str, int]]:
    """The latest version of each of the streams that has any. One value carries all names, however many there are."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(_LAST_VERSIONS + "json_each(?)", (msgspec.json.encode(streams).decode(),))
    else:
        found = connection.exec_driver_sql(_LAST_VERSIONS + "unnest(%s::text[]) AS value", (list(streams),))
    return [(stream, last) for stream, last in found if last is not None]


_LAST_VERSIONS = "SELECT value, (SELECT max(stream_version) FROM events WHERE stream = value) FROM "


def bulk_insert(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Inserts plain tuples: `executemany` on SQLite, binary COPY on PostgreSQL, which takes in rows while others are made."""
    given = iter(rows)
    first = next(given, None)
    if first is None:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_insert_each(table), [first, *given])
    else:
        _copy(connection, table, chain((first,), given))


def _copy(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    statement, types = _copy_in(table, connection.dialect)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:  # told as any other statement's would be
        raise DBAPIError.instance(statement, None, error, connection.dialect.loaded_dbapi.Error) from error


@lru_cache
def _insert_each(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})"  # noqa: S608 - own names


@lru_cache
def _copy_in(table: Table, dialect: Dialect) -> tuple[str, list[str]]:
    """The statement, and the types of the columns: binary COPY converts nothing."""
    types = [column.type.compile(dialect).lower() for column in table.columns]
    return f"COPY {table.name} ({_names(table)}) FROM STDIN (FORMAT BINARY)", types


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)
