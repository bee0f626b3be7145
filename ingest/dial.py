"""Opens connections for the fetcher: the address is resolved, judged and connected to in one place, under one deadline.

httpcore lets its user bring the network; that is the one door through which every byte to the outside goes. What was
vetted is what is connected to, so a name that resolves differently the second time (DNS rebinding) changes nothing;
Host header and TLS name stay those of the URL. Reads and writes share one deadline for the whole exchange, so a
server that sends a byte a second is cut off as surely as one that sends none.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import httpcore

from ingest.address import Network, refusal


class Route(NamedTuple):
    """Where a host's connections go: IP addresses in order of preference, and the port.

    `trusted` skips the judgement of the addresses, `plain` speaks HTTP even for https URLs. Both are for routes that the
    operator's own code makes (the demonstration serves the web of its story from one local port), never for DNS answers.
    """

    addresses: tuple[str, ...]
    port: int
    trusted: bool = False
    plain: bool = False


Resolver = Callable[[str, int, str], Route]
"""(host, port, scheme) → Route. Raises OSError when the name has no address."""


class AddressRefused(Exception):
    """The host leads to an address that we must not connect to."""

    def __init__(self, host: str, address: str, reason: str) -> None:
        super().__init__(f"{host} leads to {address}, which is refused ({reason}); if it is meant, allow its network")
        self.host, self.address, self.reason = host, address, reason


def resolve(host: str, port: int, scheme: str) -> Route:  # noqa: ARG001 - the shape of a Resolver
    """The system's resolver. Its own time-outs apply: the fetcher's deadline cannot interrupt it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return Route(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)), port)


class Deadline:
    """The instant, on a monotonic clock in seconds, at which an exchange is over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self, most: float | None = None) -> float:
        """Seconds left, at most `most`. Raises httpcore.ReadTimeout when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the exchange took longer than its deadline")
        return left if most is None else min(left, most)


class Dialer(httpcore.NetworkBackend):
    """Connects one exchange. Raises AddressRefused before the first packet if any of the host's addresses is refused."""

    def __init__(
        self, resolver: Resolver, allowed: Sequence[Network], scheme: str, deadline: Deadline, connect_seconds: float
    ) -> None:
        self._resolver, self._allowed, self._scheme = resolver, allowed, scheme
        self._deadline, self._connect_seconds = deadline, connect_seconds
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature; the deadline rules
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        route = self._vetted(host, port)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in route.addresses:
            seconds = self._deadline.left(self._connect_seconds)
            try:
                stream = self._sockets.connect_tcp(address, route.port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _Stream(stream, self._deadline, route.plain)
        raise failure

    def _vetted(self, host: str, port: int) -> Route:
        route = self._resolver(host, port, self._scheme)
        if not route.trusted:
            for address in route.addresses:
                reason = refusal(address, self._allowed)
                if reason:
                    raise AddressRefused(host, address, reason)
        return route


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends with the exchange's deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline, plain: bool) -> None:
        self._inner, self._deadline, self._plain = inner, deadline, plain

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        if self._plain:
            return self
        secure = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(secure, self._deadline, self._plain)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
