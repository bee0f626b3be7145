"""The rows of chores: asked for once, taken by one, done once, tried again if not, given up visibly.

Rows are taken under `FOR UPDATE SKIP LOCKED` (PostgreSQL) or the write lock (SQLite). A taken row carries a lease and a
token. Whoever comes back after the lease ended and somebody else took the row finds another token there, and what he says
changes nothing. The attempt is counted before the work: so work that kills its worker is given up in the end, too.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from store.chores_rules import Manner, Payload, Taken, Verdict, Wanted, after_failure, checked, said
from store.clock import Clock, SystemClock, from_micros, to_micros
from store.database import reading, writing

metadata = MetaData()
chores = Table(
    "chores",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("owner", Text),
    Column("lease_until", BigInteger),
    Column("sent_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("last_error", Text),
)
_open = chores.c.state.in_(("open", "taken"))
Index("chores_open_key", chores.c.key, unique=True, sqlite_where=_open, postgresql_where=_open)
Index("chores_state_due", chores.c.state, chores.c.due)
Index("chores_ended_at", chores.c.ended_at)

_MOST = 500
"""Rows handled in one transaction."""


class Figures(NamedTuple):
    """`states`: (kind, state) → rows. `overdue`: since when the longest waiting row is due that nobody has taken.
    `failed`: (key, last error) of the latest that were given up."""

    states: dict[tuple[str, str], int]
    overdue: datetime | None
    failed: tuple[tuple[str, str], ...]


class Chores:
    """The chores of one home. Each method is one transaction, unless the caller's connection is passed in."""

    def __init__(self, engine: Engine, *, clock: Clock | None = None, manner: Manner | None = None) -> None:
        """`engine` is the ledger's, opened before; `clock` the machine's: see `Manner`."""
        self._engine, self._clock, self.manner = engine, clock or SystemClock(), manner or Manner()

    # --- asking ------------------------------------------------------------------------------------

    def ask(self, wanted: Sequence[Wanted]) -> int:
        """Adds what is not open already and has not failed a moment ago. Returns how many were added."""
        with reading(self._engine) as connection:
            fresh = [one for one in wanted if one.key not in self._not_now(connection, wanted)]
        if not fresh:
            return 0
        with writing(self._engine) as connection:
            return sum(self.ask_within(connection, one) for one in fresh)

    def ask_within(self, connection: Connection, wanted: Wanted) -> int:
        """Adds one chore in the caller's transaction: it exists if that is committed. 0 if its key is open already."""
        return add(connection, wanted, self._clock.now())

    def _not_now(self, connection: Connection, wanted: Sequence[Wanted]) -> set[str]:
        ended = to_micros(self._clock.now() - self.manner.rest)
        resting = and_(chores.c.state == "failed", chores.c.ended_at > ended)
        keys = [one.key for one in wanted]
        return set(connection.scalars(select(chores.c.key).where(chores.c.key.in_(keys), or_(_open, resting))))

    # --- taking ------------------------------------------------------------------------------------

    def take(self, id_: int, owner: str) -> Taken | None:
        """The chore, if it is due and nobody has it; None else, which is the answer to a message that came twice."""
        return self._take(chores.c.id == id_, owner)

    def take_next(self, kinds: Collection[str], owner: str) -> Taken | None:
        """The chore of these kinds that has been due for longest; None if there is none."""
        wanted = chores.c.kind.in_(kinds)
        with reading(self._engine) as connection:
            if connection.execute(select(chores.c.id).where(wanted, self._may_be_taken()).limit(1)).first() is None:
                return None
        return self._take(wanted, owner)

    def _may_be_taken(self) -> Any:
        return and_(chores.c.state == "open", chores.c.due <= to_micros(self._clock.now()))

    def _take(self, which: Any, owner: str) -> Taken | None:
        query = select(chores).where(which, self._may_be_taken()).order_by(chores.c.due, chores.c.id).limit(1)
        with writing(self._engine) as connection:
            row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            taken = Taken(row.id, row.kind, row.key, _payload(row), row.attempts + 1, row.token + 1)
            values = {"state": "taken", "attempts": taken.attempt, "token": taken.token, "owner": owner}
            self._change(connection, chores.c.id == row.id, **values, lease_until=self._lease())
            return taken

    def _lease(self) -> int:
        return to_micros(self._clock.now() + self.manner.lease)

    # --- while it is in hand ------------------------------------------------------------------------

    def extend(self, taken: Taken) -> bool:
        """A sign of life: the lease begins anew. False if the chore is not this holder's any more: stop."""
        return self._settle(taken, lease_until=self._lease())

    def done(self, taken: Taken) -> bool:
        """False, and no effect, if somebody else holds or has ended it; so also with the next two."""
        return self._settle(taken, state="done", ended_at=self._now(), last_error=None)

    def go_on(self, taken: Taken, payload: Payload) -> bool:
        """There is more to do, from what `payload` says: open again at once, its attempts counted anew."""
        text = _text(payload)
        return self._settle(taken, state="open", due=self._now(), attempts=0, payload=text, sent_at=None, last_error=None)

    def failed(self, taken: Taken, error: BaseException) -> bool:
        """Open again after a pause, or given up."""
        return self._settle(taken, **self._after(taken.attempt), last_error=said(error))

    def _settle(self, taken: Taken, **values: object) -> bool:
        mine = and_(chores.c.id == taken.id, chores.c.state == "taken", chores.c.token == taken.token)
        with writing(self._engine) as connection:
            return self._change(connection, mine, **values) == 1

    def _after(self, attempts: int) -> dict[str, object]:
        now = self._clock.now()
        verdict: Verdict = after_failure(attempts, self.manner, now)
        ended = to_micros(now) if verdict.state == "failed" else None
        return {"state": verdict.state, "due": to_micros(verdict.due), "sent_at": None, "ended_at": ended}

    # --- sweeping ----------------------------------------------------------------------------------

    def take_up(self, owner: str) -> int:
        """Opens what this owner held in a former life. For names of which there is one process at a time."""
        mine = and_(chores.c.state == "taken", chores.c.owner == owner)
        return self._open_again(mine, "ended with its process")

    def sweep(self) -> int:
        """Opens what was taken by somebody who gave no sign of life in time, or gives it up. Forgets what is long over."""
        now = self._clock.now()
        done = and_(chores.c.state == "done", chores.c.ended_at < to_micros(now - self.manner.kept))
        over = or_(done, chores.c.ended_at < to_micros(now - self.manner.shown))
        with reading(self._engine) as connection:
            forgotten = list(connection.scalars(select(chores.c.id).where(over).limit(_MOST)))
        if forgotten:
            with writing(self._engine) as connection:
                connection.execute(delete(chores).where(chores.c.id.in_(forgotten)))
        ended = and_(chores.c.state == "taken", chores.c.lease_until <= self._now())
        return self._open_again(ended, "no sign of life from its worker")

    def _open_again(self, which: Any, why: str) -> int:
        with reading(self._engine) as connection:
            if connection.execute(select(chores.c.id).where(which).limit(1)).first() is None:
                return 0
        query = select(chores.c.id, chores.c.attempts).where(which).limit(_MOST)
        with writing(self._engine) as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                self._change(connection, chores.c.id == row.id, **self._after(row.attempts), last_error=why)
            return len(rows)

    def unsent(self) -> list[int]:
        """Due chores about which no message is on its way, or none that can still arrive. They count as sent from here on:
        whoever fails to send them says so by `not_sent`."""
        lost = or_(chores.c.sent_at.is_(None), chores.c.sent_at <= to_micros(self._clock.now() - self.manner.resend))
        which = and_(self._may_be_taken(), lost)
        with reading(self._engine) as connection:
            if connection.execute(select(chores.c.id).where(which).limit(1)).first() is None:
                return []
        query = select(chores.c.id).where(which).order_by(chores.c.due, chores.c.id).limit(_MOST)
        with writing(self._engine) as connection:
            ids = list(connection.scalars(query.with_for_update(skip_locked=True)))
            self._change(connection, chores.c.id.in_(ids), sent_at=self._now())
            return ids

    def not_sent(self, ids: Collection[int]) -> None:
        """The queue did not take them."""
        with writing(self._engine) as connection:
            self._change(connection, and_(chores.c.id.in_(ids), chores.c.state == "open"), sent_at=None)

    def _change(self, connection: Connection, which: Any, **values: object) -> int:
        return connection.execute(update(chores).where(which).values(**values)).rowcount

    def _now(self) -> int:
        return to_micros(self._clock.now())


