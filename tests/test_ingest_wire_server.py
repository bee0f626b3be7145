"""The wire server: the recorded web as it stood at the clock's instant."""

import http.client
import json
from datetime import UTC, datetime, timedelta

import pytest

from dateline.wire_server import Wire, WireServer, route_to
from ingest.fetch import Fetcher, FetchSettings
from ingest.outcome import Fetched, Gone, Missing, NotModified
from store.clock import FixedClock

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(at, url, status=200, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"at": at.isoformat(), "url": url, "status": status, "headers": named} | ({"body_file": body} if body else {})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies" / "one").write_bytes(b"one")
    (tmp_path / "bodies" / "two").write_bytes(b"two")
    changes = [
        line(T0 + 2 * HOUR, "https://a.example/x?q=1", body="bodies/two", etag='"2"'),
        line(T0, "https://a.example/x?q=1", body="bodies/one", etag='"1"', last_modified="Mon, 04 Sep 2023 09:00:00 GMT"),
        line(T0 + 3 * HOUR, "https://a.example/x?q=1", 410),
        line(T0, "http://b.example/old", 301, Location="http://b.example/new"),
        line(T0, "http://b.example/new", body="bodies/one"),
    ]
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(change) + "\n" for change in changes))
    return tmp_path


@pytest.fixture
def clock():
    return FixedClock(T0)


@pytest.fixture
def server(folder, clock):
    with WireServer(folder, clock) as server:
        yield server


@pytest.fixture
def fetcher(server, clock):
    return Fetcher(FetchSettings(pause_seconds=0), clock, resolver=route_to(server.port))


def test_a_resource_is_what_it_was_at_the_clocks_instant(fetcher, clock):
    url = "https://a.example/x?q=1"
    clock.set(T0 - timedelta(seconds=1))
    assert isinstance(fetcher.fetch(url), Missing)
    for at, body in ((T0, b"one"), (T0 + HOUR, b"one"), (T0 + 2 * HOUR, b"two")):
        clock.set(at)
        assert fetcher.fetch(url).body == body
    clock.set(T0 + 3 * HOUR)
    assert isinstance(fetcher.fetch(url), Gone)
    assert isinstance(fetcher.fetch("https://a.example/x"), Missing)


def test_a_conditional_request_for_what_is_current_is_answered_304(fetcher, clock):
    url = "https://a.example/x?q=1"
    assert isinstance(fetcher.fetch(url, etag='"1"'), NotModified)
    assert isinstance(fetcher.fetch(url, etag='W/"0", W/"1"'), NotModified)
    assert isinstance(fetcher.fetch(url, last_modified="Mon, 04 Sep 2023 09:00:00 GMT"), NotModified)
    assert isinstance(fetcher.fetch(url, last_modified="Sun, 03 Sep 2023 09:00:00 GMT"), Fetched)
    clock.set(T0 + 2 * HOUR)
    assert isinstance(fetcher.fetch(url, etag='"1"', last_modified="Mon, 04 Sep 2023 23:00:00 GMT"), Fetched)


def test_redirects_lead_within_the_wire(fetcher):
    found = fetcher.fetch("http://b.example/old")
    assert (found.body, found.permanent_url) == (b"one", "http://b.example/new")


def test_robots_txt_is_missing_unless_recorded(fetcher):
    assert fetcher.fetch("http://b.example/new", robots=True).body == b"one"
    assert isinstance(fetcher.fetch("http://b.example/robots.txt"), Missing)


def test_hosts_are_told_apart_by_the_host_header_in_any_case(server):
    for host, status in (("B.Example", 200), ("a.example", 404)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("GET", "/new", headers={"Host": host})
        assert connection.getresponse().status == status
        connection.close()


def test_the_instants_of_a_wire_are_those_at_which_something_changes(folder):
    assert Wire(folder).instants == (T0, T0 + 2 * HOUR, T0 + 3 * HOUR)
