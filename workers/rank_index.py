"""Okapi BM25 over short texts: postings as numpy arrays, one addition per query term."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SATURATION, _LENGTH = 1.2, 0.6
"""k1 and b of Robertson & Zaragoza, The Probabilistic Relevance Framework (2009), section 3."""


class Postings:
    """An index of documents given as lists of terms. Read-only once built; about 100 bytes a posting."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self.size = len(documents)
        lengths = np.array([len(d) for d in documents], dtype=float)
        relative = lengths / max(lengths.mean() if self.size else 1.0, 1.0)
        found: dict[str, tuple[list[int], list[int]]] = {}
        for number, document in enumerate(documents):
            for term, count in Counter(document).items():
                numbers, counts = found.setdefault(term, ([], []))
                numbers.append(number)
                counts.append(count)
        self.rarity = {t: math.log(1 + (self.size - len(n) + 0.5) / (len(n) + 0.5)) for t, (n, _) in found.items()}
        self._postings = {
            term: _posting(np.array(numbers), np.array(counts, dtype=float), self.rarity[term], relative)
            for term, (numbers, counts) in found.items()
        }

    def scores(self, query: Sequence[str]) -> NDArray[np.float32]:
        """One score a document; 0 where nothing is shared. A term that the query repeats counts once."""
        totals = np.zeros(self.size, dtype=np.float32)
        for term in dict.fromkeys(query):
            if term in self._postings:
                numbers, weights = self._postings[term]
                totals[numbers] += weights
        return totals


def _posting(
    numbers: NDArray[np.int64], counts: NDArray[np.float64], rarity: float, relative: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    damped = counts + _SATURATION * (1 - _LENGTH + _LENGTH * relative[numbers])
    return numbers, (rarity * counts * (_SATURATION + 1) / damped).astype(np.float32)
