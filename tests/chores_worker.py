"""A process that does the chores of the contract suite: `python chores_worker.py inline|celery|beat FOLDER DATABASE [REDIS]`.

What a chore does is written to FOLDER/log, a line each: its key, the attempt, the process.
"""

import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

from store.chores import Chores
from store.chores_rules import Manner
from store.chores_run import Hands
from store.database import open_engine

MANNER = Manner(
    lease=timedelta(seconds=1.5), most_attempts=3, pause=timedelta(seconds=0.1), resend=timedelta(seconds=1)
)


class Deeds:
    """The functions of the suite's kinds."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self.functions = {
            "note": self.note, "failing": self.failing, "poison": self.poison, "deadly": self.deadly, "hung": self.hung,
            "long": self.long, "sliced": self.sliced, "endless": self.endless,
        }  # fmt: skip

    def note(self, taken, stopping):
        line = f"{taken.key} {taken.attempt} {os.getpid()}\n".encode()
        file = os.open(self._folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line)
        os.close(file)

    def failing(self, taken, stopping):
        """Succeeds at the third attempt."""
        self.note(taken, stopping)
        if taken.attempt < 3:
            raise ValueError(f"a text that nobody may keep, {taken.key}")

    def poison(self, taken, stopping):
        self.note(taken, stopping)
        raise ValueError(taken.key)

    def deadly(self, taken, stopping):
        self.note(taken, stopping)
        os.kill(os.getpid(), signal.SIGKILL)

    def hung(self, taken, stopping):
        """At the first attempt it goes on for ever."""
        self.note(taken, stopping)
        while taken.attempt == 1:
            signal.pause()

    def long(self, taken, stopping):
        """Takes three leases, and then says so."""
        self.note(taken, stopping)
        threading.Event().wait(3 * MANNER.lease.total_seconds())
        self.note(taken._replace(key=f"{taken.key}-over"), stopping)

    def sliced(self, taken, stopping):
        self.note(taken._replace(key=f"{taken.key}-{taken.payload['left']}"), stopping)
        left = int(taken.payload["left"]) - 1
        return {"left": str(left)} if left else None

    def endless(self, taken, stopping):
        """Goes on until it is asked to break off."""
        self.note(taken, stopping)
        while not stopping():
            threading.Event().wait(0.01)
        return taken.payload


class Work:
    """As `dateline.chores.Work`, without looking for chores: the tests ask for them."""

    def __init__(self, folder, database, stopping, owner=None):
        self.chores = Chores(open_engine(database), manner=MANNER)
        self._hands = Hands(self.chores, Deeds(folder).functions, stopping, owner)
        self.not_sent = self.chores.not_sent
        self.do, self.do_next = self._hands.do, self._hands.do_next

    def tick(self):
        self.chores.sweep()
        return self.chores.unsent()


def inline(folder, database):
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    work = Work(folder, database, asked.is_set)
    while not asked.is_set():
        work.chores.sweep()
        try:
            while not asked.is_set() and work.do_next():
                pass
        except ValueError:
            continue  # the supervisor would start the role anew
        asked.wait(0.02)


def main(how, folder, database, redis=""):
    from workers.chores import Beat, Broker, Limits, application, work

    def app(stopping):
        limits = Limits(every=0.1, longest=60)
        return application(Broker(redis, "contract."), limits, lambda asked: Work(folder, database, asked), stopping)

    if how == "inline":
        inline(folder, database)
    elif how == "celery":
        work(app, f"chores-{os.getpid()}", 2, None)
    else:
        asked = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: asked.set())
        beat = Beat(app(asked.is_set))
        while not asked.wait(0.02):
            beat.step()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main(*sys.argv[1:])
