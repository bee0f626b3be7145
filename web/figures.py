"""What can be counted from the ledger and its read tables, for the metrics.

What only grows is counted on from where the last look ended, so that a look costs what is new and not what there is.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from store.chores import Figures as Chores
from store.chores import figures as chores
from store.clock import to_micros
from store.events import MessageQuarantined
from store.tables import events, head
from store.timeline import Timeline

BUCKETS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)
"""Upper bounds, in seconds, of the latencies counted."""

CHUNK = 5_000
RECENT = 200
"""Delivered alerts whose time under way is looked at."""


class FeedFigure(NamedTuple):
    """`newest`: when the newest article of the feed was seen, microseconds; None before the first."""

    feed: str
    outlet: str
    state: str
    since: int
    newest: int | None


class Latency(NamedTuple):
    """Counts by bucket (the last one is what took longer than all bounds), and the sum in seconds."""

    counts: tuple[int, ...] = (0,) * (len(BUCKETS) + 1)
    total: float = 0.0


class Figures(NamedTuple):
    """`recorded` is from first sight of a revision to its event; `under_way` from raising an alert to its delivery, in
    seconds, of the latest ones, in order of size."""

    events: int = 0
    recorded_at: int | None = None
    outcomes: Mapping[str, int] = {}
    recorded: Latency = Latency()
    feeds: tuple[FeedFigure, ...] = ()
    alerts: Mapping[str, int] = {}
    under_way: tuple[float, ...] = ()
    quarantined: int = 0
    chores: Chores = Chores({}, None, ())


class Tallies:
    """Counts on from look to look. For one thread."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._after = -1
        self._outcomes: Counter[str] = Counter()
        self._newest: dict[str, int] = {}
        self._counts = [0] * (len(BUCKETS) + 1)
        self._total = 0.0

    def gather(self, connection: Connection) -> Figures:
        """Everything as it stands in this transaction."""
        self._count_on(connection)
        size, recorded_at = connection.execute(sa.select(head.c.size, head.c.recorded_at)).one()
        return Figures(
            events=size,
            recorded_at=recorded_at if size else None,
            outcomes=dict(self._outcomes),
            recorded=Latency(tuple(self._counts), self._total),
            feeds=self._feeds(connection),
            alerts=_alerts(connection, self._timeline),
            under_way=_under_way(connection, self._timeline),
            quarantined=_quarantined(connection),
            chores=chores(connection),
        )

    def _count_on(self, connection: Connection) -> None:
        table, articles = self._timeline.tables.revisions, self._timeline.tables.articles
        query = (
            sa.select(table.c.position, table.c.outcome, table.c.seen_at, articles.c.feed, events.c.recorded_at)
            .join(events, events.c.position == table.c.position)
            .join(articles, articles.c.article == table.c.article)
            .order_by(table.c.position)
            .limit(CHUNK)
        )
        while rows := connection.execute(query.where(table.c.position > self._after)).all():
            for row in rows:
                self._count(row)
            self._after = rows[-1].position

    def _count(self, row: Any) -> None:
        self._outcomes[row.outcome] += 1
        self._newest[row.feed] = max(row.seen_at, self._newest.get(row.feed, row.seen_at))
        seconds = max(0, row.recorded_at - row.seen_at) / 1_000_000
        self._counts[bisect_left(BUCKETS, seconds)] += 1
        self._total += seconds

    def _feeds(self, connection: Connection) -> tuple[FeedFigure, ...]:
        return tuple(
            FeedFigure(feed.feed, feed.outlet, feed.state, to_micros(feed.since), self._newest.get(feed.feed))
            for feed in self._timeline.feeds(connection)
        )


def _alerts(connection: Connection, timeline: Timeline) -> dict[str, int]:
    table = timeline.tables.alerts
    query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state).order_by(table.c.state)
    return {row.state: row[1] for row in connection.execute(query)}


def _under_way(connection: Connection, timeline: Timeline) -> tuple[float, ...]:
    table = timeline.tables.alerts
    query = sa.select(table.c.state_at, table.c.raised_at).where(table.c.state == "delivered")
    rows = connection.execute(query.order_by(table.c.position.desc()).limit(RECENT))
    return tuple(sorted(max(0, state_at - raised_at) / 1_000_000 for state_at, raised_at in rows))


def _quarantined(connection: Connection) -> int:
    """Of the stream `log`, where quarantine is recorded: it has an index, names have none."""
    query = sa.select(sa.func.count()).where(events.c.stream == "log", events.c.name == MessageQuarantined.NAME)
    return connection.scalar(query) or 0
