"""Whom a passage relays, and whether one text is a near copy of another."""

import hashlib
import re

import numpy as np
import numpy.typing as npt

from store.claim import ClaimSet, Entity
from store.reading import Attribution, Name, Span
from workers.attribution import encloses, governing
from workers.cast import cast_of
from workers.names import CAPITALISED, find_entity, is_outlet_name, known_entity, plain, registry
from workers.text import Passage, Text
from workers.voices import Voice, voices

_DATELINE = re.compile(
    r"^[A-ZÀ-Þ][A-ZÀ-Þ .,'’-]{2,40}(?:, [\w. ]{3,20})? ?\((?P<agency>[A-Z][\w .&'’-]{1,40})\) "
    r"?[-–—]"
)
_DATE = re.compile(r"\d|^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)")
_CREDIT = re.compile(
    r"^(?:(?:By|Source:|Credit:|From) (?P<by>[A-Z][\w .&'’-]{1,40})"
    r"|\((?P<alone>[A-Z][\w .&'’-]{1,40})\)|[A-Z][\w .'’-]{2,60}[,"
    r"|/] (?P<after>[A-Z][\w .&'’-]{1,40}))$"
)


def relayed(
    text: Text,
    passage: Passage,
    attribution: Attribution,  # noqa: ARG001 - all reading questions are asked alike
    claims: ClaimSet,
) -> Name | None:
    """The outlet that the passage itself names as its source, the nearest one; None if it names none.

    The publishing outlet is never relayed by itself. A text that an agency's dateline or credit line marks
    as its copy, published elsewhere, relays the agency wherever it names nobody nearer.
    """
    if not text.sentences:
        return None
    found = next((n for n in (look(text, passage, claims) for look in _LOOKS) if n is not None), None)
    found = found and _without_verb(claims, found)
    if found is not None and not _is_publisher(text, claims, found):
        return found
    return copied_from(text, claims)


def copied_from(text: Text, claims: ClaimSet) -> Name | None:
    """The agency whose copy the whole article is, by its dateline ('CITY (Agency) -') or credit line."""
    for paragraph in text.paragraphs[:4]:
        line = text.of(paragraph)
        match = _DATELINE.match(line) or (_CREDIT.match(line) if len(line) < 90 else None)
        wording = next((g for g in match.groups() if g), None) if match else None
        if not wording:
            continue
        entity = find_entity(claims, wording)
        if entity is not None or is_outlet_name(wording) or (match and match.re is _DATELINE and not _DATE.search(wording)):
            low = paragraph.start + line.index(wording)
            name = _outlet_name(claims, entity, wording, Span(low, low + len(wording)))
            return None if _is_publisher(text, claims, name) else name
    return None


_NAME_AND_DEED = re.compile(r"(?P<name>.+?) (?:(?:has|had) )?(?:report(?:ed|s)|said|says|wrote|writes|quot(?:ed|es))")


def _without_verb(claims: ClaimSet, name: Name) -> Name:
    """'The New York Times reported' is the paper's name and what it did."""
    match = _NAME_AND_DEED.fullmatch(name.text)
    if name.entity is not None or match is None:
        return name
    wording = match["name"]
    span = name.span and Span(name.span.start, name.span.end - (len(name.text) - len(wording)))
    entity = find_entity(claims, wording)
    return Name(entity.name if entity else wording, entity.id if entity else None, span)


def in_full(text: Text, claims: ClaimSet, name: Name) -> Name | None:
    """The outlet under the fullest name that the text gives it, so that it is one outlet however it is called.

    "Norway's Harbour Wire" is Harbour Wire, and so is "Harbour" where the text knows one outlet of which that is a part.
    None for the publisher, who relays nobody in naming itself. The span is where the full name stands.
    """
    bare = _unowned(text, claims, name)
    words = bare.text.split()
    if bare.entity is None and (len(words) == 1 or not is_outlet_name(bare.text)):
        known = (_unowned(text, claims, bearer.name) for bearer in cast_of(text, claims).bearers)
        fuller = {one.text: one for one in known if is_outlet_name(one.text) and _is_part(words, one.text.split())}
        bare = next(iter(fuller.values())) if len(fuller) == 1 else bare
    return None if _is_publisher(text, claims, bare) else bare


def _is_part(words: list[str], name: list[str]) -> bool:
    return len(words) < len(name) and words in (name[: len(words)], name[-len(words) :])


