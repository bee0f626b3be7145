"""Which messages of a `SqliteBus` file may go: those that are old enough, or all that were read when the file is too large.

Messages bear no time. Instead the ends of a topic are noted from time to time; what lay before a note that is older than
the retention is older than it too.
"""

import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from store.bus.sqlite_file import Part, parts_of

MARKS_A_SPAN = 48
"""How finely ages are told: a message goes at most a 48th of the retention late."""


class Retention(NamedTuple):
    """`span`: for how long messages are kept; None: for ever. `size`: bytes of the file above which age does not count."""

    span: timedelta | None = timedelta(hours=720)
    size: int = 4_000_000_000


def keep_from(parts: Collection[Part], old: Mapping[int, int], needed: Mapping[int, int], *, full: bool) -> dict[int, int]:
    """Partition → the first offset to keep, for those that have something to lose. Pure.

    `old`: partition → the offset before which all is older than the retention. `needed`: partition → the first offset
    that somebody has not read; where there is none named, nothing goes, since nobody has said that it was read.
    """
    found = {}
    for part in parts:
        wanted = part.next if full else old.get(part.partition, 0)
        keep = min(wanted, needed.get(part.partition, 0), part.next)
        if keep > part.first:
            found[part.partition] = keep
    return found


def expired(
    connection: sqlite3.Connection, topic: str, retention: Retention, now: datetime, read: Mapping[int, int] | None
) -> dict[int, int]:
    """As `keep_from`, of the file as it stands; notes the topic's ends where that is due. In the caller's transaction."""
    parts = parts_of(connection, topic)
    full = _bytes_in_use(connection) > retention.size
    old = {} if retention.span is None else _old(connection, topic, parts, retention.span, now.timestamp())
    return keep_from(parts, old, _needed(connection, topic, parts, read), full=full)


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _old(
    connection: sqlite3.Connection, topic: str, parts: Collection[Part], span: timedelta, now: float
) -> dict[int, int]:
    newest = connection.execute("SELECT max(at) FROM mark WHERE topic = ?", (topic,)).fetchone()[0]
    if newest is None or now - newest >= span.total_seconds() / MARKS_A_SPAN:
        rows = ((topic, part.partition, now, part.next) for part in parts)
        connection.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?)", rows)
    past = (topic, now - span.total_seconds())
    query = "SELECT partition, max(next), max(at) FROM mark WHERE topic = ? AND at <= ? GROUP BY partition"
    found = connection.execute(query, past).fetchall()
    connection.executemany(
        "DELETE FROM mark WHERE topic = ? AND partition = ? AND at < ?", ((topic, partition, at) for partition, _, at in found)
    )
    return {partition: next_ for partition, next_, _ in found}


def _needed(
    connection: sqlite3.Connection, topic: str, parts: Collection[Part], read: Mapping[int, int] | None
) -> dict[int, int]:
    """What the slowest has read: groups by their commits, and a reader without one by what it says (None: there is none)."""
    rows = connection.execute(
        "SELECT partition, min(coalesce(next, 0)) FROM holding WHERE topic = ? GROUP BY partition", (topic,)
    )
    needed = dict(rows.fetchall())
    if read is not None:
        for part in parts:
            said = read.get(part.partition, 0)
            needed[part.partition] = min(said, needed.get(part.partition, said))
    return needed
