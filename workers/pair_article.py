"""What can be counted about a claim and a whole article: where the claim's words stand and which cues stand near them."""

import itertools
import math
import re
import zlib
from collections import Counter

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.pair_words import CUES, FUNCTION_WORDS, content, grams, plain, prefixes, stem, tokens

IDF_BUCKETS = 1 << 15
_UNSEEN, _LONGEST, _FAR, _LEAD_CHARACTERS = 5.5, 80, 30, 255
_AGAINST = ("refute", "deny", "doubt", "neg")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"”']?\s+|\n+")

Weights = NDArray[np.float32]
"""How rare a stem is, by CRC-32 bucket; 0 where it never occurred in training."""


class Counted(msgspec.Struct, frozen=True):
    """One sentence: its text, all stems, the stems that carry meaning, and the places of each group of cues."""

    text: str
    stems: list[str]
    content: list[str]
    kinds: frozenset[str]
    cues: dict[str, list[int]]
    marks: frozenset[str]


class Article(msgspec.Struct, frozen=True):
    """A text counted once, to be held against any number of claims. At most its first 80 sentences."""

    sentences: tuple[Counted, ...]
    counts: Counter[str]
    total: int
    heads: frozenset[str]
    names: frozenset[str]
    bigrams: frozenset[tuple[str, str]]
    grams: frozenset[str]
    lead_grams: frozenset[str]
    length: float


def article(text: str, weights: Weights) -> Article:
    """Counts a text. A text without words is an article of one empty sentence."""
    parts = [part.strip() for part in _SENTENCE_END.split(text) if part.strip()][:_LONGEST] or [""]
    words = [tokens(part) for part in parts]
    sentences = tuple(_counted(part, row) for part, row in zip(parts, words, strict=True))
    counts = Counter(one for s in sentences for one in s.content)
    return Article(
        sentences=sentences,
        counts=counts,
        total=sum(counts.values()) or 1,
        heads=prefixes(set(counts)),
        names=frozenset(stem(w) for row in words for w in row if w[0].isupper()),
        bigrams=frozenset(pair for s in sentences for pair in zip(s.content, s.content[1:], strict=False)),
        grams=frozenset(grams(text, 5)),
        lead_grams=frozenset(grams(plain(text)[:_LEAD_CHARACTERS], 5)),
        length=math.sqrt(sum(((1 + math.log(n)) * _weight(w, weights)) ** 2 for w, n in counts.items())),
    )


def _counted(text: str, words: list[str]) -> Counted:
    lowered = [w.lower() for w in words]
    carried = content(words)
    return Counted(
        text=text,
        stems=[stem(w) for w in words],
        content=carried,
        kinds=frozenset(carried),
        cues={name: [i for i, w in enumerate(lowered) if w in group] for name, group in CUES.items()},
        marks=frozenset(lowered) & {"?", '"'},
    )


def bucket(word: str) -> int:
    return zlib.crc32(word.encode()) % IDF_BUCKETS


def _weight(word: str, weights: Weights) -> float:
    return float(weights[bucket(word)]) or _UNSEEN


def article_features(claim: str, given: Article, weights: Weights) -> list[float]:
    """About ninety numbers, always in the same order and of the same length, all finite."""
    words = tokens(claim)
    stems = content(words)
    wanted = {w: _weight(w, weights) for w in dict.fromkeys(stems)}
    total = sum(wanted.values()) or 1.0
    cover = np.array([sum(wanted[w] for w in wanted if w in s.kinds) / total for s in given.sentences])
    best = np.argsort(-cover, kind="stable")
    return [
        *_reach(claim, words, stems, wanted, given),
        *_where(cover, best, given),
        *_sides([w.lower() for w in words], frozenset(wanted), given, cover, best),
        *_tone(claim, words, given),
    ]


