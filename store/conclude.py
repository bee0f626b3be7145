"""What is concluded at the time: folds the claims that a batch touched, and says which statuses have changed.

The conclusion is recorded for alerts and audits. Questions about the past never read it: they fold the mentions again.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from store.claim import ClaimSet
from store.events import ClaimStatusChanged, Status
from store.keyed import Keyed
from store.ledger import Draft
from store.lineage import Outlets
from store.status import expires_at, rivals_of, status
from store.timeline import Timeline


def with_rivals(claims: ClaimSet, touched: Iterable[str]) -> tuple[str, ...]:
    """The claims whose status may change when the evidence of `touched` does: they and their rivals, in list order."""
    wanted = set(touched)
    for id_ in list(wanted):
        claim = claims.by_id.get(id_)
        if claim is not None:
            wanted.update(rival.id for rival in rivals_of(claim, claims))
    return tuple(claim.id for claim in claims if claim.id in wanted)


def expiring(claims: ClaimSet, since: datetime | None, now: datetime) -> tuple[str, ...]:
    """Claims whose deadline, grace included, ran out after `since` and not after `now`."""
    return tuple(
        claim.id
        for claim in claims
        if (at := expires_at(claim)) is not None and at <= now and (since is None or at > since)
    )


def conclude(
    connection: Connection,
    timeline: Timeline,
    claims: ClaimSet,
    wanted: Iterable[str],
    now: datetime,
    keyed: Keyed,
    cause: int | None,
) -> list[Draft]:
    """A `claim.status_changed` for each of the wanted claims whose status is not what was last concluded."""
    wanted = [id_ for id_ in wanted if id_ in claims.by_id]
    if not wanted:
        return []
    before = timeline.status_now(connection, wanted)
    outlets = Outlets(timeline.outlet_names(connection), keyed.name)
    family = with_rivals(claims, wanted)
    evidence = timeline.evidence(connection, family)
    drafts = []
    for id_ in wanted:
        own = [item for item in evidence if item.mention.claim == id_]
        others = [item for item in evidence if item.mention.claim != id_]
        concluded = status(claims.by_id[id_], own, others, now, claims, outlets)
        last: Status = before.get(id_, "untested")  # type: ignore[assignment]  # the tables hold words
        if concluded.status != last:
            event = ClaimStatusChanged(
                id_, last, concluded.status, concluded.policy, concluded.independent_origins, concluded.because
            )
            drafts.append(Draft(event, f"claim/{id_}", now, cause=cause))
    return drafts
