"""The consume loop without its reading: poll, publish what was polled, commit. Wall time, since disks and brokers answer.

On Kafka against the same loop in bare kafka-python with the same settings, if `make services` has started a broker.
"""

import itertools
import logging
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from bench.figures import Row, Scale, against, alone
from bench.mentions import T0
from bench.newsprint import Press
from bench.rounds import take_turns
from store.bus import Bus, Consumer, Outgoing
from store.bus.kafka import KafkaBus
from store.bus.sqlite import SqliteBus
from store.claim import ClaimSet
from store.messages import ARTICLES, READINGS, RevisionFound, encode_message
from store.reading import Document, Findings
from workers.consume import Worker

_MOST = 64
_PARTITIONS = 4
_SERVICES = Path(__file__).parent.parent / ".services" / "env"


def measure(scale: Scale) -> list[Row]:
    """Messages a second through the loop, in polls of `_MOST`; the worker's loop decodes and encodes them as well."""
    count, rounds = scale.pick(640, 1_920), scale.pick(3, 7)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rows = _embedded(count, rounds)
    broker = _broker()
    return rows + (_distributed(broker, count, rounds) if broker else [])


def _embedded(count: int, rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        bus = SqliteBus(Path(folder) / "bus.db")
        contestants, close = _ours(bus, ARTICLES, READINGS, count, rounds)
        rates = take_turns(contestants, rounds)
        close()
    return [
        alone("poll, publish, commit on SQLite", "messages/s", rates["loop"]),
        alone("worker's loop without reading on SQLite", "messages/s", rates["worker"]),
    ]


def _distributed(broker: str, count: int, rounds: int) -> list[Row]:
    with _own_topics(broker) as (articles, readings):
        bus = KafkaBus(broker)
        contestants, close = _ours(bus, articles, readings, count, rounds)
        bare, close_bare = _bare(broker, articles, readings, count)
        rates = take_turns(contestants | {"bare": bare}, rounds)
        close_bare()
        close()
    return [
        against("poll, publish, commit on Kafka", "messages/s", rates["loop"], "kafka-python", rates["bare"]),
        alone("worker's loop without reading on Kafka", "messages/s", rates["worker"]),
    ]


def _ours(
    bus: Bus, articles: str, readings: str, count: int, rounds: int
) -> tuple[dict[str, Callable[[int], int]], Callable[[], None]]:
    """Fills the topic for all rounds and joins the groups, so that no round waits for either."""
    for topic in (articles, readings):
        bus.ensure(topic, _PARTITIONS)
    messages = list(_messages(count * (rounds + 2)))
    for start in range(0, len(messages), 1_000):
        bus.publish(articles, messages[start : start + 1_000])
    consumer = bus.consumer(articles, "bench", "bench-1")
    worker = Worker(
        bus=_Renamed(bus, {ARTICLES: articles, READINGS: readings}), documents=_Documents(), claims=lambda _: ClaimSet(),
        make_reader=lambda _: _Unread(), member="bench-2",
    )  # fmt: skip
    _until(_MOST, lambda: _forward(consumer, bus, readings))
    _until(_MOST, lambda: worker.step(_MOST))

    def close() -> None:
        consumer.close()
        worker.close()
        bus.close()

    return {
        "loop": lambda _: _until(count, lambda: _forward(consumer, bus, readings)),
        "worker": lambda _: _until(count, lambda: worker.step(_MOST)),
    }, close


def _until(count: int, step: Callable[[], int]) -> int:
    done = 0
    while done < count:
        done += step()
    return done


def _forward(consumer: Consumer, bus: Bus, topic: str) -> int:
    batch = consumer.poll(_MOST, 1.0)
    bus.publish(topic, [Outgoing(message.key, message.value) for message in batch])
    consumer.commit()
    return len(batch)


def _messages(count: int) -> Iterator[Outgoing]:
    for n in range(count):
        found = RevisionFound(
            article=f"a{n}", revision=1, rendition="x/1", feed=f"f{n % 50}", outlet=f"o{n % 50}", seen_at=T0, occurred_at=T0,
            occurred_basis="claimed", claimed_at=T0, page=f"{n:064x}", content=f"{n:064x}", trace=f"{n:032x}",
        )  # fmt: skip
        yield Outgoing(found.article, encode_message(found))


class _Documents:
    def __init__(self) -> None:
        press = Press(2)
        self._article = press.article(press.subject())

    def document(self, article: str, revision: int, rendition: str | None = None) -> Document | None:
        return self._article


class _Unread:
    """In the reader's place: answers at once that there was nothing."""

    version = "bench"

    def read(self, document: Document, before: Document | None = None, scope: frozenset[str] | None = None) -> Findings:
        return Findings("read", signature=bytes(128), language="en")
