"""What a benchmark reports: one row a question, with the peer that was timed beside it."""

from statistics import median
from typing import NamedTuple


class Scale(NamedTuple):
    """How much to measure. `quick` is for a glance, `full` for the sizes that take minutes."""

    quick: bool = False
    full: bool = False

    def pick(self, quick: int, normal: int, full: int | None = None) -> int:
        if self.quick:
            return quick
        return full if self.full and full is not None else normal


class Row(NamedTuple):
    """One figure. `ours` and `peer` are in `unit`; `ratio` is how many times as good as the peer we were.

    `low` and `high` are the least and the greatest ratio of a round. `aim` is what the ratio should reach, or, where
    there is no peer, what `ours` should stay under; None where nothing was promised.
    """

    name: str
    unit: str
    ours: float
    peer_name: str = ""
    peer: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    aim: float | None = None

    @property
    def met(self) -> bool | None:
        if self.aim is None:
            return None
        return self.ours <= self.aim if self.ratio is None else self.ratio >= self.aim


def against(name: str, unit: str, ours: list[float], peer_name: str, peer: list[float], aim: float | None = None) -> Row:
    """The row of two contestants' rates, round by round.

    The ratio is the median of the rounds' ratios, not the ratio of the medians: what else the machine was doing in a
    round slowed both.
    """
    ratios = [one / other for one, other in zip(ours, peer, strict=True)]
    return Row(name, unit, median(ours), peer_name, median(peer), median(ratios), min(ratios), max(ratios), aim)


def alone(name: str, unit: str, ours: list[float], aim: float | None = None) -> Row:
    """The row of a figure that has no peer; `aim` is an upper bound."""
    return Row(name, unit, median(ours), aim=aim)
