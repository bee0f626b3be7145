"""The audit finds and locates every change: thousands of random ones, and each way to falsify a history as a whole."""

import os
import random
import sqlite3
from pathlib import Path

import pytest
from test_store_ledger import T0, deployed, open_ledger, published

from store.audit import verify
from store.checkpoint import Checkpoint, sign
from store.clock import FixedClock
from store.content import Content, Revision
from store.database import open_engine, open_scratch, writing
from store.events import ArticlePublished, ArticleText
from store.ledger import Draft, leaf_of_stored
from store.merkle import Frontier
from store.notes import Signer
from store.tables import KEPT_LEVEL

SIGNER = Signer("dateline/test", bytes(range(32)))
TABLES = {"events": "position", "texts": "position", "tree": "level", "head": "one"}


class Victim:
    """A ledger that is tampered with again and again: every change goes to the file, and is undone through it."""

    def __init__(self, path, events):
        self.ledger, self.timeline = open_ledger(path, FixedClock(T0))
        for start in range(0, events, 20):
            drafts = [d for n in range(start, start + 10) for d in (published(f"a{n}"), deployed(n))]
            self.ledger.append(drafts, actor="test")
        sign(self.ledger, SIGNER, T0)
        self.size = self.ledger.size()
        self.raw = sqlite3.connect(path, isolation_level=None)
        self.raw.execute("PRAGMA synchronous=OFF")
        self.kept = {table: self.raw.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
        assert self.verdict().faults == ()

    def verdict(self):
        return verify(self.ledger, None, keys=[SIGNER.verifier])

    def columns(self, table):
        return [row[1] for row in self.raw.execute(f"PRAGMA table_info({table})")]

    def restore(self):
        self.raw.execute("BEGIN")
        for table, rows in self.kept.items():
            self.raw.execute(f"DELETE FROM {table}")
            if rows:
                self.raw.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        self.raw.execute("COMMIT")


@pytest.fixture(scope="module")
def victim(tmp_path_factory):
    return Victim(tmp_path_factory.mktemp("audit") / "l.db", 40)


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """Large enough to have subtrees that are kept."""
    return Victim(tmp_path_factory.mktemp("audit") / "l.db", 540)


def flip(rng, value):
    """The value with one bit changed: of its bytes, its UTF-8, or its 64 bits."""
    if isinstance(value, int):
        changed = (value ^ (1 << rng.randrange(64))) & 0xFFFF_FFFF_FFFF_FFFF
        return changed - (1 << 64) if changed >> 63 else changed
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    if not raw:
        return b"\x01"
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw)


def flip_somewhere(rng, victim, table):
    """Changes one bit of one value of the table. The positions that it concerns, or None if SQLite refused it."""
    names = victim.columns(table)
    row = rng.choice(victim.kept[table])
    at = rng.randrange(len(names))
    old = row[at]
    empty = 0 if names[at] == "cause" else b"\x00"
    new = empty if old is None else flip(rng, old)
    where = " AND ".join(f'"{name}" IS ?' for name in names[:2]) if table == "tree" else f'"{TABLES[table]}" = ?'
    key = row[:2] if table == "tree" else row[:1]
    mark = "CAST(? AS TEXT)" if isinstance(old, str) else "?"
    try:
        victim.raw.execute(f'UPDATE {table} SET "{names[at]}" = {mark} WHERE {where}', (new, *key))
    except sqlite3.IntegrityError:
        return None
    if table == "tree":
        level, index = (new if names[at] == name else value for name, value in zip(names, row[:2], strict=False))
        return {row[1] << row[0], index << level if 0 <= level < 64 else None}
    return {row[0], new} if names[at] == "position" else {row[0]}


@pytest.mark.parametrize("table", ["events", "texts"])
def test_any_flipped_bit_is_found_and_located(victim, table):
    """1500 cases a table, every column and every kind of value among them."""
    rng, found = random.Random(table), 0
    for _ in range(1_500):
        victim.restore()
        touched = flip_somewhere(rng, victim, table)
        if touched is None:
            continue
        verdict = victim.verdict()
        assert verdict.faults, f"not found: {table} {touched}"
        assert verdict.first_bad_position in touched | {min(touched) + 1}, (touched, verdict.faults[:3])
        found += 1
    assert found >= 1_350


