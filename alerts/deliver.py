"""The alerts role: follows the ledger, groups what is to be told, and sends it.

Each attempt is recorded before it is made. Killed in between, the next step attempts once more with the same message
id: receivers that look at ids see one message (see `alerts/README.md` for what each channel can promise).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
import structlog
from sqlalchemy import Row, select

from alerts import tables
from alerts.channels import Channel, Delivered, Dispatch, Outcome, Rejected, RetryLater
from alerts.compose import MOST_ITEMS, Item, Notice, item, merged
from alerts.explain import Explanation, explain
from alerts.follow import Follower, Raised
from alerts.group import Grouper
from alerts.judge import next_by_clock
from alerts.outside import words
from alerts.rules import Ruleset
from alerts.timing import backoff
from store.clock import Clock, from_micros, to_micros
from store.database import reading, writing
from store.events import AlertAttempted, AlertDelivered, AlertFailed, AlertMuted, AlertRaised, Event, MuteText
from store.keyed import Keyed
from store.ledger import Draft, Ledger, Writing

LEASE = timedelta(minutes=10)
"""How long a sender may take over one message. Longer than any channel's own timeouts."""

MOST_ATTEMPTS = 12
"""With the waits of `timing.backoff`, given up after about ten hours."""

_log = structlog.get_logger("alerts")


class Tally(NamedTuple):
    """What one step did."""

    followed: int
    raised: int
    retracted: int
    cancelled: int
    formed: int
    delivered: int
    retried: int
    failed: int

    @property
    def anything(self) -> bool:
        return any(self)


class Sent(NamedTuple):
    delivered: int = 0
    retried: int = 0
    failed: int = 0


