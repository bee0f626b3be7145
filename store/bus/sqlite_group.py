"""A member of a consumer group over a `SqliteBus` file: who holds which partition, and until when.

Every member has a row that it renews while it lives, and every partition a row that says who holds it, in
which generation, and up to where it is committed. Members agree without a coordinator: each looks at the
same rows, reckons the same shares (`shares.share_out`), gives up what is no longer its own and takes what
is free. A commit names session and generation, so that one who has lost a partition cannot commit it.
"""

import logging
import sqlite3
from collections.abc import Sequence
from secrets import token_hex
from typing import NamedTuple

from store.bus import BusError, Incoming, LostPartition, MemberReplaced
from store.bus.shares import share_out
from store.bus.sqlite_beat import Heartbeat, Timing
from store.bus.sqlite_file import BusFile, Part, parts_of
from store.bus.sqlite_read import advanced, await_messages, fetch

log = logging.getLogger(__name__)


class Holding(NamedTuple):
    partition: int
    next: int | None
    member: str | None
    session: str | None
    generation: int


class View(NamedTuple):
    """What a member sees of its group: the partitions in order, the names of members living (itself always)
    and dead, and whether its own lease stands."""

    holdings: tuple[Holding, ...]
    live: frozenset[str]
    dead: frozenset[str]
    leased: bool


