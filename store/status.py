"""The status of a claim: policy v1. It weighs standing, not truth, and nothing is terminal.

Evidence are mentions that affirm or deny as `asserted` or `predicted`, that still stand and that no reviewer rejected.
Of one speaker only the latest statement counts, by the day on which it was made; so an article that retells an
old denial brings no old status back. The speakers of a principal are one speaker; so are the unnamed sources of
an outlet together with its own voice. First match wins:

1. overtaken: a rival value is confirmed and this one is not;
2. confirmed: a principal affirms it as `asserted`, and no principal denies it afterwards;
3. expired: the end of the deadline's day, in the claim's time zone, lies 48 hours back;
4. contested: a principal or named source affirms, another denies;
5. denied: a principal denies;
6. announced: a principal affirms it as `predicted`;
7. reported: a named source or two independent origins affirm;
8. rumoured: any affirms;
9. untested.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from store.claim import Claim, ClaimSet
from store.events import Status
from store.evidence import Evidence
from store.lineage import NO_OUTLETS, Origin, Outlets, origins

POLICY = "v1"
GRACE = timedelta(hours=48)
"""How long after its deadline's day a forecast may still be confirmed by slow papers before it counts as expired."""
MOST_REASONS = 20
"""A conclusion names at most so many mentions, the earliest ones."""


class Conclusion(msgspec.Struct, frozen=True):
    """A claim's status at one instant, the mentions that decided it, and how many independent origins affirm it."""

    status: Status
    because: tuple[str, ...] = ()
    independent_origins: int = 0
    policy: str = POLICY


class StatusChange(msgspec.Struct, frozen=True):
    """From `at` on the status was `status`, because of `mentions` (none where time alone decided)."""

    status: Status
    at: datetime
    mentions: tuple[str, ...] = ()
    independent_origins: int = 0


def expires_at(claim: Claim) -> datetime | None:
    """The instant from which an unfulfilled forecast is expired; None for claims without a deadline."""
    if claim.deadline is None:
        return None
    midnight = datetime.combine(claim.deadline + timedelta(days=1), time(), ZoneInfo(claim.timezone))
    return midnight.astimezone(ZoneInfo("UTC")) + GRACE


def rivals_of(claim: Claim, claims: ClaimSet) -> tuple[Claim, ...]:
    """The claims that stand for another value of the same exclusive group."""
    own = claim.variants
    if own is None or not own.exclusive or own.own is None:
        return ()
    return tuple(
        other
        for other in claims
        if other.variants is not None
        and other.variants.group == own.group
        and other.variants.exclusive
        and other.variants.own not in {None, own.own}
    )


def status(
    claim: Claim,
    evidence: Iterable[Evidence],
    rivals: Iterable[Evidence],
    now: datetime,
    claims: ClaimSet,
    outlets: Outlets = NO_OUTLETS,
) -> Conclusion:
    """The claim's status at `now`, from its own mentions and those of its rivals. Time: n log n."""
    fold = Fold(claim, [*evidence, *rivals], claims, outlets)
    fold.advance(now)
    return fold.conclude(now)


def status_history(
    claim: Claim,
    evidence: Iterable[Evidence],
    rivals: Iterable[Evidence],
    claims: ClaimSet,
    outlets: Outlets = NO_OUTLETS,
    *,
    until: datetime | None = None,
) -> list[StatusChange]:
    """Every change of status up to `until`, oldest first; the claim is `untested` before the first.

    With `until` None, it ends with the last publication: no deadline after it is taken to have passed. Time: n log n.
    """
    fold = Fold(claim, [*evidence, *rivals], claims, outlets)
    history: list[StatusChange] = []
    before: Status = "untested"
    for at in fold.instants(until):
        fold.advance(at)
        concluded = fold.status(at)
        if concluded != before:
            because = fold.conclude(at)
            history.append(StatusChange(concluded, at, because.because, because.independent_origins))
            before = concluded
    return history


# --- the fold ----------------------------------------------------------------------------------------

Side = Literal["affirms", "denies"]


class Statement(NamedTuple):
    """One piece of evidence, ordered by when it was said, then by publication and place in the text."""

    said: tuple[int, datetime, str, int, int, int, str]
    side: Side
    asserted: bool
    origin: Origin
    mention: str

    @property
    def speaker(self) -> tuple[str, bool]:
        """The outlet's own voice stays apart from the named speaker that the outlet may be."""
        return self.origin.id, self.origin.kind == "outlet"


def counts_for(claim: Claim, item: Evidence) -> Side | None:
    """Which side of the claim a mention is evidence for, if any."""
    stance, own, value = item.stance, claim.variants, item.variant
    if stance not in {"affirms", "denies"} or item.hedging not in {"asserted", "predicted"}:
        return None
    if item.rejected or not item.ever_stood:
        return None
    if own is None or value is None or value == own.own:
        return "affirms" if stance == "affirms" else "denies"
    if stance == "denies" or (own.exclusive and own.own is not None):
        return None  # it is about another value than the claim's own
    return "affirms"


def _statement(claim: Claim, zone: ZoneInfo, item: Evidence, side: Side, origin: Origin) -> Statement:
    mention = item.mention
    published = item.occurred_at.astimezone(zone).date()
    day = published if mention.said_on is None else min(mention.said_on, published)
    place = (mention.article, mention.revision, mention.start, mention.end, mention.mention)
    return Statement(
        (day.toordinal(), item.occurred_at, *place), side, item.hedging == "asserted", origin, mention.mention
    )