_OWNER = re.compile(r"(?:[A-ZÀ-Þ][\w.-]* )*[A-ZÀ-Þ][\w.-]*['’]s? (?=[A-ZÀ-Þ])")


def _unowned(text: Text, claims: ClaimSet, name: Name) -> Name:
    """'Norway's Harbour Wire' without the country; 'St Olaf's Gazette' is a name as it stands."""
    owner = _OWNER.match(name.text)
    if name.entity is not None or name.span is None or owner is None:
        return name
    wording = name.text[owner.end() :]
    entity, start = find_entity(claims, wording), text.text.find(wording, name.span.start, name.span.end)
    if start < 0 or (entity is None and not (" " in wording and is_outlet_name(wording))):
        return name
    return _outlet_name(claims, entity, wording, Span(start, start + len(wording)))


def _outlet_name(claims: ClaimSet, entity: Entity | None, wording: str, span: Span) -> Name:
    return known_entity(claims, entity, span).name if entity else Name(plain(wording), None, span)


def _is_publisher(text: Text, claims: ClaimSet, name: Name) -> bool:
    own = text.document.outlet
    if not own:
        return False
    entity = find_entity(claims, own)
    if entity and name.entity:
        return entity.id == name.entity
    mine, other = set(plain(own).casefold().split()), set(plain(name.text).casefold().split())
    return bool(other) and (other <= mine or mine <= other)


def _named_outlet(text: Text, passage: Passage, claims: ClaimSet) -> Name | None:
    """The outlet among the sources of the sentences of the passage, the first that reports or is cited."""
    first, last = text.sentence_at(passage.start), text.sentence_at(max(passage.start, passage.end - 1))
    voice = governing(text, passage, claims)
    if voice is not None and voice.source.sort == "outlet" and voice.source.organisation:
        return voice.source.organisation
    here = [v for v in voices(text, claims) if first <= v.frame.sentence <= last]
    for candidate in here:
        if (
            candidate.source.sort == "outlet"
            and candidate.source.organisation
            and _hands_on(text, passage, candidate, voice, here)
        ):
            return candidate.source.organisation
    if voice is not None and voice.source.sort == "unnamed" and voice.frame.source:
        return voice.source.organisation if _JOURNALIST.search(text.of(voice.frame.source)) else None
    return None


_TOLD = re.compile(
    r"\b(?:told|tells?|telling|spoke (?:to|with)|spoken (?:to|with)|speaking (?:to|with)|interview (?:with|to|by|for)|said to)"
    r" (?:the )?(?:\w+ )?(?=[A-Z])|(?<=\W)(?=[A-Z][\w ]{1,30}['’]s? (?:own )?(?:\w+ )?(?:sources?|informants?)\b)"
)


def _addressed(text: Text, passage: Passage, claims: ClaimSet) -> Name | None:
    """'The Herald's source', 'the officials told the Herald' where the text relays the Herald elsewhere.

    Speaking to an outlet is no relay by itself: agencies share their interviews, and the words are the speaker's.
    """
    first, last = text.sentence_at(passage.start), text.sentence_at(max(passage.start, passage.end - 1))
    low, high = text.sentences[first].start, text.sentences[last].end
    for match in _TOLD.finditer(text.text, low, high):
        name = CAPITALISED.match(text.text, match.end())
        if name and name.end() <= high:
            ends = name.start() + len(re.sub(r"['’]s?$", "", name[0]))
            known = registry(text, claims).resolve(name.start(), ends)
            owns = re.match(r"['’]s? (?:own )?(?:\w+ )?(?:sources?|informants?)\b", text.text[ends:])
            if owns and known.kind != "person":
                return known.name
            if known.kind == "outlet" and _relays(text, claims, known.name):
                return known.name
    return None


def _relays(text: Text, claims: ClaimSet, name: Name) -> bool:
    reports = [v.source.organisation for v in voices(text, claims) if v.source.sort == "outlet"]
    own = rf"\b{re.escape(name.text)}(?:['’]s?)? (?:report|story|account|article)"
    return any(r is not None and r.text == name.text for r in reports) or bool(re.search(own, text.text))


