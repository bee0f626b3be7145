"""Which registered claims a text repeats: candidates, order, and the index under them."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.rank import Entry, Register, load_weights, rank
from workers.rank_features import LEXICAL, VECTORS
from workers.rank_index import Postings
from workers.rank_words import opened, terms
from workers.vectors import load_vectors

WEIGHTS = load_weights()
CLAIMS = (
    Entry("bridge", "The bridge at Merrow will be torn down in May 2024."),
    Entry("bread", "A bakery in Merrow sold bread with sawdust in it."),
    Entry("mayor", "The mayor of Merrow resigned after a tax inquiry."),
    Entry("kites", "Flying kites is banned on all beaches of the county."),
    Entry("bees", "A pesticide approved last year killed 40 percent of the county's bees."),
)


def _best(text, register=None, top=5):
    ranking = next(rank(register or Register(CLAIMS), [Entry("q", text)], WEIGHTS, top=top))
    return [scored.id for scored in ranking.claims]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_a_claim_repeated_word_for_word_comes_first(claim):
    assert _best(claim.text)[0] == claim.id


def test_a_post_with_handles_tags_links_and_a_signature_finds_its_claim():
    post = "BREAKING @MerrowNews: they are going to tear down OUR bridge in May!! #SaveTheMerrowBridge"
    post += " https://t.example/x1 — Jo (@jo) May 2, 2024"
    assert _best(post)[0] == "bridge"


def test_at_most_top_claims_are_named_with_scores_that_fall():
    ranking = next(rank(Register(CLAIMS), [Entry("q", "Merrow county bridge bakery mayor bees kites")], WEIGHTS, top=3))
    scores = [scored.score for scored in ranking.claims]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_text_that_shares_nothing_names_no_claim():
    assert _best("xyzzy") == []
    assert _best("") == []
    assert _best("Anything", Register(())) == []


def test_of_equal_claims_the_one_registered_first_comes_first():
    twins = (Entry("first", "The dam at Orle burst."), Entry("second", "The dam at Orle burst."))
    assert _best("Dam at Orle burst", Register(twins)) == ["first", "second"]


def test_rankings_follow_the_queries_one_by_one():
    queries = [Entry(str(i), claim.text) for i, claim in enumerate(CLAIMS)]
    assert [r.id for r in rank(Register(CLAIMS), iter(queries), WEIGHTS)] == ["0", "1", "2", "3", "4"]


@settings(max_examples=50)
@given(st.lists(st.text(max_size=40), max_size=6), st.text(max_size=80))
def test_any_text_can_be_ranked_against_any_claims(claims, query):
    register = Register([Entry(str(i), text) for i, text in enumerate(claims)])
    ranking = next(rank(register, [Entry("q", query)], WEIGHTS))
    named = [scored.id for scored in ranking.claims]
    assert len(set(named)) == len(named) <= min(5, len(claims))


_WORDS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8)


@given(st.lists(_WORDS, min_size=1, max_size=8), _WORDS)
def test_postings_give_the_textbook_bm25(documents, query):
    mean = sum(map(len, documents)) / len(documents)

    def score(document):
        total = 0.0
        for term in set(query) & set(document):
            holding = sum(term in other for other in documents)
            rarity = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            count = Counter(document)[term]
            total += rarity * count * 2.2 / (count + 1.2 * (0.4 + 0.6 * len(document) / mean))
        return total

    assert np.allclose(Postings(documents).scores(query), [score(d) for d in documents], rtol=1e-5)


def test_tags_count_as_words_and_as_a_whole_and_links_not_at_all():
    assert terms("#SaveTheBees https://example.org/bees/sting pic.twitter.com/abc") == ["save", "bees", "savetheb"]


def test_an_opened_post_reads_as_a_sentence():
    assert (
        opened("They lied! #SaveTheBees @JaneDoe https://x.example/1 — Jo Doe (@jo) May 2, 2024")
        == "They lied! Save The Bees Jane Doe"
    )


def test_the_shipped_weights_name_every_feature():
    assert set(WEIGHTS.words_only) == set(LEXICAL)
    assert set(WEIGHTS.with_vectors) == {*LEXICAL, *VECTORS}


def test_sentence_vectors_find_a_paraphrase_among_lookalikes():
    claims = [
        *CLAIMS,
        Entry("quit", "The head of the city council stepped down."),
        Entry("march", "The city council marched down the street."),
    ]
    register = Register(claims, load_vectors())
    assert _best("Council leader of the city has quit his post", register)[0] == "quit"
