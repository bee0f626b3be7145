"""The audit's commands: sign, publish, verify against what was published, rotate; and a restored home can still be verified."""

import json
import shutil
import sqlite3

import pytest
from audit_world import World
from test_dateline_demo import dateline


@pytest.fixture
def home(tmp_path):
    world = World(tmp_path / "home")
    world.article("a1")
    world.settle()
    world.home.close()
    (tmp_path / "home" / "settings.toml").write_text('[checkpoints]\npublish = ["file:out/"]\n[channels.log]\nkind = "log"\n')
    return tmp_path / "home"


def ask(*arguments):
    done = dateline(*arguments, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_a_published_checkpoint_finds_a_home_that_was_rolled_back(home, tmp_path):
    shutil.copytree(home, tmp_path / "old")
    ask("audit", "checkpoint", "--no-publish", "--home", home)
    first = ask("audit", "checkpoint", "--home", home)
    assert first["published"] == [f"file:{home}/out/"]
    (published,) = (home / "out").iterdir()
    assert published.read_text() == first["note"]
    good = ask("audit", "verify", "--against", published, "--home", home)
    assert (good["good"], good["checkpoints"], good["size"]) == (True, 2, first["size"] + 1)
    (key,) = ask("audit", "keys", "list", "--home", home)
    done = dateline("audit", "verify", "--against", published, "--key", key, "--home", tmp_path / "old")
    assert (done.returncode, "rolled back" in done.stdout) == (3, True)
    unknown = dateline("audit", "verify", "--against", published, "--home", tmp_path / "old")
    assert (unknown.returncode, "--key" in unknown.stderr) == (3, True)


def test_a_rotated_key_signs_the_next_and_a_restored_home_knows_them_all(home, tmp_path):
    ask("audit", "checkpoint", "--home", home)
    made = ask("audit", "keys", "rotate", "--home", home)["key"]
    ask("audit", "checkpoint", "--no-publish", "--home", home)
    assert ask("audit", "keys", "list", "--home", home)[-1] == made
    ask("backup", tmp_path / "b.tar.gz", "--home", home)
    ask("restore", tmp_path / "b.tar.gz", "--home", tmp_path / "again")
    assert ask("audit", "verify", "--home", tmp_path / "again")["checkpoints"] == 2
    assert ask("audit", "keys", "list", "--home", tmp_path / "again")[-1] == made
    shutil.rmtree(tmp_path / "again" / "keys")
    lost = dateline("audit", "verify", "--home", tmp_path / "again")
    assert (lost.returncode, "no known key" in lost.stdout) == (3, True)


def test_a_place_that_does_not_take_it_is_named_and_the_checkpoint_is_recorded_all_the_same(home):
    (home / "out").write_text("no folder")
    done = dateline("audit", "checkpoint", "--home", home)
    assert (done.returncode, "not published" in done.stderr) == (4, True)
    assert ask("audit", "verify", "--home", home)["checkpoints"] == 1


def test_what_is_wrong_is_said_with_its_position_and_exit_code_three(home):
    with sqlite3.connect(home / "ledger.db") as raw:
        raw.execute("UPDATE events SET actor = 'nobody' WHERE position = 7")
    done = dateline("audit", "verify", "--home", home)
    assert done.returncode == 3
    assert done.stdout.startswith("position 7: its leaf does not follow")
