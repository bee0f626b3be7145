"""The peers of the ledger: the `eventsourcing` library, and `sqlite3` and SQLAlchemy with the ledger's own rows."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol
from sqlalchemy import Engine, insert, select

from store.database import reading, writing
from store.ledger import Draft, Ledger
from store.tables import events, metadata, texts

_NAMESPACE = UUID(int=0x5DAE2)
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-16384")


class Tracked(Aggregate):
    """A claim that counts its mentions by stance and sums their scores, as the ledger's fold in `bench.replay` does."""

    def __init__(self, claim: str) -> None:
        self.claim = claim
        self.stances: dict[str, int] = {}
        self.score = 0

    @staticmethod
    def create_id(claim: str) -> UUID:
        return uuid5(_NAMESPACE, claim)

    class Mentioned(Aggregate.Event):
        mention: str
        article: str
        revision: int
        rendition: str
        outlet: str
        reader: str
        claims_at: int
        start: int
        end: int
        stance: str
        hedging: str
        outlet_stance: str
        anonymity: str
        speaker: dict[str, str | None]
        organisation: dict[str, str | None] | None
        echo_of: dict[str, str | None] | None
        variant: str | None
        said_on: str | None
        said_on_precision: str | None
        happened_on: str | None
        score: int
        signature: str
        why: list[str]
        anchor: str
        text: dict[str, str | None]

        def apply(self, aggregate: "Tracked") -> None:
            aggregate.stances[self.stance] = aggregate.stances.get(self.stance, 0) + 1
            aggregate.score += self.score


class EventSourcing:
    """The library on SQLite with its own settings: WAL, and a commit is on the disk when it returns, as with us."""

    def __init__(self, path: Path) -> None:
        self.application: Application[UUID] = Application(
            env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
        )
        self._aggregates: dict[str, Tracked] = {}

    def events_of(self, many: Iterable[dict[str, Any]]) -> list[DomainEventProtocol[UUID]]:
        """The library's events with these fields, one aggregate a claim, not yet stored."""
        made: list[DomainEventProtocol[UUID]] = []
        for fields in many:
            given = dict(fields)
            claim = given.pop("claim")
            if claim not in self._aggregates:
                self._aggregates[claim] = Tracked(claim)
            aggregate = self._aggregates[claim]
            aggregate.trigger_event(Tracked.Mentioned, **given)
            made += cast("list[DomainEventProtocol[UUID]]", aggregate.collect_events())
        return made

    def append(self, made: Sequence[DomainEventProtocol[UUID]]) -> None:
        """Encodes and stores ready-made events in one transaction: less than `Application.save` has to do."""
        self.application.events.put(made)

    def replay(self, claim: str) -> Tracked:
        return cast("Tracked", self.application.repository.get(Tracked.create_id(claim)))


class PlainSqlite:
    """`sqlite3` alone, with the rows that a ledger of the same drafts holds, in the same tables and indexes.

    It reckons nothing: rows, hashes and tree are read from that ledger beforehand. So it is a floor, not a rival.
    """

    def __init__(self, path: Path, source: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in _PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        with sqlite3.connect(source) as given:
            for (statement,) in given.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"):
                self._connection.execute(statement)
            self._events = given.execute("SELECT * FROM events ORDER BY position").fetchall()
            self._texts = given.execute("SELECT * FROM texts ORDER BY position").fetchall()
            self._tree = given.execute('SELECT * FROM tree ORDER BY ("index" + 1) << level, level').fetchall()
            head = given.execute("SELECT * FROM head").fetchone()
        self._connection.execute("INSERT INTO head VALUES (?, ?, ?, 0, 0, x'')", head[:3])
        self._frontier = head[-1]
        self._grown = 0

    def append(self, start: int, stop: int) -> None:
        """The rows of positions [start, stop) in one transaction. Every event of the source has a text."""
        run = self._connection
        run.execute("BEGIN IMMEDIATE")
        run.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._events[start:stop])
        run.executemany("INSERT INTO texts VALUES (?, ?, ?)", self._texts[start:stop])
        if nodes := self._nodes(stop):
            run.executemany("INSERT INTO tree VALUES (?, ?, ?)", nodes)
        run.execute("UPDATE head SET size = ?, recorded_at = ?, frontier = ?", (stop, stop, self._frontier))
        run.execute("COMMIT")

    def _nodes(self, stop: int) -> list[tuple[int, int, bytes]]:
        """The tree's rows that are complete once there are `stop` leaves."""
        first = self._grown
        while self._grown < len(self._tree) and (self._tree[self._grown][1] + 1) << self._tree[self._grown][0] <= stop:
            self._grown += 1
        return self._tree[first : self._grown]


class CoreRows:
    """SQLAlchemy Core's `executemany` of the events and texts that another ledger holds, on a database of its own.

    It inserts the two large tables only: no tree, no head, no look-up of what was there before.
    """

    def __init__(self, engine: Engine, source: Ledger) -> None:
        self._engine = engine
        with writing(engine) as connection:
            metadata.create_all(connection)
        with reading(source.engine) as connection:
            self._events, self._texts = (
                [dict(row) for row in connection.execute(select(table).order_by(table.c.position)).mappings()]
                for table in (events, texts)
            )

    def append(self, start: int, stop: int) -> None:
        """The rows of positions [start, stop) in one transaction. Every event of the source has a text."""
        with writing(self._engine) as connection:
            connection.execute(insert(events), self._events[start:stop])
            connection.execute(insert(texts), self._texts[start:stop])


def walk(path: Path, query: str) -> int:
    """A bare cursor over the rows of a query, doing nothing with them; returns their number."""
    with sqlite3.connect(path) as connection:
        return sum(1 for _ in connection.execute(query))


def fill(ledger: Ledger, drafts: Sequence[Draft], batch: int = 1_000) -> None:
    for start in range(0, len(drafts), batch):
        ledger.append(drafts[start : start + batch], actor="bench")
