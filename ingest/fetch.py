"""The one HTTP client for everything that goes out: feeds, pages, robots.txt, webhooks.

Guarded in every step: http and https only, addresses judged where the connection is made (`ingest.dial`), at every redirect
again; one deadline for the whole exchange; sizes capped on the wire and after decompression; no cookies, no proxy from the
environment, no credentials across origins. It keeps no connections: feeds are mostly on hosts of their own, and a
keep-alive pool of 64 was measured five times slower than none. httpcore is used without httpx on top, because only
httpcore lets its user bring the dialer, and nothing else of httpx would be used.
"""

import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_network
from typing import NamedTuple
from urllib.parse import unquote

import httpcore
import msgspec

from ingest.dial import AddressRefused, Deadline, Dialer, Resolver, resolve
from ingest.hosts import Hosts, OwnHosts
from ingest.inflate import BadEncoding, TooLarge, read_body
from ingest.manners import Manners, retry_after
from ingest.outcome import Failed, Fetched, Gone, Missing, NotModified, Outcome, Refused
from ingest.robots import Robots
from ingest.urls import Url, UrlRefused, join_url, parse_url
from store.clock import Clock

_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}
_DETAIL_BYTES = 1000


class FetchSettings(msgspec.Struct, frozen=True):
    """Limits of one fetch. `allowed_networks` (CIDR) may be connected to although they are not public."""

    user_agent: str = "Dateline/0.1 (media monitoring; reads robots.txt)"
    total_seconds: float = 30.0
    connect_seconds: float = 10.0
    read_seconds: float = 15.0
    most_bytes: int = 10 * 1024 * 1024
    most_redirects: int = 5
    pause_seconds: float = 1.0
    """Between two requests to one host."""
    allowed_networks: tuple[str, ...] = ()


