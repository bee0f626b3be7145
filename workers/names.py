"""Names in a text: what they name (a person, a body, an outlet) and their canonical form."""

import re
from functools import cached_property, lru_cache
from typing import Literal

import msgspec

from store.claim import ClaimSet, Entity
from store.reading import Name, Span
from workers.nouns import BODY_NOUN, BODY_WORD, FEMALE, GIVEN, KNOWN_OUTLETS, ORDINARY, OUTLET_WORD, PLACE_WORD, TITLE
from workers.spellings import Finder
from workers.text import Text

Kind = Literal["person", "body", "outlet"]

_TITLES = re.compile(rf"^(?:(?:{TITLE})\.? )+")
_CAP = r"(?:[A-ZÀ-ÞŁŠŽČĐ]\.|[A-ZÀ-ÞŁŠŽČĐ][\w’'‑-]*)"
CAPITALISED = re.compile(rf"{_CAP}(?:(?: (?:of|for|and|&|de|da|di|van|von|der|den|la|le|bin|al|el|the))* {_CAP})*")
_BODY = re.compile(BODY_WORD)


_PRINTS = re.compile(
    rf"\b(?:(?:quoted|printed|published|carried|reported|broadcast|aired) (?:by|in|on) (?:the )?"
    r"|(?:newspaper|paper|daily|weekly|tabloid|broadsheet|broadcaster|website|magazine|news agency|agency|news site),? )"
    rf"(?P<after>{CAPITALISED.pattern})"
    rf"|(?P<before>{CAPITALISED.pattern})(?:['’]s? (?:own )?(?:report(?:er|ing)?s?|stor(?:y|ies)|correspondents?"
    rf"|dispatch(?:es)?|columnists?"
    r"|front page|scoop|exclusive|website|newsroom|readers?|editors?)\b"
    r"|(?:,? (?:the|a|an) (?:\w+ ){0,2})?,? (?:newspaper|daily|weekly|tabloid|broadsheet|broadcaster|website|magazine"
    r"|news agency)\b"
    r"| (?:reported|reports|published|prints|printed|quoted|quotes) (?=that\b|on\b|last\b|earlier\b|yesterday\b|in its\b))"
)
"""Wordings that show a name to be a news outlet's."""


class Known(msgspec.Struct, frozen=True):
    """One name that the text uses: canonical form, what it is, and how it is told apart from its like."""

    name: Name
    kind: Kind
    organisation: str | None = None
    female: bool | None = None


class Registry(msgspec.Struct, frozen=True, dict=True):
    """All that a text calls by name, resolved against the watch list's entities."""

    text: Text
    claims: ClaimSet
    people: dict[str, tuple[str, Span]]
    """Last (and first) words of persons' names to the fullest form in the text."""

    def resolve(self, start: int, end: int) -> Known:
        """The bearer of the name at these characters."""
        wording = plain(self.text.text[start:end])
        span = Span(start, end)
        entity = find_entity(self.claims, wording) if wording else None
        if entity is None and (fuller := self.people.get(untitled(wording).casefold())):
            wording = fuller[0]
            entity = find_entity(self.claims, wording)
        entity = entity or self._short_outlet(wording)
        if entity is not None:
            known = known_entity(self.claims, entity, span)
            unheard = known.kind == "body" and entity.speaks_for is None and entity.id not in self.claims.settling
            return msgspec.structs.replace(known, kind="outlet") if unheard and entity.name in self._press else known
        bare = untitled(wording)
        return Known(Name(bare, None, span), self._kind(bare, wording), None, gender(wording))

    @cached_property
    def _press(self) -> frozenset[str]:
        """What the text treats as outlets: quotes from, calls a paper, credits with a report."""
        found = {plain(m["before"] or m["after"]) for m in _PRINTS.finditer(self.text.text)}
        entities = (find_entity(self.claims, wording) for wording in found)
        return frozenset(found | {e.name for e in entities if e is not None})

    def _short_outlet(self, wording: str) -> Entity | None:
        """'The Times' in a text that gives the outlet's full name too."""
        if " " in wording or not is_outlet_name(wording):
            return None
        fuller = (e for e in self.claims.entities if e.name.endswith(" " + wording) and is_outlet_name(e.name))
        return next((e for e in fuller if e.name in self.text.text), None)

    def _kind(self, bare: str, wording: str) -> Kind:
        if is_outlet_name(bare) or (bare in self._press and not is_body_name(bare) and not is_personal(wording)):
            return "outlet"
        if bare != wording or bare.casefold() in self.people:
            return "person"
        tokens = bare.split()
        if not tokens or any(_BODY.match(token) for token in tokens):
            return "body"
        if tokens[0].casefold() in GIVEN and len(tokens) > 1:
            return "person"
        if len(tokens) == 1 and goes_on_as_person(bare, self.text.text):
            return "person"
        return "person" if self._acts_as_person(tokens) else "body"

    def _acts_as_person(self, tokens: list[str]) -> bool:
        """Two or three unknown words with a surname's look: 'Jan Novak', but not 'Acme Metals' or 'New Haven'."""
        if not 2 <= len(tokens) <= 3 or tokens[0] in PLACE_WORD:
            return False
        return not re.search(r"(?:[^s]s|ing|tion|ry|ware|ia|land|ese|ian)$", tokens[-1]) and all(
            t[:1].isupper() for t in tokens
        )


