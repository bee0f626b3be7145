"""The embedded bus: the contract, and what is its own."""

import os
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from bus_contract import PARTITIONS, BusContract, child, drain, heard, key_for, kill, message, number

from store.bus import BusError, BusUnavailable, LostPartition, Outgoing
from store.bus.open import open_bus
from store.bus.sqlite import SqliteBus
from store.bus.sqlite_file import BusFile


class TestSqliteBus(BusContract):
    SESSION = "?lease=1"
    LONG = "?lease=1000"

    @pytest.fixture
    def url(self, tmp_path):
        return f"sqlite:///{tmp_path}/bus.db"

    @pytest.fixture
    def topic(self):
        return "topic"


class Hand:
    """A clock of seconds that only the test moves."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def bus(tmp_path, hand):
    bus = SqliteBus(tmp_path / "bus.db", lease=5, patience=300, now=hand)
    bus.ensure("t", PARTITIONS)
    yield bus
    bus.close()


def hold_the_lock(connection, path):
    with BusFile(path).writing():
        connection.send("locked")
        connection.recv()


def test_a_member_that_lives_but_does_not_poll_loses_its_partitions_in_the_end(bus, hand):
    bus.publish("t", map(message, range(20)))
    stuck, other = bus.consumer("t", "g", "stuck"), bus.consumer("t", "g", "other")
    assert len(stuck.poll(100, 0)) == 20
    assert other.poll(100, 0) == []
    hand.at += 301
    assert len(other.poll(100, 0)) == 20
    with pytest.raises(LostPartition):
        stuck.commit()
    other.commit()
    assert bus.committed("t", "g") == bus.ends("t")
    bus.publish("t", [Outgoing(key_for(p), b"0") for p in range(PARTITIONS)])
    stuck.poll(100, 0)  # back in the group, it asks for its share
    other.poll(100, 0)  # which the other gives up
    other.commit()
    assert {m.partition for m in stuck.poll(100, 0)} == {4, 5, 6, 7}
    stuck.close()
    other.close()


def test_a_lease_from_before_the_machine_was_started_again_is_over(bus, hand, tmp_path):
    bus.publish("t", map(message, range(20)))
    process, connection = child(join_and_say, str(tmp_path / "bus.db"))
    assert heard(connection) == 20
    kill(process)
    later = SqliteBus(tmp_path / "bus.db", lease=5, now=lambda: 0.5)
    consumer = later.consumer("t", "g", "b")
    assert len(consumer.poll(100, 0)) == 20
    consumer.close()


def join_and_say(connection, path):
    consumer = SqliteBus(path_of(path), now=lambda: 1e9).consumer("t", "g", "a")
    connection.send(len(consumer.poll(100, 5)))
    connection.recv()


def path_of(text):
    from pathlib import Path

    return Path(text)


def test_the_heartbeat_keeps_the_lease_while_work_takes_longer_than_it(tmp_path):
    bus = SqliteBus(tmp_path / "bus.db", lease=0.3)
    bus.ensure("t", 1)
    bus.publish("t", [message(1)])
    busy, idle = bus.consumer("t", "g", "busy"), bus.consumer("t", "g", "idle")
    assert len(busy.poll(1, 1)) == 1
    assert idle.poll(1, 1.0) == []  # three leases long
    busy.commit()
    assert bus.committed("t", "g") == {0: 1}
    busy.close()
    idle.close()


def test_a_batch_is_in_the_log_whole_or_not_at_all(bus):
    bus.publish("t", [message(1)])
    with bus._file.writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    bus._file._open().connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(BusUnavailable, match="full"):
        bus.publish("t", [message(n, size=2000) for n in range(100)])
    assert sum(bus.ends("t").values()) == 1
    bus._file._open().connection.execute("PRAGMA max_page_count = 1000000")
    bus.publish("t", [message(n, size=2000) for n in range(100)])
    assert sum(bus.ends("t").values()) == 101


def test_a_writer_killed_in_the_middle_leaves_the_lock_to_the_next(bus, tmp_path):
    process, connection = child(hold_the_lock, tmp_path / "bus.db")
    assert heard(connection) == "locked"
    done = threading.Event()
    waiting = threading.Thread(target=lambda: (bus.publish("t", [message(1)]), done.set()))
    waiting.start()
    assert not done.wait(0.2)
    kill(process)
    assert done.wait(10)
    waiting.join()


def test_the_file_is_written_through_to_the_disk(bus):
    connection = bus._file._open().connection
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_processes_that_open_a_new_file_together_agree_on_what_it_is(tmp_path):
    program = (
        "import sys, pathlib; from store.bus.sqlite import SqliteBus;"
        "bus = SqliteBus(pathlib.Path(sys.argv[1])); bus.ensure('t', 8); print(bus.id, len(bus.ends('t')))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "new" / "bus.db")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate()[0] for process in started}
    assert len(said) == 1
    assert next(iter(said)).split()[1] == "8"


def test_a_file_made_anew_has_another_identity(tmp_path):
    one, two = SqliteBus(tmp_path / "1.db"), SqliteBus(tmp_path / "2.db")
    assert one.id != two.id
    one.close()
    two.close()


def test_a_bus_inherited_over_a_fork_is_opened_anew(bus):
    """SQLite forbids to carry a connection over; a lock carried over would not exclude the parent."""
    bus.publish("t", [message(1)])
    pid = os.fork()
    if pid == 0:
        try:
            bus.publish("t", [message(2)])
            bus.close()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    bus.publish("t", [message(3)])
    reader = bus.reader("t")
    assert sorted(map(number, reader.poll(10, 0))) == [1, 2, 3]
    reader.close()


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "bus.db").write_bytes(b"not a database, but long enough to be taken for one" * 30)
    with pytest.raises(BusError, match="not a readable bus"):
        SqliteBus(tmp_path / "bus.db").ends("t")


def test_a_place_that_cannot_be_opened_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BusUnavailable, match="cannot open"):
        SqliteBus(tmp_path / "file" / "bus.db").ends("t")


def test_trimmed_messages_are_gone_from_the_file(bus, tmp_path):
    bus.publish("t", [Outgoing(key_for(1), b"0") for _ in range(10)])
    bus.trim("t", {1: 4})
    bus.trim("t", {1: 2})
    with sqlite3.connect(tmp_path / "bus.db") as connection:
        assert connection.execute("SELECT count(*) FROM log").fetchone()[0] == 6
    assert bus.ends("t")[1] == 10


def test_a_group_that_lost_messages_to_a_trim_says_how_many(bus, caplog):
    bus.publish("t", [Outgoing(key_for(1), b"0") for _ in range(10)])
    consumer = bus.consumer("t", "g", "a")
    assert len(consumer.poll(2, 0)) == 2
    consumer.commit()
    bus.trim("t", {1: 7})
    assert [m.offset for m in consumer.poll(10, 0)] == [7, 8, 9]
    assert "5 messages were deleted" in caplog.text
    consumer.close()


# --- retention ------------------------------------------------------------------------------------


T0 = datetime(2024, 5, 6, tzinfo=UTC)
MONTH = timedelta(days=30)


def read_by(bus, group, most):
    """A group that has read and committed that many of the messages of partition 1."""
    consumer = bus.consumer("t", group, "a")
    consumer.poll(most, 0)
    consumer.commit()
    consumer.close()


def offsets(bus):
    """What partition 1 still holds."""
    reader = bus.reader("t")
    found = [m.offset for m in reader.poll(100, 0) if m.partition == 1]
    reader.close()
    return found


def test_what_all_have_read_goes_when_it_is_a_month_old(bus):
    bus.publish("t", [Outgoing(key_for(1), b"0") for _ in range(10)])
    read_by(bus, "fast", 10)
    read_by(bus, "slow", 6)
    assert bus.expire("t", T0) == 0
    bus.publish("t", [Outgoing(key_for(1), b"0") for _ in range(5)])
    assert bus.expire("t", T0 + MONTH - timedelta(seconds=1)) == 0
    assert bus.expire("t", T0 + MONTH) == 6, "the slow group has not read more"
    read_by(bus, "slow", 100)
    assert bus.expire("t", T0 + MONTH) == 4
    read_by(bus, "fast", 100)
    assert bus.expire("t", T0 + MONTH) == 0, "the rest is younger"
    assert offsets(bus) == [10, 11, 12, 13, 14]


def test_nothing_goes_that_nobody_has_said_to_have_read(bus):
    bus.publish("t", [Outgoing(key_for(1), b"0") for _ in range(10)])
    assert [bus.expire("t", T0 + n * MONTH) for n in range(3)] == [0, 0, 0]
    assert bus.expire("t", T0 + 3 * MONTH, read={}) == 0
    assert bus.expire("t", T0 + 3 * MONTH, read={1: 4}) == 4
    read_by(bus, "group", 2)
    assert bus.expire("t", T0 + 3 * MONTH, read={1: 9}) == 2, "the group has read two of what is left"


def test_a_file_that_is_too_large_lets_go_of_all_that_was_read(tmp_path):
    bus = open_bus(f"sqlite:///{tmp_path / 'bus.db'}?retention_mb=0.1&retention_hours=-1")
    bus.ensure("t", 8)
    bus.publish("t", [Outgoing(key_for(1), b"0" * 10_000) for _ in range(5)])
    read_by(bus, "group", 3)
    assert bus.expire("t", T0) == 0
    bus.publish("t", [Outgoing(key_for(1), b"0" * 10_000) for _ in range(10)])
    assert bus.expire("t", T0) == 3
    assert len(offsets(bus)) == 12
    bus.close()


def test_a_file_of_a_release_that_knew_no_retention_learns_it(bus, tmp_path):
    bus.publish("t", [Outgoing(key_for(1), b"0") for _ in range(3)])
    read_by(bus, "group", 3)
    bus.close()
    with sqlite3.connect(tmp_path / "bus.db") as connection:
        connection.execute("DROP TABLE mark")
    again = SqliteBus(tmp_path / "bus.db")
    assert again.expire("t", T0) == 0
    assert again.expire("t", T0 + MONTH) == 3
    again.close()


def test_partitions_with_much_to_read_do_not_starve_the_others(bus):
    bus.publish("t", [Outgoing(key_for(0), b"0") for _ in range(1000)])
    bus.publish("t", [Outgoing(key_for(5), b"0")])
    consumer = bus.consumer("t", "g", "a")
    assert {m.partition for m in consumer.poll(100, 0)} == {0, 5}
    consumer.close()


def test_readers_wait_without_keeping_the_processor_busy(bus):
    import time

    reader = bus.reader("t")
    before = time.process_time()
    assert reader.poll(1, 1.0) == []
    assert time.process_time() - before < 0.3
    reader.close()


def test_commit_that_failed_for_want_of_the_file_can_be_tried_again(bus):
    bus.publish("t", map(message, range(20)))
    consumer = bus.consumer("t", "g", "a")
    assert len(drain(consumer, 20, commit=False)) == 20
    consumer._file._open().connection.execute("PRAGMA query_only = ON")
    with pytest.raises(BusUnavailable):
        consumer.commit()
    consumer._file._open().connection.execute("PRAGMA query_only = OFF")
    consumer.commit()
    assert bus.committed("t", "g") == bus.ends("t")
    consumer.close()