def _reach(claim: str, words: list[str], stems: list[str], wanted: dict[str, float], given: Article) -> list[float]:
    total, counts = sum(wanted.values()) or 1.0, given.counts
    hit = [w for w in wanted if w in counts]
    near = {w for w in wanted if w in counts or (len(w) >= 5 and w[:5] in given.heads)}
    names = {stem(w) for w in words if w[0].isupper() and w.lower() not in FUNCTION_WORDS}
    pairs = list(itertools.pairwise(stems))
    ours = set(grams(claim, 5))
    dot = sum(wanted[w] ** 2 * (1 + math.log(counts[w])) for w in hit)
    length = math.sqrt(sum(v * v for v in wanted.values())) * given.length
    return [
        len(hit) / max(len(wanted), 1),
        sum(wanted[w] for w in hit) / total,
        sum(wanted[w] for w in near) / total,
        max((wanted[w] for w in hit), default=0.0),
        max((v for w, v in wanted.items() if w not in near), default=0.0),
        sum(math.log1p(counts[w]) * wanted[w] for w in hit) / total,
        sum(counts[w] for w in hit) / given.total,
        len(names & given.names) / max(len(names), 1),
        float(sum(w[0].isdigit() and w not in counts for w in wanted)),
        sum(pair in given.bigrams for pair in pairs) / max(len(pairs), 1),
        len(ours & given.grams) / max(len(ours), 1),
        len(ours & given.lead_grams) / max(len(ours), 1),
        dot / length if length else 0.0,
    ]


def _where(cover: NDArray[np.float64], best: NDArray[np.int64], given: Article) -> list[float]:
    number, top = len(cover), cover[best]
    return [
        cover[0],
        cover[:3].max(),
        top[0],
        top[1] if number > 1 else 0.0,
        top[:3].mean(),
        best[0] / number,
        float(best[0]),
        float(number),
        float(given.total),
        float((cover > 0.3).sum()),
        float((cover > 0.5).sum()),
    ]


def _sides(
    claim: list[str], wanted: frozenset[str], given: Article, cover: NDArray[np.float64], best: NDArray[np.int64]
) -> list[float]:
    row: list[float] = []
    number = len(given.sentences)
    top = [given.sentences[i] for i in best[:3]]
    for name, group in CUES.items():
        has = [i for i, s in enumerate(given.sentences) if s.cues[name]]
        row += [
            float(sum(w in group for w in claim)),
            float(sum(len(s.cues[name]) for s in top)),
            sum(len(s.cues[name]) for s in given.sentences) / number,
            float(sum(len(s.cues[name]) for s in given.sentences[:3])),
            float(cover[has].sum()) if has else 0.0,
            float(cover[has].max()) if has else 0.0,
            float(min((_distance(s, wanted, name) for s in top), default=_FAR)),
            (has[0] if has else number) / number,
        ]
    return row


def _distance(sentence: Counted, wanted: frozenset[str], name: str) -> int:
    places = [i for i, one in enumerate(sentence.stems) if one in wanted]
    return min((abs(i - j) for i in sentence.cues[name] for j in places), default=_FAR)


def _tone(claim: str, words: list[str], given: Article) -> list[float]:
    return [
        float("?" in claim),
        float(any(mark in claim for mark in "\"'“‘")),
        float(":" in claim),
        float(len(words)),
        float([w.lower() for w in words[:1]] == ["no"]),
        float(sum("?" in s.marks for s in given.sentences)),
        sum('"' in s.marks for s in given.sentences) / len(given.sentences),
    ]


def nearest(claim: str, given: Article, number: int = 3) -> list[Counted]:
    """The sentences that share most stems with the claim, best first; of equals the earlier."""
    wanted = frozenset(content(tokens(claim)))
    order = sorted(range(len(given.sentences)), key=lambda i: (-len(wanted & given.sentences[i].kinds), i))
    return [given.sentences[i] for i in order[:number]]


def gist(claim: str, given: Article) -> str:
    """What the encoder reads of an article: the opening, the two sentences nearest to the claim, and the nearest of those
    that hold a word of denial, doubt or negation; each once, in the article's order."""
    wanted = frozenset(content(tokens(claim)))
    number = len(given.sentences)
    order = sorted(range(1, number), key=lambda i: (-len(wanted & given.sentences[i].kinds), i))
    against = [i for i in order[2:] if any(given.sentences[i].cues[name] for name in _AGAINST)]
    return " ".join(given.sentences[i].text for i in sorted({0, *order[:2], *against[:1]}))
