"""The systemd unit and the Prometheus rules: what can be checked of them without running systemd or Prometheus."""

import re
import shlex
import shutil
import signal
import subprocess
import sys
from configparser import RawConfigParser
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from dateline.supervisor import DRAIN_SECONDS
from store.chores import Figures as Chores
from web.checks import Check
from web.exposition import exposition
from web.figures import FeedFigure, Figures
from web.progress import Stage
from web.watching import Snapshot

ROOT = Path(__file__).parent.parent
UNIT = (ROOT / "deploy" / "dateline.service").read_text(encoding="utf-8")
RULES = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
BINARY = "/opt/dateline/bin/dateline"
HERE = Path(sys.executable).parent / "dateline"
PATIENCE = 60


# --- systemd -----------------------------------------------------------------------------------------


class Unit(RawConfigParser):
    """A unit file: names keep their case, and a name may stand several times (the last one counts here)."""

    def __init__(self):
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str
        self.read_string(UNIT)


@pytest.fixture
def unit(tmp_path):
    """The unit with the paths of this machine."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    path = tmp_path / "dateline.service"
    path.write_text(UNIT.replace(BINARY, str(HERE)), encoding="utf-8")
    return path


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_systemd_accepts_the_unit(unit):
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_check_by_systemd_can_fail(unit):
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=quite"))
    assert "protect system" in analyze("verify", "--man=no", unit).stderr.lower()


def test_systemd_calls_the_unit_well_protected(unit):
    """Its scale goes from 0 (all shut) to 10; services of Debian without settings of their own are at 9.6."""
    assert analyze("security", "--offline=yes", "--threshold=20", unit).returncode == 0


def test_it_stops_later_than_the_drain_takes():
    service = Unit()["Service"]
    assert int(service["TimeoutStopSec"]) > DRAIN_SECONDS
    assert (service["KillMode"], service["KillSignal"]) == ("mixed", "SIGTERM")


def test_its_commands_run_as_written(tmp_path):
    """`init`, then `run`, which starts its roles and drains on SIGTERM to the supervisor alone."""
    service = Unit()["Service"]
    home = tmp_path / "state"
    assert home.name not in service["Environment"]
    place = f"/var/lib/{service['StateDirectory']}"
    environment = dict(item.split("=", 1) for item in service["Environment"].replace(place, str(home)).split())
    environment |= {"DATELINE_WEB_PORT": "0", "PATH": "/usr/bin:/bin"}
    commands = [
        shlex.split(service[name].replace(BINARY, str(HERE)).replace(place, str(home)))
        for name in ("ExecStartPre", "ExecStart")
    ]
    for _ in range(2):  # a restart runs it again
        assert subprocess.run(commands[0], env=environment, check=False, capture_output=True).returncode == 0
    process = subprocess.Popen(commands[1], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wanted = {"ingest-0", "match-0", "record-0", "alert-0", "web-0"}
        while wanted:
            line = process.stderr.readline()
            assert line, "it ended before its roles had started"
            found = re.search(r'"member": "([\w-]+)".*"event": "started"', line)
            wanted -= {found[1]} if found else set()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


# --- Prometheus --------------------------------------------------------------------------------------


def metrics():
    """The names of all series that are ever exposed."""
    at = datetime(2031, 5, 1, tzinfo=UTC)
    figures = Figures(
        events=1, recorded_at=1, outcomes={"failed": 1}, alerts={"failed": 1}, under_way=(1.0,),
        feeds=(FeedFigure("f", "o", "failing", 0, 1),), chores=Chores({("poll", "failed"): 1}, at, ()),
    )  # fmt: skip
    snapshot = Snapshot(at, 0.0, (Check("ingest", True, ""),), (Stage("match", 0, 1),), figures)
    return {re.match(r"[a-z_]+", line)[0] for line in exposition(snapshot, "1").decode().splitlines() if line[0] != "#"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_speaks_of_metrics_that_exist(rule):
    named = set(re.findall(r"\bdateline_[a-z_]+\b", rule["expr"]))
    assert named <= metrics()
    assert named or rule["expr"].startswith("up{")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_how_bad_it_is_and_what_to_do(rule):
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert {"summary", "description"} == set(rule["annotations"])
    for opening, closing in ("()", "[]", "{}"):
        assert rule["expr"].count(opening) == rule["expr"].count(closing)
    assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))


def test_rules_have_names_of_their_own():
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
