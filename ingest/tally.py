"""What one run did, counted."""

from collections import Counter

import msgspec


class Tally(msgspec.Struct, frozen=True):
    """`feeds` counts polls by outcome (changed, unchanged, gone, or a reason of failure), `articles` items and re-checks by
    theirs; `published` the messages that the bus acknowledged. `stopped`: the run was asked to end before all was done."""

    feeds: dict[str, int]
    articles: dict[str, int]
    published: int
    stopped: bool = False

    @property
    def total(self) -> int:
        """How much was done; 0 if nothing was due."""
        return sum(self.feeds.values()) + sum(self.articles.values()) + self.published


class Counting:
    """A tally in the making."""

    def __init__(self) -> None:
        self.feeds: Counter[str] = Counter()
        self.articles: Counter[str] = Counter()
        self.published = 0

    def tally(self, *, stopped: bool) -> Tally:
        return Tally(dict(self.feeds), dict(self.articles), self.published, stopped)
