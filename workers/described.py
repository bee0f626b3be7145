"""Reads a noun phrase headed by a common noun: unnamed people, bodies, documents, and names in apposition."""

import re

from store.claim import ClaimSet, Entity
from store.reading import Name, Span
from workers.names import Known, find_entity, is_body_name, is_personal, plain, registry
from workers.nouns import BODY_NOUN, DEMONYM, OUTLET_NOUN, PERSON_NOUN, STATE_INITIALS, STATE_ORGAN
from workers.party import Sort, Source, person
from workers.text import Text

_DOCUMENT = re.compile(
    r"^(?:reports?|accounts?|dispatch(?:es)?|despatch(?:es)?|timetables?|sheets?|stud(?:y|ies)|letters?|e-?mails?"
    r"|notes?|memos?|documents?|records?|files?"
    r"|statements?|surveys?|polls?|tests?|results?|figures?|data|images?|pictures?|photographs?"
    r"|videos?|footage|tapes?|recordings?|texts?|articles?|stor(?:y|ies)|posts?|tweets?|signs?"
    r"|maps?|analys[ie]s|findings?|evidence|laws?|rules?|contracts?|versions?|minutes|deal"
    r"|agreement|question|news|rumou?rs?|talk|claims?|denials?|move|visit|decision|plan|meeting"
    r"|event|thing|matter|fact|pages?|paragraphs?|annex|clause|heading|sentence|word|name|number|price|count|sale"
    r"|product|finding"
    r"|train|trip|summit)$",
    re.IGNORECASE,
)
"""Nouns that may stand before a reporting verb without being anybody who speaks."""
_THING = re.compile(
    r"(?:move|visit|decision|plan|meeting|event|thing|matter|fact|page|paragraph|annex|clause|heading|sentence|word"
    r"|name|number|price|sale|product|train|trip"
    r"|summit)s?$"
)
_THINGS = re.compile(r"(?:tion|ment|ness|ity|age|ure|ing|ence|ance|ship|th|cause|search|cabinet|entry|truth|idea|rest"
    r"|boat|body)$")
"""Endings of nouns that are nobody's: 'the distinction', 'the search'."""
_PLURAL = re.compile(
    r"^(?:two|three|four|five|six|seven|eight|nine|ten|several|some|many|most|both|others|dozens"
    r"|a (?:few|dozen|number)|these|those|\w+ of)\b|(?:[^s']s|people|men|women|staff|police"
    r"|counsel)$",
    re.IGNORECASE,
)
_TRADE = re.compile(
    r"(?:developer|maker|operator|publisher|manufacturer|owner|airline|company|firm|supplier"
    r"|contractor|retailer|brewer|builder|producer|importer|exporter|distributor|group|club)s?$"
)
_COUNSEL = re.compile(r"\b[Cc]ounsel\b")


