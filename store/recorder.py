"""The recorder: turns readings into events, exactly once, whatever is killed when.

One transaction holds the events of a batch of messages *and* the place up to which the topic has been read. The place is
compare-and-set: a second recorder, or one that was thought dead, finds it moved and undoes its whole batch.
"""

from collections.abc import Iterator, Sequence

import msgspec
import structlog
from sqlalchemy import Connection

from store.bus import Bus, Incoming, Outgoing, Reader
from store.claim import ClaimSet
from store.clock import Clock, from_micros, to_micros
from store.conclude import conclude, expiring
from store.content import Content
from store.database import reading as reading_transaction
from store.database import writing
from store.keyed import Keyed
from store.ledger import Draft, Ledger, Recorded, Writing
from store.messages import (
    ARTICLES,
    QUARANTINE,
    READINGS,
    AliasFound,
    Reading,
    RevisionFound,
    decode_reading,
    encode_message,
)
from store.places import (
    Fenced,
    NewestReading,
    forget_rereads,
    keep_newest_reading,
    keep_tick,
    last_tick,
    move_place,
    newest_reading,
    read_places,
    request_reread,
    requested_rereads,
)
from store.quarantine import quarantined, set_aside
from store.recording import Known, Standing, Texts, drafts_of
from store.replay import switches
from store.timeline import Memory, Timeline

ACTOR = "recorder"
TOPICS = (READINGS, QUARANTINE)
_log = structlog.get_logger("recorder")


