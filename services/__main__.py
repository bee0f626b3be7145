"""`python -m services up [--install] [NAME ...]` and `python -m services down [NAME ...]`."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from services import broker, postgresql, redis_server
from services.process import ServiceFailed

SERVICES = {"kafka": broker, "postgresql": postgresql, "redis": redis_server}
VARIABLES = {
    "kafka": "DATELINE_TEST_KAFKA",
    "postgresql": "DATELINE_TEST_POSTGRESQL",
    "redis": "DATELINE_TEST_REDIS",
}
PLACE = Path(__file__).parent.parent / ".services"


def main() -> int:
    parser = argparse.ArgumentParser(prog="services", description=__doc__)
    parser.add_argument("order", choices=("up", "down"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(SERVICES)} (all)")
    parser.add_argument("--install", action="store_true", help="as root: apt-get what is missing")
    given = parser.parse_intermixed_args()
    names = given.names or list(SERVICES)
    if unknown := set(names) - set(SERVICES):
        parser.error(f"no such service: {', '.join(sorted(unknown))}")
    try:
        if given.order == "up":
            _up(names, given.install)
        else:
            _down(names)
    except ServiceFailed as error:
        print(f"services: {error}", file=sys.stderr)
        return 1
    return 0


def _up(names: list[str], install: bool) -> None:
    _require(names, install)
    PLACE.mkdir(exist_ok=True)
    for name in names:
        address = SERVICES[name].up(PLACE / name)
        _note(VARIABLES[name], address)
        print(f"{name:<11} {VARIABLES[name]}={address}")


def _down(names: list[str]) -> None:
    for name in names:
        if (PLACE / name).exists():
            SERVICES[name].down(PLACE / name)
        _note(VARIABLES[name], None)
        print(f"{name:<11} stopped")


def _note(variable: str, address: str | None) -> None:
    """Keeps `.services/env` in line with what runs."""
    env = PLACE / "env"
    lines = env.read_text().splitlines() if env.exists() else []
    kept = [line for line in lines if not line.startswith(f"{variable}=")]
    kept += [f"{variable}={address}"] if address else []
    if PLACE.exists():
        env.write_text("".join(f"{line}\n" for line in sorted(kept)))


def _require(names: list[str], install: bool) -> None:
    missing = {
        program: package
        for name in names
        for program, package in SERVICES[name].NEEDS.items()
        if not (shutil.which(program) or postgresql.program(program))
    }
    if not missing:
        return
    packages = sorted(set(missing.values()))
    if not install:
        raise ServiceFailed(
            f"{', '.join(sorted(missing))} not found: install {' '.join(packages)}, "
            "or as root `make services INSTALL=1`"
        )
    if os.geteuid():
        raise ServiceFailed(f"only root can install {' '.join(packages)}")
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", "-q", *command], check=False).returncode:
            raise ServiceFailed(f"apt-get {' '.join(command)} failed; its own message stands above")


if __name__ == "__main__":
    raise SystemExit(main())
