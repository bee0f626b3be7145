"""The HTTP answers, over real sockets: what they say, what they refuse, and that they touch nothing."""

import http.client
import json
import socket
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from store.bus import BusUnavailable
from store.clock import FixedClock
from web import server as serving
from web.checks import NotReady
from web.figures import Figures
from web.progress import Stage
from web.server import WebServer
from web.watching import EVERY, STALE, Watch

T0 = datetime(2031, 5, 1, 9, 0, tzinfo=UTC)
CANARY = "canary-5f21"


class Service:
    """A watch over probes that the test sets, on a clock that the test moves."""

    def __init__(self):
        self.seconds = 1000.0
        self.probes = {"database": lambda: "sqlite, 0 events", "bus": lambda: "16 partitions"}
        self.done, self.end, self.looks = 0, 0, 0
        self.watch = Watch(
            probes=self.probes, stages=self.stages, figures=Figures, clock=FixedClock(T0), seconds=lambda: self.seconds
        )
        self.server = WebServer("127.0.0.1", 0, self.watch, "9.9")

    def stages(self):
        self.looks += 1
        return [Stage("match", self.done, self.end)]

    def look(self, later=0.0):
        self.seconds += later
        return self.watch.step()

    def ask(self, path, method="GET"):
        connection = http.client.HTTPConnection(self.server.address.removeprefix("http://"), timeout=5)
        connection.request(method, path)
        found = connection.getresponse()
        body = found.read()
        connection.close()
        return found, body

    def readiness(self):
        found, body = self.ask("/readyz")
        answer = json.loads(body)
        return (
            found.status,
            answer["status"],
            {check["name"]: check["finding"] for check in answer["checks"] if not check["good"]},
        )


@pytest.fixture
def service():
    service = Service()
    yield service
    service.server.close()


def failing(error):
    def probe():
        raise error

    return probe


def test_before_the_first_look_the_process_is_up_and_the_service_is_not_ready(service):
    assert service.ask("/healthz")[0].status == 200
    assert service.readiness() == (503, "starting", {})
    assert service.ask("/metrics")[0].status == 503


def test_ready_when_all_checks_are_good(service):
    service.look()
    assert service.readiness() == (200, "ready", {})


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        (NotReady("the clock says 1970-01-01"), "the clock says 1970-01-01"),
        (BusUnavailable(f"kafka at {CANARY}"), "does not answer (BusUnavailable); see the log of the role web"),
        (OperationalError("SELECT", {}, OSError(CANARY)), "does not answer (OperationalError); see the log of the role web"),
        (ConnectionRefusedError(CANARY), "does not answer (ConnectionRefusedError); see the log of the role web"),
    ],
)
def test_a_check_that_fails_is_named_with_its_reason_and_without_what_could_be_secret(service, error, finding):
    service.probes["database"] = failing(error)
    service.look()
    assert service.readiness() == (503, "not ready", {"database": finding})
    assert CANARY not in service.ask("/metrics")[1].decode()


def test_a_stage_that_stopped_makes_the_service_not_ready_until_it_moves(service):
    service.end = 5
    service.look()
    service.look(later=400)
    assert service.readiness() == (503, "not ready", {"lag": "match: 5 waiting, none done for 400 s"})
    service.done = 1
    service.look(later=10)
    assert service.readiness()[0] == 200


def test_a_look_that_does_not_come_back_shows_in_the_next_answer(service):
    """The owner of the watch hangs in a probe: nobody calls `step` any more."""
    service.look()
    service.seconds += STALE + 1
    status, said, faults = service.readiness()
    assert (status, said) == (503, "not ready")
    assert "61 s ago" in faults["watch"]
    assert service.ask("/healthz")[0].status == 200


def test_requests_cause_no_look(service):
    service.look()
    for _ in range(20):
        service.ask("/metrics")
        service.ask("/readyz")
    assert service.looks == 1
    assert service.look(later=EVERY - 1) == 0
    assert service.look(later=1) == 1


def test_every_answer_carries_the_security_headers(service):
    service.look()
    for path in ("/healthz", "/readyz", "/metrics", "/version", "/nothing"):
        found, _ = service.ask(path)
        for name, value in serving.HEADERS.items():
            assert found.getheader(name) == value
        assert found.getheader("Server") == "dateline"


def test_other_paths_are_not_found_and_repeat_nothing(service):
    for path in ("/", "/readyz/", "/../etc/passwd", "/%2e%2e/settings.toml", f"/{CANARY}"):
        found, body = service.ask(path)
        assert found.status == 404
        assert CANARY.encode() not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_only_reading_is_allowed(service, method):
    found, _ = service.ask("/readyz", method)
    assert (found.status, found.getheader("Allow")) == (405, "GET, HEAD")


def test_head_is_get_without_the_body(service):
    service.look()
    found, body = service.ask("/version", "HEAD")
    assert (found.status, body) == (200, b"")
    assert int(found.getheader("Content-Length")) == len(service.ask("/version")[1])


def raw(service):
    host, port = service.server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


@pytest.mark.parametrize("line", [b"GET\r\n\r\n", b"\x00\xff\x00\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 70_000])
def test_malformed_requests_get_an_error_and_the_server_goes_on(service, line):
    with raw(service) as client:
        client.sendall(line)
        client.shutdown(socket.SHUT_WR)
        answered = client.recv(4096)
    assert b"Traceback" not in answered
    assert b"aaaa" not in answered
    assert service.ask("/healthz")[0].status == 200


def test_clients_that_send_nothing_cannot_take_all_places_for_long(service, monkeypatch):
    monkeypatch.setattr(serving._Handler, "timeout", 0.2)
    with ExitStack() as idle:
        for _ in range(serving.MOST_AT_ONCE):
            idle.enter_context(raw(service))
        last = idle.enter_context(raw(service))
        assert last.recv(1) == b"", "one more than there are places is turned away"
        while True:
            try:
                if service.ask("/healthz")[0].status == 200:
                    break
            except (ConnectionError, http.client.RemoteDisconnected):
                continue


def test_a_taken_port_is_an_error_at_once(service):
    host, port = service.server.address.removeprefix("http://").split(":")
    with pytest.raises(OSError, match="in use"):
        WebServer(host, int(port), service.watch, "9.9")
