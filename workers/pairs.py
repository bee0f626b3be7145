"""The stance of a text towards a claim, for pairs handed over from outside: `dateline stance`.

A text is a headline or a whole article. Either way the answer rests on what can be counted (shared words, cues of
denial, doubt and hedging, where they stand) and, where the shipped encoder can run, on that as well. Each pair is
judged by itself: no answer depends on the other pairs of a file.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.pair_article import Article, Weights, article, article_features, excerpt
from workers.pair_headline import BUCKETS, hashed, headline_features, outline, relation_features, wording
from workers.trees import Floats, Forest, forest_from, softmax

Label = Literal["affirms", "denies", "discusses", "unrelated"]
LABELS: tuple[Label, ...] = ("affirms", "denies", "discusses", "unrelated")
SHIPPED = Path(__file__).with_name("model") / "stance.npz"

_HEADLINE_WORDS = 60
_FILE_VERSION = 1


class Pair(msgspec.Struct, frozen=True):
    """A claim and the text to be judged: a headline, a sentence or a whole article."""

    id: str
    claim: str
    text: str


class Judgement(msgspec.Struct, frozen=True):
    """What a text does with a claim. `scores` has every label and sums to 1.

    `label` is `unrelated` where that is more likely than not, else the likeliest of the other three.
    """

    id: str
    label: Label
    scores: dict[Label, float]


class Encoder(Protocol):
    """Reads claim and text together; `workers.pair_encoder` implements it."""

    def headlines(self, claims: list[str], texts: list[str]) -> Floats: ...
    def articles(self, claims: list[str], texts: list[str]) -> Floats: ...


class Linear(msgspec.Struct, frozen=True):
    """Logistic regression over hashed n-grams (TF-IDF, unit length) beside standardised features."""

    idf: Weights
    words: NDArray[np.float32]
    features: Floats
    bias: Floats

    def raw(self, words: list[str], standard: Floats) -> Floats:
        columns, counts = hashed(words)
        values = counts * self.idf[columns]
        norm = float(np.linalg.norm(values)) or 1.0
        logits: Floats = (values / norm) @ self.words[columns] + standard @ self.features + self.bias
        return logits


class StanceModel(msgspec.Struct, frozen=True):
    """The shipped weights. `mix` is the encoder's share for headlines and for articles, `lean` the factor on `denies`."""

    version: str
    rarity: Weights
    centre: Floats
    scale: Floats
    outlines: Linear
    wordings: Linear
    headline: Forest
    relation: Floats
    related: Forest
    article: Forest
    mix: tuple[float, float]
    lean: tuple[float, float]


class ModelUnreadable(Exception):
    """The weights file is missing, or of another version than this code reads."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; reinstall dateline, or train again with `make train DATA=DIR`")
        self.path, self.reason = path, reason


def load_model(path: Path = SHIPPED) -> StanceModel:
    """Reads the weights, in a tenth of a second. Raises ModelUnreadable."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            given = dict(stored)
    except (OSError, ValueError) as error:
        raise ModelUnreadable(path, str(error)) from error
    if int(given["version"]) != _FILE_VERSION:
        raise ModelUnreadable(path, f"is of version {given['version']}, expected {_FILE_VERSION}")
    return StanceModel(
        version=str(given["name"]),
        rarity=given["rarity"].astype(np.float32),
        centre=given["centre"],
        scale=given["scale"],
        outlines=_linear(given, "outlines"),
        wordings=_linear(given, "wordings"),
        headline=forest_from(given, "headline"),
        relation=given["relation"],
        related=forest_from(given, "related"),
        article=forest_from(given, "article"),
        mix=(float(given["mix"][0]), float(given["mix"][1])),
        lean=(float(given["lean"][0]), float(given["lean"][1])),
    )


def _linear(given: dict[str, NDArray[np.float64]], name: str) -> Linear:
    words = given[f"{name}/words"].astype(np.float32)
    idf = given[f"{name}/idf"].astype(np.float32)
    if words.shape != (BUCKETS, 3) or idf.shape != (BUCKETS,):
        raise ModelUnreadable(SHIPPED, f"{name} has {words.shape} weights")
    return Linear(idf, words, given[f"{name}/features"], given[f"{name}/bias"])


