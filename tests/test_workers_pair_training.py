"""How pairs are drawn and scored when the pair weights are trained."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.pair_rounds import ARTICLES, SHARES, rounds
from train.scores import AS_PUBLISHED, balance, f1, weighted
from train.stance_data import LABELS, Labelled

TEXT = "The bridge is open. The mayor said so."
HEADLINES = [Labelled("The bridge is closed", f"No, the bridge is open ({n})", 1, "bridge", "bridge") for n in range(5)]
ARTICLE_PAIRS = [
    Labelled(f"claim {n} of {story}", TEXT, label, story, story)
    for label in range(4)
    for story, pairs in (("much covered", 100), ("hardly covered", 1))
    for n in range(pairs)
]

answers = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(LABELS)), min_size=1, max_size=40)


def test_a_round_has_every_headline_and_articles_in_stated_shares_of_labels_but_no_unrelated_ones():
    for told in rounds(HEADLINES, ARTICLE_PAIRS, 2):
        assert sorted(row[:3] for row in told if not row[3]) == sorted((r.claim, r.text, r.label) for r in HEADLINES)
        drawn = Counter(row[2] for row in told if row[3])
        assert [drawn[label] for label in range(4)] == [*(int(ARTICLES * share) for share in SHARES), 0]


def test_a_story_of_a_hundred_pairs_is_drawn_ten_times_as_often_as_a_story_of_one():
    drawn = Counter(claim.split(" of ")[1] for told in rounds([], ARTICLE_PAIRS, 8) for claim, *_ in told)
    assert drawn["much covered"] / drawn["hardly covered"] == pytest.approx(10, rel=0.2)


@given(answers, st.integers(1, 4))
def test_to_count_an_unrelated_pair_so_often_is_to_have_it_so_often(found, times):
    repeated = [one for one in found for _ in range(times if LABELS[one[0]] == "unrelated" else 1)]
    assert weighted(found, times) == pytest.approx(weighted(repeated))
    for label in LABELS:
        assert f1(found, label, times) == pytest.approx(f1(repeated, label))


@given(answers)
def test_counted_in_balance_unrelated_pairs_weigh_as_they_do_in_the_published_set(found):
    unrelated = sum(LABELS[true] == "unrelated" for true, _ in found)
    if unrelated:
        assert balance(found) * unrelated == pytest.approx(AS_PUBLISHED * (len(found) - unrelated))
    else:
        assert balance(found) == 1
