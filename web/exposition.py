"""The figures in Prometheus' text format. The only file that imports prometheus_client."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from store.chores import Figures as Chores
from web.figures import BUCKETS, FeedFigure, Figures, Latency
from web.watching import Snapshot

CONTENT_TYPE = CONTENT_TYPE_LATEST
MOST_FEEDS = 1_000
"""Feeds that get a series of their own; of more, those that have been silent for longest."""


def exposition(snapshot: Snapshot, version: str) -> bytes:
    """All metrics; names end in their unit, counters in `_total` (https://prometheus.io/docs/practices/naming/)."""
    registry = CollectorRegistry()
    registry.register(_Collector(snapshot, version))
    return generate_latest(registry)


class _Collector:
    def __init__(self, snapshot: Snapshot, version: str) -> None:
        self._snapshot, self._version = snapshot, version

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        snapshot = self._snapshot
        build = GaugeMetricFamily("dateline_build_info", "The running release.", labels=["version"])
        build.add_metric([self._version], 1)
        yield build
        ready = GaugeMetricFamily("dateline_check", "1: the check of /readyz is good.", labels=["check"])
        for check in snapshot.checks:
            ready.add_metric([check.name], int(check.good))
        yield ready
        lag = GaugeMetricFamily(
            "dateline_lag_messages", "Messages or events that a stage has yet to deal with.", labels=["stage"]
        )
        for stage in snapshot.stages:
            lag.add_metric([stage.name], stage.behind)
        yield lag
        if snapshot.figures is not None:
            yield from _of_ledger(snapshot.figures)
            yield from _of_feeds(snapshot.figures.feeds, snapshot.at_micros)
            yield from _of_alerts(snapshot.figures)
            yield from _of_chores(snapshot.figures.chores, snapshot.at)


def _of_ledger(figures: Figures) -> Iterator[Metric]:
    yield CounterMetricFamily("dateline_ledger_events", "Events in the ledger.", value=figures.events)
    if figures.recorded_at is not None:
        name = "dateline_ledger_last_recorded_timestamp_seconds"
        yield GaugeMetricFamily(name, "When the latest event was recorded.", value=figures.recorded_at / 1e6)
    articles = CounterMetricFamily(
        "dateline_revisions", "Revisions of articles recorded, by what became of them.", labels=["outcome"]
    )
    for outcome, count in sorted(figures.outcomes.items()):
        articles.add_metric([outcome], count)
    yield articles
    yield _histogram(
        "dateline_record_latency_seconds", "From the first sight of a revision to its event in the ledger.", figures.recorded
    )
    yield CounterMetricFamily(
        "dateline_quarantined", "Messages that could not be processed and were kept aside.", value=figures.quarantined
    )


def _histogram(name: str, words: str, latency: Latency) -> Metric:
    family = HistogramMetricFamily(name, words)
    buckets, running = [], 0
    for bound, count in zip([*map(str, BUCKETS), "+Inf"], latency.counts, strict=True):
        running += count
        buckets.append((bound, running))
    family.add_metric([], buckets, latency.total)
    return family


def _of_feeds(feeds: tuple[FeedFigure, ...], now: int) -> Iterator[Metric]:
    states = GaugeMetricFamily("dateline_feeds", "Feeds by state.", labels=["state"])
    for state in ("active", "failing", "gone"):
        states.add_metric([state], sum(feed.state == state for feed in feeds))
    yield states
    watched = sorted((feed for feed in feeds if feed.state != "gone"), key=lambda feed: (feed.newest or 0, feed.feed))
    age = GaugeMetricFamily(
        "dateline_feed_newest_article_age_seconds", "Since the newest article of the feed was seen.", labels=["feed", "outlet"]
    )
    for feed in watched[:MOST_FEEDS]:
        if feed.newest is not None:
            age.add_metric([feed.feed, feed.outlet], (now - feed.newest) / 1e6)
    yield age
    failing = GaugeMetricFamily("dateline_feed_failing_seconds", "For how long the feed has failed.", labels=["feed", "outlet"])
    for feed in watched[:MOST_FEEDS]:
        if feed.state == "failing":
            failing.add_metric([feed.feed, feed.outlet], (now - feed.since) / 1e6)
    yield failing


def _of_alerts(figures: Figures) -> Iterator[Metric]:
    states = GaugeMetricFamily("dateline_alerts", "Alerts by state.", labels=["state"])
    for state in ("raised", "attempted", "delivered", "failed"):
        states.add_metric([state], figures.alerts.get(state, 0))
    yield states
    if figures.under_way:
        times = GaugeMetricFamily(
            "dateline_alert_delivery_recent_seconds",
            "From raising to delivery, grouping and waiting included, of the latest alerts delivered.",
            labels=["stat"],
        )
        times.add_metric(["median"], figures.under_way[len(figures.under_way) // 2])
        times.add_metric(["max"], figures.under_way[-1])
        yield times


def _of_chores(chores: Chores, now: datetime) -> Iterator[Metric]:
    states = GaugeMetricFamily("dateline_chores", "Chores by kind and state.", labels=["kind", "state"])
    for (kind, state), number in sorted(chores.states.items()):
        states.add_metric([kind, state], number)
    yield states
    waits = 0.0 if chores.overdue is None else max(0.0, (now - chores.overdue).total_seconds())
    yield GaugeMetricFamily(
        "dateline_chores_overdue_seconds", "For how long the longest waiting chore has been due.", value=waits
    )
