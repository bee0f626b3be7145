"""History handed over in files: JSON lines, feed files and folders of pages become articles with their original dates.

Reading a file yields `Handed` values; nothing is fetched. `Importer` writes each down in a transaction of its own, under the
same identities that polling uses: an article that is known is left as it is, so an import can be broken off and repeated.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ingest import state
from ingest.feeds import outlet_id
from ingest.item import Item, Unreadable
from ingest.outcome import Fetched
from ingest.parse import parse_feed
from ingest.plain import paragraphs, plain_byline, plain_line
from ingest.settle import Circumstances, Settled, Settling
from ingest.sight import Text, page_sight, summary_text
from ingest.urls import web_url
from store.bus import Bus, Outgoing
from store.clock import Clock, to_micros
from store.content import Content
from store.messages import ARTICLES, encode_message
from store.timeline import Feed

QUIET = "import"
"""The feed of imported articles: alerts pass over it, and over `import/…`."""
LOUD = "imported"
"""The feed of articles that were imported so that they may alert, horizon permitting."""
PAGES = frozenset({".html", ".htm", ".xhtml"})
LINES = frozenset({".jsonl", ".ndjson"})
NOWHERE = "http://saved-page.invalid/page"
"""Stands for the address of a saved page until the page has said its own."""
BATCH = 200


class Handed(msgspec.Struct, frozen=True):
    """One article from a file; `source` says where it stood. `problem`: it could not be read, and why."""

    source: str
    item: Item = Item()
    text: Text | None = None
    outlet_name: str | None = None
    problem: str | None = None


class Line(msgspec.Struct, frozen=True):
    """One JSON line. `published` is ISO 8601, UTC where it names no zone; `text` plain, or `html` markup."""

    url: str | None = None
    title: str = ""
    text: str | None = None
    html: str | None = None
    outlet: str | None = None
    published: str | None = None
    byline: str | None = None
    language: str | None = None
    guid: str | None = None


class Imported(msgspec.Struct, frozen=True):
    """`articles` counts by outcome (new, unchanged, erased, dropped, unreadable), `problems` says what was unreadable."""

    articles: dict[str, int]
    problems: tuple[str, ...]
    published: int


def read_history(paths: Iterable[Path]) -> Iterator[Handed]:
    """Everything in these files and folders, in order of path. Raises OSError for one that cannot be opened."""
    for path in paths:
        if path.is_dir():
            inside = (file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith("."))
            yield from read_history(inside)
        elif path.suffix.lower() in LINES:
            yield from _lines(path)
        elif path.suffix.lower() in PAGES:
            yield _page(path)
        else:
            yield from _feed(path)


def _lines(path: Path) -> Iterator[Handed]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                yield _line(raw, f"{path}:{number}")


def _line(raw: bytes, source: str) -> Handed:
    try:
        line = msgspec.json.decode(raw, type=Line)
        at = datetime.fromisoformat(line.published) if line.published else None
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        return Handed(source, problem=str(error))
    item = Item(
        guid=line.guid, url=web_url(line.url) if line.url else None, title=plain_line(line.title), html=line.html,
        text=paragraphs(line.text) if line.text else None, byline=plain_byline(line.byline or ""),
        published=None if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC),
        language=line.language,
    )  # fmt: skip
    if line.url and item.url is None:
        return Handed(source, problem=f"{line.url!r} is no web address")
    return _with_text(item, source, line.outlet)


def _feed(path: Path) -> Iterator[Handed]:
    parsed = parse_feed(path.read_bytes(), {}, "", most_items=1_000_000)
    if isinstance(parsed, Unreadable):
        yield Handed(str(path), problem=f"it is no feed, JSON lines or page ({parsed.reason})")
        return
    for number, item in enumerate(parsed.items, 1):
        yield _with_text(item, f"{path}#{number}", parsed.title)


def _with_text(item: Item, source: str, outlet: str | None) -> Handed:
    text = summary_text(item)
    if not text.body.strip():
        return Handed(source, problem="it has no text")
    return Handed(source, item, text, outlet)


def _page(path: Path) -> Handed:
    """A saved page. Its address is the one that it gives as its own; without one it is known by its file's name."""
    sight = page_sight(Fetched(200, {}, path.read_bytes(), NOWHERE), NOWHERE, None)
    if not isinstance(sight, Text):
        return Handed(str(path), problem="there is no article in the page")
    url = web_url(sight.canonical) if sight.canonical and not sight.canonical.startswith("http://saved-page.invalid/") else None
    text = msgspec.structs.replace(sight, url=url or "", canonical=None)
    item = Item(guid=None if url else f"file:{path.name}", url=url, title=text.title, published=text.published)
    return Handed(str(path), item, text, text.outlet_name)


class Importer:
    """Writes articles down and tells the bus. `feed` is `QUIET` or `LOUD`."""

    def __init__(self, *, bus: Bus, content: Content, clock: Clock, secret: bytes, feed: str = QUIET) -> None:
        self._bus, self._content, self._clock, self._secret, self._feed = bus, content, clock, secret, feed
        state.State(content.engine)  # its tables are wanted

    def run(self, handed: Iterable[Handed]) -> Imported:
        """Imports all. Killed on the way, what was imported stays; doing it again does only the rest."""
        counted, problems, published = Counter[str](), list[str](), 0
        for number, one in enumerate(handed, 1):
            if one.problem is not None or one.text is None:
                counted["unreadable"] += 1
                problems.append(f"{one.source}: {one.problem}")
                continue
            counted[self._settle(one, one.text).outcome] += 1
            if number % BATCH == 0:
                published += self._announce()
        return Imported(dict(counted), tuple(problems), published + self._announce())

    def _settle(self, one: Handed, text: Text) -> Settled:
        outlet = outlet_id(one.item.url) if one.item.url else plain_line(one.outlet_name or self._feed).casefold()
        now = self._clock.now()
        feed = Feed(self._feed, "", None, outlet, one.outlet_name, 0, "active", now)
        at = Circumstances(now, f"{self._feed}@{to_micros(now)}", self._secret, ())
        with self._content.writing() as w:
            return Settling(w, at, feed).given(one.item, text)

    def _announce(self) -> int:
        """Publishes what waits in the outbox; only what the bus acknowledged is marked."""
        published = 0
        while waiting := self._content.waiting():
            self._bus.publish(ARTICLES, [Outgoing(one.message.article, encode_message(one.message)) for one in waiting])
            self._content.mark_announced(one.sequence for one in waiting)
            published += len(waiting)
        return published
