"""Where spellings of many names stand in a text: one look-up a word, however many names there are."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_RUN = re.compile(r"\b\w+")


class Stand(NamedTuple):
    """Characters [low, high) of the text searched."""

    low: int
    high: int

    def span(self) -> tuple[int, int]:
        return self.low, self.high

    def start(self) -> int:
        return self.low

    def end(self) -> int:
        return self.high


class Finder:
    """Finds spellings as whole words, the longest at each place, none within another, as one regular expression of all
    of them would; either apostrophe stands for the other. Every spelling begins with a letter or digit."""

    def __init__(self, spellings: Iterable[str]) -> None:
        found: dict[str, set[str]] = defaultdict(set)
        for spelling in spellings:
            plain = _plain(spelling)
            if first := _RUN.match(plain):
                found[first[0]].add(plain)
        self._by_first = {first: sorted(forms, key=lambda form: (-len(form), form)) for first, forms in found.items()}

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Stand]:
        """Those in text[start:end], in order; what stands before `start` counts for where a word begins."""
        high = len(text) if end is None else min(end, len(text))
        plain, after = _plain(text), start
        for run in _RUN.finditer(text, start, high):
            if run.start() >= after and (forms := self._by_first.get(run[0])):
                length = next((len(form) for form in forms if _stands(plain, form, run.start(), high)), 0)
                if length:
                    after = run.start() + length
                    yield Stand(run.start(), after)


def _plain(text: str) -> str:
    return text.replace("’", "'")


def _stands(text: str, form: str, start: int, end: int) -> bool:
    stop = start + len(form)
    return text.startswith(form, start, end) and (stop == end or not (text[stop].isalnum() or text[stop] == "_"))
