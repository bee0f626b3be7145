"""Pollers beside each other: none asks for what another has in hand, and what one left behind is taken up."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from databases import KINDS, fresh

from ingest.state import FeedState, State
from ingest.turns import LENGTH, Turn, Turns
from store.clock import FixedClock, to_micros
from store.content import Content
from store.database import open_engine

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
NOW = to_micros(T0)
ONE, TWO = Turn("poll/0", 1), Turn("poll/1", 1)


class Shared:
    """A database that pollers share, each with a connection pool of its own, and the machine's clock."""

    def __init__(self, url):
        self._url, self.clock, self._engines = url, FixedClock(T0), []
        Content(self.engine())
        self.state = State(self._engines[0])

    def engine(self):
        self._engines.append(open_engine(self._url))
        return self._engines[-1]

    def turns(self):
        return Turns(self.engine(), self.clock)

    def enroll(self, count):
        self.state.enroll(lambda: [feed(f"f{number:03}") for number in range(count)])

    def end(self):
        for engine in self._engines:
            engine.dispose()


def feed(name, due=T0):
    return FeedState(feed=name, next_due=due, interval=600)


@pytest.fixture(params=KINDS)
def shared(request, tmp_path):
    with fresh(request.param, tmp_path) as url:
        shared = Shared(url)
        yield shared
        shared.end()


def names(states):
    return [one.feed for one in states]


def polled(turns, turn, states):
    return turns.save(turn, [feed(one.feed, T0 + timedelta(minutes=10)) for one in states])


def test_four_pollers_at_once_poll_each_feed_once(shared):
    shared.enroll(90)
    asked, barrier = Counter(), threading.Barrier(4)

    def poll(number):
        turns, turn = shared.turns(), Turn(f"poll/{number}", 1)
        barrier.wait()
        while taken := turns.feeds(turn, NOW, 5):
            asked.update(names(taken))
            polled(turns, turn, taken)

    threads = [threading.Thread(target=poll, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 90
    assert set(asked.values()) == {1}
    assert shared.state.due(T0) == (False, False)


def test_what_one_has_in_hand_another_does_not_get(shared):
    shared.enroll(5)
    one, two = shared.turns(), shared.turns()
    assert names(one.feeds(ONE, NOW, 3)) == ["f000", "f001", "f002"]
    assert names(two.feeds(TWO, NOW, 3)) == ["f003", "f004"]
    assert two.feeds(TWO._replace(owner="poll/2"), NOW, 3) == []
    assert shared.state.due(T0)[0], "what is in hand is still due"


def test_a_poller_that_was_started_again_takes_up_its_own_and_its_former_life_counts_no_more(shared):
    shared.enroll(2)
    turns = shared.turns()
    before = turns.feeds(ONE, NOW, 9)
    again = ONE._replace(token=2)
    assert names(turns.feeds(again, NOW, 9)) == names(before)
    assert polled(turns, ONE, before) == 0
    assert polled(turns, again, before) == 2


def test_a_turn_that_nobody_ends_ends_by_itself(shared):
    shared.enroll(1)
    turns = shared.turns()
    turns.feeds(ONE, NOW, 9)
    shared.clock.advance(LENGTH - timedelta(seconds=1))
    assert turns.feeds(TWO, NOW, 9) == []
    shared.clock.advance(timedelta(seconds=1))
    assert len(turns.feeds(TWO, NOW, 9)) == 1


def test_what_is_let_go_is_free_at_once(shared):
    shared.enroll(2)
    turns = shared.turns()
    turns.feeds(ONE, NOW, 9)
    turns.let_go(ONE)
    assert len(turns.feeds(TWO, NOW, 9)) == 2


def test_a_feed_that_is_removed_is_due_no_more_until_it_is_added_again(shared):
    shared.enroll(2)
    shared.enroll(1)
    turns = shared.turns()
    assert names(turns.feeds(ONE, NOW, 9)) == ["f000"]
    shared.enroll(2)
    assert names(turns.feeds(TWO, NOW, 9)) == ["f001"]
