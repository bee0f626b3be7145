"""Has the bus let go of what its retention no longer keeps, once an hour: never of what is still to be read or recorded."""

from datetime import datetime, timedelta

import structlog

from dateline.home import Home
from store.database import reading
from store.messages import ARTICLES
from store.places import read_places
from store.recorder import TOPICS

EVERY = timedelta(hours=1)

_log = structlog.get_logger("keeping")


class Keeping:
    """For the role that records, whose places say what it has read. `tick` may be called as often as wanted."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._due: datetime | None = None

    def tick(self) -> int:
        """Returns how many messages were deleted. Raises BusUnavailable, and is then due again at once."""
        now = self._home.clock.now()
        if self._due is not None and now < self._due:
            return 0
        bus = self._home.bus
        with reading(self._home.engine) as connection:
            read = {topic: read_places(connection, bus.id, topic) for topic in TOPICS}
        gone = {topic: bus.expire(topic, now, read.get(topic)) for topic in (ARTICLES, *TOPICS)}
        for topic, count in gone.items():
            if count:
                _log.info("expired", topic=topic, messages=count)
        self._due = now + EVERY
        return sum(gone.values())
