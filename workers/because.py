"""How a passage was understood: for each answer of a mention, the rule that gave it and the words that it rests on.

The answers are the mention's own; here the same cues are looked up again. Where a rule rests on the absence of words, it
says so and names none.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from store.claim import ClaimSet
from store.reading import Attribution, Mention, Name, Span
from workers import cues
from workers.attribution import governing, publisher
from workers.clauses import core
from workers.dates import said_at
from workers.echo import copied_from
from workers.silence import SILENCE, UNTOLD
from workers.text import Passage, Text
from workers.variants import value_in

_OF_STANCE = {
    "denied": cues.DENIES, "denial of the contrary": cues.DENIES, "untrue": cues.UNTRUE, "negation": cues.NEGATION,
    "doubt": cues.DOUBT, "doubt of the contrary": cues.DOUBT, "asked": cues.INQUIRY, "unseen": cues.UNSEEN,
    "unverified": cues.UNVERIFIED, "retraction": cues.RETRACTION, "not denied": cues.LITOTES, "not ruled out": cues.LITOTES,
    "open": cues.OPEN, "condition": cues.CONDITION, "follows from a condition": cues.CONDITION, "untold": UNTOLD,
    "speculation": cues.MAYBE, "question": re.compile(r"\?"),
}  # fmt: skip
_OF_MOOD = {"predicted": cues.FUTURE, "speculated": cues.MAYBE, "conditional": cues.CONDITION}
_ACTS = {
    "say": "says it", "think": "thinks it", "deny": "denies it", "ask": "asks", "silent": "keeps silent",
    "accord": "“according to”", "label": "named beside the words", "cite": "is cited", "agent": "does it",
}  # fmt: skip


class Cue(NamedTuple):
    """`answer` to a reading question, the `rule` that gave it, and the text's `words` for it, if it rests on any."""

    question: str
    answer: str | None
    rule: str
    words: str | None = None


def understood(text: Text, passage: Passage, mention: Mention, claims: ClaimSet) -> tuple[Cue, ...]:
    """One or more cues for each question, in the order in which they are asked. `passage` is the mention's own span."""
    return (
        *_who(text, passage, mention, claims),
        _stance(text, passage, mention, claims),
        _outlet(mention),
        _hedging(text, passage, mention, claims),
        _echo(text, passage, mention, claims),
        *_variant(text, passage, mention, claims),
        *_days(text, passage, mention, claims),
        *_span(mention),
    )


def _who(text: Text, passage: Passage, mention: Mention, claims: ClaimSet) -> Iterator[Cue]:
    who = mention.attribution
    learned = next((cue.removeprefix("source:learned ") for cue in mention.why if cue.startswith("source:learned")), None)
    if learned is not None:
        yield Cue("source", who.anonymity, f"the trained model, {learned} sure of the kind of source, against the rules")
    else:
        yield Cue("source", who.anonymity, *_source(text, passage, who, mention.echo_of, claims))
    for question, name in (("speaker", who.speaker), ("organisation", who.organisation), ("role", who.role)):
        if name is not None:
            known = f"known as entity {name.entity}" if name.entity else "as the text names it"
            yield Cue(question, name.text, known, text.of(name.span) if name.span else None)


def _source(
    text: Text, passage: Passage, who: Attribution, relayed: Name | None, claims: ClaimSet
) -> tuple[str, str | None]:
    voice = governing(text, passage, claims)
    if voice is not None and voice.source.sort not in {"nobody", "pronoun"}:
        frame = voice.frame
        away = text.sentence_at(passage.start) - frame.sentence
        where = f", {away} sentence{'s' * (away > 1)} before" if away > 0 else ""
        outlet = "; an outlet that is relayed names nobody" if relayed is not None and who.anonymity == "unnamed" else ""
        source = f"{text.of(frame.source)} … " if frame.source else ""
        return f"reporting clause ({_ACTS[frame.act]}{where}{outlet})", source + text.of(frame.cue)
    if match := cues.UNATTRIBUTED.search(text.text, passage.start, passage.end):
        return "a source is meant and none is named", match[0]
    if publisher(text, claims) is not None:
        return "the publisher is itself a party to the claims", text.document.outlet
    return "no reporting clause governs the passage: the outlet's own voice", None


