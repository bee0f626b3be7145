"""The store's contract, the same on SQLite and PostgreSQL: order, idempotence, one effect, whoever writes or is killed."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta

import databases
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event, select, text
from sqlalchemy.exc import SQLAlchemyError
from story_builder import CLAIMS, ENTITIES, OUTLETS, stories

from store import events as ev
from store import proofs
from store.audit import verify
from store.bus import Outgoing
from store.bus.sqlite import SqliteBus
from store.claim import Claim
from store.clock import FixedClock
from store.content import Content, Revision
from store.database import create_tables, open_engine, reading, writing
from store.events import ArticlePublished, ArticleText, ClaimTracked, ReaderDeployed
from store.keyed import Keyed
from store.ledger import Draft, Ledger
from store.merkle import verify_consistency, verify_inclusion
from store.messages import ARTICLES, READINGS, Reading, encode_message
from store.places import (
    Fenced,
    NewestReading,
    forget_rereads,
    keep_newest_reading,
    keep_tick,
    last_tick,
    metadata,
    move_place,
    newest_reading,
    places,
    read_places,
    request_reread,
    requested_rereads,
)
from store.reading import Findings, Mention
from store.recorder import Recorder
from store.replay import rebuild
from store.tables import events
from store.timeline import Timeline

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
SECRET = b"s" * 32
PATIENCE = 60
_spawn = multiprocessing.get_context("spawn")


@pytest.fixture(params=databases.KINDS)
def url(request, tmp_path):
    with databases.fresh(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def server(tmp_path):
    """PostgreSQL alone, for what SQLite has no counterpart of."""
    with databases.fresh("postgresql", tmp_path) as found:
        yield found


def open_ledger(url, clock=None):
    timeline = Timeline(key=OUTLETS.key)
    ledger = Ledger(open_engine(url), secret=SECRET, clock=clock or FixedClock(T0), projectors=[timeline])
    return ledger, timeline


@pytest.fixture
def place(url):
    ledger, timeline = open_ledger(url)
    yield ledger, timeline
    ledger.engine.dispose()


def published(article, title="A title"):
    words = ArticleText(f"https://a.example/{article}", title)
    event = ArticlePublished(article, "f1", "o1", T0, T0, "claimed", "en", "x/1", None, "c0", "read", text=words)
    return Draft(event, f"article/{article}", T0, (article,), key=f"article:{article}:1")


def deployed(n):
    return Draft(ReaderDeployed(f"r{n}", {}), "log", T0 + timedelta(seconds=n))


# --- the ledger --------------------------------------------------------------------------------------


def test_what_is_appended_is_read_back_whole_in_order_with_dense_positions(place):
    ledger, timeline = place
    awkward = "Ünïcode \u202e \N{GRINNING FACE} '%s' \"q\" \\x00 {}"
    recorded = ledger.append([published("a", awkward), deployed(1)], actor="test")
    recorded += ledger.append([deployed(2)], actor="te'st")
    assert list(ledger.read()) == recorded
    assert [(r.position, r.stream, r.stream_version) for r in recorded] == [(0, "article/a", 0), (1, "log", 0), (2, "log", 1)]
    assert recorded[0].event.text.title == awkward
    assert verify(ledger, timeline).faults == ()


def test_a_key_has_its_effect_once_across_batches_and_within_one(place, url):
    ledger, _ = place
    assert len(ledger.append([published("a"), published("a"), published("b")], actor="test")) == 2
    assert ledger.append([published("a")], actor="test") == []
    again, _ = open_ledger(url)
    assert [r.stream for r in again.append([published("b"), published("c")], actor="test")] == ["article/c"]
    again.engine.dispose()


def test_recorded_at_never_goes_back_and_as_known_is_a_prefix(url):
    clock = FixedClock(T0)
    ledger, _ = open_ledger(url, clock)
    for hours in (0, 3, -5, 8):
        clock.set(T0 + timedelta(hours=hours))
        ledger.append([deployed(hours)] * 2, actor="test")
    hours = [(r.recorded_at - T0) // timedelta(hours=1) for r in ledger.read()]
    assert hours == [0, 0, 3, 3, 3, 3, 8, 8]
    assert [ledger.size_as_known(T0 + timedelta(hours=h)) for h in (-1, 0, 3, 7, 8)] == [0, 2, 6, 6, 8]
    ledger.engine.dispose()


def test_a_failed_transaction_leaves_nothing_and_versions_go_on(place):
    ledger, timeline = place
    ledger.append([deployed(0)], actor="test")
    with pytest.raises(RuntimeError), ledger.writing("test") as write:  # noqa: PT012 - it is the second line that raises
        write.append([deployed(1), published("a")])
        raise RuntimeError
    recorded = ledger.append([deployed(2), published("a")], actor="test")
    assert [(r.position, r.stream_version) for r in recorded] == [(1, 1), (2, 0)]
    assert verify(ledger, timeline).faults == ()


def test_a_reader_sees_one_state_while_others_append(place, url):
    ledger, _ = place
    ledger.append([deployed(0)], actor="test")
    other, _ = open_ledger(url)
    count = select(text("count(*)")).select_from(events)
    with reading(ledger.engine) as connection:
        before = connection.execute(count).scalar_one()
        other.append([deployed(1)], actor="test")
        assert connection.execute(count).scalar_one() == before == 1
    assert ledger.size() == 2
    other.engine.dispose()


def test_thousands_of_events_in_one_transaction_and_proofs_over_them(place):
    ledger, timeline = place
    for start in range(0, 3_000, 1_500):
        ledger.append([d for n in range(start, start + 750) for d in (published(f"a{n}"), deployed(n))], actor="test")
    size, root = proofs.root(ledger.engine)
    assert size == ledger.size() == 3_000
    for position in (0, 255, 1_499, 2_999):
        proof = proofs.prove_inclusion(ledger.engine, position, size)
        (row,) = ledger.stored(position, stop=position + 1)
        assert verify_inclusion(bytes(row.leaf), position, size, proof, root)
    assert verify(ledger, timeline).root == root
    old = 1_500
    proof = proofs.prove_consistency(ledger.engine, old, size)
    assert verify_consistency(old, size, proof, _root_of(ledger, old), root)


def _root_of(ledger, size):
    from store.merkle import Frontier

    frontier = Frontier()
    for row in ledger.stored(0, stop=size):
        frontier.append(bytes(row.leaf))
    return frontier.root()


def test_the_audit_finds_what_was_changed(place):
    ledger, timeline = place
    ledger.append([published(f"a{n}") for n in range(20)], actor="test")
    with writing(ledger.engine) as connection:
        connection.execute(events.update().where(events.c.position == 7).values(actor="nobody"))
    assert verify(ledger, timeline).first_bad_position == 7


def test_the_read_tables_rebuilt_are_the_read_tables(place):
    ledger, timeline = place
    ledger.append([published(f"a{n}") for n in range(50)], actor="test")
    assert rebuild(ledger, timeline).equal
    with writing(ledger.engine) as connection:
        connection.execute(timeline.tables.articles.delete())
    assert not rebuild(ledger, timeline).equal
    assert rebuild(ledger, timeline).equal


# --- many writers, killed writers --------------------------------------------------------------------


def _append_many(url, name, count, shared):
    ledger, _ = open_ledger(url)
    for n in range(count):
        ledger.append([published(f"{name}-{n}"), deployed(n), published(f"{shared}-{n}")], actor=name)


def test_writers_at_once_leave_no_gap_and_no_duplicate_even_of_one_key(url):
    """Each of four writers has articles of its own, and all four bring the same ones as well."""
    open_ledger(url)[0].engine.dispose()
    writers = [_spawn.Process(target=_append_many, args=(url, f"w{i}", 20, "shared")) for i in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(PATIENCE)
    assert [writer.exitcode for writer in writers] == [0] * 4
    ledger, timeline = open_ledger(url)
    recorded = list(ledger.read())
    assert [r.position for r in recorded] == list(range(4 * 40 + 20))
    articles = [r.event.article for r in recorded if isinstance(r.event, ArticlePublished)]
    assert len(articles) == len(set(articles)) == 4 * 20 + 20
    assert verify(ledger, timeline).faults == ()
    ledger.engine.dispose()


def _append_and_hang(url, ready):
    """Appends, and keeps the transaction open until killed."""
    ledger, _ = open_ledger(url)
    with ledger.writing("doomed") as write:
        write.append([published("doomed"), deployed(1)])
        ready.send(True)
        ready.recv()


def test_a_writer_killed_before_its_commit_leaves_nothing_and_holds_up_nobody(url):
    ledger, timeline = open_ledger(url)
    ledger.append([deployed(0)], actor="test")
    here, there = _spawn.Pipe()
    for _ in range(3):
        writer = _spawn.Process(target=_append_and_hang, args=(url, there))
        writer.start()
        assert here.poll(PATIENCE)
        here.recv()
        os.kill(writer.pid, signal.SIGKILL)
        writer.join(PATIENCE)
        ledger.append([deployed(1), published("doomed")], actor="test")
    recorded = list(ledger.read())
    assert [r.position for r in recorded] == list(range(len(recorded)))
    assert [r.actor for r in recorded] == ["test"] * len(recorded)
    assert sum(isinstance(r.event, ArticlePublished) for r in recorded) == 1
    assert verify(ledger, timeline).faults == ()
    ledger.engine.dispose()


def _append_until_killed(url, name):
    ledger, _ = open_ledger(url)
    n = 0
    while True:
        ledger.append([published(f"{name}-{n}"), deployed(n)] * 3, actor=name)
        n += 1


def test_writers_killed_at_any_moment_leave_a_ledger_that_verifies(url):
    ledger, timeline = open_ledger(url)
    size = 0
    for round_ in range(3):
        writers = [_spawn.Process(target=_append_until_killed, args=(url, f"r{round_}w{i}")) for i in range(2)]
        for writer in writers:
            writer.start()
        wanted = size + 40
        while ledger.size() < wanted:  # both are at it
            assert all(writer.is_alive() for writer in writers)
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            writer.join(PATIENCE)
        size = ledger.size()
    ledger.append([deployed(0)], actor="test")
    assert [r.position for r in ledger.read()] == list(range(size + 1))
    assert verify(ledger, timeline).faults == ()
    ledger.engine.dispose()


def _open_everything(url, barrier):
    engine = open_engine(url)
    barrier.wait(PATIENCE)
    Ledger(engine, secret=SECRET, clock=FixedClock(T0), projectors=[Timeline()])
    Content(engine)
    with writing(engine) as connection:
        create_tables(connection, metadata)


def test_any_number_of_processes_may_start_on_an_empty_database_at_once(url):
    barrier = _spawn.Barrier(4)
    starting = [_spawn.Process(target=_open_everything, args=(url, barrier)) for _ in range(4)]
    for process in starting:
        process.start()
    for process in starting:
        process.join(PATIENCE)
    assert [process.exitcode for process in starting] == [0] * 4


def test_a_connection_that_the_server_ended_is_replaced(server):
    """What a restart of PostgreSQL does to connections that lie idle in the pool."""
    ledger, _ = open_ledger(server)
    ledger.append([deployed(0)], actor="test")
    with reading(ledger.engine) as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    killer = open_engine(server)
    with writing(killer) as connection:
        assert connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid})").scalar_one()
    killer.dispose()
    ledger.append([deployed(1)], actor="test")
    assert ledger.size() == 2
    ledger.engine.dispose()


def test_a_reading_transaction_cannot_write(server):
    """Of PostgreSQL, where a reader may turn writer at any time; SQLite's are kept apart by `BEGIN IMMEDIATE`."""
    ledger, _ = open_ledger(server)
    with reading(ledger.engine) as connection, pytest.raises(SQLAlchemyError, match="read-only"):
        connection.execute(events.delete())
    ledger.engine.dispose()


