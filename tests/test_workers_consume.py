"""The worker's loop: what it was given and could not hand on is given to it again."""

from datetime import UTC, datetime

import pytest

from store.bus import BusUnavailable, Outgoing
from store.bus.sqlite import SqliteBus
from store.claim import ClaimSet
from store.messages import ARTICLES, QUARANTINE, READINGS, WithdrawalFound, decode_reading, encode_message
from workers.consume import GROUP, Worker

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
