"""When the bus has lost messages: everything that ingest ever announced is announced again, and the recorder's places are
moved to where the log can be read. Every effect is idempotent, so what was recorded before is not recorded twice."""

from typing import NamedTuple

from dateline.home import Home
from store.bus import OffsetOutOfRange
from store.database import reading
from store.places import move_place, read_places
from store.recorder import ACTOR, TOPICS


class Moved(NamedTuple):
    """The recorder read on at `wanted`, which the log does not hold; now it reads on at `to`."""

    topic: str
    partition: int
    wanted: int
    to: int


class Reannounced(NamedTuple):
    """`messages`: how many ingest will publish again."""

    messages: int
    moved: tuple[Moved, ...]


def reannounce(home: Home) -> Reannounced:
    """Places first: killed in between, the messages are announced by the next try. Raises BusUnavailable."""
    moved = tuple(one for topic in TOPICS for one in _move(home, topic))
    return Reannounced(home.content.announce_again(), moved)


def _move(home: Home, topic: str) -> list[Moved]:
    with reading(home.engine) as connection:
        places = read_places(connection, home.bus.id, topic)
    moved = _out_of_reach(home, topic, places)
    if moved:
        with home.ledger.writing(ACTOR) as write:
            for one in moved:
                move_place(write.connection, home.bus.id, topic, one.partition, one.wanted, one.to)
    return moved


def _out_of_reach(home: Home, topic: str, places: dict[int, int]) -> list[Moved]:
    """Where the log holds none of what comes next: to its start if that was deleted, to its end if it has lost its tail."""
    found: list[Moved] = []
    reader = home.bus.reader(topic)
    try:
        while True:
            try:
                reader.seek(places | {one.partition: one.to for one in found})
            except OffsetOutOfRange as error:
                to = error.first if error.wanted < error.first else error.end
                assert to is not None, "a reader that is past the end says where that is"
                found.append(Moved(topic, error.partition, error.wanted, to))
            else:
                return found
    finally:
        reader.close()
