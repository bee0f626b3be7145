"""Killing any role at random moments changes nothing: not the claims, not the timeline, not what receivers see."""

import json
import os
import random
import sys

import msgspec
import pytest
from test_dateline_demo import ROOT, WIRE, dateline

from dateline import answers
from dateline.demo import play, read_wire
from dateline.home import Home
from store.audit import verify

pytestmark = pytest.mark.soak

KILLS = int(os.environ.get("DATELINE_TEST_SOAK_KILLS", "24"))
SEEDS = [int(seed) for seed in os.environ.get("DATELINE_TEST_SOAK_SEEDS", "1,2").split(",")]


@pytest.fixture(scope="module")
def undisturbed():
    done = dateline("demo", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_change_nothing(tmp_path, undisturbed, seed, capsys):
    home_path = tmp_path / "home"
    done = play(
        read_wire(WIRE), ROOT / "seeds" / "claims.yaml", ROOT / "seeds" / "rules.yaml", home_path,
        kill=random.Random(seed), kills=KILLS,
    )  # fmt: skip
    with capsys.disabled():
        sys.stdout.write(f"\nsoak: seed {seed}: {done.kills} kills, {done.restarts} restarts, {done.seconds:.0f} s\n")
    assert done.kills == KILLS
    with Home(home_path) as home:
        answer = json.loads(msgspec.json.encode(answers.demo_answer(home)))
        assert verify(home.ledger, home.timeline).faults == ()
    for part in ("claims", "timeline"):
        assert answer[part] == undisturbed[part]
    messages = [json.loads(line)["message"] for line in (home_path / "alerts.jsonl").read_text().splitlines()]
    assert len(messages) == len(set(messages)), "a receiver that looks at ids saw a message twice"
