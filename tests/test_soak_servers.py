"""PostgreSQL and Kafka crash under a playing demonstration, again and again: the answer is that of an undisturbed one."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from test_dateline_demo import ROOT
from test_dateline_distributed import CLAIMS, embedded, wire  # noqa: F401 - fixtures
from tiers import requires_tier

from services import broker, postgresql
from services.process import ServiceFailed, running

pytestmark = pytest.mark.chaos

KILLS = int(os.environ.get("DATELINE_SOAK_CRASHES", "4"))
SEED = int(os.environ.get("DATELINE_SOAK_SEED", "1"))
PLACE = ROOT / ".services"


class Database:
    """A PostgreSQL cluster of this test's own."""

    def __init__(self, name):
        self.directory = PLACE / f"soak-{name}"
        self.address = postgresql.up(self.directory)
        self.settings = {"DATELINE_DATABASE_URL": self.address}

    def crash(self):
        assert postgresql._pg_ctl(self.directory / "data", "-m", "immediate", "-w", "stop").returncode == 0

    def start(self):
        assert postgresql.up(self.directory) == self.address

    def end(self):
        postgresql.down(self.directory)
        shutil.rmtree(self.directory)


class Broker:
    """A Kafka broker of this test's own, from the jars that were fetched for the shared one."""

    def __init__(self, name):
        requires_tier("kafka")
        self.directory = PLACE / f"soak-{name}"
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.directory / "libs").exists():
            (self.directory / "libs").symlink_to(PLACE / "kafka" / "libs")
            shutil.copy(PLACE / "kafka" / "fetched", self.directory)
        self.address = broker.up(self.directory)
        self.settings = {"DATELINE_BUS_URL": f"kafka://{self.address}?timeout=5"}

    def crash(self):
        pid = running(self.directory, str(self.directory))
        os.kill(pid, signal.SIGKILL)
        while running(self.directory, str(self.directory)) is not None:
            time.sleep(0.01)

    def start(self):
        assert broker.up(self.directory) == self.address

    def end(self):
        broker.down(self.directory)
        shutil.rmtree(self.directory)


@pytest.fixture(params=[Database, Broker])
def server(request):
    tier = {Database: "postgresql", Broker: "kafka"}[request.param]
    requires_tier(tier)
    try:
        server = request.param(tier)
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
