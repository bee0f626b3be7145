"""`dateline claims calibrate`: reviews in the ledger become thresholds, as events, and the archive is read again."""

import json

import msgspec
import pytest
from audit_world import World
from typer.testing import CliRunner

from dateline.calibrating import apply, calibrate
from dateline.cli import app
from dateline.parts import open_reader
from dateline.reviewing import Correction, review
from dateline.tracking import watch_list
from store.claim import ClaimSet


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Thirty articles with a mention each by the present reader; of the scores below 600 every other was rejected."""
    world = World(tmp_path_factory.mktemp("calibrate") / "home")
    reader = open_reader(world.home, ClaimSet()).version
    for number in range(30):
        source = world.article(f"a{number}", claims=())
        record(world, source, 460 + 15 * number, reader)
    record(world, world.article("old", claims=()), 999, "an older reader")
    world.settle()
    for number in range(30):
        (mention,) = world.mentions(f"a{number}")
        low = mention.mention.score < 600 and number % 2
        review(world.home, mention.id, "reject" if low else "confirm", Correction(), None)
    review(world.home, world.mentions("old")[0].id, "reject", Correction(), None)
    yield world
    world.home.close()


def record(world, source, score, reader):
    text = world.home.content.document(source.article, 1).text
    found = msgspec.structs.replace(world.mention(text, "mill-closes", "Ada Brook", "affirms"), score=score)
    world.read(source, found, reader=reader)


def test_the_reviews_of_each_claim_propose_its_threshold(world):
    found = calibrate(world.home, 0.1, 0.9)
    assert list(found.claims) == ["mill-closes"]
    proposal = found.claims["mill-closes"]
    # 475, 505, 535, 565 and 595 are wrong; the 20 above them are right, and it takes 22 to be sure of one in ten
    assert (proposal.judged, proposal.wrong) == (30, 5)
    assert (proposal.verdict, proposal.threshold, proposal.needed) == ("unreachable", None, 22)
    assert found.other_readers == 1
    assert found.pooled == proposal


def test_a_looser_rate_finds_one_and_applying_it_is_an_event(world):
    found = calibrate(world.home, 0.2, 0.9)
    least = found.claims["mill-closes"].threshold
    assert found.claims["mill-closes"].verdict == "proposed"
    size = world.home.ledger.size()
    assert apply(world.home, found, pooled=False).amended == ("mill-closes",)
    (amended,) = [r.event for r in world.home.ledger.read(size) if r.event.NAME == "claim.amended"]
    assert (amended.claim.threshold, amended.changed) == (least, ("threshold",))
    assert watch_list(world.home).by_id["mill-sold"].threshold is None
    again = calibrate(world.home, 0.2, 0.9)
    assert (again.claims["mill-closes"].verdict, again.claims["mill-closes"].now) == ("kept", least)
    assert apply(world.home, again, pooled=False).amended == ()


def test_the_command_says_what_it_knows_and_what_it_does_not(world):
    command = ["claims", "calibrate", "--home", str(world.home.path)]
    done = CliRunner().invoke(app, [*command, "--false-matches", "0.02"])
    assert done.exit_code == 0, done.output
    assert "too few reviews: 114 at least" in " ".join(done.stdout.replace("│", " ").split())
    assert "1 reviews are about mentions that another version" in done.stdout
    told = json.loads(CliRunner().invoke(app, [*command, "--pooled", "--json"]).stdout)
    assert (list(told["proposals"]), told["amended"]) == (["all claims"], [])
