"""Which passages of an article concern which claims.

Words decide which claims come into question at all; then a logistic model weighs each sentence by itself, and twice
more together with what stands around it. The model has some forty weights, all in `model/match.json`.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.claims import WatchList
from workers.features import CONTEXT, DIRECT, Article, Table, article_of, context, direct
from workers.text import Passage, Text
from workers.vectors import Vectors

MOST_CLAIMS = 64
"""Claims of one article that are looked at closely: the ones whose words cover it best."""
_LEAST_COVER = 0.06
_LEAST_RARE = 0.3


class Weights(msgspec.Struct, frozen=True):
    """One logistic model in three rounds, and the score in thousandths from which a sentence counts."""

    direct: dict[str, float]
    rounds: tuple[dict[str, float], ...]
    threshold: int


class MatchModel(msgspec.Struct, frozen=True):
    """`with_vectors` needs sentence similarity, `lexical` does without."""

    version: str
    with_vectors: Weights
    lexical: Weights


@lru_cache(maxsize=1)
def match_model() -> MatchModel:
    """The weights that this release ships."""
    raw = json.loads(files("workers").joinpath("model/match.json").read_text(encoding="utf-8"))
    return msgspec.convert(raw, MatchModel)


def passages(
    text: Text, watch: WatchList, scope: frozenset[str] | None = None, vectors: Vectors | None = None
) -> tuple[Passage, ...]:
    """The sentences of `text` that concern a claim in `scope` (None: any), ordered by start, end, claim id.

    Claims outside the scope still compete, so a narrow scope finds the same passages of its claims as a wide one.
    """
    article = article_of(text, watch)
    chosen = candidates(article, watch)
    if not chosen or not article.keys:
        return ()
    weights = match_model().with_vectors if vectors else match_model().lexical
    scores = score(article, watch, chosen, vectors, weights)
    found = [
        _passage(article, watch, i, n, int(scores[i, c]))
        for i, c in zip(*np.nonzero(scores >= _thresholds(watch, chosen, weights)), strict=True)
        for n in (chosen[c],)
        if scope is None or watch.watched[n].claim.id in scope
    ]
    return tuple(sorted(found, key=lambda p: (p.start, p.end, p.claim.id)))


def candidates(article: Article, watch: WatchList) -> list[int]:
    """Indexes of the claims whose words the article holds, in order: at most `MOST_CLAIMS`, the best covered."""
    cover = np.zeros(len(watch.watched))
    rare = np.zeros(len(watch.watched))
    for key in sorted(article.all_keys & watch.index.keys()):
        for n in watch.index[key]:
            weight = watch.watched[n].bag[key]
            cover[n] += weight * weight
            if key[0] != "@":
                rare[n] = max(rare[n], weight)
    cover /= np.array([item.norm**2 for item in watch.watched]) if len(cover) else 1
    able = np.nonzero((cover >= _LEAST_COVER) & (rare >= _LEAST_RARE))[0]
    best = able[np.argsort(-cover[able], kind="stable")][:MOST_CLAIMS]
    return sorted(int(n) for n in best)


def score(
    article: Article, watch: WatchList, chosen: Sequence[int], vectors: Vectors | None, weights: Weights
) -> NDArray[np.int64]:
    """(sentences, claims): how sure the reader is that the sentence concerns the claim, in thousandths."""
    table = direct(article, watch, chosen, vectors)
    base = logits = table @ _row(weights.direct, DIRECT)
    for number, given in enumerate(weights.rounds):
        around = context(article, table, logits)
        logits = around @ _row(given, CONTEXT) + (base * given.get("first_logit", 0.0) if number else 0.0)
    return np.rint(1000 / (1 + np.exp(-logits))).astype(np.int64)


def _row(weights: dict[str, float], names: Sequence[str]) -> Table:
    return np.array([weights.get(name, 0.0) for name in names])


def _thresholds(watch: WatchList, chosen: Sequence[int], weights: Weights) -> NDArray[np.int64]:
    own = [watch.watched[n].claim.threshold for n in chosen]
    return np.array([weights.threshold if least is None else least for least in own])


def _passage(article: Article, watch: WatchList, i: int, n: int, points: int) -> Passage:
    sentence, item = article.text.units[i], watch.watched[n]
    shared = sorted({k for k in article.keys[i] if k in item.bag}, key=lambda k: (-item.bag[k], k))
    why = tuple(f"match:{key}" for key in shared[:4]) or ("match:context",)
    return Passage(item.claim, sentence.start, sentence.end, points, why)
