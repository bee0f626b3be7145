"""The fetcher against hostile servers on loopback: every outcome is a value, every limit holds, nothing private is reached."""

import gzip
import itertools
import socket
import socketserver
import ssl
import threading
import time
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from ingest.address import refusal
from ingest.dial import Route, resolve
from ingest.fetch import Fetcher, FetchSettings
from ingest.hosts import OwnHosts
from ingest.inflate import BadEncoding, TooLarge, read_body
from ingest.manners import Manners, retry_after
from ingest.outcome import Failed, Fetched, Gone, Missing, NotModified, Refused
from store.clock import FixedClock

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)


class RawServer:
    """Answers every connection by `script(request_bytes, socket)`; keeps what it was sent."""

    def __init__(self, script, tls=None):
        self.seen = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                connection = self.request
                if tls is not None:
                    try:
                        connection = tls.wrap_socket(connection, server_side=True)
                    except OSError:
                        return
                data = b""
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    data += piece
                outer.seen.append(data)
                try:
                    script(data, connection)
                except OSError:
                    pass
                finally:
                    connection.close()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(script, tls=None):
    server = RawServer(script, tls)
    try:
        yield server
    finally:
        server.close()


def answer(status="200 OK", body=b"", **headers):
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def sends(data):
    return lambda _request, connection: connection.sendall(data)


def to(port):
    """Every host leads to this port of loopback, and is trusted to."""
    return lambda _host, _port, _scheme: Route(("127.0.0.1",), port, trusted=True)


def fetcher(port, *, clock=None, waits=None, tls=None, **settings):
    defaults = {"total_seconds": 2.0, "read_seconds": 1.0, "connect_seconds": 1.0, "pause_seconds": 0.0, "most_bytes": 100_000}
    wait = waits.append if waits is not None else (lambda _: None)
    return Fetcher(FetchSettings(**(defaults | settings)), clock or FixedClock(T0), resolver=to(port), wait=wait, tls=tls)


def path_of(request):
    return request.split(b" ", 2)[1].decode()


# --- what a server may answer ------------------------------------------------------------------------


def test_a_page_comes_with_its_headers_and_its_final_address():
    with serving(sends(answer(body=b"hello", ETag='"1"', Content_Type="text/html"))) as server:
        found = fetcher(server.port).fetch("http://Post.Example:80/a/../b?x=1#top")
        assert isinstance(found, Fetched)
        assert (found.status, found.body, found.headers["etag"]) == (200, b"hello", '"1"')
        assert (found.url, found.permanent_url) == ("http://post.example/b?x=1#top", None)
        assert server.seen[0].startswith(b"GET /b?x=1 HTTP/1.1\r\n")
        assert b"\r\nhost: post.example\r\n" in server.seen[0].lower()
        assert b"\r\nuser-agent: dateline" in server.seen[0].lower()


def test_validators_make_the_request_conditional_and_304_is_a_value():
    with serving(sends(answer("304 Not Modified", ETag='"1"'))) as server:
        found = fetcher(server.port).fetch("http://a.example/", etag='"1"', last_modified="Mon, 04 Sep 2023 09:00:00 GMT")
        assert isinstance(found, NotModified)
        assert b'if-none-match: "1"' in server.seen[0].lower()
        assert b"if-modified-since: mon, 04 sep 2023" in server.seen[0].lower()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("410 Gone", Gone("http://a.example/")),
        ("404 Not Found", Missing("http://a.example/")),
        ("403 Forbidden", Failed("http_403", "http://a.example/", None, 403, b"why")),
        ("500 Oops", Failed("http_500", "http://a.example/", None, 500, b"why")),
        ("204 No Content", Fetched(204, {"content-length": "0"}, b"", "http://a.example/")),
    ],
)
def test_a_status_says_what_to_do_next(status, outcome):
    with serving(sends(answer(status, b"" if status.startswith("204") else b"why"))) as server:
        assert fetcher(server.port).fetch("http://a.example/") == outcome


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw-deflate", "identity"])
def test_compressed_bodies_are_decompressed(encoding):
    raw = b"words and words " * 200
    coder = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(raw), "x-gzip": gzip.compress(raw[:99]) + gzip.compress(raw[99:]), "deflate": zlib.compress(raw),
        "raw-deflate": coder.compress(raw) + coder.flush(), "identity": raw,
    }[encoding]  # fmt: skip
    with serving(sends(answer(body=packed, Content_Encoding=encoding.removeprefix("raw-")))) as server:
        assert fetcher(server.port).fetch("http://a.example/").body == raw


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_any_body_cut_into_any_pieces_comes_out_whole(raw, size):
    packed = gzip.compress(raw)
    pieces = [packed[n : n + size] for n in range(0, len(packed), size)]
    assert read_body(pieces, {"content-encoding": "gzip"}, 10_000) == raw