class Alerts:
    """One member of the alerts role. Any number may run on one database: what one sends, no other does.

    `keyed` is the home's. `owner` names this member; give a stable name only to a process of which there is one at a time
    (it then takes up at once what its former life left behind, instead of waiting for the lease to end).
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        rules: Ruleset,
        channels: Mapping[str, Channel],
        clock: Clock,
        keyed: Keyed,
        owner: str | None = None,
        most_attempts: int = MOST_ATTEMPTS,
    ) -> None:
        self._ledger, self._rules, self._channels, self._clock, self._keyed = ledger, rules, channels, clock, keyed
        self._owner = owner or uuid4().hex
        self._most_attempts = most_attempts
        self._follower = Follower(ledger, rules, clock, keyed)
        self._grouper = Grouper(ledger.engine, rules, keyed)
        with writing(ledger.engine) as connection:
            tables.prepare(connection)

    def step(self) -> Tally:
        """Does everything that can be done now, and returns. Raises what the ledger raises, and defects of ours."""
        decided = self.decide()
        sent = Sent(*(sum(counts) for counts in zip(Sent(), *map(self.deliver, self.due()), strict=True)))
        self._follower.follow()  # past our own events, so that being idle is a comparison
        return decided._replace(**sent._asdict())

    def decide(self) -> Tally:
        """All of a step but the sending: follows the ledger and the clock, and forms the messages that are due."""
        self._follower.announce_rules()
        followed = self._follower.follow()
        ticked = self._follower.tick()
        formed = self._grouper.form(self._follower.context, self._clock.now())
        self._follower.follow()
        total = Raised(*(a + b for a, b in zip(followed, ticked, strict=True)))
        return Tally(*total, formed, *Sent())

    def due(self) -> tuple[str, ...]:
        """The messages that may be attempted now, the longest overdue first."""
        with reading(self._ledger.engine) as connection:
            return tuple(row.message for row in tables.due_messages(connection, self._clock.now(), self._owner))

    def deliver(self, message: str) -> Sent:
        """One attempt at one message, if it is still due."""
        now = self._clock.now()
        with reading(self._ledger.engine) as connection:
            due = tables.due_messages(connection, now, self._owner, message)
        if not due:
            return Sent()
        self._follower.catch_up()
        return self._send(due[0], now)

    def idle(self, now: datetime) -> bool:
        """Whether everything up to the ledger's end was decided and nothing is due at `now`. Changes nothing.

        A message that another member is sending at this moment counts as due.
        """
        if self._follower.catch_up() != self._ledger.size() or self._follower.overdue():
            return False
        if self._grouper.due(self._follower.context, now):
            return False
        with reading(self._ledger.engine) as connection:
            sending = select(tables.messages.c.message).where(tables.messages.c.state == "sending").limit(1)
            return not tables.due_messages(connection, now, self._owner) and connection.execute(sending).first() is None

    def next_due(self) -> datetime | None:
        """The next instant at which there will be something to do even if nothing new is recorded; None if never.

        May lie in the past when something is overdue.
        """
        self._follower.catch_up()
        now = self._clock.now()
        with reading(self._ledger.engine) as connection:
            waiting = tables.next_instant(connection)
        context = self._follower.context
        instants = (waiting, self._grouper.unmuted_at(context, now), next_by_clock(context, now, self._rules))
        return min((instant for instant in instants if instant is not None), default=None)

    def explain(self, subject: str) -> tuple[Explanation, ...]:
        """Why something did or did not alert: `subject` is a position, or the id of a mention, an alert or a message."""
        return explain(subject, ledger=self._ledger, rules=self._rules, keyed=self._keyed)

    # --- sending ----------------------------------------------------------------------------------

    def _send(self, row: Row[Any], now: datetime) -> Sent:
        """One attempt at one message: taken and recorded, made, and its outcome recorded."""
        attempt = row.attempts + 1
        exhausted = row.attempts >= self._most_attempts
        with tables.writing(self._ledger) as write:
            if not tables.lease(write.connection, row.message, row.attempts, self._owner, now, now + LEASE):
                return Sent()
            alerts = tuple(told.alert for told in tables.of_message(write.connection, row.message))
            if not exhausted:
                event = AlertAttempted(row.message, alerts, row.channel, attempt)
                write.append([self._draft(event, row.message, f"attempted/{row.message}/{attempt}")])
        if exhausted:  # every attempt ended with the process: it is given up before it is made once more
            return self._settle(row, alerts, attempt, Rejected("attempts_exhausted"))
        return self._settle(row, alerts, attempt, self._attempt(row, attempt, now))

    def _attempt(self, row: Row[Any], attempt: int, now: datetime) -> Outcome:
        channel = self._channels.get(row.channel)
        if channel is None:
            return Rejected("channel_unknown")
        with reading(self._ledger.engine) as connection:
            threads = tables.threads
            query = select(threads.c.thread).where(threads.c.channel == row.channel, threads.c.story == row.story)
            thread = connection.execute(query).scalar_one_or_none() if row.story else None
        first = now if row.first_attempted_at is None else from_micros(row.first_attempted_at)
        done = tuple(msgspec.json.decode(row.done, type=list[str]))
        return channel(Dispatch(self._notice(row), attempt, now, first, thread, done))

    def _settle(self, row: Row[Any], alerts: tuple[str, ...], attempt: int, outcome: Outcome) -> Sent:
        with tables.writing(self._ledger) as write:
            match outcome:
                case Delivered():
                    return self._delivered(write, row, alerts, attempt, outcome)
                case RetryLater() if attempt < self._most_attempts:
                    return self._retry(write, row, attempt, outcome)
                case RetryLater(reason=reason) | Rejected(reason=reason):
                    return self._failed(write, row, alerts, attempt, reason)

    def _delivered(self, write: Writing, row: Row[Any], alerts: tuple[str, ...], attempt: int, outcome: Delivered) -> Sent:
        reason = "some_recipients_refused" if outcome.refused else None
        values = {"state": "delivered", "receipt": outcome.receipt, "reason": reason}
        if not tables.settle(write.connection, row.message, attempt, self._owner, **values):
            return Sent()
        event = AlertDelivered(row.message, alerts, row.channel, attempt)
        write.append([self._draft(event, row.message, f"delivered/{row.message}")])
        if outcome.thread and row.story:
            threads = tables.threads
            place = (threads.c.channel == row.channel, threads.c.story == row.story)
            if write.connection.execute(select(threads).where(*place)).first() is None:
                values = {"channel": row.channel, "story": row.story, "thread": outcome.thread}
                write.connection.execute(threads.insert().values(**values))
        return Sent(delivered=1)

    def _retry(self, write: Writing, row: Row[Any], attempt: int, outcome: RetryLater) -> Sent:
        due = self._clock.now() + max(outcome.after, backoff(attempt))
        done = msgspec.json.encode(outcome.done or msgspec.json.decode(row.done)).decode()
        values = {"state": "pending", "due_at": to_micros(due), "done": done, "reason": outcome.reason}
        settled = tables.settle(write.connection, row.message, attempt, self._owner, **values)
        _log.warning("retry", message=row.message, channel=row.channel, attempt=attempt, reason=outcome.reason)
        return Sent(retried=int(settled))

    def _failed(self, write: Writing, row: Row[Any], alerts: tuple[str, ...], attempt: int, reason: str) -> Sent:
        if not tables.settle(write.connection, row.message, attempt, self._owner, state="failed", reason=reason):
            return Sent()
        event = AlertFailed(row.message, alerts, row.channel, min(attempt, self._most_attempts), reason)
        write.append([self._draft(event, row.message, f"failed/{row.message}")])
        _log.error("failed", message=row.message, channel=row.channel, attempts=attempt, reason=reason)
        return Sent(failed=1)

    def _draft(self, event: Event, message: str, key: str) -> Draft:
        return Draft(event, f"alert/{message}", self._clock.now(), key=key)

    # --- words ------------------------------------------------------------------------------------

    def _notice(self, row: Row[Any]) -> Notice:
        """The message with its words, read from the ledger now: what was erased meanwhile is not in it."""
        with reading(self._ledger.engine) as connection:
            told = tables.of_message(connection, row.message)
        shown = [self._item(one) for one in told[:MOST_ITEMS]]
        rule = self._rules.by_id.get(row.rule)
        stories = {one.story for one in told if one.story}
        titles = [words(self._follower.context.stories.get(story, story), 140) for story in sorted(stories)]
        return Notice(
            row.message, row.kind, row.rule, told[-1].rule_version, ", ".join(titles[:3]) or words(row.rule, 140),
            merged(shown), from_micros(row.formed_at), row.story, rule.about if rule else "", len(told) - len(shown),
        )  # fmt: skip

    def _item(self, row: Row[Any]) -> Item:
        recorded = next(self._ledger.read(row.raised, stop=row.raised + 1))
        assert isinstance(recorded.event, AlertRaised)
        return item(recorded.event, row.position)


class BadScope(Exception):
    def __init__(self, scope: str) -> None:
        super().__init__(f"{scope!r} is nothing that can be muted; write `rule:ID`, `story:ID` or `claim:ID`")
        self.scope = scope


def mute(scope: str, until: datetime, now: datetime, reason: str | None = None) -> Draft:
    """The event that mutes a rule, a story or a claim until an instant; an instant that is past ends a mute.

    What is held back meanwhile is told in one summary at the end. Raises BadScope.
    """
    kind, _, name = scope.partition(":")
    if kind not in ("rule", "story", "claim") or not name:
        raise BadScope(scope)
    return Draft(AlertMuted(scope, until, MuteText(reason)), f"alert/{scope}", now)


def probe(channel: Channel, name: str, now: datetime) -> Outcome:
    """Sends a test message the way alerts go, past the ledger, and says what the receiver answered."""
    said = Item("probe", "probe", ("If you can read this, alerts arrive here.",), -1, "probe", "-")
    notice = Notice(f"probe-{to_micros(now)}", "probe", "probe", "-", f"channel {words(name, 100)}", (said,), now)
    return channel(Dispatch(notice, 1, now, now))
