"""Erasure: what an article said is taken out of everything that this installation keeps; what it meant stays.

Removed: pages, texts, titles, URLs and names in the content table, the text part with its salt of every event that lists the
article, and the same words in the read tables. Kept: commitments, facts, ids, dates, statuses, so that every proof holds and no
answer changes. Contents go first: a crash in between leaves less than was asked for, never a page behind a
recorded erasure, and doing it once more completes it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Engine, delete, select

from store.content import Content
from store.content_tables import aliases, revisions, unpack
from store.content_tables import pages as content_pages
from store.content_tables import texts as content_texts
from store.database import reading
from store.events import ArticleErased, ErasureText
from store.exclusion import while_erasing_words
from store.ledger import Draft, Ledger
from store.replay import erase_copies
from store.tables import events, texts
from store.timeline import Timeline

CHUNK = 500


class Sent(NamedTuple):
    """An alert that went out with words of the article: those words are out of reach."""

    alert: str
    channel: str
    message: str


class Erased(NamedTuple):
    """What was done about one article. `position` is that of `article.erased`."""

    article: str
    position: int
    positions: tuple[int, ...]
    alerts: tuple[str, ...]
    """Ids of the alerts whose words were removed."""
    sent: tuple[Sent, ...]


class Found(NamedTuple):
    """Where a text stands: articles that hold it, and events that hold it and list no article."""

    articles: tuple[str, ...]
    astray: tuple[int, ...]


def erase(ledger: Ledger, timeline: Timeline, content: Content, article: str, reason: str, now: datetime) -> Erased:
    """Erases one article, and records that. Idempotent; once more, it removes what came in between."""
    content.erase(article)
    with ledger.writing("operator") as write:
        while_erasing_words(write.connection, ledger.log)
        positions = _holding(write.connection, article)
        for start in range(0, len(positions), CHUNK):
            write.connection.execute(delete(texts).where(texts.c.position.in_(positions[start : start + CHUNK])))
        event = ArticleErased(article, tuple(positions), ErasureText(reason))
        (recorded,) = write.append([Draft(event, f"article/{article}", now)])
        erase_copies(write.connection, positions)
        alerts = _alerts(write.connection, timeline, positions)
    empty_log(ledger.engine)
    sent = tuple(Sent(row.alert, row.channel, row.message) for row in alerts if row.message is not None)
    return Erased(article, recorded.position, tuple(positions), tuple(row.alert for row in alerts), sent)


def without_erased(connection: Connection, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, without the text of those that list an article which was erased while they were being made.

    To be asked within the append transaction: an erasure then either sees what is appended, or is seen here.
    """
    streams = {f"article/{article}" for draft in drafts for article in draft.articles}
    query = select(events.c.stream).where(events.c.stream.in_(streams), events.c.name == ArticleErased.NAME)
    erased = frozenset(connection.scalars(query))
    return [_wordless(draft) if any(f"article/{a}" in erased for a in draft.articles) else draft for draft in drafts]


def _wordless(draft: Draft) -> Draft:
    if "text" not in draft.event.__struct_fields__:
        return draft
    return draft._replace(event=msgspec.structs.replace(draft.event, text=UNSET), articles=())


def empty_log(engine: Engine) -> bool:
    """Empties SQLite's write-ahead log, which still holds what was erased. False if a reader is in the way: try again."""
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()
    try:
        busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        raw.close()
    return not busy


def _holding(connection: Connection, article: str) -> list[int]:
    """Positions of the events that list the article and still have a text."""
    query = select(events.c.position, events.c.articles).join(texts, texts.c.position == events.c.position)
    rows = connection.execute(query.where(events.c.articles.contains(article, autoescape=True)).order_by(events.c.position))
    return [position for position, articles in rows if article in articles.split()]


def _alerts(connection: Connection, timeline: Timeline, positions: list[int]) -> list[Any]:
    table = timeline.tables.alerts
    found: list[Any] = []
    for start in range(0, len(positions), CHUNK):
        wanted = select(table.c.alert, table.c.channel, table.c.message).where(
            table.c.position.in_(positions[start : start + CHUNK])
        )
        found += connection.execute(wanted.order_by(table.c.position)).all()
    return found


def together(timeline: Timeline, connection: Connection, article: str) -> list[str]:
    """The article and those that were merged into it, directly or over steps."""
    table, found = timeline.tables.articles, [article]
    for known in found:
        merged = select(table.c.article).where(table.c.merged_into == known).order_by(table.c.position)
        found += [other for other in connection.scalars(merged) if other not in found]
    return found


def search(ledger: Ledger, content: Content, text: str) -> Found:
    """Everything that holds the text, whatever its case; reads all that is kept, so it takes its time."""
    wanted = text.casefold()
    articles = set(_in_contents(content, wanted))
    astray = []
    for position, listed, stored in _stored_texts(ledger):
        if wanted in _words(stored).casefold():
            articles.update(listed)
            astray += [] if listed else [position]
    return Found(tuple(sorted(articles)), tuple(astray))


def _in_contents(content: Content, wanted: str) -> Iterator[str]:
    printed = select(revisions.c.article, revisions.c.url, revisions.c.title, revisions.c.byline, revisions.c.outlet_name)
    bodies = select(content_texts.c.article, content_texts.c.body)
    packed = select(content_pages.c.article, content_pages.c.packed, content_pages.c.body)
    with reading(content.engine) as connection:
        for article, *words in connection.execute(printed):
            if any(word and wanted in word.casefold() for word in words):
                yield article
        for article, name in connection.execute(select(aliases.c.article, aliases.c.name)):
            if name and wanted in name.casefold():
                yield article
        for article, body in connection.execute(bodies, execution_options=_STREAMING):
            if body and wanted in body.decode(errors="replace").casefold():
                yield article
        for article, zipped, stored in connection.execute(packed, execution_options=_STREAMING):
            page = unpack(zipped, stored)
            if page and wanted in page.decode(errors="replace").casefold():
                yield article


def _stored_texts(ledger: Ledger) -> Iterator[tuple[int, list[str], bytes]]:
    query = select(events.c.position, events.c.articles, texts.c.text).join(texts, texts.c.position == events.c.position)
    with reading(ledger.engine) as connection:
        for position, articles, text in connection.execute(query.order_by(events.c.position), execution_options=_STREAMING):
            yield position, articles.split(), bytes(text)


def _words(stored: bytes) -> str:
    """All words of an event's text, its escapes undone."""
    return "\n".join(_strings(msgspec.json.decode(stored)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


_STREAMING = {"yield_per": 200}
