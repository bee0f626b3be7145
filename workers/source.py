"""Reads a noun phrase as a source: who it names, in whose service, or what kind of unnamed person."""

import re
from typing import Literal

import msgspec

from store.claim import ClaimSet
from store.reading import Attribution, Name, Span
from workers.names import (
    BODY_NOUN,
    CAPITALISED,
    ORDINARY,
    OUTLET_NOUN,
    PERSON_NOUN,
    Known,
    alias_pattern,
    is_personal,
    plain,
    registry,
)
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


_DOCUMENT = re.compile(
    r"^(?:reports?|stud(?:y|ies)|letters?|e-?mails?|notes?|memos?|documents?|records?|files?|statements?|surveys?|polls?|tests?|results?|figures?|data|images?|pictures?|photographs?|videos?|footage|tapes?|recordings?|texts?|articles?|stor(?:y|ies)|posts?|tweets?|signs?|maps?|analys[ie]s|findings?|evidence|laws?|rules?|contracts?|versions?|minutes|deal|agreement|question|news|rumou?rs?|talk|claims?|denials?|move|visit|decision|plan|meeting|event|thing|matter|fact|page|sentence|word|name|number|price|count|sale|product|finding|train|trip|summit)$",
    re.IGNORECASE,
)
"""Nouns that may stand before a reporting verb without being anybody who speaks."""
_PRONOUNS = frozenset({"one", "he", "she", "they", "it", "we", "i", "who", "which", "whose", "you", "that", "himself", "herself"})
_POSTMODIFIER = re.compile(
    r",|\s(?:who|whom|whose|which|that|with|familiar|close|briefed|working|speaking|advising|attending|of|at|from|for|in|on|to|inside|near|around|behind|involved|quoted|cited|by|through|outside|among|within|privy|opposed|loyal|asked|based|themselves|himself|herself|itself|asking|said|stopped|reached|contacted)\b"
)
_BODY_HEAD = re.compile(r"^(?:.*\b)?(?:Ministry|Department|University|Bank|Office|House|Council|Board|Court|Institute|College|Ministries|Church|Bureau|Secretariat|Chamber|Federation|Association|Union|Society|School|City|State|Republic|Kingdom|Government|Embassy|Port|Bishop|Governor)$")
_PLURAL = re.compile(r"^(?:two|three|four|five|six|seven|eight|nine|ten|several|some|many|most|both|others|dozens|a (?:few|dozen|number)|these|those|\w+ of)\b|(?:[^s']s|people|men|women|staff|police|counsel)$", re.IGNORECASE)
_TRADE = re.compile(r"(?:developer|maker|operator|publisher|manufacturer|owner|airline|company|firm|supplier|contractor|retailer|brewer|builder|producer|importer|exporter|distributor|group|club)s?$")
_COUNSEL = re.compile(r"\b[Cc]ounsel\b")


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
    names = _names(text, claims, place)
    head_end = _head_end(text, claims, place, names)
    if named := _ends_in_person(text, claims, place, names):
        return named
    inside = [n for n in names if n[0] < head_end]
    after = [n for n in names if n[0] >= head_end]
    if inside and inside[-1][1] >= head_end - 1:
        return _named_head(text, claims, place, inside, after, head_end)
    return _common_head(text, claims, place, inside, after, head_end)


def _ends_in_person(text: Text, claims: ClaimSet, place: Span, names: list[tuple[int, int]]) -> Source | None:
    """'Russia's envoy to the talks Ivan Petrov': a role with a tail of its own, then the name."""
    if not names or names[-1][1] < place.end or " " not in text.text[slice(*names[-1])]:
        return None
    before = text.text[place.start : names[-1][0]].rstrip()
    if not before or re.search(r"(?:,|\bwho\b|\b(?:for|to|of|with|in|at|by|near|from|like|and|or|that|than|against|about|on|the)$)", before) or " " not in before:
        return None
    known = registry(text, claims).resolve(*names[-1])
    if known.kind != "person":
        return None
    return _person(text, claims, place, known, before + " ", names[:-1], [], place.end)


