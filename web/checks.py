"""Readiness: named probes, each of which says in words how it stands."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from store.bus import BusError

Probe = Callable[[], str]
"""Returns what it found, in a few words without secrets. Raises NotReady when that is not good enough."""

_log = structlog.get_logger("web")


class NotReady(Exception):
    """Something that the service needs does not work. The message says what, and goes out to whoever asks."""


class Check(NamedTuple):
    name: str
    good: bool
    finding: str


def look(probes: Mapping[str, Probe]) -> tuple[Check, ...]:
    """Runs all probes in order. A service that does not answer is a finding, not an error."""
    return tuple(_checked(name, probe) for name, probe in probes.items())


def _checked(name: str, probe: Probe) -> Check:
    try:
        return Check(name, True, probe())
    except NotReady as error:
        return Check(name, False, str(error))
    except (BusError, SQLAlchemyError, OSError) as error:
        # The error's own words can hold addresses and statements: they go to the log, not to whoever asks.
        _log.warning("probe_failed", probe=name, error=str(error))
        return Check(name, False, f"does not answer ({type(error).__name__}); see the log of the role web")
