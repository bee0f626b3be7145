"""What every bus does, whatever it is made of. `test_store_bus_sqlite.py` and `test_store_bus_kafka.py` run it.

A backend's test class gives `url`: the address of its log, which child processes open too, and `topic`: a name of
its own for every test. `SESSION` is the lease of its members, in seconds, `LONG` one that outlasts any test.
"""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count

import pytest

from store.bus import BusError, LostPartition, MemberReplaced, OffsetOutOfRange, Outgoing
from store.bus.lag import lag
from store.bus.open import open_bus
from store.bus.place import partition_of

PARTITIONS = 8
SEED = int(os.environ.get("DATELINE_SOAK_SEED", "1"))
PATIENCE = 30
"""Seconds after which a test gives up waiting for what must come."""

_spawn = multiprocessing.get_context("spawn")


def message(n, key=None, size=0):
    return Outgoing(key or f"key-{n}", f"{n}".encode().ljust(size, b"."))


def number(incoming):
    return int(incoming.value.rstrip(b"."))


def drain(consumer, wanted, commit=True):
    """Polls until `wanted` messages have come."""
    found, end = [], time.monotonic() + PATIENCE
    while len(found) < wanted and time.monotonic() < end:
        found += consumer.poll(500, 0.2)
        if commit:
            consumer.commit()
    return found


def until(condition, *consumers):
    """Polls and commits for all of them, each in a thread of its own as in life, until the condition holds.

    Returns all that was delivered, as (consumer, message).
    """
    found, end = [], time.monotonic() + PATIENCE
    with ThreadPoolExecutor(len(consumers)) as threads:
        while not condition(found):
            assert time.monotonic() < end, "waited in vain"
            for consumer, batch in zip(consumers, threads.map(poll_and_commit, consumers), strict=True):
                found += [(consumer, incoming) for incoming in batch]
    return found


def poll_and_commit(consumer):
    batch = consumer.poll(500, 0.1)
    consumer.commit()
    return batch


