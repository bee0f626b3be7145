"""Servers of a test's own, to be crashed and started again: data and addresses last, processes do not."""

import os
import shutil
import signal
import time

import redis
from test_dateline_demo import ROOT
from tiers import requires_tier

from services import broker, postgresql, redis_server
from services.process import ServiceFailed, running

PLACE = ROOT / ".services"
STARTS = 4
"""Minutes that a broker may take to be ready again."""


class Database:
    """A PostgreSQL cluster."""

    TIER = "postgresql"

    def __init__(self, name):
        requires_tier(self.TIER)
        self.directory = PLACE / f"soak-{name}"
        self.address = postgresql.up(self.directory)
        self.settings = {"DATELINE_DATABASE_URL": self.address}

    def crash(self):
        assert postgresql._pg_ctl(self.directory / "data", "-m", "immediate", "-w", "stop").returncode == 0

    def start(self):
        assert postgresql.up(self.directory) == self.address

    def end(self):
        postgresql.down(self.directory)
        shutil.rmtree(self.directory)


class Broker:
    """A Kafka broker, from the jars that were fetched for the shared one. Members that fall silent for `session` seconds
    lose their partitions."""

    TIER = "kafka"

    def __init__(self, name, session=10):
        requires_tier(self.TIER)
        self.directory = PLACE / f"soak-{name}"
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.directory / "libs").exists():
            (self.directory / "libs").symlink_to(PLACE / "kafka" / "libs")
            shutil.copy(PLACE / "kafka" / "fetched", self.directory)
        try:
            self.address = broker.up(self.directory)
        except ServiceFailed:
            self.end()
            raise
        self.settings = {"DATELINE_BUS_URL": f"kafka://{self.address}?timeout=5&session={session}"}

    def crash(self):
        kill(self.directory, str(self.directory))

    def start(self):
        """On a busy machine the minute that it usually gets is not enough; asked again, `up` waits for the one that starts."""
        for left in range(STARTS, 0, -1):
            try:
                assert broker.up(self.directory) == self.address
            except ServiceFailed:
                if left == 1:
                    raise
            else:
                return

    def end(self):
        broker.down(self.directory)
        shutil.rmtree(self.directory)


class Redis:
    """A Redis that keeps nothing."""

    TIER = "redis"

    def __init__(self, name):
        requires_tier(self.TIER)
        self.directory = PLACE / f"soak-{name}"
        self.address = redis_server.up(self.directory)
        self.settings = {"DATELINE_CELERY_URL": self.address}

    def crash(self):
        kill(self.directory, "redis-server")

    def start(self):
        assert redis_server.up(self.directory) == self.address

    def empty(self):
        with redis.Redis.from_url(self.address) as client:
            client.flushall()

    def end(self):
        redis_server.down(self.directory)
        shutil.rmtree(self.directory)


def kill(directory, mark):
    """SIGKILL to the process that was started there; returns when it has gone."""
    pid = running(directory, mark)
    assert pid is not None, f"nothing runs in {directory}"
    os.kill(pid, signal.SIGKILL)
    while running(directory, mark) is not None:
        time.sleep(0.01)
