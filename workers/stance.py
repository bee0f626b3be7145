"""What a passage does to its claim: affirms, denies, keeps silent about, questions or merely discusses it."""

import re
from typing import NamedTuple

from store.claim import ClaimSet
from store.reading import Attribution, OutletStance, Stance
from workers.clauses import EARLIER, Core, core, overlap
from workers.cues import (
    ANTONYMS,
    DENIES,
    DOUBT,
    IDLE_NEGATION,
    INQUIRY,
    LITOTES,
    NEGATION,
    OPEN,
    RETRACTION,
    UNSEEN,
    UNTRUE,
    UNVERIFIED,
)
from workers.hedging import is_conditional, mood
from workers.silence import SILENCE, UNTOLD
from workers.text import Passage, Text


class Judgement(NamedTuple):
    """A stance, the outlet's own beside it, and the cues that decided (`stance:silence`, `stance:denied`, …)."""

    stance: Stance
    outlet_stance: OutletStance
    why: tuple[str, ...]


def judge(text: Text, passage: Passage, claims: ClaimSet, attribution: Attribution) -> Judgement:
    """The stance of whoever is made responsible for the passage, and the outlet's own.

    `outlet_stance` is the stance only where the outlet speaks itself, or leads with what its own sources
    told it; otherwise it is neutral.
    """
    stance, why = _stance(text, passage, claims, attribution)
    return Judgement(stance, outlets_own(text, passage, attribution, stance), (f"stance:{why}",))


def _stance(text: Text, passage: Passage, claims: ClaimSet, attribution: Attribution) -> tuple[Stance, str]:
    heard = core(text, passage, claims)
    said = heard.said
    if found := _by_reference(text, passage, claims, attribution, said):
        return found
    if LITOTES.search(said):
        return _litotes(said)
    if RETRACTION.search(said):
        return "affirms", "retraction"
    if denial := _denied(passage, heard):
        return denial
    if (
        is_conditional(said)
        and "?" not in said
        and re.match(r"[\"“ ]*(?:[Tt]hough |[Bb]ut |[Aa]nd )?(?:[Ii]f|Were|Should|Had|[Uu]nless)\b", said)
    ):
        return _conditional(passage, heard)
    if attribution.anonymity == "none" and UNVERIFIED.search(said):
        return "questions", "unverified"
    if match := SILENCE.search(said):
        return "no_comment", f"silence:{match[0].casefold()[:40]}"
    if asked := _asked(text, passage, heard, attribution):
        return asked
    if (unseen := UNSEEN.search(said)) and (attribution.anonymity != "named" or _LOOKED.match(unseen[0])):
        return "questions", "unseen"
    if is_conditional(said):
        return _conditional(passage, heard)
    if heard.shared <= 1 and UNTOLD.search(said):
        return "no_comment", "untold"
    if UNTRUE.search(said):
        return "denies", "untrue"
    if heard.shared == 0 and heard.voice and heard.voice.frame.act == "silent":
        return "no_comment", "conduct"
    if _evades(passage, heard):
        return "no_comment", "evasion"
    if re.search(r"\bwhether\b|\bdepend(?:s|ed|ing)? on\b", said) or (
        OPEN.search(heard.nearest if heard.shared else said) and not _negated(passage, heard)
    ):
        return "discusses", "open"
    if (
        attribution.anonymity == "none"
        and mood(heard) == "speculated"
        and not re.search(r"\b[Mm]y guess\b|\bappears? to\b|\b[Pp]robably\b|\b[Aa]pparently\b|\bmust have\b", said)
    ):
        return "discusses", "speculation"
    return _plain(passage, heard)


def _by_reference(
    text: Text, passage: Passage, claims: ClaimSet, attribution: Attribution, said: str
) -> tuple[Stance, str] | None:
    """'Two bankers said the opposite': the stance of the sentence before, turned or kept."""
    match = re.search(
        r"\b(?P<turn>(?:said|say|says|show|shows|claim|claimed|suggests?) (?:quite |just "
        r"|exactly )?the (?:opposite|contrary|reverse))\b|\b(?:said|say|says) (?:much )?the same\b",
        said,
    )
    first = text.sentence_at(passage.start)
    if not match or first == 0 or overlap(passage.claim, said) > 2:
        return None
    before = text.sentences[first - 1]
    stance, _ = _stance(text, Passage(passage.claim, before.start, before.end, 0), claims, attribution)
    if not match["turn"]:
        return (stance, "same as before") if stance in {"affirms", "denies"} else None
    return ("affirms", "opposite") if stance == "denies" else ("denies", "opposite")


