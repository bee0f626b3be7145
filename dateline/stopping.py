"""Being asked to stop: SIGTERM or SIGINT sets a flag and wakes whoever waits.

A pipe, not a `threading.Event`: an event that its own waiter's signal handler sets can deadlock on the event's lock.
"""

import os
import select
import signal
import sys
import threading


class Stop:
    """Made once in a process's main thread. True after the first SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self._asked = False
        self._reading, self._writing = os.pipe()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._ask)

    def _ask(self, *_: object) -> None:
        self._asked = True
        os.write(self._writing, b"x")

    def asked(self) -> bool:
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Waits until asked to stop, at most so long. Returns whether it was asked."""
        if not self._asked:
            select.select([self._reading], [], [], seconds)
        return self._asked


def stop_at_end_of_input() -> None:
    """Has this process ask itself to stop when its standard input ends: a supervisor that was killed outright cannot."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
