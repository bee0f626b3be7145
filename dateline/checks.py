"""`dateline doctor`: what is checked, and what to do about what is found. Checks look and change nothing."""

import importlib.util
import os
import shutil
import sqlite3
import ssl
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pyexpat import version_info as expat_version
from typing import Literal, NamedTuple

from dateline.errors import UserError
from dateline.home import SECRET, Home
from dateline.keys import FOLDER, KeyRing
from dateline.parts import load_rules, open_broker
from store import chores
from store.checkpoint import latest, open_checkpoint
from store.clock import SystemClock
from store.database import reading
from store.notes import BadNote
from store.proofs import root

State = Literal["good", "look", "bad"]
LEAST_FREE = 1 << 30
STUCK = timedelta(minutes=10)
"""How long a chore may be due before somebody should look."""


class Check(NamedTuple):
    """`look`: works, but should be known. `bad`: does not work, or is not safe."""

    name: str
    state: State
    finding: str
    remedy: str = ""


def examine(home_path: Path) -> list[Check]:
    """All checks that can be made; those of the home only where there is one."""
    found = [*_machine()]
    if not (home_path / SECRET).exists():
        return [*found, Check("home", "bad", f"{home_path} is no home", f"dateline init {home_path}")]
    try:
        home = Home(home_path)
    except UserError as error:
        return [*found, Check("settings", "bad", str(error), "mend what is named")]
    with home:
        for name, check in _HOME_CHECKS.items():
            try:
                found += check(home)
            except UserError as error:
                found.append(Check(name, "bad", str(error), "mend what is named"))
            except (OSError, sqlite3.Error) as error:
                found.append(Check(name, "bad", str(error), "see that the files and addresses can be reached"))
    return found


def _machine() -> Iterator[Check]:
    from workers.vectors import installed

    version = sys.version.split()[0]
    if sys.version_info < (3, 11, 15):
        yield Check(
            "python", "look", f"{version}: the mail package of this release lets a subject smuggle headers",
            "Dateline cleans subjects itself; update Python to 3.11.15, 3.12.13, 3.13.12 or newer all the same",
        )  # fmt: skip
    else:
        yield Check("python", "good", version)
    if sqlite3.sqlite_version_info < (3, 51, 3):
        yield Check(
            "sqlite", "look", f"{sqlite3.sqlite_version}: has the WAL-reset fault (fixed in 3.51.3)",
            "update SQLite, or use PostgreSQL; `dateline audit verify` after every crash",
        )  # fmt: skip
    else:
        yield Check("sqlite", "good", sqlite3.sqlite_version)
    if expat_version < (2, 7, 2):
        yield Check(
            "expat", "look", ".".join(map(str, expat_version)) + ": known to be slow on hostile XML",
            "Dateline refuses document types and deep nesting before parsing; update the system's expat",
        )  # fmt: skip
    else:
        yield Check("expat", "good", ".".join(map(str, expat_version)))
    yield Check("tls", "good", ssl.OPENSSL_VERSION)
    if importlib.util.find_spec("crc32c") is None:
        yield Check("crc32c", "look", "not installed: Kafka would be five to ten times slower", "pip install crc32c")
    if installed() is None:
        yield Check("sentence model", "look", "none: matching by words alone, with less recall", "make install")
    else:
        yield Check("sentence model", "good", "MiniLM int8")


def _files(home: Home) -> Iterator[Check]:
    mode = (home.path / SECRET).stat().st_mode & 0o077
    if mode:
        yield Check("secret", "bad", "others may read the home's secret", f"chmod 600 {home.path / SECRET}")
    free = shutil.disk_usage(home.path).free
    state: State = "good" if free >= LEAST_FREE else "look"
    yield Check("disk", state, f"{free >> 20} MiB free", "" if state == "good" else "make room before it runs full")
    if not os.access(home.path, os.W_OK):
        yield Check("home", "bad", f"{home.path} cannot be written to", "mend its owner and mode")


