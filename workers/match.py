"""Which passages of an article concern which claims.

Words decide which claims come into question at all. Each unit of the text is then weighed by itself (a logistic model
over `features.DIRECT`), and once more together with what stands around it (a small forest over both tables).
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from store.claim import Claim
from workers.claims import WatchList
from workers.features import CONTEXT, DIRECT, Article, Table, article_of, context, direct, kinship
from workers.lexical import needed
from workers.text import Passage, Text
from workers.trees import Forest, forest_from, forest_to
from workers.vectors import Vectors

SHIPPED = Path(__file__).with_name("model") / "match.npz"
THRESHOLD = 400
"""Least score of a mention, in thousandths, where the claim does not set its own."""
RESTATED = 0.85
_SAME_WORDS, _SAME_MEANING, _ITS_VERY_MEANING = 0.5, 0.72, 0.78
"""Cosines of words and of vectors from which on a unit repeats a claim: right in 19 of 20 on all annotated sets."""
_NAMES = "features"
_OTHER_YEAR = DIRECT.index("other_year")


class MatchModel(msgspec.Struct, frozen=True):
    """`direct` weighs the features of one unit, `forest` those with its surroundings."""

    direct: Table
    forest: Forest


class ModelOutdated(Exception):
    """The model file was trained for other features than this release measures."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was trained for other features: train it again with `python -m train.match`")
        self.path = path


@lru_cache(maxsize=1)
def match_models() -> Mapping[str, MatchModel]:
    """The shipped models: `vectors` needs sentence similarity, `lexical` does without. Raises ModelOutdated."""
    with np.load(SHIPPED) as arrays:
        if arrays[_NAMES].tolist() != [*CONTEXT, *DIRECT]:
            raise ModelOutdated(SHIPPED)
        return {
            name: MatchModel(np.asarray(arrays[f"{name}/direct"]), forest_from(arrays, name)) for name in ("vectors", "lexical")
        }


def model_to(models: Mapping[str, MatchModel], path: Path) -> None:
    """Writes what `match_models` reads."""
    arrays: dict[str, NDArray[np.generic]] = {_NAMES: np.array([*CONTEXT, *DIRECT])}
    for name, model in models.items():
        arrays |= {f"{name}/direct": model.direct, **forest_to(model.forest, name)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def match_version() -> str:
    """Names the shipped weights."""
    return hashlib.sha256(SHIPPED.read_bytes()).hexdigest()[:8]


def passages(
    text: Text, watch: WatchList, scope: frozenset[str] | None = None, vectors: Vectors | None = None
) -> tuple[Passage, ...]:
    """The units of `text` that concern a claim in `scope` (None: any), ordered by start, end, claim id.

    Claims outside the scope still compete, so a narrow scope finds the same passages of its claims as a wide one.
    """
    looked = look(text, watch, vectors)
    if looked is None:
        return ()
    article, chosen, scores = looked.article, looked.chosen, looked.scores
    found = [
        _passage(article, watch, i, chosen[c], int(scores[i, c]))
        for i, c in zip(*np.nonzero(scores >= _thresholds(watch, chosen)), strict=True)
        if scope is None or watch.watched[chosen[c]].claim.id in scope
    ]
    return tuple(sorted(found, key=lambda p: (p.start, p.end, p.claim.id)))


class Look(NamedTuple):
    """All that was measured in an article: `scores` are (units, chosen claims), the tables have a last axis of features."""

    article: Article
    chosen: Sequence[int]
    """Indexes of the claims that came into question."""
    table: Table
    kin: Table
    scores: NDArray[np.int64]


def look(text: Text, watch: WatchList, vectors: Vectors | None) -> Look | None:
    """Measures every unit of `text` against every claim that comes into question; None where none does."""
    if not watch.index.possible(text.text):
        return None
    article = article_of(text, watch)
    chosen = candidates(article, watch)
    if not chosen or not article.keys:
        return None
    table = direct(article, watch, chosen, vectors)
    kin = kinship([watch.watched[n] for n in chosen])
    return Look(article, chosen, table, kin, weighed(article, table, model_for(vectors), kin))


def model_for(vectors: Vectors | None) -> MatchModel:
    """The shipped model that goes with these vectors, or with none."""
    return match_models()["vectors" if vectors else "lexical"]


def candidates(article: Article, watch: WatchList) -> list[int]:
    """Indexes of the claims whose story and words the article holds, in order; see `workers.lexical`."""
    return watch.index.in_question(article.all_keys)


def weighed(article: Article, table: Table, model: MatchModel, kin: Table) -> NDArray[np.int64]:
    """(units, claims): how sure the reader is that the unit concerns the claim, in thousandths.

    A unit that speaks of other years than the claim's concerns it never, whatever else it says.
    """
    rows = around(article, table, table @ model.direct, kin)
    share = np.maximum(learned(rows, model), RESTATED * restates(table))
    share = np.where(table[:, :, _OTHER_YEAR] > 0, 0.0, share)
    points: NDArray[np.int64] = np.rint(1000 * share).astype(np.int64)
    return points


def learned(rows: Table, model: MatchModel) -> Table:
    """The forest's share of belief, 0 to 1, for rows of what `around` gives, whatever axes stand before."""
    raw = model.forest.raw(rows.reshape(-1, rows.shape[-1]))[:, 0].reshape(rows.shape[:-1])
    share: Table = 1 / (1 + np.exp(-raw))
    return share


def restates(table: Table) -> Table:
    """1 where a unit all but repeats the claim, and no other claim better: sure, whatever kind of story it is.

    The learned model has met only stories with many named parties; a claim of plain words must not depend on it.
    """
    column = {name: table[:, :, n] for n, name in enumerate(DIRECT)}
    by_words = (column["cosine"] >= _SAME_WORDS) & (column["lead_cosine"] > 0)
    nearest = (column["lead_similar"] > 0) & (column["similar"] >= _SAME_MEANING)
    by_meaning = nearest | (column["similar"] >= _ITS_VERY_MEANING)
    return (by_words | by_meaning).astype(np.float64)


def around(article: Article, table: Table, logits: Table, kin: Table) -> Table:
    """What the forest is shown: the features of `CONTEXT`, then those of `DIRECT`."""
    return np.concatenate([context(article, table, logits, kin), table], axis=-1)


def _thresholds(watch: WatchList, chosen: Sequence[int]) -> NDArray[np.int64]:
    return np.array([threshold_of(watch.watched[n].claim) for n in chosen])


def threshold_of(claim: Claim) -> int:
    """The least score, in thousandths, that a mention of this claim needs."""
    return THRESHOLD if claim.threshold is None else claim.threshold


def _passage(article: Article, watch: WatchList, i: int, n: int, points: int) -> Passage:
    unit, item = article.text.units[i], watch.watched[n]
    shared = sorted({k for k in article.keys[i] if k in item.bag}, key=lambda k: (-item.bag[k], k))
    why = tuple(f"match:{key}" for key in shared[:4]) or ("match:context",)
    return Passage(item.claim, unit.start, unit.end, points, why)


def story_gate(text: Text, watch: WatchList, n: int) -> tuple[list[str], int]:
    """Which parties of this claim's story the text names (`@id`), and how many it must name."""
    parties = watch.parties[watch.story_of[n]]
    return sorted(parties & article_of(text, watch).all_keys), needed(parties)
