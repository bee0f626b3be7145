"""The ledger under faults: killed at every step of an append, a torn write, a full disk. What was acknowledged is there."""

import multiprocessing
import os
import random
import resource
import shutil
import signal
import time

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from test_store_ledger import SECRET, T0, deployed, published

from store.audit import verify
from store.clock import FixedClock
from store.database import open_engine
from store.ledger import Ledger
from store.timeline import Timeline

FORK = multiprocessing.get_context("fork")
BATCH = 40
SECONDS_TO_REOPEN = 2.0


def open_ledger(path):
    timeline = Timeline()
    ledger = Ledger(open_engine(f"sqlite:///{path}"), secret=SECRET, clock=FixedClock(T0), projectors=[timeline])
    return ledger, timeline


def batch(number):
    return [draft for n in range(BATCH // 2) for draft in (published(f"a{number}-{n}"), deployed(n))]


def in_child(work, *arguments):
    """Runs `work` in a process that may die; returns its exit code (negative: the signal)."""
    child = FORK.Process(target=work, args=arguments)
    child.start()
    child.join(60)
    assert not child.is_alive()
    return child.exitcode


def acknowledged(folder):
    return int((folder / "acknowledged").read_text())


def append_and_say(ledger, folder, number):
    ledger.append(batch(number), actor="test")
    (folder / "acknowledged").write_text(str(number + 1))


def reopened(folder):
    """Opens what is left, in time, whole; returns the number of events."""
    started = time.monotonic()
    ledger, timeline = open_ledger(folder / "l.db")
    size = ledger.size()
    assert time.monotonic() - started < SECONDS_TO_REOPEN
    assert [recorded.position for recorded in ledger.read()] == list(range(size))
    assert verify(ledger, timeline).faults == ()
    ledger.append([deployed(99)], actor="test")
    assert verify(ledger, None).faults == ()
    ledger.engine.dispose()
    return size


# --- kill -9 at every step ---------------------------------------------------------------------------


class Steps:
    """Kills its own process at the given step: before and after every statement, before and after the commit."""

    def __init__(self, engine, fatal):
        self.count, self.fatal = 0, fatal
        event.listen(engine, "before_cursor_execute", self)
        event.listen(engine, "after_cursor_execute", self)
        event.listen(engine, "commit", self)

    def __call__(self, *_):
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


def append_until_killed(folder, fatal):
    ledger, _ = open_ledger(folder / "l.db")
    append_and_say(ledger, folder, 0)
    steps = Steps(ledger.engine, fatal)
    append_and_say(ledger, folder, 1)
    (folder / "steps").write_text(str(steps.count))


def test_killed_at_any_step_of_an_append_it_loses_nothing_acknowledged_and_keeps_no_half(tmp_path):
    fatal, seen = 0, set()
    while True:
        folder = tmp_path / str(fatal)
        folder.mkdir()
        code = in_child(append_until_killed, folder, fatal)
        size = reopened(folder)
        assert size in (BATCH, 2 * BATCH), "all of a batch or none of it"
        assert size >= acknowledged(folder) * BATCH
        seen.add(size)
        shutil.rmtree(folder) if code else None
        if code == 0:
            break
        assert code == -signal.SIGKILL
        fatal += 1
    assert fatal == int((folder / "steps").read_text())
    assert fatal > 20, "there are that many steps at least, or nothing was injected"
    assert seen == {BATCH, 2 * BATCH}


# --- a torn write ------------------------------------------------------------------------------------


def append_and_stay_open(folder):
    """Ends without closing: the write-ahead log stays as a crash leaves it."""
    ledger, _ = open_ledger(folder / "l.db")
    for number in range(3):
        append_and_say(ledger, folder, number)
    (folder / "before").write_text(str((folder / "l.db-wal").stat().st_size))
    ledger.append(batch(3), actor="test")
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_torn_write_at_the_end_of_the_log_undoes_that_append_alone(tmp_path):
    rng, whole = random.Random(7), tmp_path / "whole"
    whole.mkdir()
    assert in_child(append_and_stay_open, whole) == -signal.SIGKILL
    before, end = int((whole / "before").read_text()), (whole / "l.db-wal").stat().st_size
    assert end > before, "the last append lies in the log"
    cuts = [before, before + 1, end - 1, *(rng.randrange(before, end) for _ in range(12))]
    for number, cut in enumerate(cuts):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        (folder / "l.db-shm").unlink(missing_ok=True)
        with (folder / "l.db-wal").open("r+b") as file:
            file.truncate(cut)
            if number % 2:  # what the disk had of the rest is no longer what was written
                file.seek(0, os.SEEK_END)
                file.write(rng.randbytes(end - cut))
        assert reopened(folder) == 3 * BATCH, cut
        shutil.rmtree(folder)
    shutil.copytree(whole, tmp_path / "untorn")
    assert reopened(tmp_path / "untorn") == 4 * BATCH


# --- a full disk -------------------------------------------------------------------------------------


def append_until_full(folder, limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    ledger, _ = open_ledger(folder / "l.db")
    append_and_say(ledger, folder, 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    for number in range(1, 500):
        try:
            ledger.append(batch(number), actor="test")
        except OperationalError as error:
            (folder / "error").write_text(str(error.orig))
            return
        # A file this small is within any limit that lets the ledger grow.
        (folder / "acknowledged").write_text(str(number + 1))


@pytest.mark.parametrize("limit", [400_000, 900_000, 1_300_000])
def test_on_a_full_disk_an_append_fails_loudly_and_what_was_acknowledged_stays(tmp_path, limit):
    assert in_child(append_until_full, tmp_path, limit) == 0
    assert (tmp_path / "error").exists(), "the disk never filled"
    kept = acknowledged(tmp_path)
    assert kept >= 1
    assert reopened(tmp_path) == kept * BATCH
