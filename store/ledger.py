"""The ledger: the append-only log of events that is the truth. Gapless positions from 0, one Merkle leaf each.

Appending takes the one lock there is (SQLite: `BEGIN IMMEDIATE`; PostgreSQL: the head row), so positions are dense and
become visible in order: a reader that has seen position n has seen all before it. What is derived (read tables, cursors)
may be written in the same transaction; so it can never disagree with the ledger.
"""

import hmac
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import count, starmap
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, bindparam, insert, select

from store.clock import Clock, from_micros, to_micros
from store.database import lock_tables, made_of_rows, reading, writing
from store.events import Event
from store.leaf import FACTS_DOMAIN, SALT_BYTES, TEXT_DOMAIN, Envelope, leaf_of
from store.merkle import Frontier
from store.migrations.lines import LEDGER
from store.migrations.opening import prepare
from store.parts import P, Parts, wanted
from store.tables import (
    FORMAT,
    KEPT_LEVEL,
    Stored,
    bulk_insert,
    events,
    head,
    keys,
    last_versions,
    select_decoded,
    select_facts,
    select_stored,
    texts,
    tree,
)
from store.wire import decode, encode

CHUNK = 2_000
"""Values that a look-up carries."""
M = TypeVar("M", bound=tuple[Any, ...])
ROWS = 500
"""Rows that a read fetches at a time."""
_NAME = 3
"""The column of the event's name."""


class LedgerError(Exception):
    """Any fault of the ledger."""


class LedgerGap(LedgerError):
    """A position is missing: the file was tampered with or damaged. Readers stop; run `dateline audit verify`."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"the ledger has a hole: position {expected} is missing, {found} comes next. "
            "Nothing more is read; run `dateline audit verify` and restore a backup."
        )
        self.expected, self.found = expected, found


class NewerLedger(LedgerError):
    def __init__(self, found: int) -> None:
        super().__init__(
            f"this home was written by a newer Dateline (ledger format {found}, this release knows {FORMAT}). "
            "Install that release, or point --home elsewhere."
        )
        self.found = found


class Draft(NamedTuple):
    """An event to append. `key` makes it idempotent: a draft whose key the ledger has seen is skipped.

    `articles` are the articles whose text the event holds: erasing one erases this event's text.
    """

    event: Event
    stream: str
    occurred_at: datetime
    articles: tuple[str, ...] = ()
    cause: int | None = None
    key: str | None = None


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in the ledger."""

    position: int
    stream: str
    stream_version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    cause: int | None
    articles: tuple[str, ...]
    event: Event


class Projector(Protocol):
    """Keeps read tables in step, inside the transaction that appends."""

    def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None: ...


class Writing:
    """One open append transaction. `connection` may carry writes of the caller's own tables: all or nothing."""

    def __init__(self, append: Callable[[Sequence[Draft]], list[Recorded]], connection: Connection) -> None:
        self.append = append
        self.connection = connection


