"""Pages and texts of articles: the one place that holds what was printed, and the outbox of ingest's messages.

Every page and every text lies here under a commitment, `SHA-256(domain ‖ salt ‖ bytes)`, which the ledger's events
repeat. Erasing an article removes bytes and salts; the commitments stay and then reveal nothing. A revision once stored
is never changed. Instants are stored as microseconds since 1970.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from store.clock import from_micros, to_micros
from store.content_tables import (
    Sealed,
    addresses,
    aliases,
    commit,
    erasures,
    metadata,
    outbox,
    pack,
    pages,
    revisions,
    sealed_rows,
    texts,
    unpack,
)
from store.database import reading, writing
from store.messages import (
    AliasFound,
    ArticleMessage,
    MergeFound,
    OccurredBasis,
    RevisionFound,
    WithdrawalFound,
    decode_article_message,
    encode_message,
)
from store.migrations.lines import CONTENT
from store.migrations.opening import prepare
from store.reading import Document

SALT_BYTES = 32


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A state of an article, as ingest hands it over. `title` and `body` are plain text; `page` are raw bytes."""

    article: str
    revision: int
    rendition: str
    feed: str
    outlet: str
    outlet_name: str | None
    url: str
    title: str
    body: str
    byline: str | None
    language: str | None
    seen_at: datetime
    occurred_at: datetime
    occurred_basis: OccurredBasis
    claimed_at: datetime | None
    page: bytes | None
    trace: str = ""


class Particulars(NamedTuple):
    """What is known of a revision beside its text; the printed things are None once erased."""

    article: str
    revision: int
    rendition: str
    url: str | None
    title: str | None
    byline: str | None
    outlet_name: str | None
    language: str | None


class Waiting(NamedTuple):
    """A message that the bus may not have: `sequence` is its place in the outbox."""

    sequence: int
    message: ArticleMessage


class ContentConflict(Exception):
    """A stored revision was about to be replaced: a fault of the caller, who must give the next number."""

    def __init__(self, article: str, revision: int) -> None:
        super().__init__(f"revision {revision} of article {article} is stored already with another text; nothing was changed")
        self.article, self.revision = article, revision


def document_text(title: str, body: str) -> str:
    """The text that a reader reads and that all offsets count: title, empty line, body."""
    return f"{title}\n\n{body}"


