"""`dateline run`: every role as a child process, started again when it dies, drained on SIGTERM."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from dateline.roles import member_name

DRAIN_SECONDS = 30.0
STEADY_SECONDS = 30.0
"""A child that has lived this long starts again at once; one that keeps dying waits longer each time."""

_log = structlog.get_logger("supervisor")


class Child:
    """One role's process, with what is needed to start it again."""

    def __init__(self, role: str, number: int, home: Path, lifeline: int) -> None:
        self._lifeline = lifeline
        self.role, self.member, self._home = role, member_name(role, number), home
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self._started = 0.0
        self._deaths = 0
        self._not_before = 0.0

    def start(self) -> None:
        command = [sys.executable, "-m", "dateline", "run", "--home", str(self._home), "--role", self.role]
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [*command, "--member", self.member, "--lifeline"], stdin=self._lifeline, start_new_session=True
        )
        self._started = time.monotonic()

    def mend(self) -> bool:
        """Starts the process again if it has died and has waited long enough. True if it was started."""
        assert self.process is not None
        code = self.process.poll()
        if code is None:
            return False
        now = time.monotonic()
        if not self._not_before:
            if code == -signal.SIGKILL:  # somebody else's doing, and no sign that it would die again
                self._deaths = 0
            else:
                self._deaths = 1 if now - self._started > STEADY_SECONDS else self._deaths + 1
            pause = 0.0 if self._deaths <= 3 else min(2.0 ** (self._deaths - 3), 60.0)
            _log.warning("child_died", child=self.member, code=code, restart_in=pause)
            self._not_before = now + pause
        if now < self._not_before:
            return False
        self._not_before = 0.0
        self.restarts += 1
        self.start()
        return True


class Supervisor:
    """Starts, watches and drains the roles of a home."""

    def __init__(self, home: Path, roles: dict[str, int]) -> None:
        """`roles`: role → number of processes."""
        lifeline, self._held = os.pipe()  # nobody writes: its end tells the children that we are gone, however we went
        self.children = [Child(role, number, home, lifeline) for role, count in roles.items() for number in range(count)]

    def start(self) -> None:
        for child in self.children:
            child.start()
            assert child.process is not None
            _log.info("child_started", child=child.member, pid=child.process.pid)

    def mend(self) -> int:
        """Starts dead children again. Returns how many."""
        return sum(child.mend() for child in self.children)

    def run(self, stopping: Callable[[float], bool]) -> None:
        """Watches until `stopping(seconds)`, which waits that long, says to stop; then drains."""
        self.start()
        while not stopping(0.2):
            self.mend()
        self.drain()

    def drain(self) -> None:
        """Asks all to finish their step and end; kills what has not ended in time. Nothing is lost either way."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.warning("child_killed", child=child.member)
                child.process.kill()
                child.process.wait()

    def kill(self, number: int) -> None:
        """SIGKILL to one child, for tests that show that nothing is lost by it."""
        process = self.children[number].process
        if process is not None and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
