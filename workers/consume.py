"""The worker's loop: poll article messages, read their texts, publish one reading each, commit.

It writes to no database and holds nothing between two articles. Killed at any point, it is given the same messages again
and publishes the same readings again, which the recorder tells from new ones. As many articles are polled at a time as are read
in about `SLICE` seconds: the first of a burst does not wait for the last, and a process that is to end soon can.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from store.bus import Bus, Consumer, Incoming, LostPartition, Outgoing
from store.claim import ClaimSet
from store.messages import (
    ARTICLES,
    QUARANTINE,
    READINGS,
    ArticleMessage,
    Reading,
    RevisionFound,
    decode_article_message,
    encode_message,
)
from store.quarantine import set_aside
from store.reading import Document, Findings, Mention, Name

GROUP = "match"
SLICE = 0.5
"""Seconds of reading after which what was read is published and committed, as far as the pace so far tells."""
FIRST = 4
"""Articles polled at a time to begin with."""
LARGEST = 512
"""And never more, however fast they are read."""
_log = structlog.get_logger("match")


class ReadsDocuments(Protocol):
    """A reader over one watch list; `workers.read.Reader` is one."""

    version: str

    def read(self, document: Document, before: Document | None = None, scope: frozenset[str] | None = None) -> Findings: ...


class Documents(Protocol):
    """Where the texts lie; `store.content.Content` is one."""

    def document(self, article: str, revision: int, rendition: str | None = None) -> Document | None: ...


class Worker:
    """One member of the consumer group. `claims` gives the present watch list, `make_reader` a reader over it, `seconds` the
    machine's monotonic time.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        documents: Documents,
        claims: Callable[[ClaimSet | None], ClaimSet],
        make_reader: Callable[[ClaimSet], ReadsDocuments],
        member: str,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus, self._documents = bus, documents
        self._claims, self._make_reader = claims, make_reader
        self._member, self._seconds = member, seconds
        self._consumer: Consumer = bus.consumer(ARTICLES, GROUP, member)
        self._missed = 0
        self._in_hand = False
        self._slice = FIRST
        self._watched: ClaimSet | None = None
        self._reader: ReadsDocuments | None = None

    def step(self, most: int = 64, timeout: float = 0.2) -> int:
        """Reads a slice of at most `most` articles. Returns how many messages that was.

        May be called again after whatever it raised: what was in hand is then delivered again.
        """
        if self._in_hand:
            self._join_anew()
        batch = self._consumer.poll(min(most, self._slice), timeout)
        self._tell_missed()
        if not batch:
            return 0
        self._in_hand = True
        reader, claims_at = self._present_reader()
        began = self._seconds()
        readings, aside = self._readings(batch, reader, claims_at)
        if aside:
            self._bus.publish(QUARANTINE, aside)
        self._bus.publish(READINGS, readings)
        self._in_hand = False
        self._slice = next_slice(self._slice, len(batch), self._seconds() - began)
        try:
            self._consumer.commit()
        except LostPartition:
            _log.warning("lost_partition", messages=len(batch))
        return len(batch)

    def close(self) -> None:
        self._consumer.close()

    def _join_anew(self) -> None:
        """The step before ended midway. What it had in hand was not published: the next commit must not cover it."""
        self._consumer.close()
        self._consumer, self._missed, self._in_hand = self._bus.consumer(ARTICLES, GROUP, self._member), 0, False

    def _tell_missed(self) -> None:
        if self._consumer.missed > self._missed:
            _log.error("articles_missed", messages=self._consumer.missed - self._missed, mend="dateline reannounce")
            self._missed = self._consumer.missed

    def _present_reader(self) -> tuple[ReadsDocuments, int]:
        """The reader over the newest watch list; compiling a list is dear, so an unchanged one is kept."""
        claims = self._claims(self._watched)
        if self._reader is None or claims is not self._watched:
            self._reader, self._watched = self._make_reader(claims), claims
        return self._reader, claims.claims_at

    def _readings(
        self, batch: Sequence[Incoming], reader: ReadsDocuments, claims_at: int
    ) -> tuple[list[Outgoing], list[Outgoing]]:
        """The readings, and the messages that cannot be read as such."""
        outgoing, aside = [], []
        for incoming in batch:
            try:
                message = decode_article_message(incoming.value)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                _log.warning("undecodable", partition=incoming.partition, offset=incoming.offset)
                aside.append(set_aside(incoming, "undecodable"))
                continue
            findings = self._findings(message, reader)
            _log.info(
                "read",
                article=message.article,
                outcome=findings.outcome if findings else "nothing_to_read",
                mentions=len(findings.mentions) if findings else 0,
                trace=message.trace,
            )
            scope = message.scope if isinstance(message, RevisionFound) else ()
            reading = Reading(message, reader.version, claims_at, findings, scope)
            outgoing.append(Outgoing(message.article, encode_message(reading), incoming.headers))
        return outgoing, aside

    def _findings(self, message: ArticleMessage, reader: ReadsDocuments) -> Findings | None:
        if not isinstance(message, RevisionFound):
            return None
        document = self._documents.document(message.article, message.revision, message.rendition)
        if document is None:
            return Findings("empty", detail="no text is kept of this revision")
        before = self._before(message)
        try:
            return stripped(reader.read(document, before, frozenset(message.scope) or None))
        except Exception as error:  # noqa: BLE001 - whatever a text does to the reader, the article is still recorded
            _log.error("reading_failed", article=message.article, revision=message.revision, error=repr(error))
            return Findings("failed", detail=type(error).__name__)

    def _before(self, message: RevisionFound) -> Document | None:
        """The revision before, under the same extractor version, if it was one."""
        if message.revision == 1 or message.reread:
            return None
        return self._documents.document(message.article, message.revision - 1, message.rendition)


def next_slice(last: int, read: int, seconds: float) -> int:
    """How many articles to poll next, if the last `read` ones took so long: what fits into `SLICE`, at most twice as many as
    the last time, since one cheap article says little about the next."""
    fitting = int(SLICE * read / seconds) if seconds > 0 else last * 2
    return max(1, min(fitting, last * 2, LARGEST))


def stripped(findings: Findings) -> Findings:
    """The findings without any words of the text: spans and entities only, as they travel on the bus."""
    return msgspec.structs.replace(findings, mentions=tuple(_strip_mention(m) for m in findings.mentions))


def _strip_mention(mention: Mention) -> Mention:
    who = mention.attribution
    bare = msgspec.structs.replace(
        who, speaker=_strip(who.speaker), organisation=_strip(who.organisation), role=_strip(who.role)
    )
    return msgspec.structs.replace(mention, quote="", attribution=bare, echo_of=_strip(mention.echo_of))


def _strip(name: Name | None) -> Name | None:
    """A name that is neither an entity nor in the text cannot travel: it is dropped."""
    if name is None or (name.entity is None and name.span is None):
        return None
    return msgspec.structs.replace(name, text="")
