"""What is counted: from the ledger and its read tables, on from the last look, the same as counting all anew."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from store import events as ev
from store.clock import FixedClock
from store.database import open_engine, reading
from store.ledger import Draft, Ledger
from store.timeline import Timeline
from web.checks import Check
from web.exposition import exposition
from web.figures import Tallies
from web.progress import Stage
from web.watching import Snapshot

T0 = datetime(2031, 5, 1, 9, 0, tzinfo=UTC)


class Desk:
    def __init__(self, folder):
        self.clock = FixedClock(T0)
        self.timeline = Timeline()
        self.ledger = Ledger(
            open_engine(f"sqlite:///{folder}/ledger.db"), secret=b"s" * 32, clock=self.clock, projectors=[self.timeline]
        )
        self.tallies = Tallies(self.timeline)

    def record(self, stream, *events):
        self.ledger.append([Draft(event, stream, self.clock.now()) for event in events], actor="test")

    def article(self, name, feed="f1", outcome="read", seen_ago=3.0):
        seen = self.clock.now() - timedelta(seconds=seen_ago)
        text = ev.ArticleText("https://a.example/secret-path", "A secret title")
        event = ev.ArticlePublished(name, feed, "o1", None, seen, "first_seen", "en", "x/1", None, "c", outcome, text=text)
        self.record(f"article/{name}", event)

    def figures(self, tallies=None):
        with reading(self.ledger.engine) as connection:
            return (tallies or self.tallies).gather(connection)

    def metrics(self):
        """(name, labels) → value, as a scraper reads them."""
        snapshot = Snapshot(
            self.clock.now(), 0.0, (Check("database", True, "fine"), Check("bus", False, "no")), (Stage("match", 3, 10),),
            self.figures(),
        )  # fmt: skip
        text = exposition(snapshot, "9.9").decode()
        families = text_string_to_metric_families(text)
        return text, {
            (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
        }


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    desk.record("feed/f1", ev.FeedAdded("f1", "o1", 600, ev.FeedText("https://a.example/rss", None, "The A")))
    desk.record("feed/f2", ev.FeedAdded("f2", "o2", 600, ev.FeedText("https://b.example/rss", None, "The B")))
    return desk


def test_outcomes_latencies_and_ages_are_counted_from_the_ledger(desk):
    desk.article("a", seen_ago=0.5)
    desk.article("b", seen_ago=3)
    desk.article("c", outcome="failed", seen_ago=100_000)
    desk.record("feed/f2", ev.FeedFailing("f2", T0 - timedelta(hours=1), 3, "timeout"))
    _, found = desk.metrics()
    assert found["dateline_revisions_total", "read"] == 2
    assert found["dateline_revisions_total", "failed"] == 1
    assert found["dateline_record_latency_seconds_bucket", "1.0"] == 1
    assert found["dateline_record_latency_seconds_bucket", "5.0"] == 2
    assert found["dateline_record_latency_seconds_bucket", "86400.0"] == 2
    assert found["dateline_record_latency_seconds_bucket", "+Inf"] == found["dateline_record_latency_seconds_count",] == 3
    assert found["dateline_record_latency_seconds_sum",] == pytest.approx(100_003.5)
    assert found["dateline_feed_newest_article_age_seconds", "f1", "o1"] == 0.5
    assert found["dateline_feed_failing_seconds", "f2", "o2"] == 3600
    assert (found["dateline_feeds", "active"], found["dateline_feeds", "failing"]) == (1, 1)
    assert found["dateline_ledger_events_total",] == 6
    assert found["dateline_ledger_last_recorded_timestamp_seconds",] == T0.timestamp()


def test_counting_on_comes_to_the_same_as_counting_anew(desk):
    for number in range(30):
        desk.clock.advance(timedelta(seconds=number))
        desk.article(f"a{number}", feed=f"f{number % 2 + 1}", outcome=["read", "failed"][number % 2], seen_ago=number * 7)
        desk.figures()
    assert desk.figures() == desk.figures(Tallies(desk.timeline))


def test_alerts_are_counted_by_state_and_quarantine_by_events(desk):
    for number in range(3):
        raised = ev.AlertRaised(f"x{number}", "r", "1", "denial", "log", None, None, None, 0)
        desk.record(f"alert/x{number}", raised)
    desk.clock.advance(timedelta(seconds=90))
    desk.record("alert/m", ev.AlertAttempted("m", ("x0", "x1"), "log", 1), ev.AlertDelivered("m", ("x0", "x1"), "log", 1))
    desk.record("log", ev.MessageQuarantined("dateline.readings", 0, 7, "undecodable", ev.QuarantineText("AA==")))
    _, found = desk.metrics()
    assert (found["dateline_alerts", "raised"], found["dateline_alerts", "delivered"]) == (1, 2)
    assert found["dateline_alert_delivery_recent_seconds", "median"] == 90
    assert found["dateline_quarantined_total",] == 1


def test_checks_lag_and_release_are_metrics(desk):
    _, found = desk.metrics()
    assert found["dateline_build_info", "9.9"] == 1
    assert (found["dateline_check", "database"], found["dateline_check", "bus"]) == (1, 0)
    assert found["dateline_lag_messages", "match"] == 7


def test_nothing_that_was_printed_and_no_address_is_in_the_metrics(desk):
    desk.article("a")
    text, _ = desk.metrics()
    assert "secret" not in text
    assert "a.example" not in text


def test_of_many_feeds_only_so_many_get_a_series(desk, monkeypatch):
    monkeypatch.setattr("web.exposition.MOST_FEEDS", 1)
    desk.article("old", feed="f1", seen_ago=500)
    desk.article("new", feed="f2", seen_ago=5)
    _, found = desk.metrics()
    ages = [key for key in found if key[0] == "dateline_feed_newest_article_age_seconds"]
    assert ages == [("dateline_feed_newest_article_age_seconds", "f1", "o1")]