class Ledger:
    """Appends and reads. Safe to use from many processes at once; one object serves one thread at a time."""

    def __init__(self, engine: Engine, *, secret: bytes, clock: Clock, projectors: Sequence[Projector] = ()) -> None:
        self.engine = engine
        self._secret = secret
        self._clock = clock
        self._projectors = projectors
        self._versions: dict[str, int] = {}
        self._versions_at = -1
        self.log = self._open()

    # --- appending ------------------------------------------------------------------------------

    def append(self, drafts: Sequence[Draft], *, actor: str) -> list[Recorded]:
        """Appends all drafts in one transaction, durable when this returns. Returns what was newly recorded."""
        with self.writing(actor) as batch:
            return batch.append(drafts)

    @contextmanager
    def writing(self, actor: str) -> Iterator[Writing]:
        """An append transaction: holds the append lock until the block ends, then commits; an exception undoes all."""
        try:
            with writing(self.engine) as connection:
                if connection.dialect.name == "postgresql":
                    # Before anything is read: what is decided inside must still hold at the append.
                    connection.execute(_HEAD)
                yield Writing(lambda drafts: self._append(connection, drafts, actor), connection)
        except BaseException:
            self._versions_at = -1  # what the cache learned in this transaction was undone
            raise

    def _append(self, connection: Connection, drafts: Sequence[Draft], actor: str) -> list[Recorded]:
        drafts, hashed = self._unseen(connection, drafts)
        if not drafts:
            return []
        state = connection.execute(_HEAD).one()
        frontier = Frontier.from_bytes(state.size, state.frontier)
        recorded_at = max(to_micros(self._clock.now()), state.recorded_at)
        self._learn_versions(connection, drafts, state.size)
        batch = _Batch(os.urandom(2 * SALT_BYTES * len(drafts)), [], [], [])
        bulk_insert(connection, texts, _texts(drafts, batch, state.size))
        bulk_insert(connection, events, self._rows(drafts, batch, state.size, recorded_at, actor))
        bulk_insert(connection, tree, frontier.extend(batch.leaves, least=KEPT_LEVEL))
        bulk_insert(connection, keys, [(key, state.size + i) for i, key in enumerate(hashed) if key])
        connection.execute(_MOVE_HEAD, {"to": frontier.size, "at": recorded_at, "roots": frontier.to_bytes()})
        self._versions_at = frontier.size
        for projector in self._projectors:
            projector.apply(connection, batch.recorded)
        return batch.recorded

    def _rows(
        self, drafts: Sequence[Draft], batch: "_Batch", position: int, recorded_at: int, actor: str
    ) -> Iterator[tuple[Any, ...]]:
        """The events' rows from `position` on, one by one; all else goes to `batch`. Flat on purpose: all events pass here."""
        recorded_when = from_micros(recorded_at)
        versions, log, (salts, encoded, leaves, recorded) = self._versions, self.log, batch
        of_each = zip(range(0, len(salts), 2 * SALT_BYTES), drafts, encoded, strict=True)
        for at, (event, stream, occurred, articles, cause, _key), (facts, commitment) in of_each:
            salt = salts[at : at + SALT_BYTES]
            version = versions[stream] = versions.get(stream, -1) + 1
            occurred_at, name, schema = to_micros(occurred), event.NAME, event.SCHEMA
            leaf = leaf_of(Envelope(
                actor, articles, cause, 1, sha256(FACTS_DOMAIN + salt + facts).hexdigest(), log, name, occurred_at,
                position, recorded_at, schema, stream, version, commitment.hex() if commitment else None,
            ))  # fmt: skip
            leaves.append(leaf)
            recorded.append(Recorded(position, stream, version, occurred, recorded_when, actor, cause, articles, event))
            yield (
                position, stream, version, name, schema, occurred_at, recorded_at, actor, cause,
                " ".join(articles), facts, salt, commitment, leaf,
            )  # fmt: skip
            position += 1

    def _unseen(self, connection: Connection, drafts: Sequence[Draft]) -> tuple[Sequence[Draft], list[bytes | None]]:
        """The drafts whose key is new, each with its key as kept: an HMAC, so that keys reveal nothing."""
        hashed = [self.keyed(draft.key) if draft.key is not None else None for draft in drafts]
        wanted = [key for key in hashed if key]
        if not wanted:
            return drafts, hashed
        seen: set[bytes] = set()
        for start in range(0, len(wanted), CHUNK):
            found = connection.execute(_KEYS_SEEN, {"wanted": wanted[start : start + CHUNK]})
            seen.update(bytes(key) for (key,) in found)
        kept, kept_keys = [], []
        for draft, key in zip(drafts, hashed, strict=True):
            if key is None or key not in seen:
                kept.append(draft)
                kept_keys.append(key)
                if key is not None:
                    seen.add(key)
        return kept, kept_keys

    def keyed(self, key: str) -> bytes:
        """HMAC-SHA256 of a key under the home's secret."""
        return hmac.digest(self._secret, key.encode(), "sha256")

    def _learn_versions(self, connection: Connection, drafts: Sequence[Draft], size: int) -> None:
        """Makes `_versions` hold the latest version of every stream of the batch. Others may have appended since."""
        if self._versions_at != size or len(self._versions) > 200_000:
            self._versions.clear()
        missing = list({draft.stream for draft in drafts if draft.stream not in self._versions})
        if missing:
            self._versions.update(last_versions(connection, missing))

    # --- reading --------------------------------------------------------------------------------

    def read(self, start: int = 0, *, stop: int | None = None, names: Collection[str] | None = None) -> Iterator[Recorded]:
        """Events from position `start` up to before `stop` (or the end at the time), in order.

        With `names` only events of those names are decoded and returned. Raises LedgerGap on a hole, UnknownEvent for
        an event of a newer release. Holds no transaction between two chunks.
        """
        for chunk in self.chunks(select_decoded, list, start, stop=stop):
            wanted = chunk if names is None else [row for row in chunk if row[_NAME] in names]
            yield from starmap(_recorded, wanted)

    def parts(self, parts: Parts[P], start: int = 0, *, stop: int | None = None) -> Iterator[tuple[int, int, P]]:
        """(position, occurred_at in microseconds, part) of the events that `parts` asks for, in order: for folds.

        Several times as fast as `read`, since texts stay where they are and other facts are not built. Raises as it does.
        """
        def made(rows: Iterable[tuple[Any, ...]]) -> Sequence[tuple[int, int, P | None]]:
            return [(position, at, parts[name, schema](facts)) for position, name, schema, at, facts in rows]

        for chunk in self.chunks(select_facts, made, start, stop=stop):
            yield from wanted(chunk)

    def stored(self, start: int = 0, *, stop: int | None = None, check_gaps: bool = True) -> Iterator[Stored]:
        """The rows themselves, texts joined, in order. With `check_gaps` off, holes are left to the caller."""
        for chunk in self.chunks(select_stored, list, start, stop=stop, check_gaps=check_gaps):
            yield from map(Stored._make, chunk)

    def chunks(
        self,
        query: Callable[[int, int], str],
        make: Callable[[Iterable[tuple[Any, ...]]], Sequence[M]],
        start: int = 0,
        *,
        stop: int | None = None,
        check_gaps: bool = True,
    ) -> Iterator[Sequence[M]]:
        """For what passes over the whole ledger: what `make` makes of some hundred rows at a time, one for each row.

        All of them begin with the position. Raises LedgerGap after the last one before it.
        """
        limit = self.size() if stop is None else min(stop, self.size())
        for first in range(start, limit, ROWS):
            last = min(first + ROWS, limit)
            chunk = made_of_rows(self.engine, query(first, last), make)
            if check_gaps and len(chunk) != last - first:
                hole = next((n for n, row in enumerate(chunk) if row[0] != first + n), len(chunk))
                yield chunk[:hole]
                raise LedgerGap(first + hole, chunk[hole][0] if hole < len(chunk) else last)
            yield chunk

    def read_in(self, connection: Connection, start: int, stop: int | None = None) -> list[Recorded]:
        """Events from `start` to `stop` or the end, as the caller's transaction sees them: few. Raises LedgerGap."""
        end = int(connection.execute(select(head.c.size)).scalar_one())
        last = end if stop is None else min(stop, end)
        found = list(starmap(_recorded, connection.exec_driver_sql(select_decoded(start, last))))
        if len(found) != max(last - start, 0):
            hole = next((n for n, recorded in enumerate(found) if recorded.position != start + n), len(found))
            raise LedgerGap(start + hole, found[hole].position if hole < len(found) else last)
        return found

    def size(self) -> int:
        """Number of events; the next one gets this position."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(head.c.size)).scalar_one())

    def last_recorded_at(self) -> datetime | None:
        with reading(self.engine) as connection:
            size, recorded_at = connection.execute(select(head.c.size, head.c.recorded_at)).one()
        return from_micros(recorded_at) if size else None

    def size_as_known(self, at: datetime) -> int:
        """How many events had been recorded by then: a prefix, since `recorded_at` never decreases."""
        low, high, wanted = 0, self.size(), to_micros(at)
        with reading(self.engine) as connection:
            while low < high:
                middle = (low + high) // 2
                found = connection.execute(select(events.c.recorded_at).where(events.c.position == middle)).scalar_one()
                low, high = (middle + 1, high) if found <= wanted else (low, middle)
        return low

    # --- opening --------------------------------------------------------------------------------

    def _open(self) -> str:
        """Makes what is missing and returns the log's origin. Raises NewerLedger, NewerSchema, OlderSchema."""
        prepare(self.engine, LEDGER)
        with reading(self.engine) as connection:
            found = connection.execute(select(head)).one_or_none()
        if found is None:
            return self._begin()
        if found.format > FORMAT:
            raise NewerLedger(found.format)
        return str(found.log)

    def _begin(self) -> str:
        """The first row of the head, unless somebody was faster."""
        with writing(self.engine) as connection:
            lock_tables(connection)
            begun = connection.execute(select(head.c.log)).scalar_one_or_none()
            if begun is not None:
                return str(begun)
            log = f"dateline/{os.urandom(8).hex()}"
            connection.execute(insert(head).values(one=1, format=FORMAT, log=log, size=0, recorded_at=0, frontier=b""))
            return log


