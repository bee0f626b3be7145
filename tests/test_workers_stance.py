"""The stance of a passage: denial, silence and doubt in their many forms, and what must not be taken for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.claim import Claim, ClaimSet
from store.reading import STANCES, Document
from workers.attribution import attribute
from workers.stance import judge
from workers.text import Passage, Text

LEAK = Claim(id="leak", text="The refinery at Orrin leaks benzene into the harbour.", story="s", keyterms=("benzene",))
FIRST = Claim(id="first", text="This tour is the band's first abroad since the flood.", story="s")
UNABLE = Claim(id="unable", text="The pumps would not be able to empty the lake.", story="s")


def judged(words, claim=LEAK, part=None, outlet=None):
    text, claims = Text(Document(text=words, outlet=outlet)), ClaimSet((claim,))
    said = part or words
    start = words.index(said)
    passage = Passage(claim, start, start + len(said), 1000)
    return judge(text, passage, claims, attribute(text, passage, claims))


@pytest.mark.parametrize(
    ("words", "stance"),
    [
        ("The refinery leaks benzene, a chemist said.", "affirms"),
        ("The operator denied that benzene had leaked.", "denies"),
        ("The operator's denial that benzene leaked came on Friday.", "denies"),
        ("The allegation was rejected by the operator.", "denies"),
        ("Reports of benzene in the harbour are baseless, the operator said.", "denies"),
        ("Not a drop of benzene has reached the harbour, the operator said.", "denies"),
        ("The refinery has dismissed a worker who reported that it leaks benzene.", "affirms"),
        ("The operator denied that it had ever denied the leak of benzene.", "affirms"),
        ("The operator did not deny that benzene leaked.", "affirms"),
        ("The operator could not say that benzene never leaked: it declined to comment.", "no_comment"),
        ("The operator neither confirmed nor denied that benzene leaked.", "no_comment"),
        ("Calls to the operator went unanswered.", "no_comment"),
        ("It was too early to say, the harbour master said.", "no_comment"),
        ("Asked about the benzene, the manager spoke of the weather.", "no_comment"),
        ("Does the refinery leak benzene?", "questions"),
        ("Fishermen asked why the water smelt of benzene.", "questions"),
        ("A chemist doubted that the benzene came from the refinery.", "questions"),
        ("If the refinery leaks benzene, a lawyer said, it must close.", "discusses"),
        ("Whether benzene leaked depends on the samples, a chemist said.", "discusses"),
        ("The operator withdrew its earlier denials.", "affirms"),
    ],
)
def test_the_speakers_stance(words, stance):
    assert judged(words).stance == stance


def test_of_two_stances_in_one_sentence_the_passage_decides():
    words = "The operator denied that benzene had leaked, but would not say who had read the gauges."
    assert judged(words, part="The operator denied that benzene had leaked").stance == "denies"
    assert judged(words, part="but would not say who had read the gauges").stance == "no_comment"


def test_a_source_described_by_a_refusal_does_not_refuse():
    assert judged("An engineer who declined to be named said the refinery leaks benzene.").stance == "affirms"
    assert judged("A guard who is not authorised to speak said benzene leaked every night.").stance == "affirms"


def test_saying_the_opposite_turns_the_sentence_before():
    words = "The operator denied that benzene had leaked. Two engineers said the opposite."
    assert judged(words, part="Two engineers said the opposite.").stance == "affirms"


def test_the_claims_own_negation_is_not_a_denial_of_it():
    assert judged("The pumps would not be able to empty the lake, an engineer said.", UNABLE).stance == "affirms"
    assert judged("The band has not played abroad since the flood.", FIRST).stance == "affirms"


def test_a_question_that_the_paragraph_answers_is_a_heading():
    words = "Title\n\nDid benzene leak? The operator says it did not."
    assert judged(words, part="Did benzene leak?").stance == "discusses"


def test_the_outlets_stance_is_its_own_voice_only():
    assert judged("The refinery leaks benzene.").outlet_stance == "affirms"
    assert judged("The refinery never leaked benzene.").outlet_stance == "denies"
    assert judged("The refinery leaks benzene, a chemist said.").outlet_stance == "neutral"
    assert judged("Does the refinery leak benzene?").outlet_stance == "neutral"


def test_a_lead_told_to_the_outlet_by_its_own_sources_is_taken_up_by_it():
    words = "Benzene in harbour\n\nThe refinery leaks benzene, two engineers have told the Harbour Post."
    found = judged(words, part=words.split("\n\n")[1], outlet="Harbour Post")
    assert (found.stance, found.outlet_stance) == ("affirms", "affirms")


def test_the_deciding_cue_is_named():
    assert judged("The operator declined to comment.").why == ("stance:silence:declined to comment",)
    assert judged("The operator denied that benzene had leaked.").why == ("stance:denied",)


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_any_passage_of_any_text_gets_one_of_the_stances(words, start, length):
    start = min(start, len(words))
    text, claims = Text(Document(text=words or ".")), ClaimSet((LEAK,))
    passage = Passage(LEAK, min(start, len(text.text) - 1), min(start + length + 1, len(text.text)), 0)
    found = judge(text, passage, claims, attribute(text, passage, claims))
    assert found.stance in STANCES
    assert found == judge(text, passage, claims, attribute(text, passage, claims))


@pytest.mark.parametrize(
    ("words", "stance"),
    [
        ("The operator has not announced any leak of benzene.", "no_comment"),
        ("The operator's bulletin made no mention of benzene.", "no_comment"),
        ("The operator professed ignorance of the benzene.", "no_comment"),
        ("The operator has twice refused to confirm or deny the leak of benzene.", "no_comment"),
        ("The operator said it was aware of the reports of benzene.", "no_comment"),
        ("Asked about benzene, the manager advised reporters to turn to the ministry.", "no_comment"),
        ("The leak was a question for the harbour master, the manager said.", "no_comment"),
        ("There was no sign of benzene in the harbour.", "questions"),
        ("The inspector had seen no evidence of a leak of benzene.", "questions"),
        ("The Harbour Post could not verify that the refinery leaks benzene.", "questions"),
        ("Nobody has confirmed that the refinery leaks benzene.", "questions"),
        ("We do not believe a word of it.", "denies"),
        ("Despite the operator's denials the refinery leaks benzene, a chemist said.", "affirms"),
        ("The refinery leaks benzene, said a chemist, who asked not to be named.", "affirms"),
        ("The refinery leaks benzene into the harbour, hours after a leak had been ruled out.", "affirms"),
        ("The operator would not hesitate to report that the refinery leaks benzene, it said.", "affirms"),
    ],
)
def test_silence_and_doubt_are_no_denials(words, stance):
    assert judged(words, outlet="Harbour Post").stance == stance


def test_a_doubted_negative_is_affirmed():
    claim = Claim(id="n", text="The pumps would not empty the lake.", story="s")
    assert judged("An engineer doubts the pumps would empty the lake.", claim=claim).stance == "affirms"
