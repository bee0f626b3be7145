"""`dateline explain`: a recorded mention is told with what the present reader sees in its text, and what a person decided."""

import json

import pytest
from audit_world import World
from typer.testing import CliRunner

from dateline import erasing
from dateline.claimsfile import dump_claims
from dateline.cli import app
from dateline.errors import UserError
from dateline.explaining import explain_mention
from dateline.parts import open_reader
from dateline.reviewing import Correction, review
from dateline.tracking import retire, watch_list
from store.reading import Mention
from tests.reader_world import ARTICLE, CLAIMS


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "home")
    world.source = world.article("a1", speaker="Owners")
    world.settle()
    yield world
    world.home.close()


def the_mention(world):
    return world.mentions("a1")[0]


def read_by_the_present_reader(world):
    """What the reader itself finds is recorded in place of the invented reading."""
    reader = open_reader(world.home, watch_list(world.home))
    world.read(world.source, *reader.read(world.home.content.document("a1", 1)).mentions, reader=reader.version)
    world.settle()
    return next(m for m in world.mentions("a1") if m.mention.claim == "mill-closes")


def test_a_mention_of_the_present_reader_is_explained_without_differences(world):
    mention = read_by_the_present_reader(world)
    told = explain_mention(world.home, mention.id)
    assert told["quote"] == told["found"]["quote"]
    assert (told["differences"], told["why_not"], told["review"]) == ([], None, None)
    assert told["reader"]["recorded"] == told["reader"]["now"]
    assert told["match"]["scored"]["score"] == told["found"]["score"] == told["recorded"]["score"]
    assert {"source", "stance", "hedging", "said on"} <= {cue["question"] for cue in told["understood"]}
    assert told["article"]["url"] == "https://o.example/a1"


def test_another_readers_answers_stand_beside(world):
    told = explain_mention(world.home, the_mention(world).id)
    assert told["reader"]["recorded"] == "r/1" != told["reader"]["now"]
    fields = {d["field"]: (d["recorded"], d["now"]) for d in told["differences"]}
    assert fields["score"] == (1000, told["found"]["score"])
    assert "stance" not in fields


def test_what_a_person_decided_is_told(world):
    review(world.home, the_mention(world).id, "correct", Correction("denies"), None)
    told = explain_mention(world.home, the_mention(world).id)
    assert told["review"] == {"decision": "corrected", "stance": "denies", "hedging": None, "variant": None}
    assert told["recorded"]["stance"] == "affirms"


def test_a_passage_that_the_present_reader_does_not_find_says_why(world):
    world.read(world.source, Mention("weir-leaks", 0, 8, "", "affirms"), reader="r/2")
    world.settle()
    told = explain_mention(world.home, world.mentions("a1")[0].id)
    assert told["found"] is None
    assert told["why_not"].startswith("its score of ")
    assert told["match"]["scored"]["score"] < told["match"]["scored"]["threshold"]


def test_an_erased_text_leaves_what_was_recorded(world):
    id_ = the_mention(world).id
    erasing.erase_articles(world.home, ["a1"], "asked for")
    told = explain_mention(world.home, id_)
    assert (told["found"], told["match"], told["quote"]) == (None, None, None)
    assert "erased" in told["why_not"]
    assert told["recorded"]["stance"] == "affirms"


def test_a_retired_claim_is_taken_as_it_was(world):
    id_ = the_mention(world).id
    retire(world.home, "mill-closes")
    told = explain_mention(world.home, id_)
    assert told["claim"]["retired"]
    assert told["withdrawn_at"] is not None
    assert told["match"] is not None


def test_nothing_is_recorded_by_asking(world):
    size = world.home.ledger.size()
    explain_mention(world.home, the_mention(world).id)
    with pytest.raises(UserError, match="no mention has the id 'x'"):
        explain_mention(world.home, "x")
    assert world.home.ledger.size() == size


def dateline(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_on_a_mention(world):
    id_, home = read_by_the_present_reader(world).id, world.home.path
    done = dateline("explain", id_, "--home", home)
    assert done.exit_code == 0, done.output
    for words in ("mill-closes: The mill closes in June.", "(the reader's)", "How it was understood", "What told most"):
        assert words in done.stdout
    assert json.loads(dateline("explain", id_, "--home", home, "--json").stdout)["mention"] == id_
    assert isinstance(dateline("explain", id_, "another", "--home", home).exception, UserError)


def test_the_command_on_files_needs_no_home_and_lets_no_text_command_the_terminal(tmp_path):
    (tmp_path / "claims.yaml").write_text(dump_claims(CLAIMS), encoding="utf-8")
    (tmp_path / "1_a.txt").write_text(ARTICLE.replace("the bridge would", "the bridge\x1b[31m [red]would"), encoding="utf-8")
    arguments = ("explain", "--no-model", "--claims", tmp_path / "claims.yaml", tmp_path / "1_a.txt")
    done = dateline(*arguments)
    assert done.exit_code == 0, done.output
    assert "\x1b[31m" not in done.stdout
    assert "\\x1b[31m [red]would be shut" in done.stdout.replace("\n", " ")
    told = json.loads(dateline(*arguments, "--json").stdout)
    assert len(told) > 3
    assert all(one["found"]["quote"] == one["quote"] for one in told)
    assert isinstance(dateline(*arguments[:-1], tmp_path / "none.txt").exception, UserError)
