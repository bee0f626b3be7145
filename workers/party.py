"""One party of a reporting clause: the names in its phrase, and a person read with role and employer."""

import re
from typing import Literal

import msgspec

from store.claim import ClaimSet
from store.reading import Attribution, Name, Span
from workers.names import CAPITALISED, Known, alias_pattern, is_body_name, is_outlet_name, is_personal, registry
from workers.nouns import BODY_NOUN, DEMONYM, ORDINARY, PERSON_NOUN, PLACE_WORD, TITLE
from workers.text import Text

Sort = Literal["person", "body", "outlet", "unnamed", "pronoun", "nobody"]


class Source(msgspec.Struct, frozen=True):
    """One party of a reporting clause as far as its own words tell."""

    sort: Sort
    speaker: Name | None = None
    organisation: Name | None = None
    role: Name | None = None
    plural: bool = False
    female: bool | None = None
    head: str = ""
    """The head noun of a common-noun source or the pronoun, for the search of what it refers to."""

    @property
    def attribution(self) -> Attribution:
        if self.sort in {"person", "body"}:
            return Attribution("named", self.speaker, self.organisation, self.role)
        if self.sort in {"unnamed", "outlet"}:
            return Attribution("unnamed", None, self.organisation, self.role)
        return Attribution()


def names_in(text: Text, claims: ClaimSet, place: Span) -> list[tuple[int, int]]:
    """Bounds of the proper names in the phrase, entity spellings first."""
    found = [m.span() for m in alias_pattern(claims).finditer(text.text, place.start, place.end)]
    for match in CAPITALISED.finditer(text.text, place.start, place.end):
        low, high = match.span()
        while low < high and (word := re.match(r"[\w’'-]+", text.text[low:high])) and _ordinary(word[0]):
            low += word.end()
            while low < high and text.text[low] == " ":
                low += 1
        if low >= high or _common_start(text, low, high) or _TITLE.fullmatch(text.text, low, high):
            continue
        joined = _JOINED.match(text.text, low, high)
        if joined and (
            is_personal(joined["first"])
            or re.match(rf"{TITLE}\b", joined["then"])
            or any(f[0] == joined.start("then") for f in found)
        ):
            first = (low, low + len(joined["first"]))
            found += [] if any(f[0] < first[1] and first[0] < f[1] for f in found) else [first]
            low = joined.start("then")
        tail = re.search(r" (?:of|for) (?:the )?", text.text[low:high])
        if tail and is_outlet_name(text.text[low : low + tail.start()]):
            high = low + tail.start()
        elif tail and (is_personal(text.text[low : low + tail.start()]) or _served(text.text[low:high], tail)):
            found.append((low + tail.end(), high))
            high = low + tail.start()
        touching = [f for f in found if f[0] < high and low < f[1]]
        if not touching:
            found.append((low, high))
        elif len(touching) == 1 and _widens(text, claims, touching[0], (low, high)):
            found.remove(touching[0])
            found.append((low, high))
    return sorted(found)


_TITLE = re.compile(TITLE)
_JOINED = re.compile(r"(?P<first>[A-ZÀ-Þ][^,;]*?) and (?:the )?(?P<then>[A-ZÀ-Þ].*)")


def _served(wording: str, tail: re.Match[str]) -> bool:
    """'Mira Solberg of the Harbour Institute': two or three plain names, then a body."""
    first = wording[: tail.start()].split()
    plain_names = all(len(t) > 2 and t.replace("-", "").isalpha() and not _ordinary(t) and not is_body_name(t) for t in first)
    return 2 <= len(first) <= 3 and plain_names and first[0] not in PLACE_WORD and is_body_name(wording[tail.end() :])


def _ordinary(word: str) -> bool:
    return (
        word.casefold() in ORDINARY or bool(PERSON_NOUN.fullmatch(word)) or bool(BODY_NOUN.fullmatch(word) and word.islower())
    )


def _common_start(text: Text, low: int, high: int) -> bool:
    """'Villagers asked': a capital that only opens the sentence, before a lower-case word."""
    word = text.text[low:high]
    opens = low == 0 or text.text[low - 1] in '“"‘' or text.text[:low].rstrip()[-1:] in ".!?:\n"
    if " " in word or not opens:
        return False
    if re.search(rf"\b{re.escape(word.casefold())}\b", text.text) and not re.match(r"[’']s|[,.:]| (?:said"
        r"|says)\b", text.text[high:]):
        return not re.search(rf"(?<=[a-z,] ){re.escape(word)}\b", text.text)
    if not re.search(r"(?:[^s'’]s|men|women|people)$", word):
        return False
    return not re.search(rf"(?<=[a-z,] ){re.escape(word)}\b", text.text)


