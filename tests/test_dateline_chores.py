"""Which chores a home asks for and when, what a claim's change asks for, and what the doctor says of chores."""

from datetime import UTC, datetime, timedelta

import pytest
from audit_world import World

from dateline import checks
from dateline.chores import EVERY_KIND, KINDS, Pace, Situation, Work, wanted
from dateline.errors import CONFIG, UserError
from dateline.home import Home, create_home
from dateline.parts import open_broker, open_chores
from dateline.roles import roles_of, run_role
from dateline.settings import load_settings
from dateline.tracking import track
from ingest.poll import Due
from store.chores_rules import Wanted
from store.claim import Claim, ClaimSet
from store.clock import FixedClock
from store.database import reading
from store.places import requested_rereads

NOW = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
PACE = Pace(2, timedelta(seconds=15), timedelta(minutes=1))
QUIET = Situation(Due(feeds=False, pages=False, messages=False), followed=NOW, checked=NOW)
REDIS = {"DATELINE_CELERY_URL": "redis://127.0.0.1:1/0"}


def keys(seen, now=NOW, kinds=EVERY_KIND):
    return [one.key for one in wanted(seen, now, PACE, kinds)]


def test_nothing_is_asked_for_while_nothing_is_due():
    assert keys(QUIET) == []


def test_polls_come_before_rechecks_and_each_poller_has_its_own():
    due = QUIET._replace(due=Due(feeds=True, pages=True, messages=False))
    assert keys(due) == ["poll/0", "poll/1", "recheck/0", "recheck/1"]
    assert keys(due, kinds=KINDS["alert"]) == []
    assert keys(QUIET._replace(due=Due(feeds=False, pages=False, messages=True))) == ["poll/0", "poll/1"]


def test_alerts_follow_the_ledger_and_the_clock_and_each_message_is_a_chore():
    assert keys(QUIET._replace(behind=True, messages=("m1", "m2"))) == ["follow", "deliver/m1", "deliver/m2"]
    assert keys(QUIET, NOW + timedelta(seconds=15)) == ["follow"]
    assert keys(QUIET, NOW + timedelta(minutes=1)) == ["follow", "checkpoint"]
    assert "checkpoint" not in [one.key for one in wanted(Situation(), NOW, PACE._replace(checkpoint=None), EVERY_KIND)]


def test_a_home_with_celery_has_beat_and_chores_in_the_place_of_the_loops(tmp_path):
    assert set(roles_of(load_settings(tmp_path, {}))) == {"ingest", "alert", "match", "record", "web"}
    assert set(roles_of(load_settings(tmp_path, REDIS))) == {"beat", "chores", "match", "record", "web"}
    assert roles_of(load_settings(tmp_path, {"DATELINE_INGEST_POLLERS": "3"}))["ingest"] == 3


def test_the_roles_of_celery_say_what_they_need(tmp_path):
    create_home(tmp_path / "home")
    with Home(tmp_path / "home") as home, pytest.raises(UserError, match="celery_url") as caught:
        run_role(home, "beat", "beat-0")
    assert caught.value.code == CONFIG


@pytest.mark.parametrize("url", ["amqp://127.0.0.1", "redis://", "here"])
def test_an_address_that_is_no_redis_is_refused(tmp_path, url):
    with pytest.raises(UserError, match="celery_url"):
        open_broker(load_settings(tmp_path, {"DATELINE_CELERY_URL": url}))


def test_a_new_claim_has_the_archive_read_again_by_a_chore_once(tmp_path):
    world = World(tmp_path)
    home = world.home
    for name in ("a1", "a2", "a3"):
        world.article(name)
    world.settle()
    track(home, ClaimSet((Claim("a-new-one", "The harbour closes.", "harbour"),)), {})
    with reading(home.engine) as connection:
        assert requested_rereads(connection, 10) == {}
        archive = set(home.timeline.article_ids(connection))
    assert archive
    work = Work(home, lambda: False, ("rematch",))
    assert work.step() == 1
    assert work.step() == 0
    with reading(home.engine) as connection:
        assert requested_rereads(connection, 1000) == dict.fromkeys(archive, ("a-new-one",))


def test_the_doctor_tells_a_redis_that_is_away_and_chores_that_nobody_does(tmp_path, monkeypatch):
    create_home(tmp_path / "home")
    with Home(tmp_path / "home") as home:
        assert {check.name: check.state for check in checks._chores(home)} == {"chores": "good"}
        store = open_chores(home)
        store._clock = FixedClock(store._clock.now() - timedelta(hours=1))
        store.ask([Wanted("poll", "poll/0")])
    monkeypatch.setenv("DATELINE_CELERY_URL", REDIS["DATELINE_CELERY_URL"])
    with Home(tmp_path / "home") as home:
        found = {check.name: check for check in checks._chores(home)}
    assert (found["redis"].state, found["chores"].state) == ("bad", "bad")
    assert "beat and chores" in found["chores"].remedy
