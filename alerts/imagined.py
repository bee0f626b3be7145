"""What would have been told of a history that never was, beside what was told of the one that was; and why each differs.

Pure: the decision is the same as in service (`judge`, `corrections`, `due_by_clock`), but nothing is raised, sent or written.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET

from alerts.candidates import RETRACTABLE, Candidate, Correction, candidates, corrections
from alerts.compose import alert_text
from alerts.context import Context
from alerts.judge import REASONS, Intent, Reason, due_by_clock, judge, next_by_clock, refusal
from alerts.rules import OPERATORS, Ruleset, from_canonical
from store import events as ev
from store.claim import Claim
from store.keyed import Keyed
from store.ledger import Recorded

SAME = timedelta(minutes=10)
"""Alerts that are no further apart are told at one time, since a reading follows its article."""
BY_CLOCK: frozenset[ev.Trigger] = frozenset({"deadline_near", "deadline_passed"})
"""Told when somebody looks at the clock, which no ledger notes: they are compared, but not by their time."""
WATCHING: frozenset[ev.Trigger] = frozenset({"feed_silent"})
"""Left out, and said to be: no reader and no claim changes when a feed falls silent, and it was told when somebody looked."""
BY_TURN: frozenset[ev.Trigger] = frozenset({"first_mention", "status_change", "unusual_volume"})
"""Their subject names a passage or an instant, which another reading moves: they are matched one after the other."""


class Heard(msgspec.Struct, frozen=True):
    """An alert as it was told, or would have been.

    `ids` are those of one that was told, on each channel; `key` is that of an imagined one, from which ids follow
    with `again`, the mention for which it is told anew after it was taken back. `turn` is what alerts without a lasting subject
    are matched by, `about` the article or status that it tells of.
    """

    rule: str
    trigger: ev.Trigger
    claim: str | None
    at: datetime
    turn: str
    about: str
    text: ev.AlertText
    ids: frozenset[str] = frozenset()
    key: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()


class AlertDiffers(msgspec.Struct, frozen=True):
    """`before` and `after`: when it was told and when it would have been, None: not at all. `why`: what kept it, or moved it.

    `cues` are what the reader names for the passage that decides now.
    """

    kind: Literal["gained", "lost", "earlier", "later"]
    rule: str
    trigger: ev.Trigger
    claim: str | None
    before: datetime | None
    after: datetime | None
    headline: str
    quote: str | None
    url: str | None
    why: str
    cues: tuple[str, ...] = ()


Unlooked = Sequence[tuple[datetime, datetime]]
"""From an event to the alert about it: nobody looked in between, or it would have been told sooner. See `unlooked`."""
Kept = dict[tuple[str, str, str | None, str], Reason]
"""(rule, trigger, claim, what it is about) → why the rule did not want it."""
Source = Callable[[int], ev.Event | None]


def unlooked(raised: Iterable[Recorded], at: Callable[[int], Recorded]) -> Unlooked:
    """The stretches of time of which the ledger's alerts prove that nobody looked, apart from one another, in order.

    What is decided at one look is decided of all that came since the last one: who looks late finds a passage replaced that
    others saw taken back. `raised` are all alerts; `at` fetches an event by its position.
    """
    found = list[tuple[datetime, datetime]]()
    for recorded in raised:
        alert = recorded.event
        if isinstance(alert, ev.AlertRaised) and alert.trigger not in BY_CLOCK | WATCHING:
            found.append((at(alert.position).recorded_at, recorded.recorded_at))
    apart = list[tuple[datetime, datetime]]()
    for start, end in sorted(found):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart


class Told:
    """What was told: to be given every event of the ledger, in order. `heard` grows, `kept` says why others were not told."""

    def __init__(self, keyed: Keyed) -> None:
        self._context = Context(keyed.name)
        self._rules: Ruleset | None = None
        self._groups: dict[tuple[object, ...], Heard] = {}
        self.kept: Kept = {}
        self.wished: set[tuple[str, str]] = set()
        """(rule, trigger) of all rules that were ever in force."""
        self.sent: set[str] = set()
        self.taken_back: dict[str, datetime] = {}
        """The alert that was retracted → when that became due."""
        self.channels: dict[str, set[str]] = {}

    @property
    def heard(self) -> list[Heard]:
        return list(self._groups.values())

    def take(self, recorded: Recorded, at: Callable[[int], Recorded]) -> None:
        """`at` fetches an earlier event by its position."""
        match recorded.event:
            case ev.RulesChanged(rules=rules):
                self._rules = from_canonical(rules)
                self.wished |= {(rule.id, trigger) for rule in self._rules.rules for trigger in rule.triggers}
            case ev.AlertRaised(trigger="retraction", retracts=str() as retracted, position=position):
                self.taken_back[retracted] = at(position).recorded_at
            case ev.AlertAttempted(alerts=alerts):
                self.sent.update(alerts)
            case ev.AlertRaised() as alert if alert.trigger not in WATCHING:
                self._hear(recorded, alert, at(alert.position))
        for candidate in candidates(recorded, self._context, with_lineage=False):
            for rule in self._rules.rules if self._rules else ():
                reason = refusal(rule, candidate) if candidate.trigger in rule.triggers else None
                if reason is not None and reason != "scope":
                    self.kept[_key(rule.id, candidate, recorded.event)] = reason
        self._context.learn(recorded)

    def _hear(self, recorded: Recorded, alert: ev.AlertRaised, trigger: Recorded) -> None:
        """One alert for all its channels."""
        self.channels.setdefault(alert.rule, set()).add(alert.channel)
        key = (alert.rule, alert.trigger, alert.claim, alert.position, alert.mention)
        at = recorded.recorded_at if alert.trigger in BY_CLOCK else trigger.recorded_at
        text = ev.AlertText(f"{alert.trigger} (its text was erased)") if alert.text is UNSET else alert.text
        before = self._groups.get(key)
        ids = frozenset({alert.alert}) | (before.ids if before else frozenset())
        after = trigger.event.after if isinstance(trigger.event, ev.ClaimStatusChanged) else ""
        about = after or getattr(trigger.event, "article", "")
        self._groups[key] = Heard(alert.rule, alert.trigger, alert.claim, at, after, about, text, ids)


class Listener:
    """What the rules would have told of an imagined history: to be given each of its events, in order, then `finish`."""

    def __init__(self, rules: Ruleset, keyed: Keyed, source: Source, unlooked: Unlooked = ()) -> None:
        """`source` gives the event at an imagined position, for its words; in the stretches `unlooked` it waits."""
        mine = tuple(msgspec.structs.replace(rule, triggers=rule.triggers - WATCHING) for rule in rules.rules)
        self.rules, self._keyed, self._source = Ruleset(mine, rules.version), keyed, source
        self._watches_clock = any(rule.triggers & BY_CLOCK for rule in rules.rules)
        self._context = Context(keyed.name)
        self._unlooked, self._starts = unlooked, [start for start, _ in unlooked]
        self._waiting: list[tuple[Intent, Heard] | tuple[Correction, datetime]] = []
        self._told: dict[tuple[str, ...], str | None] = {}
        self._as_heard: dict[tuple[str, ...], Heard] = {}
        self._taken_back: set[tuple[str, ...]] = set()
        self._of_mention: dict[str, list[tuple[str, ...]]] = {}
        self._clock: datetime | None = None
        self.heard: list[Heard] = []
        self.taken_back: dict[int, datetime] = {}
        """The `id` of what was heard → when it was taken back."""
        self.kept: Kept = {}

    def take(self, recorded: Recorded) -> None:
        at = recorded.recorded_at
        if at != self._context.recorded_at and not self._waits(at):
            self._settle()
            self._look(at)
        for verdict in judge(recorded, self._context, self.rules):
            if isinstance(verdict, Intent):
                self._waiting.append((verdict, self._worded(verdict, at, recorded.event)))
            elif verdict.reason != "scope":
                self.kept[_key(verdict.rule.id, verdict.candidate, recorded.event)] = verdict.reason
        self._waiting += [(one, at) for one in corrections(recorded, self._context)]
        self._context.learn(recorded)

    def finish(self, now: datetime) -> None:
        self._settle()
        self._look(now)

    def _waits(self, now: datetime) -> bool:
        """Whether nobody looked between the last event and this one."""
        last = self._context.recorded_at
        before = bisect_right(self._starts, last) - 1 if last is not None else -1
        return before >= 0 and now <= self._unlooked[before][1]

    def _look(self, now: datetime) -> None:
        """What the passing of time alone brings about, when it does; looks no oftener than makes a difference."""
        last = self._clock
        if last is None:
            self._clock = now
        elif self._watches_clock and now - last >= SAME:
            while (at := next_by_clock(self._context, last, self.rules)) is not None and at <= now:
                self._hear_due(at)
                last = at
            self._hear_due(now)
            self._clock = now

    def _hear_due(self, at: datetime) -> None:
        for intent in due_by_clock(self._context, at, self.rules):
            if intent.key not in self._told:
                self._tell(intent, self._worded(intent, at, None))

    def _settle(self) -> None:
        """Carries out what came since the last look, in order: what was taken back can be told anew."""
        for one in self._waiting:
            match one:
                case Correction() as correction, datetime() as at:
                    self._take_back(correction, at)
                case Intent() as intent, Heard() as heard:
                    self._tell(intent, heard)
        self._waiting.clear()

    def _tell(self, intent: Intent, heard: Heard) -> None:
        key, mention = intent.key, intent.candidate.mention
        if key in self._told:
            if mention is None or self._told[key] == mention or key not in self._taken_back:
                return
            key, heard = (*key, mention), msgspec.structs.replace(heard, again=(mention,))
            if key in self._told:
                return
        self._told[key] = mention
        if mention is not None:
            self._of_mention.setdefault(mention, []).append(key)
        self._as_heard[key] = heard
        self.heard.append(heard)

    def _take_back(self, correction: Correction, at: datetime) -> None:
        known = correction.evidence
        keys = [key for key in self._of_mention.pop(correction.mention or "", ()) if key[1] in RETRACTABLE]
        holds = [key for key in keys if key not in self._taken_back]
        other = self._context.replacement(known.mention) if known is not None and correction.may_be_replaced else None
        if other is not None:
            self._told |= dict.fromkeys(holds, other)
            self._of_mention.setdefault(other, []).extend(holds)
        else:
            self._taken_back.update(holds)
            self.taken_back |= {id(self._as_heard[key]): at for key in holds}

    def _worded(self, intent: Intent, at: datetime, event: ev.Event | None) -> Heard:
        candidate, rule = intent.candidate, intent.rule
        source = self._source(candidate.quote_at) if candidate.quote_at is not None else None
        turn = candidate.facts[1] if candidate.trigger == "status_change" else ""
        cues = source.why if isinstance(source, ev.MentionRecorded) else ()
        claim = candidate.claim.id if candidate.claim else None
        about = _key(rule.id, candidate, event)[3]
        words = alert_text(candidate, source)
        return Heard(rule.id, candidate.trigger, claim, at, turn, about, words, key=intent.key, cues=cues)


def _key(rule: str, candidate: Candidate, event: ev.Event | None) -> tuple[str, str, str | None, str]:
    """By what a rule's wish is found again in another history: the status that is reached, else the article that says so."""
    about = candidate.facts[1] if candidate.trigger == "status_change" else getattr(event, "article", "")
    return rule, candidate.trigger, candidate.claim.id if candidate.claim else None, about


