"""Reviews: what a person decided about a passage counts at once, and survives every later reading."""

import json

import pytest
from audit_world import World
from test_dateline_demo import dateline

from dateline import erasing
from dateline.errors import UserError
from dateline.reviewing import Correction, review
from store.audit import verify
from store.replay import rebuild


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "home")
    world.source = world.article("a1", speaker="Owners")
    world.settle()
    assert world.status("mill-closes") == "confirmed"
    yield world
    world.home.close()


def the_mention(world, article="a1"):
    (found,) = world.mentions(article)
    return found


def test_a_rejected_mention_counts_no_more_and_the_status_follows_in_the_same_transaction(world):
    done = review(world.home, the_mention(world).id, "reject", Correction(), "it speaks of another mill")
    assert done.changes == (("mill-closes", "confirmed", "untested"),)
    assert world.status("mill-closes") == "untested"
    assert the_mention(world).rejected
    reviewed, concluded = list(world.home.ledger.read(done.position))
    assert reviewed.event.text.note == "it speaks of another mill"
    assert (concluded.event.NAME, concluded.cause) == ("claim.status_changed", done.position)
    assert reviewed.recorded_at == concluded.recorded_at


def test_the_latest_decision_counts(world):
    review(world.home, the_mention(world).id, "reject", Correction(), None)
    done = review(world.home, the_mention(world).id, "confirm", Correction(), None)
    assert done.changes == (("mill-closes", "untested", "confirmed"),)


def test_a_correction_replaces_what_the_reader_said(world):
    review(world.home, the_mention(world).id, "correct", Correction("denies", "predicted"), None)
    found = the_mention(world)
    assert (found.stance, found.hedging, found.mention.stance) == ("denies", "predicted", "affirms")
    assert world.status("mill-closes") == "denied"


def test_a_decision_survives_a_better_reader_and_a_page_that_is_parsed_anew(world):
    """The new reading gives the mention another id: its stance is another, and so is its place in the text."""
    first = the_mention(world).id
    review(world.home, first, "reject", Correction(), None)
    text = world.home.content.document("a1", 1).text
    found = world.mention(text, "mill-closes", "Owners", "denies")
    world.read(world.source, found, reader="r/2")
    world.settle()
    again = the_mention(world)
    assert again.id != first
    assert (again.mention.stance, again.rejected) == ("denies", True)
    assert world.status("mill-closes") == "untested"


def test_read_tables_built_anew_and_the_audit_know_the_decision(world):
    review(world.home, the_mention(world).id, "correct", Correction("denies"), None)
    assert rebuild(world.home.ledger, world.home.timeline).equal
    assert verify(world.home.ledger, world.home.timeline, content=world.home.content).faults == ()


def test_what_a_reviewer_wrote_goes_with_the_article_and_the_decision_stays(world):
    review(world.home, the_mention(world).id, "reject", Correction(), "seen by Zaphryx")
    erasing.erase_articles(world.home, ["a1"], "asked for")
    assert the_mention(world).rejected
    assert not any(b"Zaphryx" in p.read_bytes() for p in world.home.path.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("verb", "correction", "said"),
    [
        ("correct", Correction(), "what to correct"),
        ("reject", Correction("denies"), "go with `correct`"),
        ("correct", Correction(variant="x"), "no variants"),
    ],
)
def test_mistakes_change_nothing(world, verb, correction, said):
    size = world.home.ledger.size()
    with pytest.raises(UserError, match=said):
        review(world.home, the_mention(world).id, verb, correction, None)
    with pytest.raises(UserError, match="no mention"):
        review(world.home, "nonsense", "reject", Correction(), None)
    assert world.home.ledger.size() == size


def test_the_command(world):
    id_, path = the_mention(world).id, world.home.path
    done = dateline("review", id_, "reject", "--note", "no", "--home", path, "--json")
    ((claim, before, _by_today),) = json.loads(done.stdout)["changes"]
    assert (claim, before) == ("mill-closes", "confirmed")
    assert dateline("review", id_, "doubt", "--home", path).returncode == 2
    assert dateline("review", id_, "correct", "--stance", "maybe", "--home", path).returncode == 2