class Standing:
    """What stands for and against one claim: statements by speaker, of which the latest counts.

    Adding and taking away cost a logarithm, asking for the status a look at the principals only.
    """

    def __init__(self) -> None:
        self._by_speaker: dict[tuple[str, bool], list[Statement]] = {}
        self._latest: dict[tuple[str, bool], Statement] = {}
        self._affirming: Counter[str] = Counter()
        self._named: Counter[Side] = Counter()

    def add(self, statement: Statement) -> None:
        said = self._by_speaker.setdefault(statement.speaker, [])
        insort(said, statement, key=_said)
        self._relate(statement.speaker, said)

    def remove(self, statement: Statement) -> None:
        said = self._by_speaker[statement.speaker]
        del said[bisect_left(said, statement.said, key=_said)]
        self._relate(statement.speaker, said)

    def _relate(self, speaker: tuple[str, bool], said: list[Statement]) -> None:
        """Makes the speaker's latest statement the one that counts."""
        old, new = self._latest.get(speaker), said[-1] if said else None
        if old is new:
            return
        for statement, step in ((old, -1), (new, 1)):
            if statement is None:
                continue
            if statement.side == "affirms":
                self._affirming[statement.origin.id] += step
                if not self._affirming[statement.origin.id]:
                    del self._affirming[statement.origin.id]
            if statement.origin.kind != "outlet":
                self._named[statement.side] += step
        if new is None:
            del self._latest[speaker]
        else:
            self._latest[speaker] = new

    def _pick(self, side: Side, *, named: bool = False, principal: bool = False) -> Iterator[Statement]:
        for statement in self._latest.values():
            kind = statement.origin.kind
            if statement.side == side and (kind == "principal" or (not principal and (kind == "named" or not named))):
                yield statement

    @property
    def independent_origins(self) -> int:
        return len(self._affirming)

    def confirming(self) -> list[Statement]:
        """Principals that affirm the claim as asserted, if none denies it afterwards."""
        if not self._named["affirms"]:
            return []
        denied = max((s.said for s in self._pick("denies", principal=True)), default=None)
        return [
            s for s in self._pick("affirms", principal=True) if s.asserted and (denied is None or s.said > denied)
        ]

    def decide(self) -> tuple[Status, list[Statement]]:
        """Rules 4 to 9, with the statements that decide."""
        affirmed, denied = self._named["affirms"], self._named["denies"]
        if affirmed and denied:
            return "contested", [*self._pick("affirms", named=True), *self._pick("denies", named=True)]
        if denied and (principals := list(self._pick("denies", principal=True))):
            return "denied", principals
        if affirmed:
            announced = [s for s in self._pick("affirms", principal=True) if not s.asserted]
            if announced:
                return "announced", announced
            return "reported", list(self._pick("affirms", named=True))
        if not self._affirming:
            return "untested", []
        return ("reported" if len(self._affirming) > 1 else "rumoured"), list(self._pick("affirms"))


def _said(statement: Statement) -> tuple[int, datetime, str, int, int, int, str]:
    return statement.said


class Fold:
    """The standing of a claim and of its rivals as time goes by. `advance` only goes forward."""

    def __init__(self, claim: Claim, evidence: Sequence[Evidence], claims: ClaimSet, outlets: Outlets) -> None:
        self._expires = expires_at(claim)
        self._claim = claim.id
        tracked = {claim.id: claim} | {rival.id: rival for rival in rivals_of(claim, claims)}
        wanted = [item for item in evidence if item.mention.claim in tracked]
        self._standing = {id_: Standing() for id_ in tracked}
        self._steps = sorted(_steps(tracked, wanted, origins(wanted, claims, outlets)), key=_step_order)
        self._done = 0

    def instants(self, until: datetime | None) -> Iterator[datetime]:
        """Every instant at which the status may change, in order."""
        at = {step.at for step in self._steps}
        last = max(at, default=None) if until is None else until
        if self._expires is not None and last is not None:
            at.add(self._expires)
        return iter(sorted(instant for instant in at if last is not None and instant <= last))

    def advance(self, at: datetime) -> None:
        while self._done < len(self._steps) and self._steps[self._done].at <= at:
            step = self._steps[self._done]
            standing = self._standing[step.claim]
            (standing.add if step.adds else standing.remove)(step.statement)
            self._done += 1

    def status(self, at: datetime) -> Status:
        return self._decide(at)[0]

    def conclude(self, at: datetime) -> Conclusion:
        status, statements = self._decide(at)
        because = tuple(s.mention for s in sorted(statements, key=_said)[:MOST_REASONS])
        return Conclusion(status, because, self._standing[self._claim].independent_origins)

    def _decide(self, at: datetime) -> tuple[Status, list[Statement]]:
        own = self._standing[self._claim]
        confirming = own.confirming()
        if confirming:
            return "confirmed", confirming
        rivals = [s for id_, standing in self._standing.items() if id_ != self._claim for s in standing.confirming()]
        if rivals:
            return "overtaken", rivals
        if self._expires is not None and at >= self._expires:
            return "expired", []
        return own.decide()


class _Step(NamedTuple):
    at: datetime
    adds: bool
    claim: str
    statement: Statement


def _step_order(step: _Step) -> tuple[datetime, bool, str, tuple[int, datetime, str, int, int, int, str]]:
    return step.at, step.adds, step.claim, step.statement.said


def _steps(
    tracked: Mapping[str, Claim], evidence: Iterable[Evidence], origin_of: Mapping[str, Origin]
) -> Iterator[_Step]:
    zones = {claim.id: ZoneInfo(claim.timezone) for claim in tracked.values()}
    for item in evidence:
        claim = tracked[item.mention.claim]
        side = counts_for(claim, item)
        if side is None:
            continue
        statement = _statement(claim, zones[claim.id], item, side, origin_of[item.id])
        yield _Step(item.occurred_at, True, claim.id, statement)
        if item.ended_at is not None:
            yield _Step(item.ended_at, False, claim.id, statement)
