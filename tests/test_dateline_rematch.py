"""Re-matching: what another reading would have come to, with reasons; and the ledger is as it was."""

import json
import multiprocessing
import pickle
import socket
import subprocess
from datetime import timedelta

import msgspec
import pytest
from audit_world import CLAIMS, World
from test_dateline_demo import dateline
from test_dateline_import import read_all, run

from alerts.rules import Rule, ruleset
from dateline import erasing
from dateline.errors import UserError
from dateline.kept import FILE
from dateline.rematching import rematch
from dateline.replaying import alone
from dateline.rereading import Asked, Readers
from dateline.reviewing import Correction, review
from dateline.tracking import track
from ingest.history import LOUD
from store.database import writing
from store.events import ReplayPerformed
from store.places import request_reread

TEXTS = {
    "a": "The mill will close in June, the Owners said on Monday.\n\nThey gave no reason for it at all.",
    "b": "The weir leaks, an engineer said.\n\nNobody has looked at the weir for years, said Ada Brook of the town.",
    "c": "The mill closes in June.\n\nThe owners denied it at once and said that the mill was sound.",
}


def handed_in(world, path, texts, **options):
    """Imports the texts as articles, and lets them be read, recorded and alerted about."""
    lines = [
        {
            "url": f"https://{n}.example/{n}",
            "outlet": f"The {n}",
            "title": f"Title {n}",
            "text": text,
            "published": "2024-05-05T07:00Z",
        }
        for n, text in texts.items()
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    run(world, path, **options)
    read_all(world)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rematch")
    world = World(folder / "home")
    handed_in(world, folder / "lines.jsonl", TEXTS)
    yield world
    world.home.close()


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a replay opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "sendto", refuse)


def test_the_same_reader_over_the_same_claims_finds_the_same(world, no_network):
    before = (world.home.ledger.size(), world.home.bus.ends("dateline.articles"))
    done = rematch(world.home)
    assert (done.articles, done.unread, done.mentions, done.statuses) == (3, 0, (), ())
    assert (world.home.ledger.size(), world.home.bus.ends("dateline.articles")) == before


def other_claims():
    """The weir is not tracked any more; a leak of the mill's roof never was, and its words are those of the weir."""
    mill, sold, weir = CLAIMS.claims
    roof = msgspec.structs.replace(weir, id="water-comes-in", text="The weir leaks water.", aliases=("the weir leaks",))
    return msgspec.structs.replace(CLAIMS, claims=(mill, sold, roof))


def test_other_claims_gain_and_lose_mentions_and_statuses_with_the_passage_and_the_cues(world, no_network):
    done = rematch(world.home, other_claims())
    lost = [one for one in done.mentions if one.kind == "lost"]
    gained = [one for one in done.mentions if one.kind == "gained"]
    assert {one.claim for one in lost} == {"weir-leaks"}
    assert {one.claim for one in gained} == {"water-comes-in"}
    assert "weir leaks" in gained[0].quote
    assert gained[0].why
    assert {(one.kind, one.claim) for one in done.statuses} >= {("lost", "weir-leaks"), ("gained", "water-comes-in")}
    assert any("weir" in quote for one in done.statuses for quote in one.because)


def test_a_pool_finds_what_one_process_finds(world):
    assert rematch(world.home, other_claims(), processes=2) == rematch(world.home, other_claims())


def test_that_it_was_done_is_recorded_on_request_and_nothing_else(world):
    size = world.home.ledger.size()
    done = rematch(world.home, other_claims(), record=True)
    (event,) = [recorded.event for recorded in world.home.ledger.read(size)]
    assert isinstance(event, ReplayPerformed)
    assert (event.kind, event.upto, event.digest, done.recorded) == ("rematch", size, done.digest, size)


def test_a_persons_decision_is_honoured(world):
    mention = next(m for m in world.mentions_anywhere("mill-closes"))
    review(world.home, mention.id, "reject", Correction(), None)
    done = rematch(world.home)
    assert (done.mentions, done.statuses) == ((), ())


def test_an_erased_article_counts_as_it_was_understood(world):
    (id_,) = erasing.named(world.home, ["https://b.example/b"])
    erasing.erase_articles(world.home, [id_], "asked for")
    done = rematch(world.home)
    assert (done.articles, done.unread, done.mentions, done.statuses) == (2, 1, (), ())


