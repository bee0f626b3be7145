"""The ledger: dense positions, one effect per key, proofs that hold, and an audit that finds every change."""

import multiprocessing
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import proofs
from store.audit import verify
from store.clock import FixedClock
from store.database import open_engine, reading
from store.events import ArticlePublished, ArticleText, MentionWithdrawn, ReaderDeployed
from store.ledger import Draft, Ledger, LedgerGap, NewerLedger
from store.merkle import Frontier, range_hash, verify_consistency, verify_inclusion
from store.timeline import Timeline

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
SECRET = b"s" * 32


def published(article, title="A title"):
    event = ArticlePublished(
        article, "f1", "o1", T0, T0, "claimed", "en", "x/1", None, "c0", "read", text=ArticleText("https://a.example/1", title)
    )
    return Draft(event, f"article/{article}", T0, (article,), key=f"article:{article}:1")


def deployed(n):
    return Draft(ReaderDeployed(f"r{n}", {}), "log", T0 + timedelta(seconds=n))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def open_ledger(path, clock=None):
    timeline = Timeline()
    ledger = Ledger(open_engine(f"sqlite:///{path}"), secret=SECRET, clock=clock or FixedClock(T0), projectors=[timeline])
    return ledger, timeline


def test_what_is_appended_is_read_back_in_order_with_dense_positions(path):
    ledger, _ = open_ledger(path)
    first = ledger.append([published("a"), deployed(1)], actor="test")
    second = ledger.append([deployed(2)], actor="test")
    read = list(ledger.read())
    assert [r.position for r in read] == [0, 1, 2]
    assert read == first + second
    assert [(r.stream, r.stream_version) for r in read] == [("article/a", 0), ("log", 0), ("log", 1)]


def test_a_key_has_its_effect_once_across_batches_and_within_one(path):
    ledger, _ = open_ledger(path)
    assert len(ledger.append([published("a"), published("a"), published("b")], actor="test")) == 2
    assert ledger.append([published("a")], actor="test") == []
    again, _ = open_ledger(path)
    assert again.append([published("b")], actor="test") == []
    assert again.size() == 2


def test_keys_are_kept_hashed(path):
    ledger, _ = open_ledger(path)
    ledger.append([published("a")], actor="test")
    ledger.engine.dispose()
    assert b"article:a:1" not in path.read_bytes()


def test_recorded_at_never_goes_back_even_if_the_clock_does(path):
    clock = FixedClock(T0)
    ledger, _ = open_ledger(path, clock)
    ledger.append([deployed(1)], actor="test")
    clock.set(T0 - timedelta(days=1))
    ledger.append([deployed(2)], actor="test")
    assert [r.recorded_at for r in ledger.read()] == [T0, T0]


def test_as_known_is_a_prefix(path):
    clock = FixedClock(T0)
    ledger, _ = open_ledger(path, clock)
    for n in range(10):
        clock.set(T0 + timedelta(hours=n))
        ledger.append([deployed(n)] * 3, actor="test")
    assert ledger.size_as_known(T0 - timedelta(seconds=1)) == 0
    assert ledger.size_as_known(T0) == 3
    assert ledger.size_as_known(T0 + timedelta(hours=4, minutes=30)) == 15
    assert ledger.size_as_known(T0 + timedelta(days=9)) == 30


def test_a_failed_transaction_leaves_nothing_and_versions_go_on(path):
    ledger, _ = open_ledger(path)
    ledger.append([deployed(0)], actor="test")
    with pytest.raises(ZeroDivisionError), ledger.writing("test") as write:
        write.append([deployed(1)]) and 1 / 0
    (recorded,) = ledger.append([deployed(2)], actor="test")
    assert (recorded.position, recorded.stream_version) == (1, 1)


def test_a_reader_stops_at_a_hole(path):
    ledger, _ = open_ledger(path)
    ledger.append([deployed(n) for n in range(5)], actor="test")
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM events WHERE position = 2")
    with pytest.raises(LedgerGap) as gap:
        list(ledger.read())
    assert (gap.value.expected, gap.value.found) == (2, 3)


def test_a_truncated_ledger_is_a_hole_at_its_end(path):
    ledger, _ = open_ledger(path)
    ledger.append([deployed(n) for n in range(5)], actor="test")
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM events WHERE position >= 3")
    with pytest.raises(LedgerGap):
        list(ledger.read())


def test_a_ledger_of_a_newer_release_is_refused_with_a_clear_message(path):
    open_ledger(path)[0].engine.dispose()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE head SET format = 99")
    with pytest.raises(NewerLedger, match="newer Dateline"):
        open_ledger(path)