# --- the difference ----------------------------------------------------------------------------------


class Asked(NamedTuple):
    """`claims` are those that were asked about, `known` the ids of those of the ledger; alerts about others are left out.

    `decided` is the instant up to which alerts were decided in service: what comes later is left out. None: they never were.
    """

    claims: Mapping[str, Claim]
    known: Collection[str]
    decided: datetime | None


def compare(told: Told, listener: Listener, asked: Asked, keyed: Keyed) -> list[AlertDiffers]:
    """What would have been told and was not, and the reverse, earlier or later; in order of time."""
    meant = {*asked.known, *asked.claims}
    was_told = [one for one in told.heard if one.claim is None or one.claim in meant]
    heard = [one for one in listener.heard if asked.decided is None or one.at <= asked.decided]
    pairs = _paired(was_told, heard, lambda one: _ids(one, told, listener, keyed))
    found = [differs for was, now in pairs if (differs := _differs(was, now, told, listener, asked)) is not None]
    both = [(was, now) for was, now in pairs if was is not None and now is not None]
    found += [differs for was, now in both if (differs := _retracted(was, now, told, listener, asked)) is not None]
    return sorted(found, key=lambda one: (one.after or one.before, one.rule, one.trigger, one.claim or "", one.headline))


def _ids(one: Heard, told: Told, listener: Listener, keyed: Keyed) -> list[str]:
    """Every id that an imagined alert may have had, whichever channels its rule had then or has now."""
    channels = {*listener.rules.by_id[one.rule].channels, *told.channels.get(one.rule, ())}
    return [keyed.digest("alert", (*one.key, channel, *one.again)) for channel in sorted(channels)]


