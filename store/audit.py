"""The audit: recomputes everything that the ledger claims, from its stored bytes, and names what does not agree.

One pass over the events in constant memory recomputes commitments, leaves, order, tree, checkpoints and the contents that
events speak of; then the tables beside the events are compared, as they were at the instant of the last event read. The
ledger may be in use meanwhile. Nothing is written to its database.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, func, select

from store.audit_rows import Fault, first_position, row_faults, stored_after, tolerant
from store.audit_tables import (
    content_faults,
    head_faults,
    read_table_faults,
    stream_faults,
    text_faults,
    tree_faults,
)
from store.checkpoint import Checkpoint, open_checkpoint, peek
from store.content import Content
from store.database import open_scratch, writing
from store.events import ArticleErased, CheckpointSigned
from store.ledger import Ledger, Recorded, recorded_of
from store.merkle import Frontier
from store.notes import BadNote, Verifier
from store.tables import Stored, events
from store.timeline import Timeline

__all__ = ["Fault", "Verdict", "verify"]

BATCH = 1_000


class Verdict(NamedTuple):
    """`size` and `root` are what the events themselves amount to. No faults: the ledger is what it claims to be.

    `checkpoints` counts the recorded ones that agree, signatures included if keys were given.
    """

    size: int
    root: bytes
    faults: tuple[Fault, ...]
    checkpoints: int = 0

    @property
    def first_bad_position(self) -> int | None:
        return first_position(self.faults)


def verify(
    ledger: Ledger,
    timeline: Timeline | None,
    *,
    content: Content | None = None,
    keys: Sequence[Verifier] | None = None,
    against: Sequence[Checkpoint] = (),
    most_faults: int = 100,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Verdict:
    """Recomputes the whole ledger, the contents and the read tables that are given. Gives up after `most_faults`.

    With `keys`, every recorded checkpoint must be signed by one of them. `against` are checkpoints that were published
    earlier: they show what the ledger alone cannot, that it was rolled back or replaced by another history.
    """
    with tolerant(ledger.engine) as connection:
        total = (connection.scalar(select(func.max(events.c.position))) or 0) + 1
        said = _statements(connection, ledger.log, keys, against)
    with _beside(timeline) as beside:
        walk = _Walk(ledger.log, content, beside, said)
        while True:
            with tolerant(ledger.engine) as connection:
                rows = stored_after(connection, walk.previous.position if walk.previous else None, BATCH)
                walk.take(rows)
                progress(min(walk.frontier.size, total), total)
                if len(walk.faults) >= most_faults:
                    break
                if len(rows) < BATCH:
                    walk.finish(connection, timeline)
                    break
    return Verdict(walk.frontier.size, walk.frontier.root(), tuple(walk.faults[:most_faults]), walk.agreed)


class _Said(NamedTuple):
    """What one checkpoint says of the ledger. `position` is its event's; None for one that comes from elsewhere."""

    checkpoint: Checkpoint
    position: int | None
    name: str


class _Statements(NamedTuple):
    by_size: dict[int, list[_Said]]
    faults: list[Fault]


