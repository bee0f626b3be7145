"""The store's contract, the same on SQLite and PostgreSQL: order, idempotence, one effect, whoever writes or is killed."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta

import databases
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from story_builder import CLAIMS, ENTITIES, OUTLETS, stories

from store import events as ev
from store import proofs
from store.audit import verify
from store.clock import FixedClock
from store.content import Content
from store.database import open_engine, reading, writing
from store.events import ArticlePublished, ArticleText, ClaimTracked, ReaderDeployed
from store.ledger import Draft, Ledger
from store.merkle import verify_consistency, verify_inclusion
from store.migrations.lines import LEDGER
from store.migrations.opening import prepare
from store.replay import rebuild
from store.tables import bulk_insert, events, texts
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


def test_versions_go_on_whatever_a_stream_is_called_and_whoever_appends(place, url):
    ledger, _ = place
    names = ["plain", "it's", 'a "quoted" {one,two}', "NULL", "\\back", "Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n", "a,b", ""]
    for _ in range(2):
        ledger.append([deployed(n)._replace(stream=name) for n, name in enumerate(names)], actor="test")
    other, _ = open_ledger(url)
    recorded = other.append([deployed(n)._replace(stream=name) for n, name in enumerate([*names, "new"])], actor="test")
    assert [(r.stream, r.stream_version) for r in recorded] == [*((name, 2) for name in names), ("new", 0)]
    other.engine.dispose()


def test_an_event_that_cannot_be_written_undoes_those_before_it_in_its_batch(place):
    """It is found out while the rows before it are on their way to the server."""
    ledger, timeline = place
    naive = deployed(7)._replace(occurred_at=datetime(2023, 9, 4, 9, 0))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="time zone"):
        ledger.append([deployed(0), published("a"), naive], actor="test")
    assert ledger.size() == 0
    assert [r.position for r in ledger.append([deployed(0), published("a")], actor="test")] == [0, 1]
    assert verify(ledger, timeline).faults == ()


def test_a_row_that_is_there_already_is_refused_alike(place):
    ledger, _ = place
    with pytest.raises(IntegrityError), writing(ledger.engine) as connection:
        bulk_insert(connection, texts, [(n % 2, b"{}", b"") for n in range(3)])
    with reading(ledger.engine) as connection:
        assert connection.execute(select(texts)).all() == []


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


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=stories())
def test_the_same_events_give_the_same_digest_and_the_same_story_on_both(both, told):
    answers = []
    for engine in both:
        timeline = Timeline(key=OUTLETS.key)
        prepare(engine, LEDGER)
        with writing(engine) as connection:
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
