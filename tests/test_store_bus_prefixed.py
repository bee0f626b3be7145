"""Two homes on one Kafka cluster: prefixes keep them apart, and nobody downstream sees them."""

import time
import uuid

import pytest
from bus_contract import PATIENCE, message, number
from tiers import requires_tier

from store.bus import BusError
from store.bus.open import BadBusUrl, open_bus
from store.bus.prefixed import PrefixedBus
from store.messages import ARTICLES, READINGS


@pytest.fixture
def homes():
    address, run = requires_tier("kafka"), uuid.uuid4().hex[:8]
    buses = [open_bus(f"kafka://{address}?session=1&prefix={run}-{name}.") for name in ("one", "two")]
    for bus in buses:
        for topic in (ARTICLES, READINGS):
            bus.ensure(topic, 2)
    yield buses
    for bus in buses:
        bus.drop((ARTICLES, READINGS), ("match",))
        bus.close()


def polled(source, count):
    found, end = [], time.monotonic() + PATIENCE
    while len(found) < count and time.monotonic() < end:
        found += source.poll(100, 0.2)
    return found


def test_what_one_home_publishes_the_other_does_not_see(homes):
    one, two = homes
    one.publish(ARTICLES, [message(n) for n in range(5)])
    two.publish(ARTICLES, [message(n) for n in range(100, 103)])
    consumers = [bus.consumer(ARTICLES, "match", "match-0") for bus in homes]
    found = [sorted(map(number, polled(consumer, count))) for consumer, count in zip(consumers, (5, 3), strict=True)]
    assert found == [[0, 1, 2, 3, 4], [100, 101, 102]]
    consumers[0].commit()
    assert one.committed(ARTICLES, "match") == one.ends(ARTICLES)
    assert sum(two.committed(ARTICLES, "match").values()) == 0
    for consumer in consumers:
        consumer.close()


def test_messages_carry_the_plain_topic_through_consumers_and_readers(homes):
    one, _ = homes
    one.publish(READINGS, [message(1)])
    reader, consumer = one.reader(READINGS), one.consumer(READINGS, "match", "match-0")
    reader.seek({})
    assert [m.topic for m in polled(reader, 1)] == [READINGS]
    assert [m.topic for m in polled(consumer, 1)] == [READINGS]
    reader.close()
    consumer.close()


def test_homes_have_logs_of_their_own(homes):
    one, two = homes
    assert one.id != two.id


def test_trimming_one_home_leaves_the_other(homes):
    for bus in homes:
        bus.publish(ARTICLES, [message(1, key="k")])
    one, two = homes
    one.trim(ARTICLES, one.ends(ARTICLES))
    reader = two.reader(ARTICLES)
    reader.seek({})
    assert [number(m) for m in polled(reader, 1)] == [1]
    reader.close()


def test_what_was_dropped_is_gone_and_dropping_again_is_no_fault(homes):
    one, two = homes
    one.drop((ARTICLES, READINGS), ("match",))
    with pytest.raises(BusError, match="no topic"):
        one.ends(ARTICLES)
    one.drop((ARTICLES, READINGS), ("match",))
    assert two.ends(ARTICLES) == {0: 0, 1: 0}


def test_without_a_prefix_nothing_is_wrapped():
    plain = open_bus("kafka://127.0.0.1:1")
    prefixed = open_bus("kafka://127.0.0.1:1?prefix=desk.")
    assert (isinstance(plain, PrefixedBus), isinstance(prefixed, PrefixedBus)) == (False, True)


@pytest.mark.parametrize("prefix", ["a/b", "a%20b", "x" * 101])
def test_a_prefix_that_kafka_would_refuse_is_refused_first(prefix):
    with pytest.raises(BadBusUrl, match="prefix"):
        open_bus(f"kafka://127.0.0.1:9092?prefix={prefix}")