def test_one_byte_over_the_limit_is_too_large_and_the_limit_itself_is_not():
    assert read_body([b"x" * 10], {}, 10) == b"x" * 10
    with pytest.raises(TooLarge):
        read_body([b"x" * 6, b"x" * 5], {}, 10)
    with pytest.raises(BadEncoding):
        read_body([gzip.compress(b"words")[:-3]], {"content-encoding": "gzip"}, 100)


# --- redirects ---------------------------------------------------------------------------------------


def redirects(table):
    def script(request, connection):
        status, target = table.get(path_of(request), ("200 OK", None))
        connection.sendall(answer(status, **({"Location": target} if target else {})))

    return script


@pytest.mark.parametrize(
    ("table", "final", "permanent"),
    [
        ({"/a": ("301 Moved", "/b"), "/b": ("308 Moved", "http://b.example/c")}, "http://b.example/c", "http://b.example/c"),
        ({"/a": ("302 Found", "/b")}, "http://a.example/b", None),
        ({"/a": ("301 Moved", "/b"), "/b": ("307 Temporary", "/c")}, "http://a.example/c", "http://a.example/b"),
        ({"/a": ("302 Found", "/b"), "/b": ("301 Moved", "/c")}, "http://a.example/c", None),
    ],
)
def test_permanent_redirects_are_reported_as_far_as_they_lead(table, final, permanent):
    with serving(redirects(table)) as server:
        found = fetcher(server.port).fetch("http://a.example/a")
        assert (found.url, found.permanent_url) == (final, permanent)


def test_a_redirect_loop_ends():
    with serving(redirects({"/a": ("302 Found", "/b"), "/b": ("302 Found", "/a")})) as server:
        assert fetcher(server.port).fetch("http://a.example/a") == Refused("too_many_redirects", "http://a.example/a")
        assert len(server.seen) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://a.example/", "ftp://a.example/x", "javascript:1"])
def test_a_redirect_out_of_the_web_is_refused(target):
    with serving(redirects({"/a": ("302 Found", target)})) as server:
        found = fetcher(server.port).fetch("http://a.example/a")
        assert isinstance(found, Refused)
        assert found.reason == "redirect_invalid"
        assert len(server.seen) == 1


def test_credentials_do_not_cross_origins():
    with serving(redirects({"/a": ("302 Found", "http://other.example/b"), "/c": ("302 Found", "/b")})) as server:
        client = fetcher(server.port)
        client.fetch("http://user:pass@a.example/a", headers={"X-Token": "t"})
        client.fetch("http://a.example/c", headers={"Authorization": "Bearer t"})
        first, second, third, fourth = (request.lower() for request in server.seen)
        assert b"authorization: basic dxnlcjpwyxnz" in first
        assert b"x-token" in first
        assert b"authorization" not in second
        assert b"x-token" not in second
        assert b"authorization: bearer" in third
        assert b"authorization: bearer" in fourth


def test_a_post_carries_its_body_and_follows_nothing():
    def script(request, connection):
        body = request.partition(b"\r\n\r\n")[2]
        if not body:
            connection.recv(100)
        connection.sendall(answer("302 Found", Location="http://evil.example/"))

    with serving(script) as server:
        found = fetcher(server.port).post("http://hook.example/x", b'{"text":"t"}', {"Content-Type": "application/json"})
        assert found == Failed("http_302", "http://hook.example/x", None, 302, b"")
        assert len(server.seen) == 1
        assert server.seen[0].startswith(b"POST /x HTTP/1.1\r\n")
        assert b"content-length: 12" in server.seen[0].lower()


# --- hostile bodies ----------------------------------------------------------------------------------


def timed(fetch):
    start = time.monotonic()
    return fetch(), time.monotonic() - start


