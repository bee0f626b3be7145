"""Serves a recorded wire over loopback HTTP: the whole web of a story, as it stood at the clock's instant.

A wire is a folder with `feeds.opml`, `manifest.jsonl` and the bodies that it names. Each line of the manifest is one change of
one resource: `at`, `url`, `status`, `headers`, and `body_file` (relative to the folder) if there is a body. What was
there before a resource's first line is 404. Scheme, port and path of the URLs do not matter to the socket: requests are told
apart by their Host header, so `route` sends every host here.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import NamedTuple, Self

from ingest.dial import Resolver, Route
from store.clock import EPOCH, Clock


class State(NamedTuple):
    """A resource from one instant on."""

    at: datetime
    status: int
    headers: Mapping[str, str]
    body: bytes


MISSING = State(EPOCH, 404, {"content-type": "text/plain"}, b"not on this wire")


class Wire:
    """A wire in memory. `instants` are the moments at which something changes, in order."""

    def __init__(self, folder: Path) -> None:
        self._states: dict[str, list[State]] = {}
        bodies: dict[str, bytes] = {}
        with (folder / "manifest.jsonl").open(encoding="utf-8") as manifest:
            for line in manifest:
                change = json.loads(line)
                name = change.get("body_file")
                if name and name not in bodies:
                    bodies[name] = (folder / name).read_bytes()
                headers = {key.lower(): value for key, value in change.get("headers", {}).items()}
                state = State(datetime.fromisoformat(change["at"]), change["status"], headers, bodies.get(name, b""))
                self._states.setdefault(_place(change["url"]), []).append(state)
        for states in self._states.values():
            states.sort(key=lambda state: state.at)
        self.instants = tuple(sorted({state.at for states in self._states.values() for state in states}))

    def at(self, host: str, path: str, now: datetime) -> State:
        """The resource as it is at this instant; `MISSING` before its first line."""
        states = self._states.get(f"{host.lower()}{path}", [])
        place = bisect_right(states, now, key=lambda state: state.at)
        return states[place - 1] if place else MISSING


class WireServer:
    """The wire at `url`, an address of this machine, until closed. Answers from memory, one thread a request."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.wire = Wire(folder)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.wire, self._server.clock = self.wire, clock
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def route_to(port: int) -> Resolver:
    """A resolver that sends every host, https too, to this port of this machine over plain HTTP."""

    def route(_host: str, _port: int, _scheme: str) -> Route:
        return Route(("127.0.0.1",), port, trusted=True, plain=True)

    return route


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    wire: Wire
    clock: Clock


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        state = self.server.wire.at(self.headers.get("Host", ""), self.path, self.server.clock.now())
        if state.status == 200 and _current(self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"), state):
            kept = {name: state.headers[name] for name in ("etag", "last-modified", "cache-control") if name in state.headers}
            self._answer(304, kept, b"")
        else:
            self._answer(state.status, state.headers, state.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Says nothing: the fetcher's side logs."""

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name != "content-length":
                self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _current(etag: str | None, since: str | None, state: State) -> bool:
    """Whether what the client has is current: the ETag decides where the request names one (RFC 9110, 13.2.2)."""
    if etag is not None:
        own = state.headers.get("etag", "").removeprefix("W/")
        return bool(own) and own in [one.strip().removeprefix("W/") for one in etag.split(",")]
    modified = state.headers.get("last-modified")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except ValueError:
        return False


def _place(url: str) -> str:
    """Host and target of the URL, as a request names them."""
    return url.partition("://")[2]
