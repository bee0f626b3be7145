"""From the ledger to waiting alerts: decides about each event once, and records what is to be told.

The place in the ledger, the `alert.raised` events and the rows that wait are written in one transaction. So an alert is
raised exactly once, whoever is killed when, and of two followers one finds the place moved and starts over.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, select

from alerts import tables
from alerts.candidates import RETRACTABLE, Correction, corrections
from alerts.compose import alert_text, retraction_text
from alerts.context import Context
from alerts.judge import Intent, concerns, due_by_clock
from alerts.rules import Rule, Ruleset, canonical
from alerts.timing import due
from store.clock import Clock, from_micros, to_micros
from store.database import reading
from store.erasure import without_erased
from store.events import AlertRaised, AlertText, RulesChanged
from store.keyed import Keyed
from store.ledger import Draft, Ledger, Recorded, Writing

BATCH = 500


class Raised(NamedTuple):
    """What following did: events looked at, alerts raised, retractions among these, alerts cancelled before they went."""

    followed: int = 0
    raised: int = 0
    retracted: int = 0
    cancelled: int = 0


class Worded(NamedTuple):
    """Something to raise, with its words and the articles that they come from."""

    intent: Intent
    text: AlertText
    articles: tuple[str, ...]


class Follower:
    """Follows the ledger under one set of rules. `context` is always folded up to the place it last saw."""

    def __init__(self, ledger: Ledger, rules: Ruleset, clock: Clock, keyed: Keyed) -> None:
        self._ledger, self._rules, self._clock, self._keyed = ledger, rules, clock, keyed
        self._by_id = rules.by_id
        self._ticked: set[str] = set()
        self.context = Context(keyed.name)

    # --- following --------------------------------------------------------------------------------

    def announce_rules(self) -> None:
        """Records the rules as in force, unless they are what the ledger says already."""
        self.catch_up()
        rules = self._rules
        if self.context.rules_version != rules.version:
            event = RulesChanged(rules.version, canonical(rules.rules))
            key = f"rules/{rules.version}/{self.context.rules_version}/{self.context.position}"
            with tables.writing(self._ledger) as write:
                write.append([Draft(event, "log", self._clock.now(), key=key)])

    def catch_up(self) -> int:
        """Folds the context up to the stored place, without deciding anything. Returns the place."""
        with reading(self._ledger.engine) as connection:
            place = tables.place(connection)
        if self.context.position > place:
            self.context = Context(self._keyed.name)  # what it learned last was undone
        for recorded in self._ledger.read(self.context.position, stop=place):
            self.context.learn(recorded)
        return place

    def follow(self) -> Raised:
        """Decides about everything up to the ledger's present end."""
        done = Raised()
        while True:
            place, size = self.catch_up(), self._ledger.size()
            if place >= size:
                return done
            batch = self._batch(place, size)
            done = _sum(done, self._take(place, batch))

    def _batch(self, place: int, size: int) -> list[Recorded]:
        """The next events; what was recorded at one instant stays together, since it may be one reading's."""
        batch = list(self._ledger.read(place, stop=min(size, place + BATCH)))
        for recorded in self._ledger.read(batch[-1].position + 1, stop=size):
            if recorded.recorded_at != batch[-1].recorded_at:
                break
            batch.append(recorded)
        return batch

    def _take(self, place: int, batch: Sequence[Recorded]) -> Raised:
        decided = self._decide(batch)
        with tables.writing(self._ledger) as write:
            if not tables.move_place(write.connection, place, batch[-1].position + 1):
                return Raised()  # another follower was here; its place is taken up next
            return _sum(Raised(len(batch)), self._carry_out(write, decided))

    def _decide(self, batch: Sequence[Recorded]) -> list[Worded | Correction]:
        """What a stretch of the ledger comes to, in its order, before anything is written."""
        wanted: list[Intent | Correction] = []
        now = self._clock.now()
        for recorded in batch:
            intents = concerns(recorded, self.context, self._rules)
            # Older than the horizon by now: whoever was down that long tells nobody yesterday's news.
            wanted += [intent for intent in intents if now - recorded.recorded_at <= intent.rule.horizon]
            wanted += corrections(recorded, self.context)
            self.context.learn(recorded)
        at_hand = {recorded.position: recorded for recorded in batch}
        return [self._worded(one, at_hand) if isinstance(one, Intent) else self._replaced(one) for one in wanted]

    def _carry_out(self, write: Writing, decided: Iterable[Worded | Correction]) -> Raised:
        """Raises and takes back in the ledger's order, so that what was taken back can be told anew."""
        done, raising = Raised(), list[Worded]()
        for one in decided:
            if isinstance(one, Worded):
                raising.append(one)
                continue
            done = _sum(done, Raised(raised=self._raise(write, raising)), self._correct(write, one))
            raising = []
        return _sum(done, Raised(raised=self._raise(write, raising)))

    def _replaced(self, correction: Correction) -> Correction:
        known = correction.evidence
        if known is None or not correction.may_be_replaced:
            return correction
        return msgspec.structs.replace(correction, replaced_by=self.context.replacement(known.mention))

    def _worded(self, intent: Intent, at_hand: dict[int, Recorded]) -> Worded:
        candidate = intent.candidate
        source = at_hand.get(candidate.quote_at) if candidate.quote_at is not None else None
        if source is None and candidate.quote_at is not None:
            source = self.event(candidate.quote_at)
        text = alert_text(candidate, source.event if source else None)
        return Worded(intent, text, source.articles if source else ())

    def event(self, position: int) -> Recorded:
        return next(self._ledger.read(position, stop=position + 1))

    # --- the clock --------------------------------------------------------------------------------

    def overdue(self) -> list[Intent]:
        """What the clock alone makes worth telling now and has not been raised on every channel."""
        intents = due_by_clock(self.context, self._clock.now(), self._rules)
        ids = {alert: intent for intent in intents for alert in self._ids(intent)}
        unheard = [alert for alert in ids if alert not in self._ticked]
        if not unheard:
            return []
        with reading(self._ledger.engine) as connection:
            self._ticked |= tables.known(connection, unheard).keys()
        return list({id(intent): intent for alert, intent in ids.items() if alert not in self._ticked}.values())

    def tick(self) -> Raised:
        """Raises what only the passing of time brings about."""
        intents = self.overdue()
        if not intents:
            return Raised()
        worded = [self._worded(intent, {}) for intent in intents]
        with tables.writing(self._ledger) as write:
            return Raised(raised=self._raise(write, worded))

    # --- raising ----------------------------------------------------------------------------------

    def _ids(self, intent: Intent) -> list[str]:
        return [self.alert_id(intent, channel) for channel in intent.rule.channels]

    def alert_id(self, intent: Intent, channel: str) -> str:
        """Opaque id of (rule, trigger, claim, subject) on a channel; it does not know the rule's version."""
        return self._keyed.digest("alert", (*intent.key, channel))

    def _raise(self, write: Writing, worded: Sequence[Worded]) -> int:
        if not worded:
            return 0
        earlier = tables.known(write.connection, [id_ for intent, _, _ in worded for id_ in self._ids(intent)])
        drafts = []
        for intent, text, articles in worded:
            for channel in intent.rule.channels:
                alert = self._fresh_id(intent, channel, earlier)
                if alert is not None:
                    drafts.append(self._draft(intent, alert, channel, text, articles))
        return self._record(write, drafts)

    def _fresh_id(self, intent: Intent, channel: str, earlier: dict[str, Row[Any]]) -> str | None:
        """The alert's id; None if it was told. One that was taken back may be told again, of another mention."""
        alert, mention = self.alert_id(intent, channel), intent.candidate.mention
        told = earlier.get(alert)
        if told is None:
            return alert
        if mention is None or told.mention == mention or (told.retracted_by is None and told.state != "cancelled"):
            return None
        return self._keyed.digest("alert", (*intent.key, channel, mention))

    def _draft(self, intent: Intent, alert: str, channel: str, text: AlertText, articles: tuple[str, ...]) -> Draft:
        candidate, claim = intent.candidate, intent.candidate.claim
        event = AlertRaised(
            alert, intent.rule.id, intent.rule_version, candidate.trigger, channel, claim.story if claim else None,
            claim.id if claim else None, candidate.mention, candidate.position, text=text,
        )  # fmt: skip
        return self._alert(event, articles)

    def _alert(self, event: AlertRaised, articles: tuple[str, ...]) -> Draft:
        now = self._clock.now()
        return Draft(event, f"alert/{event.alert}", now, articles, event.position, key=f"alert/{event.alert}")

    def _record(self, write: Writing, drafts: Sequence[Draft]) -> int:
        recorded = write.append(without_erased(write.connection, drafts)) if drafts else []
        for one in recorded:
            assert isinstance(one.event, AlertRaised)
            self._wait(write.connection, one.event, one)
        return len(recorded)

    def _wait(self, connection: Connection, event: AlertRaised, recorded: Recorded) -> None:
        """Puts a raised alert into its group, or aside if it is muted."""
        now = self._clock.now()
        rule = self._by_id.get(event.rule)
        digest = rule is not None and rule.digest is not None
        group = f"{event.rule}\x1f{event.channel}\x1f{'' if digest else event.story or ''}"
        mute = self.context.muted(event.rule, event.story, event.claim)
        muted = mute is not None and mute.until > now
        connection.execute(
            tables.items.insert().values(
                alert=event.alert, rule=event.rule, rule_version=event.rule_version, trigger=event.trigger,
                channel=event.channel, story=event.story, claim=event.claim, mention=event.mention,
                position=event.position, raised=recorded.position, raised_at=to_micros(now), grp=group,
                state="muted" if muted else "waiting",
            )
        )  # fmt: skip
        if not muted:
            open_group(connection, group, event, rule, now, digest=digest)

    # --- taking back ------------------------------------------------------------------------------

    def _correct(self, write: Writing, correction: Correction) -> Raised:
        """Cancels what was not sent yet, and raises a retraction of what was."""
        drafts, cancelled = [], 0
        for row in _told(write.connection, correction):
            if correction.replaced_by is not None:
                self._change(write.connection, row.alert, mention=correction.replaced_by)
                continue
            if row.state in ("waiting", "muted"):
                self._change(write.connection, row.alert, state="cancelled", reason=correction.reason)
                cancelled += 1
                continue
            retraction = self._retraction(row, correction)
            self._change(write.connection, row.alert, retracted_by=retraction.event.alert)  # type: ignore[attr-defined]
            drafts.append(retraction)
        retracted = self._record(write, drafts)
        return Raised(raised=retracted, retracted=retracted, cancelled=cancelled)

    def _change(self, connection: Connection, alert: str, **values: object) -> None:
        connection.execute(tables.items.update().where(tables.items.c.alert == alert).values(**values))

    def _retraction(self, row: Row[Any], correction: Correction) -> Draft:
        told = self.event(row.raised)
        assert isinstance(told.event, AlertRaised)
        text = retraction_text(correction.reason, None if told.event.text is UNSET else told.event.text)
        alert = self._keyed.digest("alert", (row.rule, "retraction", row.alert))
        event = AlertRaised(
            alert, row.rule, self._rules.version, "retraction", row.channel, row.story, row.claim, row.mention,
            correction.position, retracts=row.alert, text=text,
        )  # fmt: skip
        return self._alert(event, told.articles)


