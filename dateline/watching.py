"""What the role `web` looks at, for one home: probes for readiness, the stages of the flow, the figures for metrics."""

import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import structlog
from sqlalchemy import Connection, func, select

from alerts import tables as alerting
from dateline.errors import CONFIG, UserError
from dateline.home import Home
from dateline.parts import open_broker
from ingest.state import State
from store import places
from store.content_tables import outbox
from store.database import reading, writing
from store.messages import ARTICLES, READINGS
from store.tables import head
from web.checks import NotReady, Probe
from web.figures import Figures, Tallies
from web.progress import Stage
from web.server import WebServer
from web.watching import Watch
from workers.chores import BrokerAway
from workers.consume import GROUP

LATE = timedelta(minutes=15)
"""How long ago the latest complete round over the feeds may lie."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_log = structlog.get_logger("web")


def open_web(home: Home) -> tuple[Watch, WebServer]:
    """The watch, to be stepped by its owner, and the server that answers from it. Raises UserError if the port is taken."""
    own = home.settings.web
    watch = _watch(home)
    try:
        server = WebServer(own.host, own.port, watch, version("dateline"))
    except OSError as error:
        place = f"{own.host}:{own.port}"
        raise UserError(f"{place} cannot be listened at ({error.strerror}): set web.port or web.host", CONFIG) from error
    if own.host not in LOOPBACK:
        _log.warning("open_to_the_network", address=server.address)
    _log.info("listening", address=server.address)
    return watch, server


def _watch(home: Home) -> Watch:
    _, state = home.content, State(home.content_engine)
    with writing(home.engine) as connection:
        alerting.prepare(connection)
    tallies = Tallies(home.timeline)

    def figures() -> Figures:
        with reading(home.engine) as connection:
            return tallies.gather(connection)

    probes: dict[str, Probe] = {
        "database": lambda: _database(home),
        "bus": lambda: _bus(home),
        "clock": lambda: _clock(home),
        "ingest": lambda: _ingest(home, state),
    }
    if home.settings.celery_url is not None:
        probes["redis"] = lambda: _redis(home)
    return Watch(probes=probes, stages=lambda: _stages(home), figures=figures, clock=home.clock, seconds=time.monotonic)


def _database(home: Home) -> str:
    size = home.ledger.size()
    with reading(home.content_engine) as connection:
        connection.execute(select(outbox.c.sequence).limit(1)).all()
    return f"{home.engine.dialect.name}, {size} events"


def _bus(home: Home) -> str:
    ends = home.bus.ends(ARTICLES), home.bus.ends(READINGS)
    return f"{sum(map(len, ends))} partitions of 2 topics"


def _redis(home: Home) -> str:
    try:
        return open_broker(home.settings).version()
    except BrokerAway as error:
        raise NotReady(f"{error}; chores wait until it does") from error


def _clock(home: Home) -> str:
    now, last = home.clock.now(), home.ledger.last_recorded_at()
    if last is not None and last > now + timedelta(seconds=1):
        raise NotReady(f"the ledger's last event is of {last:%Y-%m-%d %H:%M:%S}, the clock says {now:%Y-%m-%d %H:%M:%S}")
    if now < datetime(2023, 1, 1, tzinfo=UTC):
        raise NotReady(f"the clock says {now:%Y-%m-%d}")
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _ingest(home: Home, state: State) -> str:
    """Whether somebody looks at the feeds at all: no news is else not to be told from nobody looking."""
    with reading(home.engine) as connection:
        feeds = sum(feed.state != "gone" for feed in home.timeline.feeds(connection))
    through = state.polled_through()
    if feeds and home.clock.now() - through > LATE:
        role = "ingest" if home.settings.celery_url is None else "chores"
        raise NotReady(f"no complete round over {feeds} feeds since {through:%Y-%m-%d %H:%M}; does the role {role} run?")
    return f"{feeds} feeds, all that was due by {through:%Y-%m-%dT%H:%M:%SZ} is done"


def _stages(home: Home) -> list[Stage]:
    """Done first, then the end: what comes in between counts as behind, never the other way round."""
    with reading(home.content_engine) as connection:
        announced = _announced(connection)
    matched = sum(home.bus.committed(ARTICLES, GROUP).values())
    with reading(home.engine) as connection:
        recorded = sum(places.read_places(connection, home.bus.id, READINGS).values())
        followed = alerting.place(connection)
        size = connection.execute(select(head.c.size)).scalar_one()
    return [
        announced,
        Stage("match", matched, sum(home.bus.ends(ARTICLES).values())),
        Stage("record", recorded, sum(home.bus.ends(READINGS).values())),
        Stage("alert", followed, size),
    ]


def _announced(connection: Connection) -> Stage:
    """Messages of ingest that the bus has acknowledged, of all that were stored."""
    stored = connection.scalar(select(func.max(outbox.c.sequence))) or 0
    waiting = connection.scalar(select(func.count()).where(~outbox.c.announced)) or 0
    return Stage("announce", stored - waiting, stored)