_OPENS = re.compile(r"(?<![Tt]he )\b")
_PRONOUN_FOLLOWS = re.compile(r"\b[^.!?]{0,120}\b(?:he|she|his|her|him)\b")


def goes_on_as_person(name: str, text: str) -> bool:
    """Whether a sentence goes on from the name with "he" or "she". No pattern of its own for each name: compiling it would
    cost more than searching, and push others out of `re`'s cache."""
    at = text.find(name)
    while at >= 0 and not (_OPENS.match(text, at) and _PRONOUN_FOLLOWS.match(text, at + len(name))):
        at = text.find(name, at + 1)
    return at >= 0


@lru_cache(maxsize=1 << 14)
def plain(wording: str) -> str:
    """A name without article, possessive ending and typographic quotes."""
    wording = re.sub(r"\s+", " ", wording.replace("’", "'").replace("‑", "-")).strip(' ,.;:"“”')
    wording = re.sub(r"'s$|(?<=s)'$", "", wording)
    return re.sub(r"^[Tt]he (?=[A-Z])", "", wording)


def untitled(wording: str) -> str:
    return _TITLES.sub("", wording) or wording


def gender(wording: str) -> bool | None:
    """Whether a name is a woman's; None when neither title nor given name tells."""
    if re.match(r"(?:Ms|Mrs|Miss|Dame|Lady|Baroness|Queen|Princess|Sister)\b", wording):
        return True
    if re.match(r"(?:Mr|Sir|Lord|King|Prince|Brother|Father)\b", wording):
        return False
    first = (untitled(wording).split() or [""])[0].casefold()
    return True if first in FEMALE else False if first in GIVEN else None


def is_body_name(wording: str) -> bool:
    """Whether a word of the name is one of institutions and firms."""
    return any(_BODY.match(token) for token in wording.split()) or bool(BODY_NOUN.search(wording))


def is_personal(wording: str) -> bool:
    """Whether the words are a person's name by title or given name."""
    bare = untitled(wording)
    tokens = bare.split()
    return (
        bool(tokens)
        and not any(_BODY.match(t) for t in tokens)
        and (bare != wording or (len(tokens) > 1 and tokens[0].casefold() in GIVEN))
    )


def find_entity(claims: ClaimSet, wording: str) -> Entity | None:
    """The entity of that name or alias, with or without title and article."""
    index = _index(claims)
    for form in (wording, untitled(wording), "the " + wording, re.sub("^[Tt]he ", "", wording)):
        found = index.get(plain(form).casefold()) or index.get(form.casefold())
        if found:
            return found
    return None


def _index(claims: ClaimSet) -> dict[str, Entity]:
    held = claims.__dict__.get("_spellings")
    if held is None:
        held = {}
        for entity in claims.entities:
            for spelling in (entity.name, *entity.aliases):
                held.setdefault(plain(spelling).casefold(), entity)
                held.setdefault(spelling.replace("’", "'").casefold(), entity)
        claims.__dict__["_spellings"] = held
    return held


def alias_pattern(claims: ClaimSet) -> Finder:
    """Finds every capitalised spelling of every entity as whole words, longest first."""
    held = claims.__dict__.get("_alias_pattern")
    if held is None:
        held = Finder(s for e in claims.entities for s in (e.name, *e.aliases) if s[:1].isupper())
        claims.__dict__["_alias_pattern"] = held
    return held