def _litotes(said: str) -> tuple[Stance, str]:
    if re.search(r"\b(?:cannot|could not|can['’]t|couldn['’]t) be (?:ruled out|excluded|discounted)", said):
        return "affirms", "not ruled out"
    if re.search(r"(?:discount|exclud|rul)\w*", LITOTES.search(said)[0]):  # type: ignore[index]
        return "discusses", "not ruled out"
    return "affirms", "not denied"


_LOOKED = re.compile(r"(?:seen|saw|found|detected|observed) no\b", re.IGNORECASE)
_SILENCED = re.compile(
    SILENCE.pattern + r"(?:[^.;]{0,40}?\bn?or (?:to )?(?:den\w+|refut\w+|dismiss\w*|reject\w*|rul\w+ out))?", re.IGNORECASE
)


def _aside(passage: Passage, heard: Core, denial: str) -> bool:
    """'It will be sold, hours after the sale had been ruled out': the denial stands in a clause about another time."""
    if heard.shared == 0 or denial in heard.nearest:
        return False
    earlier = [piece for piece in heard.rest if denial in piece and EARLIER.match(piece)]
    return any(overlap(passage.claim, piece) <= heard.shared for piece in earlier)


_DENIED_ELSEWHERE = re.compile(
    r"\b(?:despite|in spite of|notwithstanding|for all|regardless of|whatever) (?:[\w'’-]+ ){0,5}?denials?\b"
    r"|\bdenials? (?:ha(?:s|ve|d)|d(?:id|o|oes)|w(?:ill|ould)|changed?|alter) ?(?:not|n['’]t|little|nothing)\b",
    re.IGNORECASE,
)
"""Somebody else's denial, waved aside."""


def _denied(passage: Passage, heard: Core) -> tuple[Stance, str] | None:
    """A verb of denial; a denied denial affirms, and so does the denial of a claim's contrary."""
    scrubbed = _SILENCED.sub(lambda m: " " * len(m[0]), heard.said)
    match = DENIES.search(_DENIED_ELSEWHERE.sub(lambda m: " " * len(m[0]), scrubbed))
    if not match or _aside(passage, heard, match[0]):
        return None
    thing = scrubbed[match.end() :]
    again = DENIES.search(thing) or re.search(r"\bno\b|\bnever\b|\bnothing\b", thing.split(":")[0].split(",")[0][:60])
    twice = bool(again) and bool(re.match(r"(?:denied|denies|deny)", match[0], re.IGNORECASE))
    if twice != _is_negative(passage):
        return "affirms", "denial of the contrary"
    return "denies", "denied"


def _asked(text: Text, passage: Passage, heard: Core, attribution: Attribution) -> tuple[Stance, str] | None:
    said = heard.said.rstrip()
    bare = said.rstrip("\"”’' .,")
    if bare.endswith("?"):
        answered = attribution.anonymity == "none" and _answered(text, passage)
        return ("discusses", "question answered next") if answered else ("questions", "question")
    if doubt := DOUBT.search(said):
        if re.match(r"doubt(?:s|ed)?$", doubt[0], re.IGNORECASE) and _is_negative(passage):
            return "affirms", "doubt of the contrary"
        return "questions", "doubt"
    own = text.text[passage.start : passage.end]
    if INQUIRY.search(own) and not re.match(r"\W*(?:[Ww]hen )?[Aa]sked\b", own):
        return "questions", "asked"
    if "?" in own and not _answer(own):
        return "questions", "question"
    return None


def _answer(said: str) -> bool:
    """Whether a reporting clause of its own follows the question mark."""
    rest = said[said.rindex("?") + 1 :].lstrip('"”’ ')
    return len(rest.split()) > 2 and not said[said.rindex("?") + 1 :].startswith((" They", " We", " I ", '"', "”"))


def _answered(text: Text, passage: Passage) -> bool:
    """Whether the paragraph goes on after the question: a heading of the question-and-answer kind."""
    last = text.sentence_at(max(passage.start, passage.end - 1))
    if last + 1 >= len(text.sentences):
        return False
    following = text.sentences[last + 1]
    return following.paragraph == text.sentences[last].paragraph > 0 and not text.of(following).endswith("?")


_IF_CLAUSE = re.compile(r"\b(?:[Ii]f|[Uu]nless|[Pp]rovided|[Aa]ssuming|[Ss]hould|[Ww]ere|[Hh]ad)\b[^,]*(?:,|$)")


def _conditional(passage: Passage, heard: Core) -> tuple[Stance, str]:
    """An open if about the claim discusses it; a claim that follows from some other condition is affirmed."""
    said = heard.said
    match = _IF_CLAUSE.search(said)
    if not match:
        return "discusses", "condition"
    inside = overlap(passage.claim, match[0])
    outside = overlap(passage.claim, said[: match.start()] + said[match.end() :])
    return ("affirms", "follows from a condition") if outside > inside + 1 else ("discusses", "condition")


