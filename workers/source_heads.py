"""From the vectors of a text's word pieces to who is behind its passages: small layers over a shared encoder.

Each passage asks every occurrence of a name three questions (is this the speaker, the organisation, the outlet relayed?),
and itself a fourth: named, unnamed, or nobody? A bearer's score is that of all occurrences of its names together.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from workers.pair_model import ModelUnreadable
from workers.source_facts import NAME_FACTS, PASSAGE_FACTS, Facts
from workers.trees import Floats, softmax

HEADS_FILE = Path(__file__).with_name("model") / "source_heads.npz"
QUESTIONS = ("speaker", "organisation", "echo")
PAIRED = 64
"""Numbers in which a passage and a name are compared, for each question."""
NOBODY = -1e4
"""The score, in training, of a bearer that stands in another window only."""
_NAMES = "facts"

Weights = Mapping[str, Floats]


class Heard(NamedTuple):
    """A window of word pieces, (pieces, width), and what the heads make of each name in it before any passage asks."""

    pieces: Floats
    hidden: Floats
    """(occurrences, hidden)"""
    compared: Floats
    """(occurrences, questions, `PAIRED`)"""


class Seen(NamedTuple):
    """A passage, at pieces [first, last) of a window, with what can be said of it and of the names around it."""

    heard: Heard
    passage: tuple[int, int]
    passage_facts: Facts
    name_facts: Facts


class Answer(NamedTuple):
    """Logits: of the anonymities (3); of nobody, for each question (3); of each occurrence (occurrences, 3)."""

    anonymity: Floats
    nobody: Floats
    names: Floats


def hear(weights: Weights, pieces: Floats, names: Sequence[tuple[int, int]]) -> Heard:
    """Looks once at a window for all its passages; `names` are the pieces [first, last) of each occurrence."""
    rows = np.array([np.concatenate([pieces[low:high].mean(axis=0), pieces[high - 1]]) for low, high in names])
    rows = rows.reshape(len(names), 2 * pieces.shape[1])
    compared = _linear(weights, "bc", rows).reshape(len(names), len(QUESTIONS), PAIRED)
    return Heard(pieces, _linear(weights, "c", rows), compared)


def answer(weights: Weights, seen: Seen) -> Answer:
    """What the heads say of one passage."""
    pieces, (first, last) = seen.heard.pieces, seen.passage
    passage = np.concatenate([pieces[first:last].mean(axis=0), pieces[first]])
    asked = _linear(weights, "q", np.concatenate([passage, seen.passage_facts]))
    # (pieces W' + b) q is pieces (W' q) and a constant, which softmax drops: a vector for each passage, no matrix
    pull = pieces @ (_linear(weights, "pool_q", passage) @ weights["pool_t.weight"]) / 8
    around = softmax(pull[None])[0] @ pieces
    mood = np.maximum(0, _linear(weights, "anon", np.concatenate([passage, around, seen.passage_facts])))
    anonymity = _linear(weights, "anon2", mood) + _linear(weights, "anonf", seen.passage_facts)
    nobody = _linear(weights, "null", np.maximum(0, asked))
    return Answer(anonymity, nobody, _of_names(weights, seen, passage, asked))


def _of_names(weights: Weights, seen: Seen, passage: Floats, asked: Floats) -> Floats:
    count, facts = len(seen.heard.hidden), seen.name_facts
    hidden = np.maximum(0, asked + seen.heard.hidden + _linear(weights, "f", facts))
    mixed = np.maximum(0, _linear(weights, "mix", hidden)).reshape(count, *weights["out"].shape)
    mine = _linear(weights, "bq", passage).reshape(len(QUESTIONS), PAIRED)
    paired = (mine * seen.heard.compared).sum(axis=-1) / 8
    found: Floats = (mixed * weights["out"]).sum(axis=-1) + paired + facts @ weights["rf"].T
    return found


def _linear(weights: Weights, layer: str, given: Floats | Facts) -> Floats:
    found: Floats = given @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
    return found


def source_heads(path: Path = HEADS_FILE) -> Weights:
    """The shipped weights. Raises ModelUnreadable."""
    try:
        with np.load(path) as arrays:
            if arrays[_NAMES].tolist() != [*PASSAGE_FACTS, *NAME_FACTS]:
                raise ModelUnreadable(path, "trained for other facts: run `python -m train.sources` again")
            return {name: arrays[name].astype(np.float64) for name in arrays.files if name != _NAMES}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelUnreadable(path, str(error)) from error


def heads_to(weights: Weights, path: Path) -> None:
    """Writes what `source_heads` reads."""
    kept = {name: value.astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(path, **{_NAMES: np.array([*PASSAGE_FACTS, *NAME_FACTS])}, **kept)  # type: ignore[arg-type]
