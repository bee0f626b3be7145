"""A server that goes away is waited for: one line says which, readiness names it, and no role ends with a traceback."""

import http.client
import json
import os
import signal
import subprocess
import sys

import psycopg
import pytest
from soak_servers import Database
from sqlalchemy.exc import OperationalError, ProgrammingError

from bench.service import until as settled
from dateline.errors import CONFIG, TEMPORARY, UserError
from dateline.home import Home, create_home
from dateline.patience import away, patient
from dateline.watching import _watch
from services.process import ServiceFailed
from store.bus import BusError, BusUnavailable, Outgoing
from store.chores_run import NotNow
from store.messages import ARTICLES

PATIENCE = 120
GONE = psycopg.OperationalError("server closed the connection unexpectedly\n\tThis probably means more\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BusUnavailable("no brokers"), "the bus does not answer: no brokers"),
        (UserError("the database does not answer: x", TEMPORARY), "the database does not answer: x"),
        (OperationalError("SELECT 1", {}, GONE), "the database does not answer: server closed the connection unexpectedly"),
        (GONE, "the database does not answer: server closed the connection unexpectedly"),
        (psycopg.errors.AdminShutdown(), "the database does not answer (AdminShutdown)"),
    ],
)
def test_one_line_says_which_server_is_away(error, said):
    assert away(error) == said
    with pytest.raises(NotNow, match="does not answer"), patient():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        UserError("wrong", CONFIG),
        BusError("no topic"),
        ProgrammingError("SELEC", {}, psycopg.errors.SyntaxError("SELEC")),
        OperationalError("SELECT 1", {}, __import__("sqlite3").OperationalError("disk I/O error")),
    ],
)
def test_a_fault_that_does_not_pass_is_not_waited_for(error):
    assert away(error) is None
    with pytest.raises(type(error)), patient():
        raise error


def test_readiness_names_a_redis_that_is_away(tmp_path, monkeypatch):
    monkeypatch.setenv("DATELINE_CELERY_URL", "redis://127.0.0.1:1/0")
    create_home(tmp_path / "home")
    with Home(tmp_path / "home") as home:
        watch = _watch(home)
        assert watch.step() == 1
    seen = {check.name: check for check in watch.latest.checks}
    assert (seen["redis"].good, seen["database"].good) == (False, True)
    assert "Redis does not answer" in seen["redis"].finding


@pytest.fixture
def database():
    try:
        database = Database("patience")
    except ServiceFailed as error:
        pytest.fail(str(error))
    yield database
    database.end()


@pytest.fixture
def service(database, tmp_path, monkeypatch):
    """All roles over a PostgreSQL of the test's own, and a bus of files; what they log is how one waits for them."""
    create_home(tmp_path / "home")
    for name, value in database.settings.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "dateline", "run", "--home", str(tmp_path / "home")]
    environment = os.environ | {"DATELINE_WEB_PORT": "0"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    yield process
    process.kill()
    process.wait()
    process.stderr.close()


def until(process, found, lines):
    """Reads the log until `found` says so of a line."""
    for line in process.stderr:
        lines.append(line)
        if line.startswith("{") and found(json.loads(line)):
            return json.loads(line)
    raise AssertionError("".join(lines[-5:]))


def checks(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("GET", "/readyz")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return {check["name"]: check["good"] for check in answer.get("checks", ())}


@pytest.mark.soak
def test_roles_wait_for_a_database_that_crashed_and_go_on(service, database, tmp_path):
    lines, started, waiting = [], set(), set()

    def all_started(row):
        started.update({row["role"]} if row["event"] == "started" else ())
        return started == {"ingest", "match", "record", "alert", "web"}

    def all_wait(row):
        waiting.update({row["role"]} if row["event"] == "waiting" else ())
        return waiting >= {"ingest", "record", "alert"}

    until(service, all_started, lines)
    address = next(json.loads(line)["address"] for line in lines if '"listening"' in line)
    database.crash()
    until(service, all_wait, lines)
    until(service, lambda row: row["event"] == "probe_failed" and row["probe"] == "ingest", lines)
    until(service, lambda row: row["event"] == "not_counted", lines)
    seen = checks(address)
    assert (seen["database"], seen["bus"]) == (False, True)
    database.start()
    with Home(tmp_path / "home") as home:
        before = home.ledger.size()
        home.bus.publish(ARTICLES, [Outgoing("a", b"no message")])
        assert settled(lambda: home.ledger.size() > before, PATIENCE)
    service.send_signal(signal.SIGTERM)
    lines += service.stderr
    assert service.wait(PATIENCE) == 0
    assert not [line for line in lines if "Traceback" in line or '"child_died"' in line]
