"""Chores told of by real Celery over a real Redis: what the contract asks, and that Redis may forget everything."""

import random
import shutil
import time
from collections import Counter
from itertools import count

import pytest
import redis
import tiers
from chores_contract import ChoresContract, Place, kill
from databases import fresh
from soak_servers import kill as crash

from services import redis_server
from workers.chores import Broker, BrokerAway, Limits, application

SEED = 7


def settings():
    app = application(Broker("redis://127.0.0.1:1/0", "x."), Limits(), lambda _: None, lambda: False)
    return app.conf


@pytest.fixture
def own_redis(tmp_path):
    """A server of this test's own, which it may empty and kill."""
    if shutil.which("redis-server") is None:
        tiers.not_met("redis", "there is no `redis-server` on the PATH")
    folder = tmp_path / "redis"
    yield redis_server.up(folder)
    redis_server.down(folder)


@pytest.fixture
def place(own_redis, tmp_path):
    with fresh("sqlite", tmp_path) as database:
        place = Place(tmp_path, database, workers="celery", helpers=("beat",), more=(own_redis,))
        yield place
        for worker in place.workers:
            kill(worker)
        place.end()


@pytest.mark.soak
class TestCelery(ChoresContract):
    """The whole contract, with processes of Celery's own."""


def test_a_chore_is_done_by_a_celery_worker_once_though_its_message_comes_often(place, own_redis):
    place.ask("note", "x")
    (id_,) = place.chores.unsent()
    with application(Broker(own_redis, "contract."), Limits(), lambda _: None, lambda: False) as app:
        for _ in range(5):
            app.send_task("dateline.chore", (id_,))
        place.start()
        place.until(place.quiet, "its end")
        place.ask("note", "y")
        place.until(place.quiet, "the one after")
    assert place.names() == {"x": 1, "y": 1}


@pytest.mark.soak
def test_a_redis_that_is_emptied_again_and_again_loses_nothing(place, own_redis):
    place.start(2)
    rng, names = random.Random(SEED), count()
    emptied = 0
    with redis.Redis.from_url(own_redis) as client:
        for _ in range(12):
            place.ask("note", *(str(next(names)) for _ in range(10)))
            time.sleep(rng.random() * 0.4)
            client.flushall()
            emptied += 1
    place.until(place.quiet, "the end of all chores")
    assert emptied == 12
    assert place.names() == Counter(str(number) for number in range(120))


@pytest.mark.soak
def test_a_redis_that_crashes_and_comes_back_empty_loses_nothing(place, own_redis, tmp_path):
    place.start()
    place.ask("note", *(f"before-{number}" for number in range(10)))
    redis_server.down(tmp_path / "redis")
    place.ask("note", *(f"away-{number}" for number in range(10)))
    assert redis_server.up(tmp_path / "redis") == own_redis
    place.ask("note", *(f"after-{number}" for number in range(10)))
    place.until(place.quiet, "the end of all chores")
    assert set(place.names().values()) == {1}
    assert len(place.names()) == 30


@pytest.mark.soak
def test_a_redis_that_crashes_while_every_process_has_a_chore_in_hand_leaves_no_worker_deaf(place, own_redis, tmp_path):
    """Nobody waits for a message then, so nobody sees the connection end; and nothing that is done can be acknowledged."""
    place.start()
    place.ask("long", "one", "two")
    place.until(lambda: [place.row(key).state for key in ("long/one", "long/two")] == ["taken"] * 2, "both being in hand")
    crash(tmp_path / "redis", "redis-server")
    place.until(place.quiet, "their end")
    assert redis_server.up(tmp_path / "redis") == own_redis
    place.ask("note", *map(str, range(10)))
    place.until(place.quiet, "what was asked for afterwards")
    assert set(place.names().values()) == {1}
    assert len(place.names()) == 14  # a long one tells its end too


@pytest.mark.soak
def test_workers_that_are_killed_again_and_again_lose_nothing(place):
    rng = random.Random(SEED)
    place.ask("sliced", *map(str, range(40)), left="3")
    place.start(2)
    for _ in range(6):
        time.sleep(0.5 + rng.random())
        kill(place.workers.pop(0))
        place.start()
    place.until(place.quiet, "the end of all chores")
    done = place.names()
    assert {f"{number}-{left}" for number in range(40) for left in (1, 2, 3)} <= set(done)


# --- settings ----------------------------------------------------------------------------------------


def test_messages_are_json_alone_and_acknowledged_late_and_no_result_is_kept():
    conf = settings()
    assert list(conf.accept_content) == ["json"]
    assert (conf.task_serializer, conf.result_backend, conf.task_ignore_result) == ("json", None, True)
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1


def test_a_message_comes_again_only_after_its_worker_would_have_been_killed():
    conf = settings()
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit


def test_the_schedule_has_one_entry_and_a_tick_that_nobody_had_time_for_expires():
    (entry,) = settings().beat_schedule.values()
    assert entry["task"] == "dateline.tick"
    assert entry["options"]["expires"] > entry["schedule"]


def test_a_redis_that_does_not_answer_is_named():
    with pytest.raises(BrokerAway):
        Broker("redis://127.0.0.1:1/0").version()


def test_a_home_takes_away_what_is_its_own(own_redis):
    with redis.Redis.from_url(own_redis) as client:
        client.set("mine.a", 1)
        client.set("theirs.a", 1)
        assert Broker(own_redis, "mine.").forget() == 1
        assert client.keys() == [b"theirs.a"]


def test_a_redis_tells_its_version(own_redis):
    assert int(Broker(own_redis).version().split(".")[0]) >= 5
