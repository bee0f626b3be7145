"""`dateline evaluate`: the reader run over a labelled folder, and the scores as plain data."""

from collections.abc import Callable
from typing import Any

import msgspec

from dateline.labelled import Labelled
from store.claim import ClaimSet
from workers import agreement, evaluate
from workers.claims import compile_claims
from workers.evaluate import Gold, Point, Rates, Said, Share
from workers.match import THRESHOLD, passages
from workers.read import Reader
from workers.text import Text
from workers.vectors import Vectors

THRESHOLDS = tuple(range(100, 1000, 50))
_ANY_STANCE = "discusses"
"""Matching says nothing of the stance, and the curve does not ask for it."""


def evaluated(given: Labelled, vectors: Vectors | None, progress: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Reads every document for its mentions, and once more for matches of any score. Equal input gives equal scores."""
    reader = Reader(given.claims, vectors, b"evaluate")
    low = (msgspec.structs.replace(claim, threshold=THRESHOLDS[0]) for claim in given.claims)
    watch = compile_claims(ClaimSet(tuple(low), given.claims.entities))
    said, scored = list[Said](), list[Said]()
    for name, document in given.documents.items():
        findings = reader.read(document)
        said += [evaluate.found(name, mention) for mention in findings.mentions]
        if findings.outcome == "read":
            scored += [
                Said(name, p.claim.id, p.start, p.end, _ANY_STANCE, score=p.score)
                for p in passages(Text(document), watch, None, vectors)
            ]
        progress()
    points = evaluate.curve(scored, given.gold, given.documents, THRESHOLDS)
    return {"reader": reader.version, "documents": len(given.documents)} | scores(said, given.gold) | _curve(points)


def scores(said: list[Said], gold: Gold) -> dict[str, Any]:
    """All scores of these mentions but the curve."""
    matched = evaluate.match(said, gold)
    by_stance = agreement.stances(matched, gold)
    return {
        "mentions": {
            "labelled": len(gold.core), "found": len(said), "hit": len(matched.hits), "wrong": len(matched.wrong),
            "optional": matched.neutral,
        },
        "passage": _rates(evaluate.passages(matched, gold)),
        "document": _rates(evaluate.documents(said, gold)),
        "traps": {"fallen_for": matched.trapped, "of": len(gold.traps)},
        "stance": {
            "accuracy": round(agreement.accuracy(matched).rate, 4),
            "macro_f1": round(agreement.macro_f1(matched, gold), 4),
            "by_stance": {
                stance: {"on_hits": _rates(rates.on_hits), "end_to_end": _rates(rates.end_to_end)}
                for stance, rates in by_stance.items()
            },
            "confusion": {label: dict(row) for label, row in agreement.confusion(matched, gold).items()},
        },
        "details": {field: _share(share) for field, share in agreement.details(matched).items()},
    }  # fmt: skip


def _curve(points: tuple[Point, ...]) -> dict[str, Any]:
    rows = [
        {
            "threshold": p.threshold, "recall": round(p.passages.recall, 4), "precision": round(p.passages.precision, 4),
            "f1": round(p.passages.f1, 4), "false_matches": round(p.false, 4), "articles_astray": _share(p.astray),
        }
        for p in points
    ]  # fmt: skip
    return {"threshold": THRESHOLD, "curve": rows}


def _rates(rates: Rates) -> dict[str, float]:
    return {"precision": round(rates.precision, 4), "recall": round(rates.recall, 4), "f1": round(rates.f1, 4)}


def _share(share: Share) -> dict[str, float]:
    return {"count": share.met, "of": share.of, "rate": round(share.rate, 4)}
