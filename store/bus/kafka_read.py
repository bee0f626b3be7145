"""Reading whole partitions of a Kafka topic from given offsets, with no group."""

from collections.abc import Callable, Iterable, Sequence

from kafka import TopicPartition
from kafka.consumer import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import LogTruncationError, OffsetOutOfRangeError

from store.bus import BusError, Incoming, OffsetOutOfRange
from store.bus.kafka_link import Link, faults, places


class KafkaReader:
    """See `store.bus.Reader`. `partitions` is the topic's number of them, asked for at the first use."""

    def __init__(self, link: Link, topic: str, partitions: Callable[[], int]) -> None:
        self._link, self._topic, self._count = link, topic, partitions
        self._consumer: KafkaConsumer | None = None
        self._positions: dict[int, int] = {}
        self._closed = False

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]:
        if self._closed:
            raise BusError("this reader is closed")
        if self._consumer is None:
            self.seek({})
        assert self._consumer is not None
        with faults(f"reading {self._topic}"):
            try:
                records = self._consumer.poll(timeout_ms=int(timeout * 1000), max_records=most)
            except (OffsetOutOfRangeError, LogTruncationError):
                self._require_held(self._consumer)
                raise
        found = incoming(records)
        self._positions.update((message.partition, message.offset + 1) for message in found)
        return found

    def seek(self, positions: dict[int, int]) -> None:
        with faults(f"seeking in {self._topic}"):
            consumer = self._consumer or self._link.consumer(group_id=None, auto_offset_reset="none")
            self._consumer = consumer
            self._places = places(self._topic, self._count())
            consumer.assign(self._places)
            firsts = consumer.beginning_offsets(self._places)
            self._positions = {place.partition: firsts[place] for place in self._places} | positions
            self._require_held(consumer)
            for place in self._places:
                consumer.seek(place, self._positions[place.partition])

    def close(self) -> None:
        self._closed = True
        if self._consumer is not None:
            self._consumer.close()

    def _require_held(self, consumer: KafkaConsumer) -> None:
        firsts, ends = consumer.beginning_offsets(self._places), consumer.end_offsets(self._places)
        for place in self._places:
            wanted = self._positions[place.partition]
            if not firsts[place] <= wanted <= ends[place]:
                raise OffsetOutOfRange(self._topic, place.partition, wanted, firsts[place], ends[place])


def incoming(records: dict[TopicPartition, Iterable[ConsumerRecord]]) -> list[Incoming]:
    """kafka-python's answer to a poll as messages, in offset order per partition."""
    return [
        Incoming(
            record.topic,
            record.partition,
            record.offset,
            (record.key or b"").decode(),
            record.value or b"",
            tuple((name, value.decode()) for name, value in record.headers),
        )
        for batch in records.values()
        for record in batch
    ]