def forever(piece, pause=0.0):
    def script(_request, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        stop = time.monotonic() + 10
        while time.monotonic() < stop:
            connection.sendall(piece)
            if pause:
                threading.Event().wait(pause)

    return script


def test_a_body_that_never_ends_is_cut_off_at_the_limit():
    with serving(forever(b"x" * 65536)) as server:
        found, seconds = timed(lambda: fetcher(server.port).fetch("http://a.example/"))
        assert found == Refused("too_large", "http://a.example/")
        assert seconds < 1.5


def test_a_body_announced_as_200_megabytes_is_not_read_at_all():
    with serving(sends(answer(Content_Length=200_000_000))) as server:
        assert fetcher(server.port).fetch("http://a.example/") == Refused("too_large", "http://a.example/")


def test_a_gzip_bomb_costs_no_more_than_the_limit():
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    with serving(sends(answer(body=bomb, Content_Encoding="gzip"))) as server:
        found, seconds = timed(lambda: fetcher(server.port).fetch("http://a.example/"))
        assert found == Refused("too_large", "http://a.example/")
        assert seconds < 1.5


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_encodings_that_we_did_not_ask_for_are_refused(encoding):
    with serving(sends(answer(body=gzip.compress(gzip.compress(b"x")), Content_Encoding=encoding))) as server:
        assert fetcher(server.port).fetch("http://a.example/") == Refused("encoding", "http://a.example/")


def test_a_bomb_on_a_redirect_or_an_error_is_not_unpacked():
    bomb = gzip.compress(b"\0" * 50_000_000)
    with serving(sends(answer("500 Oops", bomb, Content_Encoding="gzip"))) as server:
        assert fetcher(server.port).fetch("http://a.example/") == Failed("http_500", "http://a.example/", None, 500)


def test_a_server_that_sends_a_byte_now_and_then_is_cut_off_at_the_deadline():
    with serving(forever(b"x", pause=0.05)) as server:
        found, seconds = timed(lambda: fetcher(server.port, total_seconds=0.6).fetch("http://a.example/"))
        assert found == Failed("timeout", "http://a.example/")
        assert seconds < 2


def test_headers_that_drip_are_cut_off_too():
    def drip(_request, connection):
        for byte in itertools.chain(b"HTTP/1.1 200 OK\r\n", itertools.cycle(b"X-A: b\r\n")):
            connection.sendall(bytes([byte]))
            threading.Event().wait(0.03)

    with serving(drip) as server:
        found, seconds = timed(lambda: fetcher(server.port, total_seconds=0.6).fetch("http://a.example/"))
        assert found == Failed("timeout", "http://a.example/")
        assert seconds < 2


def test_a_silent_server_times_out_and_a_closed_one_is_a_lost_connection():
    with serving(lambda _request, _connection: threading.Event().wait(1.5)) as server:
        assert fetcher(server.port, read_seconds=0.2).fetch("http://a.example/") == Failed("timeout", "http://a.example/")
    with serving(sends(b"")) as server:
        assert fetcher(server.port).fetch("http://a.example/") == Failed("connection_lost", "http://a.example/")
    with serving(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")) as server:
        assert fetcher(server.port).fetch("http://a.example/") == Failed("connection_lost", "http://a.example/")
    with serving(sends(b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
        assert fetcher(server.port).fetch("http://a.example/") == Failed("connection_lost", "http://a.example/")


def test_endless_headers_are_cut_off():
    with serving(sends(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000)) as server:
        assert fetcher(server.port).fetch("http://a.example/").reason in ("connection_lost", "protocol")


def test_a_closed_port_and_an_unknown_name_are_told_apart():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert fetcher(taken.getsockname()[1]).fetch("http://a.example/") == Failed("connect", "http://a.example/")

    def unknown(_host, _port, _scheme):
        raise socket.gaierror(-2, "Name or service not known")

    client = Fetcher(FetchSettings(), FixedClock(T0), resolver=unknown)
    assert client.fetch("http://a.example/") == Failed("dns", "http://a.example/")


# --- TLS ---------------------------------------------------------------------------------------------


def test_https_checks_the_name_of_the_url_not_the_address_connected_to():
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("good.example").configure_cert(server_side)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    with serving(sends(answer(body=b"safe")), tls=server_side) as server:
        assert fetcher(server.port, tls=ours).fetch("https://good.example/").body == b"safe"
        assert fetcher(server.port, tls=ours).fetch("https://other.example/") == Failed("tls", "https://other.example/")
        assert fetcher(server.port).fetch("https://good.example/") == Failed("tls", "https://good.example/")


# --- where a connection may lead ---------------------------------------------------------------------

LOOPBACK = [
    "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1",
    "0177.0.0.1", "017700000001", "0177.0.0.01", "0x7F.0x0.0x0.0x1", "①②⑦.0.0.1", "127。0。0。1",
    "127．0．0．1", "１２７.0.0.1",
    "0", "0.0.0.0", "0x0", "00", "localhost", "LOCALHOST", "localhost.", "%6c%6f%63%61lhost", "%31%32%37.0.0.1",
    "127.0.0.1.",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]", "[2001:0:7f00:1::]", "[fe80::1]",
    "[fec0::1]", "[fc00::1]", "[fe80::5efe:127.0.0.1]", "[::ffff:0:0]", "a@127.0.0.1", "good.example@127.0.0.1",
    "127.0.0.1\\@good.example", "\t127.0.0.1",
]  # fmt: skip
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1",
           "255.255.255.255", "[ff02::1]", "[fd00::1]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]"]  # fmt: skip


@pytest.fixture
def sink():
    """A listening socket on all addresses of this machine that counts the connections made to it."""
    with socket.create_server(("0.0.0.0", 0), backlog=64) as server:
        server.setblocking(False)
        yield server


def connections(sink):
    count = 0
    while True:
        try:
            sink.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_no_spelling_of_loopback_is_ever_connected_to(sink):
    assert len(LOOPBACK) >= 40
    client = Fetcher(FetchSettings(pause_seconds=0, connect_seconds=0.5), FixedClock(T0), resolver=resolve)
    port = sink.getsockname()[1]
    for host in LOOPBACK + PRIVATE:
        place = host.replace("\\@", f":{port}\\@") if "\\@" in host else f"{host}:{port}"
        found = client.fetch(f"http://{place}/")
        allowed = isinstance(found, Refused) or found == Failed("dns", found.url)
        assert allowed, (host, found)
    assert connections(sink) == 0


def test_the_sink_does_count_when_the_operator_allows_it(sink):
    settings = FetchSettings(pause_seconds=0, total_seconds=0.3, allowed_networks=("127.0.0.0/8",))
    client = Fetcher(settings, FixedClock(T0), resolver=resolve)
    assert client.fetch(f"http://127.0.0.1:{sink.getsockname()[1]}/") == Failed(
        "timeout", f"http://127.0.0.1:{sink.getsockname()[1]}/"
    )
    assert connections(sink) == 1


def test_a_redirect_to_loopback_is_refused_at_the_second_hop(sink):
    port = sink.getsockname()[1]
    with serving(redirects({"/a": ("302 Found", f"http://127.0.0.1:{port}/")})) as server:

        def half_trusted(host, port_, scheme):
            return to(server.port)(host, port_, scheme) if host == "a.example" else resolve(host, port_, scheme)

        client = Fetcher(FetchSettings(pause_seconds=0), FixedClock(T0), resolver=half_trusted)
        assert client.fetch("http://a.example/a") == Refused("address_not_public", f"http://127.0.0.1:{port}/")
    assert connections(sink) == 0


def test_a_name_that_changes_its_address_gains_nothing(sink):
    port = sink.getsockname()[1]
    answers = iter([("93.184.216.34", "127.0.0.1"), ("127.0.0.1",)])
    asked = []

    def rebinding(host, port_, _scheme):
        asked.append(host)
        return Route(next(answers), port_)

    client = Fetcher(FetchSettings(pause_seconds=0, connect_seconds=0.2), FixedClock(T0), resolver=rebinding)
    for _ in range(2):
        assert client.fetch(f"http://rebind.example:{port}/").reason == "address_not_public"
    assert asked == ["rebind.example"] * 2, "one resolution for each connection, and what it gave was judged"
    assert connections(sink) == 0


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_addresses_are_allowed_wrapped_or_not(address):
    assert refusal(address) is None


@given(st.ip_addresses(v=4).filter(lambda a: not a.is_global))
def test_what_is_not_public_is_not_public_in_any_wrapping(address):
    number = int(address)
    for wrapped in (
        f"::ffff:{address}",
        f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::",
    ):
        assert refusal(wrapped) is not None, wrapped


NO_WEB_ADDRESSES = [
    "file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "a.example", "", "http://a b/", "http:///", "http://[::1",
    "http://a.example:99999/", "http://[v1.x]/", "http://..example/",
]  # fmt: skip


@pytest.mark.parametrize("url", NO_WEB_ADDRESSES)
def test_what_is_no_web_address_is_refused_unasked(url, sink):
    found = fetcher(sink.getsockname()[1]).fetch(url)
    assert isinstance(found, Refused)
    assert found.reason in ("scheme", "url_invalid")
    assert connections(sink) == 0


# --- manners -----------------------------------------------------------------------------------------


def test_two_requests_to_one_host_keep_their_distance_and_two_hosts_do_not_wait_for_each_other():
    waits = []
    with serving(sends(answer())) as server:
        client = fetcher(server.port, waits=waits, pause_seconds=2.0)
        for url in ("http://a.example/1", "http://b.example/1", "http://a.example/2", "http://a.example/3"):
            client.fetch(url)
    assert waits == [2.0, 4.0]


def test_retry_after_is_honoured_for_the_whole_host_until_it_has_passed():
    clock = FixedClock(T0)
    with serving(sends(answer("429 Too Many Requests", Retry_After="120"))) as server:
        client = fetcher(server.port, clock=clock)
        assert client.fetch("http://a.example/1").retry_after == timedelta(seconds=120)
        clock.advance(timedelta(seconds=30))
        assert client.fetch("http://a.example/2") == Failed("host_waiting", "http://a.example/2", timedelta(seconds=90))
        assert len(server.seen) == 1
        clock.advance(timedelta(seconds=90))
        assert client.fetch("http://a.example/2").reason == "http_429"
        assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("value", "wish"),
    [
        ("60", timedelta(seconds=60)),
        (" 60 ", timedelta(seconds=60)),
        ("Mon, 04 Sep 2023 09:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 04 Sep 2023 08:00:00 GMT", timedelta(0)),
        ("999999999", timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value, wish):
    assert retry_after(value, T0) == wish


def test_a_turn_that_nobody_waits_for_does_not_wait():
    waits = []
    clock = FixedClock(T0)
    manners = Manners(clock, timedelta(seconds=1), waits.append, OwnHosts())
    manners.turn("a")
    clock.advance(timedelta(seconds=5))
    manners.turn("a")
    assert waits == []


def test_robots_txt_is_asked_once_a_day_and_obeyed_at_every_hop():
    def script(request, connection):
        path = path_of(request)
        if path == "/robots.txt":
            connection.sendall(answer(body=b"User-agent: *\nDisallow: /private\nCrawl-delay: 3\n"))
        elif path == "/moved":
            connection.sendall(answer("302 Found", Location="/private/x"))
        else:
            connection.sendall(answer(body=b"page"))

    clock, waits = FixedClock(T0), []
    with serving(script) as server:
        client = fetcher(server.port, clock=clock, waits=waits)
        assert client.fetch("http://a.example/open", robots=True).body == b"page"
        assert client.fetch("http://a.example/private/x", robots=True) == Refused("robots", "http://a.example/private/x")
        assert client.fetch("http://a.example/moved", robots=True) == Refused("robots", "http://a.example/private/x")
        assert client.fetch("http://a.example/private/x").body == b"page", "a feed that somebody subscribed to is not crawling"
        assert [path_of(request) for request in server.seen].count("/robots.txt") == 1
        assert 3.0 in waits
        clock.advance(timedelta(hours=25))
        client.fetch("http://a.example/open", robots=True)
        assert [path_of(request) for request in server.seen].count("/robots.txt") == 2


@pytest.mark.parametrize(
    ("status", "allowed"), [("404 Not Found", True), ("403 Forbidden", True), ("500 Oops", False), ("503 Busy", False)]
)
def test_without_a_robots_txt_all_is_allowed_but_not_while_the_server_is_in_trouble(status, allowed):
    def script(request, connection):
        connection.sendall(answer(status) if path_of(request) == "/robots.txt" else answer(body=b"page"))

    with serving(script) as server:
        found = fetcher(server.port).fetch("http://a.example/x", robots=True)
        assert isinstance(found, Fetched) if allowed else found.reason in ("robots_unreachable", "host_waiting")