def _ledger(home: Home) -> Iterator[Check]:
    size, hashed = root(home.engine) if home.ledger else (0, b"")
    yield Check("ledger", "good", f"{home.ledger.log}: {size} events, root {hashed.hex()[:16]}…")
    last = home.ledger.last_recorded_at()
    now = home.clock.now()
    if last is not None and last > now:
        yield Check("clock", "bad", f"the ledger's last event is of {last:%Y-%m-%d %H:%M}, the clock says {now:%Y-%m-%d %H:%M}",
                    "set the machine's clock (NTP)")  # fmt: skip
    elif now < datetime(2023, 1, 1, tzinfo=UTC) and home.settings.clock == "system":
        yield Check("clock", "bad", f"the clock says {now:%Y-%m-%d}", "set the machine's clock (NTP)")
    else:
        yield Check("clock", "good", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _keys(home: Home) -> Iterator[Check]:
    """Whether this home could verify what was signed last, by whichever machine."""
    keys = KeyRing(home.path, home.ledger.log).verifiers()
    try:
        with reading(home.engine) as connection:
            last = latest(connection)
        if last is not None:
            open_checkpoint(last.note, keys)
    except BadNote as error:
        yield Check("keys", "look", f"the last checkpoint cannot be verified here: {error.why}",
                    f"copy keys/*.pub of the home that signs to {home.path / FOLDER}")  # fmt: skip
    else:
        signed = f"last checkpoint at {last.checkpoint.size} events" if last is not None else "no checkpoint yet"
        yield Check("keys", "good", f"{len(keys)}, {signed}")


def _bus(home: Home) -> Iterator[Check]:
    yield Check("bus", "good", f"{type(home.bus).__name__} {home.bus.id}")


def _tracking(home: Home) -> Iterator[Check]:
    _ = home.ledger
    with reading(home.engine) as connection:
        counts = home.timeline.counts(connection)
        failing = [feed for feed in home.timeline.feeds(connection) if feed.state == "failing"]
    if counts.feeds == 0:
        yield Check("feeds", "look", "none: nothing is watched", "dateline feeds import FILE.opml")
    elif failing:
        names = ", ".join(feed.url for feed in failing[:3])
        yield Check("feeds", "look", f"{counts.feeds}, {len(failing)} failing: {names}", "dateline feeds check URL")
    else:
        yield Check("feeds", "good", f"{counts.feeds}")
    if counts.claims == 0:
        yield Check("claims", "look", "none: nothing can match", "dateline claims import FILE.yaml")
    else:
        yield Check("claims", "good", f"{counts.claims}")


def _alerts(home: Home) -> Iterator[Check]:
    rules = load_rules(home)
    if not home.settings.channels:
        yield Check("channels", "look", "none: no alert can leave", "[channels.NAME] in settings.toml")
    yield Check("rules", "good", f"{len(rules.rules)} rules, version {rules.version}")


def _chores(home: Home) -> Iterator[Check]:
    if home.settings.celery_url is not None:
        yield _redis(home)
    with reading(home.engine) as connection:
        found = chores.figures(connection)
    given_up = sum(number for (_, state), number in found.states.items() if state == "failed")
    if found.overdue is not None and SystemClock().now() - found.overdue > STUCK:
        yield Check(
            "chores", "bad", f"the oldest has been due since {found.overdue:%Y-%m-%d %H:%M}, and nobody has done it",
            "see that the roles run: beat and chores with celery_url, else ingest and alert",
        )  # fmt: skip
    elif given_up:
        said = "; ".join(f"{key}: {error}" for key, error in found.failed[:3])
        yield Check("chores", "look", f"{given_up} given up, last {said}", "see the log; what recurs is tried again by itself")
    else:
        yield Check("chores", "good", f"{sum(found.states.values())} known, none stuck")


def _redis(home: Home) -> Check:
    from workers.chores import LEAST_REDIS, BrokerAway

    try:
        version = open_broker(home.settings).version()
    except BrokerAway as error:
        return Check("redis", "bad", str(error), "start Redis or mend celery_url; nothing is lost meanwhile")
    if tuple(map(int, version.split(".")[:2])) < LEAST_REDIS:
        return Check("redis", "look", f"{version}: older than any that is tested", "update Redis to 7 or newer")
    return Check("redis", "good", version)


_HOME_CHECKS: dict[str, Callable[[Home], Iterator[Check]]] = {
    "files": _files,
    "ledger": _ledger,
    "keys": _keys,
    "bus": _bus,
    "tracking": _tracking,
    "alerts": _alerts,
    "chores": _chores,
}