def _names(text: Text, claims: ClaimSet, place: Span) -> list[tuple[int, int]]:
    """Bounds of the proper names in the phrase, entity spellings first."""
    found = [m.span() for m in alias_pattern(claims).finditer(text.text, place.start, place.end)]
    for match in CAPITALISED.finditer(text.text, place.start, place.end):
        low, high = match.span()
        while low < high and (word := re.match(r"[\w’'-]+", text.text[low:high])) and _ordinary(word[0]):
            low += word.end()
            while low < high and text.text[low] == " ":
                low += 1
        if low >= high or _common_start(text, low, high):
            continue
        if (tail := re.search(r" (?:of|for) (?:the )?", text.text[low:high])) and is_personal(text.text[low : low + tail.start()]):
            found.append((low + tail.end(), high))
            high = low + tail.start()
        touching = [f for f in found if f[0] < high and low < f[1]]
        if not touching:
            found.append((low, high))
        elif len(touching) == 1 and _widens(text, claims, touching[0], (low, high)):
            found.remove(touching[0])
            found.append((low, high))
    return sorted(found)


def _ordinary(word: str) -> bool:
    return word.casefold() in ORDINARY or bool(PERSON_NOUN.fullmatch(word)) or bool(BODY_NOUN.fullmatch(word) and word.islower())


def _common_start(text: Text, low: int, high: int) -> bool:
    """'Villagers asked': a capital that only opens the sentence, before a lower-case word."""
    word = text.text[low:high]
    opens = low == 0 or text.text[low - 1] in "“\"‘" or text.text[:low].rstrip()[-1:] in ".!?:\n"
    if " " in word or not opens or not re.search(r"(?:[^s'’]s|men|women|people)$", word):
        return False
    return not re.search(rf"(?<=[a-z,] ){re.escape(word)}\b", text.text)


def _widens(text: Text, claims: ClaimSet, alias: tuple[int, int], chunk: tuple[int, int]) -> bool:
    """'Detective Superintendent Mark Osei' holds 'Mark Osei': the entity stays; 'Tolver Rovers' is no 'Tolver'."""
    return chunk[1] > alias[1] and registry(text, claims).resolve(*alias).kind != "person"


def _head_end(text: Text, claims: ClaimSet, place: Span, names: list[tuple[int, int]]) -> int:
    for match in _POSTMODIFIER.finditer(text.text, place.start, place.end):
        within = any(low < match.start() < high for low, high in names)
        of_body = match[0].strip() == "of" and _BODY_HEAD.match(text.text[place.start : match.start()]) and text.text[match.end() :].lstrip()[:1].isupper()
        if not within and not of_body and match.start() > place.start:
            return match.start()
    return place.end


def _named_head(text: Text, claims: ClaimSet, place: Span, inside: list[tuple[int, int]], after: list[tuple[int, int]], head_end: int) -> Source:
    """'spokesman Graham Pell', 'the union's Kev Brannigan', 'the Health Directorate', 'Name of the Office'."""
    names = registry(text, claims)
    known = names.resolve(*inside[-1])
    before = text.text[place.start : inside[-1][0]]
    if OUTLET_NOUN.search(before):
        return Source("outlet", None, known.name, None, head=known.name.text)
    if known.kind == "person":
        return _person(text, claims, place, known, before, inside[:-1], after, head_end)
    for low, high in after:  # "Larkholm, through Piers Aldous"; "the county prosecutor, Dana Whitlock"
        apposed = names.resolve(low, high)
        lead = text.text[head_end:low]
        if apposed.kind == "person" and re.fullmatch(rf",\s*(?:through|via|in the person of)?\s*(?:(?:its|the|a) [\w ]+,? )?", lead):
            return _person(text, claims, place, apposed, before, inside, [], head_end)
    if known.kind == "outlet" or _calls_outlet(text, place, head_end):
        return Source("outlet", None, known.name, None, head=known.name.text)
    return Source("body", None, known.name, None, plural=False, head=known.name.text)


def _calls_outlet(text: Text, place: Span, head_end: int) -> bool:
    return bool(OUTLET_NOUN.search(text.text[place.start : head_end]) or re.match(r", an? [^,]{0,40}", text.text[head_end : place.end]) and OUTLET_NOUN.search(text.text[head_end : place.end]))


