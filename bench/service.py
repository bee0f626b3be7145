"""A home for a benchmark and the real roles over it, each a process, embedded or on the servers of `make services`."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import msgspec

from dateline.demo import clean_up
from dateline.home import Home, create_home
from dateline.parts import RULES
from dateline.settings import FILE
from dateline.supervisor import Child, Supervisor
from dateline.tracking import track
from ingest.feeds import add_feed
from store.claim import ClaimSet
from store.database import create_schema

_SERVICES = Path(__file__).parent.parent / ".services" / "env"
_TICKS = os.sysconf("SC_CLK_TCK")
_RULES = """\
defaults: {horizon: 7 days, wait_for_more: 0 seconds, at_most_every: 0 seconds}
rules:
- {id: first, triggers: [first_mention], channels: [desk]}
"""
_SETTINGS = """\
route = "{web}"
log_level = "error"
{servers}
[ingest]
host_delay = 0.0
[channels.desk]
kind = "slack_webhook"
url = "{web}/hook"
[checkpoints]
every = ""
"""


class Servers(NamedTuple):
    """Addresses of a PostgreSQL and a Kafka that may be used."""

    database: str
    broker: str


def servers() -> Servers | None:
    """Those that were started, or None."""
    noted = _SERVICES.read_text(encoding="utf-8").splitlines() if _SERVICES.exists() else []
    known = {**dict(line.split("=", 1) for line in noted if "=" in line), **os.environ}
    database, broker = known.get("DATELINE_TEST_POSTGRESQL"), known.get("DATELINE_TEST_KAFKA")
    return Servers(database, broker) if database and broker else None


@contextmanager
def fresh_home(web: str, on: Servers | None) -> Iterator[Home]:
    """A new home, gone again in the end; on servers with a schema and topics of its own."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    path, name = folder / "home", f"bench_{uuid4().hex[:10]}"
    create_home(path)
    (path / FILE).write_text(_SETTINGS.format(web=web, servers=_addresses(on, name)), encoding="utf-8")
    (path / RULES).write_text(_RULES, encoding="utf-8")
    try:
        with Home(path) as home:
            if on is not None:
                create_schema(home.settings.server_url(), name)
            yield home
    finally:
        clean_up(path)
        shutil.rmtree(folder, ignore_errors=True)


def _addresses(on: Servers | None, name: str) -> str:
    if on is None:
        return ""
    return (
        f'database_url = "{on.database}"\nbus_url = "kafka://{on.broker}"\n'
        f'database_schema = "{name}"\ntopic_prefix = "{name}."\n'
    )


def watch(home: Home, claims: ClaimSet, feeds: Sequence[str], interval: int) -> None:
    """Tracks the claims, each a story of its own so that each is alerted about by itself, and polls the feeds."""
    alone = tuple(msgspec.structs.replace(claim, story=claim.id) for claim in claims.claims)
    track(home, ClaimSet(alone, claims.entities, claims.claims_at), {})
    now = home.clock.now()
    home.ledger.append([add_feed(url, now=now, interval=interval) for url in feeds], actor="bench")


@contextmanager
def roles(home: Home, counts: Mapping[str, int]) -> Iterator[Supervisor]:
    """The roles, running; in the end they are asked to finish."""
    supervisor = Supervisor(home.path, dict(counts))
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.drain()


def until(true: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Whether it came true within that time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def processor_seconds(child: Child) -> float:
    """What a role's process has computed so far, all its threads. 0 where the system does not tell."""
    assert child.process is not None
    try:
        fields = Path(f"/proc/{child.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
