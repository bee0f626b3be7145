"""One stored event, checked by itself and after the one before it; and reading that survives what it checks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine

from store import leaf
from store.database import reading
from store.ledger import leaf_of_stored, recorded_of
from store.tables import Stored, select_stored_after
from store.wire import UnknownEvent


class Fault(NamedTuple):
    """Something that does not agree. `position` is None for faults of the log as a whole."""

    position: int | None
    what: str


@contextmanager
def tolerant(engine: Engine) -> Iterator[Connection]:
    """As `reading`; words that are no UTF-8 arrive with surrogates in them, where SQLite's driver would raise."""
    with reading(engine) as connection:
        raw: Any = connection.connection.driver_connection
        if connection.dialect.name != "sqlite":
            yield connection
            return
        raw.text_factory = lambda value: value.decode("utf-8", "surrogateescape")
        try:
            yield connection
        finally:
            raw.text_factory = str


def stored_after(connection: Connection, position: int | None, most: int) -> list[Stored]:
    """The next rows in order of position, whatever positions they claim to have; None: from the very first."""
    found = connection.exec_driver_sql(select_stored_after(position, most)).cursor.fetchall()
    return [Stored._make(row) for row in found]


def row_faults(row: Stored, previous: Stored | None, log: str) -> Iterator[Fault]:
    """What is wrong with one event."""
    expected = 0 if previous is None else previous.position + 1
    if row.position < 0:
        yield Fault(row.position, "positions begin at 0: this event was put before the ledger's beginning")
    elif row.position != expected:
        yield Fault(expected, f"position {expected} is missing; {row.position} comes next")
    if not _well_typed(row):
        yield Fault(row.position, "a column holds a value of another type: the event was changed")
        return
    if previous is not None and _well_typed(previous) and row.recorded_at < previous.recorded_at:
        yield Fault(row.position, "it was recorded before the event that precedes it")
    if row.cause is not None and row.cause >= row.position:
        yield Fault(row.position, f"its cause {row.cause} does not lie before it")
    if not _follows(row, log):
        yield Fault(row.position, "its leaf does not follow from its stored bytes: the event was changed")
        return
    yield from _text_faults(row)
    try:
        recorded_of(row)
    except (UnknownEvent, msgspec.MsgspecError, ValueError, OverflowError) as error:
        yield Fault(row.position, f"it cannot be decoded: {error}")


def _follows(row: Stored, log: str) -> bool:
    """Whether the leaf is that of the row. Words that are no UTF-8 can have no leaf at all."""
    if row.articles != " ".join(row.articles.split()):
        return False
    try:
        return leaf_of_stored(row, log) == row.leaf
    except (UnicodeEncodeError, OverflowError, msgspec.MsgspecError):
        return False


def _text_faults(row: Stored) -> Iterator[Fault]:
    if row.text is None:
        return
    if row.text_commitment is None or row.text_salt is None:
        yield Fault(row.position, "it has a text that it never committed to")
    elif leaf.commit(leaf.TEXT_DOMAIN, row.text_salt, row.text) != row.text_commitment:
        yield Fault(row.position, "its text does not match its commitment")


_TYPES = {
    "stream": str, "stream_version": int, "name": str, "schema": int, "occurred_at": int, "recorded_at": int,
    "actor": str, "articles": str, "facts": bytes, "salt": bytes, "leaf": bytes,
}  # fmt: skip
_NULLABLE_TYPES = {"cause": int, "text_commitment": bytes, "text": bytes, "text_salt": bytes}


def _well_typed(row: Stored) -> bool:
    """SQLite lets any type into any column; a value of the wrong one is no event of ours."""
    return all(type(getattr(row, name)) is type_ for name, type_ in _TYPES.items()) and all(
        (value := getattr(row, name)) is None or type(value) is type_ for name, type_ in _NULLABLE_TYPES.items()
    )


def first_position(faults: Sequence[Fault]) -> int | None:
    return min((fault.position for fault in faults if fault.position is not None), default=None)
