"""Which rules want to tell what: the pure decision, with a reason for everything that is not told."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Literal

import msgspec

from alerts.candidates import (
    RETRACTABLE,
    Candidate,
    candidates,
    deadline,
    deadline_end,
    feed_silent,
    unusual_volume,
)
from alerts.context import Context
from alerts.rules import Rule, Ruleset
from store.events import MentionRecorded, Trigger
from store.ledger import Recorded

Reason = Literal["scope", "rematch", "import", "horizon", "score", "told_otherwise"]

STRONGEST_FIRST: tuple[Trigger, ...] = ("denial", "variant_drift", "first_mention", "new_origin")
"""Of several things that one mention is to one rule, only the strongest is told."""

REASONS: dict[Reason, str] = {
    "scope": "the rule is about other claims and stories",
    "rematch": "the mention comes of reading an older article again",
    "import": "the article was imported",
    "horizon": "the article was older than the rule's horizon when it was recorded",
    "score": "the reader was less sure than the rule's min_score demands",
    "told_otherwise": "the same passage alerts this rule under a stronger trigger",
}


class Intent(msgspec.Struct, frozen=True):
    """A rule wants this told."""

    rule: Rule
    rule_version: str
    candidate: Candidate

    @property
    def key(self) -> tuple[str, ...]:
        """(rule, trigger, claim, subject): the same for every version of the rule."""
        claim = self.candidate.claim
        return (self.rule.id, self.candidate.trigger, claim.id if claim else "", self.candidate.subject)


class Refusal(msgspec.Struct, frozen=True):
    """A rule listens to this trigger and yet does not want this told."""

    rule: Rule
    candidate: Candidate
    reason: Reason


Verdict = Intent | Refusal


def concerns(recorded: Recorded, context: Context, rules: Ruleset) -> tuple[Intent, ...]:
    """What the rules want told of an event, given everything before it. `context` must not have learned it yet."""
    return tuple(verdict for verdict in judge(recorded, context, rules) if isinstance(verdict, Intent))


def judge(recorded: Recorded, context: Context, rules: Ruleset) -> tuple[Verdict, ...]:
    """As `concerns`, with the refusals of those rules that listen to the trigger."""
    found = tuple(candidates(recorded, context, with_lineage=_lineage_matters(recorded, context, rules)))
    verdicts: list[Verdict] = []
    for rule in rules.rules:
        mine = [candidate for candidate in found if candidate.trigger in rule.triggers]
        if "unusual_volume" in rule.triggers:
            volume = unusual_volume(recorded, context, rule.unusual)
            mine += [volume] if volume else []
        verdicts += _of_rule(rule, rules.version, mine)
    return tuple(verdicts)


def _lineage_matters(recorded: Recorded, context: Context, rules: Ruleset) -> bool:
    """Comparing a mention with all earlier ones is dear: it is done only if a rule would use the answer."""
    event = recorded.event
    claim = context.claim(event.claim) if isinstance(event, MentionRecorded) else None
    return claim is not None and any(rule.covers(claim) and rule.triggers & {"denial", "new_origin"} for rule in rules.rules)


def _of_rule(rule: Rule, version: str, mine: Iterable[Candidate]) -> Iterator[Verdict]:
    told: set[str] = set()
    for candidate in sorted(mine, key=_strength):
        reason = refusal(rule, candidate)
        retractable = candidate.trigger in RETRACTABLE and candidate.mention is not None
        if reason is None and retractable and candidate.mention in told:
            reason = "told_otherwise"
        if reason is not None:
            yield Refusal(rule, candidate, reason)
            continue
        if retractable and candidate.mention is not None:
            told.add(candidate.mention)
        yield Intent(rule, version, candidate)


def _strength(candidate: Candidate) -> int:
    trigger = candidate.trigger
    return STRONGEST_FIRST.index(trigger) if trigger in STRONGEST_FIRST else len(STRONGEST_FIRST)


def refusal(rule: Rule, candidate: Candidate) -> Reason | None:
    """Why a rule does not want a candidate of one of its triggers; None if it does."""
    if candidate.claim is not None and not rule.covers(candidate.claim):
        return "scope"
    if candidate.barrier == "import":
        return "import"
    if candidate.barrier is not None:
        return "rematch"
    if candidate.recorded_at - candidate.occurred_at > rule.horizon:
        return "horizon"
    if candidate.score is not None and candidate.score < rule.min_score:
        return "score"
    return None


def due_by_clock(context: Context, now: datetime, rules: Ruleset) -> tuple[Intent, ...]:
    """What the mere passing of time makes worth telling at `now`: deadlines and silent feeds.

    Says the same at every later instant until things change; alert ids make it heard once.
    """
    return tuple(
        Intent(rule, rules.version, candidate)
        for rule in rules.rules
        for candidate in _by_clock(rule, context, now)
        if refusal(rule, candidate) is None
    )


def _by_clock(rule: Rule, context: Context, now: datetime) -> Iterator[Candidate]:
    deadlines = rule.triggers & {"deadline_near", "deadline_passed"}
    claims = context.claims if deadlines else ()
    feeds = context.feeds if "feed_silent" in rule.triggers else ()
    for candidate in chain(
        (deadline(claim, context, now, rule.near) for claim in claims),
        (feed_silent(feed, context, now, rule.silent_after) for feed in feeds),
    ):
        if candidate is not None and candidate.trigger in rule.triggers:
            yield candidate


def next_by_clock(context: Context, now: datetime, rules: Ruleset) -> datetime | None:
    """The next instant after `now` at which `due_by_clock` may say more; None if only events can change that."""
    instants: list[datetime] = []
    for rule in rules.rules:
        if rule.triggers & {"deadline_near", "deadline_passed"}:
            ends = [end for claim, _ in context.claims.values() if rule.covers(claim) and (end := deadline_end(claim))]
            instants += [instant for end in ends for instant in (end - rule.near, end)]
        if "feed_silent" in rule.triggers:
            watched = [feed for feed in context.feeds.values() if not feed.gone and feed.failing is None]
            instants += [feed.since + 2 * rule.silent_after for feed in watched]
    return min((instant for instant in instants if instant > now), default=None)


def replayed(events: Iterable[Recorded], context: Context, rules: Ruleset) -> Iterator[Verdict]:
    """What these rules would have made of a stretch of the ledger. Reads no clock and sends nothing."""
    for recorded in events:
        yield from judge(recorded, context, rules)
        context.learn(recorded)
