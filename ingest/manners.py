"""Manners towards one host: a pause between two requests, and silence while it asked for that (Retry-After)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ingest.hosts import Hosts
from store.clock import Clock

LONGEST_SILENCE = timedelta(days=1)


class Manners:
    """Gives each request to a host its turn. Thread-safe; what is remembered, and for whom, is the hosts' business."""

    def __init__(self, clock: Clock, pause: timedelta, wait: Callable[[float], None], hosts: Hosts) -> None:
        self._clock, self._pause, self._wait, self._hosts = clock, pause, wait, hosts

    def silence(self, host: str) -> timedelta | None:
        """How much longer the host wants no request; None if it takes them."""
        left = self._hosts.silent_until(host) - self._clock.now()
        return left if left > timedelta(0) else None

    def keep_silent(self, host: str, lasting: timedelta) -> None:
        self._hosts.keep_silent(host, self._clock.now() + lasting)

    def turn(self, host: str, pause: timedelta | None = None) -> None:
        """Waits (by the injected `wait`, seconds) until it is this request's turn; `pause` overrides the usual one upwards."""
        now = self._clock.now()
        start = self._hosts.book(host, now, max(self._pause, pause or self._pause))
        if start > now:
            self._wait((start - now).total_seconds())


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The header's wish (RFC 9110 section 10.2.3: seconds or a date), at most a day; None if absent or unreadable."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        wish = timedelta(seconds=int(value))
    else:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        wish = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return min(max(wish, timedelta(0)), LONGEST_SILENCE)