def test_the_command(world, tmp_path):
    path = world.home.path
    done = dateline("replay", "--rematch", "--home", path)
    assert done.returncode == 0, done.stderr
    assert "Nothing would be different." in done.stdout
    assert "Not compared: feed_silent. No reader and no claim changes" in done.stdout
    assert dateline("replay", "--home", path).returncode == 2
    assert dateline("replay", "--rebuild", "--record", "--home", path).returncode == 2


# --- alerts ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loud(tmp_path_factory):
    """The same articles as news, and a denial: they alert."""
    folder = tmp_path_factory.mktemp("loud")
    world = World(folder / "home")
    denial = "The Owners denied on Monday that the mill will close in June.\n\nThe mill stands by the river."
    handed_in(world, folder / "lines.jsonl", TEXTS | {"d": denial}, feed=LOUD)
    yield world
    world.home.close()


def alerts_of(world):
    return [recorded.event for recorded in world.home.ledger.read(names={"alert.raised"})]


def test_the_same_reader_claims_and_rules_would_have_told_the_same(loud, no_network):
    assert {"first_mention", "denial", "status_change"} <= {alert.trigger for alert in alerts_of(loud)}
    done = rematch(loud.home)
    assert (done.mentions, done.statuses, done.alerts) == ((), (), ())


def test_other_claims_gain_and_lose_alerts_with_the_passage_and_the_reason(loud, no_network):
    done = rematch(loud.home, other_claims())
    gained = [one for one in done.alerts if one.kind == "gained"]
    lost = [one for one in done.alerts if one.kind == "lost"]
    assert {one.claim for one in gained} == {"water-comes-in"}
    assert {one.claim for one in lost} == {"weir-leaks"}
    first = next(one for one in gained if one.trigger == "first_mention")
    assert "weir leaks" in first.quote
    assert first.url == "https://b.example/b"
    assert first.cues
    assert (first.before, first.why) == (None, "nothing that was recorded came to it")
    assert {one.why for one in lost} == {"the claim is not tracked"}
    assert len(lost) == len([alert for alert in alerts_of(loud) if alert.claim == "weir-leaks"])


def test_other_rules_lose_what_they_do_not_ask_for_and_gain_what_nobody_asked_for(loud, no_network):
    rules = ruleset(
        (
            Rule("claims", frozenset({"denial"}), ("elsewhere",), stories=frozenset({"mill"})),
            Rule("origins", frozenset({"new_origin", "first_mention"}), ("log",), claims=frozenset({"weir-leaks"})),
        )
    )
    done = rematch(loud.home, rules=rules)
    assert (done.mentions, done.statuses, done.left_out) == ((), (), ("feed_silent",)), "the home's own rules asked for it"
    told = {(one.kind, one.rule, one.trigger, one.claim): one for one in done.alerts}
    assert told["gained", "origins", "first_mention", "weir-leaks"].why == (
        "no rule origins that listens to first_mention was in force"
    )
    assert told["lost", "claims", "status_change", "mill-closes"].why == "no rule claims listens to status_change"
    assert ("lost", "claims", "denial", "mill-closes") not in told, "whatever the channel"
    size = loud.home.ledger.size()
    rematch(loud.home, rules=rules)
    assert (loud.home.ledger.size(), len(alerts_of(loud))) == (size, len(alerts_of(loud)))


def test_a_stricter_rule_says_that_the_reader_was_less_sure(loud):
    strict = ruleset((Rule("claims", frozenset({"first_mention"}), ("log",), min_score=1001),))
    lost = [one for one in rematch(loud.home, rules=strict).alerts if one.trigger == "first_mention"]
    assert lost
    assert {one.why for one in lost} == {"the reader was less sure than the rule's min_score demands"}


def test_what_was_imported_quietly_alerts_in_no_replay(world):
    rules = ruleset((Rule("all", frozenset({"first_mention", "denial"}), ("log",)),))
    assert rematch(world.home, rules=rules).alerts == ()


