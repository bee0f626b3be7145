"""What every way of doing chores must do: taken by loops in processes of our own, or told of by Celery over a real Redis.

A backend's test module has a fixture `place` (a `Place`). All workers are processes; a kill is a SIGKILL.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa
from chores_worker import MANNER

from store import chores as rows
from store.chores import Chores
from store.chores_rules import Wanted, backoff
from store.clock import SystemClock, from_micros
from store.database import open_engine, reading
from store.ledger import Ledger

HERE = Path(__file__).parent
PATIENCE = 120


class Place:
    """A database with chores, and processes that do them. `more` are arguments for each worker."""

    def __init__(self, folder, database, *, workers, helpers=(), more=()):
        self.folder, self._database, self._more, self._how, self._helpers = folder, database, more, workers, helpers
        self.engine = open_engine(database)
        Ledger(self.engine, secret=b"s" * 32, clock=SystemClock())
        self.chores = Chores(self.engine, manner=MANNER)
        self.workers, self.others = [], []

    def start(self, count=1):
        if not self.others:
            self.others = [self._launch(how) for how in self._helpers]
        self.workers += [self._launch(self._how) for _ in range(count)]

    def _launch(self, how):
        command = [sys.executable, HERE / "chores_worker.py", how, self.folder, self._database, *self._more]
        path = f"{HERE.parent}:{HERE}"
        with (self.folder / "stderr").open("ab") as stderr:
            return subprocess.Popen([*map(str, command)], env=os.environ | {"PYTHONPATH": path}, stderr=stderr)

    def ask(self, kind, *names, **payload):
        return self.chores.ask([Wanted(kind, f"{kind}/{name}", payload) for name in names])

    def log(self):
        """What was done, in order: (name, attempt, pid)."""
        log = self.folder / "log"
        found = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        return [(key.partition("/")[2], int(attempt), int(pid)) for key, attempt, pid in found]

    def names(self):
        return Counter(name for name, _, _ in self.log())

    def row(self, key):
        with reading(self.engine) as connection:
            query = sa.select(rows.chores).where(rows.chores.c.key == key).order_by(rows.chores.c.id.desc())
            return connection.execute(query).first()

    def quiet(self):
        with reading(self.engine) as connection:
            return not rows.is_open(connection)

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come about. {self.log()}\n{(self.folder / 'stderr').read_text()[-3000:]}")
            time.sleep(0.01)
        return found

    def end(self):
        for process in [*self.workers, *self.others]:
            process.kill()
            process.wait()
        self.engine.dispose()


class ChoresContract:
    def test_each_is_done_once_however_often_it_is_asked_for(self, place):
        names = [str(number) for number in range(30)]
        assert place.ask("note", *names) == 30
        assert place.ask("note", *names) == 0
        place.start(2)
        place.until(place.quiet, "the end of all chores")
        assert place.names() == Counter(names)
        assert place.ask("note", "7") == 1, "what is over may be asked for again"
        place.until(lambda: place.names()["7"] == 2, "the second one")

    def test_one_that_fails_is_tried_again_after_a_pause(self, place):
        asked = SystemClock().now()
        place.ask("failing", "x")
        place.start()
        place.until(lambda: place.row("failing/x").state == "done", "success")
        assert [attempt for _, attempt, _ in place.log()] == [1, 2, 3]
        row = place.row("failing/x")
        assert row.last_error is None
        pauses = backoff(1, MANNER.pause) + backoff(2, MANNER.pause)
        assert from_micros(row.ended_at) - asked >= pauses

    def test_one_that_always_fails_is_given_up_and_the_others_are_done(self, place):
        place.ask("poison", "x")
        place.ask("note", "a", "b")
        place.start()
        place.until(lambda: place.row("poison/x").state == "failed" and place.quiet(), "giving up")
        assert place.names() == {"x": MANNER.most_attempts, "a": 1, "b": 1}
        assert place.row("poison/x").last_error.startswith("ValueError in ")
        assert place.ask("poison", "x") == 0, "it rests"

    def test_one_whose_worker_is_killed_is_done_by_another_and_not_before_the_lease_has_ended(self, place):
        place.ask("hung", "x")
        place.start()
        place.until(place.log, "the first attempt")
        taken = place.row("hung/x")
        assert (taken.state, taken.attempts) == ("taken", 1)
        kill(place.workers[0])
        place.start()
        place.until(lambda: place.row("hung/x").state == "done", "the second attempt")
        (_, first, killed), (_, second, other) = place.log()
        assert (first, second) == (1, 2)
        assert killed != other
        assert place.row("hung/x").ended_at >= taken.lease_until

    def test_one_that_kills_its_worker_each_time_is_given_up(self, place):
        place.ask("deadly", "x")
        place.start()

        def given_up():
            for worker in [one for one in place.workers if one.poll() is not None]:
                place.workers.remove(worker)
                place.start()
            return place.row("deadly/x").state == "failed"

        place.until(given_up, "giving up")
        assert place.names() == {"x": MANNER.most_attempts}
        assert place.row("deadly/x").last_error == "no sign of life from its worker"

    def test_one_that_takes_longer_than_a_lease_stays_with_its_worker(self, place):
        place.ask("long", "x")
        place.start(2)
        place.until(lambda: place.row("long/x").state == "done", "its end")
        assert place.names() == {"x": 1, "x-over": 1}

    def test_one_that_is_done_in_slices_goes_on_where_it_was(self, place):
        place.ask("sliced", "x", left="4")
        place.start()
        place.until(place.quiet, "its end")
        assert [name for name, _, _ in place.log()] == ["x-4", "x-3", "x-2", "x-1"]

    def test_a_worker_that_is_asked_to_stop_breaks_off_and_leaves_the_rest_open(self, place):
        place.ask("endless", "x")
        place.start()
        place.until(place.log, "the first attempt")
        began = time.monotonic()
        place.workers[0].send_signal(signal.SIGTERM)
        assert place.workers[0].wait(PATIENCE) == 0
        assert time.monotonic() - began < 15
        row = place.row("endless/x")
        assert (row.state, row.attempts, row.last_error) == ("open", 0, None)


def kill(process):
    """SIGKILL, and to what it started."""
    if process.poll() is not None:
        return
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.wait()
    for child in map(int, children):
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue

