"""The HTTP server of the role `web`: three read-only answers and a version, from the standard library.

Bound to loopback unless told otherwise. It knows neither users nor secrets; what it tells is fit for the machine's network.
"""

import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog

from web.pages import Answer, answer
from web.watching import Watch

SLOWEST = 10.0
"""Seconds that a client may take over its request."""
MOST_AT_ONCE = 32
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_log = structlog.get_logger("web")


class WebServer:
    """Listens from the moment it is made; `address` is where. Port 0: any free one.

    Raises OSError if the address is taken.
    """

    def __init__(self, host: str, port: int, watch: Watch, version: str) -> None:
        def answered(path: str) -> Answer:
            latest = watch.latest
            return answer(path, latest, 0.0 if latest is None else watch.age(latest), version)

        self._server = _Server((host, port), answered)
        self._thread = threading.Thread(target=self._server.serve_forever, name="web", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http://{shown}:{port}"

    def close(self) -> None:
        """Stops listening, and waits until nothing more is taken."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], answered: Callable[[str], Answer]) -> None:
        self.answered = answered
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Turns a connection away while too many are open, so that slow clients cannot pile up threads."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the standard library's signature
        """A client that went away midway is no event; anything else is a defect, logged with its traceback."""
        if isinstance(sys.exception(), OSError):
            _log.debug("client_gone", client=str(client_address[0]))
        else:
            _log.error("request_failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    timeout = SLOWEST
    server: _Server

    def do_GET(self) -> None:
        self._send(self.server.answered(self.path))

    def do_HEAD(self) -> None:
        self._send(self.server.answered(self.path))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - as above
        """The standard library's errors, as ours: without repeating what was asked."""
        if code == 501:
            self._send(Answer(405, "application/json", b'{"status":"only GET and HEAD"}\n'), {"Allow": "GET, HEAD"})
            return
        self._send(Answer(code, "application/json", b'{"status":"bad request"}\n'))

    def _send(self, found: Answer, more: dict[str, str] | None = None) -> None:
        self.send_response(found.status)
        for name, value in {**HEADERS, **(more or {}), "Content-Type": found.content_type}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(found.body)

    def version_string(self) -> str:
        return "dateline"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        _log.debug("request", line=format % args)
