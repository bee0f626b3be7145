"""A home on PostgreSQL, Kafka and Celery over Redis: workers killed and Redis emptied on the way, nothing lost or repeated."""

import os
import random
import signal
import sys
from collections import Counter

import pytest
import redis
from tiers import requires_tier

from bench.e2e import recorded
from bench.newsprint import watch_list
from bench.service import Servers, fresh_home, roles, until, watch
from bench.small_web import SmallWeb
from dateline.home import Home
from dateline.roles import roles_of
from dateline.settings import FILE
from services import redis_server
from store.audit import verify
from store.events import ArticlePublished
from store.operations import AlertDelivered

pytestmark = pytest.mark.soak
ARTICLES, BLOWS = 24, 6
PATIENCE = 300
SEED = int(os.environ.get("DATELINE_SOAK_SEED", "1"))


@pytest.fixture
def broker(tmp_path):
    requires_tier("redis")
    directory = tmp_path / "redis"
    yield redis_server.up(directory)
    redis_server.down(directory)


def strike(supervisor, broker, rng):
    """Kills one of the chores' processes, or makes Redis forget everything."""
    victims = [child for child in supervisor.children if child.role in ("beat", "chores")]
    if rng.random() < 0.4:
        with redis.Redis.from_url(broker) as client:
            client.flushall()
        return "FLUSHALL"
    child = rng.choice(victims)
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()
    supervisor.mend()
    return child.role


def test_chores_killed_and_forgotten_are_done_once_all_the_same(broker, capsys, monkeypatch):
    monkeypatch.delenv("DATELINE_SOAK_SEED", raising=False)  # no setting of a home
    on = Servers(requires_tier("postgresql"), requires_tier("kafka"))
    rng, blows = random.Random(SEED), Counter()
    claims, subjects = watch_list(ARTICLES)
    with SmallWeb(3, subjects, each=1) as web, fresh_home(web.url, on) as first:
        settings = first.path / FILE
        settings.write_text(f'celery_url = "{broker}"\n{settings.read_text()}')
        with Home(first.path) as home, roles_started(home, claims, web) as running:
            for blow in range(1, BLOWS + 1):
                assert until(lambda: recorded(home) >= blow * ARTICLES // (BLOWS + 2), PATIENCE)  # noqa: B023 - asked at once
                blows[strike(running, broker, rng)] += 1
            assert until(lambda: running.mend() >= 0 and len(web.arrived) == ARTICLES, PATIENCE), Counter(blows)
            events = [stored.event for stored in home.ledger.read(0)]
            report = verify(home.ledger, home.timeline, content=home.content)
    with capsys.disabled():
        sys.stdout.write(f"\nsoak: chores: {dict(blows)} survived\n")
    articles = Counter(event.article for event in events if isinstance(event, ArticlePublished))
    delivered = Counter(event.message for event in events if isinstance(event, AlertDelivered))
    assert len(articles) == ARTICLES
    assert set(articles.values()) == set(delivered.values()) == {1}
    assert not report.faults


def roles_started(home, claims, web):
    watch(home, claims, web.addresses(), interval=2)
    return roles(home, roles_of(home.settings))