def _person(text: Text, claims: ClaimSet, place: Span, known: Known, before: str, inside: list[tuple[int, int]], after: list[tuple[int, int]], head_end: int) -> Source:
    names = registry(text, claims)
    role = _role(text, place, before, head_end)
    organisation = None
    if known.organisation:
        entity = claims.entity_by_id[claims.entity_by_id[known.name.entity or ""].speaks_for or ""]
        organisation = Name(entity.name, entity.id, None)
    employed = [n for n in after if re.search(r"\b(?:at|of|for|from|with) (?:the )?$", text.text[place.start : n[0]])]
    for low, high in [*inside, *employed, *after]:
        candidate = names.resolve(low, high)
        if candidate.kind != "person":
            if organisation is None:
                organisation = candidate.name
            elif organisation.entity == candidate.name.entity:
                organisation = candidate.name
            break
    if organisation is None and (noun := re.match(r"(?:[Tt]he |[Ii]ts |[Tt]heir )?([a-z]+(?: [a-z]+)?)['’]s ", before)):
        organisation = Name(noun[1], None, Span(place.start + noun.start(1), place.start + noun.end(1)))
    return Source("person", known.name, organisation, role, female=_told_gender(text.text[place.start : place.end], known), head=known.name.text)


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
    if match := re.match(r", (?:an? |the |its |his |her |their )?([a-z][^,]*)", text.text[head_end : place.end]):
        wording = match[1]
        if PERSON_NOUN.search(wording) or re.match(r"[\w -]+ (?:of|at|for) ", wording):
            return Name(wording, None, Span(head_end + match.start(1), head_end + match.end(1)))
    return None


def _common_head(text: Text, claims: ClaimSet, place: Span, inside: list[tuple[int, int]], after: list[tuple[int, int]], head_end: int) -> Source:
    """'two people familiar with it', 'a Larkholm manager', 'the company', 'the chief epidemiologist, Name'."""
    names = registry(text, claims)
    head = text.text[place.start : head_end]
    noun = head.split()[-1].casefold() if head.split() else ""
    for low, high in after:
        known = names.resolve(low, high)
        lead = text.text[head_end:low]
        if _TRADE.match(noun) and not is_personal(known.name.text):
            continue
        is_person = known.kind == "person" or (known.kind == "body" and known.name.entity is None and PERSON_NOUN.search(head) and " " in known.name.text)
        if is_person and re.fullmatch(r",\s*(?:[A-Z]\w+\.? )*|(?: (?:of|for|at|from|in|to|on) [^,]*|,[^,]*),\s*(?:[A-Z]\w+\.? )*", lead) and not _PLURAL.search(head):
            return _person(text, claims, place, known, head + " ", inside, [n for n in after if n != (low, high)], head_end)
    if after and re.fullmatch(r",\s*", text.text[head_end : after[0][0]]) and (BODY_NOUN.search(noun) or PERSON_NOUN.search(noun)) and after[0][1] >= place.end - 2:
        apposed = names.resolve(*after[0])
        return Source("outlet" if apposed.kind == "outlet" else "body", None, apposed.name, None, head=noun)
    if _DOCUMENT.match(noun):
        return _document(text, claims, place, inside, after, head_end, noun)
    whole = text.text[place.start : place.end]
    employer = _employer(text, claims, place, inside, after, head_end)
    if _COUNSEL.search(head):
        return Source("body", None, employer, Name("counsel", None, None), head="counsel")
    if PERSON_NOUN.search(head) and not (BODY_NOUN.fullmatch(noun) and not PERSON_NOUN.fullmatch(noun)):
        return Source("unnamed", None, employer, Name(whole, None, place), bool(_PLURAL.search(head.strip())), _common_gender(head), noun)
    if OUTLET_NOUN.search(head):
        outlet = names.resolve(*inside[0]).name if inside else names.resolve(*after[0]).name if after and re.fullmatch(r",\s*", text.text[head_end : after[0][0]]) else None
        return Source("outlet", None, outlet, Name(whole, None, place), head=noun)
    if BODY_NOUN.search(head):
        if inside:
            low = inside[0][0]
            known = names.resolve(low, inside[-1][1])
            wording = plain(text.text[low:head_end])
            name = known.name if known.name.entity else Name(wording, None, Span(low, head_end))
            return Source("body", None, name, None, head=noun)
        return Source("body", None, Name(re.sub(r"^(?:the|an?|its|his|her|their|our) ", "", head, flags=re.IGNORECASE).strip(), None, Span(place.start, head_end)), None, head=noun)
    if re.match(r"(?:nobody|no one|none|nothing|everybody|everyone|anyone)\b", head, re.IGNORECASE):
        return Source("nobody", head=noun)
    if inside and names.resolve(*inside[-1]).kind == "body" and inside[-1][1] >= head_end - 2:
        return Source("body", None, names.resolve(*inside[-1]).name, None, head=noun)
    if re.search(r"(?:er|or|ist|ian|ee|man|woman|ant|ers|ors|ists|ians|ees|men|women|ants)$", noun) and not re.search(r"\b(?:matter|letter|paper|factor|number|order|water|weather|winter|summer|power|river|border|error|member state)$", noun):
        return Source("unnamed", None, employer, Name(whole, None, place), bool(_PLURAL.search(head.strip())), _common_gender(head), noun)
    if re.match(r"[Tt]he |[Ii]ts |[Hh]is |[Hh]er |[Tt]heir |[Nn]either ", head):
        return Source("body", None, Name(re.sub(r"^\w+ ", "", head).strip(), None, Span(place.start, head_end)), None, head=noun)
    if re.search(r"[^s'’]s$", noun):
        return Source("unnamed", None, employer, Name(whole, None, place), plural=True, head=noun)
    return Source("nobody", head=noun)