def test_proofs_hold_across_the_kept_level(path):
    ledger, _ = open_ledger(path)
    for start in range(0, 1100, 100):
        ledger.append([deployed(n) for n in range(start, start + 100)], actor="test")
    size, root = proofs.root(ledger.engine)
    rows = list(ledger.stored())
    frontier = Frontier()
    for row in rows:
        frontier.append(row.leaf)
    assert (size, root) == (1100, frontier.root())
    for position in (0, 255, 256, 511, 777, 1099):
        proof = proofs.prove_inclusion(ledger.engine, position, size)
        assert verify_inclusion(rows[position].leaf, position, size, proof, root)
    with reading(ledger.engine) as connection:
        nodes = proofs.nodes(connection)
        for old in (1, 256, 300, 1024, 1099):
            proof = proofs.prove_consistency(ledger.engine, old, size)
            assert verify_consistency(old, size, proof, range_hash(0, old, nodes), root)


def _append_many(path, name, count):
    ledger, _ = open_ledger(path)
    for n in range(count):
        ledger.append([published(f"{name}-{n}"), deployed(n)], actor=name)


def test_concurrent_writers_leave_no_gap_and_no_duplicate(path):
    open_ledger(path)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(path, f"w{i}", 25)) for i in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ledger, timeline = open_ledger(path)
    assert [r.position for r in ledger.read()] == list(range(200))
    assert verify(ledger, timeline).faults == ()


# --- the audit ---------------------------------------------------------------------------------------


@pytest.fixture
def filled(path):
    ledger, timeline = open_ledger(path)
    for start in range(0, 600, 60):
        ledger.append(
            [d for n in range(start, start + 60) for d in (published(f"a{n}"), deployed(n))][:60], actor="test"
        )
    assert verify(ledger, timeline).faults == ()
    return ledger, timeline


TAMPERINGS = {
    "a fact": ("UPDATE events SET facts = replace(facts, 'o1', 'o2') WHERE position = 40", 40),
    "an actor": ("UPDATE events SET actor = 'nobody' WHERE position = 41", 41),
    "a time": ("UPDATE events SET occurred_at = occurred_at + 1 WHERE position = 42", 42),
    "a salt": ("UPDATE events SET salt = zeroblob(32) WHERE position = 43", 43),
    "a leaf": ("UPDATE events SET leaf = zeroblob(32) WHERE position = 44", 44),
    "a text": ("UPDATE texts SET text = replace(text, 'title', 'tilte') WHERE position = 46", 46),
    "a text taken away": ("DELETE FROM texts WHERE position = 48", 48),
    "an event dropped": ("DELETE FROM events WHERE position = 50", 50),
    "the end cut off": ("DELETE FROM events WHERE position >= 590", 590),
    "a version": ("UPDATE events SET stream_version = 900 WHERE position = 51", 51),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_the_audit_names_the_first_position_that_was_tampered_with(filled, path, what):
    ledger, timeline = filled
    statement, position = TAMPERINGS[what]
    with sqlite3.connect(path) as raw:
        assert raw.execute(statement).rowcount >= 1
    verdict = verify(ledger, timeline)
    assert verdict.first_bad_position == position, verdict.faults[:3]


def test_the_audit_finds_a_forged_event_with_a_matching_leaf(filled, path):
    """Whoever recomputes one leaf has to recompute the root as well; the head then disagrees."""
    ledger, timeline = filled
    row = next(ledger.stored(100, stop=101))._replace(actor="forger")
    from store.ledger import leaf_of_stored

    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE events SET actor = 'forger', leaf = ? WHERE position = 100", (leaf_of_stored(row, ledger.log),))
    faults = verify(ledger, timeline).faults
    assert any("root" in fault.what for fault in faults)


def test_the_audit_finds_read_tables_that_do_not_follow(filled, path):
    ledger, timeline = filled
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE read_articles SET outlet = 'x' WHERE position = 0")
    assert any("read tables" in fault.what for fault in verify(ledger, timeline).faults)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_of_any_event_is_found(filled, path, data):
    ledger, timeline = filled
    position = data.draw(st.integers(0, 599))
    column = data.draw(st.sampled_from(["facts", "salt", "leaf"]))
    with sqlite3.connect(path) as raw:
        (original,) = raw.execute(f"SELECT {column} FROM events WHERE position = ?", (position,)).fetchone()
        at = data.draw(st.integers(0, len(original) - 1))
        changed = bytearray(original)
        changed[at] ^= 1 << data.draw(st.integers(0, 7))
        raw.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (bytes(changed), position))
    try:
        assert verify(ledger, timeline).first_bad_position == position
    finally:
        with sqlite3.connect(path) as raw:
            raw.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (original, position))


def test_withdrawals_of_unknown_mentions_are_recorded_all_the_same(path):
    ledger, timeline = open_ledger(path)
    ledger.append([Draft(MentionWithdrawn("m", "a", "c", "reread"), "article/a", T0)], actor="test")
    assert verify(ledger, timeline).faults == ()
