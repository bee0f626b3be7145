"""The reporting clauses of a text with their sources resolved: pronouns and definite descriptions too.

Clauses are read in order, so that each can refer to those before it and to names already in the text.
"""

import re

import msgspec

from store.claim import ClaimSet
from store.reading import Name, Span
from workers.dialogue import asks, speaker_of, turns
from workers.frames import Frame, frames, masked
from workers.names import CAPITALISED, alias_pattern, find_entity, is_body_name, is_outlet_name, known_entity, registry
from workers.nouns import OUTLET_NOUN
from workers.offices import OFFICES, PROFESSION, bearer, holder, known_as, office_of, read_source_of
from workers.party import Source, in_office
from workers.phrases import clause_subject
from workers.source import read_source
from workers.text import Text


class Voice(msgspec.Struct, frozen=True):
    """A reporting clause with its source as resolved in context."""

    frame: Frame
    source: Source


def voices(text: Text, claims: ClaimSet) -> tuple[Voice, ...]:
    """All reporting clauses with their sources, in reading order, resolved once for each text and watch list."""
    held = text.__dict__.get("_voices")
    if held is None or held[0] is not claims:
        found: list[Voice] = []
        for frame in frames(text, claims):
            found.append(Voice(frame, in_office(claims, _remembered(_resolved(text, claims, frame, found), found))))
        held = (claims, tuple(found))
        text.__dict__["_voices"] = held
    return held[1]


def _resolved(text: Text, claims: ClaimSet, frame: Frame, earlier: list[Voice]) -> Source:
    if frame.source is None:
        same = [v for v in earlier if v.frame.sentence == frame.sentence]
        return same[-1].source if same else Source("nobody")
    if turns(text).get(text.sentences[frame.sentence].paragraph) == frame.source:
        return Source("nobody") if asks(text.of(frame.source)) else _turn_of(text, claims, frame.source)
    source = read_source(text, claims, frame.source)
    if _is_publisher(text, claims, source):
        return Source("nobody")
    if frame.act == "label" and frame.follows and text.of(frame.cue) in "-–—" and not _credited(text, source):
        return Source("nobody")
    if source.head == "one" and frame.act in {"accord", "say"}:
        return msgspec.structs.replace(source, sort="unnamed")
    if source.sort == "nobody" and frame.act == "accord" and source.head in _ISSUED:
        return next((v.source for v in reversed(earlier) if v.source.sort in {"body", "person"}), source)
    if source.sort == "pronoun":
        return _antecedent(text, claims, frame, source, earlier)
    if source.sort == "body" and _publishes(text, claims, frame, source, earlier):
        return msgspec.structs.replace(source, sort="outlet")
    if source.sort == "body" and source.organisation and source.organisation.entity is None:
        return _definite_body(text, claims, frame, source, earlier)
    if source.sort == "outlet" and (source.organisation is None or _described_in_title(text, frame, source.organisation)):
        return _definite_outlet(text, claims, frame, source, earlier)
    bare = frame.source.start == text.sentences[frame.sentence].start and " " not in text.of(frame.source)
    if source.head == "counsel":
        return _counsel(text, claims, frame, source, earlier)
    if source.sort == "unnamed" and (bare or re.match(r"[Tt]he |[Hh]er |[Hh]is |[Ii]ts ", text.of(frame.source))):
        return _definite_person(text, claims, frame, source, earlier)
    return source


_ISSUED = frozenset({"statement", "notice", "release", "announcement", "bulletin", "filing", "letter"})


def _turn_of(text: Text, claims: ClaimSet, label: Span) -> Source:
    """Who speaks in a paragraph of a dialogue; the publisher's own questions are nobody's word."""
    source = read_source(text, claims, speaker_of(text, claims, label))
    return Source("nobody") if source.sort == "outlet" or _is_publisher(text, claims, source) else source


def _is_publisher(text: Text, claims: ClaimSet, source: Source) -> bool:
    """'The Ledger could not confirm it', 'the Ledger's crew saw': the outlet's own voice, not a source of its own."""
    name, own = source.organisation, text.document.outlet
    if name is None or not own or source.sort not in {"outlet", "unnamed"} or not name.text[:1].isupper():
        return False
    if source.sort == "unnamed" and source.head in {"source", "sources", "official", "officials", "editor", "columnist"}:
        return False
    entity = find_entity(claims, own)
    if entity is not None and entity.id == name.entity:
        return source.sort == "outlet"
    if source.sort == "outlet":
        return set(name.text.casefold().split()) <= set(own.casefold().split())
    return name.entity is None and name.text.casefold() in own.casefold()


