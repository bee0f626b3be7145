"""Who is behind a passage, and whom it relays: the trained model's answer, with the rules' as one fact among others.

The rules alone (`attribution`, `echo`) name the kind of source rightly in nine of ten passages of the stories that they
were written on, and in seven of ten of others. So where the models are installed they decide, and the rules advise.
"""

import hashlib
from bisect import bisect_left, bisect_right
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from store.claim import ClaimSet
from store.reading import Attribution, Name
from workers.agreement import same_name
from workers.attribution import as_known_here
from workers.cast import cast_of
from workers.encoder import BEGIN, END, Encoder
from workers.source_facts import ANONYMITIES, Ruled, Scene, name_facts, passage_facts
from workers.source_heads import HEADS_FILE, QUESTIONS, Answer, Heard, Seen, Weights, answer, hear, source_heads
from workers.text import Text
from workers.trees import softmax
from workers.vectors import installed

SHIPPED = Path(__file__).with_name("model") / "sources.onnx"
LONG, STRIDE, AHEAD = 400, 200, 60
"""Word pieces of a window, between the beginnings of two, and that a passage should have after it."""
WINDOWS = 16
"""Windows whose vectors are kept, half a megabyte each, for an article's next revision or its copy elsewhere."""


class Names(NamedTuple):
    """The occurrences of the cast that stand in one window, and at which of its pieces [first, last) each."""

    occurrences: list[int]
    places: list[tuple[int, int]]


class Window(NamedTuple):
    """Word pieces [start, start + LONG) of a text, with a passage's place and the names that stand in it."""

    start: int
    passage: tuple[int, int]
    occurrences: list[int]
    names: list[tuple[int, int]]


class Sourced(NamedTuple):
    """Who is behind a passage and whom it relays. `why` has a cue for each of the two that is against the rules."""

    who: Attribution
    relayed: Name | None
    why: tuple[str, ...] = ()


class Pieces(NamedTuple):
    """A text's word pieces and where in the text each begins."""

    ids: list[int]
    starts: list[int]

    def at(self, start: int, end: int) -> tuple[int, int]:
        """The pieces of characters [start, end): at least one."""
        first = max(0, bisect_right(self.starts, start) - 1)
        return first, max(first + 1, bisect_left(self.starts, end))


class Sourcing:
    """Reads texts by the shipped models. The same passage of the same text always gets the same answer."""

    def __init__(self, encoder: Encoder, weights: Weights) -> None:
        self._encoder, self._weights = encoder, weights

    def attribute(self, text: Text, start: int, end: int, claims: ClaimSet, ruled: Ruled) -> Sourced:
        """Who is responsible for characters [start, end), where the rules answered `ruled`; see `attribution.attribute`."""
        scene = Scene(text, claims, cast_of(text, claims))
        pieces = pieces_of(self._encoder, text)
        if not pieces.ids:
            return Sourced(*ruled)
        window = window_of(scene, pieces, start, end)
        seen = Seen(
            self._heard(scene, pieces, window),
            window.passage,
            passage_facts(scene, start, end, ruled),
            name_facts(scene, start, end, ruled)[window.occurrences],
        )
        given = answer(self._weights, seen)
        who, relayed = decided(scene, window, given, ruled)
        who = as_known_here(text, claims, who)
        sure = round(100 * float(np.max(softmax(given.anonymity[None]))))
        against = () if _alike(who, ruled.who) else (f"source:learned {sure}%",)
        return Sourced(who, relayed, against if _same(relayed, ruled.relayed) else (*against, "echo:learned"))

    def _heard(self, scene: Scene, pieces: Pieces, window: Window) -> Heard:
        """The window as the heads hear it, once for each window of a text and its cast."""
        held = scene.text.__dict__.setdefault("_windows_heard", {})
        if window.start not in held or held[window.start][0] is not scene.cast:
            ids = [BEGIN, *pieces.ids[window.start : window.start + LONG], END]
            vectors = self._encoder.logits(ids, [0] * len(ids))[1:-1].astype(np.float64)
            held[window.start] = (scene.cast, hear(self._weights, vectors, window.names))
        found: Heard = held[window.start][1]
        return found


def pieces_of(encoder: Encoder, text: Text) -> Pieces:
    """Word pieces of the whole text, cut once."""
    held = text.__dict__.get("_pieces")
    if held is None:
        cut = encoder.tokenizer.encode(text.text, add_special_tokens=False)
        held = text.__dict__["_pieces"] = Pieces(cut.ids, [start for start, _ in cut.offsets])
    found: Pieces = held
    return found


