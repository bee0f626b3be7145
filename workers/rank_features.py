"""What a query and a claim have in common, one row of named numbers a candidate."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.rank_words import names, numbers, terms, without_links

LEXICAL = (
    "bm25",
    "bm25_of_best",
    "grams",
    "grams_of_best",
    "grams_below_best",
    "claim_covered",
    "claim_covered_below_best",
    "query_covered",
    "shared",
    "rarest_shared",
    "numbers_shared",
    "numbers_missing",
    "bigrams_shared",
    "names_shared",
    "names_missing",
    "claim_length",
)
VECTORS = ("cosine", "cosine_opened", "cosine_below_best", "cosine_opened_below_best")

Row = NDArray[np.float64]


class Worded(msgspec.Struct, frozen=True):
    """A text counted once."""

    terms: tuple[str, ...]
    kinds: frozenset[str]
    bigrams: frozenset[tuple[str, str]]
    numbers: frozenset[str]
    names: frozenset[str]


def worded(text: str) -> Worded:
    found = tuple(terms(text))
    kinds = frozenset(found)
    return Worded(found, kinds, frozenset(pairwise(found)), numbers(kinds), names(without_links(text)))


_UNKNOWN = 8.0


def lexical(query: Worded, claims: Sequence[Worded], bm25: Row, grams: Row, rarity: Mapping[str, float]) -> NDArray[np.float64]:
    """Rows in the order of LEXICAL. `bm25` and `grams` are the candidates' scores."""
    asked = sum(rarity.get(t, _UNKNOWN) for t in query.kinds) or 1.0
    rows = np.array([_words(query, claim, rarity, asked) for claim in claims])
    covered = rows[:, 0]
    return np.column_stack(
        [
            bm25,
            bm25 / max(bm25.max(), 1e-9),
            grams,
            grams / max(grams.max(), 1e-9),
            grams - grams.max(),
            covered,
            covered - covered.max(),
            rows[:, 1:],
        ]
    )


def _words(query: Worded, claim: Worded, rarity: Mapping[str, float], asked: float) -> list[float]:
    both = query.kinds & claim.kinds
    weight = sum(rarity[t] for t in both)
    return [
        weight / (sum(rarity[t] for t in claim.kinds) or 1.0),
        weight / asked,
        float(len(both)),
        max((rarity[t] for t in both), default=0.0),
        float(len(query.numbers & claim.numbers)),
        float(len(claim.numbers - query.numbers)),
        float(len(query.bigrams & claim.bigrams)),
        len(claim.names & query.names) / max(len(claim.names), 1),
        len(claim.names - query.kinds) / max(len(claim.names), 1),
        float(len(claim.terms)),
    ]


def cosines(as_written: Row, as_opened: Row) -> NDArray[np.float64]:
    """Rows in the order of VECTORS, from the candidates' similarities to both forms of the query."""
    return np.column_stack([as_written, as_opened, as_written - as_written.max(), as_opened - as_opened.max()])
