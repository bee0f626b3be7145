"""`dateline demo`: plays a wire through the real roles on a virtual clock, and tells what came out.

A wire is a folder with `feeds.opml` and `manifest.jsonl`: what changed on the web, and when. It is served over loopback HTTP;
the roles run as they do in production and see its own URLs. The clock jumps to the next change only when everything that
the last one caused has come to rest: feeds polled, bus empty, readings recorded, alerts sent.
"""

import json
import random
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import OperationalError

from dateline.claimsfile import load_claims, load_story_titles
from dateline.errors import FAILED, UserError
from dateline.home import SECRET, Home
from dateline.parts import add_feeds_of, open_alerts, open_broker, put_rules
from dateline.roles import open_recorder, roles_of
from dateline.settings import FILE, load_settings
from dateline.supervisor import Supervisor
from dateline.tracking import track, watch_list
from dateline.wire_server import WireServer
from ingest.state import State
from store.bus import BusUnavailable
from store.bus.open import open_bus
from store.bus.prefixed import PrefixedBus
from store.clock import SharedClock
from store.database import create_schema, drop_schema
from store.messages import ARTICLES, QUARANTINE, READINGS
from store.status import expires_at
from workers.consume import GROUP

DEMO_SECRET = b"the demonstration keeps no secret"[:32]
"""Fixed, so that two runs give the same ids."""

STUCK_SECONDS = 60.0
AWAY_SECONDS = 300.0
"""How long Kafka or PostgreSQL may be away in the course of one instant."""
SERVER = "a server"
"""What is busy meanwhile."""
AFTERMATH = (timedelta(hours=1), timedelta(hours=6))
"""How long after the last change the play goes on: late polls and re-checks still find what it left."""

SETTINGS = """\
clock = "shared"
partitions = 1
database_schema = {schema}
topic_prefix = {prefix}
route = {route}
log_level = "warning"

[ingest]
host_delay = 0.0
interval = 10
robots = true
threads = 4

[chores]
processes = 1
every = 0.1
resend = 5.0

[channels.log]
kind = "log"
"""


class Play(NamedTuple):
    """What a play did, apart from what the ledger holds."""

    changes: int
    instants: int
    seconds: float
    kills: int
    restarts: int


class Wire(NamedTuple):
    """A recorded stretch of the web."""

    folder: Path
    instants: tuple[datetime, ...]
    changes: int


def read_wire(folder: Path) -> Wire:
    """Raises UserError when the folder is no wire, with the line at fault."""
    manifest = folder / "manifest.jsonl"
    if not manifest.exists() or not (folder / "feeds.opml").exists():
        raise UserError(f"{folder} is no wire: it needs manifest.jsonl and feeds.opml.")
    instants: list[datetime] = []
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            at = datetime.fromisoformat(json.loads(line)["at"])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{manifest}: line {number}: it has no readable `at` ({error})") from error
        instants.append(at.astimezone(UTC))
    if not instants:
        raise UserError(f"{manifest} is empty.")
    return Wire(folder, tuple(sorted(set(instants))), len(instants))


def play(
    wire: Wire,
    claims_file: Path,
    rules_file: Path | None,
    home_path: Path,
    *,
    progress: Callable[[int, int, datetime], None] = lambda *_: None,
    kill: random.Random | None = None,
    kills: int = 0,
    more_settings: str = "",
    patience: float = STUCK_SECONDS,
) -> Play:
    """Plays the wire into a new home. With `kill`, that many children are killed at random moments (SIGKILL).
    `more_settings` is added to the home's settings file.

    Raises UserError when something does not come to rest within `patience` seconds.
    """
    started = time.monotonic()
    home_path.mkdir(parents=True, exist_ok=True)
    (home_path / SECRET).touch(mode=0o600)
    (home_path / SECRET).write_bytes(DEMO_SECRET)
    clock = SharedClock(home_path / "clock")
    clock.set(wire.instants[0])
    with WireServer(wire.folder, clock) as server:
        _prepare(home_path, server.url, more_settings)
        with Home(home_path) as home:
            track(home, load_claims(claims_file), load_story_titles(claims_file))
            put_rules(home, rules_file)
            add_feeds_of(home, wire.folder / "feeds.opml")
            instants = _instants(wire, home)
            roles = roles_of(home.settings)
            supervisor = Supervisor(home_path, {role: count for role, count in roles.items() if role != "web"})
            rest = Rest(home, supervisor, patience)
            struck = _strikes(kill, kills, len(instants), len(supervisor.children))
            supervisor.start()
            try:
                for number, at in enumerate(instants):
                    clock.set(at)
                    rest.wait(struck.get(number, []), kill)
                    progress(number + 1, len(instants), at)
            finally:
                supervisor.drain()
            restarts = sum(child.restarts for child in supervisor.children)
    return Play(wire.changes, len(instants), time.monotonic() - started, rest.kills, restarts)


