"""Starting, finding and ending the processes of the services: only ever those that were started here."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class ServiceFailed(Exception):
    """A service did not start or stop. Says which, why, and where its log is."""


def free_port(kept_in: Path) -> int:
    """The port noted in the file; at first a free one, which is then noted. So a restart keeps its address."""
    if not kept_in.exists():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            kept_in.write_text(str(probe.getsockname()[1]))
    return int(kept_in.read_text())


def start(command: Sequence[str], directory: Path) -> None:
    """Runs the command in a session of its own, its output in `log` and its number in `pid`."""
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    (directory / "pid").write_text(str(process.pid))


def running(directory: Path, mark: str) -> int | None:
    """The number of the process noted in `pid`, if it lives and its command line holds `mark`."""
    try:
        pid = int((directory / "pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return None
    return pid if mark.encode() in command else None


def await_ready(name: str, probe: Callable[[], str | None], directory: Path, seconds: float) -> None:
    """Asks until the probe answers None (ready). Raises ServiceFailed with its last complaint."""
    end = time.monotonic() + seconds
    while (complaint := probe()) is not None:
        if time.monotonic() > end:
            log = directory / "log"
            raise ServiceFailed(f"{name} was not ready after {seconds:.0f} s ({complaint}); see {log}")
        time.sleep(0.1)


def stop(name: str, directory: Path, mark: str, seconds: float = 30) -> None:
    """Ends the process if it runs, and waits until it has gone."""
    pid = running(directory, mark)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    await_ready(
        name, lambda: None if running(directory, mark) is None else f"process {pid} lives", directory, seconds
    )
