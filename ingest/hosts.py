"""When hosts may be asked: for one process in memory, for several pollers in a table that they share.

In the table each request is one small statement: whoever books a turn moves the row's instant on, so that the next one
sees it, in whatever process. Between machines it is as exact as their clocks.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Protocol

from sqlalchemy import Engine, case, select
from sqlalchemy.dialects import postgresql, sqlite

from ingest.state import hosts
from store.clock import EPOCH, from_micros, to_micros
from store.database import reading, writing


class Hosts(Protocol):
    """What is remembered of hosts. Safe for threads."""

    def book(self, host: str, now: datetime, pause: timedelta) -> datetime:
        """Takes the host's next turn: `now`, or later. The one after it begins a pause later."""
        ...

    def silent_until(self, host: str) -> datetime:
        """Until when it asked not to be asked; long ago if it never did."""
        ...

    def keep_silent(self, host: str, until: datetime) -> None: ...


class OwnHosts:
    """For a process that polls alone. A restart forgets it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._free: dict[str, datetime] = {}
        self._silent: dict[str, datetime] = {}

    def book(self, host: str, now: datetime, pause: timedelta) -> datetime:
        with self._lock:
            start = max(now, self._free.get(host, now))
            self._free[host] = start + pause
        return start

    def silent_until(self, host: str) -> datetime:
        with self._lock:
            return self._silent.get(host, EPOCH)

    def keep_silent(self, host: str, until: datetime) -> None:
        with self._lock:
            self._silent[host] = until


class SharedHosts:
    """For pollers beside each other, over the contents' database: a row a host, which is kept. Only a hash of its name is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def book(self, host: str, now: datetime, pause: timedelta) -> datetime:
        if not pause:
            return now  # nobody has to wait, so nobody need know
        at, length = to_micros(now), to_micros(EPOCH + pause)
        start = case((hosts.c.free_at > at, hosts.c.free_at), else_=at)
        first = self._insert(hosts).values(host=_hidden(host), free_at=at + length, silent_until=0)
        statement = first.on_conflict_do_update(index_elements=["host"], set_={"free_at": start + length})
        with writing(self._engine) as connection:
            following: int = connection.execute(statement.returning(hosts.c.free_at)).scalar_one()
        return from_micros(following - length)

    def silent_until(self, host: str) -> datetime:
        with reading(self._engine) as connection:
            found = connection.scalar(select(hosts.c.silent_until).where(hosts.c.host == _hidden(host)))
        return from_micros(found or 0)

    def keep_silent(self, host: str, until: datetime) -> None:
        wish = {"silent_until": to_micros(until)}
        statement = self._insert(hosts).values(host=_hidden(host), free_at=0, **wish)
        with writing(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["host"], set_=wish))


def _hidden(host: str) -> str:
    return sha256(host.encode()).hexdigest()
