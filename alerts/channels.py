"""Channels: each is one function from a dispatch to what became of it. They build no messages and keep no state.

Faults that a channel meets are values: `RetryLater` and `Rejected` name what to do next. What is raised instead is a
defect of ours. Reasons are stable words and status codes; they never hold addresses, passwords or tokens.
"""

import hmac
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec

from alerts.compose import Notice
from alerts.secrets import Secret
from store.clock import to_micros


class Dispatch(msgspec.Struct, frozen=True):
    """One attempt to send one message. `done` are recipients that have it already, `thread` the story's Slack thread.

    `attempt` counts from 1. From the second on, the first may have arrived: a channel that can ask, asks.
    """

    notice: Notice
    attempt: int
    now: datetime
    first_attempted_at: datetime
    thread: str | None = None
    done: tuple[str, ...] = ()


class Delivered(msgspec.Struct, frozen=True):
    """Accepted. `receipt` is the receiver's own word for it, `refused` recipients that never will get it."""

    receipt: str
    refused: tuple[str, ...] = ()
    thread: str | None = None


class RetryLater(msgspec.Struct, frozen=True):
    """Not accepted now. `after` is the least time to wait, `done` the recipients that have got it all the same."""

    reason: str
    after: timedelta = timedelta(0)
    done: tuple[str, ...] = ()


class Rejected(msgspec.Struct, frozen=True):
    """Never will be accepted as it is: somebody must repair the settings."""

    reason: str


Outcome = Delivered | RetryLater | Rejected
Channel = Callable[[Dispatch], Outcome]


def of_status(status: int, retry_after: str | None) -> RetryLater | Rejected:
    """What an HTTP status that is no success asks for: 408, 425, 429 and 5xx come back, all others never will."""
    if status in (408, 425, 429) or status >= 500:
        wait = int(retry_after) if retry_after and retry_after.isdecimal() else 0
        return RetryLater(f"http_{status}", timedelta(seconds=min(wait, 86_400)))
    return Rejected(f"http_{status}")


def as_json(notice: Notice) -> dict[str, Any]:
    """The message for programs: the fields of `Notice`, instants in ISO 8601."""
    fields: dict[str, Any] = msgspec.to_builtins(notice)
    return {"subject": notice.subject, **fields}


# --- the log ---------------------------------------------------------------------------------------


def log(path: Path) -> Channel:
    """Appends one JSON line a message to a file, on the disk when it returns.

    Exactly once: an attempt after the first looks for the message's id in the file. A line that was torn by a crash
    is ended before the next one begins, and does not count.
    """

    def send(dispatch: Dispatch) -> Outcome:
        line = json.dumps({"sent_at": dispatch.now.isoformat(), **as_json(dispatch.notice)}, sort_keys=True)
        with path.open("a+b") as file:
            if dispatch.attempt > 1 and _holds(path, dispatch.notice.message):
                return Delivered("found")
            file.write((b"" if _ends_clean(path) else b"\n") + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return Delivered("written")

    return send


def _ends_clean(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return True
        file.seek(size - 1)
        return file.read(1) == b"\n"


def _holds(path: Path, message: str) -> bool:
    with path.open("rb") as file:
        return any(_message_of(line) == message for line in file)


def _message_of(line: bytes) -> str | None:
    try:
        return str(json.loads(line).get("message"))
    except (ValueError, AttributeError):
        return None


# --- signed webhooks -------------------------------------------------------------------------------


def signature(secret: Secret, message: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` (Standard Webhooks 1.0).

    A secret of the form `whsec_…` is base64 of the key; any other is the key itself.
    """
    value = secret.reveal()
    key = b64decode(value.removeprefix("whsec_")) if value.startswith("whsec_") else value.encode()
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()


def webhook(client: httpx.Client, url: Secret, secret: Secret) -> Channel:
    """POSTs the message as JSON, signed. `webhook-id` is the message's id: receivers drop a repeated one.

    Redirects are refused, since a signature is for one address.
    """

    def send(dispatch: Dispatch) -> Outcome:
        body = json.dumps(as_json(dispatch.notice), sort_keys=True).encode()
        message, timestamp = dispatch.notice.message, to_micros(dispatch.now) // 1_000_000
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secret, message, timestamp, body),
        }
        try:
            answer = client.post(url.reveal(), content=body, headers=headers, follow_redirects=False)
        except httpx.HTTPError as error:
            return RetryLater(f"unreachable_{type(error).__name__}")
        if answer.is_success:
            return Delivered(f"http_{answer.status_code}")
        return of_status(answer.status_code, answer.headers.get("retry-after"))

    return send
