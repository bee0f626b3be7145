"""Why a passage was taken for a claim, or was not: the words it shares, what was measured, and what decided.

Everything is measured again by the functions that match, so nothing is told that they do not do.
"""

from typing import NamedTuple

from workers.claims import Watched, WatchList
from workers.features import CONTEXT, DIRECT, SIMILARITIES
from workers.match import Look, around, learned, look, model_for, restates, story_gate, threshold_of, weighed
from workers.text import Text
from workers.vectors import Vectors

_MOST_EFFECTS = 6
_IDLE = frozenset({"one", "logit", "share"})
"""Features that only sum up others, or are the same everywhere."""


class Shared(NamedTuple):
    """Words of the passage that the claim has too: as the text has them, their token, its weight, where the claim has it."""

    words: tuple[str, ...]
    token: str
    weight: float
    stands_in: tuple[str, ...]


class Effect(NamedTuple):
    """A measured feature, and what the score would be if it were nothing."""

    feature: str
    value: float
    score_without: int


class Gate(NamedTuple):
    """Which of the story's parties the article names, of how many it must name, and whether the claim came into question."""

    parties: tuple[str, ...]
    needed: int
    passed: bool


class Scored(NamedTuple):
    """The unit of text that was weighed. Scores and thresholds are in thousandths.

    `by_itself` is the score of the unit's own words, `with_context` that with its surroundings. `restated`: the unit all
    but repeats the claim, which alone makes it sure. `other_year`: it speaks of other years, which alone rules it out.
    """

    start: int
    end: int
    score: int
    threshold: int
    threshold_of: str
    by_itself: int
    with_context: int
    restated: bool
    other_year: bool
    similarity: float | None
    similarity_with_terms: float | None
    shared: tuple[Shared, ...]
    effects: tuple[Effect, ...]
    rival: str | None
    """The other claim for which the unit scores highest."""
    rival_score: int


class Match(NamedTuple):
    """`scored` is None if the claim did not come into question in this article."""

    gate: Gate
    scored: Scored | None


def matched(text: Text, watch: WatchList, vectors: Vectors | None, claim: str, at: int) -> Match:
    """What was measured of the unit at character `at` and this claim of the watch list. Raises KeyError for another claim."""
    n = watch.position[claim]
    looked = look(text, watch, vectors)
    chosen = looked is not None and n in looked.chosen
    met, needed = story_gate(text, watch, n)
    gate = Gate(tuple(met), needed, chosen)
    return Match(gate, _scored(looked, watch, vectors, n, text.unit_at(at)) if looked is not None and chosen else None)


def _scored(looked: Look, watch: WatchList, vectors: Vectors | None, n: int, i: int) -> Scored:
    c = list(looked.chosen).index(n)
    item, unit = watch.watched[n], looked.article.text.units[i]
    model = model_for(vectors)
    logits = looked.table @ model.direct
    rows = around(looked.article, looked.table, logits, looked.kin)
    value = dict(zip((*CONTEXT, *DIRECT), rows[i, c].tolist(), strict=True))
    scores = {watch.watched[m].claim.id: int(looked.scores[i, d]) for d, m in enumerate(looked.chosen) if m != n}
    rival = max(sorted(scores), key=lambda id_: scores[id_], default=None)
    rival_score = scores[rival] if rival else 0
    return Scored(
        unit.start, unit.end, int(looked.scores[i, c]), threshold_of(item.claim),
        "reader" if item.claim.threshold is None else "claim",
        by_itself=round(1000 * value["share"]),
        with_context=round(1000 * float(learned(rows[i, c], model))),
        restated=bool(restates(looked.table)[i, c]),
        other_year=value["other_year"] > 0,
        similarity=round(value["similar"], 3) if vectors else None,
        similarity_with_terms=round(value["similar_terms"], 3) if vectors else None,
        shared=_shared(looked, item, i),
        effects=_effects(looked, vectors, i, c),
        rival=rival if rival_score else None, rival_score=rival_score,
    )  # fmt: skip


def _shared(looked: Look, item: Watched, i: int) -> tuple[Shared, ...]:
    text, found = looked.article.text.text, dict[str, list[str]]()
    for token in looked.article.tokens[i]:
        if token.key in item.bag:
            found.setdefault(token.key, []).append(text[token.start : token.end])
    ranked = sorted(found, key=lambda key: (-item.bag[key], key))
    return tuple(Shared(tuple(dict.fromkeys(found[key])), key, round(item.bag[key], 3), _where(item, key)) for key in ranked)


def _where(item: Watched, key: str) -> tuple[str, ...]:
    places = {
        "sentence": key in item.core, "key terms": any(key in term.keys for term in item.terms),
        "actors": key in item.actors, "place": key in item.place,
    }  # fmt: skip
    return tuple(place for place, there in places.items() if there) or ("values",)


def _effects(looked: Look, vectors: Vectors | None, i: int, c: int) -> tuple[Effect, ...]:
    """The features without which the score would differ most, the most telling first."""
    score = int(looked.scores[i, c])
    found = [*_direct_effects(looked, vectors, i, c), *_context_effects(looked, vectors, i, c)]
    told = [effect for effect in found if effect.score_without != score]
    return tuple(sorted(told, key=lambda e: (-abs(e.score_without - score), e.feature))[:_MOST_EFFECTS])


def _direct_effects(looked: Look, vectors: Vectors | None, i: int, c: int) -> list[Effect]:
    model, found = model_for(vectors), []
    for f, name in enumerate(DIRECT):
        value = float(looked.table[i, c, f])
        if value and name not in _IDLE and (vectors or name not in SIMILARITIES):
            table = looked.table.copy()
            table[i, c, f] = 0.0
            found.append(Effect(name, round(value, 3), int(weighed(looked.article, table, model, looked.kin)[i, c])))
    return found


def _context_effects(looked: Look, vectors: Vectors | None, i: int, c: int) -> list[Effect]:
    """Their own weight only: a unit that all but repeats the claim, or speaks of other years, is scored by a rule."""
    if restates(looked.table)[i, c] or looked.scores[i, c] == 0:
        return []
    model = model_for(vectors)
    row = around(looked.article, looked.table, looked.table @ model.direct, looked.kin)[i, c]
    found = []
    for f, name in enumerate(CONTEXT):
        if row[f] and name not in _IDLE:
            other = row.copy()
            other[f] = 0.0
            found.append(Effect(name, round(float(row[f]), 3), round(1000 * float(learned(other, model)))))
    return found
