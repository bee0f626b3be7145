"""The status of a claim kept up to date: each new mention costs a logarithm, not another fold over all of them.

What stands for and against a claim depends on which statements stand, not on the order in which they came; so statements
can be added as they are published and taken away as they end. Where that does not hold (a mention published before
others that are folded already, which may be the start of their chains; a misreading; a review), `Running` says so and
the claim is folded anew.
"""

from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush

from store.claim import Claim
from store.evidence import Evidence
from store.lineage import Chains, Parties, by_publication
from store.standing import Standing, Statement, statement_of


class Running:
    """The standing of one claim at an instant that only goes forward.

    `seen` is the ledger position up to which it knows the claim's mentions.
    """

    def __init__(self, claim: Claim, parties: Parties, evidence: Iterable[Evidence], seen: int) -> None:
        self.standing, self.seen = Standing(), seen
        self._claim, self._chains = claim, Chains(parties)
        self._latest: tuple[object, ...] | None = None
        self._now: datetime | None = None
        self._statements: dict[int, Statement] = {}
        self._ahead: list[tuple[datetime, int, bool]] = []
        for item in sorted(evidence, key=by_publication):
            self._take(item)

    def learn(self, items: Iterable[Evidence], now: datetime) -> bool:
        """Takes in mentions recorded or ended since. False: they reach back, and the claim must be folded anew.

        After False the object is of no more use.
        """
        if self._now is not None and now < self._now:
            return False
        for item in sorted(items, key=by_publication):
            if item.position <= self.seen:
                if not self._end(item):
                    return False
            elif self._latest is not None and by_publication(item) < self._latest:
                return False
            else:
                self._take(item)
        return True

    def advance(self, now: datetime) -> Standing:
        """What stands at `now`."""
        while self._ahead and self._ahead[0][0] <= now:
            _, position, adds = heappop(self._ahead)
            statement = self._statements[position]
            if adds:
                self.standing.add(statement)
            else:
                self.standing.remove(statement)
        self._now = now
        return self.standing

    def _take(self, item: Evidence) -> None:
        self._latest = by_publication(item)
        statement = statement_of(self._claim, item, self._chains.follow(item))
        if statement is None:
            return
        self._statements[item.position] = statement
        heappush(self._ahead, (item.occurred_at, item.position, True))
        if item.ended_at is not None:
            heappush(self._ahead, (item.ended_at, item.position, False))

    def _end(self, item: Evidence) -> bool:
        """A mention known already has ended: in the world, or because it never was (then it may be a link of chains)."""
        if not item.ever_stood or item.ended_at is None:
            return False
        if item.position in self._statements:
            heappush(self._ahead, (item.ended_at, item.position, False))
        return True
