"""Which chores this home owes itself, and what each does. `Work` is the same under Celery and in a role's own loop.

| kind | asked for when | does |
|---|---|---|
| `poll` | a feed is due, or the bus has not got a message | polls feeds that no other poller has in hand |
| `recheck` | a known article's page is due | looks at pages again that no other poller has in hand |
| `follow` | the alerts are behind the ledger, or time passed | decides what concerns whom, forms messages and digests |
| `deliver` | a message is due; one chore a message | makes one attempt |
| `checkpoint` | once a minute | signs and publishes, if that is due |
| `rematch` | with the change of a claim, in its transaction | asks for new readings of the archive, slice by slice |
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from alerts import tables as alerting
from dateline.home import Home
from dateline.parts import open_alerts, open_chores, open_ingest
from dateline.patience import patient
from store.chores_rules import Payload, Taken, Wanted
from store.chores_run import Doing, Hands, Stopping
from store.clock import from_micros, to_micros
from store.database import reading, writing
from store.places import keep_tick, last_tick, request_reread
from store.tables import head

if TYPE_CHECKING:
    from alerts.deliver import Alerts
    from ingest.poll import Due, Ingest
    from ingest.tally import Tally

KINDS = {"ingest": ("poll", "recheck"), "alert": ("follow", "deliver", "checkpoint", "rematch")}
"""The kinds that a role does where there is no Celery."""
EVERY_KIND = tuple(kind for kinds in KINDS.values() for kind in kinds)

LONGEST = 900.0
"""Seconds after which a process that does one chore is killed, under Celery."""
SLICE = 300.0
"""Seconds after which polling is broken off, to be gone on with: well before it would be killed for taking too long."""
MARK = timedelta(seconds=5)
FOLLOW = timedelta(seconds=15)
CHECKPOINT = timedelta(minutes=1)
ARTICLES = 500
"""Of the archive, asked for in one transaction."""
SENDER = "chores"
"""Who holds a message while it is sent. One name for all, since a message has one open chore at most."""


class Situation(NamedTuple):
    """What decides which chores are wanted. `behind`: the ledger goes on, or a group is due. Instants: when last done."""

    due: "Due | None" = None
    behind: bool = False
    messages: tuple[str, ...] = ()
    followed: datetime | None = None
    checked: datetime | None = None


class Pace(NamedTuple):
    """`pollers` poll beside each other; `follow` and `checkpoint` are how often these are done at least; None: not at all."""

    pollers: int
    follow: timedelta
    checkpoint: timedelta | None


def wanted(seen: Situation, now: datetime, pace: Pace, kinds: Collection[str]) -> list[Wanted]:
    """The chores to ask for, in the order in which one process would do them: polls before re-checks."""
    return [one for one in _wanted(seen, now, pace) if one.kind in kinds]


def _wanted(seen: Situation, now: datetime, pace: Pace) -> Iterator[Wanted]:
    if seen.due is not None and (seen.due.feeds or seen.due.messages):
        yield from (Wanted("poll", f"poll/{number}") for number in range(pace.pollers))
    if seen.due is not None and seen.due.pages:
        yield from (Wanted("recheck", f"recheck/{number}") for number in range(pace.pollers))
    if seen.behind or _passed(seen.followed, pace.follow, now):
        yield Wanted("follow", "follow")
    yield from (Wanted("deliver", f"deliver/{message}", {"message": message}) for message in seen.messages)
    if pace.checkpoint is not None and _passed(seen.checked, pace.checkpoint, now):
        yield Wanted("checkpoint", "checkpoint")


def _passed(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - last >= every


def rematch(claims: Iterable[str], position: int) -> Wanted:
    """The archive is to be read again for these claims (none: for all of them), since the event at this position."""
    return Wanted("rematch", f"rematch/{position}", {"claims": tuple(sorted(claims)), "after": ""})


class Work:
    """Looks for chores, and does them. Opens what it needs when it needs it: for use in one process."""

    def __init__(
        self, home: Home, stopping: Stopping, kinds: Collection[str] = EVERY_KIND, owner: str | None = None
    ) -> None:
        """`owner`: a name that only one process has at a time; it takes up at once what its former life held."""
        self._home, self._kinds, self._stopping, self._owner = home, kinds, stopping, owner
        self._break_off = stopping
        self._settled = False
        self._chores = open_chores(home)
        self._hands = Hands(self._chores, {kind: self._functions[kind] for kind in kinds}, stopping, owner)

    def step(self) -> int:
        """Asks for what is due and does it; for a role's own loop. Returns how many chores were done.

        May be called again after whatever it raised.
        """
        if self._owner is not None and not self._settled:
            self._chores.take_up(self._owner)  # a former life's, and what could not be given back while the database was away
        self._settled = False
        self.look()
        done = 0
        while not self._stopping() and self._hands.do_next():
            done += 1
        self._settled = True
        return done

    def unsent(self) -> list[int]:
        """The rows of which a message must be sent."""
        return self._chores.unsent()

    def not_sent(self, ids: list[int]) -> None:
        self._chores.not_sent(ids)

    def do(self, id_: int) -> bool:
        return self._hands.do(id_)

    def look(self) -> int:
        """Sweeps, and asks for what is due now. Returns how many chores were asked for."""
        self._chores.sweep()
        now = self._home.clock.now()
        return self._chores.ask(wanted(self._seen(now), now, self._pace, self._kinds))

    def close(self) -> None:
        if "_ingest" in self.__dict__:
            self._ingest.close()

    # --- looking ------------------------------------------------------------------------------------

    @cached_property
    def _pace(self) -> Pace:
        settings = self._home.settings
        if settings.clock == "shared":  # a play is the same every time; when it signs would not be
            return Pace(settings.ingest.pollers, timedelta(microseconds=1), None)
        signs = settings.checkpoints.every or settings.checkpoints.events
        return Pace(settings.ingest.pollers, FOLLOW, CHECKPOINT if signs else None)

    def _seen(self, now: datetime) -> Situation:
        seen = Situation(self._due(now) if "poll" in self._kinds else None)
        if "follow" not in self._kinds:
            return seen
        with reading(self._home.engine) as connection:
            behind = alerting.place(connection) < connection.execute(select(head.c.size)).scalar_one()
            return seen._replace(
                behind=behind or bool(alerting.due_groups(connection, now)),
                messages=tuple(row.message for row in alerting.due_messages(connection, now, SENDER)),
                followed=_instant(last_tick(connection, "followed")),
                checked=_instant(last_tick(connection, "checked")),
            )

    def _due(self, now: datetime) -> "Due":
        """As a by-product, notes that everything is done that was due by now, if so."""
        self._ingest.enroll()
        due = self._ingest.due(now)
        shared = self._home.settings.clock == "shared"
        if not any(due) and now - self._ingest.polled_through() >= (timedelta(0) if shared else MARK):
            self._ingest.mark_if_idle(now)
        return due

    # --- doing --------------------------------------------------------------------------------------

    @cached_property
    def _functions(self) -> dict[str, Doing]:
        return {
            "poll": lambda taken, stopping: self._poll(taken, stopping, self._ingest.poll),
            "recheck": lambda taken, stopping: self._poll(taken, stopping, self._ingest.recheck),
            "follow": self._follow,
            "deliver": self._deliver,
            "checkpoint": self._checkpoint,
            "rematch": self._rematch,
        }

    @cached_property
    def _ingest(self) -> "Ingest":
        return open_ingest(self._home, lambda: self._break_off())  # noqa: PLW0108 - it is another function for each chore

    @cached_property
    def _alerts(self) -> "Alerts":
        return open_alerts(self._home, SENDER)

    def _poll(self, taken: Taken, stopping: Stopping, poll: Callable[..., "Tally"]) -> Payload | None:
        from ingest.turns import Turn

        end = time.monotonic() + SLICE
        self._break_off = lambda: stopping() or time.monotonic() > end
        tally = poll(Turn(taken.key, taken.id * 1_000_000 + taken.token))
        return taken.payload if tally.stopped else None

    def _follow(self, _taken: Taken, _stopping: Stopping) -> None:
        now = self._home.clock.now()
        self._alerts.decide()
        self._note("followed", now)

    def _deliver(self, taken: Taken, _stopping: Stopping) -> None:
        message = taken.payload["message"]
        assert isinstance(message, str)
        self._alerts.deliver(message)

    def _checkpoint(self, _taken: Taken, _stopping: Stopping) -> None:
        from dateline.publishing import Checkpointer

        now = self._home.clock.now()
        Checkpointer(self._home).tick()
        self._note("checked", now)

    def _rematch(self, taken: Taken, _stopping: Stopping) -> Payload | None:
        after, claims = taken.payload["after"], taken.payload["claims"]
        assert isinstance(after, str)
        with writing(self._home.engine) as connection:
            articles = sorted(id_ for id_ in self._home.timeline.article_ids(connection) if id_ > after)
            request_reread(connection, dict.fromkeys(articles[:ARTICLES], frozenset(claims)))
        return {**taken.payload, "after": articles[ARTICLES - 1]} if len(articles) > ARTICLES else None

    def _note(self, what: str, at: datetime) -> None:
        with writing(self._home.engine) as connection:
            keep_tick(connection, what, to_micros(at))


class CeleryWork:
    """`Work` for one process of a Celery worker, made when it is first needed: a server that is away is NotNow there."""

    def __init__(self, home: Path, stopping: Stopping) -> None:
        self._home, self._stopping = home, stopping

    @cached_property
    def _work(self) -> Work:
        return Work(Home(self._home), self._stopping)

    def tick(self) -> list[int]:
        """Asks for what is due; returns the rows of which a message must be sent."""
        with patient():
            self._work.look()
            return self._work.unsent()

    def not_sent(self, ids: list[int]) -> None:
        with patient():
            self._work.not_sent(ids)

    def do(self, id_: int) -> bool:
        with patient():
            return self._work.do(id_)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
