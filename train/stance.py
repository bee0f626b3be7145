"""Trains workers/model/stance.npz from labelled pairs: `make train DATA=DIR`, or `python -m train.stance DIR`.

Deterministic: one thread, fixed seeds. `--check` trains on three quarters of the stories and reports the rest,
once for each quarter, and writes nothing. With `--encoders FOLDER` the quarters N are read by the encoders too that
`python -m train.encoder DIR --hold-out N --out FOLDER/fold-N.onnx` left there.
"""

import argparse
from collections import Counter
from pathlib import Path

import lightgbm as lgb
import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from train.forest import export
from train.scores import article_report, headline_report
from train.stance_data import Labelled, read, split
from workers.pair_article import IDF_BUCKETS, article, article_features, bucket
from workers.pair_encoder import load_encoder
from workers.pair_headline import BUCKETS, hashed, headline_features, outline, relation_features, wording
from workers.pair_model import FILE_VERSION, SHIPPED, HeadlineModel, StanceModel, headline_model, load_model
from workers.pair_words import content, tokens
from workers.pairs import Pair, judge, sentence_stances
from workers.trees import forest_to

NAME = "stance-2"
MIX = (0.5, 0.4)
"""The encoder's share, for headlines and for articles."""
LEAN, GATE = (1.0, 2.5), -3.0
"""Favour for `denies`, and what is added to the log-odds that a headline is unrelated: a mention missed costs more."""
HAND = 0.1
"""Weight of the standardised features beside n-grams of unit length."""


def rarity(rows: list[Labelled]) -> np.ndarray:
    """How rare a stem is among stories, by hash bucket; 0 (unseen) where fewer than three stories have one.

    Stories are counted, not texts: the names of one much-covered story must look as new in training as the names of
    tomorrow's stories will.
    """
    holds: dict[int, set[str]] = {}
    for text, story in sorted({(r.text, r.text_story) for r in rows}):
        for place in {bucket(one) for one in content(tokens(text))}:
            holds.setdefault(place, set()).add(story)
    stories = len({r.text_story for r in rows})
    weights = np.zeros(IDF_BUCKETS, dtype=np.float16)
    for place, found in holds.items():
        if len(found) > 2:
            weights[place] = np.log((stories + 1) / (len(found) + 1)) + 0.5
    return weights


def _grid(rows: list[list[str]]) -> sp.csr_matrix:
    columns, values, ends = [], [], [0]
    for words in rows:
        places, counts = hashed(words)
        columns.append(places)
        values.append(counts)
        ends.append(ends[-1] + len(places))
    return sp.csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=(len(rows), BUCKETS))


def linear(rows: list[list[str]], standard: np.ndarray, labels: np.ndarray, name: str) -> dict[str, np.ndarray]:
    counts = _grid(rows)
    documents = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.where(documents > 1, np.log((len(rows) + 1) / (documents + 1)) + 1, 0).astype(np.float16)
    weighted = counts @ sp.diags(idf.astype(np.float64))
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted = sp.diags(1 / np.maximum(norms, 1e-9)) @ weighted
    learner = LogisticRegression(C=3, max_iter=2000)
    learner.fit(sp.hstack([weighted, HAND * standard]).tocsr(), labels)
    return {
        f"{name}/idf": idf,
        f"{name}/words": learner.coef_[:, :BUCKETS].T.astype(np.float16),
        f"{name}/features": HAND * learner.coef_[:, BUCKETS:].T,
        f"{name}/bias": learner.intercept_,
    }


def boosted(
    rows: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None, **options: float
) -> lgb.LGBMClassifier:
    """Deterministic gradient boosting. `labels` of two classes make a forest of one column."""
    given = {"learning_rate": 0.03, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 5} | options
    learner = lgb.LGBMClassifier(**given, n_jobs=1, verbose=-1, random_state=0, deterministic=True, force_row_wise=True)
    return learner.fit(rows, labels, sample_weight=weights)


def headline_part(rows: list[Labelled]) -> dict[str, np.ndarray]:
    labels = np.array([r.label for r in rows])
    features = np.array([headline_features(r.claim, r.text) for r in rows])
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    standard = (features - centre) / scale
    trees = boosted(
        features, labels, n_estimators=170, num_leaves=8, min_child_samples=12, colsample_bytree=0.4, learning_rate=0.04
    )
    return {
        "centre": centre,
        "scale": scale,
        **linear([outline(r.claim, r.text) for r in rows], standard, labels, "outlines"),
        **linear([wording(r.text) for r in rows], standard, labels, "wordings"),
        **forest_to(export(trees), "headline"),
        "relation": relation_part(rows),
    }