def _widens(text: Text, claims: ClaimSet, alias: tuple[int, int], chunk: tuple[int, int]) -> bool:
    """'Chief Inspector Ada Lind' holds 'Ada Lind': the entity stays; 'Acme Rovers' is no 'Acme'."""
    return chunk[1] > alias[1] and registry(text, claims).resolve(*alias).kind != "person"


def person(
    text: Text,
    claims: ClaimSet,
    place: Span,
    known: Known,
    before: str,
    inside: list[tuple[int, int]],
    after: list[tuple[int, int]],
    head_end: int,
) -> Source:
    names = registry(text, claims)
    role = _role(text, place, before, head_end)
    organisation = None
    if known.organisation:
        entity = claims.entity_by_id[claims.entity_by_id[known.name.entity or ""].speaks_for or ""]
        organisation = Name(entity.name, entity.id, None)
    employed = [n for n in after if re.search(r"\b(?:at|of|for|from|with) (?:the )?$", text.text[place.start : n[0]])]
    for low, high in [*inside, *employed, *after]:
        candidate = names.resolve(low, high)
        if candidate.kind != "person" and not _is_subject_matter(text, place, low, high):
            if organisation is None or organisation.entity == candidate.name.entity:
                organisation = candidate.name
            break
    if organisation is None and (noun := re.match(r"(?:[Tt]he |[Ii]ts |[Tt]heir )?([a-z]+(?: [a-z]+)?)['’]s ", before)):
        organisation = Name(noun[1], None, Span(place.start + noun.start(1), place.start + noun.end(1)))
    return Source(
        "person",
        known.name,
        organisation,
        role,
        female=_told_gender(text.text[place.start : place.end], known),
        head=known.name.text,
    )


_STUDENT = re.compile(
    r"[ -](?:[a-z]+ )?(?:expert|analyst|watcher|specialist|scholar|historian|correspondent|veteran|researcher|professor|hand"
    r"|studies|born|based)\b"
)
_FIELD = re.compile(r"\b(?:on|in|about|to|against|into|covering|studying|specialising|specializing|versed)(?: the)? $")


def _is_subject_matter(text: Text, place: Span, low: int, high: int) -> bool:
    """'Finland expert Jan Novak', 'a specialist on Finland': what somebody knows about, not whom they work for."""
    wording = text.text[low:high]
    if DEMONYM.fullmatch(wording) or re.search(r"\b(?:[Ff]ormer|ex-|[Rr]etired)\b", text.text[place.start : low]):
        return True
    return bool(_STUDENT.match(text.text[high : place.end])) or bool(_FIELD.search(text.text[place.start : low]))


def in_office(claims: ClaimSet, source: Source) -> Source:
    """A person with the watched ministry that their role names, where the watch list knows only their country."""
    role, employer = source.role, source.organisation
    if source.sort != "person" or role is None or employer is None or employer.entity is None:
        return source
    field = re.search(r"(\w+) minist(?:er|ry)", role.text.casefold().replace("defense", "defence"))
    if field is None:
        return source
    for entity in claims.entities:
        if entity.speaks_for != employer.entity:
            continue
        for spelling in (entity.name, *entity.aliases):
            words = set(spelling.casefold().replace("defense", "defence").split()) - {"of", "the"}
            if {"ministry", field[1]} <= words:
                return msgspec.structs.replace(source, organisation=Name(entity.name, entity.id))
    return source


def _told_gender(phrase: str, known: Known) -> bool | None:
    if re.search(r"\b(?:spokeswoman|chairwoman|actress|widow|wife|mother|daughter|sister|Ms|Mrs)\b", phrase):
        return True
    if re.search(r"\b(?:spokesman|chairman|husband|father|son|brother|Mr|Sir)\b", phrase):
        return False
    return known.female


def _role(text: Text, place: Span, before: str, head_end: int) -> Name | None:
    """The words that say what the person is: before the name, or in apposition after it."""
    own = re.sub(r"^(?:.*['’]s? )?(?:[Tt]he |[Aa]n? |[Ii]ts |[Hh]is |[Hh]er |[Tt]heir )?", "", before).strip(" ,")
    if re.search(r"[a-z]", own):
        start = place.start + before.rfind(own)
        return Name(own, None, Span(start, start + len(own)))
    if match := re.match(
        r", (?:an? |the |its |his |her |their "
        r"|(?:[A-Z]\w+ ?)+['’]s? )?([a-z][^,]*)",
        text.text[head_end : place.end],
    ):
        wording = match[1]
        if PERSON_NOUN.search(wording) or re.match(r"[\w -]+ (?:of|at|for) ", wording):
            return Name(wording, None, Span(head_end + match.start(1), head_end + match.end(1)))
    return None
