"""The peer of the bus on Kafka: the same loop in bare kafka-python, with the settings that `store.bus.kafka_link` has."""

from collections.abc import Sequence

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient


class BareKafka:
    """Polls, sends what it polled, waits for all acknowledgements, commits. No fencing, no rewinding, no headers."""

    def __init__(self, broker: str, source: str, target: str, most: int) -> None:
        self._target, self._most = target, most
        self._consumer = KafkaConsumer(
            source, bootstrap_servers=[broker], group_id="bench-bare", group_instance_id="bench-bare",
            auto_offset_reset="earliest", enable_auto_commit=False, isolation_level="read_committed",
        )  # fmt: skip
        self._producer = KafkaProducer(
            bootstrap_servers=[broker], enable_idempotence=True, acks="all", compression_type="lz4", linger_ms=5,
            batch_size=1 << 18,
        )  # fmt: skip

    def forward(self) -> int:
        """One turn of the loop; returns how many messages it moved."""
        polled = self._consumer.poll(timeout_ms=1000, max_records=self._most)
        records = [record for found in polled.values() for record in found]
        sent = [self._producer.send(self._target, key=record.key, value=record.value) for record in records]
        self._producer.flush()
        for future in sent:
            future.get()
        if records:
            self._consumer.commit()
        return len(records)

    def close(self) -> None:
        self._consumer.close(autocommit=False)
        self._producer.close()


def delete_topics(broker: str, names: Sequence[str]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=[broker])
    admin.delete_topics(list(names))
    admin.close()
