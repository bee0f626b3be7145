"""Who is made responsible for a passage: speaker, organisation, role; named, unnamed or the outlet itself.

The reporting clauses of the text (`workers.frames`) are read one after the other as sources
(`workers.source`), pronouns and definite descriptions being resolved against those before. A passage is
given the clause that governs it: the outermost one of its sentence, unless that only relays another.
"""

import re

import msgspec

from store.claim import ClaimSet, Entity
from store.reading import Attribution, Name, Span
from workers.cues import UNATTRIBUTED
from workers.frames import Frame, closed_quotations, frames
from workers.names import BODY_NOUN, CAPITALISED, alias_pattern, entity_kind, find_entity, house_name, known_entity, registry
from workers.source import Source, read_source
from workers.text import Passage, Text


class Voice(msgspec.Struct, frozen=True):
    """A reporting clause with its source as resolved in context."""

    frame: Frame
    source: Source


def attribute(text: Text, passage: Passage, claims: ClaimSet) -> Attribution:
    """Who says the passage, as far as the text tells.

    Guaranteed: with anonymity `none` speaker, organisation and role are None; `unnamed` has no speaker;
    every span lies within the text. Not guaranteed: that the text's own grammar was understood.
    """
    voice = governing(text, passage, claims)
    if voice is not None and voice.source.sort not in {"nobody", "pronoun"}:
        return _as_known_here(text, claims, _behind(text, passage, claims, voice))
    if UNATTRIBUTED.search(text.text, passage.start, passage.end):
        return Attribution("unnamed")
    return publisher(text, claims) or Attribution()


def _as_known_here(text: Text, claims: ClaimSet, found: Attribution) -> Attribution:
    """The organisation under the name that this text uses for it, where that is another name altogether."""
    name = found.organisation
    if name is None or name.entity is None or name.text != claims.entity_by_id[name.entity].name:
        return found
    return msgspec.structs.replace(found, organisation=Name(house_name(text, claims.entity_by_id[name.entity]), name.entity, name.span))


def publisher(text: Text, claims: ClaimSet) -> Attribution | None:
    """The outlet itself as a named source, if it is a party to the claims: a notice on an authority's own site."""
    entity = find_entity(claims, text.document.outlet or "")
    if entity is None or entity_kind(entity) == "outlet":
        return None
    settles = {voice for claim in claims for principal in claims.principals(claim) for voice in principal.voices}
    return Attribution("named", None, Name(entity.name, entity.id)) if entity.id in settles else None


def voices(text: Text, claims: ClaimSet) -> tuple[Voice, ...]:
    """All reporting clauses with their sources, in reading order, resolved once for each text and watch list."""
    held = text.__dict__.get("_voices")
    if held is None or held[0] is not claims:
        found: list[Voice] = []
        for frame in frames(text, claims):
            found.append(Voice(frame, _remembered(_resolved(text, claims, frame, found), found)))
        held = (claims, tuple(found))
        text.__dict__["_voices"] = held
    return held[1]


def governing(text: Text, passage: Passage, claims: ClaimSet) -> Voice | None:
    """The reporting clause that makes somebody responsible for the passage."""
    held = text.__dict__.setdefault("_governing", {})
    key = (id(voices(text, claims)), passage.start, passage.end)
    if key not in held:
        held[key] = _found_governing(text, passage, claims)
    found: Voice | None = held[key]
    return found


def _found_governing(text: Text, passage: Passage, claims: ClaimSet) -> Voice | None:
    first, last = text.sentence_at(passage.start), text.sentence_at(max(passage.start, passage.end - 1))
    here = [v for v in voices(text, claims) if first <= v.frame.sentence <= last]
    ranked = sorted(((_weight(text, passage, v, here), -n, v) for n, v in enumerate(here)), key=lambda r: r[:2], reverse=True)
    if ranked and ranked[0][0] > 0:
        return ranked[0][2]
    return _carried(text, passage, claims, first)


_OWN = frozenset({"we", "i", "you", "one"})


