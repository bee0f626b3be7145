"""Checkpoints: signed statements of the ledger's size and root, as C2SP `tlog-checkpoint` lays down.

Whoever holds one can tell later whether the ledger still begins with what it was then. A checkpoint is signed under the
append lock and recorded in the same transaction as `checkpoint.signed`, so its size is always that event's own position.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from store.clock import from_micros
from store.events import CheckpointSigned
from store.ledger import Draft, Ledger
from store.merkle import Frontier
from store.notes import BadNote, Signer, Verifier, open_note, split_note
from store.tables import events, head

STREAM = "checkpoints"
ACTOR = "checkpoints"


class Checkpoint(NamedTuple):
    """The log called `origin` has `size` events, and this root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, body: str) -> "Checkpoint":
        """Raises BadNote. Lines after the third are extensions and passed over."""
        lines = body.split("\n")
        try:
            origin, size, root = lines[0], int(lines[1]), b64decode(lines[2], validate=True)
        except (IndexError, ValueError, binascii.Error) as error:
            raise BadNote("it is no checkpoint: origin, size and root are wanted, a line each") from error
        if not origin or str(size) != lines[1] or size < 0 or len(root) != 32:
            raise BadNote("it is no checkpoint: its size or its root is malformed")
        return cls(origin, size, root)


class Signed(NamedTuple):
    """A checkpoint as recorded."""

    checkpoint: Checkpoint
    note: str
    position: int
    recorded_at: datetime


def open_checkpoint(note: str, keys: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint that one of these keys signed. Raises BadNote."""
    return Checkpoint.parse(open_note(note, keys)[0])


def peek(note: str) -> Checkpoint:
    """What a note says, signatures unchecked. Raises BadNote."""
    return Checkpoint.parse(split_note(note)[0])


def sign(ledger: Ledger, signer: Signer, now: datetime, *, least: int = 0) -> Signed | None:
    """Signs the ledger as it stands and records that. None if fewer than `least` events came since the last one."""
    with ledger.writing(ACTOR) as write:
        state = write.connection.execute(select(head.c.size, head.c.frontier)).one()
        last = latest(write.connection)
        if last is not None and state.size - last.position - 1 < least:
            return None
        root = Frontier.from_bytes(state.size, state.frontier).root()
        checkpoint = Checkpoint(ledger.log, state.size, root)
        note = signer.sign(checkpoint.body())
        event = CheckpointSigned(state.size, root.hex(), str(signer.verifier), note)
        (recorded,) = write.append([Draft(event, STREAM, now)])
    return Signed(checkpoint, note, recorded.position, recorded.recorded_at)


def latest(connection: Connection) -> Signed | None:
    """The checkpoint recorded last. Raises BadNote if what is kept of it is none."""
    columns = select(events.c.position, events.c.recorded_at, events.c.facts)
    query = columns.where(events.c.stream == STREAM).order_by(events.c.stream_version.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    event = msgspec.json.decode(row.facts, type=CheckpointSigned)
    return Signed(peek(event.note), event.note, row.position, from_micros(row.recorded_at))


def due(last: Signed | None, size: int, now: datetime, *, every: timedelta | None, events: int | None) -> bool:
    """Whether the schedule asks for a checkpoint: something was recorded, and it is time, or it was much.

    A ledger in which nothing but the last checkpoint is new asks for none, however long ago that was.
    """
    new = size if last is None else size - last.position - 1
    if new <= 0:
        return False
    return (events is not None and new >= events) or (
        every is not None and (last is None or now - last.recorded_at >= every)
    )