def test_a_claim_that_was_tracked_after_its_articles_would_have_alerted_had_it_been_there(tmp_path):
    """As it is, it counts from when it was tracked; given otherwise, from the beginning."""
    world = World(tmp_path / "home")
    handed_in(world, tmp_path / "lines.jsonl", {"b": TEXTS["b"]}, feed=LOUD)
    roof = other_claims().claims[-1]
    world.clock.advance(timedelta(days=1))
    track(world.home, msgspec.structs.replace(CLAIMS, claims=(roof,)), {})
    with writing(world.home.engine) as connection:  # what the archive's re-match asks for
        request_reread(connection, dict.fromkeys(world.home.timeline.article_ids(connection), frozenset({roof.id})))
    world.settle()
    read_all(world)
    assert world.mentions_anywhere(roof.id)
    assert not [alert for alert in alerts_of(world) if alert.claim == roof.id]
    done = rematch(world.home)
    assert (done.mentions, done.statuses, done.alerts) == ((), (), ())
    other = msgspec.structs.replace(CLAIMS, claims=(*CLAIMS.claims, msgspec.structs.replace(roof, kind="statistic")))
    gained = [one for one in rematch(world.home, other).alerts if one.claim == roof.id]
    assert {one.kind for one in gained} == {"gained"}
    assert "the mention comes of reading an older article again" in {one.why for one in gained}
    world.home.close()


# --- broken off and gone on --------------------------------------------------------------------------


def break_off(done, _of):
    if done == 1:
        raise KeyboardInterrupt


def test_one_that_is_interrupted_goes_on_where_it_stopped(loud, monkeypatch):
    monkeypatch.setattr("dateline.rematching.BATCH", 1)
    whole = rematch(loud.home, other_claims())
    with pytest.raises(UserError, match="goes on from there") as stopped:
        rematch(loud.home, other_claims(), progress=break_off)
    assert stopped.value.code == 130
    assert (loud.home.path / FILE).exists()
    other = rematch(loud.home, CLAIMS, processes=1)
    assert other.resumed == 0, "readings under one watch list answer no question about another"
    with pytest.raises(UserError):
        rematch(loud.home, other_claims(), progress=break_off)
    again = rematch(loud.home, other_claims())
    assert again == whole._replace(resumed=1)
    assert not list(loud.home.path.glob(f"{FILE}*"))


def test_what_was_kept_holds_no_word_of_a_text_and_a_torn_file_is_thrown_away(loud, monkeypatch):
    monkeypatch.setattr("dateline.rematching.BATCH", 1)
    with pytest.raises(UserError):
        rematch(loud.home, progress=break_off)
    kept = b"".join(path.read_bytes() for path in loud.home.path.glob(f"{FILE}*"))
    assert b'"outcome":"read"' in kept
    for word in (b"Ada", b"engineer", b"weir leaks", b"close in June"):
        assert word not in kept
    (loud.home.path / FILE).write_bytes(kept[:1000].replace(b"SQLite", b"SQLate"))
    assert (rematch(loud.home).mentions, list(loud.home.path.glob(f"{FILE}*"))) == ((), [])


def test_a_reader_that_is_killed_is_told_with_a_remedy_and_the_next_run_goes_on(loud, monkeypatch):
    monkeypatch.setattr("dateline.rematching.BATCH", 1)
    monkeypatch.setattr("dateline.rereading.AHEAD", 1)

    def kill(done, _of):
        if done == 1:
            for child in multiprocessing.active_children():
                child.kill()
                child.join()

    with pytest.raises(UserError, match="fewer --processes") as lost:
        rematch(loud.home, processes=2, progress=kill)
    assert lost.value.code == 75
    assert not multiprocessing.active_children()
    done = rematch(loud.home)
    assert done.resumed >= 1
    assert (done.mentions, done.alerts) == ((), ())


def test_a_process_of_the_pool_can_neither_connect_nor_start_another(loud):
    asked = Asked(CLAIMS, loud.home.secret, "none")
    with Readers(asked, 2) as readers:
        for forbidden in (connect_somewhere, start_something):
            with pytest.raises(PermissionError, match="opens no connection"):
                readers._result(readers._submit(forbidden))


def test_a_damaged_model_is_named_whoever_reads(loud, monkeypatch):
    """In a process of the pool as in this one: the error must survive the way from one to the other."""
    damaged = UserError("model.onnx has SHA-256 x, expected y", 78)
    again = pickle.loads(pickle.dumps(damaged))
    assert (str(again), again.code) == (str(damaged), 78)
    monkeypatch.setattr("workers.vectors.MODEL_SHA256", "y")
    with pytest.raises(UserError, match="expected y") as refused:
        rematch(loud.home)
    assert refused.value.code == 78


def connect_somewhere():
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def start_something():
    subprocess.run(["true"], check=True)


def test_a_second_replay_over_a_home_is_refused(world):
    with alone(world.home.path):
        done = dateline("replay", "--rebuild", "--home", world.home.path)
    assert (done.returncode, "another replay is at work" in done.stderr) == (75, True)