def _weight(text: Text, passage: Passage, voice: Voice, here: list[Voice]) -> float:
    """How surely a clause of the passage's sentences governs it; zero or less: not at all."""
    frame = voice.frame
    if frame.act == "cite" or voice.source.sort == "nobody" or (voice.source.sort == "pronoun" and voice.source.head in _OWN):
        return 0.0
    low, high = _content(text, frame, here)
    shared = min(high, passage.end) - max(low, passage.start)
    inside = passage.start <= frame.cue.start < passage.end
    if shared <= 0 and not inside:
        return 0.0
    weight = 3.0 * max(0, shared) / max(1, passage.end - passage.start) + (2.0 if inside else 0.0)
    if frame.follows:
        weight += 1.5
    elif any(v.frame is not frame and not v.frame.follows and v.frame.act != "cite" and encloses(text, v.frame, frame, here) for v in here):
        weight -= 3.5
    if 0 <= passage.start - frame.cue.end <= 12:
        weight += 0.5
    if frame.act == "think":
        weight -= 0.5
    if voice.source.sort == "pronoun":
        weight -= 1.5
    return weight


def encloses(text: Text, outer: Frame, inner: Frame, here: list[Voice]) -> bool:
    if outer.act == "silent" or outer.sentence != inner.sentence or inner.source is None or outer.cue.start >= inner.source.start:
        return False
    if text.text[: inner.source.start].endswith((" as ", "(as ")) or re.match(r"wh(?:ich|o|ose)\b", text.of(inner.source)):
        return False
    low, high = _content(text, outer, here)
    return low <= inner.source.start < high


_BREAK = re.compile(r";|, (?:but|while|whereas|although|though|and) (?=\w)|\b(?:but|while|whereas) (?=\w)")


def _content(text: Text, frame: Frame, here: list[Voice]) -> tuple[int, int]:
    """The characters that a reporting clause may govern in its sentence."""
    sentence = text.sentences[frame.sentence]
    if frame.follows:
        start = sentence.start
        for match in _BREAK.finditer(text.text, sentence.start, frame.source.start if frame.source else frame.cue.start):
            if any(v.frame is not frame and v.frame.sentence == frame.sentence and v.frame.cue.end <= match.start() for v in here):
                start = match.end()
        return start, frame.source.end if frame.act == "agent" and frame.source else sentence.end
    start = frame.source.start if frame.source else frame.cue.start
    for match in _BREAK.finditer(text.text, frame.cue.end, sentence.end):
        opened = [v for v in here if v.frame is not frame and v.frame.source and v.frame.cue.start >= match.start() and v.frame.source.start <= match.end() + 30]
        if opened or match[0] == ";":
            return start, match.start()
    return start, sentence.end


def _carried(text: Text, passage: Passage, claims: ClaimSet, first: int) -> Voice | None:
    """The clause of a neighbouring sentence: a quotation that runs on, or indirect speech that continues."""
    sentence = text.sentences[first]
    near = [v for v in voices(text, claims) if text.sentences[v.frame.sentence].paragraph == sentence.paragraph and v.frame.act != "cite" and v.source.sort != "nobody"]
    before = [v for v in near if v.frame.sentence < first]
    after = [v for v in near if v.frame.sentence > first]
    quote = next((q for q in closed_quotations(text) if q.start <= passage.start < q.end), None)
    said = text.of(sentence)
    if quote is not None and min(quote.end, passage.end) - passage.start < 0.6 * (passage.end - passage.start):
        quote = None
    elif quote is None:
        quote = _running_quote(text, passage)
    if quote is not None:
        within = [v for v in after if text.sentences[v.frame.sentence].start <= (quote.end if quote else 0) + 2]
        if within:
            return within[0]
        if before:
            return before[-1]
        return after[0] if after and after[0].frame.follows and after[0].frame.sentence == first + 1 else None
    if before and before[-1].frame.sentence >= first - 2 and re.search(r"\b(?:is|are|was|were) (?:estimated|expected|said|understood)\b", said):
        return before[-1]
    return None


def _running_quote(text: Text, passage: Passage) -> Span | None:
    """The rest of a quotation whose marks stand in other sentences or are missing on one side."""
    sentence = text.sentences[text.sentence_at(passage.start)]
    opened, closed = text.text[sentence.start] in "“\"«", text.text[sentence.end - 1] in "”\"»"
    if opened != closed and not any(q.start < sentence.end and sentence.start < q.end for q in closed_quotations(text)):
        return Span(sentence.start, sentence.end)
    return None


def _behind(text: Text, passage: Passage, claims: ClaimSet, voice: Voice) -> Attribution:
    """The source itself, or, where it is an outlet that relays, whoever that outlet quotes."""
    if voice.source.sort != "outlet":
        return voice.source.attribution
    inner = [
        v
        for v in voices(text, claims)
        if v.frame.sentence == voice.frame.sentence and v is not voice and v.source.sort in {"person", "body", "unnamed"} and (v.frame.act == "cite" or v.frame.cue.start > voice.frame.cue.start or voice.frame.follows)
    ]
    if inner:
        return inner[0].source.attribution
    return Attribution("unnamed")


