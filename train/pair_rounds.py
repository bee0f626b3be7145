"""What the pair encoder reads in each round of its training: all headlines, and articles drawn anew."""

import random
from collections import Counter
from collections.abc import Iterator

import numpy as np

from train.stance_data import Labelled
from workers.pair_article import IDF_BUCKETS, Article, article, gist

ARTICLES = 450
SHARES = (0.32, 0.14, 0.54)
"""Of affirms, denies and discusses among the articles of a round: denials twice as often as they are."""

Told = tuple[str, str, int, bool]
"""Claim, text (a headline or an article's gist), label, and whether it is an article."""


def rounds(headlines: list[Labelled], articles: list[Labelled], number: int) -> Iterator[list[Told]]:
    """So many rounds of shuffled rows."""
    drawn = _Draw(articles)
    for _ in range(number):
        told = [*[(row.claim, row.text, row.label, False) for row in headlines], *drawn.some(ARTICLES)]
        random.shuffle(told)
        yield told


class _Draw:
    """Draws articles by label, and a story by the root of its size, so that no much-covered one fills a round."""

    def __init__(self, rows: list[Labelled]) -> None:
        self._rows = [row for row in rows if row.label < len(SHARES)]
        self._counted: dict[str, Article] = {}
        sizes = Counter((row.text_story, row.label) for row in self._rows)
        weights = np.array([sizes[row.text_story, row.label] ** -0.5 for row in self._rows])
        labels = np.array([row.label for row in self._rows])
        self._chances = [np.where(labels == n, weights, 0) / weights[labels == n].sum() for n in range(len(SHARES))]
        self._random = np.random.RandomState(0)

    def some(self, number: int) -> list[Told]:
        places = [
            self._random.choice(len(self._rows), int(number * share), p=chances)
            for share, chances in zip(SHARES, self._chances, strict=True)
        ]
        return [self._told(self._rows[i]) for i in np.concatenate(places)]

    def _told(self, row: Labelled) -> Told:
        if row.text not in self._counted:
            self._counted[row.text] = article(row.text, np.zeros(IDF_BUCKETS, dtype=np.float32))
        return row.claim, gist(row.claim, self._counted[row.text]), row.label, True