def window_of(scene: Scene, pieces: Pieces, start: int, end: int) -> Window:
    """The first window that holds the passage and what follows it, as far as the text goes."""
    first, last = pieces.at(start, end)
    at = 0
    while at + LONG < len(pieces.ids) and last + AHEAD > at + LONG:
        at += STRIDE
    while first < at:
        at -= STRIDE
    last = min(last, at + LONG)
    return Window(at, (first - at, last - at), *_names_within(scene, pieces, at))


def _names_within(scene: Scene, pieces: Pieces, at: int) -> Names:
    held = scene.text.__dict__.get("_name_places")
    if held is None or held[0] is not scene.cast:
        held = (scene.cast, [pieces.at(one.start, one.end) for one in scene.cast.occurrences])
        scene.text.__dict__["_name_places"] = held
    end = min(at + LONG, len(pieces.ids))
    inside = [(n, (low - at, high - at)) for n, (low, high) in enumerate(held[1]) if at <= low and high <= end]
    return Names([n for n, _ in inside], [place for _, place in inside])


def decided(scene: Scene, window: Window, given: Answer, ruled: Ruled) -> Ruled:
    """The likeliest answer to each question, as an attribution that holds together."""
    heard = (ruled.who.speaker, ruled.who.organisation, ruled.relayed)
    best = {
        question: _in_full(_best(scene, window, given, n), name)
        for n, (question, name) in enumerate(zip(QUESTIONS, heard, strict=True))
    }
    anonymity = ANONYMITIES[int(np.argmax(given.anonymity))]
    speaker = best["speaker"] if anonymity == "named" else None
    organisation, echo = best["organisation"] or _kept(ruled, speaker), best["echo"]
    if organisation is not None and echo is not None and same_name(organisation.text, echo.text):
        organisation = None  # an outlet that is relayed is not the body behind the source
    if anonymity == "none":
        return Ruled(Attribution(), echo)
    if anonymity == "named" and speaker is None and organisation is None:
        return Ruled(ruled.who if ruled.who.anonymity == "named" else Attribution("unnamed", role=ruled.who.role), echo)
    role = ruled.who.role if ruled.who.anonymity == anonymity and _same(ruled.who.speaker, speaker) else None
    return Ruled(Attribution(anonymity, speaker, organisation, role), echo)


def _in_full(name: Name | None, ruled: Name | None) -> Name | None:
    """The rules' form of the name, where they answered the same: they know "The Times" of a text for one of that name."""
    return ruled if name is not None and ruled is not None and _same(name, ruled) else name


def _alike(one: Attribution, other: Attribution) -> bool:
    names = ((one.speaker, other.speaker), (one.organisation, other.organisation))
    return one.anonymity == other.anonymity and all(_same(*pair) for pair in names)


def _kept(ruled: Ruled, speaker: Name | None) -> Name | None:
    """The organisation that the rules found, unless it is somebody else's."""
    return ruled.who.organisation if _same(ruled.who.speaker, speaker) else None


def _same(one: Name | None, other: Name | None) -> bool:
    return same_name(one.text if one else None, other.text if other else None)


def _best(scene: Scene, window: Window, given: Answer, question: int) -> Name | None:
    """The bearer that all its occurrences together speak for most, None where "nobody" is likelier than any."""
    scores: dict[int, list[float]] = {}
    for at, n in enumerate(window.occurrences):
        scores.setdefault(answers_for(scene, n, question), []).append(float(given.names[at, question]))
    if not scores:
        return None
    total = {bearer: float(np.logaddexp.reduce(found)) for bearer, found in scores.items()}
    bearer = max(total, key=lambda b: (total[b], -b))
    return scene.cast.bearers[bearer].name if total[bearer] > given.nobody[question] else None


def answers_for(scene: Scene, n: int, question: int) -> int:
    """Whom an occurrence stands for: asked for the organisation, a person stands for the body it serves."""
    one = scene.cast.occurrences[n]
    if QUESTIONS[question] == "organisation" and one.serves is not None and scene.cast.bearers[one.bearer].kind == "person":
        return one.serves
    return one.bearer


@lru_cache(maxsize=1)
def load_sourcing() -> Sourcing | None:
    """The shipped models, or None where the packages that run them are missing. Raises ModelUnreadable."""
    found = installed()
    return Sourcing(Encoder(SHIPPED, found[1], remembered=WINDOWS), source_heads()) if found and SHIPPED.exists() else None


@lru_cache(maxsize=1)
def sourcing_version() -> str:
    """Names the shipped weights."""
    return hashlib.sha256(SHIPPED.read_bytes() + HEADS_FILE.read_bytes()).hexdigest()[:8]