@pytest.mark.parametrize("table", ["head", "tree"])
def test_any_flipped_bit_beside_the_events_is_found(larger, table):
    rng = random.Random(table)
    found = 0
    for _ in range(80):
        larger.restore()
        touched = flip_somewhere(rng, larger, table)
        if touched is None:
            continue
        verdict = larger.verdict()
        assert verdict.faults, f"not found: {table} {touched}"
        if table == "tree":
            assert verdict.first_bad_position in touched, (touched, verdict.faults[:3])
        found += 1
    assert found >= 60


def swap(rng, victim):
    """Two events change places, everything in them included."""
    one, two = sorted(rng.sample(range(victim.size), 2))
    for frm, to in ((one, -7), (two, one), (-7, two)):
        victim.raw.execute("UPDATE events SET position = ? WHERE position = ?", (to, frm))
        victim.raw.execute("UPDATE texts SET position = ? WHERE position = ?", (to, frm))
    return one


def swap_texts(rng, victim):
    one, two = sorted(rng.sample(range(0, 40, 2), 2))
    for frm, to in ((one, -7), (two, one), (-7, two)):
        victim.raw.execute("UPDATE texts SET position = ? WHERE position = ?", (to, frm))
    return one


def drop_range(rng, victim):
    start = rng.randrange(victim.size)
    stop = rng.randrange(start, victim.size) + 1
    victim.raw.execute("DELETE FROM events WHERE position >= ? AND position < ?", (start, stop))
    if rng.random() < 0.5:
        victim.raw.execute("DELETE FROM texts WHERE position >= ? AND position < ?", (start, stop))
    return start


def drop_text(rng, victim):
    position = rng.randrange(0, 40, 2)
    victim.raw.execute("DELETE FROM texts WHERE position = ?", (position,))
    return position


def insert_copy(rng, victim):
    """A copy of one event is put before, among (all others move up) or after the events."""
    source, where = rng.randrange(victim.size), rng.choice([-1, victim.size, victim.size + 5, rng.randrange(victim.size)])
    names = ", ".join(f'"{name}"' for name in victim.columns("events")[1:] if name != "stream")
    if 0 <= where < victim.size:
        for position in range(victim.size - 1, where - 1, -1):
            victim.raw.execute("UPDATE events SET position = position + 1 WHERE position = ?", (position,))
            victim.raw.execute("UPDATE texts SET position = position + 1 WHERE position = ?", (position,))
        source += source >= where
    victim.raw.execute(
        f"INSERT INTO events (position, stream, {names}) SELECT ?, 'forged', {names} FROM events WHERE position = ?",
        (where, source),
    )
    return min(where, victim.size)


def insert_text(rng, victim):
    position = rng.choice([-3, victim.size + 2, rng.randrange(1, 40, 2)])
    victim.raw.execute("INSERT INTO texts VALUES (?, ?, ?)", (position, b"{}", bytes(32)))
    return position


def overwrite_range(rng, victim):
    start = rng.randrange(victim.size)
    stop = rng.randrange(start, victim.size) + 1
    column = rng.choice(["salt", "leaf", "facts"])
    victim.raw.execute(f"UPDATE events SET {column} = zeroblob(32) WHERE position >= ? AND position < ?", (start, stop))
    return start


def change_type(rng, victim):
    position = rng.randrange(victim.size)
    column = rng.choice(["stream", "actor", "facts", "leaf", "name"])
    victim.raw.execute(f"UPDATE events SET {column} = CAST({column} AS BLOB) || x'00' WHERE position = ?", (position,))
    return position


