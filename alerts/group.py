"""From waiting alerts to messages: what is due together becomes one message; too much at once becomes one summary."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from alerts import tables
from alerts.compose import Kind
from alerts.context import Context
from alerts.rules import Rule, Ruleset
from store.clock import to_micros
from store.database import reading, writing
from store.keyed import Keyed

STORM = 20
"""For alerts whose rule is no longer in the file."""


class Grouper:
    """Forms messages at an instant. All decisions and rows of one call are one transaction."""

    def __init__(self, engine: Engine, rules: Ruleset, keyed: Keyed) -> None:
        self._engine, self._by_id, self._keyed = engine, rules.by_id, keyed

    def due(self, context: Context, now: datetime) -> bool:
        """Whether `form` would do anything."""
        with reading(self._engine) as connection:
            return bool(tables.due_groups(connection, now)) or bool(self._released(connection, context, now))

    def unmuted_at(self, context: Context, now: datetime) -> datetime | None:
        """When the next mute ends that holds alerts back."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(tables.items).where(tables.items.c.state == "muted")).all()
        mutes = [context.muted(row.rule, row.story, row.claim) for row in rows]
        return min((mute.until for mute in mutes if mute is not None and mute.until > now), default=None)

    def form(self, context: Context, now: datetime) -> int:
        """Makes messages of everything that is due. Returns how many."""
        if not self.due(context, now):
            return 0
        with writing(self._engine) as connection:
            tables.hold(connection)
            formed = self._form_released(connection, context, now)
            self._set_aside(connection, context, now)
            return formed + self._form_due(connection, now)

    # --- mutes ------------------------------------------------------------------------------------

    def _released(self, connection: Connection, context: Context, now: datetime) -> list[Row[Any]]:
        """Alerts that a mute held back which has ended by now."""
        rows = connection.execute(select(tables.items).where(tables.items.c.state == "muted")).all()
        mutes = [(row, context.muted(row.rule, row.story, row.claim)) for row in rows]
        return [row for row, mute in mutes if mute is None or mute.until <= now]

    def _form_released(self, connection: Connection, context: Context, now: datetime) -> int:
        """One summary for each rule and channel: a mute that ends neither eats alerts nor pours them out."""
        held: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
        for row in self._released(connection, context, now):
            held[row.rule, row.channel].append(row)
        for (rule, channel), rows in held.items():
            self._message(connection, "muted", rule, channel, rows, now)
        return len(held)

    def _set_aside(self, connection: Connection, context: Context, now: datetime) -> None:
        """Alerts that were waiting when their rule, story or claim was muted."""
        items = tables.items
        waiting = connection.execute(select(items).where(items.c.state == "waiting")).all()
        for row in waiting:
            mute = context.muted(row.rule, row.story, row.claim)
            if mute is not None and mute.until > now:
                connection.execute(items.update().where(items.c.alert == row.alert).values(state="muted"))

    # --- groups -----------------------------------------------------------------------------------

    def _form_due(self, connection: Connection, now: datetime) -> int:
        together: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
        for group in tables.due_groups(connection, now):
            together[group.rule, group.channel].append(group)
        return sum(self._form_rule(connection, *key, due, now) for key, due in together.items())

    def _form_rule(self, connection: Connection, rule_id: str, channel: str, due: Sequence[Row[Any]], now: datetime) -> int:
        """The messages of one rule to one channel: one a group, or one in all if there is too much of it."""
        rule = self._by_id.get(rule_id)
        waiting: dict[str, list[Row[Any]]] = defaultdict(list)
        items = tables.items
        mine = (items.c.rule == rule_id, items.c.channel == channel, items.c.state == "waiting")
        for row in connection.execute(select(items).where(*mine).order_by(items.c.position, items.c.raised)):
            waiting[row.grp].append(row)
        everything = [row for rows in waiting.values() for row in rows]
        if not (rule and rule.digest) and len(everything) > (rule.storm if rule else STORM):
            self._close(connection, {*waiting, *(group.grp for group in due)}, now)
            self._message(connection, "storm", rule_id, channel, everything, now)
            return 1
        self._close(connection, {group.grp for group in due}, now)
        batches = [waiting[group.grp] for group in due if waiting.get(group.grp)]
        for rows in batches:
            self._message(connection, _kind(rule), rule_id, channel, rows, now)
        return len(batches)

    def _close(self, connection: Connection, groups: set[str], now: datetime) -> None:
        table = tables.groups
        connection.execute(table.update().where(table.c.grp.in_(groups)).values(due_at=None, last_at=to_micros(now)))

    def _message(
        self, connection: Connection, kind: Kind, rule: str, channel: str, rows: Sequence[Row[Any]], now: datetime
    ) -> None:
        alerts = sorted(row.alert for row in rows)
        message = self._keyed.digest("message", (channel, *alerts))
        stories = {row.story for row in rows}
        connection.execute(
            tables.messages.insert().values(
                message=message, kind=kind, channel=channel, rule=rule, story=stories.pop() if len(stories) == 1 else None,
                formed_at=to_micros(now), due_at=to_micros(now), state="pending", attempts=0, done="[]",
            )
        )  # fmt: skip
        items = tables.items
        for start in range(0, len(alerts), 500):
            chosen = items.c.alert.in_(alerts[start : start + 500])
            connection.execute(items.update().where(chosen).values(state="messaged", message=message))


def _kind(rule: Rule | None) -> Kind:
    return "digest" if rule is not None and rule.digest is not None else "alerts"
