"""Who and what a text names: every occurrence of a name, with all occurrences of one bearer together."""

import re
from typing import NamedTuple

from store.claim import ClaimSet
from store.reading import Name, Span
from workers.names import Kind, find_entity, registry
from workers.party import names_in
from workers.text import Text

_DEED = re.compile(r" (?:Reports?|Reported|Says?|Said|Claims?|Denies|Denied|Confirms|Confirmed|Tells|Told|Writes|Quotes)$")
"""A verb with a capital, as headlines have it, is no part of the name before it."""
_LONGEST = 1500
"""Characters of a sentence that are searched: what is longer is no prose."""


class Bearer(NamedTuple):
    """A person, body or outlet under the name that the text's fullest form or the watch list gives it."""

    name: Name
    kind: Kind


class Occurrence(NamedTuple):
    """Characters [start, end), the bearer's place in the cast, and that of the body for which the bearer speaks, if any."""

    start: int
    end: int
    bearer: int
    serves: int | None


class Cast(NamedTuple):
    bearers: tuple[Bearer, ...]
    occurrences: tuple[Occurrence, ...]
    """In the order of the text."""


def cast_of(text: Text, claims: ClaimSet) -> Cast:
    """The cast of a text, gathered once for each text and watch list.

    A body for which somebody named speaks is a bearer even where the text never names it.
    """
    held = text.__dict__.get("_cast")
    if held is None or held[0] is not claims:
        held = (claims, _gathered(text, claims))
        text.__dict__["_cast"] = held
    found: Cast = held[1]
    return found


def _gathered(text: Text, claims: ClaimSet) -> Cast:
    places: dict[tuple[bool, str], int] = {}
    bearers: list[Bearer] = []

    def place(name: Name, kind: Kind) -> int:
        key = (name.entity is not None, name.entity or name.text.casefold())
        if key not in places:
            places[key] = len(bearers)
            bearers.append(Bearer(name, kind))
        return places[key]

    found = []
    for sentence in text.sentences:
        for start, last in names_in(text, claims, Span(sentence.start, min(sentence.end, sentence.start + _LONGEST))):
            deed = _DEED.search(text.text, start, last)
            end = deed.start() if deed else last
            known = registry(text, claims).resolve(start, end)
            if known.name.text:
                bearer = place(_country(claims, known.name) or known.name, known.kind)
                serves = place(_body(claims, known.organisation), "body") if known.organisation else None
                found.append(Occurrence(start, end, bearer, serves))
    return Cast(tuple(bearers), tuple(found))


def _country(claims: ClaimSet, name: Name) -> Name | None:
    """North Korea for "North Korean", where a text says whose leader or army speaks."""
    if name.entity is not None:
        return None
    stems = (name.text.removesuffix(ending) for ending in ("n", "an", "ian") if name.text.endswith(ending))
    found = next(filter(None, (find_entity(claims, stem) for stem in stems)), None)
    return Name(found.name, found.id, name.span) if found is not None else None


def _body(claims: ClaimSet, wording: str) -> Name:
    entity = find_entity(claims, wording)
    return Name(entity.name, entity.id) if entity else Name(wording)