def add(connection: Connection, wanted: Wanted, now: datetime) -> int:
    """Adds a chore within a transaction. 1, or 0 if one of its key is open. Raises ValueError for more than ids."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"kind": wanted.kind, "key": wanted.key, "payload": _text(wanted.payload), "due": to_micros(now)}
    statement = insert(chores).values(**values, state="open", attempts=0, token=0)
    return len(connection.execute(statement.on_conflict_do_nothing().returning(chores.c.id)).all())


def is_open(connection: Connection, keys: Iterable[str] | None = None) -> bool:
    """Whether any chore (of these keys) is yet to be done."""
    query = select(chores.c.id).where(_open).limit(1)
    return connection.execute(query if keys is None else query.where(chores.c.key.in_(list(keys)))).first() is not None


def figures(connection: Connection) -> Figures:
    """For metrics and for people."""
    counted = select(chores.c.kind, chores.c.state, func.count()).group_by(chores.c.kind, chores.c.state)
    oldest = connection.scalar(select(func.min(chores.c.due)).where(chores.c.state == "open"))
    given_up = select(chores.c.key, chores.c.last_error).where(chores.c.state == "failed")
    rows = connection.execute(given_up.order_by(chores.c.ended_at.desc()).limit(5))
    return Figures(
        {(row[0], row[1]): row[2] for row in connection.execute(counted)},
        None if oldest is None else from_micros(oldest),
        tuple((row.key, row.last_error or "") for row in rows),
    )


def _text(payload: Payload) -> str:
    return msgspec.json.encode(dict(checked(payload)), order="sorted").decode()


def _payload(row: Row[Any]) -> Payload:
    found: Payload = msgspec.json.decode(row.payload, type=dict[str, str | tuple[str, ...]])
    return found