_REPLYING = re.compile(
    r"(?:^\W*|\b[Ww]hen |\b[Ww]hile |, )(?:[Aa]sked|[Pp]ressed|[Qq]uestioned|[Cc]hallenged)\b(?:,"
    r"| (?:about|on|whether|if|for|why|how|when|what|where|by|again|repeatedly|twice)\b)"
)


def _evades(passage: Passage, heard: Core) -> bool:
    """'Asked about the sale, he said the weather was fine': a reply that shares nothing with the claim."""
    match = _REPLYING.search(heard.said)
    if not match:
        return False
    cue = heard.voice.frame.cue.end - passage.start if heard.voice else heard.said.find(",", match.end() - 1) + 1
    if cue <= 0:
        return False
    reply = heard.said[cue:] if match.start() < cue else heard.said[: match.start()]
    return overlap(passage.claim, reply) == 0 and not re.search(
        r"\b(?:[Yy]es|[Nn]o|[Oo]f course|[Nn]ot|[Nn]ever|[Nn]othing|[Ww]hy not)\b", reply
    )


def _plain(passage: Passage, heard: Core) -> tuple[Stance, str]:
    if _negated(passage, heard):
        return "denies", "negation"
    if antonym := _antonym(passage, heard):
        return "denies", f"antonym:{antonym}"
    return "affirms", "stated"


def _negated(passage: Passage, heard: Core) -> bool:
    """Whether the clause that bears on the claim is negated, the claim's own negation taken off."""
    # "Has not left since" is what "the first journey since" says.
    if re.search(r"\bsince\b", heard.said) and re.search(r"\b(?:first|since|last)\b", passage.claim.text):
        return False
    negative = _holds_negation(passage, heard.nearest)
    if not negative and heard.shared < 2:
        negative = any(_holds_negation(passage, piece) for piece in heard.rest)
    answered = re.search(r"[“\"]No[.,!]?[”\"]|^No[.,!]", heard.said.strip())
    return (negative or bool(answered)) and not _is_negative(passage)


def _holds_negation(passage: Passage, piece: str) -> bool:
    bare = IDLE_NEGATION.sub(" ", piece)
    return any(_in_scope(passage, bare, match) for match in NEGATION.finditer(bare))


def _in_scope(passage: Passage, piece: str, match: re.Match[str]) -> bool:
    cue = match[0].casefold()
    if cue in {"rather than", "instead of"}:
        return overlap(passage.claim, piece[match.end() :]) > overlap(passage.claim, piece[: match.start()])
    relative = list(_RELATIVE.finditer(piece, 0, match.start()))
    if relative and overlap(passage.claim, piece[: relative[-1].start()]) > overlap(passage.claim, piece[relative[-1].end() :]):
        return False
    return not (_PREVENTIVE.match(cue) and _PREVENTIVE.search(passage.claim.text))


_RELATIVE = re.compile(r"\b(?:which|whom?|an? \w+ (?:\w+ \w+ )?that)\b")
_PREVENTIVE = re.compile(
    r"\b(?:refus|reject|bar(?:s|red)?\b|ban(?:s|ned)?\b|prevent|prohibit|forbid|block|stop|unable"
    r"|fail|lack|unlikely|without)",
    re.IGNORECASE,
)
"""Words that negate what they govern; where the claim itself has one, such a word is its wording."""


def _is_negative(passage: Passage) -> bool:
    main = re.split(
        r"\b(?:that|who|which|because|to ensure|without|even)\b|, not\b",
        IDLE_NEGATION.sub(" ", passage.claim.text),
    )[0]
    return bool(re.search(r"\b(?:not|never|no|nobody|none|nothing|unable)\b|n['’]t\b", main))


def _antonym(passage: Passage, heard: Core) -> str | None:
    for own, contrary in ANTONYMS:
        if own.search(passage.claim.text) and (match := contrary.search(heard.said)):
            return match[0].casefold()
    return None


def outlets_own(text: Text, passage: Passage, attribution: Attribution, stance: Stance) -> OutletStance:
    """The outlet's own stance: neutral unless it speaks itself, or leads with what its own sources told it."""
    if stance not in {"affirms", "denies"}:
        return "neutral"
    if attribution.anonymity == "none":
        return "affirms" if stance == "affirms" else "denies"
    lead = bool(text.sentences) and text.sentences[text.sentence_at(passage.start)].paragraph == 1
    own = text.document.outlet
    told = own and re.search(rf"\btold (?:the )?{re.escape(own.removeprefix('The '))}", text.text[passage.start : passage.end])
    return "affirms" if lead and told and attribution.anonymity == "unnamed" and stance == "affirms" else "neutral"
