"""The audit: recomputes everything that the ledger claims, from its stored bytes, and names what does not agree.

One pass over the events in constant memory recomputes commitments, leaves, order and tree; then streams, kept subtrees,
checkpoints and the read tables are compared. Nothing is written to the ledger's database.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine, select

from store import leaf
from store.database import open_engine, reading, writing
from store.events import ArticleErased, CheckpointSigned
from store.ledger import Ledger, leaf_of_stored, recorded_of
from store.merkle import Frontier
from store.tables import KEPT_LEVEL, Stored, events, head, tree
from store.timeline import Timeline
from store.wire import UnknownEvent

BATCH = 1_000


class Fault(NamedTuple):
    """Something that does not agree. `position` is None for faults of the log as a whole."""

    position: int | None
    what: str


class Verdict(NamedTuple):
    """`size` and `root` are what the events themselves amount to. No faults: the ledger is what it claims to be."""

    size: int
    root: bytes
    faults: tuple[Fault, ...]

    @property
    def first_bad_position(self) -> int | None:
        return min((fault.position for fault in self.faults if fault.position is not None), default=None)


def verify(
    ledger: Ledger,
    timeline: Timeline,
    *,
    most_faults: int = 100,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Verdict:
    """Recomputes the whole ledger and its read tables. Gives up after `most_faults`."""
    faults: list[Fault] = []
    checkpoints = _checkpoints(ledger)
    frontier = Frontier()
    total = ledger.size()
    with tempfile.TemporaryDirectory(prefix="dateline-audit-") as folder:
        beside = open_engine(f"sqlite:///{Path(folder) / 'read.db'}")
        rebuilt = Timeline()
        with writing(beside) as connection:
            rebuilt.metadata.create_all(connection)
        previous: Stored | None = None
        textless: list[int] = []
        erased: set[int] = set()
        batch = []
        for row in ledger.stored(check_gaps=False):
            faults += _row_faults(row, previous, ledger.log)
            frontier.append(row.leaf if isinstance(row.leaf, bytes) else b"")
            if frontier.size in checkpoints and checkpoints[frontier.size] != frontier.root().hex():
                faults.append(Fault(row.position, f"a signed checkpoint gives another root for size {frontier.size}"))
            if row.text is None and row.text_commitment is not None:
                textless.append(row.position)
            if row.name == ArticleErased.NAME and not faults:
                erased.update(_erased_positions(row))
            previous = row
            if not faults:
                batch.append(recorded_of(row))
                if len(batch) == BATCH:
                    with writing(beside) as connection:
                        rebuilt.apply(connection, batch)
                    batch = []
            if len(faults) >= most_faults:
                break
            if row.position % BATCH == 0:
                progress(row.position, total)
        faults += [
            Fault(position, "its text is gone, and no erasure was recorded") for position in textless if position not in erased
        ]
        # What differs as a consequence is left out: it would only hide where it began.
        if not faults:
            faults += [*_head_faults(ledger, frontier), *_stream_faults(ledger)]
        if not faults:
            with writing(beside) as connection:
                rebuilt.apply(connection, batch)
            faults += _read_table_faults(ledger, timeline, beside, rebuilt)
        beside.dispose()
    faults += [Fault(None, f"a signed checkpoint speaks of {size} events, there are {frontier.size}")
               for size in checkpoints if size > frontier.size]  # fmt: skip
    progress(total, total)
    return Verdict(frontier.size, frontier.root(), tuple(faults[:most_faults]))


def _row_faults(row: Stored, previous: Stored | None, log: str) -> Iterator[Fault]:
    """What is wrong with one event, by itself and after the one before."""
    expected = 0 if previous is None else previous.position + 1
    if row.position != expected:
        yield Fault(expected, f"position {expected} is missing; {row.position} comes next")
    if not _well_typed(row):
        yield Fault(row.position, "a column holds a value of another type: the event was changed")
        return
    if previous is not None and row.recorded_at < previous.recorded_at:
        yield Fault(row.position, "it was recorded before the event that precedes it")
    if row.cause is not None and row.cause >= row.position:
        yield Fault(row.position, f"its cause {row.cause} does not lie before it")
    if leaf_of_stored(row, log) != row.leaf:
        yield Fault(row.position, "its leaf does not follow from its stored bytes: the event was changed")
        return
    if row.text is not None:
        if row.text_commitment is None or row.text_salt is None:
            yield Fault(row.position, "it has a text that it never committed to")
        elif leaf.commit(leaf.TEXT_DOMAIN, row.text_salt, row.text) != row.text_commitment:
            yield Fault(row.position, "its text does not match its commitment")
    try:
        recorded_of(row)
    except (UnknownEvent, msgspec.MsgspecError) as error:
        yield Fault(row.position, f"it cannot be decoded: {error}")


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


def _erased_positions(row: Stored) -> tuple[int, ...]:
    event = recorded_of(row).event
    return event.positions if isinstance(event, ArticleErased) else ()


def _checkpoints(ledger: Ledger) -> dict[int, str]:
    """Size → root, of all recorded checkpoints that can be read."""
    found: dict[int, str] = {}
    query = select(events.c.facts).where(events.c.name == CheckpointSigned.NAME)
    with reading(ledger.engine) as connection:
        for (facts,) in connection.execute(query):
            try:
                event = msgspec.json.decode(facts, type=CheckpointSigned)
            except msgspec.MsgspecError:
                continue  # the pass over the events names it
            found[event.size] = event.root
    return found


def _head_faults(ledger: Ledger, frontier: Frontier) -> Iterator[Fault]:
    """The head row and the kept subtrees against what the events amount to."""
    with reading(ledger.engine) as connection:
        state = connection.execute(select(head)).one()
        if state.size != frontier.size:
            yield Fault(min(state.size, frontier.size), f"the head speaks of {state.size} events, there are {frontier.size}")
        if bytes(state.frontier) != frontier.to_bytes():
            yield Fault(None, "the head's root is not the root of the events")
        kept = connection.execute(select(tree).order_by(tree.c.level, tree.c.index))
        wanted = _subtrees(ledger)
        for level, index, hashed in kept:
            if wanted.pop((level, index), None) != bytes(hashed):
                yield Fault(index << level, f"the kept subtree of level {level}, index {index} is not that of its events")
        for level, index in wanted:
            yield Fault(index << level, f"the subtree of level {level}, index {index} is missing")


def _subtrees(ledger: Ledger) -> dict[tuple[int, int], bytes]:
    """The subtrees that are to be kept: one in 256 leaves, so a million events need some four thousand."""
    frontier, found = Frontier(), {}
    with reading(ledger.engine) as connection:
        query = select(events.c.leaf).order_by(events.c.position)
        for (hashed,) in connection.execution_options(yield_per=BATCH).execute(query):
            for level, index, node in frontier.append(bytes(hashed)):
                if level >= KEPT_LEVEL:
                    found[level, index] = node
    return found


def _stream_faults(ledger: Ledger) -> Iterator[Fault]:
    """Versions of each stream run 0, 1, 2, … in order of position."""
    last_stream, last_version, last_position = None, -1, -1
    query = select(events.c.stream, events.c.stream_version, events.c.position).order_by(
        events.c.stream, events.c.stream_version
    )
    with reading(ledger.engine) as connection:
        for stream, version, position in connection.execution_options(yield_per=BATCH).execute(query):
            if stream != last_stream:
                last_version, last_position = -1, -1
            if version != last_version + 1:
                yield Fault(position, f"version {last_version + 1} of stream {stream} is missing")
            if position < last_position:
                yield Fault(position, f"version {version} of stream {stream} stands before version {last_version}")
            last_stream, last_version, last_position = stream, version, position


def _read_table_faults(ledger: Ledger, timeline: Timeline, beside: Engine, rebuilt: Timeline) -> Iterator[Fault]:
    with reading(ledger.engine) as connection:
        live = timeline.digest(connection)
    with reading(beside) as connection:
        again = rebuilt.digest(connection)
    if live != again:
        yield Fault(None, "the read tables do not follow from the events; run `dateline replay --rebuild`")