class _Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Fetcher:
    """Fetches and posts. Thread-safe. Never raises for what a server, a name or a network does: see `ingest.outcome`.

    `clock` is for politeness and Retry-After, `wait` (seconds) is called when a host's turn has not come, `hosts` remembers
    whose turn it is (by default for this object alone; what its database raises, is raised). The exchange's deadline runs on
    the machine's monotonic clock.
    """

    def __init__(
        self,
        settings: FetchSettings,
        clock: Clock,
        *,
        resolver: Resolver = resolve,
        wait: Callable[[float], None] = time.sleep,
        hosts: Hosts | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.settings, self._clock, self._resolver = settings, clock, resolver
        self._allowed = tuple(ip_network(network) for network in settings.allowed_networks)
        self._manners = Manners(clock, timedelta(seconds=settings.pause_seconds), wait, hosts or OwnHosts())
        self._robots = Robots(self.fetch, clock, settings.user_agent)
        self._tls = tls or ssl.create_default_context()

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
        robots: bool = False,
    ) -> Outcome:
        """GETs the URL, following redirects. With validators the request is conditional (RFC 9110 section 13).

        `headers` go to the URL's own origin only. `robots`: ask robots.txt first, at every hop; for feeds that somebody
        subscribed to by hand it stays off.
        """
        conditions = {"if-none-match": etag, "if-modified-since": last_modified}
        common = {name: value for name, value in conditions.items() if value}
        permanent: str | None = None
        so_far = True
        asked, deadline, first = url, None, ""
        for hop in range(self.settings.most_redirects + 1):
            try:
                parsed = parse_url(asked)
            except UrlRefused as refused:
                return Refused("redirect_invalid" if hop else refused.reason, asked)
            first = first or parsed.origin
            barred = self._barred(parsed, robots, first_hop=hop == 0)
            if barred is not None:
                return barred
            deadline = deadline or Deadline(self.settings.total_seconds)
            own = _own_headers(parsed, headers) if parsed.origin == first else {}
            answer = self._exchange("GET", parsed, common | own, None, deadline)
            if not isinstance(answer, _Answer):
                return answer
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return self._outcome(answer, parsed, permanent)
            asked = join_url(str(parsed), _header_text(answer.headers["location"]))
            so_far = so_far and answer.status in _PERMANENT
            permanent = asked if so_far else permanent
        return Refused("too_many_redirects", url)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """POSTs once, follows no redirect, asks no robots.txt. `Failed` carries status and the start of the answer."""
        try:
            parsed = parse_url(url)
        except UrlRefused as refused:
            return Refused(refused.reason, url)
        barred = self._barred(parsed, robots=False, first_hop=True)
        if barred is not None:
            return barred
        own = _own_headers(parsed, headers)
        answer = self._exchange("POST", parsed, own, body, Deadline(self.settings.total_seconds))
        return self._outcome(answer, parsed, None) if isinstance(answer, _Answer) else answer

    def _barred(self, url: Url, robots: bool, *, first_hop: bool) -> Refused | Failed | None:
        silence = self._manners.silence(url.host)
        if silence is not None:
            return Failed("host_waiting", str(url), retry_after=silence)
        verdict, pause = self._robots.verdict(url) if robots else ("allowed", None)
        if verdict == "disallowed":
            return Refused("robots", str(url))
        if verdict == "unreachable":
            return Failed("robots_unreachable", str(url))
        if first_hop:
            self._manners.turn(url.host, pause)
        return None

    def _outcome(self, answer: _Answer, url: Url, permanent: str | None) -> Outcome:
        final = str(url)
        if 200 <= answer.status < 300:
            return Fetched(answer.status, answer.headers, answer.body, final, permanent)
        if answer.status == 304:
            return NotModified(answer.headers, final, permanent)
        if answer.status in (404, 410):
            return Gone(final) if answer.status == 410 else Missing(final)
        wish = retry_after(answer.headers.get("retry-after"), self._clock.now())
        if answer.status in (429, 503):
            self._manners.keep_silent(url.host, wish or timedelta(minutes=1))
        return Failed(f"http_{answer.status}", final, wish, answer.status, answer.body[:_DETAIL_BYTES])

    def _exchange(
        self, method: str, url: Url, headers: Mapping[str, str], body: bytes | None, deadline: Deadline
    ) -> _Answer | Refused | Failed:
        """One request, one answer; redirects are answers. The table of what can go wrong stands here."""
        text = str(url)
        try:
            return self._ask(method, url, headers, body, deadline)
        except AddressRefused as refused:
            return Refused(refused.reason, text)
        except TooLarge:
            return Refused("too_large", text)
        except BadEncoding:
            return Refused("encoding", text)
        except httpcore.TimeoutException:
            return Failed("timeout", text)
        except httpcore.ConnectError as error:
            return Failed("tls" if isinstance(error.__cause__ or error.__context__, ssl.SSLError) else "connect", text)
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            return Failed("connection_lost", text)
        except (httpcore.ProtocolError, UnicodeError):
            return Refused("protocol", text)
        except OSError:
            return Failed("dns", text)

    def _ask(self, method: str, url: Url, headers: Mapping[str, str], body: bytes | None, deadline: Deadline) -> _Answer:
        dialer = Dialer(self._resolver, self._allowed, url.scheme, deadline, self.settings.connect_seconds)
        seconds = self.settings.read_seconds
        with (
            httpcore.ConnectionPool(ssl_context=self._tls, network_backend=dialer) as pool,
            pool.stream(
                method,
                httpcore.URL(scheme=url.scheme, host=url.host.strip("[]"), port=url.connect_port, target=url.target),
                headers=self._headers(url, headers, body),
                content=body,
                extensions={"timeout": {"connect": seconds, "read": seconds, "write": seconds}},
            ) as answer,
        ):
            return self._read(answer)

    def _read(self, answer: httpcore.Response) -> _Answer:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        if answer.status in _REDIRECTS or answer.status in (304, 404, 410):
            return _Answer(answer.status, headers, b"")
        ok = 200 <= answer.status < 300
        most = self.settings.most_bytes if ok else 64 * 1024
        try:
            return _Answer(answer.status, headers, read_body(answer.iter_stream(), headers, most))
        except (TooLarge, BadEncoding):
            if ok:
                raise
            return _Answer(answer.status, headers, b"")

    def _headers(self, url: Url, own: Mapping[str, str], body: bytes | None) -> list[tuple[str, str]]:
        headers = {
            "host": url.authority,
            "user-agent": self.settings.user_agent,
            "accept": "*/*",
            "accept-encoding": "gzip, deflate",
            "connection": "close",
        }
        if body is not None:
            headers["content-length"] = str(len(body))
        return list((headers | {name.lower(): value for name, value in own.items()}).items())


def _own_headers(url: Url, headers: Mapping[str, str] | None) -> dict[str, str]:
    """The caller's headers, and the user and password of the URL as Basic credentials (RFC 7617)."""
    own = dict(headers or {})
    if url.userinfo:
        own["authorization"] = "Basic " + b64encode(unquote(url.userinfo).encode()).decode()
    return own


def _header_text(value: str) -> str:
    """Header bytes are Latin-1 by the letter and UTF-8 in practice."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value
