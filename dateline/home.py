"""A home: the folder of one tenant, and everything that is opened from it. Clients are built here and passed on."""

import os
from functools import cached_property
from pathlib import Path
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, OperationalError

from dateline.errors import CONFIG, TEMPORARY, UserError
from dateline.settings import FILE, Settings, load_settings
from store.bus import Bus, BusError
from store.bus.open import BadBusUrl, open_bus
from store.clock import Clock, SharedClock, SystemClock
from store.content import Content
from store.database import open_engine
from store.keyed import Keyed
from store.ledger import Ledger, NewerLedger
from store.messages import ARTICLES, QUARANTINE, READINGS
from store.migrations.lines import SchemaError
from store.same_secret import OtherSecret, assure_same_secret
from store.timeline import Timeline

SECRET = "secret"  # noqa: S105 - a file name
SECRET_BYTES = 32

FIRST_SETTINGS = """\
# Settings of this home. Every value can also be set in the environment: DATELINE_INGEST_THREADS=4.
# Without the three addresses everything lives in SQLite files beside this one.
# database_url = "postgresql://dateline@db/dateline"
# bus_url = "kafka://kafka:9092"
# celery_url = "redis://redis:6379/0"

[ingest]
# user_agent = "Dateline/0.1 (media monitoring; desk@example.org)"

# The ledger is signed once a day if anything was recorded. Put a copy where nobody who can write here can change it.
# [checkpoints]
# every = "1d"
# publish = ["file:/mnt/elsewhere/checkpoints/", "https://log.example.org/dateline", "mailto:auditor@example.org"]

# Where alerts go; rules.yaml says which. Keep passwords out of this file: DATELINE_CHANNELS_DESK_PASSWORD_FILE=…
[channels.log]
kind = "log"

# [channels.desk]
# kind = "smtp"
# host = "mail.example.org"
# user = "dateline"
# sender = "dateline@example.org"
# to = ["desk@example.org"]
"""


def create_home(path: Path) -> bool:
    """Makes the folder, its secret and a first settings file. False if there was a home already (nothing changes)."""
    path.mkdir(parents=True, exist_ok=True)
    secret = path / SECRET
    if secret.exists():
        return False
    descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(SECRET_BYTES))
    if not (path / FILE).exists():
        (path / FILE).write_text(FIRST_SETTINGS, encoding="utf-8")
    return True


def opened(url: str) -> Engine:
    """As `open_engine`. Raises UserError for what is no address."""
    try:
        return open_engine(url)
    except ArgumentError as error:
        raise UserError("database_url is no address of a database; write postgresql://user@host/name", CONFIG) from error


class Home:
    """Opens what a command asks for, once, and closes it in the end."""

    def __init__(self, path: Path) -> None:
        if not (path / SECRET).exists():
            raise UserError(f"{path} is no Dateline home. Make one with `dateline init {path}`, or pass --home.", CONFIG)
        self.path = path
        self.settings: Settings = load_settings(path)

    @cached_property
    def secret(self) -> bytes:
        return (self.path / SECRET).read_bytes()

    @cached_property
    def keyed(self) -> Keyed:
        return Keyed(self.secret)

    @cached_property
    def clock(self) -> Clock:
        return SharedClock(self.path / "clock") if self.settings.clock == "shared" else SystemClock()

    @property
    def engine(self) -> Engine:
        """The ledger's database, with its tables in place and its format known to be ours."""
        return self.ledger.engine

    @property
    def content_engine(self) -> Engine:
        """The contents' database, with its tables in place."""
        return self.content.engine

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(key=self.keyed.name)

    @cached_property
    def ledger(self) -> Ledger:
        try:
            engine = opened(self.settings.ledger_url())
            ledger = Ledger(engine, secret=self.secret, clock=self.clock, projectors=[self.timeline])
            assure_same_secret(engine, ledger.log, self.keyed, self.clock)
        except (NewerLedger, SchemaError, OtherSecret) as error:
            raise UserError(str(error), CONFIG) from error
        except OperationalError as error:
            raise UserError(f"the database does not answer: {error.orig}", TEMPORARY) from error
        return ledger

    @cached_property
    def content(self) -> Content:
        together = self.settings.content_url() == self.settings.ledger_url()
        try:
            return Content(self.ledger.engine if together else opened(self.settings.content_url()))
        except SchemaError as error:
            raise UserError(str(error), CONFIG) from error

    @cached_property
    def bus(self) -> Bus:
        try:
            bus = open_bus(self.settings.bus_address())
            for topic in (ARTICLES, READINGS):
                bus.ensure(topic, self.settings.partitions)
            bus.ensure(QUARANTINE, 1)
        except BusError as error:
            raise UserError(f"the bus does not answer: {error}", TEMPORARY) from error
        except BadBusUrl as error:
            raise UserError(f"bus_url: {error}", CONFIG) from error
        return bus

    def close(self) -> None:
        """Closes what was opened; safe to call twice."""
        if "bus" in self.__dict__:
            self.bus.close()
        if "ledger" in self.__dict__:
            self.ledger.engine.dispose()
        if "content" in self.__dict__:
            self.content.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
