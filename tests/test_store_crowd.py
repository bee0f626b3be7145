"""A crowd at one ledger: writers that append and retry, readers that follow its end. No gap, no duplicate, nothing skipped."""

import multiprocessing
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import databases
import pytest
from clusters import own_cluster

from store.clock import FixedClock
from store.database import open_engine
from store.events import ReaderDeployed
from store.ledger import Draft, Ledger
from store.parts import Part, Parts
from store.verified import verified

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
MOST = 250
"""Events of one commit, at most; their number is drawn anew for each."""
PATIENCE = 7_200
_spawn = multiprocessing.get_context("spawn")


class Crowd(NamedTuple):
    """`writers` and `readers` have a connection each; some share a process, so that a small machine can hold them all."""

    writers: int
    readers: int
    events: int
    in_a_process: int


SMALL = Crowd(writers=16, readers=5, events=20_000, in_a_process=8)
FULL = Crowd(64, 20, int(os.environ.get("DATELINE_TEST_CROWD_EVENTS", "1000000")), in_a_process=8)


class Deployed(Part, frozen=True, gc=False):
    OF = ReaderDeployed
    reader: str


def open_ledger(url):
    return Ledger(open_engine(url), secret=b"s" * 32, clock=FixedClock(T0))


def _write(url, writer, count, news):
    """Appends `count` events in commits of any size; one in ten is sent again, as if its acknowledgement had been lost."""
    rng, ledger, done = random.Random(writer), open_ledger(url), 0
    while done < count:
        size = min(rng.randint(1, MOST), count - done)
        drafts = [_draft(writer, number) for number in range(done, done + size)]
        assert len(ledger.append(drafts, actor=f"w{writer}")) == size
        if rng.random() < 0.1:
            assert ledger.append(drafts, actor=f"w{writer}") == []
        done += size
        with news:
            news.notify_all()
    ledger.engine.dispose()


def _draft(writer, number):
    """Every other event goes to a stream that all writers share."""
    event = ReaderDeployed(f"{writer}/{number}", {})
    return Draft(event, "shared" if number % 2 else f"own/{writer}", T0, key=f"{writer}/{number}")


def _follow(url, total, news):
    """Reads on from where it was until it has `total` events. Returns the digest of what it saw, in the order seen."""
    ledger, parts, seen, following = open_ledger(url), Parts(Deployed), sha256(), 0
    while following < total:
        before = following
        for position, _, part in ledger.parts(parts, following):
            assert position == following
            seen.update(part.reader.encode() + b"\n")
            following += 1
        if following == before:
            with news:
                news.wait(1)
    ledger.engine.dispose()
    return seen.hexdigest()


def _writers(url, writers, count, news):
    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(lambda writer: _write(url, writer, count, news), writers))


def _readers(url, readers, total, news, digests):
    with ThreadPoolExecutor(readers) as pool:
        for digest in pool.map(lambda _: _follow(url, total, news), range(readers)):
            digests.put(digest)


def gather(url, crowd):
    """Lets the crowd loose on an empty ledger; returns its readers' digests when the last of them has seen everything."""
    open_ledger(url).engine.dispose()
    news, digests = _spawn.Condition(), _spawn.Queue()
    each, step = crowd.events // crowd.writers, crowd.in_a_process
    teams = [range(crowd.writers)[first : first + step] for first in range(0, crowd.writers, step)]
    crews = [min(step, crowd.readers - first) for first in range(0, crowd.readers, step)]
    processes = [_spawn.Process(target=_writers, args=(url, team, each, news)) for team in teams]
    processes += [_spawn.Process(target=_readers, args=(url, crew, each * crowd.writers, news, digests)) for crew in crews]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join(PATIENCE)
            assert process.exitcode == 0
        return [digests.get(timeout=PATIENCE) for _ in range(crowd.readers)]
    finally:
        for process in processes:
            process.kill()


def check(url, crowd, digests):
    """Against the ledger read once more, every hash recomputed."""
    ledger, seen, numbers = open_ledger(url), sha256(), [-1] * crowd.writers
    for expected, (position, _, part) in enumerate(verified(ledger, Parts(Deployed))):
        assert position == expected
        writer, number = map(int, part.reader.split("/"))
        assert number == numbers[writer] + 1, f"writer {writer}: {number} comes after {numbers[writer]}"
        numbers[writer] = number
        seen.update(part.reader.encode() + b"\n")
    assert numbers == [crowd.events // crowd.writers - 1] * crowd.writers
    assert digests == [seen.hexdigest()] * crowd.readers
    ledger.engine.dispose()


def run(url, crowd, capsys):
    began = time.perf_counter()
    digests = gather(url, crowd)
    took = time.perf_counter() - began
    check(url, crowd, digests)
    with capsys.disabled():
        where = url.partition(":")[0]
        told = f"{crowd.writers} writers and {crowd.readers} readers over {crowd.events:,} events in {took:.0f} s"
        sys.stdout.write(f"\ncrowd on {where}: {told}\n")


@pytest.mark.soak
@pytest.mark.parametrize("kind", databases.KINDS)
def test_a_crowd_leaves_no_gap_and_no_duplicate_and_every_reader_sees_all_in_one_order(kind, tmp_path, capsys):
    with databases.fresh(kind, tmp_path) as url:
        run(url, SMALL, capsys)


@pytest.mark.chaos
def test_a_crowd_of_full_size_on_sqlite(tmp_path, capsys):
    with databases.fresh("sqlite", tmp_path) as url:
        run(url, FULL, capsys)


@pytest.mark.chaos
def test_a_crowd_of_full_size_on_postgresql(capsys):
    with own_cluster("crowd") as (url, _):
        run(url.replace("postgresql:", "postgresql+psycopg:"), FULL, capsys)
