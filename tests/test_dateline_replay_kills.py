"""Re-matches that are broken off, the real command: no traceback, no process left behind, and the next goes on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from audit_world import World
from test_dateline_demo import ROOT, dateline
from test_dateline_import import run

from dateline.kept import FILE
from dateline.roles import open_recorder
from store.bus import Outgoing
from store.messages import READINGS, Reading, decode_article_message, encode_message
from store.reading import Findings

pytestmark = pytest.mark.soak
ARTICLES = 160
SENTENCE = "The mill by river number {n} stands as it stood, said owner {m}, and all of its {m} wheels turn. "
SENTENCES = 25
"""Of an article, each another one: what a reader has met before costs it nothing, and it would be done before it is met."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with articles enough to be met in the middle of reading them. They were recorded as read without a find."""
    folder = tmp_path_factory.mktemp("kills")
    world = World(folder / "home")
    lines = [
        {"url": f"https://o.example/{n}", "outlet": "The O", "title": f"Mill {n}", "published": "2024-05-05T07:00Z",
         "text": "".join(SENTENCE.format(n=n, m=m) for m in range(SENTENCES))} for n in range(ARTICLES)
    ]  # fmt: skip
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    run(world, folder / "lines.jsonl")
    consumer = world.home.bus.consumer("dateline.articles", "test", "test")
    while batch := consumer.poll(100, 0.1):
        found = [Reading(decode_article_message(one.value), "r", 0, Findings("read", language="en")) for one in batch]
        world.home.bus.publish(READINGS, [Outgoing(one.source.article, encode_message(one)) for one in found])
    consumer.close()
    recorder = open_recorder(world.home)
    while recorder.step(timeout=0):
        pass
    world.home.close()
    return folder / "home"


def kept(home):
    """How many readings lie in the file, as another process sees it."""
    if not (home / FILE).exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{home / FILE}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute("SELECT count(*) FROM readings").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # it is just being made


def started(home, *arguments):
    """The command in a group of its own, once it has kept a few readings: Ctrl-C reaches a whole group."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    command = [sys.executable, "-m", "dateline", "replay", "--rematch", "--processes", "2", "--home", str(home), *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    before = kept(home)
    while kept(home) < before + 16 and process.poll() is None:
        os.sched_yield()
    assert process.poll() is None, process.communicate()[1]
    return process


def members(group):
    """Processes of a group that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def ended(group):
    while members(group):
        os.sched_yield()


@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_it_with_one_line_and_leaves_no_process(home, whole_group):
    process = started(home)
    if whole_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert err == "dateline: interrupted. What was read is kept: the same command goes on from there.\n"
    ended(process.pid)


def test_a_reader_that_is_killed_is_told_in_one_line(home):
    process = started(home)
    readers = [pid for pid in members(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(readers) == 2
    os.kill(readers[0], signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, "memory ran out" in err, err.count("\n")) == (75, True, 1)
    ended(process.pid)


def test_killed_it_takes_its_readers_along_and_the_next_run_comes_to_what_an_undisturbed_one_does(home):
    process = started(home)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=120)
    ended(process.pid)
    done = kept(home)
    assert 0 < done < ARTICLES
    resumed = json.loads(dateline("replay", "--rematch", "--home", home, "--json").stdout)
    assert (resumed["resumed"], resumed["articles"]) == (done, ARTICLES)
    assert not list(home.glob(f"{FILE}*"))
    whole = json.loads(dateline("replay", "--rematch", "--processes", "1", "--home", home, "--json").stdout)
    assert whole == resumed | {"resumed": 0}
