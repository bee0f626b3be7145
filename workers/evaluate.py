"""How well mentions were found, measured against a labelled set; `workers.agreement` asks how well they were understood.

A mention hits a labelled one of the same document and claim when the two spans share at least 30 % of the shorter. Each
labelled mention takes a mention of its own where there are enough, the best overlap first; what is left over may share.
Optional mentions are neither rewarded nor punished. Pure: who finds the mentions is not this module's business.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from store.reading import Mention, Name

_SHARED = 0.3
"""Of the shorter span."""


class Place(msgspec.Struct, frozen=True):
    """Characters [start, end) of a document, taken for a claim."""

    doc: str
    claim: str
    start: int
    end: int


class Said(Place, frozen=True):
    """A mention in the fields that are compared: as labelled, or as found. `score` is of the found only, in thousandths."""

    stance: str
    hedging: str = "asserted"
    anonymity: str = "none"
    speaker: str | None = None
    organisation: str | None = None
    echo_of: str | None = None
    variant: str | None = None
    said_on: date | None = None
    score: int = 1000


class Gold(msgspec.Struct, frozen=True):
    """`core` is to be found, `optional` may be, `traps` look like a mention of their claim and are none."""

    core: tuple[Said, ...]
    optional: tuple[Place, ...] = ()
    traps: tuple[Place, ...] = ()


class Rates(NamedTuple):
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


class Share(NamedTuple):
    """So many of so many."""

    met: int
    of: int

    @property
    def rate(self) -> float:
        return self.met / self.of if self.of else 0.0


class Matched(NamedTuple):
    """`hits` pairs what was found with what is labelled, one pair a labelled mention that was found."""

    hits: tuple[tuple[Said, Said], ...]
    used: int
    """Mentions that hit something."""
    wrong: tuple[Said, ...]
    neutral: int
    trapped: int


def found(doc: str, mention: Mention) -> Said:
    """A reader's mention in the fields that are compared."""
    who = mention.attribution
    return Said(
        doc, mention.claim, mention.start, mention.end, mention.stance, mention.hedging, who.anonymity,
        _wording(who.speaker), _wording(who.organisation), _wording(mention.echo_of), mention.variant, mention.said_on,
        mention.score,
    )  # fmt: skip


def _wording(name: Name | None) -> str | None:
    return name.text if name else None


def match(predicted: Sequence[Said], gold: Gold) -> Matched:
    """Who hits what. A mention that hits nothing labelled is wrong, unless it overlaps an optional one."""
    by = defaultdict(list)
    for n, one in enumerate(predicted):
        by[one.doc, one.claim].append(n)

    def over(place: Place) -> list[int]:
        return [n for n in by[place.doc, place.claim] if _overlap(predicted[n], place)]

    near = sorted(
        ((_union(predicted[n], g), predicted[n].stance == g.stance, predicted[n].variant == g.variant, i, n)
         for i, g in enumerate(gold.core) for n in over(g)),
        key=lambda item: item[:3], reverse=True,
    )  # fmt: skip
    chosen = _chosen([(i, n) for *_, i, n in near])
    used = {n for *_, n in near}
    neutral = {n for place in gold.optional for n in over(place)} - used
    return Matched(
        tuple((predicted[chosen[i]], g) for i, g in enumerate(gold.core) if i in chosen),
        len(used),
        tuple(one for n, one in enumerate(predicted) if n not in used and n not in neutral),
        len(neutral),
        sum(n not in used and n not in neutral for place in gold.traps for n in over(place)),
    )


def _chosen(near: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Labelled → found, from pairs in order of preference; a found one serves several only where it must."""
    near, chosen = list(near), dict[int, int]()
    spent: set[int] = set()
    for i, n in near:
        if i not in chosen and n not in spent:
            chosen[i] = n
            spent.add(n)
    for i, n in near:
        chosen.setdefault(i, n)
    return chosen


def _overlap(a: Place, b: Place) -> bool:
    shared = min(a.end, b.end) - max(a.start, b.start)
    return shared > 0 and shared >= _SHARED * min(a.end - a.start, b.end - b.start)


def _union(a: Place, b: Place) -> float:
    return (min(a.end, b.end) - max(a.start, b.start)) / (max(a.end, b.end) - min(a.start, b.start))


def passages(matched: Matched, gold: Gold) -> Rates:
    """Precision over what was found, neutral mentions left out; recall over what is labelled as core."""
    return Rates(
        Share(matched.used, matched.used + len(matched.wrong)).rate, Share(len(matched.hits), len(gold.core)).rate
    )


def documents(predicted: Sequence[Said], gold: Gold) -> Rates:
    """The same by pairs of document and claim; pairs with optional mentions alone are left out."""
    wanted = {(one.doc, one.claim) for one in gold.core}
    maybe = {(one.doc, one.claim) for one in gold.optional} - wanted
    said = {(one.doc, one.claim) for one in predicted} - maybe
    return Rates(Share(len(said & wanted), len(said)).rate, Share(len(said & wanted), len(wanted)).rate)


class Point(NamedTuple):
    """What one threshold would give. `false` is the share of matches that are wrong, `astray` that of the documents with
    nothing labelled in them in which something is found all the same."""

    threshold: int
    passages: Rates
    astray: Share

    @property
    def false(self) -> float:
        return 1 - self.passages.precision


def curve(scored: Sequence[Said], gold: Gold, docs: Iterable[str], thresholds: Iterable[int]) -> tuple[Point, ...]:
    """`scored` are matches of any score, `docs` all documents that were looked at."""
    silent = set(docs) - {one.doc for one in (*gold.core, *gold.optional)}
    points = []
    for least in thresholds:
        kept = [one for one in scored if one.score >= least]
        rates = passages(match(kept, gold), gold) if kept else Rates(1.0, 0.0)
        points.append(Point(least, rates, Share(len({one.doc for one in kept} & silent), len(silent))))
    return tuple(points)
