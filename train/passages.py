"""Fine-tunes the passage encoder and weighs the words beside it: `python -m train.passages SET … --base FILE --pairs FILE`.

A SET is `CLAIMS:TEXTS:GOLD`, as in `train.match`; the base is bge-small-en-v1.5.onnx (`train.bases`); the pairs are
stance_emergent.jsonl, whose headlines are read as passages in all rounds but the last. Writes workers/model/passages.onnx and
passage_words.npz. With `--hold-out NAME`, a folder's name, that set is kept aside and reported. Fixed seeds, one thread.
"""

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from dateline.claimsfile import load_claims
from store.reading import STANCES
from train.bases import bge
from train.encoder import descend, export, prepared, tensors
from train.encoder_model import StanceEncoder, pretrained
from workers.attribution import attribute
from workers.encoder import tokenizer_of
from workers.judging import Weighed, before_of, mixed
from workers.matchfile import About, about, read_document
from workers.passage_encoder import HEDGINGS, SHIPPED, pieces
from workers.passage_words import BUCKETS, WORDS, PassageWords, columns, words_to
from workers.stance import judge
from workers.text import Passage, Text

EPOCHS, BATCH, RATE, SMOOTHING, SEED, FROZEN, HEDGING_COUNTS = 3, 16, 8e-5, 0.05, 0, 3, 0.3
"""`FROZEN` layers, and the word embeddings, stay as they are: there is too little text to move them."""
UNLABELLED = -100
STRENGTH = 0.5


class Example(NamedTuple):
    """An annotated passage as both models see it; the labels are places in `STANCES` and `HEDGINGS`, or `UNLABELLED`."""

    ids: list[int]
    types: list[int]
    columns: list[int]
    stance: int
    hedging: int


def examples(claims_file: Path, texts: Path, gold: Path, tokenizer: object) -> Iterator[Example]:
    claims, known = load_claims(claims_file), about(gold / "docs.jsonl")
    paths = {path.stem.split("_")[0]: path for path in texts.glob("*.txt")}
    read: dict[str, Text] = {}
    for row in _rows(gold):
        if row["doc"] not in read:
            read[row["doc"]] = Text(read_document(paths[row["doc"]], known.get(row["doc"], About())))
        text, passage = read[row["doc"]], Passage(claims.by_id[row["claim"]], row["start"], row["end"], 1000)
        who = attribute(text, passage, claims)
        ruled = judge(text, passage, claims, who)
        ids, types = pieces(tokenizer, passage.claim.text, before_of(text, passage), row["quote"])
        yield Example(
            ids, types, columns(row["quote"], ruled, who), STANCES.index(row["stance"]), HEDGINGS.index(row["hedging"])
        )  # fmt: skip


def headlines(path: Path, tokenizer: object) -> Iterator[Example]:
    """Headlines about claims, of which only the stance is labelled."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        ids, types = pieces(tokenizer, row["claim"], [], row["text"])
        yield Example(ids, types, [], STANCES.index(row["label"]), UNLABELLED)


def _rows(gold: Path) -> list[dict]:
    names = ("mentions.jsonl", "mentions_optional.jsonl")
    return [json.loads(line) for name in names for line in (gold / name).read_text(encoding="utf-8").splitlines() if line]


def words(items: list[Example]) -> PassageWords:
    """A logistic model over hashed words and what the rules say."""
    table = np.zeros((len(items), BUCKETS), dtype=np.float32)
    for n, item in enumerate(items):
        table[n, item.columns] = 1.0
    found = LogisticRegression(C=STRENGTH, max_iter=500).fit(table, [item.stance for item in items])
    return PassageWords(found.coef_.T.astype(np.float32), found.intercept_.astype(np.float32))


def fine_tune(base: Path, items: list[Example], first: list[Example]) -> StanceEncoder:
    """`first` are among what is read in all rounds but the last."""
    model = pretrained(bge(base), answers=len(STANCES) + len(HEDGINGS))
    for part in (model.words, model.places, model.types, model.norm, *model.layers[:FROZEN]):
        part.requires_grad_(requires_grad=False)
    plan = [items + first] * (EPOCHS - 1) + [items]
    steps = sum(-(-len(read) // BATCH) for read in plan)
    descend(model, RATE, steps, map(_batches, plan), lambda batch: _loss(_logits(model, batch), batch))
    return model


def _logits(model: StanceEncoder, batch: list[Example]) -> Tensor:
    """Half the numbers' width where only the product counts: about twice as fast."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = model(*tensors([(item.ids, item.types, 0) for item in batch]))
    return found.float()


def _loss(logits: Tensor, batch: list[Example]) -> Tensor:
    stance, hedging = (torch.tensor([getattr(item, name) for item in batch]) for name in ("stance", "hedging"))
    split = len(STANCES)
    first = nn.functional.cross_entropy(logits[:, :split], stance, label_smoothing=SMOOTHING)
    if bool((hedging == UNLABELLED).all()):
        return first
    second = nn.functional.cross_entropy(logits[:, split:], hedging, label_smoothing=SMOOTHING, ignore_index=UNLABELLED)
    return first + HEDGING_COUNTS * second


def _batches(items: list[Example]) -> list[list[Example]]:
    """Shuffled, with neighbours of like length, so that little is padding."""
    items = random.sample(items, len(items))
    batches = []
    for start in range(0, len(items), BATCH * 20):
        part = sorted(items[start : start + BATCH * 20], key=lambda item: len(item.ids))
        batches += [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
    random.shuffle(batches)
    return batches


@torch.no_grad()
def report(model: StanceEncoder, beside: PassageWords, items: list[Example]) -> str:
    """Accuracy and macro-F1 of the two together on passages that neither has seen."""
    model.eval()
    given = []
    for item in items:
        logits = model(*tensors([(item.ids, item.types, 0)])).numpy()[0].astype(np.float64)
        given.append(int(np.argmax(mixed(Weighed(logits[: len(STANCES)], beside.logits(item.columns))))))
    wanted = [item.stance for item in items]
    scores = []
    for n in range(len(STANCES)):
        right = sum(a == b == n for a, b in zip(wanted, given, strict=True))
        scores.append(2 * right / max(1, wanted.count(n) + given.count(n)))
    accuracy = sum(a == b for a, b in zip(wanted, given, strict=True)) / len(items)
    each = ", ".join(f"{name} {score:.2f}" for name, score in zip(STANCES, scores, strict=True))
    return f"{len(items)} passages: accuracy {accuracy:.3f}, macro-F1 {np.mean(scores):.3f} ({each})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="CLAIMS:TEXTS:GOLD")
    parser.add_argument("--base", type=Path, required=True, help="bge-small-en-v1.5.onnx: see train.bases")
    parser.add_argument("--pairs", type=Path, required=True, help="stance_emergent.jsonl")
    parser.add_argument("--hold-out", action="append", default=[], metavar="NAME")
    given = parser.parse_args()
    tokenizer = tokenizer_of(prepared(SEED))
    sets = {Path(one.split(":")[2]).name: list(examples(*map(Path, one.split(":")[:3]), tokenizer)) for one in given.sets}
    learn = [item for name, items in sets.items() if name not in given.hold_out for item in items]
    beside = words(learn)
    model = fine_tune(given.base, learn, list(headlines(given.pairs, tokenizer)))
    for name in given.hold_out:
        print(name, report(model, beside, sets[name]), flush=True)
    export(model, SHIPPED)
    words_to(beside, WORDS)
    print("wrote", SHIPPED, WORDS)


if __name__ == "__main__":
    main()
