"""What ingest remembers between two polls, in tables beside the content's: feeds, articles, alias keys, attempts.

All of it can be lost at the price of fetching once more, except the alias keys: they say which article is which. Keys
are stored as keyed hashes, so no URL and no guid lies here.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from store.clock import EPOCH, from_micros, to_micros
from store.database import reading, writing

Source = Literal["page", "feed", "summary"]
"""Where a text came from: the article's page, a feed that carries whole texts, or a feed's summary for want of a page."""

metadata = MetaData()

feeds = Table(
    "ingest_feeds",
    metadata,
    Column("feed", String, primary_key=True),
    Column("next_due", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
)
Index("ingest_feeds_next_due", feeds.c.next_due)
articles = Table(
    "ingest_articles",
    metadata,
    Column("article", String, primary_key=True),
    Column("next_visit", BigInteger),
    Column("state", LargeBinary, nullable=False),
)
Index("ingest_articles_next_visit", articles.c.next_visit)
keys = Table(
    "ingest_keys",
    metadata,
    Column("key", String, primary_key=True),
    Column("article", String, nullable=False, index=True),
)
attempts = Table(
    "ingest_attempts",
    metadata,
    Column("key", String, primary_key=True),
    Column("count", Integer, nullable=False),
)
marks = Table(
    "ingest_marks",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
)


turns = Table(
    "ingest_turns",
    metadata,
    Column("subject", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""A feed or article that a poller has in hand. `until` is machine time, all other instants here are the home's."""

hosts = Table(
    "ingest_hosts",
    metadata,
    Column("host", String, primary_key=True),
    Column("free_at", BigInteger, nullable=False),
    Column("silent_until", BigInteger, nullable=False),
)
"""When a host may be asked next, and until when it asked for silence; see `ingest.hosts`."""

PARKED = to_micros(datetime(9999, 1, 1, tzinfo=UTC))
"""When a feed is next due that is polled no more."""


class FeedState(msgspec.Struct, frozen=True, kw_only=True):
    """One feed's polling. `reported`: the ledger knows that it fails. `episodes` counts its moves, for idempotency keys.

    `listing` are the articles of the last poll in the feed's order.
    """

    feed: str
    next_due: datetime
    interval: int
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    reported: bool = False
    episodes: int = 0
    listing: tuple[str, ...] = ()


class Baseline(msgspec.Struct, frozen=True):
    """The last text seen from one source: what a new text from there is compared with."""

    fingerprint: str
    revision: int
    rendition: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One article. `source` and `fingerprint` are the latest revision's; `etag` and `last_modified` its page's.

    `missing` are the times at which its page answered 404 since it last answered.
    """

    article: str
    feed: str
    outlet: str
    first_seen: datetime
    revision: int
    source: Source
    fingerprint: str
    baselines: dict[Source, Baseline]
    language: str | None = None
    item_hashes: dict[str, str] = {}
    """Feed → hash of the item by which it last spoke of the article."""
    etag: str | None = None
    last_modified: str | None = None
    next_visit: datetime | None = None
    missing: tuple[datetime, ...] = ()
    withdrawn_at: datetime | None = None
    merged_into: str | None = None


_encode = msgspec.json.Encoder(order="sorted").encode
_feed_decoder = msgspec.json.Decoder(FeedState)
_known_decoder = msgspec.json.Decoder(Known)


class State:
    """The tables, in the contents' database, which was opened before. Reads open transactions of their own; writes go into
    the caller's, beside the content's rows.
    """

    metadata = metadata

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def feeds(self) -> dict[str, FeedState]:
        with reading(self.engine) as connection:
            return {row.feed: _feed_decoder.decode(row.state) for row in connection.execute(select(feeds))}

    def enroll(self, active: Callable[[], Iterable[FeedState]]) -> None:
        """Makes the active feeds the ones that fall due: those that are new or were parked, as given; all others are parked.

        The registry is asked last: what another process enrolled meanwhile is then known to it.
        """
        with reading(self.engine) as connection:
            due = {row.feed: row.next_due for row in connection.execute(select(feeds.c.feed, feeds.c.next_due))}
        by_id = {one.feed: one for one in active()}
        fresh = [one for id_, one in by_id.items() if due.get(id_, PARKED) == PARKED]
        idle = [id_ for id_, at in due.items() if id_ not in by_id and at != PARKED]
        if not fresh and not idle:
            return
        with writing(self.engine) as connection:
            for one in fresh:
                _enroll(connection, one)
            for start in range(0, len(idle), 500):
                some = feeds.c.feed.in_(idle[start : start + 500])
                connection.execute(update(feeds).where(some).values(next_due=PARKED))

    def due(self, now: datetime) -> tuple[bool, bool]:
        """Whether any feed, and whether any page, is due at this instant, in somebody's hands or not."""
        at = to_micros(now)
        with reading(self.engine) as connection:
            feed = connection.execute(select(feeds.c.feed).where(feeds.c.next_due <= at).limit(1)).first()
            page = connection.execute(select(articles.c.article).where(articles.c.next_visit <= at).limit(1)).first()
        return feed is not None, page is not None

    def due_visits(self, now: datetime, most: int) -> list[Known]:
        """Articles whose page is to be looked at again, the longest overdue first, then by id."""
        query = select(articles.c.state).where(articles.c.next_visit <= to_micros(now))
        query = query.order_by(articles.c.next_visit, articles.c.article).limit(most)
        with reading(self.engine) as connection:
            return [_known_decoder.decode(state) for state in connection.scalars(query)]

    def next_visit(self) -> datetime | None:
        with reading(self.engine) as connection:
            micros = connection.scalar(select(func.min(articles.c.next_visit)))
        return None if micros is None else from_micros(micros)

    def polled_through(self) -> datetime:
        """Everything due at this instant was done; 1970 if nothing ever was."""
        with reading(self.engine) as connection:
            micros = connection.scalar(select(marks.c.at).where(marks.c.name == "polled_through"))
        return EPOCH if micros is None else from_micros(micros)

    def mark_polled(self, at: datetime) -> None:
        """Moves the mark forward; it never goes back."""
        with writing(self.engine) as connection:
            before = connection.scalar(select(marks.c.at).where(marks.c.name == "polled_through"))
            if before is None or before < to_micros(at):
                _put(connection, marks, "name", {"name": "polled_through", "at": to_micros(at)})


