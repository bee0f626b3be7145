"""The recorder's places and the bus's log: where they disagree, the role stops and says so, and an operator mends it."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from test_dateline_demo import dateline
from tiers import requires_tier
from typer.testing import CliRunner

from dateline.cli import app
from dateline.home import Home, create_home
from dateline.keeping import Keeping
from dateline.reannouncing import Moved, reannounce
from dateline.roles import open_recorder
from store.bus import OffsetOutOfRange, Outgoing
from store.bus.prefixed import PrefixedBus
from store.clock import FixedClock
from store.content import Revision
from store.messages import ARTICLES, QUARANTINE, READINGS, Reading, WithdrawalFound, encode_message
from workers.consume import GROUP

T0 = datetime(2024, 5, 6, 8, 0, tzinfo=UTC)


def reading_of(article):
    message = Reading(WithdrawalFound(article, 1, "f", "o", T0, "410"), "r/1", -1, None)
    return Outgoing(article, encode_message(message))


def record_all(home):
    recorder = open_recorder(home)
    while recorder.lag():
        recorder.step(timeout=0.5)
    recorder.close()


def withdrawn(home):
    return [r.event.article for r in home.ledger.read() if r.event.NAME == "article.withdrawn"]


@pytest.fixture(params=["sqlite", "kafka"])
def home(request, tmp_path):
    path = tmp_path / "home"
    create_home(path)
    settings = "partitions = 1\n"
    if request.param == "kafka":
        settings += f'bus_url = "kafka://{requires_tier("kafka")}"\ntopic_prefix = "test_{uuid.uuid4().hex}."\n'
    (path / "settings.toml").write_text(settings)
    with Home(path) as home:
        yield home
        drop(home)


def drop(home):
    if isinstance(home.bus, PrefixedBus):
        home.bus.drop((ARTICLES, READINGS, QUARANTINE), (GROUP,))


def test_a_place_below_the_logs_start_stops_the_role_and_reannouncing_mends_it(home):
    home.bus.publish(READINGS, [reading_of("a1")])
    record_all(home)
    home.bus.publish(READINGS, [reading_of("lost"), reading_of("a3")])
    home.bus.trim(READINGS, {0: 2})
    stopped = dateline("run", "--role", "record", "--home", home.path)
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
    for words in ("starts at offset 2", "must continue at 1", "dateline reannounce"):
        assert words in stopped.stderr
    done = CliRunner().invoke(app, ["reannounce", "--home", str(home.path), "--json"])
    assert json.loads(done.output)["moved"] == [{"topic": READINGS, "partition": 0, "wanted": 1, "to": 2}]
    record_all(home)
    assert withdrawn(home) == ["a1", "a3"]


def test_reannouncing_has_every_message_of_ingest_published_again(home):
    revision = Revision(
        article="a1", revision=1, rendition="x/1", feed="f", outlet="o", outlet_name="O", url="https://o.example/1",
        title="T", body="B", byline=None, language="en", seen_at=T0, occurred_at=T0, occurred_basis="claimed",
        claimed_at=T0, page=None,
    )  # fmt: skip
    home.content.add_revision(revision)
    home.content.mark_announced([waiting.sequence for waiting in home.content.waiting()])
    assert home.content.unannounced() == []
    assert reannounce(home) == (1, ())
    assert [message.article for message in home.content.unannounced()] == ["a1"]


def test_a_log_that_lost_its_tail_stops_recording_until_it_is_mended(home):
    home.bus.publish(READINGS, [reading_of("a1")])
    record_all(home)
    with home.ledger.writing("test") as write:
        write.connection.exec_driver_sql("UPDATE places SET next = 5")
    with pytest.raises(OffsetOutOfRange, match="ends at offset 1"):
        open_recorder(home).step()
    assert reannounce(home).moved == (Moved(READINGS, 0, 5, 1),)
    home.bus.publish(READINGS, [reading_of("a2")])
    record_all(home)
    assert withdrawn(home) == ["a1", "a2"]


@pytest.mark.parametrize("home", ["kafka"], indirect=True)
def test_a_topic_made_anew_is_read_from_its_beginning_and_nothing_is_recorded_twice(home):
    home.bus.publish(READINGS, [reading_of("a1"), reading_of("a2")])
    record_all(home)
    first = home.bus.id
    drop(home)
    with Home(home.path) as again:
        assert again.bus.id != first
        again.bus.publish(READINGS, [reading_of("a2"), reading_of("a3")])
        record_all(again)
        assert withdrawn(again) == ["a1", "a2", "a3"]


def test_the_role_lets_go_of_what_was_recorded_and_is_a_month_old(home):
    home.__dict__["clock"] = clock = FixedClock(T0)
    keeping = Keeping(home)
    home.bus.publish(READINGS, [reading_of("a1"), reading_of("a2")])
    record_all(home)
    assert keeping.tick() == 0
    home.bus.publish(READINGS, [reading_of("a3")])
    clock.advance(timedelta(minutes=59))
    assert keeping.tick() == 0, "it is not due"
    clock.advance(timedelta(days=30))
    assert keeping.tick() == (0 if isinstance(home.bus, PrefixedBus) else 2)
    record_all(home)
    assert withdrawn(home) == ["a1", "a2", "a3"]
