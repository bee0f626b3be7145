"""Finding by meaning which of very many claims lie near an article's sentences, beside numpy's product and threshold.

The vectors are invented: clustered as those of claims about the same matters are, with sentences close to some of them.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench.figures import Row, Scale, against, alone
from bench.newsprint import SENTENCES
from bench.rounds import processor, take_turns
from workers.nearest import Nearest
from workers.vectors import WIDTH, Matrix

LEAST = 0.65
_OF_A_MATTER = 20
_SPREAD, _DISTANCE = 0.7, 0.4


def vectors_of(count: int, seed: int = 1) -> tuple[Matrix, Matrix]:
    """Unit vectors of `count` claims, twenty a matter, and of an article's sentences."""
    rng = np.random.default_rng(seed)
    matters = rng.standard_normal((max(1, count // _OF_A_MATTER), WIDTH))
    claims = _unit(matters[rng.integers(0, len(matters), count)] + _SPREAD * rng.standard_normal((count, WIDTH)))
    near = claims[rng.integers(0, count, SENTENCES)]
    return claims, _unit(near + _DISTANCE / np.sqrt(WIDTH) * rng.standard_normal((SENTENCES, WIDTH)))


def _unit(rows: NDArray[np.float64]) -> Matrix:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def by_product(claims: Matrix, rows: Matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The floor: all products as floats, then the threshold."""
    row, claim = np.nonzero(rows @ claims.T >= LEAST)
    return row, claim


class HitsDiffer(Exception):
    """The filter's hits are not those of the product of floats: its figure would mean nothing."""


def measure(scale: Scale) -> list[Row]:
    """Articles a second of processor time, 25 sentences each; `python -m bench` gives numpy one thread, as we have."""
    rows = []
    for count, aim in ((1_000, 1.0), (10_000, 2.5), (scale.pick(20_000, 100_000), 2.5)):
        claims, sentences = vectors_of(count)
        near = Nearest(claims)
        hits, found = by_product(claims, sentences), near.above(sentences, LEAST)
        if not (np.array_equal(hits[0], found.row) and np.array_equal(hits[1], found.vector)):
            raise HitsDiffer(f"{len(hits[0])} hits of the product, {len(found.row)} of the filter, at {count} claims")
        work = {"ours": partial(near.above, sentences, LEAST), "numpy": partial(by_product, claims, sentences)}
        rates = take_turns({name: _turns(do) for name, do in work.items()}, scale.pick(3, 15), processor)
        rows.append(against(f"by meaning, {count:,} claims", "articles/cpu-s", rates["ours"], "numpy", rates["numpy"], aim))
        rows.append(alone("the same pairs found", "pairs", [len(found.row)]))
    return rows


def _turns(work):
    def turn(_: int) -> int:
        for _again in range(5):
            work()
        return 5

    return turn
