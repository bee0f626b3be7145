"""A feed's health, decided purely: its next state, and what the ledger is to hear of it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from msgspec.structs import replace

from ingest.feeds import backoff, interval_after
from ingest.state import FeedState
from store.clock import to_micros
from store.events import Event, FeedFailing, FeedGone, FeedMoved, FeedRecovered, FeedText
from store.ledger import Draft
from store.timeline import Feed

FAILURES = 3
"""So many failures in a row are reported,"""
SILENCE = timedelta(hours=24)
"""or a feed that has failed for so long."""


class Verdict(NamedTuple):
    """`state` is to be stored after `drafts` are in the ledger; their keys make a repetition harmless."""

    state: FeedState
    drafts: tuple[Draft, ...] = ()


class Answer(NamedTuple):
    """A successful poll. `moved_to`: where permanent redirects led. With `keep` the validators are stored, so that the
    next poll may be answered by 304; without, something is left to do and the whole feed is asked for again."""

    headers: Mapping[str, str]
    changed: bool
    body_hash: str | None
    listing: tuple[str, ...]
    moved_to: str | None = None
    keep: bool = True


def first_state(feed: Feed, now: datetime) -> FeedState:
    """Of a feed that was never polled."""
    return FeedState(feed=feed.feed, next_due=now, interval=feed.interval)


def succeeded(feed: Feed, before: FeedState, answer: Answer, now: datetime) -> Verdict:
    """The feed was read, or answered that nothing is new."""
    interval = interval_after(feed, before.interval, changed=answer.changed, max_age=_max_age(answer.headers))
    drafts: list[Draft] = []
    if before.reported and before.failing_since is not None:
        event = FeedRecovered(feed=feed.feed, failing_since=before.failing_since)
        drafts.append(_draft(event, feed, now, f"recovered/{to_micros(before.failing_since)}"))
    moved = answer.moved_to is not None and answer.moved_to != feed.url
    if moved:
        address = FeedMoved(feed=feed.feed, text=FeedText(url=answer.moved_to or "", title=feed.title, outlet=feed.outlet_name))
        drafts.append(
            _draft(address, feed, now, f"moved/{before.episodes}/{sha256((answer.moved_to or '').encode()).hexdigest()}")
        )
    state = FeedState(
        feed=feed.feed,
        next_due=now + timedelta(seconds=interval),
        interval=interval,
        etag=_validator("etag", answer, before.etag),
        last_modified=_validator("last-modified", answer, before.last_modified),
        body_hash=answer.body_hash if answer.keep else None,
        episodes=before.episodes + (1 if moved else 0),
        listing=answer.listing,
    )
    return Verdict(state, tuple(drafts))


def failed(feed: Feed, before: FeedState, reason: str, retry_after: timedelta | None, now: datetime) -> Verdict:
    """The feed could not be read. Reported once per run of failures; `reason` is a stable code."""
    failures = before.failures + 1
    since = before.failing_since or now
    report = not before.reported and (failures >= FAILURES or now - since >= SILENCE)
    event = FeedFailing(feed=feed.feed, since=since, failures=failures, reason=reason)
    wait = max(backoff(feed, failures), retry_after or timedelta(0))
    state = replace(before, next_due=now + wait, failures=failures, failing_since=since, reported=before.reported or report)
    return Verdict(state, (_draft(event, feed, now, f"failing/{to_micros(since)}"),) if report else ())


def gone(feed: Feed, before: FeedState, now: datetime) -> Verdict:
    """The publisher answered 410: the feed is polled no more, once its read table says so."""
    state = replace(before, next_due=now + timedelta(seconds=feed.interval), episodes=before.episodes + 1)
    return Verdict(state, (_draft(FeedGone(feed=feed.feed, reason="410"), feed, now, f"gone/{before.episodes}"),))


def _draft(event: Event, feed: Feed, now: datetime, key: str) -> Draft:
    return Draft(event, f"feed/{feed.feed}", now, key=f"{event.NAME}/{feed.feed}/{key}")


def _validator(name: str, answer: Answer, before: str | None) -> str | None:
    """A 304 may leave out what has not changed."""
    if not answer.keep:
        return None
    return answer.headers.get(name, None if answer.changed else before)


def _max_age(headers: Mapping[str, str]) -> int | None:
    found = re.search(r"\bmax-age\s*=\s*\"?(\d{1,9})", headers.get("cache-control", ""), re.IGNORECASE)
    return int(found[1]) if found else None
