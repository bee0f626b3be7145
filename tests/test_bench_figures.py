"""The benchmarks measure what they say: contestants take turns, peers do the same work, proofs are checked."""

import sqlite3

import pytest

from bench.append import new_ledger
from bench.figures import Scale, against, alone
from bench.mentions import drafts, fields_of
from bench.newsprint import SENTENCES, Press, watch_list
from bench.peers import EventSourcing, PlainSqlite, fill, walk
from bench.replay import SCORED, fold, scores, whole
from bench.rounds import take_turns
from store import wire
from store.tables import select_decoded
from store.verified import verified
from workers.read import Reader
from workers.text import Text

COUNT = 1_200


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "source.db"
    fill(new_ledger(path), drafts(COUNT, claims=10), batch=500)
    return path


def test_contestants_take_turns_in_changing_order_and_the_first_round_does_not_count():
    ticks, turns = iter(range(100)), []

    def contestant(name, units):
        def turn(number):
            turns.append((number, name))
            return units

        return turn

    rates = take_turns({"a": contestant("a", 6), "b": contestant("b", 3)}, 2, lambda: float(next(ticks)))
    assert turns == [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]
    assert rates == {"a": [6.0, 6.0], "b": [3.0, 3.0]}


def test_the_ratio_is_that_of_the_rounds_so_a_slow_moment_of_both_does_not_count():
    row = against("x", "events/s", [100.0, 10.0, 100.0], "peer", [50.0, 5.0, 40.0], aim=2.1)
    assert (row.ours, row.peer, row.ratio, row.low, row.high, row.met) == (100.0, 40.0, 2.0, 2.0, 2.5, False)


def test_an_aim_without_a_peer_is_an_upper_bound_and_no_aim_is_neither_met_nor_missed():
    assert alone("x", "ms", [9.0, 1.0, 2.0], aim=3.0).met is True
    assert alone("x", "ms", [4.0], aim=3.0).met is False
    assert alone("x", "ms", [4.0]).met is None


def test_the_full_size_is_only_used_where_there_is_one():
    assert [Scale(full=True).pick(1, 2, 3), Scale(full=True).pick(1, 2), Scale(quick=True).pick(1, 2, 3)] == [3, 2, 1]


def test_plain_sqlite_ends_with_the_rows_of_the_ledger_it_copies(source, tmp_path):
    plain = PlainSqlite(tmp_path / "plain.db", source)
    for start in range(0, COUNT, 300):
        plain.append(start, start + 300)
    with sqlite3.connect(source) as ours, sqlite3.connect(tmp_path / "plain.db") as theirs:
        for table in ("events", "texts", "tree", "keys"):
            query = f"SELECT * FROM {table} ORDER BY 1, 2"
            assert theirs.execute(query).fetchall() == ours.execute(query).fetchall(), table
        indexes = "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY 1"
        assert theirs.execute(indexes).fetchall() == ours.execute(indexes).fetchall()


def test_the_librarys_events_hold_the_same_fields_in_about_as_many_bytes(tmp_path):
    fields = list(fields_of(200, 10))
    peer = EventSourcing(tmp_path / "peer.db")
    peer.append(peer.events_of(fields))
    stored = peer.application.recorder.select_notifications(start=1, limit=200)
    theirs = sum(len(item.state) for item in stored) / 200
    ours = sum(len(part or b"") for draft in drafts(200, 10) for part in wire.encode(draft.event)) / 200
    peer.application.close()
    assert 0.85 < ours / theirs < 1.15


def test_all_replays_come_to_the_same_result(tmp_path):
    fields = list(fields_of(400, 5))
    peer, ledger = EventSourcing(tmp_path / "peer.db"), new_ledger(tmp_path / "ledger.db")
    peer.append(peer.events_of(fields))
    fill(ledger, drafts(400, 5))
    for claim, (count, score) in fold(whole(ledger)).items():
        replayed = peer.replay(claim)
        assert (sum(replayed.stances.values()), replayed.score) == (count, score)
    assert fold(scores(verified(ledger, SCORED))) == fold(scores(ledger.parts(SCORED))) == fold(whole(ledger))
    assert walk(tmp_path / "ledger.db", select_decoded(0, 400)) == 400
    peer.application.close()


def test_the_press_writes_the_same_articles_of_the_promised_length_every_time():
    one, other = (Press(3).article(Press(4).subject()) for _ in range(2))
    assert one == other
    _title, *sentences = Text(one).sentences
    assert len(sentences) == SENTENCES


def test_a_watch_list_has_an_entity_for_everybody_it_watches():
    claims, subjects = watch_list(50)
    names = {entity.name for entity in claims.entities}
    assert {name for subject in subjects for name in (subject.person, subject.person2)} == names
    assert (len(claims.claims), len({claim.story for claim in claims})) == (50, 5)


def test_the_reader_finds_claims_in_the_articles_written_about_them():
    claims, subjects = watch_list(30)
    press, reader = Press(7), Reader(claims, None, b"bench")
    found = {n: reader.read(press.article(subjects[n])).mentions for n in range(0, 30, 3)}
    right = [n for n, mentions in found.items() if f"claim-{n:05d}" in {mention.claim for mention in mentions}]
    assert len(right) >= 3