def _described_in_title(text: Text, frame: Frame, name: Name) -> bool:
    """'Port paper: ferry is sold': words before the noun that may be no name."""
    return text.sentences[frame.sentence].paragraph == 0 and name.entity is None and not is_outlet_name(name.text)


def _credited(text: Text, source: Source) -> bool:
    """'Ferry to be sold - Orlen Tidende': another outlet at a title's end, not the publisher's own name."""
    name = source.organisation
    return source.sort == "outlet" and name is not None and name.text.casefold() not in (text.document.outlet or "").casefold()


def _definite_outlet(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source:
    """'The paper', 'the broadcaster': the outlet that bears the alias, else the last one heard."""
    assert frame.source is not None
    if entity := find_entity(claims, text.of(frame.source)):
        return msgspec.structs.replace(source, organisation=known_entity(claims, entity, frame.source).name)
    definite = re.match(r"(?:[Tt]he|[Tt]hat|[Ii]ts|[Tt]his) ", text.of(frame.source))
    if text.sentences[frame.sentence].paragraph == 0 and not definite:
        first = _first_outlet(text, claims)
        return msgspec.structs.replace(source, organisation=first) if first else source
    if not definite:
        return source
    last = next(
        (v.source.organisation for v in reversed(earlier) if v.source.sort == "outlet" and v.source.organisation),
        None,
    )
    if last is None and not OUTLET_NOUN.search(source.head):
        return Source("nobody", head=source.head)  # the report of an inspector, not of a newspaper
    return msgspec.structs.replace(source, organisation=last) if last else source


def _first_outlet(text: Text, claims: ClaimSet) -> Name | None:
    """The first other outlet that the text names: whom its title calls 'a paper'."""
    own = (text.document.outlet or "\n").casefold()
    body = text.sentences[0].end
    for match in CAPITALISED.finditer(text.text, body):
        low, high = match.start(), match.start() + len(re.split(r" (?:of|for|and) ", match[0])[0])
        low += 4 if text.text[low:high].startswith("The ") else 0
        known = registry(text, claims).resolve(low, high)
        if known.kind == "outlet" and known.name.text.casefold() not in own:
            return known.name
    return None


_PUBLISHES = re.compile(
    r"(?:report(?:s|ed|ing)?|carri(?:es|ed)|publish(?:es|ed)|print(?:s|ed)|quot(?:es|ed)|cit(?:es"
    r"|ed)|broadcast)",
    re.IGNORECASE,
)


def _publishes(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> bool:
    """A body that reports as outlets do and is a party to no claim: its name alone did not tell."""
    name = source.organisation
    assert frame.source is not None
    cited = any(
        v.frame.act == "cite" and v.frame.sentence == frame.sentence and v.source.sort in {"unnamed", "outlet"} for v in earlier
    )
    aside = re.search(r", (?:citing|quoting)\b", text.of(frame.source)) or text.of(frame.cue).startswith(("citing", "quoting"))
    published = _PUBLISHES.fullmatch(text.of(frame.cue)) or (cited and aside)
    if name is None or not published or not name.text[:1].isupper():
        return False
    return name.entity not in claims.settling and not is_body_name(name.text)


def _remembered(source: Source, earlier: list[Voice]) -> Source:
    """A person's role and organisation, and a group's, as the text gave them when it brought them in."""
    if source.sort == "person" and source.speaker and not (source.organisation and source.role):
        before = [
            v.source
            for v in earlier
            if v.source.sort == "person" and v.source.speaker and v.source.speaker.text == source.speaker.text
        ]
    elif (
        source.sort == "unnamed"
        and source.plural
        and source.organisation is None
        and source.role
        and _BACKWARD.match(source.role.text)
    ):
        before = [
            v.source
            for v in earlier[-8:]
            if v.source.sort == "unnamed"
            and v.source.plural
            and (v.source.head == source.head or source.head in {"sources", "people"})
        ]
    else:
        return source
    role = source.role or next((b.role for b in before if b.role), None)
    organisation = source.organisation or next((b.organisation for b in reversed(before) if b.organisation), None)
    return msgspec.structs.replace(source, role=role, organisation=organisation)


_BACKWARD = re.compile(r"(?:the|these|those|both|such|same)\b", re.IGNORECASE)


def _antecedent(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source:
    assert frame.source is not None
    if source.head in {"who", "which", "whose"}:
        return _relative(text, claims, frame.source) or source
    if source.head in {"we", "i", "you", "that", "one"} or text.of(frame.cue).casefold().endswith((" clear", " certain")):
        return source
    since = [v for v in earlier if frame.sentence - v.frame.sentence <= 4]
    if source.head in {"he", "she"} and (named := _named_before(text, claims, frame, source, since)):
        return named
    if source.head in {"he", "she"} and (subject := _subject_before(text, claims, frame, source, earlier)):
        return subject
    for voice in reversed(since):
        found = voice.source
        if source.head == "it" and found.sort in {"body", "outlet"}:
            return found
        if source.head == "they" and (found.plural or (found.sort == "body" and voice is since[-1])):
            return found
        singular = found.sort == "person" or (found.sort == "unnamed" and not found.plural)
        if source.head in {"he", "she"} and singular and found.female in {None, source.female}:
            return found
    return _mentioned(text, claims, frame, source) or source


def _named_before(text: Text, claims: ClaimSet, frame: Frame, source: Source, since: list[Voice]) -> Source | None:
    """'When we rang Ada Lind, she …': the one person of the sentence, where nobody has spoken in it yet."""
    assert frame.source is not None
    if any(v.frame.sentence == frame.sentence for v in since):
        return None
    start = text.sentences[frame.sentence].start
    if not re.match(r"(?:But |And |Yet )?(?:When|Asked|As|After|Though|Although|Pressed|Told|Reached"
        r"|Confronted)\b", text.text[start:]):
        return None
    aliases = [m.span() for m in alias_pattern(claims).finditer(text.text, start, frame.source.start)]
    for low, high in reversed(aliases):
        known = registry(text, claims).resolve(low, high)
        if known.kind == "person" and known.female in {None, source.female}:
            return read_source(text, claims, Span(low, high))
    return None


def _mentioned(text: Text, claims: ClaimSet, frame: Frame, source: Source) -> Source | None:
    """The last fitting entity named in the two sentences before, for a pronoun without an earlier source."""
    assert frame.source is not None
    start = text.sentences[max(0, frame.sentence - 2)].start
    aliases = [m.span() for m in alias_pattern(claims).finditer(text.text, start, frame.source.start)]
    others = [m.span() for m in CAPITALISED.finditer(text.text, start, frame.source.start) if " " in m[0]]
    for low, high in sorted({*aliases, *others}, reverse=True):
        known = registry(text, claims).resolve(low, high)
        if source.head in {"he", "she"} and known.kind == "person" and known.female in {None, source.female}:
            return read_source(text, claims, Span(low, high))
        late = low >= text.sentences[max(0, frame.sentence - 1)].start
        if source.head == "it" and late and known.kind != "person" and (low, high) in aliases and _opens(text, low):
            return read_source(text, claims, Span(low, high))
    return None


def _subject_before(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source | None:
    """The person with whom the sentence before begins, where nobody is reported to speak in it."""
    before = frame.sentence - 1
    if before < 1 or any(v.frame.sentence >= before and v.source.sort != "nobody" for v in earlier):
        return None
    start = text.sentences[before].start
    found = clause_subject(masked(text, claims, text.sentences[before]), 0)
    if found is None or found[0] > 3:
        return None
    subject = read_source(text, claims, Span(start + found[0], start + found[1]))
    return subject if subject.sort == "person" and subject.female in {None, source.female} else None


def _opens(text: Text, low: int) -> bool:
    """Whether a name opens its sentence, as a subject does; one merely mentioned is no antecedent."""
    start = text.sentences[text.sentence_at(low)].start
    return text.text[start:low].strip() in {"", "The", "But", "And", "But the", "And the", "Yet"}


def _relative(text: Text, claims: ClaimSet, place: Span) -> Source | None:
    sentence = text.sentences[text.sentence_at(place.start)]
    before = text.text[sentence.start : place.start].rstrip(" ,")
    phrase = re.search(
        r"(?:\b(?:[Tt]he|[Aa]n?) )?(?:[A-ZÀ-Þ][\w’'-]*(?: (?:of|and|for) )? ?)+$|\b(?:[Tt]he|[Aa]n?"
        r"|[Ii]ts|[Hh]is|[Hh]er) [\w’' -]{2,40}$",
        before,
    )
    if not phrase:
        return None
    found = read_source(text, claims, Span(sentence.start + phrase.start(), sentence.start + phrase.end()))
    if found.sort == "unnamed" and (office := office_of(claims, found.head)):
        return Source("body", None, office, None, head=found.head)
    return found if found.sort not in {"nobody", "pronoun"} else None


def _definite_body(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source:
    """'The hospital' for the one that the text names, 'the company' for the last body before it."""
    assert frame.source is not None
    assert source.organisation is not None
    wording = text.of(frame.source)
    if entity := find_entity(claims, wording) or find_entity(claims, source.organisation.text):
        return msgspec.structs.replace(source, organisation=known_entity(claims, entity, frame.source).name)
    if not re.match(r"(?:[Tt]he|[Ii]ts|[Tt]his|[Tt]hat) [a-z]", wording):
        return source
    noun = source.head
    heard = [v.source.organisation for v in earlier if v.source.sort in {"person", "body"} and v.source.organisation]
    if same := next((n for n in reversed(heard) if re.search(rf"\b{re.escape(noun)}$", n.text, re.IGNORECASE)), None):
        return msgspec.structs.replace(source, organisation=same)
    if noun in {"agency", "body", "side"}:
        return next(
            (v.source for v in reversed(earlier) if v.source.sort in {"body", "outlet"} and _is_such(text, v, noun)), source
        )
    found = None
    for match in alias_pattern(claims).finditer(text.text, 0, frame.source.start):
        known = registry(text, claims).resolve(*match.span())
        if known.kind == "body" and (
            re.search(rf"\b{re.escape(noun)}\b", known.name.text, re.IGNORECASE)
            or noun in {"company", "firm", "group", "club", "maker", "operator", "owner"}
        ):
            found = known
    return msgspec.structs.replace(source, organisation=found.name) if found else source


def _is_such(text: Text, voice: Voice, noun: str) -> bool:
    """Whether an earlier source is one that 'the agency' can mean."""
    name = voice.source.organisation
    assert name is not None or voice.source.organisation is None
    if name is None or voice.frame.source is None:
        return False
    wording = f"{name.text} {text.of(voice.frame.source)}".casefold()
    return noun in wording or (noun == "agency" and ("service" in wording or voice.source.sort == "outlet"))


def _counsel(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source:
    """Counsel in court is the party's own voice: of the party that it names, else of the last one heard."""
    assert frame.source is not None
    if source.organisation is not None:
        return msgspec.structs.replace(source, sort="body")
    if party := re.search(r"\bfor (the [a-z ]+)", text.of(frame.source)):
        entity = find_entity(claims, party[1]) or holder(claims, party[1].split()[-1])
        employer = claims.entity_by_id.get(entity.speaks_for or "") or entity if entity else None
        name = Name(employer.name, employer.id) if employer else Name(party[1].removeprefix("the "))
        return msgspec.structs.replace(source, sort="body", organisation=name)
    last = next((v.source.organisation for v in reversed(earlier) if v.source.sort == "body"), None)
    return msgspec.structs.replace(source, sort="body", organisation=last)


def _definite_person(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source:
    """'The food minister', 'the epidemiologist': somebody whom the text has named already."""
    assert frame.source is not None
    entity = find_entity(claims, text.of(frame.source).split(",")[0])
    if entity is not None:
        known = known_entity(claims, entity, frame.source)
        if known.kind == "person":
            return read_source_of(claims, known.name, source)
    if source.plural or not source.head:
        return source
    if place := bearer(text, claims, text.of(frame.source), frame.source.start):
        return read_source(text, claims, place)
    if person := _person_of_office(text, claims, frame, source, earlier):
        return person
    for voice in reversed(earlier):
        role = voice.source.role.text if voice.source.role else ""
        if re.search(rf"\b{re.escape(source.head)}\b", role, re.IGNORECASE):
            return voice.source if voice.source.sort == "person" else source
    if office := office_of(claims, source.head):
        return Source("body", None, office, None, head=source.head)
    if not PROFESSION.search(source.head):
        return source
    for voice in reversed([v for v in earlier if frame.sentence - v.frame.sentence <= 3]):
        if voice.source.sort == "person" and voice.source.role is None:
            return voice.source
    return source


def _person_of_office(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source | None:
    """'The envoy' for the ambassador who spoke last, unless an envoy without a name has spoken since."""
    assert frame.source is not None
    if not re.fullmatch(r"[Tt]he (?:[a-z]+['’]s? )?[a-z]+", text.of(frame.source)):
        return None
    offices = [o for o in OFFICES if o.search(source.head)]
    for voice in reversed([v for v in earlier if frame.sentence - v.frame.sentence <= 4]):
        found = voice.source
        if found.sort == "unnamed" and not found.plural and found.head == source.head:
            return None
        if found.sort == "person" and any(o.search(known_as(claims, found)) for o in offices):
            return found
    return None
