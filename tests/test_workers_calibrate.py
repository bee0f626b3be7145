"""Thresholds from people's decisions: exact bounds, no proposal without enough of them, nothing below what was judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.calibrate import Judged, bound, chance, propose

RIGHT = [Judged(score, True) for score in range(600, 1000, 10)]  # forty


def wrong(*scores):
    return [Judged(score, False) for score in scores]


def test_the_chance_is_the_binomial_one():
    assert chance(0, 10, 0.1) == pytest.approx(0.9**10)
    assert chance(1, 3, 0.5) == pytest.approx(4 / 8)
    assert (chance(3, 3, 0.5), chance(0, 0, 0.5), chance(0, 5, 1.0), chance(2, 5, 0.0)) == (1.0, 1.0, 0.0, 1.0)


def test_the_bound_is_clopper_and_pearsons():
    assert bound(0, 22, 0.9) == pytest.approx(1 - 0.1 ** (1 / 22), abs=1e-9)  # 0.0994
    assert bound(1, 10, 0.95) == pytest.approx(0.3942, abs=1e-4)  # as tables print it
    assert bound(0, 0, 0.9) == 1.0


def test_the_least_threshold_that_keeps_the_rate_is_proposed():
    found = propose([*RIGHT, *wrong(*range(450, 600, 10))], 450, 0.1, 0.9)
    assert (found.verdict, found.threshold, found.judged, found.wrong) == ("proposed", 600 - 10, 55, 15)
    assert (found.shown, found.wrong_shown, found.kept) == (41, 1, 1.0)
    assert found.at_most <= 0.1
    stricter = propose([*RIGHT, *wrong(*range(450, 600, 10))], 450, 0.06, 0.9)
    assert (stricter.threshold, stricter.wrong_shown) == (600, 0)


def test_where_nothing_is_wrong_the_threshold_is_kept():
    found = propose(RIGHT, 450, 0.1, 0.9)
    assert (found.verdict, found.threshold, found.kept) == ("kept", 450, 1.0)


def test_lower_ones_are_proposed_only_as_far_as_mentions_were_judged():
    found = propose(RIGHT, 800, 0.1, 0.9)
    assert (found.verdict, found.threshold) == ("proposed", 600)


def test_too_few_decisions_propose_nothing_and_say_how_many_it_takes():
    found = propose(RIGHT[:21], 450, 0.1, 0.9)
    assert (found.verdict, found.threshold, found.needed) == ("too_few", None, 22)
    assert found.at_most > 0.1
    assert propose(RIGHT[:22], 450, 0.1, 0.9).verdict == "kept"
    assert propose([], 450, 0.1, 0.9)[:3] == ("too_few", 450, None)


def test_wrong_ones_at_the_very_top_leave_no_threshold():
    found = propose([*RIGHT, *wrong(*[999] * 10)], 450, 0.1, 0.9)
    assert (found.verdict, found.threshold) == ("unreachable", None)
    assert (found.shown, found.wrong_shown) == (50, 10)


@given(
    st.lists(st.builds(Judged, st.integers(0, 1000), st.booleans()), max_size=60),
    st.integers(0, 1000),
    st.sampled_from([0.05, 0.1, 0.3]),
)
def test_what_is_proposed_keeps_the_rate_and_equal_scores_stay_together(judged, now, rate):
    found = propose(judged, now, rate, 0.9)
    if found.threshold is None:
        return
    shown = [one for one in judged if one.score >= found.threshold]
    assert (found.shown, found.wrong_shown) == (len(shown), sum(not one.right for one in shown))
    assert found.at_most <= rate + 1e-6
    assert found.wrong_shown <= rate * found.shown