def _paired(
    told: Collection[Heard], heard: Iterable[Heard], ids: Callable[[Heard], list[str]]
) -> list[tuple[Heard | None, Heard | None]]:
    by_id = {id_: one for one in told if one.trigger not in BY_TURN for id_ in one.ids}
    by_turn: dict[tuple[object, ...], list[Heard]] = {}
    for one in sorted(told, key=lambda one: one.at):
        if one.trigger in BY_TURN:
            by_turn.setdefault(_turn(one), []).append(one)
    left = {id(one): one for one in told}
    pairs: list[tuple[Heard | None, Heard | None]] = []
    for now in heard:
        if now.trigger in BY_TURN:
            waiting = by_turn.get(_turn(now))
            was = waiting.pop(0) if waiting else None
        else:
            was = next((by_id[id_] for id_ in ids(now) if id_ in by_id and id(by_id[id_]) in left), None)
        if was is not None:
            left.pop(id(was))
        pairs.append((was, now))
    return pairs + [(was, None) for was in left.values()]


def _turn(one: Heard) -> tuple[object, ...]:
    return one.rule, one.trigger, one.claim, one.turn


def _differs(was: Heard | None, now: Heard | None, told: Told, listener: Listener, asked: Asked) -> AlertDiffers | None:
    if now is None:
        assert was is not None
        return _difference("lost", was, was.at, None, _why_not_now(was, listener, asked))
    if was is None:
        return _difference("gained", now, None, now.at, _why_not_then(now, told))
    if abs(now.at - was.at) <= SAME or now.trigger in BY_CLOCK:
        return None
    kind: Literal["earlier", "later"] = "earlier" if now.at < was.at else "later"
    kept = told.kept.get(_about(now)) if kind == "earlier" else listener.kept.get(_about(was))
    other = "it is told of another passage" if was.text.quote != now.text.quote else "the same is told at another time"
    return _difference(kind, now, was.at, now.at, REASONS[kept] if kept else other)


