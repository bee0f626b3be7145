"""Whose turn it is: several pollers share the feeds and pages that are due, and none is asked by two of them at once.

A due row is locked (`FOR UPDATE SKIP LOCKED`, SQLite's write lock), then its turn is taken in `ingest_turns` until an
instant of machine time. The turn, not the lock, lasts while the web is asked. What a poller writes down at the end
counts only if the turn is still its own.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ingest import state
from ingest.state import FeedState, Known, decode_feed, decode_known, save_feed
from store.clock import Clock, SystemClock, to_micros
from store.database import reading, writing

LENGTH = timedelta(minutes=15)
"""After so long a turn that nobody ended may be taken by anybody. Its own holder, come back, need not wait."""
ANNOUNCING = 0x6F757462
"""Number of the advisory lock that PostgreSQL holds for whoever publishes the outbox."""


class Turn(NamedTuple):
    """A poller's name, which it has alone and keeps when it is started again; the token tells its lives apart."""

    owner: str
    token: int = 0


class Turns:
    """Turns over the rows of `ingest.state`, in the same database. `clock` is the machine's."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine, self._clock = engine, clock or SystemClock()

    def feeds(self, turn: Turn, now: int, most: int) -> list[FeedState]:
        """Takes feeds that are due at `now` (microseconds) and in nobody's hands, in the order of their ids."""
        due = state.feeds.c.next_due <= now
        rows = self._take(turn, state.feeds, state.feeds.c.feed, due, (state.feeds.c.feed,), most)
        return [decode_feed(row.state) for row in rows]

    def pages(self, turn: Turn, now: int, most: int) -> list[Known]:
        """Takes articles whose page is to be looked at again, the longest overdue first, then by id."""
        table = state.articles.c
        rows = self._take(turn, state.articles, table.article, table.next_visit <= now, (table.next_visit, table.article), most)
        return [decode_known(row.state) for row in rows]

    def save(self, turn: Turn, states: Sequence[FeedState]) -> int:
        """Stores what became of feeds and ends their turns; leaves out those that are somebody else's by now."""
        with writing(self._engine) as connection:
            mine = hand_back(connection, turn, [one.feed for one in states])
            for one in states:
                if one.feed in mine:
                    save_feed(connection, one)
            return len(mine)

    def let_go(self, turn: Turn) -> None:
        """Ends all turns of this life of a poller that it has not ended."""
        mine = _held_by(turn)
        with reading(self._engine) as connection:
            if connection.execute(select(state.turns.c.subject).where(mine).limit(1)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(delete(state.turns).where(mine))

    @contextmanager
    def announcing(self) -> Iterator[None]:
        """Makes other pollers wait, so that messages leave once and in order. Without it they would only leave twice."""
        if self._engine.dialect.name != "postgresql":
            yield
            return
        with writing(self._engine) as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ANNOUNCING})")
            yield

    def _take(
        self, turn: Turn, table: Table, subject: Any, due: ColumnElement[bool], order: Sequence[Any], most: int
    ) -> list[Row[Any]]:
        now = to_micros(self._clock.now())
        free = or_(state.turns.c.until <= now, state.turns.c.owner == turn.owner)
        others = select(state.turns.c.subject).where(state.turns.c.subject == subject, ~free).exists()
        query = select(subject.label("subject"), table.c.state).where(due, ~others).order_by(*order).limit(most)
        with writing(self._engine) as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True, of=table)).all()
            if not rows:
                return []
            # Asked again in a statement of its own: the first may have looked before another poller committed.
            until = to_micros(self._clock.now() + LENGTH)
            wanted = [{"subject": row.subject, "owner": turn.owner, "token": turn.token, "until": until} for row in rows]
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            statement = insert(state.turns).values(wanted)
            mine = {"owner": turn.owner, "token": turn.token, "until": until}
            statement = statement.on_conflict_do_update(index_elements=["subject"], set_=mine, where=free)
            taken = set(connection.scalars(statement.returning(state.turns.c.subject)))
            return [row for row in rows if row.subject in taken]


def hand_back(connection: Connection, turn: Turn, subjects: Collection[str]) -> set[str]:
    """Ends turns within the caller's transaction. Returns those that were still held: only these may be written."""
    mine = and_(state.turns.c.subject.in_(subjects), _held_by(turn))
    return set(connection.scalars(delete(state.turns).where(mine).returning(state.turns.c.subject)))


def _held_by(turn: Turn) -> ColumnElement[bool]:
    return and_(state.turns.c.owner == turn.owner, state.turns.c.token == turn.token)
