"""The loop: polls what is due, fetches what is new, looks again at what is known, publishes, and writes all of it down.

Fetching is parallel, everything else happens in one thread in a fixed order (feeds by id, items oldest first), so that two
runs over the same web give the same messages in the same order. The README has the life of an article with what survives a
crash at each step.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import msgspec
import structlog
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from ingest import health, state
from ingest.extract import PAGE_RENDITION
from ingest.feeds import ACTIVE, dropped_early, next_due
from ingest.fetch import Fetcher
from ingest.health import Answer, Verdict, first_state
from ingest.identity import alias_keys, mark_shared, without_trackers
from ingest.item import Item, ParsedFeed, Unreadable
from ingest.outcome import Failed, Fetched, Gone, NotModified, Outcome
from ingest.parse import parse_feed
from ingest.resolve import item_hash, resolve
from ingest.rounds import Ask, fetch_all
from ingest.settle import Circumstances, Settled, Settling
from ingest.sight import Sight, Unseen, page_sight, whole_text
from ingest.state import FeedState, Known, State
from ingest.tally import Counting, Tally
from ingest.turns import Turn, Turns, hand_back
from store import content as texts
from store.bus import Bus, Outgoing
from store.clock import Clock, to_micros
from store.content import Content, ContentConflict, ContentWriting
from store.database import reading
from store.ledger import Ledger
from store.messages import ARTICLES, encode_message
from store.timeline import Feed

ACTOR = "ingest"
_log = structlog.get_logger("dateline.ingest")

_HOUR = timedelta(hours=1)
SCHEDULE = tuple(_HOUR * hours for hours in (1, 2, 4, 8, 12, 18, 24, 36, 48, 72, 96, 120, 144, 168, 240, 336))
"""When a known article's page is looked at again, from first sight: often while it is fresh, for two weeks."""


RACES = 3
"""How often an item is settled anew that another poller settled at the same moment. The second time it is a known one."""


class IngestSettings(msgspec.Struct, frozen=True):
    """`threads` fetch at once; feeds are handled in groups of `batch`. `robots`: article pages obey robots.txt."""

    threads: int = 8
    batch: int = 32
    schedule: tuple[timedelta, ...] = SCHEDULE
    robots: bool = True


class Due(NamedTuple):
    """Whether there are feeds to poll, pages to look at again, messages that the bus has not got."""

    feeds: bool
    pages: bool
    messages: bool


class Poll(NamedTuple):
    """One feed's poll, as fetched and parsed."""

    feed: Feed
    state: FeedState
    outcome: Outcome
    parsed: ParsedFeed | Unreadable | None
    body_hash: str | None


