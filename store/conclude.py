"""What is concluded at the time: folds the claims that a batch touched, and says which statuses have changed.

The conclusion is recorded for alerts and audits. Questions about the past never read it: they fold the mentions again.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from store.claim import ClaimSet
from store.events import ClaimStatusChanged, Status
from store.ledger import Draft
from store.status import expires_at
from store.timeline import Memory, Timeline


def expiring(claims: ClaimSet, since: datetime | None, now: datetime) -> tuple[str, ...]:
    """Claims whose deadline, grace included, ran out after `since` and not after `now`."""
    return tuple(
        claim.id for claim in claims if (at := expires_at(claim)) is not None and at <= now and (since is None or at > since)
    )


def conclude(
    connection: Connection,
    timeline: Timeline,
    touched: Iterable[str],
    now: datetime,
    cause: int | None,
    memory: Memory | None = None,
) -> list[Draft]:
    """A `claim.status_changed` for each touched claim, or rival of one, whose status is not what was last concluded.

    `memory` belongs to one caller and spares folding anew what it has folded before; it never changes an answer.
    """
    concluded = timeline.conclusions(connection, touched, now, memory)
    before = timeline.status_now(connection, concluded)
    drafts = []
    for id_, conclusion in concluded.items():
        last: Status = before.get(id_, "untested")  # type: ignore[assignment]  # the tables hold words
        if conclusion.status != last:
            event = ClaimStatusChanged(
                id_, last, conclusion.status, conclusion.policy, conclusion.independent_origins, conclusion.because
            )
            drafts.append(Draft(event, f"claim/{id_}", now, cause=cause))
    return drafts
