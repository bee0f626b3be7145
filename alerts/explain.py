"""Why something did or did not alert: the decision made again from the ledger, and what became of the message."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, or_, select

from alerts import tables
from alerts.context import Context
from alerts.judge import REASONS, Intent, Verdict, judge
from alerts.rules import Ruleset, from_canonical
from store.clock import from_micros
from store.database import reading
from store.events import MentionRecorded, RulesChanged, Trigger
from store.keyed import Keyed
from store.ledger import Ledger, Recorded


class Explanation(msgspec.Struct, frozen=True):
    """What one rule made of one event on one channel (None where it was refused before any channel mattered)."""

    position: int
    event: str
    rule: str | None
    trigger: Trigger | None
    because: str
    channel: str | None = None
    alert: str | None = None
    message: str | None = None
    state: str | None = None
    attempts: int = 0
    at: datetime | None = None

    def say(self) -> str:
        """One line for people."""
        who = f"rule {self.rule}, {self.trigger}" if self.rule else "no rule"
        where = f" → {self.channel}" if self.channel else ""
        return f"event {self.position} ({self.event}): {who}{where}: {self.because}"


def explain(subject: str, *, ledger: Ledger, rules: Ruleset, keyed: Keyed) -> tuple[Explanation, ...]:
    """`subject`: a position, or the id of a mention, an alert or a message. Nothing at all for what does not exist.

    Each decision is made again under the rules that were in force then. Reads the ledger up to the last position asked.
    """
    rows = _rows(ledger, subject)
    number = subject.isdecimal() and len(subject) < 16  # ids are longer
    positions = {int(subject)} if number else {row.position for row in rows}
    if not positions:
        positions = {one.position for one in _mentions(ledger, subject)}
    return tuple(_each(ledger, rules, keyed, positions))


def _rows(ledger: Ledger, subject: str) -> list[Row[Any]]:
    items = tables.items
    named = or_(items.c.alert == subject, items.c.message == subject, items.c.mention == subject)
    with reading(ledger.engine) as connection:
        return list(connection.execute(select(items).where(named)))


def _mentions(ledger: Ledger, mention: str) -> Iterator[Recorded]:
    for recorded in ledger.read(names={MentionRecorded.NAME}):
        if isinstance(recorded.event, MentionRecorded) and recorded.event.mention == mention:
            yield recorded


def _each(ledger: Ledger, rules: Ruleset, keyed: Keyed, positions: Collection[int]) -> Iterator[Explanation]:
    context, in_force = Context(keyed.name), _first_rules(ledger) or rules
    for recorded in ledger.read(stop=max(positions, default=-1) + 1):
        if isinstance(recorded.event, RulesChanged):
            in_force = from_canonical(recorded.event.rules)
        if recorded.position in positions:
            yield from _one(ledger, keyed, recorded, judge(recorded, context, in_force))
        context.learn(recorded)


def _first_rules(ledger: Ledger) -> Ruleset | None:
    first = next(ledger.read(names={RulesChanged.NAME}), None)
    return from_canonical(first.event.rules) if first and isinstance(first.event, RulesChanged) else None


def _one(ledger: Ledger, keyed: Keyed, recorded: Recorded, verdicts: tuple[Verdict, ...]) -> Iterator[Explanation]:
    position, name = recorded.position, recorded.event.NAME
    rows = _at(ledger, position)
    unexplained = {row.alert for row, _ in rows}
    for verdict in verdicts:
        rule, trigger = verdict.rule.id, verdict.candidate.trigger
        if not isinstance(verdict, Intent):
            yield Explanation(position, name, rule, trigger, REASONS[verdict.reason])
            continue
        for channel in verdict.rule.channels:
            mine = [pair for pair in rows if (pair[0].rule, pair[0].trigger, pair[0].channel) == (rule, trigger, channel)]
            unexplained -= {row.alert for row, _ in mine}
            if mine:
                yield _told(position, name, *mine[0])
            else:
                yield Explanation(position, name, rule, trigger, _untold(ledger, keyed, verdict, channel), channel)
    yield from (_told(position, name, *pair) for pair in rows if pair[0].alert in unexplained)
    if not verdicts and not rows:
        yield Explanation(position, name, None, None, "no rule listens to what this event is")


def _untold(ledger: Ledger, keyed: Keyed, intent: Intent, channel: str) -> str:
    """Why a wish came to no alert of its own."""
    with reading(ledger.engine) as connection:
        place = tables.place(connection)
        told = tables.known(connection, [keyed.digest("alert", (*intent.key, channel))])
    if place <= intent.candidate.position:
        return f"not decided yet: alerts have come to position {place}"
    for row in told.values():
        return f"told before, of event {row.position} (alert {row.alert})"
    return "when alerts came to it, it was older than the rule's horizon"


def _at(ledger: Ledger, position: int) -> list[tuple[Row[Any], Row[Any] | None]]:
    with reading(ledger.engine) as connection:
        items, messages = tables.items, tables.messages
        rows = connection.execute(select(items).where(items.c.position == position).order_by(items.c.raised)).all()
        wanted = [row.message for row in rows if row.message]
        query = select(messages).where(messages.c.message.in_(wanted))
        found = {row.message: row for row in connection.execute(query)}
    return [(row, found.get(row.message)) for row in rows]


def _told(position: int, name: str, row: Row[Any], message: Row[Any] | None) -> Explanation:
    state = message.state if message is not None else row.state
    return Explanation(
        position, name, row.rule, row.trigger, _because(row, message), row.channel, row.alert, row.message, state,
        message.attempts if message is not None else 0, from_micros(message.due_at if message is not None else row.raised_at),
    )  # fmt: skip


def _because(row: Row[Any], message: Row[Any] | None) -> str:
    taken_back = f"; taken back by alert {row.retracted_by}" if row.retracted_by else ""
    if message is None:
        held = {"waiting": "waits for others of its group", "muted": "held back by a mute, told in a summary when it ends"}
        return held.get(row.state, f"taken back before it was sent ({row.reason})")
    how = f"message {message.message} ({message.kind})"
    match message.state:
        case "delivered":
            note = f", {message.reason}" if message.reason else ""
            return f"sent in {how}, attempt {message.attempts}, receipt {message.receipt}{note}{taken_back}"
        case "failed":
            return f"given up: {how}, {message.attempts} attempts, {message.reason}{taken_back}"
        case "sending":
            return f"being sent in {how}, attempt {message.attempts}{taken_back}"
        case _:
            again = f", after {message.reason}" if message.reason else ""
            return f"to be sent in {how}, {message.attempts} attempts so far{again}{taken_back}"
