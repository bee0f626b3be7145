"""When a message goes out: waiting for more, at most every, digests and quiet hours. Pure; all instants are UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.rules import Digest, Quiet, Rule


def due(rule: Rule, opened_at: datetime, last_sent_at: datetime | None) -> datetime:
    """When the message of a group is to leave whose first alert was raised at `opened_at`."""
    if rule.digest is not None:
        return next_digest(rule.digest, opened_at)
    earliest = opened_at + rule.wait_for_more
    if last_sent_at is not None:
        earliest = max(earliest, last_sent_at + rule.at_most_every)
    return end_of_quiet(rule.quiet, earliest) if rule.quiet else earliest


def next_digest(digest: Digest, after: datetime) -> datetime:
    """The first digest time strictly after an instant."""
    zone = ZoneInfo(digest.timezone)
    today = after.astimezone(zone).date()
    instants = (
        datetime.combine(today + timedelta(days=days), at, zone).astimezone(UTC)
        for days in range(9)
        for at in sorted(digest.at)
        if (today + timedelta(days=days)).weekday() in digest.weekdays
    )
    return next(instant for instant in instants if instant > after)


def end_of_quiet(quiet: Quiet, at: datetime) -> datetime:
    """`at` itself, or the end of the quiet hours that it falls into."""
    zone = ZoneInfo(quiet.timezone)
    local = at.astimezone(zone)
    for days in (-1, 0):
        start_day = local.date() + timedelta(days=days)
        end_day = start_day if quiet.start < quiet.end else start_day + timedelta(days=1)
        start = datetime.combine(start_day, quiet.start, zone).astimezone(UTC)
        end = datetime.combine(end_day, quiet.end, zone).astimezone(UTC)
        if start <= at < end:
            return end
    return at


def backoff(attempts: int) -> timedelta:
    """How long to wait after the n-th failed attempt: 30 seconds, doubled each time, 2 hours at most."""
    return timedelta(seconds=min(30 * (1 << max(0, min(attempts, 20) - 1)), 7_200))