CHANGES = (swap, swap_texts, drop_range, drop_text, insert_copy, insert_text, overwrite_range, change_type)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_any_row_swapped_dropped_inserted_or_overwritten_is_found_and_located(victim, change):
    rng = random.Random(change.__name__)
    for _ in range(250):
        victim.restore()
        where = change(rng, victim)
        verdict = victim.verdict()
        assert verdict.first_bad_position == where, (change.__name__, where, verdict.faults[:3])


# --- a history as a whole ----------------------------------------------------------------------------


def forge(path, position, **columns):
    """Changes an event as somebody would who knows the format: leaves, root, head and kept subtrees all follow."""
    ledger, _ = open_ledger(path)
    rows = list(ledger.stored())
    rows[position] = rows[position]._replace(**columns)
    rows[position] = rows[position]._replace(leaf=leaf_of_stored(rows[position], ledger.log))
    frontier = Frontier()
    nodes = [node for row in rows for node in frontier.append(row.leaf)]
    with sqlite3.connect(path) as raw:
        for name in (*columns, "leaf"):
            raw.execute(f"UPDATE events SET {name} = ? WHERE position = ?", (getattr(rows[position], name), position))
        raw.execute("UPDATE head SET frontier = ?", (frontier.to_bytes(),))
        raw.execute("DELETE FROM tree")
        raw.executemany("INSERT INTO tree VALUES (?, ?, ?)", [node for node in nodes if node[0] >= KEPT_LEVEL])


def test_a_history_forged_throughout_is_found_by_the_checkpoint_within_it(tmp_path):
    path = tmp_path / "l.db"
    ledger, timeline = open_ledger(path)
    ledger.append([deployed(n) for n in range(300)], actor="test")
    sign(ledger, SIGNER, T0)
    ledger.append([deployed(n) for n in range(300)], actor="test")
    sign(ledger, SIGNER, T0)
    forge(path, 400, actor="nobody")
    verdict = verify(ledger, timeline, keys=[SIGNER.verifier])
    assert verdict.first_bad_position == 300
    assert "between positions 300 and 600" in verdict.faults[0].what
    assert verdict.checkpoints == 1


def test_a_forged_history_with_a_forged_checkpoint_needs_the_key(tmp_path):
    path = tmp_path / "l.db"
    ledger, timeline = open_ledger(path)
    ledger.append([deployed(n) for n in range(5)], actor="test")
    forger = Signer("dateline/test", bytes(32))
    sign(ledger, forger, T0)
    assert verify(ledger, timeline).faults == ()
    verdict = verify(ledger, timeline, keys=[SIGNER.verifier])
    assert verdict.first_bad_position == 5
    assert "no known key" in verdict.faults[0].what


def test_a_truncated_rolled_back_or_forked_ledger_is_found_by_a_published_checkpoint(tmp_path):
    """Each of the three is sound in itself: only a copy that lies elsewhere can tell."""
    path = tmp_path / "l.db"
    ledger, _ = open_ledger(path)
    ledger.append([deployed(n) for n in range(10)], actor="test")
    with sqlite3.connect(path) as raw, sqlite3.connect(tmp_path / "old.db") as copy:
        raw.backup(copy)
    ledger.append([deployed(n) for n in range(10)], actor="test")
    out = sign(ledger, SIGNER, T0).checkpoint
    rolled_back, timeline = open_ledger(tmp_path / "old.db")
    assert verify(rolled_back, timeline).faults == ()
    verdict = verify(rolled_back, timeline, against=[out])
    assert verdict.first_bad_position == 10
    assert "rolled back" in verdict.faults[0].what
    rolled_back.append([deployed(99)] * 20, actor="test")
    verdict = verify(rolled_back, timeline, against=[Checkpoint(out.origin, 10, _root(ledger, 10)), out])
    assert verdict.first_bad_position == 10
    assert "between positions 10 and 19" in verdict.faults[0].what
    verdict = verify(rolled_back, timeline, against=[Checkpoint("dateline/another", 10, bytes(32))])
    assert "another log" in verdict.faults[0].what


def _root(ledger, size):
    frontier = Frontier()
    frontier.extend([row.leaf for row in ledger.stored(0, stop=size)])
    return frontier.root()