class Content:
    """The content table of one home.

    Each method is one transaction of its own; `writing` gives several writes, and the caller's own tables in the same
    database, one transaction together. Opening it makes or migrates its database: see `store.migrations.opening`.
    """

    metadata = metadata

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        prepare(engine, CONTENT)

    @contextmanager
    def writing(self) -> Iterator["ContentWriting"]:
        with writing(self.engine) as connection:
            yield ContentWriting(connection)

    def add_revision(self, revision: Revision) -> RevisionFound:
        """As `ContentWriting.add_revision`, in a transaction of its own."""
        with self.writing() as w:
            return w.add_revision(revision)

    def document(self, article: str, revision: int, rendition: str | None = None) -> Document | None:
        """What a reader reads; None if there is no such revision or rendition, or if it was erased.

        Without `rendition`, the one that the revision was found with.
        """
        with reading(self.engine) as connection:
            return document(connection, article, revision, rendition)

    def particulars(self, article: str, revision: int) -> Particulars | None:
        """URL, title, byline and so on of a revision, or None if there is none."""
        with reading(self.engine) as connection:
            return particulars(connection, article, revision)

    def page(self, article: str, revision: int) -> bytes | None:
        """The page as it was fetched; None if the feed carried the text, or if it was erased."""
        with reading(self.engine) as connection:
            return page(connection, article, revision)

    def alias(self, article: str, alias: str) -> str | None:
        """The URL or guid that an alias stands for; None if unknown or erased."""
        where = (aliases.c.article == article, aliases.c.alias == alias)
        with reading(self.engine) as connection:
            return connection.scalar(select(aliases.c.name).where(*where))

    def commitments(self, article: str, revision: int, rendition: str | None = None) -> tuple[str | None, str] | None:
        """Commitments of page (None if there is none) and text, hex; they outlive an erasure."""
        found: str | None = None
        for sealed in self.sealed(article, revision):
            if sealed.rendition is None:
                found = sealed.commitment
            elif rendition is None or rendition == sealed.rendition:
                return found, sealed.commitment
        return None

    def sealed(self, article: str | None = None, revision: int | None = None) -> Iterator[Sealed]:
        """Pages and texts with salts, for proofs: per revision its page, then its renditions, the first one first."""
        with reading(self.engine) as connection:
            yield from sealed_rows(connection, article, revision)

    def verify(self) -> Iterator[Sealed]:
        """Recomputes every commitment; yields what does not hold, damaged zlib streams included."""
        return (sealed for sealed in self.sealed() if not sealed.holds)

    def unannounced(self, most: int = 1000) -> list[ArticleMessage]:
        """The oldest messages that the bus has not acknowledged, in the order in which they were stored."""
        return [waiting.message for waiting in self.waiting(most)]

    def waiting(self, most: int = 1000) -> list[Waiting]:
        """As `unannounced`, with the sequence numbers that `mark_announced` takes."""
        query = select(outbox.c.sequence, outbox.c.message).where(~outbox.c.announced)
        with reading(self.engine) as connection:
            rows = connection.execute(query.order_by(outbox.c.sequence).limit(most)).all()
        return [Waiting(row.sequence, decode_article_message(row.message)) for row in rows]

    def mark_announced(self, sequences: Iterable[int]) -> None:
        """The bus has these. Call it only after the bus acknowledged; a crash in between announces them again."""
        with writing(self.engine) as connection:
            connection.execute(update(outbox).where(outbox.c.sequence.in_(list(sequences))).values(announced=True))

    def announce_again(self, article: str | None = None) -> int:
        """Marks all messages (of one article) as not announced, for a bus that lost them; returns how many."""
        change = update(outbox).values(announced=False)
        if article is not None:
            change = change.where(outbox.c.article == article)
        with writing(self.engine) as connection:
            return connection.execute(change).rowcount

    def erase(self, article: str) -> None:
        """Removes all text of the article: pages, renditions, salts, titles, URLs, names. Idempotent, irrevocable.

        Ids, dates and commitments stay. Copies outside this database (backups) are the operator's to remove.
        """
        with writing(self.engine) as connection:
            for table in (pages, texts):
                connection.execute(update(table).where(table.c.article == article).values(salt=None, body=None))
            nothing: dict[str, Any] = {"outlet_name": None, "url": None, "title": None, "byline": None}
            connection.execute(update(revisions).where(revisions.c.article == article).values(nothing))
            connection.execute(update(aliases).where(aliases.c.article == article).values(name=None))
            connection.execute(update(addresses).where(addresses.c.article == article).values(url=None))
            connection.execute(delete(erasures).where(erasures.c.article == article))
            connection.execute(insert(erasures).values(article=article))
        self._truncate_log()

    def _truncate_log(self) -> None:
        """SQLite's write-ahead log still holds what was erased until it is emptied; a busy reader delays that."""
        if self.engine.dialect.name == "sqlite":
            raw = self.engine.raw_connection()
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            raw.close()

    def erased_among(self, articles: Collection[str]) -> frozenset[str]:
        """Those of these articles that were erased."""
        found = select(erasures.c.article).where(erasures.c.article.in_(articles))
        with reading(self.engine) as connection:
            return frozenset(connection.scalars(found))

    def erased(self, article: str) -> bool:
        """Whether the article was erased; ingest then stores nothing of it any more."""
        with reading(self.engine) as connection:
            return erased(connection, article)


