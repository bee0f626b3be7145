"""The end-to-end benchmark measures what it says: from the moment a feed's file holds an article to its alert's arrival."""

import json
import os
from urllib.request import Request, urlopen

import pytest

from bench.e2e import _of_latencies, recorded
from bench.newsprint import watch_list
from bench.scaling import _read, _rows, _stored
from bench.service import Servers, fresh_home, processor_seconds, watch
from bench.small_web import SmallWeb
from dateline.supervisor import Child
from ingest.parse import parse_feed
from store.database import reading


@pytest.fixture
def web():
    with SmallWeb(2, watch_list(10)[1][:5], each=1) as served:
        yield served


def get(web, path, host=None, body=None):
    with urlopen(Request(web.url + path, data=body, headers={"Host": host} if host else {}), timeout=20) as answer:
        return answer.read().decode()


def test_a_feed_publishes_one_more_article_each_time_it_is_asked_until_all_are_out(web):
    texts = [get(web, "/feed.xml", "outlet-0.example") for _ in range(4)]
    assert [text.count("<item>") for text in texts] == [1, 2, 3, 3]
    assert sorted(web.published) == [0, 2, 4]
    get(web, "/feed.xml", "outlet-1.example")
    assert sorted(web.published) == [0, 1, 2, 4]


def test_articles_can_be_held_back_until_those_ahead_have_warmed_up_the_roles():
    with SmallWeb(2, watch_list(10)[1][:6], each=1, ahead=2) as web:
        for _ in range(3):
            get(web, "/feed.xml", "outlet-0.example")
        assert sorted(web.published) == [0]
        web.go_on()
        get(web, "/feed.xml", "outlet-0.example")
        assert sorted(web.published) == [0, 2]


def test_what_it_serves_is_a_feed_whose_links_lead_to_the_articles(web):
    raw = get(web, "/feed.xml", "outlet-1.example").encode()
    (item,) = parse_feed(raw, {"content-type": "application/rss+xml"}, "http://outlet-1.example/feed.xml").items
    assert item.url == "http://outlet-1.example/a/1"
    assert "<h1>" in get(web, "/a/1", "outlet-1.example")


def test_an_article_has_arrived_with_the_first_alert_that_links_to_it(web):
    get(web, "/feed.xml", "outlet-1.example")
    alert = json.dumps({"text": "<http://outlet-1.example/a/1|article>"}).encode()
    get(web, "/hook", body=alert)
    first = dict(web.arrived)
    get(web, "/hook", body=alert)
    assert web.arrived == first
    assert list(web.arrived) == [1]
    assert web.latencies() == [web.arrived[1] - web.published[1]]
    assert web.latencies()[0] > 0


def test_the_rows_say_how_many_articles_were_alerted_about():
    rows = _of_latencies("here", [float(n) for n in range(1, 101)], 120)
    assert [round(row.ours) for row in rows] == [50, 99]
    assert all("100 alerts of 120 articles" in row.name for row in rows)
    assert _of_latencies("here", [], 120) == []


def test_processor_time_is_told_for_each_unit_of_work():
    rate, each = _rows("2 × match", "articles", 4.0, before=1.0, after=3.0, count=100)
    assert (rate.ours, rate.unit) == (25.0, "articles/s")
    assert (each.ours, each.unit) == (20.0, "ms/article")


def test_a_home_for_measuring_tracks_each_claim_as_a_story_of_its_own_and_is_gone_afterwards():
    claims, subjects = watch_list(10)
    with fresh_home("http://127.0.0.1:9", None) as home:
        watch(home, claims, ["http://outlet-0.example/feed.xml"], interval=2)
        with reading(home.engine) as connection:
            assert len(home.timeline.stories(connection)) == 10
            assert [feed.interval for feed in home.timeline.feeds(connection)] == [2]
        messages = _stored(home.content, subjects, 3)
        assert [message.key for message in messages] == ["a000000", "a000001", "a000002"]
        assert home.content.document("a000002", 1) is not None
        assert (recorded(home), _read(home)) == (0, 0)
        path = home.path
    assert not path.exists()


@pytest.mark.soak
def test_an_article_comes_through_the_roles_to_the_webhook():
    from bench.e2e import ROLES
    from bench.service import roles, until

    claims, subjects = watch_list(3)
    with SmallWeb(1, subjects, each=1) as web, fresh_home(web.url, None) as home:
        watch(home, claims, web.addresses(), interval=1)
        with roles(home, ROLES) as running:
            assert until(lambda: recorded(home) == 3 and bool(web.arrived), 300)
            assert all(processor_seconds(child) > 0 for child in running.children)


def test_a_role_that_has_ended_has_no_processor_time(tmp_path):
    lifeline, held = os.pipe()
    child = Child("match", 0, tmp_path, lifeline)
    child.start()
    os.close(held)
    child.process.wait(60)
    assert processor_seconds(child) == 0.0


def test_addresses_of_servers_become_settings_with_names_of_their_own():
    from bench.service import _addresses

    said = _addresses(Servers("postgresql://x@h/d", "h:1"), "bench_1")
    assert 'database_schema = "bench_1"' in said
    assert 'topic_prefix = "bench_1."' in said
    assert _addresses(None, "bench_1") == ""
