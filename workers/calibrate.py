"""Which threshold keeps false matches below a stated rate, as far as people's decisions about mentions can tell.

Pure and honest about numbers: a threshold is proposed only where the exact binomial bound (Clopper and Pearson 1934, one
side) says that so few wrong ones among those judged would hardly be luck. Nobody sees what lies below the threshold that
held while the mentions were recorded, so nothing is proposed below the least score judged.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

Verdict = Literal["proposed", "kept", "too_few", "unreachable"]
_STEPS = 40


class Judged(NamedTuple):
    """A mention that a person has decided about. `score` in thousandths; `right`: the passage does concern the claim."""

    score: int
    right: bool


class Proposal(NamedTuple):
    """`threshold` is the least that keeps the rate, None where there is none (`too_few`, `unreachable`).

    `shown` of the judged mentions reach it, `wrong_shown` of them wrong; `at_most` bounds the rate of wrong ones with the
    confidence asked for. `kept` is the share of the right ones that still reach it. `needed`: how many judged mentions it
    takes if none of them is wrong.
    """

    verdict: Verdict
    now: int
    threshold: int | None
    judged: int
    wrong: int
    shown: int
    wrong_shown: int
    at_most: float
    kept: float
    needed: int


def propose(judged: Sequence[Judged], now: int, rate: float, confidence: float) -> Proposal:
    """The least threshold among the scores judged at which false matches stay below `rate`, as surely as `confidence`.

    "False matches" is the share of wrong ones among what is shown. Both arguments lie between 0 and 1, ends excluded.
    """
    needed = math.ceil(math.log(1 - confidence) / math.log(1 - rate))
    ranked = sorted(judged, key=lambda one: -one.score)
    best, wrong = None, 0
    for number, one in enumerate(ranked, 1):
        wrong += not one.right
        last_of_its_score = number == len(ranked) or ranked[number].score < one.score
        if last_of_its_score and chance(wrong, number, rate) <= 1 - confidence:
            best = one.score
    if best is not None and _same_shown(ranked, best, now):
        best = now
    verdict: Verdict = "kept" if best == now else "proposed"
    if best is None:
        verdict = "too_few" if len(ranked) < needed else "unreachable"
    return _told(verdict, ranked, now, best, confidence, needed)


def _same_shown(ranked: Sequence[Judged], one: int, other: int) -> bool:
    """Both thresholds show the same of what was judged: nothing is known that speaks for moving."""
    return sum(j.score >= one for j in ranked) == sum(j.score >= other for j in ranked)


def _told(
    verdict: Verdict, ranked: Sequence[Judged], now: int, best: int | None, confidence: float, needed: int
) -> Proposal:
    shown = [one for one in ranked if one.score >= (now if best is None else best)]
    right = [one for one in ranked if one.right]
    wrong_shown = sum(not one.right for one in shown)
    kept = sum(one.right for one in shown) / len(right) if right else 0.0
    return Proposal(
        verdict, now, best, len(ranked), len(ranked) - len(right), len(shown), wrong_shown,
        bound(wrong_shown, len(shown), confidence), kept, needed,
    )  # fmt: skip


def bound(wrong: int, of: int, confidence: float) -> float:
    """The rate that the true one does not exceed, with this confidence: 1.0 where nothing was seen."""
    low, high = wrong / of if of else 1.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(wrong, of, middle) <= 1 - confidence else (middle, high)
    return high


def chance(wrong: int, of: int, rate: float) -> float:
    """The probability of at most `wrong` wrong ones among `of`, were each wrong with `rate`."""
    if wrong >= of or rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    choose = math.lgamma(of + 1)
    return sum(
        math.exp(
            choose - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * math.log(rate) + (of - k) * math.log(1 - rate)
        )
        for k in range(wrong + 1)
    )
