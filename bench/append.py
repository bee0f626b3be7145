"""Appending: drafts in, durable events out, one commit at a time. Wall time, since a commit waits for the disk.

On PostgreSQL against SQLAlchemy's `executemany` of the same rows, if `make services` has started one.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from bench.figures import Row, Scale, against, alone
from bench.mentions import T0, draft_of, fields_of
from bench.peers import CoreRows, EventSourcing, PlainSqlite, fill
from bench.rounds import take_turns
from bench.servers import address, own_schema
from store.clock import FixedClock
from store.database import open_engine
from store.ledger import Ledger
from store.timeline import Timeline

_CLAIMS = 200
_VARIABLE = "DATELINE_TEST_POSTGRESQL"


def measure(scale: Scale) -> list[Row]:
    """Ready-made events through the ledger, leaves and commitments included, against the library and the floor."""
    rounds = scale.pick(5, 9)
    return [
        *_compare("1 event a commit", 1, scale.pick(50, 200), rounds, library=None),
        *_compare("1,000 events a commit", 1_000, scale.pick(2, 4), rounds, library=1.0),
        *_distributed(scale.pick(2, 4), rounds),
    ]


def new_ledger(path: Path, *projectors: Timeline) -> Ledger:
    return ledger_on(open_engine(f"sqlite:///{path}"), *projectors)


def ledger_on(engine: Engine, *projectors: Timeline) -> Ledger:
    return Ledger(engine, secret=b"b" * 32, clock=FixedClock(T0), projectors=projectors)


Append = Callable[[int, int], object]
"""Commits the events of positions [start, stop)."""


def commit_by(append: Append, size: int, commits: int) -> Callable[[int], int]:
    """A contestant: in each round the next `commits` of `size` events."""
    step = size * commits

    def turn(number: int) -> int:
        for start in range(number * step, (number + 1) * step, size):
            append(start, start + size)
        return step

    return turn


def _compare(name: str, size: int, commits: int, rounds: int, library: float | None) -> list[Row]:
    """`commits` of `size` events a round; the ledger with read tables runs beside, as a figure without an aim."""
    fields = list(fields_of(size * commits * (rounds + 1), _CLAIMS))
    drafts = [draft_of(given) for given in fields]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        fill(new_ledger(place / "source.db"), drafts)
        ledger, tables = new_ledger(place / "ledger.db"), new_ledger(place / "tables.db", Timeline())
        plain = PlainSqlite(place / "plain.db", place / "source.db")
        peer = EventSourcing(place / "peer.db")
        events = peer.events_of(fields)

        appends: dict[str, Append] = {
            "ledger": lambda i, j: ledger.append(drafts[i:j], actor="bench"),
            "sqlite3": plain.append,
            "eventsourcing": lambda i, j: peer.append(events[i:j]),
            "tables": lambda i, j: tables.append(drafts[i:j], actor="bench"),
        }
        rates = take_turns({name: commit_by(append, size, commits) for name, append in appends.items()}, rounds)
        peer.application.close()
    return [
        against(f"append, {name}", "events/s", rates["ledger"], "eventsourcing", rates["eventsourcing"], library),
        against(f"append, {name}", "events/s", rates["ledger"], "sqlite3, same rows", rates["sqlite3"], 0.6),
        alone(f"append, {name}, with the read tables", "events/s", rates["tables"]),
    ]


def _distributed(commits: int, rounds: int) -> list[Row]:
    """On PostgreSQL, 1,000 events a commit. The peer is given the rows; we have to make them."""
    server, size = address(_VARIABLE), 1_000
    if server is None:
        return []
    drafts = [draft_of(given) for given in fields_of(size * commits * (rounds + 1), _CLAIMS)]
    with tempfile.TemporaryDirectory() as folder, own_schema(server) as ours, own_schema(server) as theirs:
        source, ledger = new_ledger(Path(folder) / "source.db"), ledger_on(ours)
        fill(source, drafts)
        peer = CoreRows(theirs, source)
        appends: dict[str, Append] = {
            "ledger": lambda i, j: ledger.append(drafts[i:j], actor="bench"),
            "core": peer.append,
        }
        rates = take_turns({name: commit_by(append, size, commits) for name, append in appends.items()}, rounds)
    title = "append on PostgreSQL, 1,000 events a commit"
    return [against(title, "events/s", rates["ledger"], "SQLAlchemy executemany, same rows", rates["core"], 3.0)]
