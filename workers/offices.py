"""Who is meant by 'the minister', 'the commodore', 'the owner': the one person whom the text or the watch list so describes."""

import re

from store.claim import ClaimSet, Entity
from store.reading import Name, Span
from workers.names import CAPITALISED, registry, untitled
from workers.nouns import PERSON_NOUN, TITLE
from workers.party import Source
from workers.text import Text

_BEFORE = re.compile(rf"(?:(?:{TITLE})\.? )+$|(?:[A-Za-z][\w’'-]* ){{1,4}}$|,? [a-z][\w -]{{2,50}},? $")
_AFTER = re.compile(r",? (?:\d\d, )?(?:(?:the|its|a|an|his|her|their"
    r"|[A-Z][\w ]+['’]s?) )?(?P<role>[a-z][\w -]{2,60}?)(?=[,.;]| (?:of|for|at|who|in) )")


def bearer(text: Text, claims: ClaimSet, phrase: str, before: int) -> Span | None:
    """Where the text names the one person who bears the office of `phrase`; None if there is nobody or more than one.

    Whoever was brought in before the character `before` goes before those whom the text names later.
    """
    wanted = set(re.findall(r"[a-z]+", phrase.casefold())) - _IDLE
    if not wanted or not any(PERSON_NOUN.fullmatch(word) for word in wanted):
        return None
    found = [(span, name) for span, name, words in _described(text, claims) if wanted <= words]
    for some in ([f for f in found if f[0].start < before], found):
        if len({name for _, name in some}) == 1:
            return some[-1][0]
        if some:
            return None
    return None


_IDLE = frozenset({"the", "its", "his", "her", "their", "our", "own", "in", "charge", "new", "same", "latter", "former", "s"})


def _described(text: Text, claims: ClaimSet) -> list[tuple[Span, str, frozenset[str]]]:
    """Each place where a person is named beside words for what they are, with those words."""
    held = text.__dict__.get("_offices")
    if held is None or held[0] is not claims:
        held = (claims, list(_look(text, claims)))
        text.__dict__["_offices"] = held
    found: list[tuple[Span, str, frozenset[str]]] = held[1]
    return found


def _look(text: Text, claims: ClaimSet) -> list[tuple[Span, str, frozenset[str]]]:
    names, found = registry(text, claims), []
    for match in CAPITALISED.finditer(text.text):
        known = names.resolve(*match.span())
        if known.kind != "person":
            continue
        before = _BEFORE.search(text.text, max(0, match.start() - 60), match.start())
        after = _AFTER.match(text.text, match.end())
        title = match[0].removesuffix(untitled(match[0]))
        entity = claims.entity_by_id.get(known.name.entity or "")
        aliases = " ".join(_title_of(alias) for alias in (entity.aliases if entity else ()))
        wording = f"{before[0] if before else ''} {title} {after['role'] if after else ''} {aliases}"
        words = frozenset(w for w in re.findall(r"[a-z]+", wording.casefold()))
        if any(PERSON_NOUN.fullmatch(word) for word in words):
            found.append((Span(*match.span()), known.name.text, words))
    return found


def _title_of(alias: str) -> str:
    return alias.removesuffix(untitled(alias)) or (alias if alias[:1].islower() else "")


def holder(claims: ClaimSet, office: str) -> Entity | None:
    """The one entity with an alias such as 'food minister' for 'the minister'."""
    found = {e.id: e for e in claims.entities for a in e.aliases if a.endswith(" " + office)}
    return next(iter(found.values())) if len(found) == 1 else None


OFFICES = tuple(
    re.compile(rf"(?:{words})", re.IGNORECASE)
    for words in (
        "diplomat|ambassador|envoy|consul|foreign minist|embassy",
        "spokes|press secretary",
        "general|gen\\b|admiral|colonel|commander|marshal|chairman",
        "politician|lawmaker|senator|minister|deputy|leader|governor|president|secretary|mayor|legislator|premier",
        "academic|professor|expert|scholar|researcher|analyst|fellow|historian|economist",
    )
)


def known_as(claims: ClaimSet, person: Source) -> str:
    """A person's role in the text, with the titles by which the watch list knows them."""
    entity = claims.entity_by_id.get(person.speaker.entity or "") if person.speaker else None
    return " ".join((person.role.text if person.role else "", *(entity.aliases if entity else ())))


PROFESSION = re.compile(
    r"(?:olog|ist$|ian$|doctor|surgeon|scientist|engineer|professor|executive|boss|coach|singer"
    r"|actor|actress|author)"
)


def office_of(claims: ClaimSet, noun: str) -> Name | None:
    """'The prosecutor' for the watched 'County Prosecutor's Office', if there is just one such."""
    found = [e for e in claims.entities if re.search(rf"\b{re.escape(noun)}(?:'s|’s)? Office$", e.name, re.IGNORECASE)]
    return Name(found[0].name, found[0].id) if len(found) == 1 else None


def read_source_of(claims: ClaimSet, name: Name, source: Source) -> Source:
    """A named person's source where only a description of them stands in the text."""
    entity = claims.entity_by_id[name.entity or ""]
    employer = claims.entity_by_id.get(entity.speaks_for) if entity.speaks_for else None
    return Source(
        "person",
        name,
        Name(employer.name, employer.id) if employer else None,
        source.role,
        female=source.female,
        head=name.text,
    )
