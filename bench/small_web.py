"""A small web to watch: feeds that publish when they are asked, their articles' pages, and a webhook that takes alerts.

It notes two instants for each article: when a feed's file first held it and was handed out, and when an alert that links
to it arrived. In between lies the product alone, and no waiting for the next poll.
"""

import re
import threading
import time
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from xml.sax.saxutils import escape

from bench.newsprint import Press, Subject
from store.clock import SystemClock

_LISTED = 30
"""Items of a feed, the newest first."""
_FEED, _ARTICLE = re.compile(r"/feed\.xml"), re.compile(r"/a/(\d+)")


class SmallWeb:
    """Serves `feeds` outlets on one loopback port; each outlet is a host name of its own.

    Article n is about `subjects[n]`, and outlet `n % feeds` carries it. `each`: how many new articles a feed gets each time it
    is asked, until all are out; of those from `ahead` on none before `go_on` is called.
    """

    def __init__(self, feeds: int, subjects: list[Subject], each: int, ahead: int | None = None) -> None:
        self.feeds, self._each, self._clock = feeds, each, SystemClock()
        self._end = len(subjects) if ahead is None else ahead
        press = Press(11)
        self._pages = [_page(press, subject) for subject in subjects]
        self._out: list[list[tuple[int, str]]] = [[] for _ in range(feeds)]
        self._lock, self.asked = threading.Lock(), 0
        self.published: dict[int, float] = {}
        self.arrived: dict[int, float] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def addresses(self) -> list[str]:
        return [f"http://outlet-{n}.example/feed.xml" for n in range(self.feeds)]

    def go_on(self) -> None:
        """Lets the rest be published too."""
        with self._lock:
            self._end = len(self._pages)

    def latencies(self) -> list[float]:
        """Seconds from the feed's file to the alert, of each article that was alerted about."""
        return [self.arrived[n] - at for n, at in self.published.items() if n in self.arrived]

    def feed(self, outlet: int) -> bytes:
        with self._lock:
            self.asked += 1
            out, now = self._out[outlet], self._clock.now()
            start = len(out) * self.feeds + outlet
            for n in range(start, min(start + self._each * self.feeds, self._end), self.feeds):
                out.append((n, format_datetime(now)))
                self.published[n] = time.monotonic()
            items = [self._item(outlet, n, at) for n, at in out[: -_LISTED - 1 : -1]]
        return f'<rss version="2.0"><channel><title>Outlet {outlet}</title>{"".join(items)}</channel></rss>'.encode()

    def page(self, number: int) -> bytes:
        return self._pages[number][1]

    def take(self, body: str) -> None:
        now = time.monotonic()
        for number in map(int, _ARTICLE.findall(body)):
            self.arrived.setdefault(number, now)

    def _item(self, outlet: int, number: int, at: str) -> str:
        link, title = f"http://outlet-{outlet}.example/a/{number}", self._pages[number][0]
        return f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{at}</pubDate></item>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _page(press: Press, subject: Subject) -> tuple[str, bytes]:
    """Title and page of one article."""
    title, _, body = press.article(subject).text.partition("\n\n")
    paragraphs = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in body.split("\n\n"))
    page = (
        f'<!doctype html><html lang="en"><head><title>{escape(title)}</title></head><body><nav>Home News Sport</nav>'
        f"<article><h1>{escape(title)}</h1>{paragraphs}</article><footer>All rights reserved</footer></body></html>"
    )
    return escape(title), page.encode()


def _handler(web: SmallWeb) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            outlet = re.match(r"outlet-(\d+)\.", self.headers.get("host", ""))
            if outlet and _FEED.fullmatch(self.path):
                self._answer(200, "application/rss+xml", web.feed(int(outlet[1])))
            elif article := _ARTICLE.fullmatch(self.path):
                self._answer(200, "text/html; charset=utf-8", web.page(int(article[1])))
            else:
                self._answer(404, "text/plain", b"")

        def do_POST(self) -> None:
            web.take(self.rfile.read(int(self.headers["content-length"])).decode())
            self._answer(200, "text/plain", b"ok")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