class Recorder:
    """Records what arrives on the readings topic. Any number may run; one makes progress, the others are fenced off."""

    def __init__(self, *, ledger: Ledger, timeline: Timeline, content: Content, bus: Bus, keyed: Keyed, clock: Clock) -> None:
        self._ledger, self._timeline, self._content = ledger, timeline, content
        self._bus, self._keyed, self._clock = bus, keyed, clock
        self._readers: dict[str, Reader] = {}
        self._places: dict[str, dict[int, int]] = {}
        self._claims = ClaimSet()
        self._memory = Memory()
        self._switched = 0

    def step(self, most: int = 200, timeout: float = 0.2) -> int:
        """Records up to `most` readings, waiting `timeout` seconds for the first, and what lies in quarantine. Returns how
        many messages that was.

        Raises OffsetOutOfRange (stop and tell the operator) and BusUnavailable (try again). May be called again after whatever
        it raised.
        """
        done = 0
        try:
            readers = self._readers or self._take_up()
            if readings := readers[READINGS].poll(most, timeout):
                self._record(readings)
            if aside := readers[QUARANTINE].poll(most, 0):
                self._record_quarantined(aside)
            done = len(readings) + len(aside)
        except Fenced as fence:
            _log.warning("fenced", topic=fence.topic, partition=fence.partition, expected=fence.expected)
            self.close()
            return done
        except BaseException:
            self.close()  # what was polled may or may not be recorded: the next step reads on where the ledger says
            raise
        self._publish_rereads()
        return done

    def tick(self) -> list[Recorded]:
        """Concludes the claims whose deadline has passed since the last tick."""
        now = self._clock.now()
        with reading_transaction(self._ledger.engine) as connection:
            last = last_tick(connection, "deadlines")
            self._refresh_claims(connection)
        if last is not None and last >= to_micros(now):
            return []
        passed = expiring(self._claims, from_micros(last) if last is not None else None, now)
        with self._ledger.writing(ACTOR) as write:
            keep_tick(write.connection, "deadlines", to_micros(now))
            return self._conclude(write, frozenset(passed), cause=None) if passed else []

    def lag(self) -> int:
        """Messages published and not yet recorded, and readings asked for and not yet published."""
        with reading_transaction(self._ledger.engine) as connection:
            stored = {topic: read_places(connection, self._bus.id, topic) for topic in TOPICS}
            asked = len(requested_rereads(connection, 1))
        return asked + sum(
            end - places.get(partition, 0)
            for topic, places in stored.items()
            for partition, end in self._bus.ends(topic).items()
        )

    def ticked_through(self) -> int:
        """The instant of the last tick, microseconds; 0 before the first."""
        with reading_transaction(self._ledger.engine) as connection:
            return last_tick(connection, "deadlines") or 0

    def close(self) -> None:
        """Lets go of the bus; the next step takes up again where the ledger says."""
        for reader in self._readers.values():
            reader.close()
        self._readers = {}

    def _take_up(self) -> dict[str, Reader]:
        with reading_transaction(self._ledger.engine) as connection:
            self._places = {topic: read_places(connection, self._bus.id, topic) for topic in TOPICS}
        self._readers = {topic: self._bus.reader(topic) for topic in TOPICS}
        for topic, reader in self._readers.items():
            reader.seek(self._places[topic])
        return self._readers

    # --- one batch ------------------------------------------------------------------------------

    def _record(self, batch: Sequence[Incoming]) -> None:
        prepared = [(incoming, *self._prepare(incoming)) for incoming in batch]
        aside: list[Outgoing] = []
        with self._ledger.writing(ACTOR) as write:
            following = self._move_on(write.connection, READINGS, batch)
            self._refresh_claims(write.connection)
            waiting: list[Draft] = []
            for incoming, message, texts in self._without_erased(prepared):
                if isinstance(message, str):
                    aside.append(set_aside(incoming, message))
                elif not self._record_one(write, waiting, incoming, message, texts):
                    aside.append(set_aside(incoming, "unprocessable"))
            write.append(waiting)
            if aside:  # before the places are moved for good: killed in between, the batch is recorded, and set aside, again
                self._bus.publish(QUARANTINE, aside)
        self._places[READINGS] = following

    def _record_quarantined(self, batch: Sequence[Incoming]) -> None:
        now = self._clock.now()
        with self._ledger.writing(ACTOR) as write:
            following = self._move_on(write.connection, QUARANTINE, batch)
            write.append([quarantined(incoming, self._bus.id, now) for incoming in batch])
        self._places[QUARANTINE] = following

    def _move_on(self, connection: Connection, topic: str, batch: Sequence[Incoming]) -> dict[int, int]:
        """Moves the topic's stored places past the batch, and returns them. Raises Fenced."""
        before = self._places[topic]
        following = before | {incoming.partition: incoming.offset + 1 for incoming in batch}
        for partition, place in following.items():
            if place != (expected := before.get(partition, 0)):
                move_place(connection, self._bus.id, topic, partition, expected, place)
        return following

    def _prepare(self, incoming: Incoming) -> tuple[Reading | str, Texts]:
        """Decodes a message and fetches its texts, before any lock is taken; a word of reason if it cannot be read."""
        try:
            message = decode_reading(incoming.value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.warning("undecodable", offset=incoming.offset, error=type(error).__name__)
            return "undecodable", Texts(None)
        source = message.source
        if isinstance(source, AliasFound):
            return message, Texts(None, alias=self._content.alias(source.article, source.alias))
        if not isinstance(source, RevisionFound):
            return message, Texts(None)
        now = self._content.document(source.article, source.revision, source.rendition)
        edits = message.findings.edits if message.findings else ()
        before = self._content.document(source.article, source.revision - 1) if edits else None
        return message, Texts(now, before)

    def _without_erased(
        self, prepared: Sequence[tuple[Incoming, Reading | str, Texts]]
    ) -> Iterator[tuple[Incoming, Reading | str, Texts]]:
        """Lets go of texts whose article was erased since they were fetched. Asked under the append lock, which an erasure
        takes after the contents are gone: so it either sees what is appended here, or is seen here."""
        speaking = {message.source.article for _, message, texts in prepared if not isinstance(message, str) and any(texts)}
        erased = self._content.erased_among(speaking)
        for incoming, message, texts in prepared:
            gone = not isinstance(message, str) and message.source.article in erased
            yield incoming, message, Texts(None) if gone else texts

    def _record_one(self, write: Writing, waiting: list[Draft], incoming: Incoming, message: Reading, texts: Texts) -> bool:
        """Plans one reading's events. They are appended at once if they change a claim's evidence, else with the next.
        False: it makes no sense."""
        article = message.source.article
        if any(draft.stream == f"article/{article}" for draft in waiting):
            write.append(waiting)
            waiting.clear()
        connection = write.connection
        try:
            known = self._known(connection, article)
            recording = drafts_of(message, known, texts, self._claims, self._keyed)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            # A message that decodes but makes no sense: kept aside whole, so that one message cannot stop all others.
            _log.error("unprocessable", offset=incoming.offset, article=article, error=repr(error))
            return False
        waiting += recording.drafts
        if isinstance(message.source, RevisionFound) and not recording.stale:
            self._remember(connection, message, message.source)
        if recording.touched:
            recorded = write.append(waiting)
            waiting.clear()
            cause = recorded[-1].position if recorded else None
            self._conclude(write, recording.touched, cause)
        return True

    def _known(self, connection: Connection, article: str) -> Known:
        standing = tuple(
            Standing(item.mention, item.occurred_at, item.mention.text.quote if item.mention.text else None)
            for item in self._timeline.mentions_of(connection, article)
        )
        newest = newest_reading(connection, article)
        if newest is None:
            return Known(None, -1, standing)
        return Known(newest.revision, newest.claims_at, standing)

    def _remember(self, connection: Connection, message: Reading, source: RevisionFound) -> None:
        newest = NewestReading(source.revision, message.claims_at, message.reader)
        keep_newest_reading(connection, source.article, newest)
        if message.claims_at < self._claims.claims_at:
            changed = self._timeline.claims_changed_since(connection, message.claims_at)
            request_reread(connection, {source.article: changed})

    def _conclude(self, write: Writing, touched: frozenset[str], cause: int | None) -> list[Recorded]:
        drafts = conclude(write.connection, self._timeline, touched, self._clock.now(), cause, self._memory)
        return write.append(drafts)

    def _refresh_claims(self, connection: Connection) -> None:
        if (switched := switches(connection)) != self._switched:
            self._memory.forget()  # it was folded from read tables that a rebuild has replaced
            self._switched, self._claims = switched, ClaimSet()
        if self._timeline.claims_at(connection) != self._claims.claims_at or not self._claims.claims:
            self._claims = self._timeline.claim_set(connection)

    # --- readings asked for ---------------------------------------------------------------------

    def _publish_rereads(self) -> None:
        """Puts the articles that must be read again back on the bus. Killed in between, it does so once more."""
        engine = self._ledger.engine
        with reading_transaction(engine) as connection:
            asked = requested_rereads(connection, 500)
            found = [self._reread(connection, article, scope) for article, scope in asked.items()]
        if not asked:
            return
        messages = [Outgoing(m.article, encode_message(m)) for m in found if m is not None]
        self._bus.publish(ARTICLES, messages)
        with writing(engine) as connection:
            forget_rereads(connection, asked)

    def _reread(self, connection: Connection, article: str, scope: tuple[str, ...]) -> RevisionFound | None:
        known = self._timeline.article(connection, article)
        revisions = self._timeline.revisions(connection, article)
        if known is None or not revisions or known.erased or known.withdrawn_at is not None:
            return None
        last = revisions[-1]
        return RevisionFound(
            article, last.revision, last.rendition, known.feed, known.outlet, last.seen_at, last.occurred_at,
            "claimed" if last.claimed_at == last.occurred_at else "first_seen", last.claimed_at, last.page,
            last.content, reread=True, scope=scope, trace=f"reread-{article}",
        )  # fmt: skip
