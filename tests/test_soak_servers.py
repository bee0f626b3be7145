"""PostgreSQL and Kafka crash under a playing demonstration, again and again: the answer is that of an undisturbed one."""

import json
import os
import random
import subprocess
import sys
import time

import pytest
from soak_servers import Broker, Database
from test_dateline_demo import ROOT
from test_dateline_distributed import CLAIMS, embedded, wire  # noqa: F401 - fixtures

from services.process import ServiceFailed

pytestmark = pytest.mark.chaos

KILLS = int(os.environ.get("DATELINE_SOAK_CRASHES", "4"))
SEED = int(os.environ.get("DATELINE_SOAK_SEED", "1"))


@pytest.fixture(params=[Database, Broker])
def server(request):
    try:
        server = request.param(request.param.TIER)
    except ServiceFailed as error:
        pytest.fail(str(error))
    yield server
    server.end()


def test_a_server_that_crashes_again_and_again_changes_nothing(server, wire, embedded, tmp_path, capsys):  # noqa: F811
    rng = random.Random(SEED)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    out, log = tmp_path / "out", tmp_path / "log"
    command = [sys.executable, "-m", "dateline", "demo", "--wire", str(wire), "--claims", str(CLAIMS), "--json"]
    with out.open("w") as stdout, log.open("w") as stderr:
        play = subprocess.Popen(command, cwd=ROOT, env=clean | server.settings, stdout=stdout, stderr=stderr)
        crashes = 0
        try:
            time.sleep(12)  # the roles have started, most of the play lies ahead
            while crashes < KILLS and play.poll() is None:
                server.crash()
                crashes += 1
                time.sleep(rng.random())
                server.start()
                time.sleep(1 + 4 * rng.random())
            code = play.wait(400)
        finally:
            play.kill()
            play.wait()
    with capsys.disabled():
        sys.stdout.write(f"\nsoak: {type(server).__name__}: {crashes} crashes survived\n")
    assert code == 0, log.read_text()[-3000:]
    assert crashes > 0
    answer, undisturbed = json.loads(out.read_text()), json.loads(embedded)
    assert answer["claims"] == undisturbed["claims"]
    assert answer["timeline"] == undisturbed["timeline"]
