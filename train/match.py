"""Trains workers/model/match.npz from annotated articles: `python -m train.match SET [SET ...]`.

A SET is `CLAIMS:TEXTS:GOLD:WEIGHT`: a claims file, a folder of texts, a folder with docs.jsonl, mentions.jsonl and
mentions_optional.jsonl, and what a sentence of it counts (so that a small set is not drowned by a large one).
Deterministic: one thread, fixed seeds. `--check` leaves out each fold in turn, reports it, and writes nothing.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import lightgbm as lgb
import numpy as np

from dateline.claimsfile import load_claims
from store.reading import Document
from train.forest import export
from workers.claims import compile_claims
from workers.features import DIRECT, SIMILARITIES, Article, Table, article_of, direct, kinship
from workers.match import SHIPPED, MatchModel, around, candidates, model_to, weighed
from workers.matchfile import About, about, read_document
from workers.text import Text
from workers.vectors import Vectors, load_vectors

FOLDS = 4
RIDGE = 10.0
OVERLAP = 0.3
"""Share of the shorter span at which an annotated passage and a unit are the same."""
OUTLOOK = (300, 350, 400, 450, 500)
FOREST = {
    "n_estimators": 400, "learning_rate": 0.05, "num_leaves": 31, "min_child_samples": 40, "colsample_bytree": 0.5,
    "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 5.0, "random_state": 1, "n_jobs": 1, "deterministic": True,
    "force_row_wise": True, "verbose": -1,
}  # fmt: skip


class Annotated(NamedTuple):
    """One article: `wanted` is 1 for a unit that concerns a claim, -1 where either answer will do, else 0."""

    name: str
    article: Article
    claims: tuple[str, ...]
    """Ids of the claims in question, one a column of `wanted`."""
    table: Table
    wanted: Table
    missed: int
    """Annotated (unit, claim) pairs that the words did not even bring into question."""
    weight: float
    kin: Table


def annotated(claims_file: Path, texts: Path, gold: Path, weight: float, vectors: Vectors | None) -> list[Annotated]:
    watch = compile_claims(load_claims(claims_file))
    known = about(gold / "docs.jsonl")
    rows = [(row, 1.0) for row in _rows(gold / "mentions.jsonl")]
    rows = [(row, -1.0) for row in _rows(gold / "mentions_optional.jsonl")] + rows
    found = []
    for path in sorted(texts.glob("*.txt")):
        name = path.stem.split("_")[0]
        article = article_of(Text(read_document(path, known.get(name, About()))), watch)
        chosen = candidates(article, watch)
        full = np.zeros((len(article.keys), len(watch.watched)))
        for row, value in rows:
            if row["doc"] == name:
                full[_units(article, row), watch.position[row["claim"]]] = value
        wanted = full[:, chosen]
        missed = int((full == 1).sum() - (wanted == 1).sum())
        claims = tuple(watch.watched[n].claim.id for n in chosen)
        kin = kinship([watch.watched[n] for n in chosen])
        table = direct(article, watch, chosen, vectors)
        found.append(Annotated(name, article, claims, table, wanted, missed, weight, kin))
    return found


def off_topic(claims_file: Path, articles: Path, most: int, weight: float, vectors: Vectors | None) -> list[Annotated]:
    """Articles about other things, one JSON object with `text` a line: no unit of them concerns any claim."""
    watch = compile_claims(load_claims(claims_file))
    found = []
    for row in _rows(articles)[:most]:
        article = article_of(Text(Document(row["text"])), watch)
        chosen = candidates(article, watch)
        if chosen:
            table = direct(article, watch, chosen, vectors)
            claims = tuple(watch.watched[n].claim.id for n in chosen)
            kin = kinship([watch.watched[n] for n in chosen])
            found.append(Annotated("", article, claims, table, np.zeros(table.shape[:2]), 0, weight, kin))
    return found


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _units(article: Article, row: dict) -> list[int]:
    """The units that an annotated row speaks of."""
    return [i for i, u in enumerate(article.text.units) if _overlap(row["start"], row["end"], u.start, u.end)]


def _overlap(start: int, end: int, from_: int, to: int) -> bool:
    shared = min(end, to) - max(start, from_)
    return shared > 0 and shared >= OVERLAP * min(end - start, to - from_)


def logistic(items: list[Annotated]) -> Table:
    """Ridge-penalised logistic weights over `DIRECT`, by Newton's method on standardised columns."""
    rows, wanted, counts = _stacked(items, [item.table for item in items])
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    dead = spread < 1e-9
    dead[0] = False
    mean[0], spread[0] = 0.0, 1.0
    spread[dead] = 1.0
    rows = np.where(dead, 0.0, (rows - mean) / spread)
    penalty = np.eye(rows.shape[1]) * RIDGE
    penalty[0, 0] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        share = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (counts * (share - wanted)) + penalty @ weights
        bend = (rows * (counts * share * (1 - share))[:, None]).T @ rows + penalty
        step = np.linalg.solve(bend, slope)
        weights -= step
        if abs(step).max() < 1e-6:
            break
    weights = weights / spread
    weights[dead] = 0.0
    weights[0] -= float((weights[1:] * mean[1:]).sum())
    return weights


