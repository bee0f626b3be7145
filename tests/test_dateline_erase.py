"""Erasing: no file keeps a trace of the words, and no proof, status or fact is lost."""

import json
import sqlite3

import pytest
from audit_world import World
from test_dateline_demo import dateline

from alerts import tables
from dateline import erasing
from dateline.errors import UserError
from dateline.parts import open_alerts
from store import proofs
from store.audit import verify
from store.bus import Outgoing
from store.database import reading
from store.erasure import search
from store.events import ArticleErased
from store.ledger import leaf_of_stored
from store.merkle import verify_inclusion
from store.messages import READINGS

CANARY = "Quillon Zaphryx"


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "home")
    world.article("a1", speaker=CANARY, more=f"{CANARY} lives at 7 Rue Lepic.", claims=("mill-closes", "weir-leaks"))
    world.article("a2", speaker="Bo Stern")
    world.settle()
    yield world
    world.home.close()


def traces(folder, words=CANARY):
    """Files of the home that hold the words, in UTF-8 or as JSON writes it, packed pages aside."""
    wanted = [words.encode(), words.encode("utf-16-le"), words.lower().encode(), words.split()[1].encode()]
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and any(word in p.read_bytes() for word in wanted))


def test_no_byte_of_the_words_is_left_in_any_file_while_the_service_has_them_open(world):
    before = traces(world.home.path)
    assert "alerts.jsonl" in before
    assert any(name.startswith("ledger.db") for name in before)
    assert any(name.startswith("content.db") for name in before)
    done = erasing.erase_articles(world.home, erasing.named(world.home, ["https://o.example/a1"]), "asked for")
    assert done.emptied
    assert traces(world.home.path) == []
    assert traces(world.home.path, "Bo Stern") != []
    assert search(world.home.ledger, world.home.content, CANARY) == ((), ())


def test_what_it_meant_stays_and_every_proof_holds(world):
    home = world.home
    status, size = world.status("mill-closes"), home.ledger.size()
    rows = list(home.ledger.stored())
    _, root = proofs.root(home.engine)
    held = [n for n, row in enumerate(rows) if "a1" in row.articles.split() and row.text is not None]
    (one,) = erasing.erase_articles(home, ["a1"], "asked for").erased
    assert list(one.positions) == held
    erased = next(home.ledger.read(one.position)).event
    assert (erased.article, list(erased.positions), erased.text.reason) == ("a1", held, "asked for")
    for position in held:
        row = next(home.ledger.stored(position, stop=position + 1))
        assert (row.text, row.text_salt, row.text_commitment) == (None, None, rows[position].text_commitment)
        proof = proofs.prove_inclusion(home.engine, position, size)
        assert verify_inclusion(leaf_of_stored(row, home.ledger.log), position, size, proof, root)
    assert world.status("mill-closes") == status
    assert [m.mention.claim for m in world.mentions("a1")] == ["mill-closes", "weir-leaks"]
    assert verify(home.ledger, home.timeline, content=home.content).faults == ()
    assert home.content.document("a1", 1) is None
    assert home.content.document("a2", 1) is not None


def test_statuses_are_concluded_the_same_from_what_stays(world):
    home = world.home
    with reading(home.engine) as connection:
        before = home.timeline.conclusions(connection, ["mill-closes", "weir-leaks"], world.clock.now())
    erasing.erase_articles(home, ["a1", "a2"], "asked for")
    with reading(home.engine) as connection:
        assert home.timeline.conclusions(connection, ["mill-closes", "weir-leaks"], world.clock.now()) == before


def test_once_more_it_changes_nothing_but_says_so(world):
    erasing.erase_articles(world.home, ["a1"], "asked for")
    (again,) = erasing.erase_articles(world.home, ["a1"], "asked for").erased
    assert again.positions == ()
    assert verify(world.home.ledger, world.home.timeline, content=world.home.content).faults == ()


def test_a_reading_that_was_under_way_brings_nothing_back(world):
    """The recorder has fetched the text, then the article is erased, then the recorder appends."""
    home = world.home
    world.article("a3", speaker=CANARY)
    world.recorder._take_up()
    batch = world.recorder._readers[READINGS].poll(10, 0)
    prepared = [(incoming, *world.recorder._prepare(incoming)) for incoming in batch]
    assert prepared[0][2].now is not None
    erasing.erase_articles(home, ["a3"], "asked for")
    kept = list(world.recorder._without_erased(prepared))
    assert kept[0][2].now is None
    world.recorder._record(batch)
    assert "a3" in [getattr(r.event, "article", None) for r in home.ledger.read()]
    erasing.erase_articles(home, ["a1"], "asked for")
    assert traces(home.path) == []


