"""The statuses of an imagined history, folded as its mentions come: what the recorder would conclude, without tables."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime

from store.claim import Claim, ClaimSet
from store.events import ClaimStatusChanged, Status
from store.evidence import Evidence
from store.lineage import Outlets, Parties
from store.running import Running
from store.standing import Standing
from store.status import concluded, expires_at, rivals_of


class Statuses:
    """Claims count from `track` on; mentions are learned with positions that only grow."""

    def __init__(self, claims: ClaimSet, outlets: Outlets) -> None:
        self._claims, self._parties = claims, Parties(claims, outlets)
        self._evidence: dict[str, dict[str, Evidence]] = {}
        self._news: dict[str, dict[str, Evidence]] = {}
        self._running: dict[str, Running] = {}
        self._last: dict[str, Status] = {}
        self._expiring: dict[str, datetime] = {}
        self._seen = -1

    def track(self, claim: Claim, at: datetime) -> None:
        expires = expires_at(claim)
        if expires is not None and expires > at:
            self._expiring[claim.id] = expires

    def learn(self, item: Evidence) -> None:
        """A mention that is new, or has ended."""
        claim = item.mention.claim
        self._evidence.setdefault(claim, {})[item.id] = item
        self._news.setdefault(claim, {})[item.id] = item
        self._seen = max(self._seen, item.position)

    def review(self, item: Evidence) -> None:
        """A person has decided about a mention: its claim is folded anew."""
        self._evidence.setdefault(item.mention.claim, {})[item.id] = item
        self._running.pop(item.mention.claim, None)

    def expiring(self, at: datetime) -> list[tuple[str, datetime]]:
        """The claims whose deadline has passed by `at` and had not been asked for before, in order."""
        passed = sorted((when, claim) for claim, when in self._expiring.items() if when <= at)
        for _, claim in passed:
            del self._expiring[claim]
        return [(claim, when) for when, claim in passed]

    def changes(self, touched: AbstractSet[str], now: datetime) -> Iterator[ClaimStatusChanged]:
        """What is concluded otherwise than before, of these claims and of their rivals."""
        for claim in self._with_rivals(touched):
            rivals = [self._standing(rival, now) for rival in rivals_of(claim, self._claims)]
            found = concluded(self._standing(claim, now), rivals, expires_at(claim), now)
            before = self._last.get(claim.id, "untested")
            if found.status != before:
                self._last[claim.id] = found.status
                yield ClaimStatusChanged(
                    claim.id, before, found.status, found.policy, found.independent_origins, found.because
                )  # fmt: skip

    def _with_rivals(self, touched: AbstractSet[str]) -> list[Claim]:
        wanted: dict[str, Claim] = {}
        for id_ in sorted(touched & self._claims.by_id.keys()):
            claim = self._claims.by_id[id_]
            wanted |= {id_: claim} | {rival.id: rival for rival in rivals_of(claim, self._claims)}
        return list(wanted.values())

    def _standing(self, claim: Claim, now: datetime) -> Standing:
        news, running = self._news.pop(claim.id, {}), self._running.get(claim.id)
        if running is None or not running.learn(news.values(), now):
            evidence = self._evidence.get(claim.id, {}).values()
            running = self._running[claim.id] = Running(claim, self._parties, evidence, self._seen)
        running.seen = self._seen
        return running.advance(now)