def _retracted(was: Heard, now: Heard, told: Told, listener: Listener, asked: Asked) -> AlertDiffers | None:
    """Whether what was told in both histories was taken back in one, or at another time. With an alert that is gained or
    lost its retraction goes, and is not told of by itself. Alerts about feeds are taken back by the feed's next answer,
    whatever anybody reads in it."""
    if now.trigger in OPERATORS:
        return None
    before = min((told.taken_back[id_] for id_ in was.ids if id_ in told.taken_back), default=None)
    after = listener.taken_back.get(id(now))
    if after is not None and asked.decided is not None and after > asked.decided:
        after = None
    if before is None and not was.ids & told.sent:
        return None  # it was called off before it went out, which nobody had to be told
    taken_back = msgspec.structs.replace(now, trigger="retraction")
    match before, after:
        case datetime(), None:
            return _difference("lost", taken_back, before, None, "what was told holds still")
        case None, datetime():
            return _difference("gained", taken_back, None, after, "what was told is no longer found")
        case datetime(), datetime() if abs(after - before) > SAME:
            kind: Literal["earlier", "later"] = "earlier" if after < before else "later"
            return _difference(kind, taken_back, before, after, "the same is taken back at another time")
    return None


def _why_not_then(now: Heard, told: Told) -> str:
    if (now.rule, now.trigger) not in told.wished:
        return f"no rule {now.rule} that listens to {now.trigger} was in force"
    kept = told.kept.get(_about(now))
    return REASONS[kept] if kept else "nothing that was recorded came to it"


def _why_not_now(was: Heard, listener: Listener, asked: Asked) -> str:
    rule = listener.rules.by_id.get(was.rule)
    if rule is None or was.trigger not in rule.triggers:
        return f"no rule {was.rule} listens to {was.trigger}"
    if was.claim is not None and was.claim not in asked.claims:
        return "the claim is not tracked"
    if was.claim is not None and not rule.covers(asked.claims[was.claim]):
        return REASONS["scope"]
    kept = listener.kept.get(_about(was))
    return REASONS[kept] if kept else "nothing that is found comes to it"


def _about(one: Heard) -> tuple[str, str, str | None, str]:
    return one.rule, one.trigger, one.claim, one.about


def _difference(
    kind: Literal["gained", "lost", "earlier", "later"], one: Heard, before: datetime | None, after: datetime | None, why: str
) -> AlertDiffers:
    text = one.text
    return AlertDiffers(
        kind, one.rule, one.trigger, one.claim, before, after, text.headline, text.quote, text.url, why, one.cues
    )  # fmt: skip
