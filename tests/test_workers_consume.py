"""The worker's loop: what it was given and could not hand on is given to it again."""

from datetime import UTC, datetime

import pytest

from store.bus import BusUnavailable, Outgoing
from store.bus.sqlite import SqliteBus
from store.claim import ClaimSet
from store.messages import (
    ARTICLES,
    QUARANTINE,
    READINGS,
    RevisionFound,
    WithdrawalFound,
    decode_reading,
    encode_message,
)
from workers.consume import FIRST, GROUP, LARGEST, Worker, next_slice

T0 = datetime(2024, 5, 6, 8, 0, tzinfo=UTC)


class NoTexts:
    """Withdrawals have no text to read."""

    version = "r/1"

    def document(self, *_):
        raise AssertionError

    read = document


@pytest.fixture
def bus(tmp_path):
    bus = SqliteBus(tmp_path / "bus.db")
    for topic in (ARTICLES, READINGS, QUARANTINE):
        bus.ensure(topic, 1)
    yield bus
    bus.close()


@pytest.fixture
def worker(bus):
    worker = Worker(
        bus=bus, documents=NoTexts(), claims=lambda _: ClaimSet(), make_reader=lambda _: NoTexts(), member="match-0"
    )
    yield worker
    worker.close()


def withdraw(bus, article):
    message = WithdrawalFound(article, 1, "f", "o", T0, "410")
    bus.publish(ARTICLES, [Outgoing(article, encode_message(message))])


def readings(bus):
    reader = bus.reader(READINGS)
    reader.seek({})
    found = [decode_reading(message.value).source.article for message in reader.poll(100, 0)]
    reader.close()
    return found


def test_each_message_becomes_one_reading_and_is_committed(bus, worker):
    withdraw(bus, "a")
    withdraw(bus, "b")
    assert worker.step(timeout=0.5) == 2
    assert readings(bus) == ["a", "b"]
    assert bus.committed(ARTICLES, GROUP) == {0: 2}


def test_what_could_not_be_published_is_read_again_and_not_covered_by_a_later_commit(bus, worker, monkeypatch):
    """The bus is away for one publication: without a new start, the next commit would move past what was lost."""
    withdraw(bus, "a")
    publish = bus.publish

    def away(topic, messages):
        monkeypatch.setattr(bus, "publish", publish)
        raise BusUnavailable

    monkeypatch.setattr(bus, "publish", away)
    with pytest.raises(BusUnavailable):
        worker.step(timeout=0.5)
    withdraw(bus, "b")
    while worker.step(timeout=0.5):
        pass
    assert readings(bus) == ["a", "b"]
    assert bus.committed(ARTICLES, GROUP) == {0: 2}


class Slow:
    """In place of texts and reader: each article takes so many seconds, by the clock that the worker is given."""

    version = "r/1"

    def __init__(self, each):
        self.each, self.now, self.fails = each, 0.0, 0

    def seconds(self):
        return self.now

    def document(self, article, revision, rendition=None):
        self.now += self.each
        if self.fails:
            self.fails -= 1
            raise ConnectionError(article)


def find(bus, *articles):
    for article in articles:
        found = RevisionFound(article, 1, "x/1", "f", "o", T0, T0, "claimed", T0, "0" * 64, "0" * 64)
        bus.publish(ARTICLES, [Outgoing(article, encode_message(found))])


def worker_over(bus, texts):
    return Worker(
        bus=bus, documents=texts, claims=lambda _: ClaimSet(), make_reader=lambda _: texts, member="match-0",
        seconds=texts.seconds,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("last", "read", "seconds", "following"),
    [
        (4, 4, 0.0, 8),  # too fast to be measured
        (4, 4, 0.01, 8),  # twice as many at most
        (64, 64, 16.0, 2),
        (8, 2, 4.0, 1),  # at least one
        (8, 1, 0.25, 2),  # few came: the pace counts, not the number
        (LARGEST, LARGEST, 0.001, LARGEST),
    ],
)
def test_as_many_are_read_at_a_time_as_fit_into_half_a_second(last, read, seconds, following):
    assert next_slice(last, read, seconds) == following


def test_the_first_of_a_burst_does_not_wait_for_the_last(bus):
    worker = worker_over(bus, Slow(0.25))
    find(bus, *(f"a{number}" for number in range(12)))
    sizes = []
    while done := worker.step(timeout=0.5):
        sizes.append(done)
        assert bus.committed(ARTICLES, GROUP) == {0: sum(sizes)}
        assert len(readings(bus)) == sum(sizes)
    assert sizes == [FIRST, 2, 2, 2, 2]
    worker.close()


def test_articles_that_are_read_at_once_come_in_ever_larger_lots(bus):
    worker = worker_over(bus, Slow(0.0))
    find(bus, *(f"a{number}" for number in range(60)))
    assert [worker.step(timeout=0.5) for _ in range(4)] == [4, 8, 16, 32]
    worker.close()


def test_whatever_interrupts_reading_the_articles_in_hand_come_again(bus):
    texts = Slow(0.0)
    worker = worker_over(bus, texts)
    find(bus, "a", "b")
    texts.fails = 1
    with pytest.raises(ConnectionError):
        worker.step(timeout=0.5)
    find(bus, "c")
    while worker.step(timeout=0.5):
        pass
    assert readings(bus) == ["a", "b", "c"]
    assert bus.committed(ARTICLES, GROUP) == {0: 3}
    worker.close()
