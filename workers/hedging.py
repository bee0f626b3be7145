"""How firmly a passage puts its claim: asserted, predicted, conditional or speculated."""

import re

from store.claim import ClaimSet
from store.reading import Attribution, Hedging
from workers.cues import CONDITION, DOUBT, FUTURE, INQUIRY, MAYBE, SILENCE
from workers.text import Passage, Text


def hedge(text: Text, passage: Passage, claims: ClaimSet, attribution: Attribution) -> Hedging:
    """The mood of the passage's own words."""
    said = text.text[passage.start : passage.end]
    if SILENCE.search(said) or DOUBT.search(said) or INQUIRY.search(said):
        return "asserted"
    if CONDITION.search(said):
        return "conditional"
    if MAYBE.search(said):
        return "speculated"
    return "predicted" if FUTURE.search(said) else "asserted"
