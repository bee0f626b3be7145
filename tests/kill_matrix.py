"""The kill matrix: a wire is played on real servers while, at random moments, everything that can be killed is.

A plan is drawn from a seed: which blow falls in the course of which instant, and how long it lasts. Blows fall one after the
other beside the play, which waits with the next instant while more than one is outstanding; so the same seed deals the same
blows at the same instants, and the moment within an instant is left to the machine.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import NamedTuple

from aiosmtpd.controller import Controller
from pytest_httpserver import HTTPServer
from werkzeug import Response

SESSION = 2
"""Seconds after which a silent member of a group loses its partitions."""
LOOPS = ("ingest", "match", "record", "alert")
CELERY = ("beat", "chores", "hand", "match", "record")
"""With Celery `beat` and `chores` stand in for ingest and alert; a `hand` is one of the processes in which chores are done."""
PATIENCE = 60
"""Seconds within which a role must run again after the blow before."""

CHANNELS = """
[channels.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "dateline@desk.example"
to = ["desk@example.org"]

[channels.hook]
kind = "slack_webhook"
url = "{hook}"
"""


class Blow(NamedTuple):
    """`kind` falls on `target` and lasts for `seconds`."""

    kind: str
    target: str
    seconds: float


def kinds_of(roles, servers):
    """Everything that can fall on these."""
    kinds = [(kind, role) for role in roles for kind in ("kill", "pause")]
    kinds += [("crash", server) for server in servers] + [("second recorder", "record")]
    return kinds + ([("flush", "redis")] if "redis" in servers else [])


def plan(seed, blows, instants, kinds):
    """Instant → its blows. Every kind falls before any falls twice; none falls on the last instants."""
    dice = random.Random(seed)
    found, waiting = {}, []
    for _ in range(blows):
        if not waiting:
            waiting = dice.sample(kinds, len(kinds))
        kind, target = waiting.pop()
        seconds = SESSION + 1 + dice.random() if kind == "pause" else 2 * dice.random()
        found.setdefault(dice.randrange(1, max(2, instants - 2)), []).append(Blow(kind, target, seconds))
    return found


class Receivers:
    """An SMTP server and an incoming webhook that take everything, and remember which messages came how often."""

    def __init__(self):
        self.mails, self.hooks = Counter(), Counter()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._smtp = Controller(self, hostname="127.0.0.1", port=self._port)
        self._http = HTTPServer(host="127.0.0.1")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd calls it so
        self.mails[message_from_bytes(envelope.original_content)["Message-ID"]] += 1
        return "250 taken"

    def __enter__(self):
        self._smtp.start()
        self._http.expect_request("/hook").respond_with_handler(self._take)
        self._http.start()
        return self

    def __exit__(self, *_):
        self._smtp.stop()
        self._http.stop()

    def _take(self, request):
        self.hooks[request.get_data()] += 1
        return Response("ok")

    def settings(self):
        return CHANNELS.format(port=self._port, hook=self._http.url_for("/hook"))


class Striker:
    """Deals the blows of a plan, in a thread of its own; `progress` is for the play to call."""

    def __init__(self, home, blows, servers):
        self.home, self.blows, self.servers = home, blows, servers
        self.dealt = Counter()
        self.failed = []
        self._queue = Queue()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._queue.put(None)
        self._thread.join()

    def progress(self, done, *_):
        while self._queue.qsize() > 1 and self._thread.is_alive():
            time.sleep(0.02)
        for blow in self.blows.get(done, ()):
            self._queue.put(blow)

    def _run(self):
        while (blow := self._queue.get()) is not None:
            try:
                self._deal(blow)
            except Exception as error:  # noqa: BLE001 - the play must end before the test can say so
                self.failed.append(f"{blow}: {error!r}")

    def _deal(self, blow):
        match blow.kind:
            case "kill":
                time.sleep(blow.seconds / 4)
                self._signal(blow.target, signal.SIGKILL)
            case "pause":
                stopped = self._signal(blow.target, signal.SIGSTOP)
                time.sleep(blow.seconds)
                for pid in stopped:
                    sent(pid, signal.SIGCONT)
            case "second recorder":
                self._second_recorder(blow.seconds)
            case "flush":
                self.servers["redis"].empty()
            case "crash":
                self.servers[blow.target].crash()
                time.sleep(blow.seconds)
                self.servers[blow.target].start()
        self.dealt[blow.kind, blow.target] += 1

    def _signal(self, role, number):
        """Waits for the role to run, since it may have been killed a moment ago. Returns the processes that got the signal."""
        deadline = time.monotonic() + PATIENCE
        while not (reached := [pid for pid in pids_of(self.home, role) if sent(pid, number)]):
            assert time.monotonic() < deadline, f"{role} did not come back"
            time.sleep(0.02)
        return reached

    def _second_recorder(self, seconds):
        command = [sys.executable, "-m", "dateline", "run", "--home", str(self.home), "--role", "record"]
        second = subprocess.Popen([*command, "--member", "record-9"], stdin=subprocess.DEVNULL)
        time.sleep(4 + seconds)
        second.kill()
        second.wait()


def sent(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def pids_of(home, role):
    """Numbers of the processes that run a role of the home; of `hand`, one of those that do chores."""
    if role == "hand":
        return [hand for pid in pids_of(home, "chores") for hand in children(pid)][:1]
    return [pid for pid in children(os.getpid()) if role_of(pid, home) == role]


def role_of(pid, home):
    """The role that a process runs for the home; None for any other process, and for the second recorder."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return None  # it has just died
    return words[words.index("--role") + 1] if str(home) in words and "record-9" not in words else None


def children(pid):
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, path.read_text().split())
    return found


def rules_for(rules, channels):
    """The rules with these channels in place of their own."""
    return rules.replace("channels: [log]", f"channels: [{', '.join(channels)}]")


class Alert(NamedTuple):
    """What an alert is about. Its id is no part: that of a changed status hangs on the order of what came at one instant."""

    rule: str
    trigger: str
    channel: str
    claim: str | None
    mention: str | None


class Message(NamedTuple):
    """A message that is recorded as delivered: how often it was attempted, and the ids of the alerts in it."""

    channel: str
    attempts: int
    alerts: tuple[str, ...]


def raised(ledger):
    """Id → alert, of all that were raised."""
    events = (recorded.event for recorded in ledger.read(names=("alert.raised",)))
    return {event.alert: Alert(event.rule, event.trigger, event.channel, event.claim, event.mention) for event in events}


def delivered(ledger):
    """Id → message, of all that are recorded as delivered."""
    attempts, found = Counter(), {}
    for recorded in ledger.read(names=("alert.attempted", "alert.delivered")):
        event = recorded.event
        if event.NAME == "alert.attempted":
            attempts[event.message] += 1
        else:
            found[event.message] = Message(event.channel, attempts[event.message], event.alerts)
    return found
