"""The role as a process: it listens, looks at a real home, says what is wrong with it, and ends when told to."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from dateline.home import Home, create_home
from dateline.parts import add_feeds_of

ROOT = Path(__file__).parent.parent
PATIENCE = 40


@contextmanager
def running(home, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "dateline", "run", "--role", "web", "--home", str(home)], cwd=ROOT, text=True,
        env=clean | {"DATELINE_WEB_PORT": "0"} | environment, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def address(process):
    """Where it says that it listens."""
    for line in process.stderr:
        if '"listening"' in line:
            return json.loads(line)["address"].removeprefix("http://")
    raise AssertionError("it never listened")


def get(host, path):
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", path)
    found = connection.getresponse()
    body = found.read()
    connection.close()
    return found.status, body


def checks(host):
    """The answer of /readyz after the first look."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        status, body = get(host, "/readyz")
        answer = json.loads(body)
        if answer["status"] != "starting":
            return status, {check["name"]: check for check in answer["checks"]}
    raise AssertionError("it never looked")


@pytest.fixture
def home(tmp_path):
    create_home(tmp_path / "home")
    return tmp_path / "home"


def test_a_home_that_works_is_ready_and_counted_and_the_role_ends_when_told_to(home, tmp_path):
    (tmp_path / "beat").mkdir()
    with running(home, DATELINE_BEAT_DIR=str(tmp_path / "beat")) as process:
        host = address(process)
        status, found = checks(host)
        assert (status, sorted(found)) == (200, ["bus", "clock", "database", "ingest", "lag"])
        assert b'dateline_lag_messages{stage="record"} 0.0' in get(host, "/metrics")[1]
        assert json.loads(get(host, "/version")[1])["name"] == "dateline"
        assert (tmp_path / "beat" / "web-0").exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_feeds_that_nobody_polls_make_the_home_not_ready(home, tmp_path):
    opml = tmp_path / "feeds.opml"
    opml.write_text('<opml version="2.0"><body><outline xmlUrl="https://a.example/rss" text="A"/></body></opml>')
    with Home(home) as opened:
        add_feeds_of(opened, opml)
    with running(home) as process:
        status, found = checks(address(process))
    assert status == 503
    assert [name for name, check in found.items() if not check["good"]] == ["ingest"]
    assert "role ingest" in found["ingest"]["finding"]


def test_a_port_that_is_taken_ends_the_role_with_what_to_do(home):
    with running(home) as first:
        port = address(first).rpartition(":")[2]
        with running(home, DATELINE_WEB_PORT=port) as second:
            assert second.wait(PATIENCE) == 78
            assert "web.port" in second.stderr.read()