# --- what the recorder remembers ---------------------------------------------------------------------


@pytest.fixture
def notes(url):
    """An engine with the recorder's tables."""
    engine = open_engine(url)
    with writing(engine) as connection:
        create_tables(connection, metadata)
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
        for topic in (ARTICLES, READINGS):
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


# --- one answer from both databases ------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A timeline's tables on either database."""
    folder = tmp_path_factory.mktemp("both")
    with databases.fresh("sqlite", folder) as one, databases.fresh("postgresql", folder) as other:
        engines = open_engine(one), open_engine(other)
        yield engines
        for engine in engines:
            engine.dispose()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=stories())
def test_the_same_events_give_the_same_digest_and_the_same_story_on_both(both, told):
    answers = []
    for engine in both:
        timeline = Timeline(key=OUTLETS.key)
        with writing(engine) as connection:
            create_tables(connection, timeline.metadata)
            timeline.clear(connection)
            timeline.apply(connection, _facts(told))
        with reading(engine) as connection:
            answers.append((timeline.digest(connection), timeline.story(connection, None, T0 + timedelta(days=9_000))))
    assert answers[0] == answers[1]


class _Fact:
    cause = None

    def __init__(self, position, occurred_at, happened):
        self.position, self.occurred_at, self.recorded_at, self.event = position, occurred_at, T0, happened


def _facts(told):
    made = [(T0, ev.EntityDefined(entity)) for entity in ENTITIES]
    made += [(T0, ClaimTracked(claim)) for claim in CLAIMS.claims]
    for evidence in told:
        made.append((evidence.occurred_at, evidence.mention))
        if evidence.ended_at is not None:
            mention = evidence.mention
            gone = ev.MentionWithdrawn(mention.mention, mention.article, mention.claim, "revised")
            made.append((evidence.ended_at, gone))
    return [_Fact(position, at, happened) for position, (at, happened) in enumerate(made)]
