"""Checkpoints leave the house: signed when they are due, then put where a copy lies out of this machine's reach.

Where each place stands is remembered in the ledger's database. So a place that did not answer gets the newest checkpoint
as soon as it answers again, and a crash between signing and publishing loses nothing.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import httpx
import structlog

from dateline.errors import CONFIG, UserError
from dateline.home import Home
from dateline.keys import KeyRing
from dateline.mailing import Post, open_post
from dateline.parts import duration
from store.checkpoint import Signed, due, latest, sign
from store.database import reading, writing
from store.notes import BadNote
from store.places import keep_tick, last_tick

_log = structlog.get_logger("checkpoints")
TIMEOUT = 20.0
RETRY = timedelta(minutes=1)


class Target(NamedTuple):
    """Where a checkpoint goes: a file (or a folder, whose path ends in /), an HTTP address that takes a POST, or a mailbox."""

    kind: Literal["file", "http", "mailto"]
    where: str
    post: Post | None = None

    def __str__(self) -> str:
        return self.where if self.kind == "http" else f"{self.kind}:{self.where}"


class NotPublished(Exception):
    """The place did not take it. The next tick tries again."""

    def __init__(self, target: Target, why: str) -> None:
        super().__init__(f"{target}: {why}")
        self.target, self.why = target, why


def targets(home: Home) -> list[Target]:
    """The places of `[checkpoints] publish`. Raises UserError for one that is none."""
    return [target(home, text) for text in home.settings.checkpoints.publish]


def target(home: Home, text: str) -> Target:
    if text.startswith("file:") and len(text) > 5:
        where = text.removeprefix("file:")
        return Target("file", os.path.join(home.path, where))  # noqa: PTH118 - a Path would drop the last slash
    if urlsplit(text).scheme in ("http", "https") and urlsplit(text).hostname:
        return Target("http", text)
    if text.startswith("mailto:"):
        return Target("mailto", text.removeprefix("mailto:"), open_post(home, text))
    raise UserError(f"checkpoints.publish: {text!r} is neither file:PATH nor mailto:ADDRESS nor an http(s) address.", CONFIG)


def publish(to: Target, signed: Signed) -> None:
    """Puts the note there. Raises NotPublished.

    A file is replaced whole; in a folder each size gets a file of its own, and none is ever replaced. A mail may come twice,
    with the same Message-ID, if this process was killed while it was handed in.
    """
    if to.post is not None:
        why = to.post(signed)
        if why is not None:
            raise NotPublished(to, why)
        return
    if to.kind == "http":
        _post(to, signed)
        return
    try:
        _put(to.where, signed)
    except OSError as error:
        raise NotPublished(to, error.strerror or type(error).__name__) from error


def _put(where: str, signed: Signed) -> None:
    path = Path(where)
    if where.endswith("/") or path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path /= f"checkpoint-{signed.checkpoint.size:012}.txt"
        if path.exists():
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    with staged.open("w", encoding="utf-8") as file:
        file.write(signed.note)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)


def _post(to: Target, signed: Signed) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        answer = httpx.post(to.where, content=signed.note.encode(), headers=headers, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        raise NotPublished(to, type(error).__name__) from error
    if not answer.is_success:
        raise NotPublished(to, f"http_{answer.status_code}")


class Checkpointer:
    """Signs by the schedule of the settings and publishes; `tick` is cheap while nothing is due."""

    def __init__(self, home: Home) -> None:
        own = home.settings.checkpoints
        self._home, self._targets = home, targets(home)
        self._every = duration(own.every, "checkpoints.every") if own.every else None
        self._events = own.events
        self._keys = KeyRing(home.path, home.ledger.log)
        self._next = home.clock.now()

    def tick(self) -> int:
        """Signs if it is due, and publishes what a place has not got. Looks at most once a minute; returns what it did."""
        now = self._home.clock.now()
        if now < self._next or (self._every is None and self._events is None):
            return 0
        self._next = now + RETRY
        try:
            return self._sign_if_due(now) + len(self.publish()[0])
        except (BadNote, UserError) as error:
            # A damaged checkpoint or key must be seen to, but nobody should miss an alert for it.
            _log.error("no_checkpoint", error=str(error), remedy="dateline audit verify")
            return 0

    def _sign_if_due(self, now: datetime) -> int:
        with reading(self._home.engine) as connection:
            last = latest(connection)
        if not due(last, self._home.ledger.size(), now, every=self._every, events=self._events):
            return 0
        return int(sign(self._home.ledger, self._keys.signer(), now, least=1) is not None)

    def sign(self) -> Signed:
        """Signs now, whatever the schedule says."""
        signed = sign(self._home.ledger, self._keys.signer(), self._home.clock.now())
        assert signed is not None
        return signed

    def publish(self) -> tuple[list[Target], list[NotPublished]]:
        """The newest checkpoint to every place that has not got it: which took it, and which did not."""
        taken: list[Target] = []
        failed: list[NotPublished] = []
        with reading(self._home.engine) as connection:
            last = latest(connection)
            known = {to: last_tick(connection, _tick(to)) for to in self._targets}
        if last is None:
            return taken, failed
        for to in self._targets:
            if known[to] == last.checkpoint.size:
                continue
            try:
                publish(to, last)
            except NotPublished as error:
                _log.warning("checkpoint_not_published", target=str(to), why=error.why)
                failed.append(error)
                continue
            taken.append(to)
            with writing(self._home.engine) as connection:
                keep_tick(connection, _tick(to), last.checkpoint.size)
        return taken, failed


def _tick(to: Target) -> str:
    return f"published:{to}"
