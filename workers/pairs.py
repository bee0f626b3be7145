"""The stance of a text towards a claim, for pairs handed over from outside: `dateline stance`.

A text is a headline or a whole article. Either way the answer rests on what can be counted (shared words, cues of
denial, doubt and hedging, where they stand) and, where the shipped encoder can run, on that as well. Each pair is
judged by itself: no answer depends on the other pairs of a file.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Literal, Protocol

import msgspec
import numpy as np

from workers.pair_article import Article, article, article_features, gist, nearest
from workers.pair_headline import headline_features, outline, relation_features, wording
from workers.pair_model import HeadlineModel, StanceModel
from workers.trees import Floats, softmax

Label = Literal["affirms", "denies", "discusses", "unrelated"]
LABELS: tuple[Label, ...] = ("affirms", "denies", "discusses", "unrelated")

_HEADLINE_WORDS = 60
_SETTLED = 0.9
"""A pair this surely unrelated is not read any closer."""


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
    """Reads claim and headline, or claim and an article's gist, together: one row of probabilities (affirms, denies,
    discusses) a pair. `workers.pair_encoder` implements it."""

    def headlines(self, pairs: Sequence[tuple[str, str]]) -> Floats: ...

    def articles(self, pairs: Sequence[tuple[str, str]]) -> Floats: ...


def judge(
    pairs: Iterable[Pair], model: StanceModel, encoder: Encoder | None = None, *, batch: int = 256
) -> Iterator[Judgement]:
    """One judgement a pair, in order. Streams: holds `batch` pairs and the last 2,048 articles.

    Without the encoder the answers come from counts alone (workers/model/MODEL_CARD.md says how much worse).
    """
    counted = lru_cache(maxsize=2048)(lambda text: article(text, model.rarity))
    waiting = iter(pairs)
    while some := list(islice(waiting, batch)):
        short = [is_headline(pair.text) for pair in some]
        headlines = [pair for pair, is_short in zip(some, short, strict=True) if is_short]
        articles = [pair for pair, is_short in zip(some, short, strict=True) if not is_short]
        scores = np.zeros((len(some), len(LABELS)))
        if headlines:
            scores[np.flatnonzero(short)] = _headlines(headlines, [counted(p.text) for p in headlines], model, encoder)
        if articles:
            texts = [counted(p.text) for p in articles]
            scores[np.flatnonzero(~np.array(short))] = _articles(articles, texts, model, encoder)
        for pair, row in zip(some, scores, strict=True):
            yield Judgement(pair.id, label_of(row), dict(zip(LABELS, row.tolist(), strict=True)))


def label_of(scores: Floats) -> Label:
    """The label of a row of four scores; see Judgement."""
    return "unrelated" if scores[3] > 0.5 else LABELS[int(scores[:3].argmax())]


def is_headline(text: str) -> bool:
    """A text of at most 60 words and one paragraph is judged as a headline."""
    stripped = text.strip()
    return "\n" not in stripped and len(stripped.split()) <= _HEADLINE_WORDS


def _headlines(pairs: list[Pair], texts: list[Article], model: StanceModel, encoder: Encoder | None) -> Floats:
    both = [(p.claim, p.text) for p in pairs]
    stance = headline_stance(both, model.headline)
    if encoder is not None:
        stance = model.mix[0] * encoder.headlines(both) + (1 - model.mix[0]) * stance
    return _joined(stance, 1 / (1 + np.exp(-_apart(pairs, texts, model))), model.lean[0])


def _apart(pairs: list[Pair], texts: list[Article], model: StanceModel) -> Floats:
    """Log-odds that a headline concerns another matter. What tells articles apart finds more of them than the shared words
    do, but also takes a claim in other words for another; so the log-odds of both are summed."""
    rows = np.array([article_features(p.claim, t, model.rarity) for p, t in zip(pairs, texts, strict=True)])
    related = np.array([[*relation_features(p.claim, p.text), 1.0] for p in pairs]) @ model.relation
    odds: Floats = model.related.raw(rows)[:, 0] - related + model.gate
    return odds


def headline_stance(pairs: Sequence[tuple[str, str]], model: HeadlineModel) -> Floats:
    """Probabilities of affirms, denies and discusses from counts alone, given that the headline is about the claim."""
    rows = np.array([headline_features(*pair) for pair in pairs])
    standard = (rows - model.centre) / model.scale
    outlines = [model.outlines.raw(outline(*pair), row) for pair, row in zip(pairs, standard, strict=True)]
    wordings = [model.wordings.raw(wording(text), row) for (_, text), row in zip(pairs, standard, strict=True)]
    mean: Floats = (softmax(np.array(outlines)) + softmax(np.array(wordings)) + softmax(model.trees.raw(rows))) / 3
    return mean


def _articles(pairs: list[Pair], texts: list[Article], model: StanceModel, encoder: Encoder | None) -> Floats:
    rows = np.array([article_features(p.claim, t, model.rarity) for p, t in zip(pairs, texts, strict=True)])
    unrelated = 1 / (1 + np.exp(-model.related.raw(rows)[:, 0]))
    stance = np.full((len(pairs), 3), 1 / 3)
    near = np.flatnonzero(unrelated < _SETTLED)
    if len(near):
        claims, read = [pairs[i].claim for i in near], [texts[i] for i in near]
        told = sentence_stances(claims, read, model.headline)
        stance[near] = softmax(model.article.raw(np.hstack([rows[near], told])))
        if encoder is not None:
            heard = encoder.articles([(claim, gist(claim, text)) for claim, text in zip(claims, read, strict=True)])
            stance[near] = model.mix[1] * heard + (1 - model.mix[1]) * stance[near]
    return _joined(stance, unrelated, model.lean[1])


def sentence_stances(claims: list[str], texts: list[Article], model: HeadlineModel) -> Floats:
    """What the headline model makes of an article's first sentence, of the three nearest to the claim, and of the
    claim read as a headline about itself (a claim may be a denial): eleven numbers an article."""
    chosen = [[t.sentences[0].text, *(s.text for s in nearest(c, t)), c] for c, t in zip(claims, texts, strict=True)]
    flat = [(c, sentence) for c, some in zip(claims, chosen, strict=True) for sentence in some]
    answers = headline_stance(flat, model)
    ends = np.cumsum([len(some) for some in chosen])
    return np.array([_summary(answers[end - len(some) : end]) for end, some in zip(ends, chosen, strict=True)])


def _summary(answers: Floats) -> list[float]:
    first, near, itself = answers[0], answers[1:-1], answers[-1]
    affirms, denies, discusses = near.mean(axis=0)
    return [*first, near[:, 1].max(), denies, discusses, affirms, near[0, 1], *itself]


def _joined(stance: Floats, unrelated: Floats, lean: float) -> Floats:
    leaning = stance * np.array([1.0, lean, 1.0])
    leaning *= ((1 - unrelated) / leaning.sum(axis=1))[:, None]
    return np.hstack([leaning, unrelated[:, None]])
