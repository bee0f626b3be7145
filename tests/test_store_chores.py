"""Chores done by processes that look for them themselves, and the rows by themselves."""

from datetime import UTC, datetime, timedelta

import pytest
from chores_contract import ChoresContract, Place
from databases import KINDS, fresh

from store.chores import Chores, add, figures, is_open
from store.chores_rules import LONGEST_PAUSE, Manner, Wanted, after_failure, backoff, checked, said
from store.clock import FixedClock, SystemClock
from store.database import open_engine, reading, writing
from store.ledger import Ledger

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MANNER = Manner(lease=30 * SECOND, most_attempts=3, pause=SECOND, resend=60 * SECOND)


class TestInline(ChoresContract):
    @pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
    def place(self, request, tmp_path):
        with fresh(request.param, tmp_path) as database:
            place = Place(tmp_path, database, workers="inline")
            yield place
            place.end()


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """Chores over a clock of ours."""
    with fresh(request.param, tmp_path) as database:
        engine = open_engine(database)
        Ledger(engine, secret=b"s" * 32, clock=SystemClock())
        chores = Chores(engine, clock=FixedClock(T0), manner=MANNER)
        yield chores
        engine.dispose()


def advance(store, by):
    store._clock.advance(by)


def note(store, name="a"):
    store.ask([Wanted("note", name)])
    return store.take_next(["note"], "one")


# --- rules -------------------------------------------------------------------------------------------


def test_pauses_double_and_end_at_five_minutes():
    assert [backoff(n, SECOND).total_seconds() for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff(30, SECOND) == LONGEST_PAUSE


def test_the_last_attempt_is_the_last():
    assert after_failure(2, MANNER, T0) == ("open", T0 + 2 * SECOND)
    assert after_failure(3, MANNER, T0).state == "failed"


def test_a_payload_holds_ids_and_nothing_that_somebody_wrote():
    assert checked({"claims": ("kim-visits-russia", "x"), "after": ""})
    for bad in ("two words", "line\nbreak", "ä", "x" * 201):
        with pytest.raises(ValueError, match="ids only"):
            checked({"claims": ("x", bad)})


def test_what_is_kept_of_an_error_quotes_nothing():
    with pytest.raises(TypeError) as caught:
        backoff("the text of an article", SECOND)
    assert said(caught.value).startswith("TypeError in store.chores_rules, line ")


# --- rows --------------------------------------------------------------------------------------------


def test_what_a_holder_says_counts_no_more_once_another_has_it(store):
    first = note(store)
    advance(store, 31 * SECOND)
    assert store.sweep() == 1
    advance(store, SECOND)
    second = store.take_next(["note"], "two")
    assert (second.id, second.attempt, second.token) == (first.id, 2, 2)
    assert not store.extend(first)
    assert not store.done(first)
    assert not store.go_on(first, {})
    assert not store.failed(first, ValueError())
    assert store.done(second)


def test_a_sign_of_life_keeps_it(store):
    taken = note(store)
    for _ in range(4):
        advance(store, 20 * SECOND)
        assert store.extend(taken)
        assert store.sweep() == 0


def test_who_comes_back_under_the_same_name_need_not_wait_for_the_lease(store):
    note(store)
    assert store.take_up("two") == 0
    assert store.take_up("one") == 1
    advance(store, SECOND)
    assert store.take_next(["note"], "one").attempt == 2


def test_a_message_that_came_twice_finds_nothing_to_do(store):
    store.ask([Wanted("note", "a")])
    (id_,) = store.unsent()
    taken = store.take(id_, "one")
    assert store.take(id_, "two") is None
    store.done(taken)
    assert store.take(id_, "two") is None


def test_a_message_that_was_lost_is_sent_again_and_one_under_way_is_not(store):
    store.ask([Wanted("note", "a"), Wanted("note", "b")])
    first = store.unsent()
    assert len(first) == 2
    assert store.unsent() == []
    store.done(store.take(first[0], "one"))
    advance(store, 61 * SECOND)
    assert store.unsent() == first[1:]
    store.not_sent(first[1:])
    assert store.unsent() == first[1:], "the queue did not take it"


def test_one_that_waits_for_its_next_attempt_is_not_told_of_before(store):
    taken = note(store)
    store.failed(taken, ValueError())
    assert store.unsent() == []
    advance(store, SECOND)
    assert store.unsent() == [taken.id]


def test_one_that_was_given_up_rests_and_is_seen(store):
    for _ in range(3):
        store.failed(note(store), ValueError())
        advance(store, 10 * SECOND)
    with reading(store._engine) as connection:
        found = figures(connection)
    assert found.states == {("note", "failed"): 1}
    assert found.failed == (("a", "ValueError"),)
    assert store.ask([Wanted("note", "a")]) == 0
    advance(store, timedelta(minutes=11))
    assert store.ask([Wanted("note", "a")]) == 1


def test_what_is_asked_for_in_a_transaction_that_fails_was_never_asked_for(store):
    def broken_off():
        with writing(store._engine) as connection:
            assert store.ask_within(connection, Wanted("note", "a")) == 1
            raise KeyError

    with pytest.raises(KeyError):
        broken_off()
    with reading(store._engine) as connection:
        assert not is_open(connection)


def test_two_that_ask_at_once_make_one(store):
    with writing(store._engine) as connection:
        assert add(connection, Wanted("note", "a"), T0) == 1
        assert add(connection, Wanted("note", "a"), T0) == 0


def test_the_longest_overdue_is_told(store):
    store.ask([Wanted("note", "a")])
    advance(store, 90 * SECOND)
    store.ask([Wanted("note", "b")])
    with reading(store._engine) as connection:
        assert figures(connection).overdue == T0


def test_what_is_long_done_is_forgotten_and_what_failed_is_shown_for_longer(store):
    store.done(note(store, "a"))
    for _ in range(3):
        store.failed(note(store, "b"), ValueError())
        advance(store, 10 * SECOND)
    advance(store, timedelta(hours=2))
    store.sweep()
    with reading(store._engine) as connection:
        assert figures(connection).states == {("note", "failed"): 1}
    advance(store, timedelta(days=7))
    store.sweep()
    with reading(store._engine) as connection:
        assert figures(connection).states == {}