def relation_part(rows: list[Labelled], seed: int = 0, quantile: float = 0.005) -> np.ndarray:
    """Weights and bias: headlines with their own claim against headlines with the claim of another story.

    The bias is set so that by itself it would call one in two hundred true pairs unrelated.
    """
    order = np.random.RandomState(seed).permutation(len(rows))
    others = [(rows[i].claim, rows[j].text) for i, j in enumerate(order) if rows[i].claim_story != rows[j].claim_story]
    pairs = [(r.claim, r.text) for r in rows] + others
    features = np.array([relation_features(*pair) for pair in pairs])
    learner = LogisticRegression(C=10, max_iter=1000).fit(features, [1] * len(rows) + [0] * len(others))
    scores = features[: len(rows)] @ learner.coef_[0]
    return np.append(learner.coef_[0], -np.quantile(scores, quantile))


def article_part(rows: list[Labelled], headline: HeadlineModel) -> dict[str, np.ndarray]:
    weights = rarity(rows)
    table = weights.astype(np.float32)
    counted = {text: article(text, table) for text in {r.text for r in rows}}
    features = np.array([article_features(r.claim, counted[r.text], table) for r in rows])
    labels = np.array([r.label for r in rows])
    gate = boosted(
        features, labels == 3, n_estimators=200, num_leaves=24, min_child_samples=20, colsample_bytree=0.5, learning_rate=0.05
    )
    near = np.flatnonzero(labels != 3)
    told = sentence_stances([rows[i].claim for i in near], [counted[rows[i].text] for i in near], headline)
    stance = boosted(
        np.hstack([features[near], told]),
        labels[near],
        _evened([rows[i].text_story for i in near]),
        n_estimators=200,
        num_leaves=12,
        min_child_samples=30,
        colsample_bytree=0.3,
    )
    return {"rarity": weights, **forest_to(export(gate), "related"), **forest_to(export(stance), "article")}


def _evened(stories: list[str]) -> np.ndarray:
    """A story counts by the root of its pairs: what one much-covered story teaches is mostly about itself."""
    sizes = Counter(stories)
    weights = np.array([sizes[story] ** -0.5 for story in stories])
    return weights / weights.mean()


def train(headlines: list[Labelled], articles: list[Labelled], path: Path) -> StanceModel:
    parts = headline_part(headlines)
    parts |= article_part(articles, headline_model(parts))
    parts |= {"mix": np.array(MIX), "lean": np.array(LEAN), "gate": np.array(GATE)}
    np.savez_compressed(path, version=FILE_VERSION, name=NAME, **parts)
    return load_model(path)


def check(headlines: list[Labelled], articles: list[Labelled], scratch: Path, encoders: Path | None, folds: int = 4) -> None:
    """Judges every story by a model that never saw it."""
    short: list[tuple[int, str]] = []
    long: list[tuple[int, str]] = []
    for held_out in range(folds):
        read_by = load_encoder(encoders / f"fold-{held_out}.onnx") if encoders else None
        if encoders and read_by is None:
            continue
        (learn, test), (learn_long, test_long) = split(headlines, held_out, folds), split(articles, held_out, folds)
        model = train([headlines[i] for i in learn], [articles[i] for i in learn_long], scratch)
        for rows, places, out in ((headlines, test, short), (articles, test_long, long)):
            pairs = [Pair(str(i), rows[i].claim, rows[i].text) for i in places]
            out += [(rows[i].label, answer.label) for i, answer in zip(places, judge(pairs, model, read_by), strict=True)]
        found = headline_report(short[-len(test) :]), article_report(long[-len(test_long) :])
        print(f"fold {held_out}", *found, sep="\n  ", flush=True)
    print("together", headline_report(short), article_report(long), sep="\n  ")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("data", type=Path)
    ask.add_argument("--out", type=Path, default=SHIPPED)
    ask.add_argument("--check", action="store_true", help="cross-validate by story and write nothing but a scratch file")
    ask.add_argument("--encoders", type=Path, default=None, metavar="FOLDER", help="holds fold-N.onnx; others are left out")
    given = ask.parse_args()
    headlines, articles = read(given.data)
    if given.check:
        check(headlines, articles, given.out.with_name("check.npz"), given.encoders)
    else:
        train(headlines, articles, given.out)


if __name__ == "__main__":
    main()
