"""`dateline replay --rematch`: the recorded articles read by today's reader, or under other claims; a diff, and no trace of it.

Nothing is sent, published or written, and no socket but the database's is opened: the processes of the pool cannot open one.
"""

import multiprocessing
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec

from dateline.home import Home
from store.claim import ClaimSet
from store.database import reading
from store.events import MentionRecorded, ReplayPerformed
from store.evidence import Evidence, Review
from store.ledger import Draft
from store.messages import Reading, RevisionFound
from store.reading import Document, Findings
from store.recording import Texts
from store.rematch import MentionDiffers, Read, Side, StatusDiffers, difference, imagined

if TYPE_CHECKING:
    from workers.read import Reader

CHUNK = 8


class Article(NamedTuple):
    """An article's revisions in order, with their texts."""

    sources: tuple[RevisionFound, ...]
    documents: tuple[Document, ...]


class Rematched(NamedTuple):
    """`unread` articles hold no text any more: what was found in them then is taken as it is."""

    articles: int
    unread: int
    upto: int
    reader: str
    mentions: tuple[MentionDiffers, ...]
    statuses: tuple[StatusDiffers, ...]
    digest: str
    recorded: int | None = None


def rematch(
    home: Home,
    claims: ClaimSet | None = None,
    *,
    processes: int = 1,
    record: bool = False,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Rematched:
    """Reads everything again and compares with what was recorded. `claims` None: the watch list as it is.

    With `record`, `replay.performed` says that it was done, over which events and with what digest; nothing else is written.
    """
    now = home.clock.now()
    with reading(home.engine) as connection:
        known = home.timeline.claim_set(connection)
        upto = home.timeline.next_position(connection)
        old = home.timeline.evidence(connection, known.by_id)
        outlets = home.timeline.outlets(connection)
        ids = home.timeline.all_article_ids(connection)
        withdrawn = {one.article: one.at for one in home.timeline.withdrawals(connection, ids)}
    wanted = claims if claims is not None else known
    articles = [found for id_ in ids if (found := _article(home, id_)) is not None]
    reviews = _reviews(old)
    new: list[Evidence] = []
    reader = ""
    for number, (article, findings, version) in enumerate(_read_all(home, wanted, articles, processes), 1):
        reader = version
        reads = _reads(article, findings, wanted, version)
        new += imagined(reads, wanted, home.keyed, reviews, withdrawn.get(article.sources[0].article))
        progress(number, len(articles))
    read = {article.sources[0].article for article in articles}
    new += [item for item in old if item.mention.article not in read and item.mention.claim in wanted.by_id]
    told = difference(Side(known, old), Side(wanted, new), outlets, now)
    digest = sha256(msgspec.json.encode([told.mentions, told.statuses])).hexdigest()
    position = _record(home, upto, digest) if record else None
    unread = len(ids) - len(articles)
    return Rematched(len(articles), unread, upto, reader, told.mentions, told.statuses, digest, position)


def _record(home: Home, upto: int, digest: str) -> int:
    now = home.clock.now()
    event = ReplayPerformed(digest[:24], "rematch", upto, digest)
    return home.ledger.append([Draft(event, "log", now)], actor="replay")[0].position


def _article(home: Home, id_: str) -> Article | None:
    """None where a text is missing: it was erased."""
    with reading(home.engine) as connection:
        known = home.timeline.article(connection, id_)
        revisions = home.timeline.revisions(connection, id_)
    sources, documents = [], []
    for one in revisions:
        document = home.content.document(id_, one.revision, one.rendition)
        if document is None or known is None:
            return None
        documents.append(document)
        sources.append(
            RevisionFound(
                id_, one.revision, one.rendition, known.feed, known.outlet, one.seen_at, one.occurred_at, "first_seen",
                one.claimed_at, one.page, one.content,
            )
        )  # fmt: skip
    return Article(tuple(sources), tuple(documents)) if sources else None


def _reads(article: Article, findings: tuple[Findings, ...], claims: ClaimSet, reader: str) -> list[Read]:
    return [
        Read(Reading(source, reader, claims.claims_at, found), Texts(document))
        for source, document, found in zip(article.sources, article.documents, findings, strict=True)
    ]


def _reviews(evidence: list[Evidence]) -> Callable[[MentionRecorded], Review | None]:
    """Finds a person's decision again by the passage's anchor, as the read tables do."""
    decided: dict[tuple[str, str, str], Review] = {}
    for item in evidence:
        if item.review is not None:
            for name in (item.mention.anchor, item.id):
                if name is not None:
                    decided[item.mention.article, item.mention.claim, name] = item.review

    def find(event: MentionRecorded) -> Review | None:
        names = (event.anchor, event.mention)
        return next((decided[key] for n in names if n and (key := (event.article, event.claim, n)) in decided), None)

    return find


# --- reading, here or in a pool ----------------------------------------------------------------------

_reader: "Reader | None" = None


def _read_all(
    home: Home, claims: ClaimSet, articles: list[Article], processes: int
) -> Iterator[tuple[Article, tuple[Findings, ...], str]]:
    """In order of the articles, whatever the number of processes."""
    if processes == 1:
        _open(claims, home.secret, home.settings.match.model)
        yield from ((article, *_read(article.documents)) for article in articles)
        return
    context = multiprocessing.get_context("spawn")
    arguments = (claims, home.secret, home.settings.match.model, True)
    with ProcessPoolExecutor(processes, context, _open, arguments) as pool:
        found = pool.map(_read, [article.documents for article in articles], chunksize=CHUNK)
        yield from ((article, *one) for article, one in zip(articles, found, strict=True))


def _open(claims: ClaimSet, secret: bytes, model: str, sealed: bool = False) -> None:
    """Makes this process's reader; a process of the pool loses its way to the network first."""
    from workers.read import Reader
    from workers.vectors import load_vectors

    if sealed:
        socket.socket.connect = _refuse  # type: ignore[method-assign]
    global _reader  # noqa: PLW0603 - one reader a process: compiling a watch list is dear
    _reader = Reader(claims, load_vectors() if model == "auto" else None, secret)


def _refuse(*_: object) -> NoReturn:
    raise PermissionError("a replay opens no connection")


def _read(documents: tuple[Document, ...]) -> tuple[tuple[Findings, ...], str]:
    assert _reader is not None
    return tuple(_reader.read(document) for document in documents), _reader.version
