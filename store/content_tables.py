"""The content table's tables, and how a stored page or text is packed, unpacked and checked."""

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    select,
)

from store import leaf

DOMAIN = b"dateline/content/v1\n"

metadata = MetaData()
_micros = BigInteger

revisions = Table(
    "content_revisions",
    metadata,
    Column("article", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("rendition", String, nullable=False),
    Column("feed", String, nullable=False),
    Column("outlet", String, nullable=False),
    Column("seen_at", _micros, nullable=False),
    Column("occurred_at", _micros, nullable=False),
    Column("claimed_at", _micros),
    Column("language", String),
    Column("outlet_name", String),
    Column("url", String),
    Column("title", String),
    Column("byline", String),
)
"""One row a revision. `outlet_name`, `url`, `title` and `byline` are NULL once erased."""

pages = Table(
    "content_pages",
    metadata,
    Column("article", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("commitment", String, nullable=False),
    Column("packed", Boolean, nullable=False),
    Column("salt", LargeBinary),
    Column("body", LargeBinary),
)
"""The page as fetched; `packed` bodies are zlib streams. The commitment is over the page itself."""

texts = Table(
    "content_texts",
    metadata,
    Column("article", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("rendition", String, primary_key=True),
    Column("commitment", String, nullable=False),
    Column("salt", LargeBinary),
    Column("body", LargeBinary),
)
"""What one extractor version got out of a revision: title, empty line, body, as UTF-8."""

aliases = Table(
    "content_aliases",
    metadata,
    Column("article", String, primary_key=True),
    Column("alias", String, primary_key=True),
    Column("name", String),
)
"""The URLs and guids by which an article was met later; `name` is NULL once erased."""

addresses = Table(
    "content_addresses",
    metadata,
    Column("article", String, primary_key=True),
    Column("url", String),
)
"""Where an article's page is asked for now: it may have moved since its latest revision. NULL once erased."""

erasures = Table("content_erasures", metadata, Column("article", String, primary_key=True))

outbox = Table(
    "content_outbox",
    metadata,
    Column("sequence", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("article", String, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("announced", Boolean, nullable=False),
)
"""Every message that ingest ever had to publish, in order. Messages hold ids and commitments, never text."""

Index("content_outbox_waiting", outbox.c.sequence, sqlite_where=~outbox.c.announced, postgresql_where=~outbox.c.announced)


class Sealed(NamedTuple):
    """Committed bytes with what is needed to check them. `rendition` is None for a page; salt and body None: erased."""

    article: str
    revision: int
    rendition: str | None
    commitment: str
    salt: bytes | None
    body: bytes | None

    @property
    def holds(self) -> bool:
        """Whether the bytes are those that were committed to, or were erased as a whole."""
        if self.salt is None or self.body is None:
            return self.salt is None and self.body is None
        return commit(self.salt, self.body) == self.commitment


def commit(salt: bytes, body: bytes) -> str:
    """The commitment to `body`, hex: SHA-256(domain ‖ salt ‖ body)."""
    return leaf.commit(DOMAIN, salt, body).hex()


def pack(raw: bytes) -> tuple[bool, bytes]:
    """The bytes to store, and whether they are a zlib stream: only where that is smaller."""
    small = zlib.compress(raw, 6)
    return (True, small) if len(small) < len(raw) else (False, raw)


def unpack(packed: bool, body: bytes | None) -> bytes | None:
    """The page as it was fetched. A stream that was damaged comes back as it lies, so that its commitment fails."""
    if body is None or not packed:
        return body
    try:
        return zlib.decompress(body)
    except zlib.error:
        return body


def sealed_rows(connection: Connection, article: str | None, revision: int | None) -> Iterator[Sealed]:
    """Per revision its page, then its renditions, the one that it was found with first."""
    wanted = select(revisions.c.article, revisions.c.revision, revisions.c.rendition)
    if article is not None:
        wanted = wanted.where(revisions.c.article == article)
    if revision is not None:
        wanted = wanted.where(revisions.c.revision == revision)
    for row in connection.execute(wanted.order_by(revisions.c.article, revisions.c.revision)).all():
        yield from _of_revision(connection, row)


def _of_revision(connection: Connection, of: Row[Any, Any, Any]) -> Iterator[Sealed]:
    query = select(pages).where(pages.c.article == of.article, pages.c.revision == of.revision)
    for row in connection.execute(query):
        yield Sealed(of.article, of.revision, None, row.commitment, row.salt, unpack(row.packed, row.body))
    query = select(texts).where(texts.c.article == of.article, texts.c.revision == of.revision)
    rows = connection.execute(query).all()
    for row in sorted(rows, key=lambda row: (row.rendition != of.rendition, row.rendition)):
        yield Sealed(of.article, of.revision, row.rendition, row.commitment, row.salt, row.body)
