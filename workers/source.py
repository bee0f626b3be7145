"""Reads a noun phrase as a source: who it names, in whose service, or what kind of unnamed person."""

import re
from itertools import pairwise

from store.claim import ClaimSet
from store.reading import Name, Span
from workers.described import described
from workers.names import registry
from workers.nouns import DEMONYM, OUTLET_NOUN, PERSON_NOUN, STATE_INITIALS
from workers.party import Source, names_in, person
from workers.text import Text

_PRONOUNS = frozenset(
    {
        "one",
        "he",
        "she",
        "they",
        "it",
        "we",
        "i",
        "who",
        "which",
        "whose",
        "you",
        "that",
        "himself",
        "herself",
    }
)
_POSTMODIFIER = re.compile(
    r",|\s(?:who|whom|whose|which|that|with|familiar|close|briefed|working|speaking|advising"
    r"|attending|of|at|from|for|in|on|to|inside|near|around|behind|involved|quoted|cited|by"
    r"|through|outside|among|within|privy|opposed|loyal|asked|based|themselves|himself|herself"
    r"|itself|asking|said|stopped|reached|contacted)\b"
)
_OF_SEVERAL_STATES = re.compile(
    rf"(?:the |some |several |two |three |senior )*(?P<who>(?:{DEMONYM.pattern}|{STATE_INITIALS.pattern}),? and "
    rf"(?:{DEMONYM.pattern}|{STATE_INITIALS.pattern}|[a-z]+) (?:[a-z-]+ )?{PERSON_NOUN.pattern})"
)
"""'American and allied officials': people of more than one country, in nobody's service that could be named."""
_BODY_HEAD = re.compile(
    r"^(?:.*\b)?(?:Ministry|Department|University|Bank|Office|House|Council|Board|Court|Institute"
    r"|College|Ministries|Church|Bureau|Secretariat|Chamber|Federation|Association|Union|Society"
    r"|School|City|State|Republic|Kingdom|Government|Embassy|Port|Bishop|Governor)$"
)


def read_source(text: Text, claims: ClaimSet, place: Span) -> Source:
    """What the noun phrase at `place` says about its referent; references are left open (see `attribution`)."""
    phrase = text.text[place.start : place.end]
    lower = phrase.casefold().strip()
    if re.fullmatch(r"(?:the|this) (?:author|writer|reporter|correspondent|columnist)", lower):
        return Source("pronoun", head="i")
    if lower.startswith("whose "):
        return Source("pronoun", head="whose")
    if lower in _PRONOUNS:
        female = {"she": True, "he": False}.get(lower)
        return Source("pronoun", plural=lower == "they", female=female, head=lower)
    if several := _OF_SEVERAL_STATES.match(phrase):
        low, high = place.start + several.start("who"), place.start + several.end("who")
        return Source("unnamed", role=Name(text.text[low:high], None, Span(low, high)), plural=True)
    names = names_in(text, claims, place)
    head_end = _head_end(text, place, names)
    if named := _ends_in_person(text, claims, place, names):
        return named
    inside = _first_of_joined(text, [n for n in names if n[0] < head_end])
    after = [n for n in names if n[0] >= head_end]
    if inside and (inside[-1][1] >= head_end - 1 or re.match(r",? and\b", text.text[inside[-1][1] : head_end])):
        return _named_head(text, claims, place, inside, after, head_end)
    return described(text, claims, place, inside, after, head_end)


def _first_of_joined(text: Text, inside: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """'Acme and the Harbour Board': the first of names joined by 'and'."""
    for n, (low, high) in enumerate(pairwise(inside)):
        if re.fullmatch(r",? and (?:the )?", text.text[low[1] : high[0]]):
            return inside[: n + 1]
    return inside


def _ends_in_person(text: Text, claims: ClaimSet, place: Span, names: list[tuple[int, int]]) -> Source | None:
    """'Russia's envoy to the talks Ivan Petrov': a role with a tail of its own, then the name."""
    if not names or names[-1][1] < place.end or " " not in text.text[slice(*names[-1])]:
        return None
    before = text.text[place.start : names[-1][0]].rstrip()
    if (
        not before
        or re.search(
            r"(?:,|\bwho\b|\b(?:for|to|of|with|in|at|by|near|from|like|and|or|that|than|against|about|on"
            r"|the)$)",
            before,
        )
        or " " not in before
    ):
        return None
    known = registry(text, claims).resolve(*names[-1])
    if known.kind != "person":
        return None
    return person(text, claims, place, known, before + " ", names[:-1], [], place.end)


def _head_end(text: Text, place: Span, names: list[tuple[int, int]]) -> int:
    for match in _POSTMODIFIER.finditer(text.text, place.start, place.end):
        within = any(low < match.start() < high for low, high in names)
        of_body = (
            match[0].strip() == "of"
            and _BODY_HEAD.match(text.text[place.start : match.start()])
            and text.text[match.end() :].lstrip()[:1].isupper()
        )
        if not within and not of_body and match.start() > place.start:
            return match.start()
    return place.end


def _named_head(
    text: Text,
    claims: ClaimSet,
    place: Span,
    inside: list[tuple[int, int]],
    after: list[tuple[int, int]],
    head_end: int,
) -> Source:
    """'spokesman Jan Novak', 'the union's Ada Lind', 'the Health Council', 'Name of the Office'."""
    names = registry(text, claims)
    known = names.resolve(*inside[-1])
    before = text.text[place.start : inside[-1][0]]
    entity = claims.entity_by_id.get(known.name.entity or "")
    if known.kind != "person" and entity is not None and entity.speaks_for:  # a state's news agency speaks for the state
        return Source("body", None, known.name, None, head=known.name.text)
    if OUTLET_NOUN.search(before):
        return Source("outlet", None, known.name, None, head=known.name.text)
    if known.kind == "person":
        return person(text, claims, place, known, before, inside[:-1], after, head_end)
    for low, high in after:  # "Acme, through Jan Novak"; "the county prosecutor, Ada Lind"
        apposed = names.resolve(low, high)
        lead = text.text[head_end:low]
        if apposed.kind == "person" and re.fullmatch(
            r",\s*(?:through|via|in the person of)?\s*(?:(?:its|the|a) [\w ]+,? )?", lead
        ):
            return person(text, claims, place, apposed, before, inside, [], head_end)
    if known.kind == "outlet" or calls_outlet(text, place, head_end):
        return Source("outlet", None, known.name, None, head=known.name.text)
    return Source("body", None, known.name, None, plural=False, head=known.name.text)


def calls_outlet(text: Text, place: Span, head_end: int) -> bool:
    return bool(
        OUTLET_NOUN.search(text.text[place.start : head_end])
        or re.match(rf", an? [^,]{{0,40}}{OUTLET_NOUN.pattern}", text.text[head_end : place.end])
    )
