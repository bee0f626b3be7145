"""What can be counted about a claim and a headline: shared words, cues of denial and hedging, and the shape between."""

import itertools
import zlib

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from workers.pair_words import CUES, FUNCTION_WORDS, QUESTION_OPENERS, content, grams, shared, stem, tokens

BUCKETS = 1 << 15
"""N-grams are hashed (CRC-32) into so many columns; none can be read back."""

_FAR, _ABSENT, _NEVER = 20, 1.5, 1.5


def headline_features(claim: str, text: str) -> list[float]:
    """About seventy numbers, always in the same order and of the same length, all finite."""
    ours, theirs = tokens(claim), tokens(text)
    wanted, given = content(ours), content(theirs)
    lowered = [t.lower() for t in theirs]
    common = shared(theirs, set(wanted))
    places = [i for i, hit in enumerate(common) if hit and lowered[i] not in FUNCTION_WORDS]
    return [
        *_cues([t.lower() for t in ours], lowered, common, places),
        *_shape(text, theirs, lowered),
        *_overlap(wanted, given, places, max(len(lowered), 1)),
        *_numbers(ours, theirs),
        float(len(theirs)),
        float(len(ours)),
    ]


def relation_features(claim: str, text: str) -> list[float]:
    """What tells whether a headline concerns the claim at all."""
    ours, theirs = tokens(claim), tokens(text)
    wanted, given = content(ours), content(theirs)
    hits, back = shared(wanted, set(given)), shared(given, set(wanted))
    names = {stem(t) for t in ours if t[0].isupper() and t.lower() not in FUNCTION_WORDS}
    ours_grams, their_grams = set(grams(claim, 5)), set(grams(text, 5))
    return [
        sum(hits) / max(len(hits), 1),
        sum(back) / max(len(back), 1),
        float(min(sum(hits), 4)),
        len(names & set(given)) / max(len(names), 1),
        len(ours_grams & their_grams) / max(len(ours_grams), 1),
        fuzz.token_set_ratio(" ".join(wanted), " ".join(given)) / 100,
    ]


def _cues(claim: list[str], text: list[str], common: list[bool], places: list[int]) -> list[float]:
    row: list[float] = []
    counts: dict[str, tuple[int, int]] = {}
    for name, words in CUES.items():
        found = [i for i, t in enumerate(text) if t in words]
        fresh = [i for i in found if not common[i]]
        counts[name] = (len(found), sum(t in words for t in claim))
        row += [
            len(found),
            len(fresh),
            counts[name][1],
            fresh[0] / max(len(text), 1) if fresh else _ABSENT,
            min((abs(i - j) for i in fresh for j in places), default=_FAR),
            sum(any(i < j for j in places) for i in fresh),
        ]
    against = ("neg", "refute", "deny")
    row.append(float(bool(counts["neg"][0]) != bool(counts["neg"][1])))
    row.append(float(any(counts[n][0] for n in against) != any(counts[n][1] for n in against)))
    return row


def _shape(text: str, words: list[str], lowered: list[str]) -> list[float]:
    return [
        float(lowered[:1] == ["no"]),
        float("NOT" in words or "DENIES" in words),
        float(text.rstrip(" \"'”’)").endswith("?")),
        float("?" in text),
        float("!" in text),
        float(":" in text),
        float(sum(text.count(mark) for mark in "\"“'")),
        float(bool(lowered) and lowered[0] in QUESTION_OPENERS),
    ]


def _overlap(wanted: list[str], given: list[str], places: list[int], length: int) -> list[float]:
    ours, theirs = set(wanted), set(given)
    covered = shared(sorted(ours), theirs)
    bigrams = set(itertools.pairwise(wanted)) & set(itertools.pairwise(given))
    return [
        sum(covered) / max(len(ours), 1),
        len(places) / max(len(given), 1),
        len(bigrams) / max(len(wanted) - 1, 1),
        LCSseq.similarity(wanted, given) / max(len(wanted), 1),
        fuzz.token_set_ratio(" ".join(wanted), " ".join(given)) / 100,
        fuzz.partial_ratio(" ".join(wanted), " ".join(given)) / 100,
        places[0] / length if places else _NEVER,
        places[-1] / length if places else _NEVER,
        float(bool(wanted) and wanted[-1] in theirs),
        float(bool(wanted) and wanted[0] in theirs),
    ]


def _numbers(ours: list[str], theirs: list[str]) -> list[float]:
    wanted, given = ({t for t in side if t[0].isdigit()} for side in (ours, theirs))
    return [float(len(wanted)), float(len(wanted - given)), float(len(given - wanted))]


def outline(claim: str, text: str) -> list[str]:
    """The text with every word of the claim masked: `no , C did n't C` reads alike for all claims."""
    words = tokens(text)
    seen = ["<s>"]
    for word, hit in zip(words, shared(words, set(content(tokens(claim)))), strict=True):
        lowered = word.lower()
        if hit and lowered not in FUNCTION_WORDS:
            if seen[-1] != "C":
                seen.append("C")
        else:
            seen.append("#" if word[0].isdigit() else lowered)
    return [*seen, "</s>"]


def wording(text: str) -> list[str]:
    """The text's words as they stand, lower case."""
    return ["<s>", *(t.lower() for t in tokens(text)), "</s>"]


def hashed(words: list[str], longest: int = 3) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Columns and dampened counts (1 + ln n) of the n-grams of up to `longest` words."""
    runs = (" ".join(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1))
    columns, counts = np.unique([zlib.crc32(run.encode()) % BUCKETS for run in runs], return_counts=True)
    return columns.astype(np.int64), 1 + np.log(counts)
