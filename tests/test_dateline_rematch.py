"""Re-matching: what another reading would have come to, with reasons; and the ledger is as it was."""

import json
import socket

import msgspec
import pytest
from audit_world import CLAIMS, World
from test_dateline_demo import dateline
from test_dateline_import import read_all, run

from dateline import erasing
from dateline.rematching import rematch
from dateline.reviewing import Correction, review
from store.events import ReplayPerformed

TEXTS = {
    "a": "The mill will close in June, the Owners said on Monday.\n\nThey gave no reason for it at all.",
    "b": "The weir leaks, an engineer said.\n\nNobody has looked at the weir for years, said Ada Brook of the town.",
    "c": "The mill closes in June.\n\nThe owners denied it at once and said that the mill was sound.",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rematch")
    world = World(folder / "home")
    lines = [
        {
            "url": f"https://{n}.example/{n}",
            "outlet": f"The {n}",
            "title": f"Title {n}",
            "text": text,
            "published": "2024-05-05T07:00Z",
        }
        for n, text in TEXTS.items()
    ]
    (folder / "lines.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    run(world, folder / "lines.jsonl")
    read_all(world)
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
    assert dateline("replay", "--home", path).returncode == 2
