"""Lag: a long queue is no fault, a stage that has work and does none of it is."""

from hypothesis import given
from hypothesis import strategies as st

from web.progress import Stage, follow, stuck

PATIENCE = 300.0


def watched(*looks):
    """What is known after looks of (seconds, done, end)."""
    seen = {}
    for seconds, done, end in looks:
        seen = follow(seen, [Stage("match", done, end)], seconds)
    return seen


def test_a_stage_that_does_nothing_although_there_is_work_is_stuck_after_a_while():
    seen = watched((0, 5, 9), (100, 5, 9))
    assert stuck(seen, 299, PATIENCE) == []
    assert stuck(seen, 300, PATIENCE) == ["match: 4 waiting, none done for 300 s"]


def test_a_stage_that_moves_is_never_stuck_however_long_its_queue():
    seen = watched(*((n * 100, n, 1_000_000) for n in range(50)))
    assert stuck(seen, 4_900, PATIENCE) == []


def test_waiting_for_work_is_not_being_stuck():
    assert stuck(watched((0, 9, 9), (10_000, 9, 9)), 10_000, PATIENCE) == []


def test_the_wait_begins_with_the_work_not_with_the_last_thing_done():
    seen = watched((0, 9, 9), (10_000, 9, 10))
    assert stuck(seen, 10_299, PATIENCE) == []
    assert stuck(seen, 10_300, PATIENCE) != []


def test_behind_is_never_less_than_nothing():
    assert Stage("match", 7, 5).behind == 0


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_stuck_says_the_same_as_looking_back_over_all_looks(steps):
    looks, seconds, done, end = [], 0, 0, 0
    for pause, worked, came in steps:
        seconds, end = seconds + pause, end + came
        done = min(end, done + worked)
        looks.append((seconds, done, end))
    last_seconds, last_done, last_end = looks[-1]
    since = last_seconds
    for at, was_done, was_end in reversed(looks):
        if was_done != last_done or was_end == was_done:
            break
        since = at
    expected = last_end > last_done and last_seconds - since >= PATIENCE
    assert bool(stuck(watched(*looks), last_seconds, PATIENCE)) == expected
