"""Feeds: how one is added, which are due, and how often each is asked.

The registry is the ledger (`feed.added`, `feed.moved`, `feed.gone`); its read table gives the `Feed`s that come in here
(`Timeline.feeds`).
"""

from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ingest.identity import canonical_url
from ingest.state import FeedState
from ingest.urls import UrlRefused, parse_url
from store.events import FeedAdded, FeedGone, FeedText
from store.ledger import Draft
from store.timeline import Feed

INTERVAL = 900
"""Seconds between polls, unless the feed says or shows otherwise."""
SLOWEST = 4
"""A quiet feed's interval grows to this many times its own."""
LONGEST_BACKOFF = timedelta(hours=12)
ACTIVE = frozenset({"active", "failing"})
"""States in which a feed is polled."""


def add_feed(
    url: str,
    *,
    now: datetime,
    title: str | None = None,
    outlet: str | None = None,
    outlet_name: str | None = None,
    interval: int = INTERVAL,
    again: int = 0,
) -> Draft:
    """The event that adds a feed, to be appended to the ledger. Adding it twice records one.

    `outlet` defaults to the host without `www.`, so that a publisher's feeds share it; without an `outlet_name` the name is
    taken from its pages. `again` counts how often the feed
    was removed before: an added feed that is gone needs a new key. Raises UrlRefused for what is no http(s) URL.
    """
    normal = str(parse_url(url))
    feed = feed_id(normal)
    event = FeedAdded(
        feed=feed,
        outlet=outlet or outlet_id(normal),
        interval=interval,
        text=FeedText(url=normal, title=title, outlet=outlet_name),
    )
    return Draft(event, f"feed/{feed}", now, key=f"feed.added/{feed}/{again}")


def remove_feed(feed: Feed, *, now: datetime, again: int = 0) -> Draft:
    """The event by which an operator stops polling a feed. Its articles stay."""
    event = FeedGone(feed=feed.feed, reason="removed")
    return Draft(event, f"feed/{feed.feed}", now, key=f"feed.removed/{feed.feed}/{again}")


def feed_id(url: str) -> str:
    """The id that a feed at this address gets when it is added; it keeps it when it moves."""
    try:
        text = canonical_url(url) or url
    except UrlRefused:
        text = url
    return b32encode(sha256(text.encode()).digest())[:12].decode().lower()


def outlet_id(url: str) -> str:
    """The publisher's id where none is given: the host without `www.`, `feeds.` or `rss.`."""
    host = parse_url(url).host
    for label in ("www.", "feeds.", "feed.", "rss."):
        host = host.removeprefix(label)
    return host


def due(feeds: Iterable[Feed], states: Mapping[str, FeedState], now: datetime) -> list[Feed]:
    """The feeds to poll at this instant, in the fixed order of their ids; a feed never polled is due at once."""
    wanted = (feed for feed in feeds if feed.state in ACTIVE)
    return sorted((feed for feed in wanted if _due_at(feed, states) <= now), key=lambda feed: feed.feed)


def next_due(feeds: Iterable[Feed], states: Mapping[str, FeedState], now: datetime) -> datetime | None:
    """When the next poll is due, `now` if one is already; None without feeds."""
    instants = [max(_due_at(feed, states), now) for feed in feeds if feed.state in ACTIVE]
    return min(instants, default=None)


def _due_at(feed: Feed, states: Mapping[str, FeedState]) -> datetime:
    state = states.get(feed.feed)
    return state.next_due if state else datetime.min.replace(tzinfo=UTC)


def interval_after(feed: Feed, current: int, *, changed: bool, max_age: int | None) -> int:
    """Seconds to the next poll: the feed's own interval after news, half as much again each time there were none.

    At most `SLOWEST` times its own. A `max-age` that the server gives lengthens it within the same bound: asking earlier
    would only show us the same again.
    """
    slowest = feed.interval * SLOWEST
    wanted = feed.interval if changed else max(feed.interval, int(current * 1.5))
    return min(max(wanted, max_age or 0), slowest)


def backoff(feed: Feed, failures: int) -> timedelta:
    """How long a failing feed is left alone: doubling from its own interval up to half a day."""
    return min(timedelta(seconds=feed.interval * 2 ** min(failures - 1, 10)), LONGEST_BACKOFF)


def dropped_early(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Articles that left a feed although older ones stayed: nothing by itself, but worth a look at their pages.

    Both lists are in the feed's order, newest first; what left from the end has merely aged out.
    """
    kept = set(after)
    last = max((place for place, article in enumerate(before) if article in kept), default=-1)
    return [article for article in before[: last + 1] if article not in kept]
