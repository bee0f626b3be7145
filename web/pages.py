"""What is answered to which path, decided purely. Read-only, no text of articles, no secrets."""

from typing import NamedTuple

import msgspec

from web.exposition import CONTENT_TYPE, exposition
from web.watching import STALE, Snapshot

JSON = "application/json"
PATHS = ("/healthz", "/readyz", "/metrics", "/version")


class Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes


def answer(path: str, snapshot: Snapshot | None, age: float, version: str) -> Answer:
    """`age` is that of the snapshot, in seconds. Nothing after `?` is looked at.

    /healthz: this process answers. /readyz: 200 if the whole service of this home works, else 503, each check with its
    reason. /metrics: Prometheus. /version: the release.
    """
    match path.partition("?")[0]:
        case "/healthz":
            return _json(200, {"status": "up"})
        case "/readyz":
            return _readiness(snapshot, age)
        case "/metrics":
            if snapshot is None:
                return _json(503, {"status": "starting"})
            return Answer(200, CONTENT_TYPE, exposition(snapshot, version))
        case "/version":
            return _json(200, {"name": "dateline", "version": version})
        case _:
            return _json(404, {"status": "not found", "paths": PATHS})


def _readiness(snapshot: Snapshot | None, age: float) -> Answer:
    if snapshot is None:
        return _json(503, {"status": "starting", "checks": []})
    if age > STALE:
        stale = {"name": "watch", "good": False, "finding": f"the last look was {age:.0f} s ago; something does not come back"}
        return _json(503, {"status": "not ready", "checks": [stale]})
    checks = [check._asdict() for check in snapshot.checks]
    return _json(200 if snapshot.ready else 503, {"status": "ready" if snapshot.ready else "not ready", "checks": checks})


def _json(status: int, value: object) -> Answer:
    return Answer(status, JSON, msgspec.json.encode(value) + b"\n")
