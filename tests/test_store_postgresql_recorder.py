"""What the recorder remembers in the ledger's database, the same on SQLite and PostgreSQL; and that only one records."""

import databases
import pytest
from sqlalchemy import event, select
from story_builder import OUTLETS
from test_store_postgresql import SECRET, T0, open_ledger

from store.audit import verify
from store.bus import Outgoing
from store.bus.sqlite import SqliteBus
from store.claim import Claim
from store.clock import FixedClock
from store.content import Content, Revision
from store.database import open_engine, reading, writing
from store.events import ClaimTracked
from store.keyed import Keyed
from store.ledger import Draft, Ledger
from store.messages import ARTICLES, QUARANTINE, READINGS, Reading, encode_message
from store.migrations.lines import LEDGER
from store.migrations.opening import prepare
from store.places import (
    Fenced,
    NewestReading,
    forget_rereads,
    keep_newest_reading,
    keep_tick,
    last_tick,
    move_place,
    newest_reading,
    places,
    read_places,
    request_reread,
    requested_rereads,
)
from store.reading import Findings, Mention
from store.recorder import Recorder
from store.timeline import Timeline


@pytest.fixture(params=databases.KINDS)
def url(request, tmp_path):
    with databases.fresh(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def notes(url):
    """An engine with the recorder's tables."""
    engine = open_engine(url)
    prepare(engine, LEDGER)
    yield engine
    engine.dispose()


def test_a_place_is_compared_and_set(notes):
    with writing(notes) as connection:
        move_place(connection, "bus", READINGS, 0, 0, 10)
        move_place(connection, "bus", READINGS, 1, 0, 3)
        move_place(connection, "bus", READINGS, 0, 10, 12)
    with pytest.raises(Fenced), writing(notes) as connection:  # noqa: PT012 - as above
        move_place(connection, "bus", READINGS, 1, 3, 5)
        move_place(connection, "bus", READINGS, 0, 10, 14)
    with reading(notes) as connection:
        assert read_places(connection, "bus", READINGS) == {0: 12, 1: 3}
        assert read_places(connection, "another bus", READINGS) == {}


def test_newest_readings_and_ticks_are_replaced(notes):
    with writing(notes) as connection:
        for reader in ("r/1", "r/2"):
            keep_newest_reading(connection, "a", NewestReading(2, 7, reader))
            keep_tick(connection, "deadlines", 1_694_000_000_000_000)
        assert newest_reading(connection, "a") == NewestReading(2, 7, "r/2")
        assert newest_reading(connection, "b") is None
        assert last_tick(connection, "deadlines") == 1_694_000_000_000_000


def test_rereads_asked_for_twice_are_one_and_those_that_grew_are_kept(notes):
    with writing(notes) as connection:
        request_reread(connection, {"a": frozenset({"x"}), "b": frozenset({"x"})})
        asked = requested_rereads(connection, 10)
        request_reread(connection, {"a": frozenset({"y"})})
        forget_rereads(connection, asked)
        assert requested_rereads(connection, 10) == {"a": ("x", "y")}


class Desk:
    """Ledger, content and recorders over one database; the bus is a file."""

    def __init__(self, url, folder):
        self.keyed, self.clock = Keyed(SECRET), FixedClock(T0)
        self.url, self.bus = url, SqliteBus(folder / "bus.db")
        for topic in (ARTICLES, READINGS, QUARANTINE):
            self.bus.ensure(topic, 2)
        self.ledger, self.timeline = open_ledger(url)
        self.content = Content(self.ledger.engine)

    def recorder(self):
        timeline = Timeline(key=OUTLETS.key)
        ledger = Ledger(open_engine(self.url), secret=SECRET, clock=self.clock, projectors=[timeline])
        return Recorder(
            ledger=ledger, timeline=timeline, content=Content(ledger.engine), bus=self.bus, keyed=self.keyed, clock=self.clock
        )

    def publish(self, article, claims_at):
        source = self.content.add_revision(
            Revision(
                article=article, revision=1, rendition="x/1", feed="f", outlet="o.example", outlet_name="The O",
                url=f"https://o.example/{article}", title="Mill to close", body="The mill will close in June.", byline=None,
                language="en", seen_at=T0, occurred_at=T0, occurred_basis="claimed", claimed_at=T0, page=b"<html>",
            )
        )  # fmt: skip
        mention = Mention("mill-closes", 15, 42, "", "affirms")
        found = Findings("read", (mention,), (), b"\x01\x02" * 64, "en")
        self.bus.publish(READINGS, [Outgoing(article, encode_message(Reading(source, "r/1", claims_at, found)))])


def test_of_two_recorders_one_records_and_the_other_is_fenced_off(url, tmp_path):
    desk = Desk(url, tmp_path)
    claim = Claim("mill-closes", "The mill closes in June.", "mill")
    at = desk.ledger.append([Draft(ClaimTracked(claim), "claim/mill-closes", T0)], actor="test")[-1].position
    slow, quick = desk.recorder(), desk.recorder()
    slow.step(timeout=0)
    for n in range(6):
        desk.publish(f"a{n}", at)
        first, second = (slow, quick) if n % 2 else (quick, slow)
        first.step(timeout=0.2)
        second.step(timeout=0)
    while slow.step(timeout=0) + quick.step(timeout=0):
        pass
    names = [recorded.event.NAME for recorded in desk.ledger.read()]
    assert names.count("article.published") == names.count("mention.recorded") == 6
    assert slow.lag() == quick.lag() == 0
    assert verify(desk.ledger, desk.timeline).faults == ()


def test_events_and_place_are_written_together_or_not_at_all(url, tmp_path):
    """The connection dies at the commit: neither the events nor the place are there, and the next try writes both."""
    desk = Desk(url, tmp_path)
    desk.ledger.append([Draft(ClaimTracked(Claim("mill-closes", "It closes.", "mill")), "claim/mill-closes", T0)], actor="test")
    desk.publish("a1", 0)
    recorder = desk.recorder()

    def die(_connection):
        raise ConnectionResetError

    event.listen(recorder._ledger.engine, "commit", die)
    with pytest.raises(ConnectionResetError):
        recorder.step(timeout=0.2)
    with reading(desk.ledger.engine) as connection:
        assert connection.execute(select(places)).all() == []
    assert desk.ledger.size() == 1
    again = desk.recorder()
    again.step(timeout=0.2)
    assert [r.event.NAME for r in desk.ledger.read()].count("article.published") == 1
    assert again.lag() == 0