def described(
    text: Text,
    claims: ClaimSet,
    place: Span,
    inside: list[tuple[int, int]],
    after: list[tuple[int, int]],
    head_end: int,
) -> Source:
    """'two people familiar with it', 'an Acme manager', 'the company', 'the chief epidemiologist, Name'."""
    names = registry(text, claims)
    head = text.text[place.start : head_end]
    noun = head.split()[-1].casefold() if head.split() else ""
    for low, high in after:
        known = names.resolve(low, high)
        lead = text.text[head_end:low]
        watched = known.kind == "person" and known.name.entity is not None
        if _TRADE.match(noun) and not (watched or is_personal(known.name.text)):
            continue
        is_person = known.kind == "person" or (
            known.kind == "body" and known.name.entity is None and PERSON_NOUN.search(head) and " " in known.name.text
        )
        if (
            is_person
            and re.fullmatch(
                r",\s*(?:[A-Z]\w+\.? )*|(?: (?:of|for|at|from|in|to|on) [^,]*|,[^,]*),\s*(?:[A-Z]\w+\.? )*",
                lead,
            )
            and (noun == "counsel" or not _PLURAL.search(head))
        ):
            return person(
                text,
                claims,
                place,
                known,
                head + " ",
                inside,
                [n for n in after if n != (low, high)],
                head_end,
            )
    if (
        after
        and re.fullmatch(r",\s*", text.text[head_end : after[0][0]])
        and (BODY_NOUN.search(noun) or PERSON_NOUN.search(noun))
        and after[0][1] >= place.end - 2
    ):
        apposed = names.resolve(*after[0])
        return Source("outlet" if apposed.kind == "outlet" else "body", None, apposed.name, None, head=noun)
    if _DOCUMENT.match(noun):
        return _document(text, claims, place, inside, after, head_end, noun)
    whole = text.text[place.start : place.end]
    employer = _employer(text, claims, place, inside, after, head_end)
    if _COUNSEL.search(head):
        return Source("body", None, employer, Name("counsel", None, None), head="counsel")
    if PERSON_NOUN.search(head) and not (BODY_NOUN.fullmatch(noun) and not PERSON_NOUN.fullmatch(noun)):
        return Source(
            "unnamed",
            None,
            employer,
            Name(whole, None, place),
            bool(_PLURAL.search(head.strip())),
            _common_gender(head),
            noun,
        )
    if OUTLET_NOUN.search(head):
        publisher = _adjoining(text, inside)
        if publisher and (known := names.resolve(*publisher)).kind == "body" and known.organisation:
            return Source("body", None, known.name, None, head=noun)
        outlet = (
            names.resolve(*publisher).name
            if publisher
            else names.resolve(*after[0]).name
            if after and re.fullmatch(r",\s*", text.text[head_end : after[0][0]])
            else None
        )
        return Source("outlet", None, outlet, Name(whole, None, place), head=noun)
    if BODY_NOUN.search(head):
        if _is_some(head, noun):
            return Source("unnamed", None, None, Name(whole, None, place), True, head=noun)
        if inside:
            low = inside[0][0]
            known = names.resolve(low, inside[-1][1])
            organ = _organ(claims, known, plain(text.text[low:head_end]), Span(low, head_end))
            return Source("body", None, organ, None, head=noun)
        return Source(
            "body",
            None,
            Name(
                re.sub(r"^(?:the|an?|its|his|her|their|our) ", "", head, flags=re.IGNORECASE).strip(),
                None,
                Span(place.start, head_end),
            ),
            None,
            head=noun,
        )
    if re.match(r"(?:nobody|no one|none|nothing|everybody|everyone|anyone)\b", head, re.IGNORECASE):
        return Source("nobody", head=noun)
    if inside and names.resolve(*inside[-1]).kind == "body" and inside[-1][1] >= head_end - 2:
        return Source("body", None, names.resolve(*inside[-1]).name, None, head=noun)
    if re.search(r"(?:er|or|ist|ian|ee|man|woman|ant|ers|ors|ists|ians|ees|men|women|ants)$", noun) and not re.search(
        r"\b(?:matter|letter|paper|factor|number|order|water|weather|winter|summer|power|river|border"
        r"|error|member state)$",
        noun,
    ):
        return Source(
            "unnamed",
            None,
            employer,
            Name(whole, None, place),
            bool(_PLURAL.search(head.strip())),
            _common_gender(head),
            noun,
        )
    if re.match(r"[Tt]he |[Ii]ts |[Hh]is |[Hh]er |[Tt]heir |[Nn]either ", head) and not _THINGS.search(noun):
        return Source(
            "body",
            None,
            Name(re.sub(r"^\w+ ", "", head).strip(), None, Span(place.start, head_end)),
            None,
            head=noun,
        )
    plural = bool(re.search(r"[^s'’]s$", noun))
    if plural or re.match(r"(?:[Aa]n?|[Oo]ne|[Aa]nother) ", head):
        return Source("unnamed", None, employer, Name(whole, None, place), plural, head=noun)
    return Source("nobody", head=noun)


def _document(
    text: Text,
    claims: ClaimSet,
    place: Span,
    inside: list[tuple[int, int]],
    after: list[tuple[int, int]],
    head_end: int,
    noun: str,
) -> Source:
    """'A report in the Daily Ledger', 'the institute's study', 'a count by the agency': whoever issued it."""
    names = registry(text, claims)
    if _THING.match(noun):
        return Source("nobody", head=noun)
    for low, high in [*after, *inside]:
        lead = text.text[head_end:low] if low >= head_end else ""
        if re.fullmatch(r"|\s(?:published |released |issued |conducted )?(?:by|from|in|of|on) (?:the )?", lead):
            known = names.resolve(low, high)
            sort: Sort = "body" if known.kind == "person" else known.kind
            return Source(sort, None, known.name, None, head=noun)
    head = text.text[place.start : head_end]
    if _COPY.fullmatch(head):
        return Source("outlet", None, None, Name(head, None, Span(place.start, head_end)), head=noun)
    issuer = re.match(r"(?:[Tt]he |[Ii]ts |[Aa]n? )?((?:[a-z]+ )?[a-z]+)['’]s? ", head)
    if issuer and BODY_NOUN.search(issuer[1]):
        low, high = issuer.span(1)
        span = Span(place.start + low, place.start + high)
        return Source("body", None, Name(issuer[1], None, span), None, head=issuer[1])
    return Source("nobody", head=noun)


_COPY = re.compile(
    r"(?:[Tt]he|[Tt]hat|[Tt]his) (?:same |original |newspaper |\w+ )?(?:report|account|story|article|dispatch|despatch|reports)"
)
"""What an outlet has published, where the text has just relayed one."""


def _adjoining(text: Text, inside: list[tuple[int, int]]) -> tuple[int, int] | None:
    """'The Orlen Tidende newspaper', but neither 'a French broadcaster' nor, of a place, 'the Lyon paper'."""
    if not inside:
        return None
    wording = text.text[slice(*inside[-1])]
    placed = re.search(rf"\b(?:in|from|near|to|at|of) {re.escape(wording)}\b", text.text)
    return None if DEMONYM.fullmatch(wording) or STATE_INITIALS.fullmatch(wording) or placed else inside[-1]