def _prepare(home_path: Path, route: str, more: str) -> None:
    """Writes the home's settings. On servers it gets a schema and topics of its own: a play needs empty ones."""
    name = f"demo_{secrets.token_hex(5)}"
    values = {"schema": name, "prefix": f"{name}.", "route": route}
    text = SETTINGS.format(**{field: json.dumps(value) for field, value in values.items()})
    (home_path / FILE).write_text(text + more, encoding="utf-8")
    settings = load_settings(home_path)
    if settings.database_url is not None:
        create_schema(settings.server_url(), name)


def _instants(wire: Wire, home: Home) -> list[datetime]:
    """The changes of the wire, the deadlines that fall among them, and the aftermath."""
    last = wire.instants[-1]
    deadlines = {at for claim in watch_list(home) if (at := expires_at(claim)) and wire.instants[0] < at <= last}
    return sorted({*wire.instants, *deadlines, *(last + after for after in AFTERMATH)})


def _strikes(rng: random.Random | None, kills: int, instants: int, children: int) -> dict[int, list[int]]:
    """Which children are killed in the course of which instant."""
    found: dict[int, list[int]] = {}
    for _ in range(kills if rng else 0):
        assert rng is not None
        found.setdefault(rng.randrange(instants), []).append(rng.randrange(children))
    return found


class Rest:
    """Knows when everything has come to rest: each stage has done all that lies before it, and nothing went back."""

    def __init__(self, home: Home, supervisor: Supervisor, patience: float) -> None:
        self._home, self._supervisor, self._patience = home, supervisor, patience
        self._state = State(home.content_engine)
        self._recorder = open_recorder(home)
        self._alerts = open_alerts(home, owner="demonstration")
        self.kills = 0

    def wait(self, strikes: Iterable[int], rng: random.Random | None) -> None:
        """Returns when all is at rest. Kills the given children on the way, at moments that `rng` chooses."""
        deadline = time.monotonic() + self._patience
        last = time.monotonic() + AWAY_SECONDS
        for child in strikes:
            assert rng is not None
            time.sleep(rng.random() * 0.08)
            self._supervisor.kill(child)
            self.kills += 1
        while (busy := self._looked()) is not None:
            self._supervisor.mend()
            if busy == SERVER:
                deadline = min(time.monotonic() + self._patience, last)  # stages are stuck only from when it is back
            if time.monotonic() > deadline:
                raise UserError(
                    f"the demonstration is stuck at {self._home.clock.now():%Y-%m-%d %H:%M}: {busy} does not come to rest. "
                    "Please report it with the output of `dateline doctor`.",
                    FAILED,
                )
            time.sleep(0.004)

    def _looked(self) -> str | None:
        """As `_busy`; a server that is away for a moment is not at rest either."""
        try:
            return self._busy()
        except (BusUnavailable, OperationalError):
            return SERVER

    def _busy(self) -> str | None:
        """The first stage that still has work to do, downstream order; None when there is none."""
        now = self._home.clock.now()
        if self._state.polled_through() < now:
            return "ingest"
        if self._articles_waiting():
            return "match"
        if self._recorder.lag() or self._recorder.ticked_through() < int(now.timestamp() * 1_000_000):
            return "record"
        if self._articles_waiting():  # the recorder may have asked for readings anew
            return "match"
        return None if self._alerts.idle(now) else "alert"

    def _articles_waiting(self) -> bool:
        ends = self._home.bus.ends(ARTICLES)
        done = self._home.bus.committed(ARTICLES, GROUP)
        return any(end > done.get(partition, 0) for partition, end in ends.items())


def clean_up(home_path: Path) -> None:
    """Removes a demonstration's home, and what it has on servers."""
    if (home_path / FILE).exists():
        settings = load_settings(home_path)
        if settings.database_url is not None and settings.database_schema is not None:
            drop_schema(settings.server_url(), settings.database_schema)
        if settings.bus_url is not None:
            _drop_topics(settings.bus_address())
        if settings.celery_url is not None:
            open_broker(settings).forget()
    shutil.rmtree(home_path, ignore_errors=True)


def _drop_topics(address: str) -> None:
    bus = open_bus(address)
    try:
        if isinstance(bus, PrefixedBus):
            bus.drop((ARTICLES, READINGS, QUARANTINE), (GROUP,))
    finally:
        bus.close()
