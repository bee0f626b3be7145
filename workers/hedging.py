"""How firmly a passage puts its claim: asserted, predicted, conditional or speculated."""

import re

from store.claim import ClaimSet
from store.reading import Attribution, Hedging
from workers.clauses import EARLIER, Core, core
from workers.cues import CONDITION, DENIES, DOUBT, FUTURE, INQUIRY, LITOTES, MAYBE, UNTRUE
from workers.silence import SILENCE
from workers.text import Passage, Text

_SAID_IF = re.compile(
    r"\b(?:ask(?:s|ed)?|wonder(?:s|ed)?|say|know|clear|sure|see|learn|tell)(?: \w+){0,2} (?:if"
    r"|whether)\b|\bif [^,;.]{2,70}? (?:is|are|was|were) (?:right|correct)\b|\beven if\b|\bas if\b|\bif not\b"
    r"|\bif (?:by|only|anything|any)\b"
    r"|\btrue only if\b",
    re.IGNORECASE,
)
_TO_BE = re.compile(r"^[^.?!“\"]*?\b[A-Z][\w’'-]* to (?!be\b)[a-z]+\b|['’] to [a-z]+\b")
"""The future of headlines: 'Minister to open bridge'."""
_OWN_WOULD = re.compile(
    r"\b(?:I|we|he|she|it|they|who|['’]d) would (?:not )?(?:say|pay|want|like|love|have|neither"
    r"|only|never|rather|be(?! (?:in|at|on|back|there|here|visiting|\w+ing)\b)|welcome)\b|\bwould (?:like|love|rather"
    r"|say|seem|appear)\b"
    r"|\bthat would be\b",
    re.IGNORECASE,
)


def hedge(
    text: Text,
    passage: Passage,
    claims: ClaimSet,
    attribution: Attribution,  # noqa: ARG001 - all reading questions are asked alike
) -> Hedging:
    """The mood in which the responsible party puts the claim.

    Silence, questions and flat denials are `asserted` whatever they are about. Otherwise the clause that
    shares most with the claim decides, then the passage as a whole: an open condition is `conditional`,
    a weakened statement `speculated`, one about the future `predicted`.
    """
    heard = core(text, passage, claims)
    found = mood(heard)
    titled = text.sentences and text.sentences[text.sentence_at(passage.start)].paragraph == 0
    announced = titled and found == "asserted" and _TO_BE.search(heard.said) and not SILENCE.search(heard.said)
    return "predicted" if announced else found


def mood(heard: Core) -> Hedging:
    """The hedging of a prepared passage."""
    if SILENCE.search(heard.said) or _asks(heard.said):
        return "asserted"
    if is_conditional(heard.said):
        return "conditional"
    denial = DENIES.search(_at_another_time(heard))
    if denial and not LITOTES.search(heard.said):
        return "asserted"
    if UNTRUE.search(heard.said):
        return "predicted" if is_future(heard.nearest) else "asserted"
    if MAYBE.search(heard.nearest):
        return "speculated"
    if is_future(heard.nearest):
        return "predicted"
    if heard.shared == 0 and MAYBE.search(heard.said):
        return "speculated"
    return "predicted" if heard.shared == 0 and is_future(heard.said) else "asserted"


def _at_another_time(heard: Core) -> str:
    """The passage without clauses about another time: 'it will open, hours after he had denied it' is a forecast."""
    return " ".join(piece for piece in (heard.nearest, *heard.rest) if piece == heard.nearest or not EARLIER.match(piece))


def _asks(said: str) -> bool:
    return bool(INQUIRY.search(said) or DOUBT.search(said)) or said.rstrip('"”’ ').endswith("?")


def is_conditional(said: str) -> bool:
    """Whether the piece hangs on an open condition."""
    return bool(CONDITION.search(_SAID_IF.sub(" ", said)))


def is_future(said: str) -> bool:
    """Whether the piece speaks of what is to come; "would" counts only as the past's future."""
    return bool(FUTURE.search(_OWN_WOULD.sub(" ", said)))
