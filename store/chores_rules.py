"""What a chore is and what becomes of it: pure rules. `store.chores` keeps the rows, `store.chores_run` does the work.

A chore is a piece of work that the service owes itself: to poll, to look at pages again, to send a message, to sign. Its row
in the database decides whether it is done; a message about it, if there is one, only says where to look.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple

State = Literal["open", "taken", "done", "failed"]
"""`open`: waits, perhaps for its turn. `taken`: somebody works on it, until its lease ends. The other two are final."""

Payload = Mapping[str, str | tuple[str, ...]]
"""Ids, never text: a message of the queue must give nothing away, and an erasure need not look here."""

LONGEST_PAUSE = timedelta(minutes=5)
_ID = re.compile(r"[A-Za-z0-9_.:/@=+-]{0,200}")


class Manner(NamedTuple):
    """How patient the chores are. Machine time, all of it: a virtual clock stands still while a worker dies.

    `lease`: how long one stays taken without a sign of life. `pause`: after the first failure, doubled with each. `resend`: a
    message not acted upon for so long counts as lost. `rest`: a key that was given up is not asked for again for so long.
    `kept` and `shown`: how long what is done, and what was given up, stays to be looked at.
    """

    lease: timedelta = timedelta(seconds=30)
    most_attempts: int = 10
    pause: timedelta = timedelta(seconds=1)
    resend: timedelta = timedelta(seconds=60)
    rest: timedelta = timedelta(minutes=10)
    kept: timedelta = timedelta(hours=1)
    shown: timedelta = timedelta(days=7)


class Wanted(NamedTuple):
    """Work to be asked for. Of one `key` there is at most one open chore."""

    kind: str
    key: str
    payload: Payload = MappingProxyType({})


class Taken(NamedTuple):
    """A chore in hand. `token` grows with each taking: an earlier holder's words count no more. `attempt` starts at 1."""

    id: int
    kind: str
    key: str
    payload: Payload
    attempt: int
    token: int


class Verdict(NamedTuple):
    """What a row becomes."""

    state: State
    due: datetime


def backoff(attempts: int, first: timedelta) -> timedelta:
    """The pause after the n-th attempt that failed: the first one, doubled each time, five minutes at most."""
    return min(first * (1 << max(0, min(attempts, 20) - 1)), LONGEST_PAUSE)


def after_failure(attempts: int, manner: Manner, now: datetime) -> Verdict:
    """Tried again after a pause, or given up. `attempts` include the one that failed."""
    if attempts >= manner.most_attempts:
        return Verdict("failed", now)
    return Verdict("open", now + backoff(attempts, manner.pause))


def said(error: BaseException) -> str:
    """An error in words fit to be kept: its kind and where it arose. Messages of errors may quote what is erasable."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.partition(".")[0] in ("alerts", "dateline", "ingest", "store", "workers"):
            place = f" in {name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"


def checked(payload: Payload) -> Payload:
    """The payload itself. Raises ValueError if something in it is no id."""
    for name, value in payload.items():
        for one in (value,) if isinstance(value, str) else value:
            if not _ID.fullmatch(one):
                raise ValueError(f"{name}: a chore carries ids only")
    return payload
