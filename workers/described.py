"""Reads a noun phrase headed by a common noun: unnamed people, bodies, documents, and names in apposition."""

import re

from store.claim import ClaimSet
from store.reading import Name, Span
from workers.names import is_personal, plain, registry
from workers.nouns import BODY_NOUN, OUTLET_NOUN, PERSON_NOUN
from workers.party import Sort, Source, person
from workers.text import Text

_DOCUMENT = re.compile(
    r"^(?:reports?|stud(?:y|ies)|letters?|e-?mails?|notes?|memos?|documents?|records?|files?"
    r"|statements?|surveys?|polls?|tests?|results?|figures?|data|images?|pictures?|photographs?"
    r"|videos?|footage|tapes?|recordings?|texts?|articles?|stor(?:y|ies)|posts?|tweets?|signs?"
    r"|maps?|analys[ie]s|findings?|evidence|laws?|rules?|contracts?|versions?|minutes|deal"
    r"|agreement|question|news|rumou?rs?|talk|claims?|denials?|move|visit|decision|plan|meeting"
    r"|event|thing|matter|fact|page|sentence|word|name|number|price|count|sale|product|finding"
    r"|train|trip|summit)$",
    re.IGNORECASE,
)
"""Nouns that may stand before a reporting verb without being anybody who speaks."""
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
        if _TRADE.match(noun) and not is_personal(known.name.text):
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
            and not _PLURAL.search(head)
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
        outlet = (
            names.resolve(*inside[0]).name
            if inside
            else names.resolve(*after[0]).name
            if after and re.fullmatch(r",\s*", text.text[head_end : after[0][0]])
            else None
        )
        return Source("outlet", None, outlet, Name(whole, None, place), head=noun)
    if BODY_NOUN.search(head):
        if inside:
            low = inside[0][0]
            known = names.resolve(low, inside[-1][1])
            wording = plain(text.text[low:head_end])
            name = known.name if known.name.entity else Name(wording, None, Span(low, head_end))
            return Source("body", None, name, None, head=noun)
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
    if re.match(r"[Tt]he |[Ii]ts |[Hh]is |[Hh]er |[Tt]heir |[Nn]either ", head):
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
    for low, high in [*after, *inside]:
        lead = text.text[head_end:low] if low >= head_end else ""
        if re.fullmatch(r"|\s(?:published |released |issued |conducted )?(?:by|from|in|of|on) (?:the )?", lead):
            known = names.resolve(low, high)
            sort: Sort = "body" if known.kind == "person" else known.kind
            return Source(sort, None, known.name, None, head=noun)
    head = text.text[place.start : head_end]
    issuer = re.match(r"(?:[Tt]he |[Ii]ts |[Aa]n? )?((?:[a-z]+ )?[a-z]+)['’]s? ", head)
    if issuer and BODY_NOUN.search(issuer[1]):
        low, high = issuer.span(1)
        span = Span(place.start + low, place.start + high)
        return Source("body", None, Name(issuer[1], None, span), None, head=issuer[1])
    return Source("nobody", head=noun)


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
        if known.kind == "body" and branch:
            return Name(plain(text.text[low : high + branch.end()]), known.name.entity, Span(low, high + branch.end()))
        if known.kind != "person" and re.fullmatch(r"|\s(?:of|for|at|in|from|with|inside|within) (?:the |an? )?", lead):
            return known.name
    match = re.search(
        r"\s(?:of|for|at|in|from|inside|within) (the|its|their|his|her) ([a-z’'-]+(?: [a-z’'-]+)?)",
        text.text[head_end : place.end],
    )
    if match and BODY_NOUN.search(match[2]):
        return Name(match[2], None, Span(head_end + match.start(2), head_end + match.end(2)))
    return None
