"""The background service: children are started, restarted when they die, and drained on SIGTERM."""

import json
import os
import signal
import subprocess
import sys

import pytest

from dateline.home import Home, create_home

CANARY = "canary-4c1d"


class Service:
    """`dateline run` as a process of its own; what it logs is how one waits for it."""

    def __init__(self, home):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dateline", "run", "--home", str(home)],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            env=clean | {"DATELINE_CHANNELS_DESK_KIND": "slack_webhook", "DATELINE_CHANNELS_DESK_URL": f"https://hooks.example/{CANARY}"},
        )  # fmt: skip
        self.lines = []

    def until(self, event, **fields):
        """Reads the log up to a line of this event and these fields."""
        for line in self.process.stderr:
            self.lines.append(line)
            row = json.loads(line)
            if row.get("event") == event and all(row.get(key) == value for key, value in fields.items()):
                return row
        raise AssertionError(f"the log ended before {event} {fields}: {''.join(self.lines[-5:])}")

    def stop(self):
        self.process.terminate()
        rest = self.process.stderr.read()
        self.lines += rest.splitlines()
        return self.process.wait(60)


@pytest.fixture
def service(tmp_path):
    create_home(tmp_path / "home")
    running = Service(tmp_path / "home")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def test_children_are_restarted_when_killed_and_drained_on_sigterm(service):
    started = service.until("child_started", child="record-0")
    for member in ("ingest-0", "match-0", "record-0", "alert-0"):
        if not any(f'"{member}"' in line and '"started"' in line for line in service.lines):
            service.until("started", member=member)
    os.kill(started["pid"], signal.SIGKILL)
    died = service.until("child_died", child="record-0")
    assert died["code"] == -signal.SIGKILL
    service.until("started", member="record-0")
    assert service.stop() == 0
    rows = [json.loads(line) for line in service.lines if line.startswith("{")]
    started = {row["child"] for row in rows if row["event"] == "child_started"}
    assert started == {row["member"] for row in rows if row["event"] == "stopped"}


def test_children_end_by_themselves_when_the_supervisor_is_killed(service):
    for member in ("ingest-0", "match-0", "record-0", "alert-0", "web-0"):
        if not any(f'"{member}"' in line and '"started"' in line for line in service.lines):
            service.until("started", member=member)
    service.process.kill()
    rest = service.process.stderr.read()  # ends when the last child has closed its end
    lines = [json.loads(line) for line in (*service.lines, *rest.splitlines())]
    assert {row["member"] for row in lines if row["event"] == "stopped"} == {
        row["child"] for row in lines if row["event"] == "child_started"
    }


def test_no_secret_reaches_the_log(service):
    service.until("started", member="alert-0")
    service.stop()
    assert not [line for line in service.lines if CANARY in line]


def test_a_role_that_does_not_exist_and_faulty_rules_are_told_at_once(tmp_path):
    create_home(tmp_path / "home")
    with Home(tmp_path / "home") as home:
        (home.path / "rules.yaml").write_text("rules:\n- {id: x, triggers: [no_such], channels: [log]}\n")
    for arguments, said in ((["--role", "cook"], "no role"), ([], "no_such")):
        done = subprocess.run(
            [sys.executable, "-m", "dateline", "run", "--home", str(tmp_path / "home"), *arguments],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert said in done.stderr
        assert "Traceback" not in done.stderr