def _stance(text: Text, passage: Passage, mention: Mention, claims: ClaimSet) -> Cue:
    rule = next((cue.removeprefix("stance:") for cue in mention.why if cue.startswith("stance:")), "")
    name, _, words = rule.partition(":")
    if name.startswith("learned"):
        return Cue("stance", mention.stance, f"the trained models, {name.removeprefix('learned ')} sure, against the rules")
    if words:
        return Cue("stance", mention.stance, name, words)
    if name == "stated":
        return Cue("stance", mention.stance, "stated; no word of denial, doubt, silence or condition governs it")
    said = core(text, passage, claims).said
    match = _OF_STANCE[name].search(said) if name in _OF_STANCE else None
    return Cue("stance", mention.stance, name, match[0].strip() if match else None)


def _outlet(mention: Mention) -> Cue:
    if mention.outlet_stance == "neutral":
        return Cue("outlet's stance", "neutral", "it reports what another says, or takes no side")
    own = mention.attribution.anonymity == "none"
    rule = "it speaks in its own voice" if own else "it leads with what its own sources told it"
    return Cue("outlet's stance", mention.outlet_stance, rule)


def _hedging(text: Text, passage: Passage, mention: Mention, claims: ClaimSet) -> Cue:
    heard = core(text, passage, claims)
    if mention.hedging == "asserted":
        for rule, cue in (("silence is asserted", SILENCE), ("a denial is asserted", cues.DENIES)):
            if match := cue.search(heard.said):
                return Cue("hedging", "asserted", rule, match[0].strip())
        return Cue("hedging", "asserted", "no word of forecast, condition or guess decides")
    for piece, rule in ((heard.nearest, "in the clause nearest to the claim"), (heard.said, "in the passage")):
        if match := _OF_MOOD[mention.hedging].search(piece):
            return Cue("hedging", mention.hedging, rule, match[0].strip())
    return Cue("hedging", mention.hedging, "the future of headlines, or the trained model: no word of it stands there")


def _echo(text: Text, passage: Passage, mention: Mention, claims: ClaimSet) -> Cue:
    name = mention.echo_of
    if "echo:learned" in mention.why:
        answer, words = (name.text, text.of(name.span) if name.span else None) if name else (None, None)
        return Cue("relays", answer, "the trained model, against the rules", words)
    if name is None:
        return Cue("relays", None, "no other outlet is named as its source")
    copied = copied_from(text, claims)
    if copied is not None and copied.text == name.text:
        rule = "the article is the agency's copy, by its dateline or credit"
    elif name.span is not None and not _beside(text, passage, name.span):
        rule = "named before, and its sources go on"
    else:
        rule = "named as the source"
    return Cue("relays", name.text, rule, text.of(name.span) if name.span else None)


def _beside(text: Text, passage: Passage, span: Span) -> bool:
    first, last = text.sentence_at(passage.start), text.sentence_at(max(passage.start, passage.end - 1))
    return first <= text.sentence_at(span.start) <= last


def _variant(text: Text, passage: Passage, mention: Mention, claims: ClaimSet) -> Iterator[Cue]:
    group = passage.claim.variants
    if group is None:
        return
    if mention.variant is None:
        yield Cue("variant", None, f"gives none of {', '.join(group.values)}, or several alike")
        return
    own = value_in(text, passage.start, passage.end, passage, group, claims) == mention.variant
    yield Cue("variant", mention.variant, "given in the passage" if own else "given before, in the same paragraph")


def _days(text: Text, passage: Passage, mention: Mention, claims: ClaimSet) -> Iterator[Cue]:
    where = said_at(text, passage, mention.attribution, claims)
    if mention.said_on is None:
        yield Cue("said on", None, "no day stands beside a verb of saying")
    elif where is None:
        yield Cue("said on", _day(mention.said_on), "the outlet speaks on the day of publication")
    else:
        rule = "beside the verb of saying" if _beside(text, passage, where) else "given for the same speaker before"
        precise = f" ({mention.said_on_precision})" if mention.said_on_precision != "day" else ""
        yield Cue("said on", _day(mention.said_on) + precise, rule, text.of(where))
    if mention.happened_on is not None:
        yield Cue("happened on", _day(mention.happened_on), "the one day in the passage beside that of saying")


def _day(day: date) -> str:
    return day.isoformat()


def _span(mention: Mention) -> Iterator[Cue]:
    if "span:clause" in mention.why:
        yield Cue("passage", "a clause", "the sentence holds two stances or two values, so it was cut")
