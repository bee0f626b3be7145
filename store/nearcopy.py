"""Near copies: which earlier article a text was copied from, told by signatures alone.

A signature is the base64 of N 16-bit little-endian MinHash values; the share of equal positions estimates how much of
two texts' wording is the same (Broder 1997). Candidates are found by banding: pairs of neighbouring values in a
table, so that an article is compared with the few that share at least two of its pairs and not with all.
"""

import base64
import struct
from collections import Counter

SAME_TEXT = 0.5
"""Least similarity of a near copy. Independent reports of one event share a tenth of their wording at most;
a wire copy that was cut by a third still has two thirds."""

Signature = tuple[int, ...]


def parse(signature: str) -> Signature:
    """The MinHash values; empty for an empty or damaged signature, which resembles nothing."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return ()
    return struct.unpack(f"<{len(raw) // 2}H", raw) if len(raw) % 2 == 0 else ()


def similarity(one: Signature, other: Signature) -> float:
    """Share of equal positions, 0.0 for signatures that are empty or of different length."""
    if not one or len(one) != len(other):
        return 0.0
    return sum(map(int.__eq__, one, other)) / len(one)


class NearCopies:
    """Articles in order of publication, each led back to the first one that it is a near copy of.

    Only first ones are compared against, so a chain of copies does not drift from text to text.
    """

    def __init__(self) -> None:
        self._original: dict[str, str] = {}
        self._signatures: dict[str, Signature] = {}
        self._bands: dict[tuple[int, int, int], list[str]] = {}

    def original(self, article: str, signature: str) -> str:
        """The earlier article that this one is a near copy of, or itself. The first call for an article decides."""
        known = self._original.get(article)
        if known is not None:
            return known
        values = parse(signature)
        found = self._original[article] = self._search(values) or article
        if found == article and values:
            self._signatures[article] = values
            for band in _bands(values):
                self._bands.setdefault(band, []).append(article)
        return found

    def _search(self, values: Signature) -> str | None:
        shared = Counter(article for band in _bands(values) for article in self._bands.get(band, ()))
        best, most = None, SAME_TEXT
        for article, bands in shared.items():
            if bands >= 2 or len(values) < 4:
                alike = similarity(values, self._signatures[article])
                if alike >= most and (best is None or alike > most):
                    best, most = article, alike
        return best


def _bands(values: Signature) -> list[tuple[int, int, int]]:
    return [(i, values[i], values[i + 1]) for i in range(0, len(values) - 1, 2)]
