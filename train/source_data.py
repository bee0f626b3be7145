"""Labelled sources as windows of word pieces: annotated stories, and the attributions of PolNeAR."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dateline.claimsfile import load_claims
from store.claim import Claim, ClaimSet
from store.reading import Document
from workers.agreement import same_name
from workers.cast import cast_of
from workers.encoder import Encoder
from workers.matchfile import About, about, read_document
from workers.read import by_rule
from workers.source_facts import ANONYMITIES, Facts, Ruled, Scene, name_facts, passage_facts
from workers.sourcing import LONG, QUESTIONS, answers_for, pieces_of, window_of
from workers.text import Passage, Text

UNTOLD = "?"
"""A label that the data does not give."""
NO_CLAIMS = ClaimSet()
_NO_CLAIM = Claim("none", "", "none")
_UNNAMED = re.compile(
    r"\b(?:sources?|officials?|people|person|someone|aides?|insiders?|witness(?:es)?|analysts?|experts?|critics|some|many|others"
    r"|observers|supporters|reports|voters|lawmakers|advisers?)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"he|she|they|it|i|we|who|you|that|which", re.IGNORECASE)
_SHORT = 30


class Label(NamedTuple):
    """`UNTOLD`, or None for nobody, or the name."""

    anonymity: str
    speaker: str | None
    organisation: str | None
    echo: str | None


class Row(NamedTuple):
    """One passage of a window. `wanted`: the bearers that answer each question, [-1] nobody, [] untold or not in the cast."""

    passage: tuple[int, int]
    passage_facts: Facts
    name_facts: Facts
    anonymity: int
    wanted: tuple[list[int], ...]
    label: Label
    ruled: Ruled


class Learned(NamedTuple):
    """A window: its pieces, the places of its names, for each question the bearer that a name stands for, and its passages."""

    ids: list[int]
    names: list[tuple[int, int]]
    bearers: list[list[int]]
    cast: tuple[str, ...]
    rows: list[Row]


class Asked(NamedTuple):
    start: int
    end: int
    label: Label


def story(claims_file: Path, texts: Path, gold: Path, encoder: Encoder) -> list[Learned]:
    """Annotated passages, in the form that `dateline evaluate` reads."""
    claims, known = load_claims(claims_file), about(gold / "docs.jsonl")
    rows: dict[str, list[Asked]] = {}
    for line in (gold / "mentions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        who = row["attribution"]
        label = Label(who["anonymity"], who.get("speaker"), who.get("organisation"), row.get("echo_of"))
        rows.setdefault(row["doc"], []).append(Asked(row["start"], row["end"], label))
    found = []
    for path in sorted(texts.glob("*.txt")):
        name = path.stem.split("_")[0]
        if name in rows:
            found += windows(Text(read_document(path, known.get(name, About()))), claims, rows[name], encoder)
    return found


def polnear(path: Path, encoder: Encoder) -> list[Learned]:
    """Attributions of PolNeAR: a name in the source's words is the speaker or the body; some sentences are nobody's word."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = Text(Document(row["text"], outlet=row["doc"].split("_")[0]))
        asked = [*_attributed(text, row["attributions"]), *_nobodys(text, row["attributions"])]
        found += windows(text, NO_CLAIMS, asked, encoder)
    return found


def _attributed(text: Text, attributions: list[dict]) -> Iterator[Asked]:
    """For each sentence, or two, the attribution of its longest content."""
    longest: dict[tuple[int, int], tuple[int, dict]] = {}
    for one in attributions:
        if one.get("content") and one.get("source"):
            start, end = max(one["content"], key=lambda part: part[1] - part[0])
            first = text.sentence_at(start)
            last = min(first + 1, text.sentence_at(max(start, end - 1)))
            place = (text.sentences[first].start, text.sentences[last].end)
            if place not in longest or end - start > longest[place][0]:
                longest[place] = (end - start, one)
    for (start, end), (_, one) in longest.items():
        low, high = min(part[0] for part in one["source"]), max(part[1] for part in one["source"])
        label = _label(text, low, high)
        if label is not None:
            yield Asked(start, end, label)


def _label(text: Text, low: int, high: int) -> Label | None:
    words, cast = text.text[low:high], cast_of(text, NO_CLAIMS)
    named = [cast.bearers[one.bearer] for one in cast.occurrences if low <= one.start < high]
    kinds = {kind: [one.name.text for one in named if one.kind == kind] for kind in ("person", "body", "outlet")}
    if _PRONOUN.fullmatch(words.strip()):
        return None
    if _UNNAMED.search(words) and not kinds["person"]:
        return Label("unnamed", None, kinds["body"][0] if kinds["body"] else None, UNTOLD)
    if kinds["person"]:
        return Label("named", kinds["person"][-1], kinds["body"][0] if kinds["body"] else UNTOLD, UNTOLD)
    if kinds["outlet"]:
        return Label(UNTOLD, None, UNTOLD, kinds["outlet"][0])
    return Label("named", None, kinds["body"][-1], UNTOLD) if kinds["body"] else None


def _nobodys(text: Text, attributions: list[dict]) -> Iterator[Asked]:
    """One in three of the sentences that touch no attribution."""
    touched: set[int] = set()
    for one in attributions:
        for low, high in [*one.get("content", []), *one.get("source", []), *one.get("cue", [])]:
            touched.update(range(text.sentence_at(low), text.sentence_at(max(low, high - 1)) + 1))
    for n in [n for n in range(len(text.sentences)) if n not in touched][::3]:
        sentence = text.sentences[n]
        if sentence.end - sentence.start >= _SHORT:
            yield Asked(sentence.start, sentence.end, Label("none", None, None, UNTOLD))


def windows(text: Text, claims: ClaimSet, asked: Iterable[Asked], encoder: Encoder) -> list[Learned]:
    """The windows that hold the passages, each with all its passages."""
    scene, pieces = Scene(text, claims, cast_of(text, claims)), pieces_of(encoder, text)
    found: dict[int, Learned] = {}
    for one in asked:
        window = window_of(scene, pieces, one.start, one.end)
        if window.start not in found:
            bearers = [[answers_for(scene, n, question) for n in window.occurrences] for question in range(len(QUESTIONS))]
            ids = pieces.ids[window.start : window.start + LONG]
            found[window.start] = Learned(ids, window.names, bearers, tuple(b.name.text for b in scene.cast.bearers), [])
        ruled = _ruled(text, one, claims)
        found[window.start].rows.append(
            Row(
                window.passage,
                passage_facts(scene, one.start, one.end, ruled),
                name_facts(scene, one.start, one.end, ruled)[window.occurrences],
                -1 if one.label.anonymity == UNTOLD else ANONYMITIES.index(one.label.anonymity),
                tuple(_wanted(scene, name) for name in one.label[1:]),
                one.label,
                ruled,
            )
        )
    return list(found.values())


def _ruled(text: Text, one: Asked, claims: ClaimSet) -> Ruled:
    return by_rule(text, Passage(_NO_CLAIM, one.start, one.end, 1000), claims)


def _wanted(scene: Scene, name: str | None) -> list[int]:
    if name is None:
        return [-1]
    return [] if name == UNTOLD else [n for n, one in enumerate(scene.cast.bearers) if same_name(one.name.text, name)]


def stacked(rows: list[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Facts of the passages (passages, facts) and of the names (passages, names, facts)."""
    return np.stack([row.passage_facts for row in rows]), np.stack([row.name_facts for row in rows])
