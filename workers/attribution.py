"""Who is made responsible for a passage."""

from store.claim import ClaimSet
from store.reading import Attribution
from workers.text import Passage, Text


def attribute(text: Text, passage: Passage, claims: ClaimSet) -> Attribution:
    """Who says the passage, as far as the text tells."""
    return Attribution()
