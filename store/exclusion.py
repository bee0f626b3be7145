"""Who keeps out of whose way, between processes and machines over one database. Locks of PostgreSQL's, let go by themselves.

SQLite needs none of them: its file belongs to one home, of which one process replays at a time, and its write lock keeps
one transaction's words from another.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError


class Taken(Exception):
    """Somebody else does it already, perhaps on another machine."""


class Lost(Exception):
    """The session that held the lock was ended: from then on somebody else may have done it as well."""


@contextmanager
def only_one(engine: Engine, what: str) -> Iterator[Callable[[], None]]:
    """Raises Taken while another session does the same; the lock ends with the session, however that ends.

    Yields what raises Lost where the session is no longer there: to be called before what must be done by one alone. The
    lock is the session's, so a pooler in between that hands out sessions by the transaction breaks it.
    """
    if engine.dialect.name != "postgresql":
        yield lambda: None
        return
    # Without a transaction, which would keep the server from cleaning up, and be ended by it after five minutes.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        number = {"number": lock_number(what)}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), number):
            raise Taken(what)

        def make_sure() -> None:
            try:
                connection.execute(text("SELECT"))
            except SQLAlchemyError as error:
                raise Lost(what) from error

        try:
            yield make_sure
        finally:
            if not connection.invalidated:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), number)


def while_copying_words(connection: Connection, log: str) -> None:
    """Holds erasures off until the caller's transaction ends: it copies words that are there now."""
    _until_the_end(connection, "pg_advisory_xact_lock_shared", log)


def while_erasing_words(connection: Connection, log: str) -> None:
    """Waits for those that copy words, and holds new ones off until the caller's transaction ends: it then sees all copies."""
    _until_the_end(connection, "pg_advisory_xact_lock", log)


def _until_the_end(connection: Connection, function: str, log: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT {function}(:number)"), {"number": lock_number(f"words of {log}")})


def lock_number(name: str) -> int:
    """Advisory locks have numbers of 64 bits, one set for all that use the database."""
    return int.from_bytes(sha256(b"dateline/lock\n" + name.encode()).digest()[:8], "big", signed=True)