def shares(bus, topic, *consumers, numbers=count()):  # noqa: B008 — one counter for all calls, on purpose
    """Partition → the consumer that gets it, asked by sending a message to each partition until all are taken
    and no consumer has more than its share."""
    fair = -(-PARTITIONS // len(consumers))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        bus.publish(topic, [Outgoing(key_for(p), f"{next(numbers)}".encode()) for p in range(PARTITIONS)])
        found = until(lambda f: {m.partition for _, m in f} == set(range(PARTITIONS)), *consumers)
        holders = {incoming.partition: consumer for consumer, incoming in found}
        if max(Counter(holders.values()).values()) <= fair:
            return holders
    raise AssertionError("the partitions were not shared out fairly")


def key_for(partition):
    return next(f"k{n}" for n in count() if partition_of(f"k{n}", PARTITIONS) == partition)


def child(target, *arguments):
    """A process of its own that runs `target(connection, *arguments)`; the other end of the connection is returned."""
    here, there = _spawn.Pipe()
    process = _spawn.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    return process, here


def heard(connection):
    assert connection.poll(PATIENCE), "the child process said nothing"
    return connection.recv()


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def told(connection, *first):
    """All places that a worker has told of so far, after the given call if there is one."""
    if first:
        first[0](*first[1:])
    places = set()
    while connection.poll(0.05):
        try:
            places |= set(connection.recv())
        except EOFError:
            break
    return places


def publish_and_say(connection, url, topic, name, batches, size):
    bus = open_bus(url)
    connection.send("ready")
    connection.recv()
    for batch in range(batches):
        bus.publish(topic, [message(batch * size + n, key=name) for n in range(size)])
        connection.send((batch + 1) * size)
    if batches == 1:
        os.kill(os.getpid(), signal.SIGKILL)  # durable means: without a tidy end
    bus.close()


def consume_and_say(connection, url, topic, member, commits):
    consumer = open_bus(url).consumer(topic, "group", member)
    while True:
        found = consumer.poll(500, 0.2)
        if commits:
            consumer.commit()
        if found:
            connection.send([(m.partition, m.offset) for m in found])


def work_and_say(connection, url, topic, member):
    """As a worker: says what it has done, and only then commits it."""
    consumer = open_bus(url).consumer(topic, "group", member)
    while True:
        found = consumer.poll(200, 1.0)
        if found:
            connection.send([(m.partition, m.offset) for m in found])
        with suppress(LostPartition):
            consumer.commit()


class BusContract:
    SESSION = "overridden"
    LONG = "overridden"

    @pytest.fixture
    def bus(self, url, topic):
        bus = open_bus(url)
        bus.ensure(topic, PARTITIONS)
        yield bus
        bus.close()

    @pytest.fixture
    def join(self, bus, topic):
        """Makes members of one group; all are closed in the end."""
        members = []

        def make(name, of=None):
            members.append((of or bus).consumer(topic, "group", name))
            return members[-1]

        yield make
        for member in members:
            member.close()

    # --- publishing ---------------------------------------------------------------------------------

    def test_messages_of_one_key_keep_their_order_and_share_a_partition(self, bus, topic, join):
        for start in range(0, 600, 50):
            bus.publish(topic, [message(n, key=f"key-{n % 7}") for n in range(start, start + 50)])
        found = drain(join("a"), 600)
        for key in {m.key for m in found}:
            of_key = [m for m in found if m.key == key]
            assert [number(m) for m in of_key] == sorted(number(m) for m in of_key)
            assert {m.partition for m in of_key} == {partition_of(key, PARTITIONS)}

    def test_offsets_are_gapless_from_zero_in_every_partition(self, bus, topic, join):
        bus.publish(topic, map(message, range(300)))
        offsets = {}
        for m in drain(join("a"), 300):
            offsets.setdefault(m.partition, []).append(m.offset)
        assert offsets == {p: list(range(end)) for p, end in bus.ends(topic).items()}
        assert sum(bus.ends(topic).values()) == 300

    def test_key_value_and_headers_arrive_as_sent(self, bus, topic, join):
        sent = Outgoing("kľúč", b'{"a":1}\x00\xff', (("traceparent", "00-1-2-01"), ("ce_type", "revision")))
        bus.publish(topic, [sent])
        (found,) = drain(join("a"), 1)
        assert (found.topic, found.key, found.value) == (topic, sent.key, sent.value)
        assert found.headers[:2] == sent.headers

    def test_every_message_carries_the_attributes_that_cloudevents_requires(self, bus, topic, join):
        bus.publish(topic, [message(1), message(1), message(2)])
        found = [dict(m.headers) for m in drain(join("a"), 3)]
        for headers in found:
            assert headers["ce_specversion"] == "1.0"
            assert headers["ce_source"]
            assert headers["ce_type"] == topic
        assert len({headers["ce_id"] for headers in found}) == 2, "the same message again has the same id"

    def test_a_large_batch_arrives_whole_and_poll_gives_no_more_than_asked(self, bus, topic, join):
        bus.publish(topic, [message(n, size=1500) for n in range(5000)])
        consumer, found, end = join("a"), [], time.monotonic() + PATIENCE
        while len(found) < 5000 and time.monotonic() < end:
            batch = consumer.poll(333, 1.0)
            assert len(batch) <= 333
            found += batch
        assert sorted(map(number, found)) == list(range(5000))
        assert {len(m.value) for m in found} == {1500}

    def test_processes_publish_at_the_same_time_without_losing_or_mixing(self, bus, topic, url, join):
        children = [child(publish_and_say, url, topic, f"key-{n}", 5, 40) for n in range(3)]
        for _, connection in children:
            assert heard(connection) == "ready"
        for _, connection in children:
            connection.send("go")
        found = drain(join("a"), 600)
        assert len(found) == 600
        for n in range(3):
            assert [number(m) for m in found if m.key == f"key-{n}"] == list(range(200))
        for process, _ in children:
            process.join()

    def test_what_was_published_survives_a_kill_the_moment_publish_returns(self, bus, topic, url, join):
        process, connection = child(publish_and_say, url, topic, "key", 1, 100)
        assert heard(connection) == "ready"
        connection.send("go")
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL
        assert [number(m) for m in drain(join("a"), 100)] == list(range(100))

    def test_a_publisher_killed_at_work_loses_nothing_that_it_was_told_is_safe(self, bus, topic, url, join):
        process, connection = child(publish_and_say, url, topic, "key", 100_000, 20)
        assert heard(connection) == "ready"
        connection.send("go")
        safe = 0
        while safe < 400:
            safe = heard(connection)
        kill(process)
        while connection.poll():
            try:
                safe = connection.recv()
            except EOFError:
                break
        found = [number(m) for m in drain(join("a"), sum(bus.ends(topic).values()))]
        assert found == list(range(len(found))), "in order, none missing, none twice"
        assert len(found) >= safe

    def test_publishing_nothing_is_allowed(self, bus, topic):
        bus.publish(topic, [])
        assert sum(bus.ends(topic).values()) == 0

    def test_a_topic_must_exist_and_keeps_its_partition_count(self, bus, topic):
        with pytest.raises(BusError, match="ensure"):
            bus.publish(f"{topic}.missing", [message(1)])
        bus.ensure(topic, PARTITIONS + 3)
        assert len(bus.ends(topic)) == PARTITIONS

    # --- one member ---------------------------------------------------------------------------------

    def test_a_group_begins_at_the_earliest_message(self, bus, topic, join):
        bus.publish(topic, map(message, range(10)))
        assert len(drain(join("a"), 10)) == 10

    def test_a_committed_message_does_not_come_again_an_uncommitted_one_does(self, bus, topic, join):
        bus.publish(topic, map(message, range(100)))
        first = join("a")
        done = drain(first, 100)
        bus.publish(topic, map(message, range(100, 150)))
        undone = drain(first, 50, commit=False)
        first.close()
        again = drain(join("a"), 50)
        assert sorted(map(number, done)) == list(range(100))
        assert sorted(map(number, undone)) == sorted(map(number, again)) == list(range(100, 150))

    def test_groups_do_not_disturb_one_another(self, bus, topic, join):
        bus.publish(topic, map(message, range(20)))
        assert len(drain(join("a"), 20)) == 20
        other = bus.consumer(topic, "other", "a")
        assert len(drain(other, 20)) == 20
        other.close()

    def test_ends_committed_and_lag_agree(self, bus, topic, join):
        bus.publish(topic, map(message, range(60)))
        assert sum(part.behind for part in lag(bus, topic, "group")) == 60
        assert set(bus.committed(topic, "group").values()) == {0}
        drain(join("a"), 60)
        assert bus.committed(topic, "group") == bus.ends(topic)
        bus.publish(topic, map(message, range(5)))
        assert sum(part.behind for part in lag(bus, topic, "group")) == 5
        assert [part.end for part in lag(bus, topic, "group")] == [bus.ends(topic)[p] for p in range(PARTITIONS)]

    def test_poll_waits_for_a_message_and_returns_as_soon_as_it_is_there(self, bus, topic, join):
        consumer = join("a")
        shares(bus, topic, consumer)
        publisher = threading.Timer(0.3, bus.publish, (topic, [message(1)]))
        publisher.start()
        started = time.monotonic()
        found = consumer.poll(10, PATIENCE)
        assert len(found) == 1
        assert time.monotonic() - started < PATIENCE / 3
        publisher.join()

    def test_poll_gives_up_after_its_timeout(self, bus, topic, join):
        consumer = join("a")
        shares(bus, topic, consumer)
        started = time.monotonic()
        assert list(consumer.poll(10, 0.3)) == []
        assert 0.25 < time.monotonic() - started < PATIENCE / 3

    def test_a_closed_consumer_says_so(self, join):
        consumer = join("a")
        consumer.close()
        consumer.close()
        with pytest.raises(BusError, match="closed"):
            consumer.poll(1, 0)

    # --- several members ----------------------------------------------------------------------------

    def test_members_share_the_partitions_fairly_and_a_newcomer_gets_its_share(self, bus, topic, join):
        one = join("a")
        assert set(shares(bus, topic, one).values()) == {one}
        two = join("b")
        assert Counter(shares(bus, topic, one, two).values()) == {one: 4, two: 4}
        three = join("c")
        counts = Counter(shares(bus, topic, one, two, three).values())
        assert sorted(counts.values()) == [2, 3, 3]

    def test_while_members_come_and_go_every_message_is_delivered(self, bus, topic, join):
        members = [join("a")]
        seen = set()
        for round_ in range(4):
            bus.publish(topic, [message(round_ * 100 + n) for n in range(100)])
            wanted = set(range((round_ + 1) * 100))
            found = until(lambda f, had=frozenset(seen), w=wanted: had | {number(m) for _, m in f} == w, *members)
            seen |= {number(m) for _, m in found}
            if round_ < 2:
                members.append(join(f"member-{round_}"))
            else:
                members.pop(0).close()
        assert seen == set(range(400))

    def test_a_member_that_closes_leaves_its_partitions_to_the_others_at_once(self, url, topic, bus, join):
        patient = open_bus(f"{url}{self.LONG}")
        one, two = join("a", patient), join("b", patient)
        shares(bus, topic, one, two)
        one.close()
        started = time.monotonic()
        assert set(shares(bus, topic, two).values()) == {two}
        assert time.monotonic() - started < PATIENCE
        patient.close()

    def test_a_killed_members_messages_go_to_another_when_its_lease_is_over(self, url, topic, bus, join):
        bus.publish(topic, map(message, range(40)))
        process, connection = child(consume_and_say, f"{url}{self.SESSION}", topic, "victim", False)
        taken = heard(connection)
        while len(taken) < 40:
            taken += heard(connection)
        kill(process)
        brief = open_bus(f"{url}{self.SESSION}")
        found = drain(join("heir", brief), 40)
        assert sorted(map(number, found)) == list(range(40))
        brief.close()

    def test_a_member_killed_and_started_again_takes_its_own_over_at_once(self, url, topic, bus, join):
        bus.publish(topic, map(message, range(40)))
        process, connection = child(consume_and_say, f"{url}{self.LONG}", topic, "a", False)
        taken = heard(connection)
        while len(taken) < 40:
            taken += heard(connection)
        kill(process)
        patient = open_bus(f"{url}{self.LONG}")
        found = drain(join("a", patient), 40)
        assert sorted(map(number, found)) == list(range(40))
        patient.close()

    def test_what_a_killed_member_had_committed_is_not_delivered_again(self, url, topic, bus, join):
        bus.publish(topic, map(message, range(40)))
        process, connection = child(consume_and_say, url, topic, "a", True)
        taken = heard(connection)
        while len(taken) < 40:
            taken += heard(connection)
        kill(process)
        bus.publish(topic, [message(99)])
        found = until(lambda f: any(number(m) == 99 for _, m in f), join("a"))
        assert [number(m) for _, m in found] == [99]

    # --- fencing ------------------------------------------------------------------------------------

    def test_a_member_that_was_replaced_can_neither_commit_nor_go_on(self, url, topic, bus, join):
        bus.publish(topic, map(message, range(40)))
        old = join("a")
        drain(old, 40, commit=False)
        new = join("a", open_bus(url))
        assert len(drain(new, 40, commit=False)) == 40
        with pytest.raises(LostPartition):
            old.commit()
        assert set(bus.committed(topic, "group").values()) == {0}
        with pytest.raises(MemberReplaced):
            old.poll(1, 0.1)
        new.commit()
        assert bus.committed(topic, "group") == bus.ends(topic)

    def test_a_commit_of_a_partition_that_went_to_another_member_is_refused(self, topic, bus, join):
        bus.publish(topic, map(message, range(80)))
        one = join("a")
        drain(one, 80, commit=False)
        two, end, moved = join("b"), time.monotonic() + PATIENCE, []
        with ThreadPoolExecutor(2) as threads:
            while not moved and time.monotonic() < end:
                _, moved = threads.map(lambda member: list(member.poll(500, 0.1)), (one, two))
        with pytest.raises(LostPartition):
            one.commit()
        assert set(bus.committed(topic, "group").values()) == {0}
        two.commit()
        rest = until(lambda f: len({number(m) for _, m in f} | set(map(number, moved))) == 80, one, two)
        assert len(moved) + len({number(m) for _, m in rest}) >= 80
        assert bus.committed(topic, "group") == bus.ends(topic)

    # --- soak -----------------------------------------------------------------------------------------

    @pytest.mark.soak
    def test_members_and_publishers_killed_again_and_again_lose_nothing(self, bus, topic, url):
        """30 kills, seeded. Whatever was acknowledged is in the log once, and whatever is in the log was worked on."""
        dice, safe, done = random.Random(SEED), {}, set()
        names = ["a", "b", "c"]
        workers = {name: child(work_and_say, f"{url}{self.SESSION}", topic, name) for name in names}
        for round_ in range(10):
            publisher, mouth = child(publish_and_say, url, topic, f"key-{round_}", 100_000, 20)
            assert heard(mouth) == "ready"
            mouth.send("go")
            for name in dice.sample(names, 2):
                while safe.get(round_, 0) < dice.randrange(200, 2000):
                    safe[round_] = heard(mouth)
                process, connection = workers[name]
                done |= told(connection, kill, process)
                workers[name] = child(work_and_say, f"{url}{self.SESSION}", topic, name)
            kill(publisher)
        ends = bus.ends(topic)
        every = {(p, offset) for p, end in ends.items() for offset in range(end)}
        last = time.monotonic() + PATIENCE
        while done != every and time.monotonic() < last:
            for _, connection in workers.values():
                done |= told(connection)
        for process, connection in workers.values():
            done |= told(connection, kill, process)
        assert every - done == set(), "in the log, and no member was ever given it"
        reader = bus.reader(topic)
        found = drain(ReaderAsConsumer(reader), sum(ends.values()))
        reader.close()
        for round_, count_ in safe.items():
            numbers = [number(m) for m in found if m.key == f"key-{round_}"]
            assert numbers == list(range(len(numbers)))
            assert len(numbers) >= count_, "acknowledged, and not in the log"

    # --- reading without a group ----------------------------------------------------------------------

    def test_a_reader_reads_all_from_the_beginning_and_leaves_no_trace(self, bus, topic):
        bus.publish(topic, map(message, range(50)))
        for _ in range(2):
            reader = bus.reader(topic)
            assert sorted(map(number, drain(ReaderAsConsumer(reader), 50))) == list(range(50))
            reader.close()
        assert set(bus.committed(topic, "group").values()) == {0}

    def test_a_reader_starts_where_it_is_told_and_elsewhere_at_the_beginning(self, bus, topic):
        bus.publish(topic, [Outgoing(key_for(p), b"0") for p in range(PARTITIONS) for _ in range(5)])
        reader = bus.reader(topic)
        reader.seek({0: 3, 1: 5})
        found = Counter(m.partition for m in drain(ReaderAsConsumer(reader), 3 - 1 + 5 * (PARTITIONS - 2)))
        assert found == {0: 2} | dict.fromkeys(range(2, PARTITIONS), 5)
        reader.seek({0: 4} | dict.fromkeys(range(1, PARTITIONS), 5))
        assert [(m.partition, m.offset) for m in drain(ReaderAsConsumer(reader), 1)] == [(0, 4)]
        reader.close()

    def test_a_reader_whose_place_was_deleted_is_told_so(self, bus, topic):
        bus.publish(topic, [Outgoing(key_for(2), b"0") for _ in range(10)])
        bus.trim(topic, {2: 6})
        reader = bus.reader(topic)
        with pytest.raises(OffsetOutOfRange) as caught:
            reader.seek({2: 4})
        assert (caught.value.topic, caught.value.partition) == (topic, 2)
        assert (caught.value.wanted, caught.value.first) == (4, 6)
        reader.seek({2: 6})
        assert [m.offset for m in drain(ReaderAsConsumer(reader), 4)] == [6, 7, 8, 9]
        reader.close()

    def test_a_reader_that_knows_more_than_the_log_is_told_so(self, bus, topic):
        """The log was restored from an older backup: what comes next is not what comes next."""
        bus.publish(topic, [Outgoing(key_for(2), b"0")])
        reader = bus.reader(topic)
        with pytest.raises(OffsetOutOfRange) as caught:
            reader.seek({2: 7})
        assert caught.value.end == 1
        reader.close()

    def test_a_group_goes_on_at_the_earliest_that_is_left(self, bus, topic, join):
        bus.publish(topic, [Outgoing(key_for(2), f"{n}".encode()) for n in range(10)])
        bus.trim(topic, {2: 6})
        assert [m.offset for m in drain(join("a"), 4)] == [6, 7, 8, 9]

    def test_a_group_counts_and_says_what_it_will_never_see(self, bus, topic, join, caplog):
        bus.publish(topic, [Outgoing(key_for(2), f"{n}".encode()) for n in range(10)])
        first = join("a")
        drain(first, 10)
        assert first.missed == 0
        first.close()
        bus.publish(topic, [Outgoing(key_for(2), f"{n}".encode()) for n in range(10, 20)])
        bus.trim(topic, {2: 16})
        heir = join("a")
        assert [m.offset for m in drain(heir, 4)] == [16, 17, 18, 19]
        assert heir.missed == 6
        assert f"{topic}/2: 6 messages were deleted before group group had read them" in caplog.text
        assert bus.committed(topic, "group")[2] == 20

    def test_a_log_is_not_trimmed_beyond_its_end(self, bus, topic):
        bus.publish(topic, [Outgoing(key_for(2), b"0")])
        with pytest.raises(BusError, match="ends at 1"):
            bus.trim(topic, {2: 2})

    # --- identity -------------------------------------------------------------------------------------

    def test_the_log_has_an_identity_that_lasts(self, bus, url):
        again = open_bus(url)
        assert again.id == bus.id
        again.close()


class ReaderAsConsumer:
    """A reader for `drain`, which commits."""

    def __init__(self, reader):
        self.poll = reader.poll

    def commit(self):
        pass