# --- contents ----------------------------------------------------------------------------------------


@pytest.fixture
def with_contents(tmp_path):
    ledger, timeline = open_ledger(tmp_path / "l.db")
    content = Content(open_engine(f"sqlite:///{tmp_path}/content.db"))
    for n in range(4):
        found = content.add_revision(
            Revision(
                article=f"a{n}",
                revision=1,
                rendition="x/1",
                feed="f",
                outlet="o",
                outlet_name="O",
                url=f"https://o.example/{n}",
                title="Title",
                body=f"Body {n}.",
                byline=None,
                language="en",
                seen_at=T0,
                occurred_at=T0,
                occurred_basis="claimed",
                claimed_at=T0,
                page=b"<p>page %d" % n,
            )
        )
        event = ArticlePublished(
            found.article, "f", "o", T0, T0, "claimed", "en", "x/1", found.page, found.content, "read",
            text=ArticleText("https://o.example", "Title"),
        )  # fmt: skip
        ledger.append([Draft(event, f"article/a{n}", T0, (f"a{n}",))], actor="test")
    assert verify(ledger, timeline, content=content).faults == ()
    return ledger, timeline, content, tmp_path / "content.db"


CONTENT_TAMPERINGS = {
    "a text changed": "UPDATE content_texts SET body = x'00' WHERE article = 'a2'",
    "a page changed": "UPDATE content_pages SET body = x'00', packed = 0 WHERE article = 'a2'",
    "a salt changed": "UPDATE content_texts SET salt = zeroblob(32) WHERE article = 'a2'",
    "a text dropped": "DELETE FROM content_texts WHERE article = 'a2'",
    "a page dropped": "DELETE FROM content_pages WHERE article = 'a2'",
    "a revision dropped": "DELETE FROM content_revisions WHERE article = 'a2'",
    "a text emptied": "UPDATE content_texts SET body = NULL, salt = NULL WHERE article = 'a2'",
    "a text with a commitment of its own": "UPDATE content_texts SET (commitment, salt, body) = "
    "(SELECT commitment, salt, body FROM content_texts WHERE article = 'a1') WHERE article = 'a2'",
}


@pytest.mark.parametrize("what", CONTENT_TAMPERINGS)
def test_contents_are_held_against_the_events_that_speak_of_them(with_contents, what):
    ledger, timeline, content, path = with_contents
    with sqlite3.connect(path) as raw:
        assert raw.execute(CONTENT_TAMPERINGS[what]).rowcount == 1
    assert verify(ledger, timeline, content=content).first_bad_position == 2


def test_the_audit_says_how_far_it_is_and_stops_at_enough_faults(tmp_path):
    ledger, timeline = open_ledger(tmp_path / "l.db")
    ledger.append([deployed(n) for n in range(2_500)], actor="test")
    seen = []
    assert verify(ledger, timeline, progress=lambda *at: seen.append(at)).faults == ()
    assert seen == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]
    with sqlite3.connect(tmp_path / "l.db") as raw:
        raw.execute("UPDATE events SET actor = 'x'")
    verdict = verify(ledger, timeline, most_faults=10)
    assert (len(verdict.faults), verdict.first_bad_position) == (10, 0)


def test_what_an_audit_builds_beside_has_no_name_that_a_killed_one_could_leave():
    engine = open_scratch()
    with writing(engine) as connection:
        connection.exec_driver_sql("PRAGMA cache_spill=1")
        connection.exec_driver_sql("CREATE TABLE t (x BLOB)")
        before = opened()
        connection.exec_driver_sql("INSERT INTO t SELECT zeroblob(100000000)")
        more = opened() - before
    engine.dispose()
    assert more
    assert all(name.endswith("(deleted)") for name in more)


def opened():
    """What the process has open, apart from the folder that this question itself opens."""
    links = (os.path.realpath(one) for one in Path("/proc/self/fd").iterdir())
    return {name for name in links if not name.startswith("/proc/")}
