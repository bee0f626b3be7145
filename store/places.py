"""What the recorder remembers beside the events, in the same transactions: how far it has read each topic, which reading
of each article was the newest, and which articles must be read again.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, delete, insert, select, update

metadata = MetaData()
places = Table(
    "places",
    metadata,
    Column("bus", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
)
newest_readings = Table(
    "newest_readings",
    metadata,
    Column("article", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("claims_at", BigInteger, nullable=False),
    Column("reader", Text, nullable=False),
)
rereads = Table(
    "rereads",
    metadata,
    Column("article", Text, primary_key=True),
    Column("scope", Text, nullable=False),
)
ticks = Table(
    "ticks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)


class Fenced(Exception):
    """Another recorder has moved on: what is in hand was recorded by it. Read the place again and go on from there."""

    def __init__(self, topic: str, partition: int, expected: int) -> None:
        super().__init__(f"{topic}/{partition}: another recorder has moved past offset {expected}")
        self.topic, self.partition, self.expected = topic, partition, expected


class NewestReading(NamedTuple):
    revision: int
    claims_at: int
    reader: str


def read_places(connection: Connection, bus: str, topic: str) -> dict[int, int]:
    """Partition → next offset to record."""
    found = select(places.c.partition, places.c.next).where(places.c.bus == bus, places.c.topic == topic)
    return {row.partition: row.next for row in connection.execute(found)}


def move_place(connection: Connection, bus: str, topic: str, partition: int, expected: int, following: int) -> None:
    """Compare-and-set. Raises Fenced when the place is not where the caller thinks."""
    here = (places.c.bus == bus) & (places.c.topic == topic) & (places.c.partition == partition)
    stored = connection.execute(select(places.c.next).where(here).with_for_update()).scalar_one_or_none()
    if (stored or 0) != expected:
        raise Fenced(topic, partition, expected)
    if stored is None:
        connection.execute(insert(places).values(bus=bus, topic=topic, partition=partition, next=following))
    else:
        connection.execute(update(places).where(here).values(next=following))


def newest_reading(connection: Connection, article: str) -> NewestReading | None:
    table = newest_readings.c
    found = select(table.revision, table.claims_at, table.reader).where(table.article == article)
    row = connection.execute(found).one_or_none()
    return None if row is None else NewestReading(*row)


def keep_newest_reading(connection: Connection, article: str, reading: NewestReading) -> None:
    connection.execute(delete(newest_readings).where(newest_readings.c.article == article))
    connection.execute(insert(newest_readings).values(article=article, **reading._asdict()))


def request_reread(connection: Connection, articles: Mapping[str, frozenset[str]]) -> None:
    """Asks for new readings: article id → ids of the claims it is to be asked about (empty: all)."""
    for article, scope in articles.items():
        asked = connection.execute(select(rereads.c.scope).where(rereads.c.article == article)).scalar_one_or_none()
        wanted = frozenset(scope)
        if asked is not None:
            before = frozenset(msgspec.json.decode(asked, type=list[str]))
            wanted = wanted | before if wanted and before else frozenset()
            connection.execute(delete(rereads).where(rereads.c.article == article))
        connection.execute(insert(rereads).values(article=article, scope=msgspec.json.encode(sorted(wanted)).decode()))


def requested_rereads(connection: Connection, most: int) -> dict[str, tuple[str, ...]]:
    found = select(rereads.c.article, rereads.c.scope).order_by(rereads.c.article).limit(most)
    return {article: msgspec.json.decode(scope, type=tuple[str, ...]) for article, scope in connection.execute(found)}


def forget_rereads(connection: Connection, asked: Mapping[str, tuple[str, ...]]) -> None:
    """Forgets requests that were published, unless they have grown meanwhile."""
    for article, scope in asked.items():
        same = rereads.c.scope == msgspec.json.encode(sorted(scope)).decode()
        connection.execute(delete(rereads).where(rereads.c.article == article, same))


def last_tick(connection: Connection, name: str) -> int | None:
    return connection.execute(select(ticks.c.at).where(ticks.c.name == name)).scalar_one_or_none()


def keep_tick(connection: Connection, name: str, at: int) -> None:
    connection.execute(delete(ticks).where(ticks.c.name == name))
    connection.execute(insert(ticks).values(name=name, at=at))
