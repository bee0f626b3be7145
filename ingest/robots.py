"""robots.txt (RFC 9309): what a site lets us fetch, and how fast. The only file that imports protego."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal, NamedTuple

from protego import Protego

from ingest.outcome import Failed, Fetched, Outcome, Refused
from ingest.urls import Url
from store.clock import Clock

KEPT = timedelta(hours=24)
KEPT_WHEN_UNREACHABLE = timedelta(hours=1)
SLOWEST = timedelta(seconds=30)
"""A Crawl-delay is honoured up to this."""

Verdict = Literal["allowed", "disallowed", "unreachable"]


class _Rules(NamedTuple):
    until: datetime
    rules: Protego | None
    verdict: Verdict
    """What holds where there are no rules."""


class Robots:
    """Rules of every origin met, kept for a day. Thread-safe; two threads may ask one origin twice."""

    def __init__(self, fetch: Callable[[str], Outcome], clock: Clock, agent: str) -> None:
        self._fetch, self._clock, self._agent = fetch, clock, agent
        self._lock = Lock()
        self._known: dict[str, _Rules] = {}

    def verdict(self, url: Url) -> tuple[Verdict, timedelta | None]:
        """Whether the URL may be fetched, and the pause between requests that the site asks for.

        No file (any 4xx): all is allowed. Server error or no answer: nothing is, for an hour (section 2.3.1.4).
        """
        found = self._rules(url)
        if found.rules is None:
            return found.verdict, None
        allowed = bool(found.rules.can_fetch(str(url), self._agent))
        delay = found.rules.crawl_delay(self._agent)
        pause = min(timedelta(seconds=float(delay)), SLOWEST) if delay else None
        return ("allowed" if allowed else "disallowed"), pause

    def _rules(self, url: Url) -> _Rules:
        now = self._clock.now()
        with self._lock:
            known = self._known.get(url.origin)
        if known is None or known.until <= now:
            known = _judge(self._fetch(f"{url.origin}/robots.txt"), now)
            with self._lock:
                self._known[url.origin] = known
        return known


def _judge(outcome: Outcome, now: datetime) -> _Rules:
    match outcome:
        case Fetched(body=body):
            return _Rules(now + KEPT, Protego.parse(body.decode("utf-8", "replace")), "allowed")
        case Failed(status=status) if status is None or status >= 500 or status == 429:
            return _Rules(now + KEPT_WHEN_UNREACHABLE, None, "unreachable")
        case Refused(reason=reason) if reason.startswith("address"):
            return _Rules(now + KEPT_WHEN_UNREACHABLE, None, "disallowed")
        case _:
            return _Rules(now + KEPT, None, "allowed")
