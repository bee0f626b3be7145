"""Reading: articles a second through the reader, over watch lists of growing length. Processor time, one thread."""

import random
from collections.abc import Sequence

from bench.figures import Row, Scale, alone
from bench.newsprint import Press, Subject, watch_list
from bench.rounds import processor
from store.claim import ClaimSet
from store.reading import Document
from workers.read import Reader
from workers.vectors import Vectors, installed

_KEY = b"bench"


def measure(scale: Scale) -> list[Row]:
    """Rates for each length of the watch list, by words alone and, where it is installed, with the sentence model.

    With the model, the first reading of an article also embeds the claims that it brings up; `claims known` is what it
    takes once they have been met. No sentence is remembered from one article to the next.
    """
    found = installed()
    vectors = Vectors(*found, remembered=0) if found else None
    rows = []
    for count in (100, 1_000, 10_000):
        claims, subjects = watch_list(count)
        lexical = _articles(subjects, scale.pick(10, 40))
        rows += _by_words(claims, lexical, count)
        if vectors is not None:
            rows += _with_model(claims, lexical[: scale.pick(2, 8)], count, vectors)
    return rows


def _articles(subjects: Sequence[Subject], count: int) -> list[Document]:
    rng, press = random.Random(3), Press(7)
    return [press.article(rng.choice(subjects)) for _ in range(count)]


def _by_words(claims: ClaimSet, articles: Sequence[Document], count: int) -> list[Row]:
    began = processor()
    reader = Reader(claims, None, _KEY)
    compiled = processor() - began
    rates, mentions = _read(reader, articles)
    return [
        alone(f"compiling the watch list, {count:,} claims", "cpu-s", [compiled]),
        alone(f"reading by words, {count:,} claims", "articles/cpu-s", rates),
        alone(f"mentions found by words, {count:,} claims", "an article", [mentions]),
    ]


def _with_model(claims: ClaimSet, articles: Sequence[Document], count: int, vectors: Vectors) -> list[Row]:
    reader = Reader(claims, vectors, _KEY)
    first, _ = _read(reader, articles)
    again, mentions = _read(reader, articles)
    return [
        alone(f"reading with the model, {count:,} claims, first met", "articles/cpu-s", first),
        alone(f"reading with the model, {count:,} claims, claims known", "articles/cpu-s", again),
        alone(f"mentions found with the model, {count:,} claims", "an article", [mentions]),
    ]


def _read(reader: Reader, articles: Sequence[Document]) -> tuple[list[float], float]:
    """Articles a second, article by article, and the mean number of mentions in one."""
    rates, mentions = [], 0
    for article in articles:
        began = processor()
        found = reader.read(article)
        rates.append(1 / (processor() - began))
        mentions += len(found.mentions)
    return rates, mentions / len(articles)
