"""Thresholds learnt from what people decided about mentions: confirmed and corrected ones concern their claim, rejected do not.

Only decisions about mentions that the present reader has scored count: scores of different readers are not comparable.
"""

from typing import NamedTuple

import msgspec

from dateline.home import Home
from dateline.parts import open_reader
from dateline.tracking import Changed, track
from store.claim import Claim, ClaimSet
from store.database import reading
from store.evidence import Evidence
from workers.calibrate import Judged, Proposal, propose
from workers.match import THRESHOLD, threshold_of


class Calibration(NamedTuple):
    """`claims` by id, those with decisions alone; `pooled` takes the decisions about all claims together.

    `other_readers` decisions are about mentions that another version of the reader scored; they do not count.
    """

    claims: dict[str, Proposal]
    pooled: Proposal
    reader: str
    other_readers: int


def calibrate(home: Home, rate: float, confidence: float) -> Calibration:
    """What the decisions in the ledger say; see `workers.calibrate.propose`."""
    with reading(home.engine) as connection:
        claims = home.timeline.claim_set(connection)
        evidence = home.timeline.evidence(connection, claims.by_id)
    reader = open_reader(home, ClaimSet()).version
    decided = _decided(evidence)
    judged: dict[str, list[Judged]] = {}
    for item in decided:
        if item.mention.reader == reader:
            judged.setdefault(item.mention.claim, []).append(Judged(item.mention.score, not item.rejected))
    by_claim = {
        claim.id: propose(judged[claim.id], threshold_of(claim), rate, confidence) for claim in claims if claim.id in judged
    }
    counted = [one for given in judged.values() for one in given]
    pooled = propose(counted, THRESHOLD, rate, confidence)
    return Calibration(by_claim, pooled, reader, len(decided) - len(counted))


def _decided(evidence: list[Evidence]) -> list[Evidence]:
    """One a passage, as last read: an article's revisions repeat it, and a decision holds for all of them."""
    last = {
        (item.mention.article, item.mention.claim, item.mention.anchor or item.id): item
        for item in evidence
        if item.review is not None
    }
    return list(last.values())


def apply(home: Home, found: Calibration, *, pooled: bool) -> Changed:
    """Amends the claims for which a threshold is proposed (with `pooled` all claims); the archive is read again for them."""
    with reading(home.engine) as connection:
        claims = home.timeline.claim_set(connection)
    changed = tuple(
        msgspec.structs.replace(claim, threshold=least)
        for claim in claims
        if (least := _proposed(found, claim, pooled=pooled)) is not None and least != threshold_of(claim)
    )
    return track(home, ClaimSet(changed), {})


def _proposed(found: Calibration, claim: Claim, *, pooled: bool) -> int | None:
    proposal = found.pooled if pooled else found.claims.get(claim.id)
    return proposal.threshold if proposal is not None and proposal.verdict == "proposed" else None