def _hands_on(text: Text, passage: Passage, outlet: Voice, voice: Voice | None, here: list[Voice]) -> bool:
    """Whether what the governing source says reaches the text through the outlet."""
    if voice is None:
        return outlet.frame.act != "cite" and (outlet.frame.follows or outlet.frame.cue.start < passage.end)
    source = voice.frame.source
    if source and outlet.frame.source and source.start <= outlet.frame.source.start < source.end:
        return True  # "workers quoted by the Herald"
    if outlet.frame.act in {"cite", "agent", "accord"} or outlet.frame.follows:
        return outlet.frame.sentence == voice.frame.sentence
    return encloses(text, outlet.frame, voice.frame, here) or text.text[
        : outlet.frame.source.start if outlet.frame.source else 0
    ].rstrip().endswith(("As", "as"))


_SOURCES = frozenset({"sources", "source", "officials", "people", "insiders"})
_JOURNALIST = re.compile(
    r"\b(?:columnist|reporter|correspondent|editor|writer|blogger|presenter|host|critic|journalist"
    r"|anchor|editorial)s?\b"
)
_DEFINITE = re.compile(r"(?:the|these|those|both|they|it|he|she)\b", re.IGNORECASE)


def _carried_outlet(text: Text, passage: Passage, claims: ClaimSet) -> Name | None:
    """The outlet of a sentence before, where its sources go on talking: 'the officials also said'."""
    first = text.sentence_at(passage.start)
    voice = governing(text, passage, claims)
    if voice is None or voice.source.sort != "unnamed" or voice.frame.source is None:
        return None
    phrase = text.of(voice.frame.source)
    if voice.frame.sentence == first and re.match(r"(?:an?|one|another|some\w*) ", phrase, re.IGNORECASE):
        return None
    near = [v for v in voices(text, claims) if first - 5 <= v.frame.sentence < first]
    paragraph = text.sentences[first].paragraph
    before = [
        v
        for v in near
        if v.source.sort == "outlet" and v.source.organisation and paragraph - text.sentences[v.frame.sentence].paragraph <= 1
    ]
    if not before:
        return None
    quoted = {v.source.head for v in near if v.frame.sentence == before[-1].frame.sentence and v.source.sort == "unnamed"}
    return (
        before[-1].source.organisation
        if voice.source.head in (quoted | _SOURCES if _DEFINITE.match(phrase) else quoted)
        else None
    )


_LOOKS = (_named_outlet, _carried_outlet, _addressed)
WORDS = 4
VALUES = 64
NEAR_COPY = 0.25
"""Similarity from which two texts are copies. Measured on news texts: different articles on one matter stay
below 0.21 (in 16,800 pairs; 0.05 is usual), a retitled copy has 0.8 and more, one cut to 60 per cent 0.55
(median; 19 of 20 above 0.3), one cut to half 0.45 (19 of 20 above 0.22)."""


def signature(text: str, key: bytes) -> bytes:
    """A keyed MinHash over shingles of four words: 64 values of 16 bits, little-endian, 128 bytes.

    Only signatures made with the same key are comparable, and without the key a known text cannot be
    recognised by its signature. A text of one to three words counts as one shingle; one without words has
    the empty signature, which is similar to nothing.
    """
    words = re.findall(r"\w+", text.casefold())
    if not words:
        return b""
    shingles = {" ".join(words[i : i + WORDS]) for i in range(max(1, len(words) - WORDS + 1))}
    hashed = np.frombuffer(
        b"".join(hashlib.blake2b(shingle.encode(), digest_size=8, key=key[:64]).digest() for shingle in shingles),
        "<u8",
    )
    odd, shift = _permutations()
    least: npt.NDArray[np.uint64] = (hashed[:, None] * odd + shift).min(axis=0)
    kept: bytes = (least >> np.uint64(48)).astype("<u2").tobytes()
    return kept


def similarity(a: bytes, b: bytes) -> float:
    """Share of equal values, an estimate of the shingles' Jaccard similarity; 0.0 if either is empty."""
    if len(a) != len(b) or not a:
        return 0.0
    return float(np.mean(np.frombuffer(a, "<u2") == np.frombuffer(b, "<u2")))


def _permutations() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """One multiply-and-add permutation of 64-bit words for each value (odd multipliers, hence one to one)."""
    steps = np.arange(1, VALUES + 1, dtype=np.uint64)
    odd = (steps * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)
    return odd, steps * np.uint64(0xC2B2AE3D27D4EB4F)