class SqliteConsumer:
    """See `store.bus.Consumer`. For one thread; a thread of its own keeps its lease while work takes long."""

    def __init__(self, file: BusFile, topic: str, group: str, member: str, timing: Timing) -> None:
        self._file = file
        self._topic, self._group, self._member = topic, group, member
        self._timing = timing
        self._session = token_hex(8)
        self._beat: Heartbeat | None = None
        self._held: dict[int, int] = {}  # partition → generation
        self._positions: dict[int, int] = {}
        self._polled: dict[int, int] = {}  # polled and not committed: partition → next offset
        self._lost = False
        self._missed = 0
        self._turn = 0
        self._closed = False

    @property
    def missed(self) -> int:
        return self._missed

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]:
        """As `Consumer.poll`. Raises `MemberReplaced`, for good, once another process runs under our name."""
        if self._closed:
            raise BusError("this consumer is closed")
        if self._beat is None:
            self._join()
        assert self._beat is not None
        self._beat.polled()
        return await_messages(self._file, lambda: self._attempt(most), timeout, every=0.1)

    def commit(self) -> None:
        """As `Consumer.commit`; all partitions or none, on the disk when it returns."""
        if self._lost:
            self._rewind()
            raise LostPartition(f"{self._member} lost a partition of {self._topic} before it committed")
        if self._polled:
            self._mark_done(self._polled)
            self._polled = {}

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._beat is not None:
            self._beat.stop()
            with self._file.writing() as connection:
                connection.execute("DELETE FROM member WHERE session = ?", (self._session,))
                _free(connection, "session = ?", self._session)
        self._file.close()

    def _join(self) -> None:
        """Takes our name, and at once every partition that its former bearer held."""
        who = (self._topic, self._group, self._member)
        with self._file.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO holding (topic, grp, partition) VALUES (?, ?, ?)",
                ((self._topic, self._group, part.partition) for part in parts_of(connection, self._topic)),
            )
            connection.execute(
                "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?)", (*who, self._session, self._timing.now())
            )
            connection.execute(
                "UPDATE holding SET session = ?, generation = generation + 1 WHERE topic = ? AND grp = ? AND member = ?",
                (self._session, *who),
            )
        self._beat = Heartbeat(BusFile(self._file.path), self._session, self._timing)

    def _attempt(self, most: int) -> list[Incoming]:
        self._settle()
        with self._file.reading() as connection:
            parts = [p for p in parts_of(connection, self._topic) if p.partition in self._held]
            if not parts:
                return []
            self._turn = (self._turn + 1) % len(parts)
            turned = (*parts[self._turn :], *parts[: self._turn])
            found = fetch(connection, self._topic, [(p, self._position(p)) for p in turned], most)
        self._positions.update(advanced(found))
        self._polled.update(advanced(found))
        return found

    def _position(self, part: Part) -> int:
        """Where to read on; a group whose next message is gone continues at the earliest that is left."""
        position = self._positions[part.partition]
        if 0 < position < part.first:
            self._missed += part.first - position
            log.error(
                "%s/%s: %d messages were deleted before group %s had read them",
                self._topic, part.partition, part.first - position, self._group,
            )  # fmt: skip
        self._positions[part.partition] = max(position, part.first)
        return self._positions[part.partition]

    def _settle(self) -> None:
        """Brings our partitions in line with our share, writing only if there is something to change."""
        with self._file.reading() as connection:
            view = self._look(connection)
        if view.dead or not view.leased or self._changes(view):
            with self._file.writing() as connection:
                view = self._resettle(connection)
        self._adopt(view.holdings)

    def _look(self, connection: sqlite3.Connection) -> View:
        """Raises MemberReplaced."""
        group = (self._topic, self._group)
        rows = connection.execute("SELECT name, session, renewed FROM member WHERE topic = ? AND grp = ?", group)
        members = {name: (session, renewed) for name, session, renewed in rows}
        if self._member in members and members[self._member][0] != self._session:
            raise MemberReplaced(self._topic, self._group, self._member)
        now = self._timing.now()
        # A time far ahead of ours was written before the machine was last started: that lease is over too.
        live = frozenset(name for name, (_, renewed) in members.items() if abs(now - renewed) < self._timing.lease)
        holdings = connection.execute(
            "SELECT partition, next, member, session, generation FROM holding WHERE topic = ? AND grp = ? ORDER BY partition",
            group,
        )
        ourselves = frozenset({self._member})
        return View(
            tuple(Holding(*row) for row in holdings),
            live | ourselves,
            frozenset(members) - live - ourselves,
            self._member in live,
        )

    def _changes(self, view: View) -> list[tuple[int, bool]]:
        """(partition, take) for each that we must take or give up; only a free one can be taken."""
        target = share_out([holding.member for holding in view.holdings], sorted(view.live))
        changes = []
        for holding, member in zip(view.holdings, target, strict=True):
            if member == self._member and holding.member is None:
                changes.append((holding.partition, True))
            elif holding.member == self._member and member != self._member:
                changes.append((holding.partition, False))
        return changes

    def _resettle(self, connection: sqlite3.Connection) -> View:
        """Renews our lease, ends those of the dead, takes and gives up; all in the caller's transaction."""
        group = (self._topic, self._group)
        view = self._look(connection)
        connection.execute(
            "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?)",
            (*group, self._member, self._session, self._timing.now()),
        )
        for name in view.dead:
            connection.execute("DELETE FROM member WHERE topic = ? AND grp = ? AND name = ?", (*group, name))
            _free(connection, "topic = ? AND grp = ? AND member = ?", *group, name)
        for partition, take in self._changes(self._look(connection)):
            who = (self._member, self._session) if take else (None, None)
            connection.execute(
                "UPDATE holding SET member = ?, session = ?, generation = generation + 1"
                " WHERE topic = ? AND grp = ? AND partition = ?",
                (*who, *group, partition),
            )
        return self._look(connection)

    def _adopt(self, holdings: Sequence[Holding]) -> None:
        """Makes what we hold in memory what the rows say; what we lost with work in hand is remembered."""
        ours = {h.partition: h for h in holdings if h.session == self._session}
        for partition, generation in list(self._held.items()):
            if partition not in ours or ours[partition].generation != generation:
                self._lost |= self._polled.pop(partition, None) is not None
                del self._held[partition], self._positions[partition]
        for partition, holding in ours.items():
            self._held[partition] = holding.generation
            self._positions.setdefault(partition, holding.next or 0)

    def _mark_done(self, polled: dict[int, int]) -> None:
        rows = [
            (next_, self._topic, self._group, partition, self._session, self._held[partition])
            for partition, next_ in polled.items()
        ]
        with self._file.writing() as connection:
            done = connection.executemany(
                "UPDATE holding SET next = ? WHERE topic = ? AND grp = ? AND partition = ? AND session = ? AND generation = ?",
                rows,
            ).rowcount
            if done != len(rows):
                self._rewind()
                raise LostPartition(f"{self._member} no longer holds all of {sorted(polled)} of {self._topic}")

    def _rewind(self) -> None:
        """Forgets what we hold, so that the next poll starts from what is committed."""
        self._held, self._positions, self._polled, self._lost = {}, {}, {}, False


def _free(connection: sqlite3.Connection, condition: str, *values: str) -> None:
    connection.execute(
        f"UPDATE holding SET member = NULL, session = NULL, generation = generation + 1 WHERE {condition}",  # noqa: S608 — the conditions are this module's own
        values,
    )
