"""What a passage does to its claim: affirms, denies, keeps silent about, questions or merely discusses it."""

from typing import NamedTuple

from store.claim import ClaimSet
from store.reading import Attribution, OutletStance, Stance
from workers.cues import DENY_VERB, DOUBT, IDLE_NEGATION, INQUIRY, NEGATION, SILENCE, UNTRUE
from workers.text import Passage, Text
import re


class Judgement(NamedTuple):
    stance: Stance
    outlet_stance: OutletStance
    why: tuple[str, ...]


_DENY = re.compile(rf"\b(?:{DENY_VERB}|denials?)\b", re.I)


def judge(text: Text, passage: Passage, claims: ClaimSet, attribution: Attribution) -> Judgement:
    """The stance of whoever is made responsible for the passage, and the outlet's own."""
    said = text.text[passage.start : passage.end]
    stance: Stance = "affirms"
    if SILENCE.search(said):
        stance = "no_comment"
    elif DOUBT.search(said) or INQUIRY.search(said) or said.endswith("?"):
        stance = "questions"
    elif _DENY.search(said) or UNTRUE.search(said) or NEGATION.search(IDLE_NEGATION.sub("", said)):
        stance = "denies"
    own = attribution.anonymity == "none" and stance in {"affirms", "denies"}
    return Judgement(stance, stance if own else "neutral", ())