def house_name(text: Text, entity: Entity) -> str:
    """The entity's name, or an alias that shares no word with it: an abbreviation if that is commoner in this text ("DPRK"
    for North Korea), any other only where the name itself stands nowhere, since "Moscow" is a city as well."""
    held = text.__dict__.setdefault("_house_names", {})
    if entity.id not in held:
        own = set(entity.name.casefold().split())
        initials = "".join(re.findall(r"\b[A-Z]", entity.name))
        others = [
            a
            for a in entity.aliases
            if a[:1].isupper() and a.replace(".", "") not in initials and not own & set(a.casefold().split())
        ]
        short = [a for a in entity.aliases if a.replace(".", "") in initials]
        called = {n: len(re.findall(rf"\b{re.escape(n)}(?!\w)", text.text)) for n in (entity.name, *others, *short)}
        plainly = called[entity.name] + sum(called[a] for a in short)
        rivals = [n for n in others if n.replace(".", "").isupper() or not plainly]
        held[entity.id] = max([(plainly, entity.name), *((called[n], n) for n in rivals)], key=lambda c: c[0])[1]
    found: str = held[entity.id]
    return found


def known_entity(claims: ClaimSet, entity: Entity, span: Span | None) -> Known:
    """An entity with its kind and the name of whom it speaks for."""
    employer = claims.entity_by_id.get(entity.speaks_for) if entity.speaks_for else None
    kind = entity_kind(entity)
    return Known(
        Name(entity.name, entity.id, span),
        kind,
        employer.name if employer else None,
        _entity_gender(entity) if kind == "person" else None,
    )


def _entity_gender(entity: Entity) -> bool | None:
    told = [gender(s) for s in (*entity.aliases, entity.name)]
    return next((t for t in told if t is not None), None)


def entity_kind(entity: Entity) -> Kind:
    """Person, body or outlet, judged by the shape of the entity's names."""
    name = entity.name
    if is_outlet_name(name) and entity.speaks_for is None:
        return "outlet"
    tokens = untitled(name).split()
    if any(_BODY.match(token) or (token[:1].islower() and len(token) > 3) for token in tokens):
        return "body"
    titled = any(_TITLES.match(s) for s in (name, *entity.aliases))
    surname = len(tokens) > 1 and tokens[-1] in entity.aliases
    if titled or surname or (len(tokens) > 1 and (entity.speaks_for or tokens[0].casefold() in GIVEN)):
        return "person"
    return "body"


def is_outlet_name(name: str) -> bool:
    """Whether a name is a news outlet's by itself: a known one, or one that ends in a word of the trade."""
    bare = re.sub(r"^[Tt]he ", "", name)
    return bare.casefold() in KNOWN_OUTLETS or ("the " + bare).casefold() in KNOWN_OUTLETS or bool(OUTLET_WORD.search(bare))


_PERSON = re.compile(
    rf"(?:(?P<title>(?:{TITLE}\.? )+)|(?P<role>\b[a-z]+(?:man|woman|person|er|or|ist|chief|head"
    r"|executive|minister|secretary|professor|judge|president|analyst|boss|captain|mayor|coach"
    r"|leader) ))?"
    rf"(?P<name>\b{_CAP}(?: (?:de|da|di|van|von|der|den|la|le|bin|al|el|ten|ter|dos"
    rf"|del)){{0,2}}(?: {_CAP}){{1,3}})"
    r"(?P<after>, (?:\d\d\b|a |an |the |who |[a-z]+ (?:of|at|for) |[a-z]+ [a-z]+ (?:of|at|for) )"
    r"| (?:said|says|told|added)\b)?"
)


def registry(text: Text, claims: ClaimSet) -> Registry:
    """The names of a text, gathered once for each text and watch list."""
    held = text.__dict__.get("_registry")
    if held is None or held.claims is not claims:
        held = Registry(text, claims, _people(text))
        text.__dict__["_registry"] = held
    return held


def _people(text: Text) -> dict[str, tuple[str, Span]]:
    found: dict[str, tuple[str, Span]] = {}
    for match in _PERSON.finditer(text.text):
        name, start = plain(match["name"]), match.start("name")
        first, *rest = untitled(name).split()
        if first.casefold() in ORDINARY or not rest or any(_BODY.match(t) for t in (first, *rest)) or is_outlet_name(name):
            continue
        if not (match["title"] or match["role"] or match["after"] or first.casefold() in GIVEN or name != untitled(name)):
            continue
        full = untitled(name)
        span = Span(start, start + len(match["name"]))
        for key in {
            full.casefold(),
            rest[-1].casefold(),
            first.casefold() if first.casefold() not in GIVEN else rest[-1].casefold(),
        }:
            if key not in found or len(found[key][0]) < len(full):
                found[key] = (full, span)
    return found
