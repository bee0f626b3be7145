"""Why a passage was taken for a claim: what is told is what the matching did, and the words stand in the text."""

import msgspec
import pytest

from store.claim import ClaimSet
from tests.reader_world import ARTICLE, CLAIMS, text_of
from workers.because import understood
from workers.explain import matched
from workers.match import THRESHOLD
from workers.read import Reader
from workers.text import Passage
from workers.vectors import load_vectors

CLOSES = "harrow-bridge-closes"
PLACES = {"sentence", "key terms", "actors", "place", "values"}
DENIED = "The Ports Board denied on Tuesday that the bridge would be shut."


@pytest.fixture(scope="module", params=["lexical", "vectors"])
def reader(request):
    return Reader(CLAIMS, None if request.param == "lexical" else load_vectors(), b"k")


@pytest.fixture(scope="module")
def lenient():
    """Finds a mention in every unit that is weighed at all: its cues do not hang on the weights that ship."""
    claims = tuple(msgspec.structs.replace(claim, threshold=1) for claim in CLAIMS)
    return Reader(ClaimSet(claims, CLAIMS.entities), None, b"k")


def told(reader, body, quote, claim=CLOSES):
    return matched(text_of(body), reader.watch, reader.vectors, claim, body.index(quote))


def cues(reader, body, quote, claim=CLOSES):
    text = text_of(body)
    mention = next(
        m for m in reader.read(text.document).mentions if m.claim == claim and m.start <= body.index(quote) < m.end
    )
    passage = Passage(reader.claims.by_id[claim], mention.start, mention.end, mention.score, mention.why)
    return {cue.question: cue for cue in understood(text, passage, mention, reader.claims)}


def test_the_score_is_the_mentions_and_the_passage_its_unit(reader):
    scored = told(reader, ARTICLE, DENIED).scored
    mention = next(m for m in reader.read(text_of(ARTICLE).document).mentions if m.quote == DENIED and m.claim == CLOSES)
    assert (scored.start, scored.end, scored.score) == (mention.start, mention.end, mention.score)
    assert scored.score >= scored.threshold == THRESHOLD
    assert scored.threshold_of == "reader"
    assert scored.score == max(scored.with_context, 850 if scored.restated else 0)
    assert (scored.similarity is None) == (reader.vectors is None)


def test_shared_words_stand_in_the_text_and_say_where_the_claim_has_them(reader):
    shared = {s.token: s for s in told(reader, ARTICLE, DENIED).scored.shared}
    assert shared["@ports-board"].words == ("Ports Board",)
    assert shared["bridg"].stands_in == ("key terms",)
    assert set(told(reader, ARTICLE, "The Harrow Bridge").scored.shared[-1].stands_in) <= PLACES
    weights = [s.weight for s in told(reader, ARTICLE, DENIED).scored.shared]
    assert weights == sorted(weights, reverse=True)


def test_the_features_told_first_are_those_that_change_the_score_most(reader):
    scored = told(reader, ARTICLE, DENIED).scored
    gaps = [abs(effect.score_without - scored.score) for effect in scored.effects]
    assert gaps == sorted(gaps, reverse=True)
    assert all(gap > 0 and effect.value for gap, effect in zip(gaps, scored.effects, strict=True))


def test_what_is_not_a_mention_is_explained_as_well(reader):
    scored = told(reader, ARTICLE, "The city also opened").scored
    assert scored.score < scored.threshold


def test_another_year_rules_it_out(reader):
    body = "Ferry history\n\nThe Harrow Bridge was closed to traffic in 1987 because its cables were corroded."
    scored = told(reader, body, "The Harrow Bridge").scored
    assert (scored.other_year, scored.score) == (True, 0)


def test_a_repeated_claim_is_sure_by_rule(reader):
    body = "News\n\n" + CLAIMS.by_id[CLOSES].text
    scored = told(reader, body, "The Harrow Bridge").scored
    assert scored.restated
    assert scored.score >= 850


def test_an_article_off_topic_does_not_bring_the_claim_into_question(reader):
    match = told(reader, "Chess\n\nAda Lund won the chess final in Oslo.", "Ada")
    assert (match.gate.passed, match.scored) == (False, None)
    assert len(match.gate.parties) < match.gate.needed


def test_a_denial_is_told_with_its_source_and_day(lenient):
    told_cues = cues(lenient, ARTICLE, DENIED)
    assert (told_cues["stance"].answer, told_cues["stance"].rule, told_cues["stance"].words) == ("denies", "denied", "denied")
    assert told_cues["source"].words == "The Ports Board … denied"
    assert told_cues["organisation"].rule == "known as entity ports-board"
    assert (told_cues["said on"].answer, told_cues["said on"].words) == ("2031-05-13", "Tuesday")
    assert told_cues["hedging"].rule == "a denial is asserted"


@pytest.mark.parametrize(
    ("said", "question", "answer", "words"),
    [
        ("The Harrow Bridge will be closed to traffic, engineers said.", "hedging", "predicted", "will"),
        ("The Harrow Bridge may be closed to traffic, engineers said.", "hedging", "speculated", "may"),
        ("If it rains, the Harrow Bridge is closed to traffic, engineers said.", "hedging", "conditional", "If"),
        ("The Ports Board declined to comment on the closure of the Harrow Bridge.", "stance", "no_comment", "declin"),
        ("The Harrow Bridge has not been closed to traffic, engineers said.", "stance", "denies", "not"),
        ("The Harrow Bridge was closed to traffic, the Herald reported.", "relays", "Herald", "Herald"),
    ],
)
def test_answers_come_with_the_words_they_rest_on(lenient, said, question, answer, words):
    cue = cues(lenient, f"Harrow Bridge and the Ports Board\n\n{said}", said)[question]
    assert cue.answer == answer
    assert words in cue.words
    assert cue.words in said or question == "stance"


def test_a_value_from_the_sentence_before_is_said_to_be_from_there(lenient):
    body = "Harrow Bridge\n\nRoad salt ate into the cables of the Harrow Bridge, the Ports Board said."
    cue = cues(lenient, body, "Road salt", "cables-salt")["variant"]
    assert (cue.answer, cue.rule) == ("road-salt", "given in the passage")
    cost = "Harrow Bridge\n\nThe repair bill of the Harrow Bridge is a secret, the Ports Board said."
    assert cues(lenient, cost, "The repair", "harrow-repair-cost")["variant"].rule.startswith("gives none of 40m, 62m")
