"""Redis: in memory alone, as the broker of chores. It remembers nothing over a restart."""

from pathlib import Path

import redis

from services.process import await_ready, free_port, running, start, stop

NEEDS = {"redis-server": "redis-server"}


def up(directory: Path) -> str:
    """Starts the server unless it runs; returns its URL."""
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port(directory / "port")
    if running(directory, "redis-server") is None:
        options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no")
        start(["redis-server", *options, "--maxmemory-policy", "noeviction", "--dir", str(directory)], directory)
    url = f"redis://127.0.0.1:{port}/0"
    await_ready("redis", lambda: _complaint(url), directory, 15)
    return url


def down(directory: Path) -> None:
    stop("redis", directory, "redis-server")


def _complaint(url: str) -> str | None:
    try:
        with redis.Redis.from_url(url) as client:
            client.ping()
    except redis.RedisError as error:
        return str(error)
    return None