class ContentWriting:
    """Writes within one transaction. `connection` is that transaction's, for the caller's own tables."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add_revision(self, new: Revision) -> RevisionFound:
        """Stores page, text and the message about them. Once more, it changes nothing and gives the first message.

        Raises ContentConflict if that number is taken by another text.
        """
        key = f"revision/{new.article}/{new.revision}"
        stored = self._message(key)
        text = document_text(new.title, new.body)
        if isinstance(stored, RevisionFound):
            kept = document(self.connection, new.article, new.revision)
            if kept is not None and kept.text != text:
                raise ContentConflict(new.article, new.revision)
            return stored
        self.connection.execute(insert(revisions).values(_row(new)))
        page_commitment = self._add_page(new) if new.page is not None else None
        content = self.add_rendition(new.article, new.revision, new.rendition, text)
        message = RevisionFound(
            article=new.article, revision=new.revision, rendition=new.rendition, feed=new.feed, outlet=new.outlet,
            seen_at=new.seen_at, occurred_at=new.occurred_at, occurred_basis=new.occurred_basis,
            claimed_at=new.claimed_at, page=page_commitment, content=content, trace=new.trace,
        )  # fmt: skip
        self._post(key, message)
        return message

    def add_rendition(self, article: str, revision: int, rendition: str, text: str) -> str:
        """Stores what another extractor version got out of a stored revision; gives the text's commitment.

        Idempotent: a rendition once stored stays as it is.
        """
        where = (texts.c.article == article, texts.c.revision == revision, texts.c.rendition == rendition)
        known = self.connection.scalar(select(texts.c.commitment).where(*where))
        if known is not None:
            return str(known)
        body = text.encode()
        salt, commitment = _seal(body)
        self.connection.execute(
            insert(texts).values(
                article=article, revision=revision, rendition=rendition, commitment=commitment, salt=salt, body=body
            )
        )
        return commitment

    def set_address(self, article: str, url: str) -> None:
        """The article's page is asked for at this URL from now on."""
        row = {"article": article, "url": url}
        if not self.connection.execute(update(addresses).where(addresses.c.article == article).values(row)).rowcount:
            self.connection.execute(insert(addresses).values(row))

    def add_withdrawal(self, message: WithdrawalFound) -> None:
        """One a revision at most: an article that came back is a new revision, and may be withdrawn again."""
        self._post(f"withdrawal/{message.article}/{message.revision}", message)

    def add_alias(self, message: AliasFound, name: str) -> None:
        """Stores the message and, erasably, the URL or guid that it speaks of."""
        where = (aliases.c.article == message.article, aliases.c.alias == message.alias)
        if self.connection.scalar(select(func.count()).select_from(aliases).where(*where)):
            return
        self.connection.execute(insert(aliases).values(article=message.article, alias=message.alias, name=name))
        self._post(f"alias/{message.article}/{message.alias}", message)

    def add_merge(self, message: MergeFound) -> None:
        self._post(f"merge/{message.article}", message)

    def _add_page(self, new: Revision) -> str:
        raw = new.page or b""
        salt, commitment = _seal(raw)
        packed, body = pack(raw)
        self.connection.execute(
            insert(pages).values(
                article=new.article,
                revision=new.revision,
                commitment=commitment,
                packed=packed,
                salt=salt,
                body=body,
            )
        )
        return commitment

    def _message(self, key: str) -> ArticleMessage | None:
        stored = self.connection.scalar(select(outbox.c.message).where(outbox.c.key == key))
        return None if stored is None else decode_article_message(stored)

    def _post(self, key: str, message: ArticleMessage) -> None:
        if self._message(key) is None:
            self.connection.execute(
                insert(outbox).values(key=key, article=message.article, message=encode_message(message), announced=False)
            )


def document(connection: Connection, article: str, revision: int, rendition: str | None = None) -> Document | None:
    """As `Content.document`, within the caller's transaction."""
    chosen = revisions.c.rendition if rendition is None else rendition
    query = (
        select(revisions, texts.c.body, texts.c.rendition.label("chosen"))
        .join(texts, (texts.c.article == revisions.c.article) & (texts.c.revision == revisions.c.revision))
        .where(revisions.c.article == article, revisions.c.revision == revision, texts.c.rendition == chosen)
    )
    row = connection.execute(query).first()
    if row is None or row.body is None:
        return None
    return Document(
        text=row.body.decode(), outlet=row.outlet_name, url=row.url, published=from_micros(row.occurred_at),
        language=row.language, article=article, revision=revision, rendition=row.chosen,
    )  # fmt: skip


def particulars(connection: Connection, article: str, revision: int) -> Particulars | None:
    """As `Content.particulars`, within the caller's transaction."""
    columns = [revisions.c[name] for name in Particulars._fields]
    row = connection.execute(select(*columns).where(revisions.c.article == article, revisions.c.revision == revision)).first()
    return None if row is None else Particulars(*row)


def page(connection: Connection, article: str, revision: int) -> bytes | None:
    """As `Content.page`, within the caller's transaction."""
    query = select(pages.c.packed, pages.c.body).where(pages.c.article == article, pages.c.revision == revision)
    row = connection.execute(query).first()
    return None if row is None else unpack(row.packed, row.body)


def address(connection: Connection, article: str) -> str | None:
    """The URL at which the article's page is asked for; None if it has none or was erased."""
    return connection.scalar(select(addresses.c.url).where(addresses.c.article == article))


def erased(connection: Connection, article: str) -> bool:
    """As `Content.erased`, within the caller's transaction."""
    return connection.scalar(select(erasures.c.article).where(erasures.c.article == article)) is not None


def _seal(body: bytes) -> tuple[bytes, str]:
    salt = secrets.token_bytes(SALT_BYTES)
    return salt, commit(salt, body)


def _row(new: Revision) -> dict[str, Any]:
    row = {name: getattr(new, name, None) for name in revisions.c.keys()}  # noqa: SIM118 - columns are no mapping
    row["seen_at"], row["occurred_at"] = to_micros(new.seen_at), to_micros(new.occurred_at)
    row["claimed_at"] = None if new.claimed_at is None else to_micros(new.claimed_at)
    return row