class _Batch(NamedTuple):
    """What the drafts of one append come to, beside the rows of their events."""

    salts: bytes
    """Two for each event, of the facts and of the text."""
    encoded: list[tuple[bytes, bytes | None]]
    """The facts, and the commitment to the text if there is one."""
    leaves: list[bytes]
    recorded: list[Recorded]


def _texts(drafts: Sequence[Draft], batch: _Batch, first: int) -> Iterator[tuple[int, bytes, bytes]]:
    """The texts' rows of events from position `first` on, while all facts are encoded and all texts committed to."""
    salts, encoded = batch.salts, batch.encoded
    for position, at, draft in zip(count(first), range(SALT_BYTES, len(salts), 2 * SALT_BYTES), drafts, strict=False):
        facts, text = encode(draft.event)
        if text is None:
            encoded.append((facts, None))
        else:
            salt = salts[at : at + SALT_BYTES]
            encoded.append((facts, sha256(TEXT_DOMAIN + salt + text).digest()))
            yield position, text, salt


_HEAD = select(head).with_for_update()
_MOVE_HEAD = head.update().values(size=bindparam("to"), recorded_at=bindparam("at"), frontier=bindparam("roots"))
_KEYS_SEEN = select(keys.c.key).where(keys.c.key.in_(bindparam("wanted", expanding=True)))


