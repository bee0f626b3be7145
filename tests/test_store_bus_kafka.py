"""The bus on a real Kafka broker: the contract, and what is its own."""

import os
import signal
import socket
import uuid
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from bus_contract import (
    PARTITIONS,
    BusContract,
    ReaderAsConsumer,
    child,
    consume_and_say,
    drain,
    heard,
    key_for,
    message,
    until,
)
from kafka import OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.coordinator.base import MemberState
from kafka.record import util
from tiers import requires_tier

from store.bus import BusError, BusUnavailable, LostPartition, Outgoing
from store.bus.kafka import KafkaBus
from store.bus.kafka_group import InHand
from store.bus.open import open_bus


@pytest.fixture
def address():
    return requires_tier("kafka")


@pytest.fixture
def topic():
    return f"test.{uuid.uuid4().hex}"


def consume_and_die_giving_up(connection, url, topic, member):
    """Killed in the middle of a rebalance: it has given partitions up, and has not yet said so to the group."""
    InHand.on_partitions_revoked = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    consume_and_say(connection, url, topic, member, commits=True)


class TestKafkaBus(BusContract):
    SESSION = "?session=1"
    LONG = "?session=60"

    @pytest.mark.chaos
    def test_members_and_publishers_killed_again_and_again_lose_nothing(self, bus, topic, url):
        """On a real broker how long a group takes to settle after thirty kills is not ours to bound: `make chaos`."""
        super().test_members_and_publishers_killed_again_and_again_lose_nothing(bus, topic, url)

    @pytest.fixture
    def url(self, address):
        return f"kafka://{address}"

    @pytest.fixture
    def bus(self, address, topic):
        bus = KafkaBus(address, identity=topic)
        bus.ensure(topic, PARTITIONS)
        yield bus
        bus._clients.admin().delete_topics([topic])
        bus.close()

    @pytest.fixture
    def join(self, bus, topic):
        members = []

        def make(name, of=None):
            members.append((of or bus).consumer(topic, "group", name))
            return members[-1]

        yield make
        for member in members:
            member.close()
        bus._clients.admin().delete_groups(["group"])

    def test_partitions_given_up_by_a_member_that_is_then_killed_are_not_left_without_one(self, bus, topic, url, join):
        bus.publish(topic, map(message, range(40)))
        process, connection = child(consume_and_die_giving_up, f"{url}{self.LONG}", topic, "a")
        taken = heard(connection)
        while len(taken) < 40:
            taken += heard(connection)
        patient = open_bus(f"{url}{self.LONG}")
        newcomer = join("b", patient)
        until(lambda _: not process.is_alive(), newcomer)
        bus.publish(topic, [Outgoing(key_for(p), b"1") for p in range(PARTITIONS)])
        everywhere = set(range(PARTITIONS))
        until(lambda found: {m.partition for _, m in found} == everywhere, newcomer, join("a", patient))
        patient.close()

    def test_a_member_whose_join_was_answered_between_two_polls_is_not_deaf(self, bus, topic, join):
        member = join("a")
        bus.publish(topic, [message(1)])
        drain(member, 1)
        coordinator = member._consumer._coordinator
        coordinator.state = MemberState.REBALANCING  # all that kafka-python keeps of a join whose answer it threw away
        coordinator._disable_heartbeat()
        assert not coordinator.need_rejoin()
        bus.publish(topic, [message(2)])
        for _ in range(20):
            with suppress(LostPartition):
                member.poll(500, 0.2)
                member.commit()
        assert bus.committed(topic, "group") == bus.ends(topic)

    def test_a_group_that_had_come_further_than_the_log_goes_reads_all_of_it_again(self, bus, topic, join, caplog):
        bus.publish(topic, [Outgoing(key_for(2), f"{n}".encode()) for n in range(4)])
        place = TopicPartition(topic, 2)
        bus._clients.admin().alter_group_offsets("group", {place: OffsetAndMetadata(50, "", -1)})
        assert [m.offset for m in drain(join("a"), 4)] == [0, 1, 2, 3]
        assert f"{topic}/2: the log ends before the place that group group had come to" in caplog.text

    def test_expiring_is_left_to_the_brokers(self, bus, topic):
        bus.publish(topic, [Outgoing(key_for(2), b"0") for _ in range(4)])
        assert bus.expire(topic, datetime(2100, 1, 1, tzinfo=UTC), read={2: 4}) == 0
        assert bus.ends(topic)[2] == 4
        reader = bus.reader(topic)
        assert len(drain(ReaderAsConsumer(reader), 4)) == 4
        reader.close()

    def test_the_log_has_an_identity_that_lasts(self, bus, address, topic):
        again = KafkaBus(address, identity=topic)
        assert again.id == bus.id
        again.close()


def test_a_topic_made_anew_has_another_identity(address, topic):
    bus = KafkaBus(address, identity=topic)
    bus.ensure(topic, 1)
    first = bus.id
    bus._clients.admin().delete_topics([topic])
    bus.close()
    again = KafkaBus(address, identity=topic)
    again.ensure(topic, 1)
    assert again.id != first
    again._clients.admin().delete_topics([topic])
    again.close()


def test_the_identity_of_a_topic_that_is_missing_is_an_error(address, topic):
    bus = KafkaBus(address, identity=topic)
    with pytest.raises(BusError, match="ensure"):
        _ = bus.id
    bus.close()


def test_ensure_sets_retention_and_replicas(address, topic):
    bus = open_bus(f"kafka://{address}?replication=1&retention_hours=48")
    bus.ensure(topic, 2)
    admin = bus._clients.admin()
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    text = repr(found)
    assert "172800000" in text
    assert "min.insync.replicas" in text
    admin.delete_topics([topic])
    bus.close()


def test_a_cluster_that_does_not_answer_is_unavailable():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    bus = KafkaBus(f"127.0.0.1:{port}", timeout=1)
    with pytest.raises(BusUnavailable):
        bus.publish("t", [message(1)])
    with pytest.raises(BusUnavailable):
        bus.consumer("t", "g", "a").poll(1, 1)
    with pytest.raises(BusUnavailable):
        bus.reader("t").poll(1, 1)
    bus.close()


def test_a_message_too_large_for_the_cluster_is_an_error_that_stays(address, topic):
    bus = KafkaBus(address)
    bus.ensure(topic, 1)
    with pytest.raises(BusError) as caught:
        bus.publish(topic, [message(1, size=3_000_000)])
    assert not isinstance(caught.value, BusUnavailable)
    bus.publish(topic, [message(2)])
    assert bus.ends(topic) == {0: 1}
    bus._clients.admin().delete_topics([topic])
    bus.close()


def test_without_crc32c_it_refuses_to_start(monkeypatch):
    monkeypatch.setattr(util, "crc32c_c", None)
    with pytest.raises(BusError, match="pip install crc32c"):
        KafkaBus("127.0.0.1:9092")