def _is_some(head: str, noun: str) -> bool:
    """'Several governments', 'two of the banks', 'foreign ministries': bodies that the text does not name."""
    plural = re.search(r"(?:[^s'’]s)$", noun) and noun not in {"authorities", "headquarters"}
    return bool(plural) and not re.match(r"(?:[Tt]he|[Tt]hese|[Tt]hose|[Bb]oth|[Ii]ts|[Tt]heir|[Nn]either) ", head)


def _only_a_place(text: Text, low: int, high: int, lead: str) -> bool:
    """'American officials', 'officials in Tokyo': where they are from or stand, not who employs them."""
    wording = text.text[low:high]
    if DEMONYM.fullmatch(wording):
        return True
    return lead.strip() == "in" and " " not in wording and not is_body_name(wording)


def _organ(claims: ClaimSet, known: Known, wording: str, span: Span) -> Name:
    """'Finland's health ministry': the watched body of that name, else the country if it is its organ, else the words."""
    country = known.name
    if country.entity is None:
        return _state_of(claims, wording, span)
    if wording == country.text:
        return country
    if body := _body_of(claims, country, wording):
        return Name(body.name, body.id, span)
    widened = wording.startswith(country.text) and not re.match(r"['’]", wording[len(country.text) :])
    return Name(wording, country.entity if widened or STATE_ORGAN.search(wording) else None, span)


def _body_of(claims: ClaimSet, country: Name, wording: str) -> Entity | None:
    """The watched body of the country that has all the words with which the text describes it."""
    nouns = set(re.findall(r"\b[a-z]{3,}", wording.replace("defense", "defence")))
    stem = country.text.casefold()[:5]
    for entity in claims.entities if nouns else ():
        for spelling in (entity.name, *entity.aliases):
            words = set(spelling.casefold().replace("defense", "defence").split())
            of_it = entity.speaks_for == country.entity or any(w.startswith(stem) for w in words)
            if entity.id != country.entity and of_it and nouns <= words:
                return entity
    return None


def _state_of(claims: ClaimSet, wording: str, span: Span) -> Name:
    """'Russian authorities', 'the French government': the watched country, by the stem of the adjective."""
    match = re.fullmatch(rf"(?P<people>{DEMONYM.pattern}) (?:authorities|government)", wording)
    if match:
        for cut in range(1, 4):
            for end in ("", "a", "e"):
                if entity := find_entity(claims, match["people"][:-cut] + end):
                    return Name(entity.name, entity.id, span)
    return Name(wording, None, span)


def _common_gender(head: str) -> bool | None:
    if re.search(r"\b(?:woman|mother|spokeswoman|girl|widow|wife|sister|actress|businesswoman)\b", head, re.IGNORECASE):
        return True
    return False if re.search(r"\b(?:man|father|spokesman|boy|husband|brother|businessman)\b", head, re.IGNORECASE) else None


def _employer(
    text: Text,
    claims: ClaimSet,
    place: Span,
    inside: list[tuple[int, int]],
    after: list[tuple[int, int]],
    head_end: int,
) -> Name | None:
    """Whose official, manager or spokeswoman it is: 'an Acme manager', 'an official at the directorate'."""
    names = registry(text, claims)
    for low, high in [*inside, *after]:
        known = names.resolve(low, high)
        lead = text.text[head_end:low] if low >= head_end else ""
        branch = (
            re.match(
                r" (?:intelligence|military|army|navy|police|defen[cs]e|government|security|treasury|health"
                r"|justice)(?= )",
                text.text[high:head_end],
            )
            if high <= head_end
            else None
        )
        whose = low < head_end and re.match(r"['’]s? (?:\w+ )?(?:sources?|informants?)\b", text.text[high:])
        if whose or (_only_a_place(text, low, high, lead) and not branch):
            continue
        if known.kind == "body" and branch:
            return Name(plain(text.text[low : high + branch.end()]), known.name.entity, Span(low, high + branch.end()))
        if known.kind != "person" and re.fullmatch(r"|\s(?:of|for|at|in|from|with|inside|within) (?:the |an? )?", lead):
            # Somebody of a state who is not named is not the state's word.
            state = STATE_INITIALS.fullmatch(text.text[low:high])
            return Name(plain(text.text[low:high]), None, known.name.span) if state else known.name
    match = re.search(
        r"\s(?:of|for|at|in|from|inside|within) (the|its|their|his|her) ([a-z’'-]+(?: [a-z’'-]+)?)",
        text.text[head_end : place.end],
    )
    if match and BODY_NOUN.search(match[2]):
        return Name(match[2], None, Span(head_end + match.start(2), head_end + match.end(2)))
    return None