def recorded_of(row: Stored) -> Recorded:
    """Decodes a stored row. Raises UnknownEvent, or msgspec.ValidationError for bytes that are not the event's."""
    return _recorded(*row[:11], row.text)


def _recorded(
    position: int, stream: str, version: int, name: str, schema: int, occurred_at: int, recorded_at: int, actor: str,
    cause: int | None, articles: str, facts: bytes, text: bytes | None,
) -> Recorded:  # fmt: skip
    """The columns of `select_decoded`, in their order."""
    return Recorded(
        position, stream, version, _instant(occurred_at), _instant(recorded_at), actor, cause,
        tuple(articles.split()), decode(name, schema, facts, text),
    )  # fmt: skip


_instant = lru_cache(maxsize=1024)(from_micros)
"""Events come in runs of one instant: an article and its mentions, a batch recorded together."""


def leaf_of_stored(row: tuple[Any, ...], log: str) -> bytes:
    """The leaf hash, computed anew from everything that a `Stored` row keeps but its stored leaf."""
    return leaf_of(envelope_of_stored(row, log))


def envelope_of_stored(row: tuple[Any, ...], log: str) -> Envelope:
    """What the leaf is the hash of."""
    (
        position, stream, version, name, schema, occurred_at, recorded_at, actor, cause, articles, facts,
        salt, text_commitment, _leaf, _text, _text_salt,
    ) = row  # fmt: skip
    return Envelope(
        actor, articles.split(), cause, 1, sha256(FACTS_DOMAIN + salt + facts).hexdigest(), log, name, occurred_at,
        position, recorded_at, schema, stream, version, None if text_commitment is None else text_commitment.hex(),
    )  # fmt: skip
