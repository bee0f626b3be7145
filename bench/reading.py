"""Reading: articles a second through the reader, over watch lists of growing length, beside the extraction of the page.

Processor time, one thread.
"""

import gc
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from resource import getpagesize

import trafilatura

from bench.figures import Row, Scale, against, alone
from bench.newsprint import Press, Subject, watch_list
from bench.pages import page_of
from bench.rounds import Contestant, processor, take_turns
from store.claim import ClaimSet
from store.reading import Document
from workers.read import Reader
from workers.vectors import Vectors, installed

_KEY = b"bench"
_MEMORY = Path("/proc/self/statm")
_AIM = 1 / 1.6
"""The reader may take 1.6 times what extracting the page takes."""
_ASTRAY = 19
"""Articles about nothing tracked for each that is about a tracked claim, in a stream of news."""


def measure(scale: Scale) -> list[Row]:
    """For each length of the watch list: compiling it, and reading by words and, where it is installed, with the model.

    With the model, the first reading of an article also embeds the claims that it brings up; here they have been met. No
    sentence is remembered from one article to the next.
    """
    found = installed()
    vectors = Vectors(*found, remembered=0) if found else None
    rows = []
    for count in (100, 10_000) if scale.quick else (100, 10_000, 100_000):
        claims, subjects = watch_list(count)
        reader, compiled = _compiled(claims, count)
        about = _articles(subjects, scale.pick(4, 12))
        rows += [*compiled, *_beside_extraction(reader, about, f"by words, {count:,} claims", scale.pick(2, 5))]
        if vectors is not None:
            reader.vectors = vectors
            rows += _beside_extraction(reader, about[:4], f"with the model, {count:,} claims", scale.pick(1, 3))
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


def _articles(subjects: Sequence[Subject], count: int) -> list[Document]:
    rng, press = random.Random(3), Press(7)
    return [press.article(rng.choice(subjects)) for _ in range(count)]


def _beside_extraction(reader: Reader, about: Sequence[Document], how: str, rounds: int) -> list[Row]:
    """Articles about a tracked claim, and a stream in which one of twenty is, beside `trafilatura.extract` on their pages."""
    elsewhere = Press(99)
    stream = [*about[:1], *(elsewhere.article(elsewhere.subject()) for _ in range(_ASTRAY))]
    pages = [page_of(document) for document in about]
    rates = take_turns(
        {
            "about": _each(reader.read, about), "stream": _each(reader.read, stream),
            "extract": _each(trafilatura.extract, pages),
        },
        rounds, processor,
    )  # fmt: skip
    mentions = sum(len(reader.read(article).mentions) for article in about) / len(about)
    return [
        against(f"one in twenty tracked, {how}", "articles/cpu-s", rates["stream"], "trafilatura", rates["extract"], _AIM),
        against(f"all about tracked claims, {how}", "articles/cpu-s", rates["about"], "trafilatura", rates["extract"], _AIM),
        alone(f"mentions found in these, {how}", "an article", [mentions]),
    ]


def _each(work: Callable[[Document], object] | Callable[[str], object], given: Sequence) -> Contestant:
    def turn(_: int) -> int:
        for one in given:
            work(one)
        return len(given)

    return turn
