"""Several homes on one Kafka cluster: each has its own prefix before the names of its topics and groups.

Messages speak of the plain names, so that what is recorded of them does not depend on where a home lives; errors name
topics as Kafka does.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from store.bus import Incoming, Outgoing

if TYPE_CHECKING:  # who asks whether a bus is one of these need not load Kafka
    from store.bus.kafka import KafkaBus
    from store.bus.kafka_group import KafkaGroupConsumer
    from store.bus.kafka_read import KafkaReader


class PrefixedBus:
    """See `store.bus.Bus`. `bus` belongs to this object and is closed with it."""

    def __init__(self, bus: "KafkaBus", prefix: str) -> None:
        self._bus, self._prefix = bus, prefix

    @property
    def id(self) -> str:
        return self._bus.id

    def ensure(self, topic: str, partitions: int) -> None:
        self._bus.ensure(self._prefix + topic, partitions)

    def publish(self, topic: str, messages: Iterable[Outgoing]) -> None:
        self._bus.publish(self._prefix + topic, messages)

    def consumer(self, topic: str, group: str, member: str) -> "_Consumer":
        return _Consumer(self._bus.consumer(self._prefix + topic, self._prefix + group, member), topic)

    def reader(self, topic: str) -> "_Reader":
        return _Reader(self._bus.reader(self._prefix + topic), topic)

    def ends(self, topic: str) -> dict[int, int]:
        return self._bus.ends(self._prefix + topic)

    def committed(self, topic: str, group: str) -> dict[int, int]:
        return self._bus.committed(self._prefix + topic, self._prefix + group)

    def trim(self, topic: str, before: dict[int, int]) -> None:
        self._bus.trim(self._prefix + topic, before)

    def expire(self, topic: str, now: datetime, read: Mapping[int, int] | None = None) -> int:
        return self._bus.expire(self._prefix + topic, now, read)

    def drop(self, topics: Iterable[str], groups: Iterable[str] = ()) -> None:
        """As `KafkaBus.drop`, of this home's topics and groups alone."""
        self._bus.drop([self._prefix + topic for topic in topics], [self._prefix + group for group in groups])

    def close(self) -> None:
        self._bus.close()


class _Consumer:
    def __init__(self, consumer: "KafkaGroupConsumer", topic: str) -> None:
        self._consumer, self._topic = consumer, topic

    @property
    def missed(self) -> int:
        return self._consumer.missed

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]:
        return _plain(self._consumer.poll(most, timeout), self._topic)

    def commit(self) -> None:
        self._consumer.commit()

    def close(self) -> None:
        self._consumer.close()


class _Reader:
    def __init__(self, reader: "KafkaReader", topic: str) -> None:
        self._reader, self._topic = reader, topic

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]:
        return _plain(self._reader.poll(most, timeout), self._topic)

    def seek(self, positions: dict[int, int]) -> None:
        self._reader.seek(positions)

    def close(self) -> None:
        self._reader.close()


def _plain(messages: Sequence[Incoming], topic: str) -> list[Incoming]:
    return [message._replace(topic=topic) for message in messages]
