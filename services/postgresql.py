"""PostgreSQL: a private cluster of its own, apart from the system's."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import psycopg

from services.process import ServiceFailed, await_ready, free_port

NEEDS = {"initdb": "postgresql", "pg_ctl": "postgresql"}
SETTINGS = """
# Written by `make services`. Durable as in production: tests that kill rely on it.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
"""


def up(directory: Path) -> str:
    """Starts the cluster unless it runs; returns its URL. Data and port survive a restart."""
    directory.mkdir(parents=True, exist_ok=True)
    port, data = free_port(directory / "port"), directory / "data"
    if not (data / "PG_VERSION").exists():
        _create(data)
    if _pg_ctl(data, "status").returncode:
        started = _pg_ctl(data, "-w", "-o", f"-p {port}", "-l", str(data / "log"), "start")
        if started.returncode:
            raise ServiceFailed(f"postgresql did not start; see {data / 'log'}")
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    await_ready("postgresql", lambda: _complaint(url), data, 30)
    return url


def down(directory: Path) -> None:
    data = directory / "data"
    if (data / "PG_VERSION").exists() and not _pg_ctl(data, "status").returncode:
        stopped = _pg_ctl(data, "-m", "fast", "-w", "stop")
        if stopped.returncode:
            raise ServiceFailed(f"postgresql did not stop; see {data / 'log'}")


def program(name: str) -> str | None:
    """The newest installed one: Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(found[-1]) if found else shutil.which(name)


def _create(data: Path) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(data, "postgres", "postgres")
    made = _run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
    if made.returncode:
        raise ServiceFailed(f"initdb failed; user {_owner()} must be able to enter {data}:\n{made.stderr.decode()}")
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(SETTINGS)


def _pg_ctl(data: Path, *rest: str) -> subprocess.CompletedProcess[bytes]:
    # The server inherits these streams: a pipe would stay open for as long as it runs.
    return _run("pg_ctl", "-D", str(data), *rest, quiet=True)


def _run(name: str, *rest: str, quiet: bool = False) -> subprocess.CompletedProcess[bytes]:
    path = program(name)
    assert path is not None, f"{name} was looked for before"
    streams = subprocess.DEVNULL if quiet else subprocess.PIPE
    owner = _owner()
    return subprocess.run(
        [path, *rest], user=owner, group=owner, extra_groups=[] if owner else None,
        stdin=subprocess.DEVNULL, stdout=streams, stderr=streams, cwd="/", check=False,
    )  # fmt: skip


def _owner() -> str | None:
    """The user that the server runs as, if not we ourselves."""
    return pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None


def _complaint(url: str) -> str | None:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        return str(error).strip()
    return None
