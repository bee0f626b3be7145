"""Reading: articles a second through the reader, over watch lists of growing length, beside the extraction of the page.

Processor time, one thread.
"""

import gc
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from resource import getpagesize
from typing import TypeVar

import trafilatura

from bench.figures import Row, Scale, against, alone
from bench.newsprint import Press, Subject, watch_list
from bench.pages import page_of
from bench.rounds import Contestant, processor, take_turns
from store.claim import ClaimSet
from store.reading import Document
from workers.read import Reader
from workers.vectors import load_vectors

_Given = TypeVar("_Given", Document, str)
_KEY = b"bench"
_MEMORY = Path("/proc/self/statm")
_AIM = 1 / 1.6
"""The reader may take 1.6 times what extracting the page takes."""
_ASTRAY = 19
"""Articles about nothing tracked for each that is about a tracked claim, in a stream of news."""


def measure(scale: Scale) -> list[Row]:
    """For each length of the watch list: compiling it, and reading by words and, where it is installed, with the model.

    With the model, the first reading of an article also embeds the claims that it brings up; here they have been met. Each
    round reads articles of its own, so that nothing which the reader remembers of the last one helps it.
    """
    vectors = load_vectors()
    rows = []
    for count in (100, 10_000) if scale.quick else (100, 10_000, 100_000):
        claims, subjects = watch_list(count)
        reader, compiled = _compiled(claims, count)
        rows += compiled
        rounds = _articles(subjects, scale.pick(4, 12), 1 + scale.pick(2, 5))
        rows += _beside_extraction(reader, rounds, f"by words, {count:,} claims")
        if vectors is not None:
            rounds = _articles(subjects, 4, 1 + scale.pick(1, 3))
            rows += _beside_extraction(Reader(claims, vectors, _KEY), rounds, f"with the model, {count:,} claims")
    return rows


def _compiled(claims: ClaimSet, count: int) -> tuple[Reader, list[Row]]:
    """The reader, with the processor time and the memory that its watch list took."""
    gc.collect()
    before, began = resident(), processor()
    reader = Reader(claims, None, _KEY)
    reader.read(Press(5).article(Press(5).subject()))  # what is made with the first article counts as well
    took = processor() - began
    return reader, [
        alone(f"compiling {count:,} claims", "cpu-s", [took]),
        alone(f"memory of {count:,} claims compiled", "MB", [resident() - before]),
    ]


def resident() -> float:
    """Megabytes of memory that this process holds; 0 where the system does not say."""
    return int(_MEMORY.read_text().split()[1]) * getpagesize() / 1e6 if _MEMORY.exists() else 0.0


def _articles(subjects: Sequence[Subject], count: int, rounds: int) -> list[list[Document]]:
    """For each round, new articles about the same subjects."""
    rng, press = random.Random(3), Press(7)
    chosen = [rng.choice(subjects) for _ in range(count)]
    return [[press.article(subject) for subject in chosen] for _ in range(rounds)]


def _beside_extraction(reader: Reader, about: Sequence[Sequence[Document]], how: str) -> list[Row]:
    """Articles about a tracked claim, and a stream in which one of twenty is, beside `trafilatura.extract` on their pages."""
    elsewhere = Press(99)
    stream = [[*articles[:1], *(elsewhere.article(elsewhere.subject()) for _ in range(_ASTRAY))] for articles in about]
    pages = [[page_of(document) for document in articles] for articles in about]
    rates = take_turns(
        {
            "about": _each(reader.read, about), "stream": _each(reader.read, stream),
            "extract": _each(trafilatura.extract, pages),
        },
        len(about) - 1, processor,
    )  # fmt: skip
    mentions = sum(len(reader.read(article).mentions) for article in about[0]) / len(about[0])
    return [
        against(f"one in twenty tracked, {how}", "articles/cpu-s", rates["stream"], "trafilatura", rates["extract"], _AIM),
        against(f"all about tracked claims, {how}", "articles/cpu-s", rates["about"], "trafilatura", rates["extract"], _AIM),
        alone(f"mentions found in these, {how}", "an article", [mentions]),
    ]


def _each(work: Callable[[_Given], object], given: Sequence[Sequence[_Given]]) -> Contestant:
    """Does its own part of what is given in each round."""

    def turn(number: int) -> int:
        for one in given[number]:
            work(one)
        return len(given[number])

    return turn
