"""Replaying: every event of a ledger read and folded by claim. Processor time, since nothing waits.

Three ways: `Ledger.parts` gives the fold the few facts that it needs; `verified` the same, with every hash computed anew;
`Ledger.read` whole events with their texts, which the read tables are rebuilt from.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from bench.append import new_ledger
from bench.figures import Row, Scale, against
from bench.mentions import claim_name, draft_of, fields_of
from bench.peers import EventSourcing, fill, walk
from bench.rounds import processor, take_turns
from store.events import MentionRecorded
from store.ledger import Ledger
from store.parts import Part, Parts
from store.tables import select_decoded, select_facts, select_stored
from store.verified import verified

_CLAIMS = 100
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
        ("fold", "parts", "facts cursor", 10.0, 0.4),
        ("fold, verified", "verified", "whole cursor", 4.0, 0.3),
        ("whole events", "whole events", "events cursor", None, None),
    ):
        title = f"{name}, {events:,} events"
        rows.append(against(title, "events/cpu-s", rates[ours], "eventsourcing", rates["library"], library))
        rows.append(against(title, "events/cpu-s", rates[ours], "bare cursor, same columns", rates[cursor], floor))
    return rows


def _contestants(ledger: Ledger, peer: EventSourcing, path: Path, events: int) -> dict[str, Callable[[int], int]]:
    def folded(read: Callable[[], Iterable[Score]]) -> Callable[[int], int]:
        return lambda _: sum(count for count, _ in fold(read()).values())

    def library(number: int) -> int:
        """A quarter of the claims, another one each round: each has as many events as any other."""
        part = range(number % 4, _CLAIMS, 4)
        return sum(sum(peer.replay(claim_name(n)).stances.values()) for n in part)

    return {
        "parts": folded(lambda: scores(ledger.parts(SCORED))),
        "facts cursor": lambda _: walk(path, select_facts(0, events)),
        "verified": folded(lambda: scores(verified(ledger, SCORED))),
        "whole cursor": lambda _: walk(path, select_stored(0, events)),
        "whole events": folded(lambda: whole(ledger)),
        "events cursor": lambda _: walk(path, select_decoded(0, events)),
        "library": library,
    }


class Scored(Part, frozen=True, gc=False):
    OF = MentionRecorded
    claim: str
    score: int


class Score(Protocol):
    """What the fold is given: a part, or the whole event."""

    @property
    def claim(self) -> str: ...
    @property
    def score(self) -> int: ...


SCORED = Parts(Scored)


def scores(told: Iterable[tuple[int, int, Scored]]) -> Iterator[Scored]:
    return map(itemgetter(2), told)


def whole(ledger: Ledger) -> Iterator[MentionRecorded]:
    return (recorded.event for recorded in ledger.read() if isinstance(recorded.event, MentionRecorded))


def fold(scored: Iterable[Score]) -> dict[str, tuple[int, int]]:
    """Claim → number of its mentions and sum of their scores: the least that any fold has to do."""
    claims: dict[str, tuple[int, int]] = {}
    for one in scored:
        count, score = claims.get(one.claim, (0, 0))
        claims[one.claim] = (count + 1, score + one.score)
    return claims
