"""What a host is spared: in one process, and by pollers beside each other, who share one row a host."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from databases import KINDS, fresh

from dateline.home import Home, create_home
from dateline.parts import open_fetcher
from ingest.hosts import OwnHosts, SharedHosts
from store.content import Content
from store.database import open_engine, reading

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=KINDS)
def pollers(request, tmp_path):
    """Three of them, each with connections of its own."""
    with fresh(request.param, tmp_path) as url:
        engines = [open_engine(url) for _ in range(3)]
        Content(engines[0])
        yield [SharedHosts(engine) for engine in engines]
        for engine in engines:
            engine.dispose()


@pytest.fixture(params=["own", *KINDS])
def hosts(request, tmp_path):
    if request.param == "own":
        yield OwnHosts()
        return
    with fresh(request.param, tmp_path) as url:
        engine = open_engine(url)
        Content(engine)
        yield SharedHosts(engine)
        engine.dispose()


def test_each_turn_begins_a_pause_after_the_one_before_and_no_host_waits_for_another(hosts):
    assert [hosts.book("a", T0, SECOND) - T0 for _ in range(3)] == [0 * SECOND, SECOND, 2 * SECOND]
    assert hosts.book("b", T0, SECOND) == T0
    assert hosts.book("a", T0 + 10 * SECOND, SECOND) == T0 + 10 * SECOND
    assert hosts.book("a", T0 + 10 * SECOND, 3 * SECOND) == T0 + 11 * SECOND
    assert hosts.book("a", T0 + 10 * SECOND, SECOND) == T0 + 14 * SECOND


def test_a_silence_is_kept_and_changes_no_turn(hosts):
    assert hosts.silent_until("a") < T0
    hosts.book("a", T0, SECOND)
    hosts.keep_silent("a", T0 + 90 * SECOND)
    hosts.keep_silent("b", T0 + 30 * SECOND)
    assert (hosts.silent_until("a"), hosts.silent_until("b")) == (T0 + 90 * SECOND, T0 + 30 * SECOND)
    assert hosts.book("a", T0, SECOND) == T0 + SECOND
    assert hosts.book("b", T0, SECOND) == T0


def test_two_pollers_ask_one_host_no_more_often_than_one_does(pollers):
    booked = [pollers[turn % 3].book("a", T0, SECOND) - T0 for turn in range(6)]
    assert booked == [number * SECOND for number in range(6)]
    pollers[0].keep_silent("a", T0 + 60 * SECOND)
    assert pollers[1].silent_until("a") == T0 + 60 * SECOND


def test_pollers_that_book_at_the_same_moment_get_turns_of_their_own(pollers):
    with ThreadPoolExecutor(9) as pool:
        booked = list(pool.map(lambda turn: pollers[turn % 3].book("a", T0, SECOND), range(45)))
    assert sorted(booked) == [T0 + number * SECOND for number in range(45)]


def test_no_name_of_a_host_is_kept_and_without_a_pause_no_row(pollers):
    from ingest.state import hosts

    pollers[0].book("secret.example", T0, timedelta(0))
    pollers[0].book("shown.example", T0, SECOND)
    with reading(pollers[0]._engine) as connection:
        rows = [row.host for row in connection.execute(hosts.select())]
    assert len(rows) == 1
    assert "example" not in rows[0]


@pytest.mark.parametrize(("more", "kind"), [("", OwnHosts), ("[ingest]\npollers = 2\n", SharedHosts)])
def test_hosts_are_shared_where_several_may_poll(tmp_path, more, kind):
    create_home(tmp_path / "home")
    (tmp_path / "home" / "settings.toml").write_text(more)
    with Home(tmp_path / "home") as home:
        assert isinstance(open_fetcher(home)._manners._hosts, kind)
