"""Replaying: every event of a ledger decoded and folded by claim. Processor time, since nothing waits."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.append import new_ledger
from bench.figures import Row, Scale, against
from bench.mentions import claim_name, draft_of, fields_of
from bench.peers import EventSourcing, fill, walk
from bench.rounds import processor, take_turns
from store.events import MentionRecorded
from store.leaf import TEXT_DOMAIN, commit
from store.ledger import Ledger, Recorded, leaf_of_stored, recorded_of
from store.merkle import Frontier
from store.proofs import root
from store.tables import select_decoded, select_stored

_CLAIMS = 100
_BATCH = 1_000
_LIBRARYS_SHARE = 4
"""The library is given one event in so many: its pace does not depend on how many there are, and it is slow to fill."""


def measure(scale: Scale) -> list[Row]:
    """A replay against the library's replay of the same events and against a cursor that only walks over the rows."""
    events, rounds = scale.pick(40_000, 200_000), 3
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ledger, peer = new_ledger(place / "ledger.db"), EventSourcing(place / "peer.db")
        for start in range(0, events, 10_000):
            fields = list(fields_of(10_000, _CLAIMS, seed=start))
            fill(ledger, [draft_of(given) for given in fields])
            if start < events // _LIBRARYS_SHARE:
                peer.append(peer.events_of(fields))
        rates = take_turns(_contestants(ledger, peer, place / "ledger.db", events), rounds, processor)
        peer.application.close()
    rows = []
    for name, ours, cursor, library, floor in (
        ("replay", "ours", "cursor", 10.0, 0.4),
        ("replay, verified", "verified", "whole cursor", 4.0, 0.3),
    ):
        title = f"{name}, {events:,} events"
        rows.append(against(title, "events/cpu-s", rates[ours], "eventsourcing", rates["library"], library))
        rows.append(against(title, "events/cpu-s", rates[ours], "bare cursor, same columns", rates[cursor], floor))
    return rows


def _contestants(ledger: Ledger, peer: EventSourcing, path: Path, events: int) -> dict[str, Callable[[int], int]]:
    def ours(_: int) -> int:
        return sum(count for count, _ in fold(ledger.read()).values())

    def with_proof(_: int) -> int:
        return sum(count for count, _ in fold(verified(ledger)).values())

    def library(number: int) -> int:
        """A quarter of the claims, another one each round: each has as many events as any other."""
        part = range(number % 4, _CLAIMS, 4)
        return sum(sum(peer.replay(claim_name(n)).stances.values()) for n in part)

    return {
        "ours": ours,
        "cursor": lambda _: walk(path, select_decoded(0, events)),
        "verified": with_proof,
        "whole cursor": lambda _: walk(path, select_stored(0, events)),
        "library": library,
    }


def fold(recorded: Iterable[Recorded]) -> dict[str, tuple[int, int]]:
    """Claim → number of its mentions and sum of their scores: the least that any fold has to do."""
    claims: dict[str, tuple[int, int]] = {}
    for item in recorded:
        event = item.event
        if isinstance(event, MentionRecorded):
            count, score = claims.get(event.claim, (0, 0))
            claims[event.claim] = (count + 1, score + event.score)
    return claims


class NotVerified(Exception):
    """An event of the ledger is not what its leaf, or the tree, says."""


def verified(ledger: Ledger) -> Iterator[Recorded]:
    """All events, each leaf and commitment recomputed from the stored bytes, at the end the root. Raises NotVerified."""
    frontier, leaves, log = Frontier(), list[bytes](), ledger.log
    for row in ledger.stored():
        if leaf_of_stored(row, log) != row.leaf:
            raise NotVerified(row.position)
        if row.text is not None and commit(TEXT_DOMAIN, row.text_salt or b"", row.text) != row.text_commitment:
            raise NotVerified(row.position)
        leaves.append(row.leaf)
        if len(leaves) == _BATCH:
            frontier.extend(leaves)
            leaves.clear()
        yield recorded_of(row)
    frontier.extend(leaves)
    if (frontier.size, frontier.root()) != root(ledger.engine):
        raise NotVerified(frontier.size)
