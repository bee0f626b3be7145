"""The bus on a real Kafka broker: the contract, and what is its own."""

import socket
import uuid

import pytest
from bus_contract import PARTITIONS, BusContract, message
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.record import util
from tiers import requires_tier

from store.bus import BusError, BusUnavailable
from store.bus.kafka import KafkaBus
from store.bus.open import open_bus


@pytest.fixture
def address():
    return requires_tier("kafka")


@pytest.fixture
def topic():
    return f"test.{uuid.uuid4().hex}"


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
