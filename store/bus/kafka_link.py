"""How this process reaches the Kafka cluster: settings common to all clients, and what their errors mean to us.

kafka-python is used nowhere but in the `kafka*` files of this folder.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.consumer import KafkaConsumer
from kafka.errors import KafkaError
from kafka.producer import KafkaProducer
from kafka.record import util

from store.bus import BusError, BusUnavailable


class Link(NamedTuple):
    """The cluster's address, the seconds after which it counts as unavailable, and kafka-python's `security_protocol`,
    `sasl_*` and `ssl_*` settings."""

    bootstrap: tuple[str, ...]
    timeout: float
    security: Mapping[str, str]

    def producer(self) -> KafkaProducer:
        """Idempotent, acknowledged by all in-sync replicas, lz4: a retry inside the client never writes twice."""
        return KafkaProducer(
            **self._common(),
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            linger_ms=5,
            batch_size=1 << 18,
            max_block_ms=self._ms,
            # Whatever is sent is decided before the publisher stops waiting for it.
            delivery_timeout_ms=self._ms * 8 // 10,
            request_timeout_ms=self._ms * 4 // 10,
            allow_auto_create_topics=False,
        )

    def consumer(self, **settings: Any) -> KafkaConsumer:
        """Nothing is committed but by `commit`."""
        return KafkaConsumer(
            **self._common(),
            enable_auto_commit=False,
            isolation_level="read_committed",
            allow_auto_create_topics=False,
            request_timeout_ms=self._ms,
            **settings,
        )

    def admin(self) -> KafkaAdminClient:
        return KafkaAdminClient(**self._common(), request_timeout_ms=self._ms)

    @property
    def _ms(self) -> int:
        return int(self.timeout * 1000)

    def _common(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": list(self.bootstrap),
            "bootstrap_timeout_ms": self._ms,
            "client_id": "dateline",
            "reconnect_backoff_max_ms": 1000,  # by default up to 30 s pass unused after a broker is back
            **self.security,
        }


class Clients:
    """One producer and one admin client a process, made when first asked for, and anew after a fork."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._producer: KafkaProducer | None = None
        self._admin: KafkaAdminClient | None = None

    def producer(self) -> KafkaProducer:
        with self._lock, faults("connecting"):
            self._forget_the_parents()
            if self._producer is None:
                self._producer = self._link.producer()
            return self._producer

    def admin(self) -> KafkaAdminClient:
        with self._lock, faults("connecting"):
            self._forget_the_parents()
            if self._admin is None:
                self._admin = self._link.admin()
            return self._admin

    def drop(self, producer: KafkaProducer) -> None:
        """The next publisher gets a new producer."""
        with self._lock:
            if self._producer is producer:
                self._producer = None
        with suppress(KafkaError):  # it has failed already, and whoever used it has been told
            producer.close(timeout=0)

    def close(self) -> None:
        with self._lock:
            self._forget_the_parents()
            producer, self._producer = self._producer, None
            admin, self._admin = self._admin, None
        with faults("closing"):
            if producer is not None:
                producer.close(timeout=self._link.timeout)
            if admin is not None:
                admin.close()

    def _forget_the_parents(self) -> None:
        if self._pid != os.getpid():
            self._pid, self._producer, self._admin = os.getpid(), None, None


def require_crc32c() -> None:
    """Raises BusError when kafka-python would reckon checksums in Python: publishing is then about five times
    slower, reading ten times."""
    if util.crc32c_c is None:
        raise BusError("the package crc32c is missing or broken, without which Kafka is far too slow: pip install crc32c")


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Turns kafka-python's errors into BusUnavailable where trying again can help, and BusError where not."""
    try:
        yield
    except KafkaError as error:
        kind = BusUnavailable if error.retriable else BusError
        raise kind(f"kafka, while {doing}: {type(error).__name__}: {error}") from error


def places(topic: str, partitions: int) -> list[TopicPartition]:
    return [TopicPartition(topic, partition) for partition in range(partitions)]
