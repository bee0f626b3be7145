"""Replay: the read tables built anew from the ledger alone, beside the live ones, compared, and switched."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from store.database import writing
from store.ledger import Ledger, Recorded
from store.timeline import Timeline

BATCH = 1_000


class Rebuilt(NamedTuple):
    """`equal`: the live tables were what the ledger says. `digest` is that of the rebuilt ones."""

    events: int
    digest: str
    equal: bool


def rebuild(ledger: Ledger, timeline: Timeline, progress: Callable[[int, int], None] = lambda *_: None) -> Rebuilt:
    """Builds the tables beside the live ones while events may keep coming, then compares and switches under the lock.

    Killed on the way, it leaves the live tables as they were. Sends nothing and opens nothing but the ledger.
    """
    beside = Timeline("rebuild_", key=timeline.key)
    with writing(ledger.engine) as connection:
        beside.metadata.drop_all(connection)
        beside.metadata.create_all(connection)
    total = ledger.size()
    for batch in _batches(ledger.read(0, stop=total)):
        with writing(ledger.engine) as connection:
            beside.apply(connection, batch)
        progress(batch[-1].position + 1, total)
    with ledger.writing("replay") as write:
        late = list(ledger.read_in(write.connection, total))
        beside.apply(write.connection, late)
        digest = beside.digest(write.connection)
        equal = digest == timeline.digest(write.connection)
        if not equal:
            timeline.take_over(write.connection, beside)
    with writing(ledger.engine) as connection:
        beside.metadata.drop_all(connection)
    return Rebuilt(total + len(late), digest, equal)


def _batches(events: Iterator[Recorded]) -> Iterator[list[Recorded]]:
    batch: list[Recorded] = []
    for recorded in events:
        batch.append(recorded)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