class _Walk:
    """The pass over the events, and what it has found so far."""

    def __init__(self, log: str, content: Content | None, beside: "_Beside | None", said: _Statements) -> None:
        self._log, self._content, self._beside, self._said = log, content, beside, said
        self.frontier, self.faults = Frontier(), list[Fault]()
        self.previous: Stored | None = None
        self.agreed = 0
        self._agreed_size = 0
        self._textless: list[int] = []
        self._erased: dict[str, set[int]] = {}
        self._emptied: dict[str, int] = {}
        self._compare()

    def take(self, rows: Sequence[Stored]) -> None:
        sound: list[Recorded] = []
        for row in rows:
            self.faults += row_faults(row, self.previous, self._log)
            self.frontier.append(row.leaf if isinstance(row.leaf, bytes) else b"")
            self._compare()
            if row.text is None and row.text_commitment is not None:
                self._textless.append(row.position)
            self.previous = row
            # What differs as a consequence is left out: it would only hide where it began.
            if not self.faults:
                sound.append(recorded_of(row))
        for recorded in sound:
            self._note(recorded)
        if self._beside is not None and sound and not self.faults:
            self._beside.apply(sound)

    def _note(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, ArticleErased):
            self._erased.setdefault(event.article, set()).update(event.positions)
        if self._content is not None:
            self.faults += content_faults(self._content, recorded, self._emptied)

    def _compare(self) -> None:
        """What checkpoints say of the ledger at just this size."""
        size = self.frontier.size
        said = self._said.by_size.pop(size, ())
        if not said or self.faults:
            return  # after a fault the root must differ; that would only hide where it began
        root = self.frontier.root()
        wrong = [one for one in said if one.checkpoint.root != root]
        for one in wrong:
            between = f"between positions {self._agreed_size} and {size - 1}"
            self.faults.append(Fault(self._agreed_size, f"{one.name} gives another root: the history was changed {between}"))
        if not wrong:
            self._agreed_size = size
            self.agreed += sum(one.position is not None for one in said)

    def finish(self, connection: Connection, timeline: Timeline | None) -> None:
        """The tables beside the events, in the transaction that has read the last of them."""
        erased = set().union(*self._erased.values())
        if not self.faults:
            self.faults += head_faults(connection, self._log, self.frontier, self.previous)
        self.faults += self._said.faults
        self.faults += [
            Fault(position, "its text is gone, and no erasure was recorded")
            for position in self._textless
            if position not in erased
        ]
        self.faults += [
            Fault(position, f"the content of article {article} is gone, and no erasure was recorded")
            for article, position in self._emptied.items()
            if article not in self._erased
        ]
        for size, said in sorted(self._said.by_size.items()):
            for one in said:
                what = f"{one.name} speaks of {size} events, there are {self.frontier.size}: the ledger was rolled back"
                self.faults.append(Fault(self.frontier.size, what))
        self.faults += text_faults(connection, erased)
        if not self.faults:
            self.faults += [*tree_faults(connection), *stream_faults(connection)]
        if not self.faults and timeline is not None and self._beside is not None:
            self.faults += read_table_faults(connection, timeline, self._beside.engine, self._beside.timeline)


def _statements(
    connection: Connection, log: str, keys: Sequence[Verifier] | None, against: Sequence[Checkpoint]
) -> _Statements:
    """All recorded checkpoints that can be read, and those from elsewhere."""
    by_size: dict[int, list[_Said]] = {}
    faults = []
    query = select(events.c.position, events.c.facts).where(events.c.name == CheckpointSigned.NAME)
    for position, facts in connection.execute(query.order_by(events.c.position)):
        try:
            event = msgspec.json.decode(facts, type=CheckpointSigned)
        except (msgspec.MsgspecError, TypeError):
            continue  # the pass over the events names it
        name = f"the checkpoint that event {position} records"
        faults += [Fault(position, f"{name}: {why}") for why in _checkpoint_faults(event, log, keys)]
        said = Checkpoint(log, event.size, _bytes(event.root))
        by_size.setdefault(event.size, []).append(_Said(said, position, name))
    for number, one in enumerate(against, 1):
        name = f"published checkpoint {number} (size {one.size})"
        if one.origin != log:
            faults.append(Fault(None, f"{name} is of another log: {one.origin}, not {log}"))
        else:
            by_size.setdefault(one.size, []).append(_Said(one, None, name))
    return _Statements(by_size, faults)


def _checkpoint_faults(event: CheckpointSigned, log: str, keys: Sequence[Verifier] | None) -> Iterator[str]:
    """What is wrong with the note that a checkpoint's event keeps."""
    try:
        found = peek(event.note) if keys is None else open_checkpoint(event.note, keys)
    except BadNote as error:
        yield error.why
        return
    if found != Checkpoint(log, event.size, _bytes(event.root)):
        yield "its note says something else than the event"


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


class _Beside:
    """Read tables built from the events alone, in a database of their own."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.timeline = engine, Timeline()
        with writing(engine) as connection:
            self.timeline.metadata.create_all(connection)

    def apply(self, batch: Sequence[Recorded]) -> None:
        with writing(self.engine) as connection:
            self.timeline.apply(connection, batch)


@contextmanager
def _beside(timeline: Timeline | None) -> Iterator[_Beside | None]:
    """None where no read tables are to be checked."""
    if timeline is None:
        yield None
        return
    engine = open_scratch()
    try:
        yield _Beside(engine)
    finally:
        engine.dispose()
