"""Appending: drafts in, durable events out, one commit at a time. Wall time, since a commit waits for the disk."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.figures import Row, Scale, against, alone
from bench.mentions import T0, draft_of, fields_of
from bench.peers import EventSourcing, PlainSqlite, fill
from bench.rounds import take_turns
from store.clock import FixedClock
from store.database import open_engine
from store.ledger import Ledger
from store.timeline import Timeline

_CLAIMS = 200


def measure(scale: Scale) -> list[Row]:
    """Ready-made events through the ledger, leaves and commitments included, against the library and the floor."""
    rounds = scale.pick(5, 9)
    return [
        *_compare("1 event a commit", 1, scale.pick(50, 200), rounds, library=None),
        *_compare("1,000 events a commit", 1_000, scale.pick(2, 4), rounds, library=1.0),
    ]


def new_ledger(path: Path, *projectors: Timeline) -> Ledger:
    return Ledger(open_engine(f"sqlite:///{path}"), secret=b"b" * 32, clock=FixedClock(T0), projectors=projectors)


def _compare(name: str, size: int, commits: int, rounds: int, library: float | None) -> list[Row]:
    """`commits` of `size` events a round; the ledger with read tables runs beside, as a figure without an aim."""
    step = size * commits
    count = step * (rounds + 1)
    fields = list(fields_of(count, _CLAIMS))
    drafts = [draft_of(given) for given in fields]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        fill(new_ledger(place / "source.db"), drafts)
        ledger, tables = new_ledger(place / "ledger.db"), new_ledger(place / "tables.db", Timeline())
        plain = PlainSqlite(place / "plain.db", place / "source.db")
        peer = EventSourcing(place / "peer.db")
        events = peer.events_of(fields)

        def commit_by(append: Callable[[int, int], object]) -> Callable[[int], int]:
            def turn(number: int) -> int:
                for start in range(number * step, (number + 1) * step, size):
                    append(start, start + size)
                return step

            return turn

        rates = take_turns(
            {
                "ledger": commit_by(lambda i, j: ledger.append(drafts[i:j], actor="bench")),
                "sqlite3": commit_by(plain.append),
                "eventsourcing": commit_by(lambda i, j: peer.append(events[i:j])),
                "tables": commit_by(lambda i, j: tables.append(drafts[i:j], actor="bench")),
            },
            rounds,
        )
        peer.application.close()
    return [
        against(f"append, {name}", "events/s", rates["ledger"], "eventsourcing", rates["eventsourcing"], library),
        against(f"append, {name}", "events/s", rates["ledger"], "sqlite3, same rows", rates["sqlite3"], 0.6),
        alone(f"append, {name}, with the read tables", "events/s", rates["tables"]),
    ]
