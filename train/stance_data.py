"""Reads the labelled pairs that the stance weights are made of, and cuts them so that no story stands on both sides."""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

LABELS = ("affirms", "denies", "discusses", "unrelated")


class Labelled(NamedTuple):
    """`story` is a fold-stable name of everything that shares a claim, headline or body with this pair."""

    claim: str
    text: str
    label: int
    claim_story: str
    text_story: str


class _Stories:
    """Union-find over claims, headlines and bodies: what a related pair joins belongs to one story."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def of(self, name: str) -> str:
        self._parent.setdefault(name, name)
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        self._parent[self.of(one)] = self.of(other)


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _plain(text: str) -> str:
    return "t:" + re.sub(r"\W+", " ", text.lower()).strip()


def read(folder: Path) -> tuple[list[Labelled], list[Labelled]]:
    """Headline pairs and article pairs. Needs stance_emergent.jsonl, stance_fnc_pairs.jsonl and stance_fnc_bodies.jsonl."""
    bodies = {row["id"]: row["text"] for row in _rows(folder / "stance_fnc_bodies.jsonl")}
    short, long = _rows(folder / "stance_emergent.jsonl"), _rows(folder / "stance_fnc_pairs.jsonl")
    stories = _Stories()
    for row in short:
        stories.join(_plain(row["claim"]), _plain(row["text"]))
    for row in long:
        if row["label"] != "unrelated":
            stories.join(_plain(row["claim"]), "b:" + row["body"])
    headlines = [
        Labelled(r["claim"], r["text"], LABELS.index(r["label"]), *[stories.of(_plain(r["claim"]))] * 2) for r in short
    ]
    articles = [
        Labelled(
            r["claim"],
            bodies[r["body"]],
            LABELS.index(r["label"]),
            stories.of(_plain(r["claim"])),
            stories.of("b:" + r["body"]),
        )
        for r in long
    ]
    return headlines, articles


def fold(story: str, folds: int) -> int:
    """The fold of a story: the same in every run and on every machine."""
    return int(hashlib.sha1(story.encode(), usedforsecurity=False).hexdigest(), 16) % folds


def split(rows: list[Labelled], held_out: int, folds: int) -> tuple[list[int], list[int]]:
    """Training and held-out positions. A pair whose claim and text lie in different folds is used for neither."""
    sides = [(fold(r.claim_story, folds), fold(r.text_story, folds)) for r in rows]
    training = [i for i, side in enumerate(sides) if held_out not in side]
    return training, [i for i, side in enumerate(sides) if side == (held_out, held_out)]