def _told(connection: Connection, correction: Correction) -> Sequence[Row[Any]]:
    """Alerts that a correction concerns and that have not been taken back."""
    items = tables.items
    query = select(items).where(items.c.retracted_by.is_(None), items.c.state != "cancelled")
    if correction.failing is not None:
        query = query.where(items.c.position == correction.failing, items.c.trigger == "feed_failing")
    else:
        query = query.where(items.c.mention == correction.mention, items.c.trigger.in_(RETRACTABLE))
    return connection.execute(query.order_by(items.c.raised)).all()


def open_group(
    connection: Connection, group: str, event: AlertRaised, rule: Rule | None, now: datetime, *, digest: bool
) -> None:
    """Sets when a group's next message is due, unless that is set already."""
    groups = tables.groups
    row = connection.execute(select(groups).where(groups.c.grp == group)).one_or_none()
    if row is not None and row.due_at is not None:
        return
    last = from_micros(row.last_at) if row is not None and row.last_at is not None else None
    at = to_micros(due(rule, now, last) if rule is not None else now)
    if row is not None:
        connection.execute(groups.update().where(groups.c.grp == group).values(due_at=at))
        return
    story = None if digest else event.story
    values = {"grp": group, "rule": event.rule, "channel": event.channel, "story": story, "due_at": at}
    connection.execute(groups.insert().values(**values))


def _sum(*parts: Raised) -> Raised:
    return Raised(*(sum(counts) for counts in zip(*parts, strict=True)))