class Ingest:
    """Everything between the feeds and the topic of articles. Any number of processes may run it, each with a turn of its own
    name: what one has in hand, no other asks for.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        content: Content,
        state: State,
        ledger: Ledger,
        feeds: Callable[[], Sequence[Feed]],
        fetcher: Fetcher,
        clock: Clock,
        secret: bytes,
        settings: IngestSettings | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._bus, self._content, self._state, self._ledger = bus, content, state, ledger
        self._feeds, self._fetcher, self._clock, self._secret = feeds, fetcher, clock, secret
        self._settings = settings or IngestSettings()
        self._stopping = stopping
        self._turns = Turns(state.engine)
        self._enrolled = -1
        self._pool = ThreadPoolExecutor(self._settings.threads, thread_name_prefix="fetch")

    def run_due(self, turn: Turn = Turn("alone")) -> Tally:  # noqa: B008 - frozen
        """Does everything that is due at the clock's present instant, and returns what it was.

        Raises BusUnavailable when the bus does not take the messages; what was stored is announced by the next run. If
        `stopping` says so, it ends between two items; nothing is lost or done twice. After a complete run
        `polled_through` is that instant.
        """
        now = self._clock.now()
        self.enroll()
        count = Counting()
        self._run(count, now, turn)
        self._visit_all(now, turn, count)
        if not self._stopping():
            self.mark_if_idle(now)
        return count.tally(stopped=self._stopping())

    def poll(self, turn: Turn) -> Tally:
        """Polls what is due and in nobody else's hands; raises and stops as `run_due`."""
        count = Counting()
        self._run(count, self._clock.now(), turn)
        return count.tally(stopped=self._stopping())

    def recheck(self, turn: Turn) -> Tally:
        """Looks again at the pages that are due and in nobody else's hands; raises and stops as `run_due`."""
        count = Counting()
        self._announce(count)
        self._visit_all(self._clock.now(), turn, count)
        return count.tally(stopped=self._stopping())

    def enroll(self) -> None:
        """Takes notice of feeds that were added, moved away or removed since the last time."""
        size = self._ledger.size()
        if size != self._enrolled:
            now = self._clock.now()
            self._state.enroll(lambda: [first_state(feed, now) for feed in self._feeds() if feed.state in ACTIVE])
            self._enrolled = size

    def due(self, now: datetime) -> Due:
        """What there is to do at this instant; what another poller has in hand counts as well."""
        feeds, pages = self._state.due(now)
        return Due(feeds, pages, bool(self._content.waiting()))

    def mark_if_idle(self, now: datetime) -> None:
        """Moves `polled_through` to this instant, if all that was due by then is done."""
        if not any(self.due(now)) and self._state.polled_through() < now:
            self._state.mark_polled(now)

    def next_due(self, now: datetime) -> datetime | None:
        """When there is something to do next, `now` if there is already; None if never (no feeds, no re-checks)."""
        instants = [next_due(self._feeds(), self._state.feeds(), now), self._state.next_visit()]
        return min((max(at, now) for at in instants if at is not None), default=None)

    def polled_through(self) -> datetime:
        """Everything due at this instant was done and published; survives restarts."""
        return self._state.polled_through()

    def close(self) -> None:
        """Waits for fetches in hand, at most their deadlines."""
        self._pool.shutdown()

    # --- feeds ---------------------------------------------------------------------------------------

    def _run(self, count: Counting, now: datetime, turn: Turn) -> None:
        self._announce(count)
        by_id = {feed.feed: feed for feed in self._feeds() if feed.state in ACTIVE}
        while not self._stopping() and (taken := self._turns.feeds(turn, to_micros(now), self._settings.batch)):
            before = {one.feed: one for one in taken if one.feed in by_id}
            self._poll_all([by_id[id_] for id_ in before], before, now, turn, count)
            if len(before) < len(taken):  # removed a moment ago: parked, so that they are not taken again
                self._enrolled = -1
                self.enroll()
        self._turns.let_go(turn)

    def _poll_all(
        self, feeds: Sequence[Feed], before: Mapping[str, FeedState], now: datetime, turn: Turn, count: Counting
    ) -> None:
        outcomes = fetch_all(self._pool, {feed.url: self._ask_feed(feed, before[feed.feed]) for feed in feeds}, self._stopping)
        polls = [_parsed(feed, before[feed.feed], outcomes[feed.url]) for feed in feeds]
        pages = fetch_all(self._pool, self._pages_wanted(polls), self._stopping)
        quiet: list[Verdict] = []
        for poll in polls:
            concluded = None if self._stopping() else self._settle_feed(poll, pages, now, count)
            if concluded is None:
                break
            outcome, verdict = concluded
            quiet.append(verdict)
            if outcome == "changed":
                self._conclude(quiet, turn)
                quiet = []
            count.feeds[outcome] += 1
            say = _log.debug if outcome == "unchanged" else _log.info
            say("feed", outcome=outcome, feed=poll.feed.feed, trace=_trace(poll.feed.feed, now))
        self._conclude(quiet, turn)

    def _ask_feed(self, feed: Feed, before: FeedState) -> Ask:
        return lambda: self._fetcher.fetch(feed.url, etag=before.etag, last_modified=before.last_modified)

    def _settle_feed(
        self, poll: Poll, pages: Mapping[str, Outcome], now: datetime, count: Counting
    ) -> tuple[str, Verdict] | None:
        """The poll's outcome and verdict; None if it was stopped midway: nothing of the feed's own state is stored then."""
        feed, before = poll.feed, poll.state
        match poll.outcome, poll.parsed:
            case Gone(), _:
                return "gone", health.gone(feed, before, now)
            case (NotModified() | Fetched()) as outcome, None:
                answer = Answer(outcome.headers, False, before.body_hash, before.listing, outcome.permanent_url)
                return "unchanged", health.succeeded(feed, before, answer, now)
            case Fetched() as outcome, ParsedFeed() as parsed:
                return self._settle_items(poll, outcome, parsed, pages, now, count)
            case _, Unreadable(reason=reason):
                return reason, health.failed(feed, before, reason, None, now)
            case Failed(reason="stopping"), _:
                return None
        wish = poll.outcome.retry_after if isinstance(poll.outcome, Failed) else None
        reason = _reason(poll.outcome)
        return reason, health.failed(feed, before, reason, wish, now)

    def _settle_items(
        self, poll: Poll, outcome: Fetched, parsed: ParsedFeed, pages: Mapping[str, Outcome], now: datetime, count: Counting
    ) -> tuple[str, Verdict] | None:
        listing: list[str] = []
        keep = True
        for item in reversed(parsed.items):
            if self._stopping():
                return None
            settled = self._settle_item(poll.feed, parsed.title, item, pages, now)
            self._note(settled, poll.feed.feed, _trace(poll.feed.feed, now), count)
            keep = keep and settled.outcome != "deferred"
            if settled.article is not None:
                listing.insert(0, settled.article)
        self._announce(count)
        self._look_again(dropped_early(poll.state.listing, listing), now)
        if parsed.problems:
            _log.warning("feed_mended", feed=poll.feed.feed, problems=parsed.problems)
        answer = Answer(outcome.headers, True, poll.body_hash, tuple(listing), outcome.permanent_url, keep)
        return "changed", health.succeeded(poll.feed, poll.state, answer, now)

    def _conclude(self, verdicts: Sequence[Verdict], turn: Turn) -> None:
        """The ledger first: its keys make a repetition harmless, while a stored state would hide what was never told."""
        drafts = [draft for verdict in verdicts for draft in verdict.drafts]
        if drafts:
            self._ledger.append(drafts, actor=ACTOR)
        if verdicts:
            self._turns.save(turn, [verdict.state for verdict in verdicts])

    def _look_again(self, articles: Sequence[str], now: datetime) -> None:
        if not articles:
            return
        with self._content.writing() as w:
            for name in articles:
                known = state.article(w.connection, name)
                if known is not None and known.withdrawn_at is None and known.article == name:
                    state.save_article(w.connection, replace(known, next_visit=now))

    # --- items ---------------------------------------------------------------------------------------

    def _settle_item(self, feed: Feed, title: str | None, item: Item, pages: Mapping[str, Outcome], now: datetime) -> Settled:
        at = self._circumstances(feed.feed, now)
        for _ in range(RACES):
            try:
                with self._content.writing() as w:
                    return Settling(w, at, feed, title).item(item, pages)
            except (IntegrityError, ContentConflict) as error:
                _log.info("settled_by_another", feed=feed.feed, error=type(error).__name__)
        with self._content.writing() as w:
            return Settling(w, at, feed, title).item(item, pages)

    def _circumstances(self, subject: str, now: datetime) -> Circumstances:
        return Circumstances(now, _trace(subject, now), self._secret, self._settings.schedule)

    def _pages_wanted(self, polls: Sequence[Poll]) -> dict[str, Ask]:
        """The pages that the items of these polls need, in their order, each once."""
        wanted: dict[str, Ask] = {}
        with reading(self._content.engine) as connection:
            for poll in polls:
                for item in poll.parsed.items if isinstance(poll.parsed, ParsedFeed) else ():
                    if item.page_url is None or whole_text(item) is not None:
                        continue
                    found = resolve(connection, alias_keys(item, poll.feed.outlet), self._secret)
                    known = found.known
                    heard = known is not None and known.item_hashes.get(poll.feed.feed) == item_hash(item)
                    if (heard and not found.doubtful) or (known is not None and texts.erased(connection, known.article)):
                        continue
                    url = without_trackers(item.page_url)
                    wanted.setdefault(url, self._ask_page(url, None))
        return wanted

    def _ask_page(self, url: str, known: Known | None) -> Ask:
        etag, last_modified = _page_validators(known) if known else (None, None)
        return lambda: self._fetcher.fetch(url, etag=etag, last_modified=last_modified, robots=self._settings.robots)

    # --- re-checks -----------------------------------------------------------------------------------

    def _visit_all(self, now: datetime, turn: Turn, count: Counting) -> None:
        for batch in self._visits(now, turn):
            with reading(self._content.engine) as connection:
                urls = {known.article: texts.address(connection, known.article) for known in batch}
            asks = {url: self._ask_page(url, known) for known in batch if (url := urls[known.article])}
            pages = fetch_all(self._pool, asks, self._stopping)
            sights = [_sight_of(urls[known.article], pages) for known in batch]
            with self._content.writing() as w:
                mine = hand_back(w.connection, turn, [known.article for known in batch])
                for known, sight in zip(batch, sights, strict=True):
                    if self._stopping():
                        break
                    if known.article in mine:
                        self._visit(w, known, sight, now, count)
            self._announce(count)

    def _visits(self, now: datetime, turn: Turn) -> Iterator[list[Known]]:
        while not self._stopping() and (batch := self._turns.pages(turn, to_micros(now), self._settings.batch * 4)):
            yield batch

    def _visit(self, w: ContentWriting, known: Known, sight: Sight, now: datetime, count: Counting) -> None:
        at = self._circumstances(known.article, now)
        settled = Settling(w, at).visit(state.article(w.connection, known.article) or known, sight)
        self._note(settled, known.feed, at.trace, count)

    # --- telling -------------------------------------------------------------------------------------

    def _announce(self, count: Counting) -> None:
        """Publishes what lies in the outbox, in order. Only what the bus acknowledged is marked."""
        while self._content.waiting():
            with self._turns.announcing():
                waiting = self._content.waiting()
                self._bus.publish(ARTICLES, [Outgoing(one.message.article, encode_message(one.message)) for one in waiting])
                self._content.mark_announced(one.sequence for one in waiting)
                count.published += len(waiting)

    def _note(self, settled: Settled, feed: str, trace: str, count: Counting) -> None:
        count.articles[settled.outcome] += 1
        say = _log.debug if settled.outcome == "unchanged" else _log.info
        say("article", outcome=settled.outcome, article=settled.article, feed=feed, trace=trace, detail=settled.detail)