def save_feed(connection: Connection, state: FeedState) -> None:
    row = {"feed": state.feed, "next_due": to_micros(state.next_due), "state": _encode(state)}
    _put(connection, feeds, "feed", row)


def _enroll(connection: Connection, state: FeedState) -> None:
    """As `save_feed`, but for a feed that another process enrolled meanwhile, and with what a parked one remembers."""
    at = to_micros(state.next_due)
    known = connection.execute(select(feeds.c.state).where(feeds.c.feed == state.feed)).one_or_none()
    if known is not None:
        parked = and_(feeds.c.feed == state.feed, feeds.c.next_due == PARKED)
        connection.execute(update(feeds).where(parked).values(next_due=at))
        return
    insert_ = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"feed": state.feed, "next_due": at, "state": _encode(state)}
    connection.execute(insert_(feeds).values(row).on_conflict_do_nothing())


def decode_feed(packed: bytes) -> FeedState:
    return _feed_decoder.decode(packed)


def decode_known(packed: bytes) -> Known:
    return _known_decoder.decode(packed)


def article(connection: Connection, wanted: str) -> Known | None:
    """The article, or the one that it was merged into."""
    for _ in range(10):
        state = connection.scalar(select(articles.c.state).where(articles.c.article == wanted))
        known = None if state is None else _known_decoder.decode(state)
        if known is None or known.merged_into is None:
            return known
        wanted = known.merged_into
    return known


def save_article(connection: Connection, known: Known) -> None:
    visit = None if known.next_visit is None else to_micros(known.next_visit)
    _put(connection, articles, "article", {"article": known.article, "next_visit": visit, "state": _encode(known)})


def find(connection: Connection, wanted: Sequence[str]) -> dict[str, str]:
    """Hidden alias key → article, for the keys that are known."""
    rows = connection.execute(select(keys.c.key, keys.c.article).where(keys.c.key.in_(wanted)))
    return {row.key: row.article for row in rows}


def add_keys(connection: Connection, known: str, new: Iterable[str]) -> None:
    """Binds keys to the article. Each must be unknown so far: a key keeps its article until a merge."""
    rows = [{"key": key, "article": known} for key in dict.fromkeys(new)]
    if rows:
        connection.execute(insert(keys), rows)


def move_keys(connection: Connection, source: str, target: str) -> None:
    connection.execute(update(keys).where(keys.c.article == source).values(article=target))


def attempt(connection: Connection, key: str) -> int:
    """Counts one more failed attempt at a new article's page; gives the number so far."""
    count = (connection.scalar(select(attempts.c.count).where(attempts.c.key == key)) or 0) + 1
    _put(connection, attempts, "key", {"key": key, "count": count})
    return count


def forget_attempts(connection: Connection, key: str) -> None:
    connection.execute(delete(attempts).where(attempts.c.key == key))


def _put(connection: Connection, table: Table, primary: str, row: dict[str, Any]) -> None:
    column = table.c[primary]
    if not connection.execute(update(table).where(column == row[primary]).values(row)).rowcount:
        connection.execute(insert(table).values(row))
