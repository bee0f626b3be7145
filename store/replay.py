"""Replay: the read tables built anew from the ledger alone, beside the live ones, compared, and switched; one step back.

Three sets of tables, told apart by their prefix: the live ones, those that are being built, and those that the last
switch replaced. Rows are copied, not tables renamed: a reader whose transaction began before the switch sees the old rows
to its end, on both databases.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from store.database import reading, writing
from store.exclusion import only_one, while_copying_words
from store.ledger import Ledger
from store.places import keep_tick, last_tick
from store.timeline import Timeline, TimelineOutdated
from store.timeline.tables import VERSION

BATCH = 1_000
BESIDE = "rebuild_"
KEPT = "before_"
SWITCHED = "read_tables_switched"
"""The tick that counts switches: what was folded from the tables before one no longer holds."""
_CHUNK = 500

Progress = Callable[[int, int], None]


class Rebuilt(NamedTuple):
    """`equal`: the live tables were what the ledger says, and stay. `digest` is that of the rebuilt ones.

    `kept`: the live tables were replaced, and `roll_back` can bring them back.
    """

    events: int
    digest: str
    equal: bool
    kept: bool


class RolledBack(NamedTuple):
    """`events` are in the tables that are live again, `digest` is theirs."""

    events: int
    digest: str


class NothingKept(Exception):
    """There is no step back: nothing was ever switched, or what was kept has another layout."""

    def __init__(self, why: str) -> None:
        super().__init__(f"there is nothing to go back to: {why}")
        self.why = why


def rebuild(ledger: Ledger, timeline: Timeline, progress: Progress = lambda *_: None) -> Rebuilt:
    """Builds the tables beside the live ones while events may keep coming, then compares and switches under the lock.

    Killed on the way, it leaves the live tables as they were. Tables of another layout, or none, are replaced without
    being kept. Sends nothing and opens nothing but the ledger. Over PostgreSQL it raises Taken while another replay is at
    work over the database, and Lost if its session was ended; over SQLite, callers keep to one at a time.
    """
    beside = Timeline(BESIDE, key=timeline.key)
    with only_one(ledger.engine, _name(ledger)) as make_sure:
        with writing(ledger.engine) as connection:
            _make_anew(connection, beside)
        try:
            _follow(ledger, beside, progress)
            with ledger.writing("replay") as write:
                make_sure()
                events = _catch_up(ledger, beside, write.connection)
                digest = beside.digest(write.connection)
                usable = _usable(write.connection, timeline)
                equal = usable and digest == _digest(timeline, write.connection)
                if not equal:
                    _switch(write.connection, timeline, beside, keep=usable)
        finally:
            make_sure()
            with writing(ledger.engine) as connection:
                beside.metadata.drop_all(connection)
    return Rebuilt(events, digest, equal, usable and not equal)


def roll_back(ledger: Ledger, timeline: Timeline, progress: Progress = lambda *_: None) -> RolledBack:
    """Brings back the tables that the last switch replaced, with what was recorded since; those live now are kept instead.

    So a second one undoes the first. Raises NothingKept, and Taken as `rebuild` does; killed on the way, it leaves the live
    tables as they were.
    """
    kept, aside = Timeline(KEPT, key=timeline.key), Timeline(BESIDE, key=timeline.key)
    with only_one(ledger.engine, _name(ledger)) as make_sure:
        with reading(ledger.engine) as connection:
            if not _present(connection, kept):
                raise NothingKept("no rebuild has replaced the read tables.")
        try:
            _follow(ledger, kept, progress)
            with ledger.writing("replay") as write:
                make_sure()
                events = _catch_up(ledger, kept, write.connection)
                _make_anew(write.connection, aside)
                aside.take_over(write.connection, kept)
                _switch(write.connection, timeline, aside, keep=True)
                aside.metadata.drop_all(write.connection)
                return RolledBack(events, timeline.digest(write.connection))
        except TimelineOutdated as error:
            raise NothingKept("the tables that were kept have the layout of another release.") from error


def _name(ledger: Ledger) -> str:
    return f"replay of {ledger.log}"


def erase_copies(connection: Connection, positions: Sequence[int]) -> None:
    """Takes the words of these events out of the tables that are kept or being built, if there are any."""
    for tables in (Timeline(BESIDE), Timeline(KEPT)):
        if not _present(connection, tables):
            continue
        for start in range(0, len(positions), _CHUNK):
            some = positions[start : start + _CHUNK]
            for table in tables.tables.erasable:
                connection.execute(table.update().where(table.c.position.in_(some)).values(text=None))
            urls = tables.tables.article_urls
            connection.execute(urls.delete().where(urls.c.position.in_(some)))


def switches(connection: Connection) -> int:
    """How often the live tables were replaced so far."""
    return last_tick(connection, SWITCHED) or 0


def _switch(connection: Connection, timeline: Timeline, new: Timeline, *, keep: bool) -> None:
    if keep:
        kept = Timeline(KEPT, key=timeline.key)
        _make_anew(connection, kept)
        kept.take_over(connection, timeline)
    else:
        _make_anew(connection, timeline)
    timeline.take_over(connection, new)
    keep_tick(connection, SWITCHED, switches(connection) + 1)


def _make_anew(connection: Connection, timeline: Timeline) -> None:
    timeline.metadata.drop_all(connection)
    timeline.metadata.create_all(connection)


def _present(connection: Connection, timeline: Timeline) -> bool:
    return sa.inspect(connection).has_table(timeline.tables.cursor.name)


def _usable(connection: Connection, timeline: Timeline) -> bool:
    """Whether the tables are there, all of them, in the layout of this release."""
    there = set(sa.inspect(connection).get_table_names())
    if not timeline.metadata.tables.keys() <= there:
        return False
    version = connection.scalar(sa.select(timeline.tables.cursor.c.version))
    return version is None or version == VERSION


def _digest(timeline: Timeline, connection: Connection) -> str | None:
    """None where a row cannot even be read: its bytes are no text."""
    try:
        return timeline.digest(connection)
    except (UnicodeEncodeError, DBAPIError):
        return None


def _follow(ledger: Ledger, tables: Timeline, progress: Progress) -> None:
    """Brings the tables to what is the ledger's end now, a batch a transaction.

    Each is read within its transaction: an erasure is seen there, or waits for its end and then finds the words that were
    copied. So a rebuild that is killed leaves no words that were erased.
    """
    done, total = _following(ledger.engine, tables), ledger.size()
    while done < total:
        with writing(ledger.engine) as connection:
            while_copying_words(connection, ledger.log)
            batch = ledger.read_in(connection, done, min(done + BATCH, total))
            tables.apply(connection, batch)
        done = batch[-1].position + 1
        progress(done, total)


def _catch_up(ledger: Ledger, tables: Timeline, connection: Connection) -> int:
    """Brings them to the very end, within the caller's append transaction. Returns how many events they know then."""
    tables.apply(connection, ledger.read_in(connection, tables.next_position(connection)))
    return tables.next_position(connection)


def _following(engine: Engine, tables: Timeline) -> int:
    with reading(engine) as connection:
        return tables.next_position(connection)