def _document(text: Text, claims: ClaimSet, place: Span, inside: list[tuple[int, int]], after: list[tuple[int, int]], head_end: int, noun: str) -> Source:
    """'A report in the Daily Ledger', 'the institute's study', 'a count by the agency': whoever issued it."""
    names = registry(text, claims)
    for low, high in [*after, *inside]:
        lead = text.text[head_end:low] if low >= head_end else ""
        if re.fullmatch(r"|\s(?:published |released |issued |conducted )?(?:by|from|in|of|on) (?:the )?", lead):
            known = names.resolve(low, high)
            sort: Sort = "body" if known.kind == "person" else known.kind
            return Source(sort, None, known.name, None, head=noun)
    if issuer := re.match(r"(?:[Tt]he |[Ii]ts |[Aa]n? )?((?:[a-z]+ )?[a-z]+)['’]s? ", text.text[place.start : head_end]):
        if BODY_NOUN.search(issuer[1]):
            return Source("body", None, Name(issuer[1], None, Span(place.start + issuer.start(1), place.start + issuer.end(1))), None, head=issuer[1])
    return Source("nobody", head=noun)


def _common_gender(head: str) -> bool | None:
    if re.search(r"\b(?:woman|mother|spokeswoman|girl|widow|wife|sister|actress|businesswoman)\b", head, re.IGNORECASE):
        return True
    return False if re.search(r"\b(?:man|father|spokesman|boy|husband|brother|businessman)\b", head, re.IGNORECASE) else None


def _employer(text: Text, claims: ClaimSet, place: Span, inside: list[tuple[int, int]], after: list[tuple[int, int]], head_end: int) -> Name | None:
    """Whose official, manager or spokeswoman it is: 'a Larkholm manager', 'an official at the directorate'."""
    names = registry(text, claims)
    for low, high in [*inside, *after]:
        known = names.resolve(low, high)
        lead = text.text[head_end:low] if low >= head_end else ""
        branch = re.match(r" (?:intelligence|military|army|navy|police|defen[cs]e|government|security|treasury|health|justice)(?= )", text.text[high:head_end]) if high <= head_end else None
        if known.kind == "body" and branch:
            return Name(plain(text.text[low : high + branch.end()]), known.name.entity, Span(low, high + branch.end()))
        if known.kind != "person" and re.fullmatch(r"|\s(?:of|for|at|in|from|with|inside|within) (?:the |an? )?", lead):
            return known.name
    match = re.search(r"\s(?:of|for|at|in|from|inside|within) (the|its|their|his|her) ([a-z’'-]+(?: [a-z’'-]+)?)", text.text[head_end : place.end])
    if match and BODY_NOUN.search(match[2]):
        return Name(match[2], None, Span(head_end + match.start(2), head_end + match.end(2)))
    return None