def _parsed(feed: Feed, before: FeedState, outcome: Outcome) -> Poll:
    """The same bytes as last time are not parsed again."""
    if not isinstance(outcome, Fetched):
        return Poll(feed, before, outcome, None, None)
    digest = sha256(outcome.body).hexdigest()
    if digest == before.body_hash:
        return Poll(feed, before, outcome, None, digest)
    parsed = parse_feed(outcome.body, outcome.headers, outcome.url)
    if isinstance(parsed, ParsedFeed):
        parsed = replace(parsed, items=mark_shared(parsed.items))
    return Poll(feed, before, outcome, parsed, digest)


def _sight_of(url: str | None, pages: Mapping[str, Outcome]) -> Sight:
    return Unseen("failed", "no_address") if url is None else page_sight(pages[url], url, None)


def _page_validators(known: Known) -> tuple[str | None, str | None]:
    """A conditional request makes sense only for a page that was read, by the present extractor, and not withdrawn."""
    baseline = known.baselines.get("page")
    if known.withdrawn_at is not None or baseline is None or baseline.rendition != PAGE_RENDITION:
        return None, None
    return known.etag, known.last_modified


def _reason(outcome: Outcome) -> str:
    match outcome:
        case Failed(reason=reason):
            return reason
        case Gone() | NotModified() | Fetched():
            return "unexpected"
    return getattr(outcome, "reason", "http_404")


def _trace(subject: str, now: datetime) -> str:
    """Names one poll or re-check, in messages and log lines alike."""
    return f"{subject}@{to_micros(now)}"
