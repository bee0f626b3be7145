"""Which registered claims does this text repeat? `dateline rank`.

Words and letters find candidates (BM25 over terms and over four-letter grams), sentence vectors add to them where the
model is installed, and a linear model of named weights puts the candidates in order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.pair_words import grams
from workers.rank_features import LEXICAL, VECTORS, cosines, lexical, worded
from workers.rank_index import Postings
from workers.rank_words import opened, terms, without_links

SHIPPED = Path(__file__).with_name("model") / "rank.json"

_CANDIDATES = 60
"""Claims put in order for each query."""
_REACH = 150
"""Claims for each query, by words and by letters each, that are worth a sentence vector."""
_GRAM = 4


class Entry(msgspec.Struct, frozen=True):
    """A registered claim, or a text that may repeat one."""

    id: str
    text: str


class Scored(msgspec.Struct, frozen=True):
    """A claim's share of belief among the query's candidates, 0 to 1. Not a probability that it is repeated at all."""

    id: str
    score: float


class Ranking(msgspec.Struct, frozen=True):
    """The best claims for one query, best first; fewer than asked where nothing is shared."""

    id: str
    claims: tuple[Scored, ...]


class Vectors(Protocol):
    """What ranking needs of `workers.vectors`: one unit row a text."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Weights(msgspec.Struct, frozen=True):
    """Weights by name of feature, with and without sentence vectors."""

    version: str
    with_vectors: dict[str, float]
    words_only: dict[str, float]


def load_weights(path: Path = SHIPPED) -> Weights:
    """Raises msgspec.ValidationError for a file of another form."""
    return msgspec.json.decode(path.read_bytes(), type=Weights)


class Register:
    """The registered claims, indexed. Building takes about 0.2 ms a claim; vectors are made when a query needs them."""

    def __init__(self, claims: Sequence[Entry], vectors: Vectors | None = None) -> None:
        self.claims = tuple(claims)
        self.words = [worded(c.text) for c in claims]
        self.terms = Postings([w.terms for w in self.words])
        self.grams = Postings([grams(c.text, _GRAM) for c in claims])
        self._vectors = vectors
        self._known: dict[int, NDArray[np.float32]] = {}

    def candidates(self, query: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions of the query's candidates and their features, in the order of LEXICAL, then VECTORS if any."""
        by_words = self.terms.scores(terms(query)).astype(np.float64)
        by_letters = self.grams.scores(grams(without_links(query), _GRAM)).astype(np.float64)
        reach = np.union1d(_top(by_words, _REACH), _top(by_letters, _REACH))
        if not len(reach):
            return reach, np.zeros((0, len(LEXICAL) + len(VECTORS)))
        merit = by_words[reach] / max(by_words.max(), 1e-9)
        similar = self._similar(query, reach) if self._vectors else np.zeros((2, len(reach)))
        merit = similar.mean(axis=0) + 0.3 * merit if self._vectors else merit + by_letters[reach] / max(by_letters.max(), 1e-9)
        best = np.argsort(-merit, kind="stable")[:_CANDIDATES]
        chosen = reach[best]
        found = [self.words[i] for i in chosen]
        rows = lexical(worded(query), found, by_words[chosen], by_letters[chosen], self.terms.rarity)
        return chosen, np.hstack([rows, cosines(similar[0, best], similar[1, best])]) if self._vectors else rows

    def _similar(self, query: str, places: NDArray[np.int64]) -> NDArray[np.float64]:
        assert self._vectors is not None
        missing = [int(i) for i in places if int(i) not in self._known]
        made = self._vectors.embed([self.claims[i].text for i in missing])
        self._known |= dict(zip(missing, made, strict=True))
        asked = self._vectors.embed([query, opened(query) or query])
        similar: NDArray[np.float64] = (asked @ np.array([self._known[int(i)] for i in places]).T).astype(np.float64)
        return similar


def rank(register: Register, queries: Iterable[Entry], weights: Weights, *, top: int = 5) -> Iterator[Ranking]:
    """One ranking a query, in order; of equal claims the one registered first. Streams the queries."""
    order = _weigher(weights)
    for query in queries:
        places, rows = register.candidates(query.text)
        if not len(places):
            yield Ranking(query.id, ())
            continue
        scores = order(rows)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = sorted(range(len(places)), key=lambda i: (-scores[i], places[i]))[:top]
        yield Ranking(
            query.id,
            tuple(Scored(register.claims[places[i]].id, round(float(shares[i]), 6)) for i in best),
        )


def _weigher(weights: Weights) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    words = np.array([weights.words_only[name] for name in LEXICAL])
    both = np.array([weights.with_vectors[name] for name in (*LEXICAL, *VECTORS)])
    return lambda rows: rows @ (both if rows.shape[1] == len(both) else words)


def _top(scores: NDArray[np.float64], number: int) -> NDArray[np.int64]:
    places = np.argpartition(-scores, number)[:number] if len(scores) > number else np.arange(len(scores))
    return places[scores[places] > 0]
