"""Opens the database: SQLite files in one safe way, PostgreSQL through psycopg 3.

SQLite: WAL with `synchronous=FULL` (a commit is on the disk when it returns), `secure_delete` (an erased text leaves no
bytes in free pages), writers take the lock when they begin (`BEGIN IMMEDIATE`), since a reader that turns writer midway
would fail with SQLITE_BUSY whatever the timeout.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

T = TypeVar("T")

BUSY_MILLISECONDS = 600_000
"""How long a SQLite writer waits for its turn. Those that wait ask again and again, in no order: among 64 writers on a busy
machine one was out of luck for a whole minute. One that was killed holds up nobody, so long is not too long."""
TABLES_LOCK = 0x6461_7465
"""Number of the advisory lock that PostgreSQL holds for us while tables, or the first rows in them, are made."""
_SESSION = (
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
    "SET idle_in_transaction_session_timeout = '5min'",
)
"""A writer that vanished (its machine, not its process alone) would otherwise hold the append lock for two hours."""
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA cache_size=-16384",
)


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://…`, ready for the store's transactions.

    Use `reading` and `writing` below, so that the locks are taken as the module's docstring says.
    """
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        return _sqlite(engine)
    event.listen(engine, "connect", _prepare_session)
    return engine


def open_scratch() -> Engine:
    """SQLite in a file without a name: it is gone with the process, however that ends. One connection, for one thread."""
    return _sqlite(create_engine("sqlite://", creator=lambda: sqlite3.connect(""), poolclass=StaticPool))


def _sqlite(engine: Engine) -> Engine:
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def lock_tables(connection: Connection) -> None:
    """Lets no other process past this point until the caller's writing transaction ends; its first statement, always.

    Any number of processes may start at once: PostgreSQL, which lets two of them create one table or first row at the
    same time and then fails the second, is made to let them in one by one. SQLite's write lock does that already.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TABLES_LOCK})")


def create_schema(url: str, name: str) -> None:
    """Makes a PostgreSQL schema unless it is there. `url` is the database's own, without a search path."""
    _run(url, f'CREATE SCHEMA IF NOT EXISTS "{name}"')


def drop_schema(url: str, name: str) -> None:
    """Removes a PostgreSQL schema with everything in it."""
    _run(url, f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


def _run(url: str, statement: str) -> None:
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def _prepare_session(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        for setting in _SESSION:
            cursor.execute(setting)
    connection.commit()


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("dateline_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: the lock is held from its first moment (SQLite), commits on leaving."""
    with engine.connect().execution_options(dateline_write=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and sees one state of the database throughout."""
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection


def made_of_rows(engine: Engine, statement: str, make: Callable[[Iterable[tuple[Any, ...]]], T]) -> T:
    """What `make` makes of the rows of one statement that only reads: one statement sees one state by itself.

    It is handed the rows as the driver makes them, one by one: what is made of a row while it is in the processor's cache
    costs a quarter less than afterwards. It must not keep the iterator, since the statement ends with it.
    """
    connection = engine.raw_connection()
    try:
        binary = {"binary": True} if engine.dialect.name == "postgresql" else {}
        with closing(cast("Any", connection.cursor(**binary))) as cursor:  # in text, PostgreSQL's bytes would be spelt in hex
            cursor.execute(statement)
            return make(cursor)
    finally:
        connection.close()
