"""What alerts remember between two steps: the place in the ledger, alerts that wait, and messages on their way.

These rows are the truth about what must still be sent. They hold no words: those are read from the ledger when a message
is written, so that what was erased meanwhile is not sent. Instants are integer microseconds.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, Row, Table, Text, and_, func, or_, select

from store.clock import from_micros, to_micros
from store.database import lock_tables
from store.ledger import Ledger, Writing

ACTOR = "alerts"
LOCK = 0x616C657274
"""Number of the role's advisory lock in PostgreSQL."""

metadata = MetaData()

cursor = Table(
    "alert_cursor",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
)

items = Table(
    "alert_items",
    metadata,
    Column("alert", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("story", Text),
    Column("claim", Text),
    Column("mention", Text),
    Column("position", BigInteger, nullable=False),
    Column("raised", BigInteger, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("grp", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("message", Text),
    Column("retracted_by", Text),
    Index("alert_items_state", "state", "grp"),
    Index("alert_items_message", "message"),
    Index("alert_items_mention", "mention"),
    Index("alert_items_position", "position"),
)
"""`state`: waiting, muted, cancelled (taken back before it was sent) or messaged. `raised` is alert.raised's position."""

groups = Table(
    "alert_groups",
    metadata,
    Column("grp", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("story", Text),
    Column("due_at", BigInteger),
    Column("last_at", BigInteger),
    Index("alert_groups_due_at", "due_at"),
)
"""What goes out together: one rule's alerts on one story to one channel, or all of a digest. `due_at` null: none wait."""

messages = Table(
    "alert_messages",
    metadata,
    Column("message", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("story", Text),
    Column("formed_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_attempted_at", BigInteger),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("done", Text, nullable=False),
    Column("receipt", Text),
    Column("reason", Text),
    Index("alert_messages_state", "state", "due_at"),
)
"""`state`: pending, sending (leased), delivered or failed. `done`: recipients that have it, a JSON list."""

threads = Table(
    "alert_threads",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("story", Text, primary_key=True),
    Column("thread", Text, nullable=False),
)


def place(connection: Connection) -> int:
    """The next ledger position to look at."""
    return connection.execute(select(cursor.c.next)).scalar_one_or_none() or 0


def move_place(connection: Connection, expected: int, following: int) -> bool:
    """Compare-and-set of the place; False if somebody else moved it meanwhile."""
    moved = connection.execute(cursor.update().where(cursor.c.next == expected).values(next=following))
    return moved.rowcount == 1


def hold(connection: Connection) -> None:
    """Makes every other member wait until this transaction ends. SQLite's write lock does that already.

    Taken first in each writing transaction of the role, so that members never wait for each other in a circle.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


@contextmanager
def writing(ledger: Ledger) -> Iterator[Writing]:
    """A transaction of the role that may append to the ledger and write these tables: all or nothing."""
    with ledger.writing(ACTOR) as write:
        hold(write.connection)
        yield write


def prepare(connection: Connection) -> None:
    """Makes the one row that every later step moves, unless it is there. Takes no lock but that of starting: a second one,
    taken in another order by a role that starts at the same moment, would be a deadlock.
    """
    lock_tables(connection)
    if connection.execute(select(cursor.c.next)).scalar_one_or_none() is None:
        connection.execute(cursor.insert().values(one=1, next=0))


def known(connection: Connection, alerts: Collection[str]) -> dict[str, Row[Any]]:
    """The rows of those alerts that exist."""
    found: dict[str, Row[Any]] = {}
    wanted = list(alerts)
    for start in range(0, len(wanted), 500):
        query = select(items).where(items.c.alert.in_(wanted[start : start + 500]))
        found |= {row.alert: row for row in connection.execute(query)}
    return found


def of_message(connection: Connection, message: str) -> Sequence[Row[Any]]:
    query = select(items).where(items.c.message == message)
    return connection.execute(query.order_by(items.c.position, items.c.raised)).all()


def due_groups(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    query = select(groups).where(groups.c.due_at <= to_micros(now)).order_by(groups.c.due_at, groups.c.grp)
    return connection.execute(query).all()


def due_messages(connection: Connection, now: datetime, owner: str, message: str | None = None) -> Sequence[Row[Any]]:
    """Messages that may be attempted now: due ones, and those whose sender's lease ended or was our own in a former life.

    `message`: this one alone, if it is among them.
    """
    query = select(messages).where(_may_send(now, owner))
    if message is not None:
        query = query.where(messages.c.message == message)
    return connection.execute(query.order_by(messages.c.due_at, messages.c.message)).all()


def lease(connection: Connection, message: str, attempts: int, owner: str, now: datetime, until: datetime) -> bool:
    """Takes a message for sending and counts the attempt; False if somebody else took it first."""
    first = func.coalesce(messages.c.first_attempted_at, to_micros(now))
    taken = connection.execute(
        messages.update()
        .where(messages.c.message == message, messages.c.attempts == attempts, _may_send(now, owner))
        .values(
            state="sending", attempts=attempts + 1, lease_owner=owner, lease_until=to_micros(until), first_attempted_at=first
        )
    )
    return taken.rowcount == 1


def settle(connection: Connection, message: str, attempts: int, owner: str, **values: object) -> bool:
    """Writes what became of an attempt, if the message is still ours."""
    mine = and_(
        messages.c.message == message,
        messages.c.attempts == attempts,
        messages.c.state == "sending",
        messages.c.lease_owner == owner,
    )
    return connection.execute(messages.update().where(mine).values(lease_owner=None, lease_until=None, **values)).rowcount == 1


def _may_send(now: datetime, owner: str) -> Any:
    ended = or_(messages.c.lease_until <= to_micros(now), messages.c.lease_owner == owner)
    return or_(
        and_(messages.c.state == "pending", messages.c.due_at <= to_micros(now)),
        and_(messages.c.state == "sending", ended),
    )


def next_instant(connection: Connection) -> datetime | None:
    """The earliest instant at which a group or a message falls due."""
    found = [
        connection.execute(query).scalar_one_or_none()
        for query in (
            select(func.min(groups.c.due_at)),
            select(func.min(messages.c.due_at)).where(messages.c.state == "pending"),
            select(func.min(messages.c.lease_until)).where(messages.c.state == "sending"),
        )
    ]
    instants = [instant for instant in found if instant is not None]
    return from_micros(min(instants)) if instants else None