def test_an_alert_that_was_being_written_goes_out_without_the_words(world):
    """The alert is worded, then its article is erased, then the alert is recorded."""
    home = world.home
    world.article("a3", speaker=CANARY, claims=("mill-sold",))
    while world.recorder.step(timeout=0):
        pass
    follower = open_alerts(home)._follower
    place, size = follower.catch_up(), home.ledger.size()
    batch = follower._batch(place, size)
    decided = follower._decide(batch)
    assert any(CANARY in str(one) for one in decided)
    erasing.erase_articles(home, ["a3", "a1"], "asked for")
    with tables.writing(home.ledger) as write:
        assert follower._carry_out(write, decided).raised
    erased = erasing.erase_articles(home, ["a3", "a1"], "asked for").erased
    assert [one.positions for one in erased] == [(), ()], "nothing was brought back"
    assert traces(home.path) == []
    assert verify(home.ledger, home.timeline, content=home.content).faults == ()


def test_a_quarantined_message_goes_with_its_article(world):
    home = world.home
    home.bus.publish(READINGS, [Outgoing("a1", b"\xff no message, but " + CANARY.encode())])
    world.settle()
    held = world.names().index("message.quarantined")
    (one,) = erasing.erase_articles(home, ["a1"], "asked for").erased
    assert held in one.positions


def test_an_erasure_that_was_not_recorded_is_found_by_the_audit(world):
    with sqlite3.connect(world.home.path / "ledger.db") as raw:
        (position,) = raw.execute("SELECT min(position) FROM texts").fetchone()
        raw.execute("DELETE FROM texts WHERE position = ?", (position,))
    verdict = verify(world.home.ledger, world.home.timeline, content=world.home.content)
    assert (verdict.first_bad_position, "no erasure" in verdict.faults[0].what) == (position, True)


def test_a_text_that_came_back_is_found_by_the_audit(world):
    with sqlite3.connect(world.home.path / "ledger.db") as raw:
        kept = raw.execute("SELECT * FROM texts").fetchall()
    (one,) = erasing.erase_articles(world.home, ["a1"], "asked for").erased
    row = next(row for row in kept if row[0] == one.positions[0])
    with sqlite3.connect(world.home.path / "ledger.db") as raw:
        raw.execute("INSERT INTO texts VALUES (?, ?, ?)", row)
    verdict = verify(world.home.ledger, None)
    assert (verdict.first_bad_position, "again" in verdict.faults[0].what) == (one.positions[0], True)


def test_a_log_keeps_its_length_and_its_other_lines(tmp_path):
    path = tmp_path / "alerts.jsonl"
    items = [{"alert": "x", "quote": "words", "headlines": ["words"]}, {"alert": "y", "quote": "kept"}]
    mine = {"items": items, "subject": "words"}
    other = json.dumps({"items": [{"alert": "y", "quote": "words of another"}], "subject": "s"})
    path.write_text(json.dumps(mine) + "\n" + other + "\ntorn {")
    size = path.stat().st_size
    assert erasing.redact(path, {"x"}) == 1
    first, second, torn = path.read_text().split("\n")
    assert (path.stat().st_size, second, torn) == (size, other, "torn {")
    assert json.loads(first) == {
        "items": [{"alert": "x", "quote": None, "headlines": []}, {"alert": "y", "quote": "kept"}], "subject": ""
    }  # fmt: skip


def test_unknown_articles_are_refused_before_anything_is_erased(world):
    with pytest.raises(UserError, match="nothing was erased"):
        erasing.named(world.home, ["a1", "https://nowhere.example/"])


def test_the_command_erases_by_words_and_says_what_is_out_of_reach(world):
    path = world.home.path
    world.home.close()
    done = dateline("erase", "--match", CANARY.upper(), "--reason", "asked for", "--home", path)
    assert done.returncode == 0, done.stderr
    assert "a1: erased" in done.stdout
    assert "backups" in done.stdout
    assert traces(path) == []
    assert dateline("audit", "verify", "--home", path).returncode == 0
    assert dateline("erase", "--reason", "x", "--home", path).returncode == 2
    assert "Nothing holds it" in dateline("erase", "--match", CANARY, "--reason", "x", "--home", path).stdout


def test_an_erased_article_is_an_event_with_its_positions(world):
    erasing.erase_articles(world.home, ["a1"], "asked for")
    assert [e.event.NAME for e in world.home.ledger.read()][-1] == ArticleErased.NAME
