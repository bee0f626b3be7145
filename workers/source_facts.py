"""What can be said of a passage, and of each name in its text, when one asks who is behind the passage: named facts.

The rules' own answer (`attribution`, `echo`) is among them, so that the model may follow it where the rules are right.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from store.claim import ClaimSet
from store.reading import Anonymity, Attribution, Name
from workers.agreement import same_name
from workers.attribution import publisher
from workers.cast import Cast, Occurrence
from workers.names import find_entity
from workers.text import Text

ANONYMITIES: tuple[Anonymity, ...] = ("none", "unnamed", "named")
PASSAGE_FACTS = (
    *(f"ruled_{one}" for one in ANONYMITIES),
    "ruled_speaker", "ruled_organisation", "ruled_echo", "ruled_role", "in_title", "quotes", "published_by_a_party",
)  # fmt: skip
RULED = 7
"""So many of the first facts of a passage tell what the rules answered."""
NAME_FACTS = (
    "is_ruled_speaker", "is_ruled_organisation", "is_ruled_echo", "serves_ruled_organisation", "person", "body", "outlet",
    "entity", "publisher", "in_passage", "in_paragraph", "in_title", "serves", "opens_sentence", "often",
    *(f"sentences_{n:+}" for n in range(-4, 5)),
)  # fmt: skip
RULED_NAMES = 4
"""So many of the first facts of a name tell what the rules answered."""
_OFTEN = 2
_FAR = 4

_STANDING = 15
"""Up to here, the facts of a name are those by the rules and those that hold for every passage; then how far away it stands."""
_IN_PASSAGE, _IN_PARAGRAPH = NAME_FACTS.index("in_passage"), NAME_FACTS.index("in_paragraph")

Facts = NDArray[np.float32]
Ints = NDArray[np.int64]


class Ruled(NamedTuple):
    """What the rules answered for a passage."""

    who: Attribution
    relayed: Name | None


class Scene(NamedTuple):
    """A text with its cast, as everything here is measured in it."""

    text: Text
    claims: ClaimSet
    cast: Cast


def passage_facts(scene: Scene, start: int, end: int, ruled: Ruled) -> Facts:
    """One number for each of `PASSAGE_FACTS`."""
    text, who = scene.text, ruled.who
    return np.array(
        [
            *(who.anonymity == one for one in ANONYMITIES),
            who.speaker is not None,
            who.organisation is not None,
            ruled.relayed is not None,
            who.role is not None,
            text.sentences[text.sentence_at(start)].paragraph == 0,
            any(mark in text.text[start:end] for mark in '"“”'),
            publisher(text, scene.claims) is not None,
        ],
        dtype=np.float32,
    )


def name_facts(scene: Scene, start: int, end: int, ruled: Ruled) -> Facts:
    """(occurrences of the cast, `NAME_FACTS`)."""
    who, standing = ruled.who, _standing(scene)
    answers = [_bearers(scene, name) for name in (who.speaker, who.organisation, ruled.relayed)]
    first, last = scene.text.sentence_at(start), scene.text.sentence_at(max(start, end - 1))
    table = np.zeros((len(standing.bearers), len(NAME_FACTS)), dtype=np.float32)
    for column, answer in enumerate(answers):
        table[:, column] = np.isin(standing.bearers, answer)
    table[:, RULED_NAMES - 1] = np.isin(standing.serves, answers[1])
    table[:, RULED_NAMES:_STANDING] = standing.facts
    table[:, _IN_PASSAGE] = (start <= standing.starts) & (standing.starts < end)
    table[:, _IN_PARAGRAPH] = standing.paragraphs == scene.text.sentences[first].paragraph
    away = np.where(standing.sentences < first, standing.sentences - first, np.maximum(0, standing.sentences - last))
    table[np.arange(len(table)), _STANDING + _FAR + np.clip(away, -_FAR, _FAR)] = 1
    return table


def _bearers(scene: Scene, name: Name | None) -> list[int]:
    return [n for n, bearer in enumerate(scene.cast.bearers) if same_name(bearer.name.text, name.text)] if name else []


class _Standing(NamedTuple):
    """What is the same for every passage of a text, a row for each occurrence."""

    bearers: Ints
    serves: Ints
    """-1 where the bearer speaks for nobody."""
    starts: Ints
    sentences: Ints
    paragraphs: Ints
    facts: Facts


def _standing(scene: Scene) -> _Standing:
    held = scene.text.__dict__.get("_standing")
    if held is None or held[0] is not scene.cast:
        held = scene.text.__dict__["_standing"] = (scene.cast, _measured(scene))
    found: _Standing = held[1]
    return found


def _measured(scene: Scene) -> _Standing:
    occurrences, sentences = scene.cast.occurrences, scene.text.sentences
    often = [one.bearer for one in occurrences]
    at = [scene.text.sentence_at(one.start) for one in occurrences]
    rows = [_of_name(scene, one, n, often) for one, n in zip(occurrences, at, strict=True)]
    return _Standing(
        np.array(often, np.int64),
        np.array([-1 if one.serves is None else one.serves for one in occurrences], np.int64),
        np.array([one.start for one in occurrences], np.int64),
        np.array(at, np.int64),
        np.array([sentences[n].paragraph for n in at], np.int64),
        np.array(rows, dtype=np.float32).reshape(-1, _STANDING - RULED_NAMES),
    )


def _of_name(scene: Scene, one: Occurrence, at: int, often: list[int]) -> list[bool]:
    bearer, sentence = scene.cast.bearers[one.bearer], scene.text.sentences[at]
    return [
        *(bearer.kind == kind for kind in ("person", "body", "outlet")),
        bearer.name.entity is not None,
        _publishes(scene, bearer.name),
        False,
        False,
        sentence.paragraph == 0,
        one.serves is not None,
        one.start == sentence.start,
        often.count(one.bearer) > _OFTEN,
    ]


def _publishes(scene: Scene, name: Name) -> bool:
    own = scene.text.document.outlet
    if not own:
        return False
    entity = find_entity(scene.claims, own)
    return (entity is not None and entity.id == name.entity) or name.text.casefold() in own.casefold()
