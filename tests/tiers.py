"""Tests that need a real server: where it is, and what becomes of the tests when it is not there.

`DATELINE_TEST_KAFKA` (host:port), `DATELINE_TEST_POSTGRESQL` and `DATELINE_TEST_REDIS` (URLs) name the servers;
what they do not name is looked for in `.services/env`, which `make services` writes. A tier that is
listed in `DATELINE_TEST_REQUIRE` (kafka,postgresql,redis,go) fails instead of being skipped. `go` is a program on the PATH.
"""

import os
import shutil
import socket
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

VARIABLES = {
    "kafka": "DATELINE_TEST_KAFKA",
    "postgresql": "DATELINE_TEST_POSTGRESQL",
    "redis": "DATELINE_TEST_REDIS",
}
SERVICES = Path(__file__).parent.parent / ".services" / "env"

unmet: Counter[str] = Counter()
"""Tier → how many tests of this run could not be run for want of it."""
problems: dict[str, str] = {}
"""Tier → what was wrong, as last found."""


def requires_tier(name: str) -> str:
    """The server's address, for use in a fixture. Without it the test is skipped and counted, or fails if required."""
    found, problem = find(name)
    if found is not None:
        return found
    not_met(name, problem)
    return ""


def not_met(name: str, problem: str) -> None:
    """Counts a test that could not be run and skips it, or fails it if the tier is required."""
    unmet[name] += 1
    problems[name] = problem
    if name in os.environ.get("DATELINE_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required, but {problem}", pytrace=False)
    pytest.skip(f"{name}: {problem}")


@cache
def find(name: str) -> tuple[str | None, str]:
    """The address of a server that answers, or None and what is wrong; for `go`, where the program lies."""
    if name == "go":
        program = shutil.which("go")
        return (program, "") if program else (None, "there is no `go` on the PATH")
    variable = VARIABLES[name]
    noted = SERVICES.read_text().splitlines() if SERVICES.exists() else []
    address = os.environ.get(variable) or dict(line.split("=", 1) for line in noted).get(variable)
    if not address:
        return None, f"{variable} is not set and `make services` has not been run"
    if not _answers(address):
        return None, f"nothing answers at {variable}={address}"
    return address, ""


def report() -> list[str]:
    """In plain words, what was not run."""
    return [
        f"NOT RUN: {count} tests that need a real {name} ({problems[name]})" for name, count in sorted(unmet.items())
    ]


def _answers(address: str) -> bool:
    url = urlsplit(address if "://" in address else f"//{address.split(',', maxsplit=1)[0]}")
    try:
        socket.create_connection((url.hostname, url.port), timeout=2).close()
    except OSError:
        return False
    return True
