"""The status of a claim: policy v1. It weighs standing, not truth, and nothing is terminal.

Evidence are mentions that affirm or deny as `asserted` or `predicted`, that still stand, that no reviewer rejected and
that are credible: a named source's surely, an outlet's more likely than not about the claim (`Evidence.credible`). A
mention that affirms as `speculated` or `conditional` is a hint, enough for a rumour and for nothing else. Of one named
speaker only the latest statement counts, by the day on which it was made; so an article that retells an old denial
brings no old status back. The speakers of a principal are one speaker. Unnamed sources and outlets' own voices can
affirm, one origin each, but they deny nothing. First match wins:

1. overtaken: a rival value is confirmed and this one is not;
2. confirmed: a principal affirms it as `asserted`, and no principal denies it afterwards;
3. expired: the end of the deadline's day, in the claim's time zone, lies 48 hours back;
4. contested: a principal or named source affirms, another denies;
5. denied: a principal denies;
6. announced: a principal affirms it as `predicted`;
7. reported: a named source or two independent origins affirm;
8. rumoured: any affirms or hints;
9. untested.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from store.claim import Claim, ClaimSet
from store.events import Status
from store.evidence import Evidence
from store.lineage import NO_OUTLETS, Origin, Outlets, origins
from store.standing import Said, Standing, Statement, said_at, statement_of

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
    return midnight.astimezone(UTC) + GRACE


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
    items = [*evidence, *rivals]
    fold = Fold(claim, items, claims, origins(items, claims, outlets))
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
    items = [*evidence, *rivals]
    return Fold(claim, items, claims, origins(items, claims, outlets)).history(until)


class Fold:
    """The standing of a claim and of its rivals as time goes by; time only goes forward.

    `evidence` holds the mentions of both (others are passed over), `origin_of` the origins of them all.
    """

    def __init__(self, claim: Claim, evidence: Iterable[Evidence], claims: ClaimSet, origin_of: Mapping[str, Origin]) -> None:
        self._expires = expires_at(claim)
        tracked = {claim.id: claim} | {rival.id: rival for rival in rivals_of(claim, claims)}
        wanted = [item for item in evidence if item.mention.claim in tracked]
        self._standing = {id_: Standing() for id_ in tracked}
        self._own, *self._rivals = self._standing.values()
        self._steps = sorted(_steps(tracked, wanted, origin_of), key=_step_order)
        self._done = 0

    def history(self, until: datetime | None = None) -> list[StatusChange]:
        """Every change up to `until` (None: the last publication), oldest first."""
        changes: list[StatusChange] = []
        before: Status = "untested"
        for at in self.instants(until):
            self.advance(at)
            if self.status(at) != before:
                found = self.conclude(at)
                changes.append(StatusChange(found.status, at, found.because, found.independent_origins))
                before = found.status
        return changes

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
        return decide(self._own, self._rivals, self._expires, at)

    def conclude(self, at: datetime) -> Conclusion:
        """The status with its reasons."""
        return concluded(self._own, self._rivals, self._expires, at)


def decide(own: Standing, rivals: Iterable[Standing], expires: datetime | None, at: datetime) -> Status:
    """All nine rules, given what stands for and against the claim and for and against each of its rivals."""
    if own.confirming():
        return "confirmed"
    if any(rival.confirming() for rival in rivals):
        return "overtaken"
    if expires is not None and at >= expires:
        return "expired"
    return own.status()


def concluded(own: Standing, rivals: Sequence[Standing], expires: datetime | None, at: datetime) -> Conclusion:
    """As `decide`, with the mentions that decided."""
    status = decide(own, rivals, expires, at)
    if status in {"confirmed", "overtaken"}:
        deciding = own.confirming() or [statement for rival in rivals for statement in rival.confirming()]
    else:
        deciding = own.deciding(status)
    because = tuple(statement.mention for statement in sorted(deciding, key=said_at)[:MOST_REASONS])
    return Conclusion(status, because, own.independent_origins)


class _Step(NamedTuple):
    at: datetime
    adds: bool
    claim: str
    statement: Statement


def _step_order(step: _Step) -> tuple[datetime, bool, str, Said]:
    return step.at, step.adds, step.claim, step.statement.said


def _steps(tracked: Mapping[str, Claim], evidence: Iterable[Evidence], origin_of: Mapping[str, Origin]) -> Iterator[_Step]:
    for item in evidence:
        claim = tracked[item.mention.claim]
        statement = statement_of(claim, item, origin_of[item.id])
        if statement is None:
            continue
        yield _Step(item.occurred_at, True, claim.id, statement)
        if item.ended_at is not None:
            yield _Step(item.ended_at, False, claim.id, statement)
