"""Messages that cannot be processed are kept aside, said to be, and can be tried again: on both buses."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from tiers import requires_tier
from typer.testing import CliRunner

from dateline import quarantine
from dateline.cli import app
from dateline.erasing import erase_articles
from dateline.errors import UserError
from dateline.home import Home, create_home
from dateline.roles import open_recorder
from store.bus import BusUnavailable, Incoming, Outgoing
from store.bus.prefixed import PrefixedBus
from store.claim import ClaimSet
from store.messages import ARTICLES, QUARANTINE, READINGS, Reading, WithdrawalFound, encode_message
from store.quarantine import set_aside
from workers.consume import GROUP, Worker

T0 = datetime(2024, 5, 6, 8, 0, tzinfo=UTC)
POISON = b"\xff{"


def withdrawal(article):
    return encode_message(WithdrawalFound(article, 1, "f", "o", T0, "410"))


class NoTexts:
    """Withdrawals have no text to read."""

    version = "r/1"

    def document(self, *_):
        raise AssertionError

    read = document


class Flow:
    """A home with a worker and a recorder, each stepped by hand."""

    def __init__(self, home):
        self.home = home
        self.recorder = open_recorder(home)
        self.worker = Worker(
            bus=home.bus, documents=NoTexts(), claims=lambda _: ClaimSet(), make_reader=lambda _: NoTexts(), member="match-0"
        )

    def rest(self):
        """Steps both until nothing is left to do."""
        while self.home.bus.committed(ARTICLES, GROUP) != self.home.bus.ends(ARTICLES):
            self.worker.step(timeout=0.5)
        self.record()

    def record(self):
        while self.recorder.lag():
            self.recorder.step(timeout=0.5)

    def names(self):
        return [recorded.event.NAME for recorded in self.home.ledger.read()]

    def close(self):
        self.worker.close()
        self.recorder.close()


@pytest.fixture(params=["sqlite", "kafka"])
def flow(request, tmp_path):
    path = tmp_path / "home"
    create_home(path)
    settings = "partitions = 2\n"
    if request.param == "kafka":
        settings += f'bus_url = "kafka://{requires_tier("kafka")}"\ntopic_prefix = "test_{uuid.uuid4().hex}."\n'
    (path / "settings.toml").write_text(settings)
    with Home(path) as home:
        flow = Flow(home)
        yield flow
        flow.close()
        if isinstance(home.bus, PrefixedBus):
            home.bus.drop((ARTICLES, READINGS, QUARANTINE), (GROUP,))


def test_what_cannot_be_processed_is_kept_aside_and_the_rest_goes_on(flow):
    flow.home.bus.publish(ARTICLES, [Outgoing("a1", POISON), Outgoing("a2", withdrawal("a2"))])
    flow.home.bus.publish(READINGS, [Outgoing("a3", POISON)])
    flow.rest()
    found = {one.topic: one for one in quarantine.held(flow.home)}
    assert set(found) == {ARTICLES, READINGS}
    assert {(one.state, one.reason, one.message) for one in found.values()} == {("waiting", "undecodable", POISON)}
    assert (found[ARTICLES].key, found[READINGS].key) == ("a1", "a3")
    assert flow.names().count("article.withdrawn") == 1
    assert sum(flow.home.bus.ends(QUARANTINE).values()) == 2


def test_what_is_tried_again_goes_through_once_it_can_be_read_and_comes_back_if_not(flow):
    """The first was set aside by a release that could not read it, say."""
    flow.home.bus.publish(QUARANTINE, [set_aside(Incoming(ARTICLES, 1, 7, "a1", withdrawal("a1")), "undecodable")])
    flow.home.bus.publish(READINGS, [Outgoing("a2", POISON)])
    flow.rest()
    assert flow.names().count("article.withdrawn") == 0
    quarantine.retry(flow.home, [one.id for one in quarantine.held(flow.home)])
    flow.rest()
    assert flow.names().count("article.withdrawn") == 1
    states = [(one.key, one.state) for one in quarantine.held(flow.home)]
    assert sorted(states) == [("a1", "retried"), ("a2", "retried"), ("a2", "waiting")]
    causes = {r.cause for r in flow.home.ledger.read() if r.event.NAME == "message.retried"}
    assert causes == {one.id for one in quarantine.held(flow.home) if one.state == "retried"}


def test_a_reading_that_makes_no_sense_is_kept_aside_by_the_recorder(flow, monkeypatch):
    def senseless(*_):
        raise ValueError("as if its offsets lay outside of the text")

    reading = encode_message(Reading(WithdrawalFound("a1", 1, "f", "o", T0, "410"), "r/1", -1, None))
    monkeypatch.setattr("store.recorder.drafts_of", senseless)
    flow.home.bus.publish(READINGS, [Outgoing("a1", reading)])
    flow.rest()
    (one,) = quarantine.held(flow.home)
    assert (one.reason, one.topic, one.message) == ("unprocessable", READINGS, reading)


def test_one_set_aside_twice_because_the_bus_fell_silent_is_recorded_once(flow, monkeypatch):
    """The publication went through, its acknowledgement did not: the whole batch is recorded and set aside again."""
    publish = flow.home.bus.publish

    def falls_silent(topic, messages):
        publish(topic, messages)
        if topic == QUARANTINE:
            monkeypatch.setattr(flow.home.bus, "publish", publish)
            raise BusUnavailable

    flow.home.bus.publish(READINGS, [Outgoing("a1", POISON)])
    sound = encode_message(Reading(WithdrawalFound("a2", 1, "f", "o", T0, "410"), "r/1", -1, None))
    flow.home.bus.publish(READINGS, [Outgoing("a1", sound)])
    monkeypatch.setattr(flow.home.bus, "publish", falls_silent)
    with pytest.raises(BusUnavailable):
        flow.record()
    assert flow.names() == []
    flow.rest()
    assert sum(flow.home.bus.ends(QUARANTINE).values()) == 2
    assert sorted(flow.names()) == ["article.withdrawn", "message.quarantined"]


def test_the_command_shows_retries_and_drops(flow):
    def ask(*words):
        done = CliRunner().invoke(app, ["quarantine", *map(str, words), "--home", str(flow.home.path)])
        assert done.exit_code == 0, done.output
        return done.output

    flow.home.bus.publish(READINGS, [Outgoing("a1", POISON)])
    flow.rest()
    (one,) = json.loads(ask("list", "--json"))
    assert (one["topic"], one["reason"], one["state"], one["message"]) == (READINGS, "undecodable", "waiting", "/3s=")
    assert "undecodable at dateline.readings/" in ask("show", one["id"])
    assert "retried" in ask("retry", one["id"])
    flow.rest()
    (again,) = json.loads(ask("list", "--json"))
    assert again["id"] > one["id"]
    assert "dropped" in ask("drop", "--all")
    assert json.loads(ask("list", "--json")) == []
    assert {row["state"] for row in json.loads(ask("list", "--all", "--json"))} == {"retried", "dropped"}
    assert "nothing" in ask("list").lower()


def test_an_unknown_id_changes_nothing_and_says_what_to_do(flow):
    flow.home.bus.publish(READINGS, [Outgoing("a1", POISON)])
    flow.rest()
    (one,) = quarantine.held(flow.home)
    for decide in (quarantine.retry, quarantine.drop):
        with pytest.raises(UserError, match="quarantine list"):
            decide(flow.home, [one.id, 999])
    assert flow.names() == ["message.quarantined"]


def test_a_message_erased_with_its_article_can_be_dropped_and_not_retried(flow):
    flow.home.bus.publish(READINGS, [Outgoing("a1", POISON)])
    flow.rest()
    erase_articles(flow.home, ["a1"], "asked for")
    (one,) = quarantine.held(flow.home)
    assert one.message is None
    with pytest.raises(UserError, match="erased"):
        quarantine.retry(flow.home, [one.id])
    assert quarantine.drop(flow.home, [one.id])[0].state == "dropped"