def _resolved(text: Text, claims: ClaimSet, frame: Frame, earlier: list[Voice]) -> Source:
    if frame.source is None:
        same = [v for v in earlier if v.frame.sentence == frame.sentence]
        return same[-1].source if same else Source("nobody")
    source = read_source(text, claims, frame.source)
    if source.sort == "pronoun":
        return _antecedent(text, claims, frame, source, earlier)
    if source.sort == "body" and source.organisation and source.organisation.entity is None:
        return _definite_body(text, claims, frame, source)
    if source.sort == "outlet" and source.organisation is None:
        return _definite_outlet(text, claims, frame, source, earlier)
    if source.sort == "body" and _publishes(text, claims, frame, source):
        return msgspec.structs.replace(source, sort="outlet")
    bare = frame.source.start == text.sentences[frame.sentence].start and " " not in text.of(frame.source)
    if source.head == "counsel":
        return _counsel(text, claims, frame, source, earlier)
    if source.sort == "unnamed" and (bare or re.match(r"[Tt]he |[Hh]er |[Hh]is |[Ii]ts ", text.of(frame.source))):
        return _definite_person(text, claims, frame, source, earlier)
    return source


def _definite_outlet(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source:
    """'The paper', 'the broadcaster': the outlet that bears the alias, else the last one heard."""
    assert frame.source is not None
    if entity := find_entity(claims, text.of(frame.source)):
        return msgspec.structs.replace(source, organisation=known_entity(claims, entity, frame.source).name)
    if not re.match(r"(?:[Tt]he|[Tt]hat|[Ii]ts|[Tt]his) ", text.of(frame.source)):
        return source
    last = next((v.source.organisation for v in reversed(earlier) if v.source.sort == "outlet" and v.source.organisation), None)
    return msgspec.structs.replace(source, organisation=last) if last else source


_PUBLISHES = re.compile(r"(?:report(?:s|ed|ing)?|carri(?:es|ed)|publish(?:es|ed)|print(?:s|ed)|quot(?:es|ed)|cit(?:es|ed)|broadcast)", re.IGNORECASE)


def _publishes(text: Text, claims: ClaimSet, frame: Frame, source: Source) -> bool:
    """A body that reports as outlets do and is a party to no claim: its name alone did not tell."""
    name = source.organisation
    assert frame.source is not None
    if name is not None and re.search(r", (?:citing|quoting)\b", text.of(frame.source)):
        return True
    if name is None or not _PUBLISHES.fullmatch(text.of(frame.cue)) or not name.text[:1].isupper():
        return False
    party = any(name.entity in p.voices for c in claims for p in claims.principals(c)) if name.entity else False
    return not party and not BODY_NOUN.search(name.text)


def _remembered(source: Source, earlier: list[Voice]) -> Source:
    """A person's role and organisation, and a group's, as the text gave them when it brought them in."""
    if source.sort == "person" and source.speaker and not (source.organisation and source.role):
        before = [v.source for v in earlier if v.source.sort == "person" and v.source.speaker and v.source.speaker.text == source.speaker.text]
    elif source.sort == "unnamed" and source.plural and source.organisation is None and source.role and _BACKWARD.match(source.role.text):
        before = [v.source for v in earlier[-8:] if v.source.sort == "unnamed" and v.source.plural and (v.source.head == source.head or source.head in {"sources", "people"})]
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
    if source.head in {"we", "i", "you", "that", "one"}:
        return source
    since = [v for v in earlier if frame.sentence - v.frame.sentence <= 4]
    for voice in reversed(since):
        found = voice.source
        if source.head == "it" and found.sort == "body":
            return found
        if source.head == "they" and (found.plural or found.sort == "body"):
            return found
        singular = found.sort == "person" or (found.sort == "unnamed" and not found.plural)
        if source.head in {"he", "she"} and singular and found.female in {None, source.female}:
            return found
    return _mentioned(text, claims, frame, source) or source


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
        if source.head == "it" and known.kind == "body" and (low, high) in aliases:
            return read_source(text, claims, Span(low, high))
    return None


def _relative(text: Text, claims: ClaimSet, place: Span) -> Source | None:
    sentence = text.sentences[text.sentence_at(place.start)]
    before = text.text[sentence.start : place.start].rstrip(" ,")
    phrase = re.search(r"(?:\b(?:[Tt]he|[Aa]n?) )?(?:[A-ZÀ-Þ][\w’'-]*(?: (?:of|and|for) )? ?)+$|\b(?:[Tt]he|[Aa]n?|[Ii]ts|[Hh]is|[Hh]er) [\w’' -]{2,40}$", before)
    if not phrase:
        return None
    found = read_source(text, claims, Span(sentence.start + phrase.start(), sentence.start + phrase.end()))
    if found.sort == "unnamed" and (office := _office_of(claims, found.head)):
        return Source("body", None, office, None, head=found.head)
    return found if found.sort not in {"nobody", "pronoun"} else None


def _definite_body(text: Text, claims: ClaimSet, frame: Frame, source: Source) -> Source:
    """'The hospital' for the one that the text names, 'the company' for the last body before it."""
    assert frame.source is not None
    assert source.organisation is not None
    wording = text.of(frame.source)
    if entity := find_entity(claims, wording) or find_entity(claims, source.organisation.text):
        return msgspec.structs.replace(source, organisation=known_entity(claims, entity, frame.source).name)
    if not re.match(r"(?:[Tt]he|[Ii]ts|[Tt]his|[Tt]hat) [a-z]", wording):
        return source
    noun = source.head
    found = None
    for match in alias_pattern(claims).finditer(text.text, 0, frame.source.start):
        known = registry(text, claims).resolve(*match.span())
        if known.kind == "body" and (re.search(rf"\b{re.escape(noun)}\b", known.name.text, re.IGNORECASE) or noun in {"company", "firm", "group", "club", "maker", "operator", "owner", "side", "agency", "body"}):
            found = known
    return msgspec.structs.replace(source, organisation=found.name) if found else source


def _counsel(text: Text, claims: ClaimSet, frame: Frame, source: Source, earlier: list[Voice]) -> Source:
    """Counsel in court is the party's own voice: of the party that it names, else of the last one heard."""
    assert frame.source is not None
    if source.organisation is not None:
        return msgspec.structs.replace(source, sort="body")
    if party := re.search(r"\bfor (the [a-z ]+)", text.of(frame.source)):
        entity = find_entity(claims, party[1]) or _bearer(claims, party[1].split()[-1])
        employer = claims.entity_by_id.get(entity.speaks_for or "") or entity if entity else None
        name = Name(employer.name, employer.id) if employer else Name(party[1].removeprefix("the "))
        return msgspec.structs.replace(source, sort="body", organisation=name)
    last = next((v.source.organisation for v in reversed(earlier) if v.source.sort == "body"), None)
    return msgspec.structs.replace(source, sort="body", organisation=last)


def _bearer(claims: ClaimSet, office: str) -> Entity | None:
    """The one entity with an alias such as 'food minister' for 'the minister'."""
    found = {e.id: e for e in claims.entities for a in e.aliases if a.endswith(" " + office)}
    return next(iter(found.values())) if len(found) == 1 else None


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
    for voice in reversed(earlier):
        role = voice.source.role.text if voice.source.role else ""
        if re.search(rf"\b{re.escape(source.head)}\b", role, re.IGNORECASE):
            return voice.source if voice.source.sort == "person" else source
    if office := _office_of(claims, source.head):
        return Source("body", None, office, None, head=source.head)
    if not _PROFESSION.search(source.head):
        return source
    for voice in reversed([v for v in earlier if frame.sentence - v.frame.sentence <= 3]):
        if voice.source.sort == "person" and voice.source.role is None:
            return voice.source
    return source


_PROFESSION = re.compile(r"(?:olog|ist$|ian$|doctor|surgeon|scientist|engineer|professor|executive|boss|coach|singer|actor|actress|author)")


def _office_of(claims: ClaimSet, noun: str) -> Name | None:
    """'The prosecutor' for the watched 'County Prosecutor's Office', if there is just one such."""
    found = [e for e in claims.entities if re.search(rf"\b{re.escape(noun)}(?:'s|’s)? Office$", e.name, re.IGNORECASE)]
    return Name(found[0].name, found[0].id) if len(found) == 1 else None


def read_source_of(claims: ClaimSet, name: Name, source: Source) -> Source:
    """A named person's source where only a description of them stands in the text."""
    entity = claims.entity_by_id[name.entity or ""]
    employer = claims.entity_by_id.get(entity.speaks_for) if entity.speaks_for else None
    return Source("person", name, Name(employer.name, employer.id) if employer else None, source.role, female=source.female, head=name.text)
