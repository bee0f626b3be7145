"""The consume loop without its reading: poll, publish what was polled, commit. Wall time, since disks and brokers answer.

On Kafka against the same loop in bare kafka-python with the same settings, if `make services` has started a broker.
"""

import logging
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from bench.bare_kafka import BareKafka, delete_topics
from bench.figures import Row, Scale, against, alone
from bench.mentions import T0
from bench.newsprint import Press
from bench.rounds import take_turns
from bench.servers import address
from store.bus import Bus, Consumer, Outgoing
from store.bus.kafka import KafkaBus
from store.bus.sqlite import SqliteBus
from store.claim import ClaimSet
from store.messages import ARTICLES, READINGS, RevisionFound, encode_message
from store.reading import Document, Findings
from workers.consume import Worker

_MOST = 64
_PARTITIONS = 4
_VARIABLE = "DATELINE_TEST_KAFKA"


def measure(scale: Scale) -> list[Row]:
    """Messages a second through the loop, in polls of `_MOST`; the worker's loop decodes and encodes them as well."""
    count, rounds = scale.pick(640, 1_920), scale.pick(3, 7)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rows = _embedded(count, rounds)
    broker = address(_VARIABLE)
    return rows + (_distributed(broker, count, rounds) if broker else [])


def _embedded(count: int, rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        bus = SqliteBus(Path(folder) / "bus.db")
        consumer = _filled(bus, ARTICLES, READINGS, count * (rounds + 2))
        worker = Worker(
            bus=bus, documents=_Documents(), claims=lambda _: ClaimSet(), make_reader=lambda _: _Unread(), member="bench",
        )  # fmt: skip
        rates = take_turns(
            {
                "loop": lambda _: _until(count, lambda: _forward(consumer, bus, READINGS)),
                "worker": lambda _: _until(count, lambda: worker.step(_MOST)),
            },
            rounds,
        )
        consumer.close()
        worker.close()
        bus.close()
    return [
        alone("poll, publish, commit on SQLite", "messages/s", rates["loop"]),
        alone("worker's loop without reading on SQLite", "messages/s", rates["worker"]),
    ]


def _distributed(broker: str, count: int, rounds: int) -> list[Row]:
    with _own_topics(broker) as (articles, readings):
        bus = KafkaBus(broker)
        consumer = _filled(bus, articles, readings, count * (rounds + 2))
        bare = BareKafka(broker, articles, readings, _MOST)
        _until(_MOST, bare.forward)
        rates = take_turns(
            {
                "loop": lambda _: _until(count, lambda: _forward(consumer, bus, readings)),
                "bare": lambda _: _until(count, bare.forward),
            },
            rounds,
        )
        bare.close()
        consumer.close()
        bus.close()
    return [against("poll, publish, commit on Kafka", "messages/s", rates["loop"], "kafka-python", rates["bare"])]


def _filled(bus: Bus, articles: str, readings: str, count: int) -> Consumer:
    """A consumer that has joined already, of a topic that holds `count` messages: no round waits for either."""
    for topic in (articles, readings):
        bus.ensure(topic, _PARTITIONS)
    for start in range(0, count, 1_000):
        bus.publish(articles, list(_messages(start, min(start + 1_000, count))))
    consumer = bus.consumer(articles, "bench", "bench")
    _until(_MOST, lambda: _forward(consumer, bus, readings))
    return consumer


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


def _messages(start: int, stop: int) -> Iterator[Outgoing]:
    for n in range(start, stop):
        found = RevisionFound(
            article=f"a{n}", revision=1, rendition="x/1", feed=f"f{n % 50}", outlet=f"o{n % 50}", seen_at=T0, occurred_at=T0,
            occurred_basis="claimed", claimed_at=T0, page=f"{n:064x}", content=f"{n:064x}", trace=f"{n:032x}",
        )  # fmt: skip
        yield Outgoing(found.article, encode_message(found))


class _Documents:
    def __init__(self) -> None:
        press = Press(2)
        self._article = press.article(press.subject())

    def document(self, article: str, revision: int, rendition: str | None = None) -> Document | None:  # noqa: ARG002 - one for all
        return self._article


class _Unread:
    """In the reader's place: answers at once that there was nothing."""

    version = "bench"

    def read(
        self, document: Document, before: Document | None = None, scope: frozenset[str] | None = None  # noqa: ARG002 - unread
    ) -> Findings:
        return Findings("read", signature=bytes(128), language="en")


@contextmanager
def _own_topics(broker: str) -> Iterator[tuple[str, str]]:
    """Two topic names that nobody uses; the topics are deleted in the end."""
    run = uuid.uuid4().hex[:8]
    names = (f"bench-articles-{run}", f"bench-readings-{run}")
    try:
        yield names
    finally:
        delete_topics(broker, names)
