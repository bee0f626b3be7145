"""How firmly a claim is put: the clause that bears on it decides, and silence is never hedged."""

import pytest

from store.claim import Claim, ClaimSet
from store.reading import Document
from workers.attribution import attribute
from workers.hedging import hedge
from workers.text import Passage, Text

CLOSURE = Claim(id="closure", text="The bank closes its branch in Elmore in June.", story="s")


def hedged(words, claim=CLOSURE):
    text, claims = Text(Document(text=words)), ClaimSet((claim,))
    passage = Passage(claim, 0, len(words), 1000)
    return hedge(text, passage, claims, attribute(text, passage, claims))


@pytest.mark.parametrize(
    ("words", "mood"),
    [
        ("The bank has closed its branch in Elmore.", "asserted"),
        ("The bank reportedly closed its branch in Elmore.", "asserted"),
        ("The bank will close its branch in Elmore.", "predicted"),
        ("The bank is to close its branch in Elmore.", "predicted"),
        ("The branch in Elmore would be closed, a manager said.", "predicted"),
        ("The bank has no plan to close its branch in Elmore.", "predicted"),
        ("The bank may close its branch in Elmore.", "speculated"),
        ("A broker in Elmore bets on a closing of the branch.", "speculated"),
        ("It could not be ruled out that the branch closes, a clerk said.", "speculated"),
        ("If the bank loses money, it will close its branch in Elmore.", "conditional"),
        ("Should the bank lose money, the branch in Elmore would close.", "conditional"),
        ("The branch in Elmore closes unless a buyer is found.", "conditional"),
        ("The bank would not say if its branch will close.", "asserted"),
        ("Will the branch in Elmore close?", "asserted"),
        ("The bank denied that its branch would close.", "asserted"),
        ("The bank closed its branch on 3 May.", "asserted"),
        ("The bank closed its branch in May.", "asserted"),
    ],
)
def test_the_mood_of_the_claim(words, mood):
    assert hedged(words) == mood


def test_a_doubtful_aside_leaves_the_main_clause_firm():
    words = "The bank closed its branch in Elmore, which may have surprised its customers."
    assert hedged(words) == "asserted"


def test_a_headlines_infinitive_is_a_prediction():
    assert hedged("Bank to close branch in Elmore") == "predicted"
    assert hedged("Manager would be in Elmore next month to close the branch.") == "predicted"
