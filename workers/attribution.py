"""Who is made responsible for a passage: speaker, organisation, role; named, unnamed or the outlet itself.

The reporting clauses of the text stand with their sources in `workers.voices`. A passage is given the
clause that governs it: the outermost one of its sentence, unless that only relays another.
"""

import re

import msgspec

from store.claim import ClaimSet
from store.reading import Attribution, Name, Span
from workers.cues import UNATTRIBUTED
from workers.dialogue import turns
from workers.frames import Frame, closed_quotations
from workers.names import entity_kind, find_entity, house_name
from workers.text import Passage, Text
from workers.voices import Voice, voices


def attribute(text: Text, passage: Passage, claims: ClaimSet) -> Attribution:
    """Who says the passage, as far as the text tells.

    Guaranteed: with anonymity `none` speaker, organisation and role are None; `unnamed` has no speaker;
    every span lies within the text. Not guaranteed: that the text's own grammar was understood.
    """
    voice = governing(text, passage, claims)
    own = publisher(text, claims)
    if own is not None and voice is not None and voice.source.sort == "unnamed":
        return own
    if voice is not None and voice.source.sort not in {"nobody", "pronoun"}:
        return as_known_here(text, claims, _behind(text, claims, voice))
    if UNATTRIBUTED.search(text.text, passage.start, passage.end):
        return Attribution("unnamed")
    return own or Attribution()


def as_known_here(text: Text, claims: ClaimSet, found: Attribution) -> Attribution:
    """The organisation under the name that this text uses for it, where that is another name altogether."""
    name = found.organisation
    if name is None or name.entity is None or name.text != claims.entity_by_id[name.entity].name:
        return found
    return msgspec.structs.replace(
        found, organisation=Name(house_name(text, claims.entity_by_id[name.entity]), name.entity, name.span)
    )


def publisher(text: Text, claims: ClaimSet) -> Attribution | None:
    """The outlet itself as a named source, if it is a party to the claims: a notice on an authority's own site."""
    entity = find_entity(claims, text.document.outlet or "")
    if entity is None or entity_kind(entity) == "outlet":
        return None
    return Attribution("named", None, Name(entity.name, entity.id)) if entity.id in claims.settling else None


def governing(text: Text, passage: Passage, claims: ClaimSet) -> Voice | None:
    """The reporting clause that makes somebody responsible for the passage."""
    if not text.sentences:
        return None
    held = text.__dict__.setdefault("_governing", {})
    key = (id(voices(text, claims)), passage.start, passage.end)
    if key not in held:
        held[key] = _found_governing(text, passage, claims)
    found: Voice | None = held[key]
    return found


def _found_governing(text: Text, passage: Passage, claims: ClaimSet) -> Voice | None:
    first, last = text.sentence_at(passage.start), text.sentence_at(max(passage.start, passage.end - 1))
    if label := turns(text).get(text.sentences[first].paragraph):
        return next((v for v in voices(text, claims) if v.frame.source == label and v.source.sort != "nobody"), None)
    here = [v for v in voices(text, claims) if first <= v.frame.sentence <= last]
    ranked = sorted(
        ((_weight(text, passage, v, here), -n, v) for n, v in enumerate(here)),
        key=lambda r: r[:2],
        reverse=True,
    )
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
    elif any(
        v.frame is not frame and not v.frame.follows and v.frame.act != "cite" and encloses(text, v.frame, frame, here)
        for v in here
    ):
        weight -= 3.5
    if 0 <= passage.start - frame.cue.end <= 12:
        weight += 0.5
    if frame.act == "think":
        weight -= 0.5
    if voice.source.sort == "pronoun":
        weight -= 1.5
    return weight


def encloses(text: Text, outer: Frame, inner: Frame, here: list[Voice]) -> bool:
    if (
        outer.act == "silent"
        or outer.sentence != inner.sentence
        or inner.source is None
        or outer.cue.start >= inner.source.start
    ):
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
            if any(
                v.frame is not frame and v.frame.sentence == frame.sentence and v.frame.cue.end <= match.start() for v in here
            ):
                start = match.end()
        return start, frame.source.end if frame.act == "agent" and frame.source else sentence.end
    start = frame.source.start if frame.source else frame.cue.start
    for match in _BREAK.finditer(text.text, frame.cue.end, sentence.end):
        opened = [
            v
            for v in here
            if v.frame is not frame
            and v.frame.source
            and v.frame.cue.start >= match.start()
            and v.frame.source.start <= match.end() + 30
        ]
        if opened or match[0] == ";":
            return start, match.start()
    return start, sentence.end


def _carried(text: Text, passage: Passage, claims: ClaimSet, first: int) -> Voice | None:
    """The clause of a neighbouring sentence: a quotation that runs on, or indirect speech that continues."""
    sentence = text.sentences[first]
    near = [
        v
        for v in voices(text, claims)
        if text.sentences[v.frame.sentence].paragraph == sentence.paragraph
        and v.frame.act != "cite"
        and v.source.sort != "nobody"
    ]
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
    if (
        before
        and before[-1].frame.sentence >= first - 2
        and re.search(r"\b(?:is|are|was|were) (?:estimated|expected|said|understood)\b", said)
    ):
        return before[-1]
    return None


def _running_quote(text: Text, passage: Passage) -> Span | None:
    """The rest of a quotation whose marks stand in other sentences or are missing on one side."""
    sentence = text.sentences[text.sentence_at(passage.start)]
    opened, closed = text.text[sentence.start] in '“"«', text.text[sentence.end - 1] in '”"»'
    if opened != closed and not any(q.start < sentence.end and sentence.start < q.end for q in closed_quotations(text)):
        return Span(sentence.start, sentence.end)
    return None


def _behind(text: Text, claims: ClaimSet, voice: Voice) -> Attribution:
    """The source itself, or, where it is an outlet that relays, whoever that outlet quotes."""
    if voice.source.sort != "outlet":
        return voice.source.attribution
    inner = [
        v
        for v in voices(text, claims)
        if v.frame.sentence == voice.frame.sentence
        and v is not voice
        and v.source.sort in {"person", "body", "unnamed"}
        and (v.frame.act == "cite" or v.frame.cue.start > voice.frame.cue.start or voice.frame.follows)
    ]
    if inner:
        return inner[0].source.attribution
    return Attribution("unnamed")