def trained(items: list[Annotated]) -> MatchModel:
    """The forest learns from first-round scores of articles that the first round had not seen."""
    tables: list[Table] = [item.table for item in items]
    for fold in range(FOLDS):
        weights = logistic([item for n, item in enumerate(items) if n % FOLDS != fold])
        for n in range(fold, len(items), FOLDS):
            tables[n] = around(items[n].article, items[n].table, items[n].table @ weights, items[n].kin)
    rows, wanted, counts = _stacked(items, tables)
    learner = lgb.LGBMClassifier(**FOREST).fit(rows, wanted, sample_weight=counts)
    return MatchModel(logistic(items), export(learner))


def _stacked(items: list[Annotated], tables: list[Table]) -> tuple[Table, Table, Table]:
    rows = np.concatenate([table.reshape(-1, table.shape[-1]) for table in tables])
    wanted = np.concatenate([item.wanted.ravel() for item in items])
    counts = np.concatenate([np.full(item.wanted.size, item.weight) for item in items])
    kept = wanted >= 0
    return rows[kept], wanted[kept], counts[kept]


def check(sets: list[list[Annotated]], *, stories: bool) -> None:
    """For each set and threshold, what the models found that had not seen the article: units, not passages.

    With `stories` they have not seen any article of the set either, only the other sets.
    """
    for number, items in enumerate(sets):
        others = [item for n, rest in enumerate(sets) if n != number for item in rest]
        points = []
        folds = 1 if stories else min(FOLDS, len(items))
        for fold in range(folds):
            model = trained([item for n, item in enumerate(items) if n % folds != fold] + others)
            points += [(item, weighed(item.article, item.table, model, item.kin)) for item in items[fold::folds]]
        for least in OUTLOOK:
            right = sum(int(((given >= least) & (item.wanted == 1)).sum()) for item, given in points)
            wrong = sum(int(((given >= least) & (item.wanted == 0)).sum()) for item, given in points)
            there = sum(int((item.wanted == 1).sum()) + item.missed for item, _ in points)
            false = sum(bool(((given >= least) & (item.wanted == 0)).any()) for item, given in points)
            precision, recall = right / max(1, right + wrong), right / max(1, there)
            both = 2 * precision * recall / max(1e-9, precision + recall)
            print(f"set {number} from {least}: P {precision:.3f} R {recall:.3f} F {both:.3f}; with a false one {false}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="CLAIMS:TEXTS:GOLD:WEIGHT")
    parser.add_argument("--off-topic", type=Path, help="JSON Lines with `text`: articles about other things")
    parser.add_argument("--most", type=int, default=600, help="how many of those to read")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--stories", action="store_true", help="with --check: leave out each set in turn, not each fold")
    given = parser.parse_args()
    parts = [one.split(":") for one in given.sets]
    models = {}
    for name, vectors in (("vectors", load_vectors()), ("lexical", None)):
        sets = [annotated(Path(a), Path(b), Path(c), float(w), vectors) for a, b, c, w in parts]
        if given.off_topic:
            sets += [off_topic(Path(one[0]), given.off_topic, given.most, 1.0, vectors) for one in parts]
        print(
            name,
            [len(items) for items in sets],
            "annotated but never in question:",
            sum(item.missed for items in sets for item in items),
        )
        if given.check:
            check(sets, stories=given.stories)
        else:
            models[name] = trained([item for items in sets for item in items])
    if not given.check:
        assert all(models["lexical"].direct[DIRECT.index(name)] == 0 for name in SIMILARITIES)
        model_to(models, SHIPPED)
        print("wrote", SHIPPED)


if __name__ == "__main__":
    main()