def judge(
    pairs: Iterable[Pair], model: StanceModel, encoder: Encoder | None = None, *, batch: int = 256
) -> Iterator[Judgement]:
    """One judgement a pair, in order. Streams: holds `batch` pairs and the last 2,048 articles.

    Without an encoder the answers come from counts alone, less well (see workers/model/MODEL_CARD.md).
    """
    counted = lru_cache(maxsize=2048)(lambda text: article(text, model.rarity))
    waiting = iter(pairs)
    while some := list(islice(waiting, batch)):
        scores = np.zeros((len(some), len(LABELS)))
        short = [i for i, pair in enumerate(some) if is_headline(pair.text)]
        long = sorted(set(range(len(some))) - set(short))
        if short:
            scores[short] = _headlines([some[i] for i in short], model, encoder)
        if long:
            scores[long] = _articles([some[i] for i in long], [counted(some[i].text) for i in long], model, encoder)
        for pair, row in zip(some, scores, strict=True):
            yield Judgement(pair.id, _label(row), dict(zip(LABELS, row.tolist(), strict=True)))


def _label(scores: Floats) -> Label:
    """`unrelated` if more likely than not, else the likeliest stance."""
    return "unrelated" if scores[3] > 0.5 else LABELS[int(scores[:3].argmax())]


def is_headline(text: str) -> bool:
    """A text of at most 60 words and one paragraph is judged as a headline."""
    stripped = text.strip()
    return "\n" not in stripped and len(stripped.split()) <= _HEADLINE_WORDS


def _headlines(pairs: list[Pair], model: StanceModel, encoder: Encoder | None) -> Floats:
    stance = headline_stance(pairs, model)
    if encoder is not None:
        read = encoder.headlines([p.claim for p in pairs], [p.text for p in pairs])
        stance = model.mix[0] * read + (1 - model.mix[0]) * stance
    rows = np.array([[*relation_features(p.claim, p.text), 1.0] for p in pairs])
    related = 1 / (1 + np.exp(-(rows @ model.relation)))
    return _joined(stance, 1 - related, model.lean[0])


def headline_stance(pairs: list[Pair], model: StanceModel) -> Floats:
    """Probabilities of affirms, denies and discusses from counts alone, given that the headline is on the claim."""
    rows = np.array([headline_features(p.claim, p.text) for p in pairs])
    standard = (rows - model.centre) / model.scale
    outlines = [model.outlines.raw(outline(p.claim, p.text), row) for p, row in zip(pairs, standard, strict=True)]
    wordings = [model.wordings.raw(wording(p.text), row) for p, row in zip(pairs, standard, strict=True)]
    mean: Floats = (softmax(np.array(outlines)) + softmax(np.array(wordings)) + softmax(model.headline.raw(rows))) / 3
    return mean


def _articles(pairs: list[Pair], texts: list[Article], model: StanceModel, encoder: Encoder | None) -> Floats:
    rows = np.array([article_features(p.claim, t, model.rarity) for p, t in zip(pairs, texts, strict=True)])
    unrelated = 1 / (1 + np.exp(-model.related.raw(rows)[:, 0]))
    stance = softmax(model.article.raw(rows))
    near = np.flatnonzero(unrelated < 0.9)  # the encoder is slow and has no say about the rest
    if encoder is not None and len(near):
        parts = [excerpt(pairs[i].claim, texts[i]) for i in near]
        read = encoder.articles([pairs[i].claim for i in near], parts)
        off = read[:, 3] * model.mix[1] + unrelated[near] * (1 - model.mix[1])
        on = read[:, :3] / read[:, :3].sum(axis=1, keepdims=True)
        stance[near] = model.mix[1] * on + (1 - model.mix[1]) * stance[near]
        unrelated[near] = off
    return _joined(stance, unrelated, model.lean[1])


def _joined(stance: Floats, unrelated: Floats, lean: float) -> Floats:
    leaning = stance * np.array([1.0, lean, 1.0])
    leaning *= ((1 - unrelated) / leaning.sum(axis=1))[:, None]
    return np.hstack([leaning, unrelated[:, None]])
