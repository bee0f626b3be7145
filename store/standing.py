"""What stands for and against one claim: statements by speaker, of which the latest counts. Rules 4 to 9 of policy v1.

The policy as a whole is told in `store.status`.
"""

from bisect import bisect_left, insort
from collections import Counter
from datetime import datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from store.claim import Claim
from store.events import Status
from store.evidence import Evidence
from store.lineage import Origin, OriginKind

Side = Literal["affirms", "denies", "hints"]
Speaker = tuple[str, bool]
Said = tuple[int, datetime, str, int, int, int, str]
"""The day on which it was said, then publication and place in the text."""


class Statement(NamedTuple):
    """One piece of evidence, ordered by when it was said, then by publication and place in the text."""

    said: Said
    side: Side
    asserted: bool
    origin: Origin
    mention: str

    @property
    def speaker(self) -> Speaker:
        """The outlet's own voice stays apart from the named speaker that the outlet may be."""
        return self.origin.id, self.origin.kind == "outlet"


def counts_for(claim: Claim, item: Evidence) -> Side | None:
    """Which side of the claim a mention is evidence for, if any and if it is credible."""
    stance, own, value = item.stance, claim.variants, item.variant
    if stance not in {"affirms", "denies"} or item.rejected or not item.ever_stood:
        return None
    denies, firm = stance == "denies", item.hedging in {"asserted", "predicted"}
    if own is not None and value not in {None, own.own} and (denies or (own.exclusive and own.own is not None)):
        return None  # it is about another value than the claim's own
    if denies:
        return "denies" if firm else None
    return "affirms" if firm else "hints"


def statement_of(claim: Claim, item: Evidence, origin: Origin) -> Statement | None:
    """The mention as evidence; None where it is none. Unnamed sources and outlets' own voices deny nothing."""
    side, named = counts_for(claim, item), origin.kind != "outlet"
    if side is None or not origin.lends or not item.credible(named=named) or (side == "denies" and not named):
        return None
    mention = item.mention
    published = item.occurred_at.astimezone(ZoneInfo(claim.timezone)).date()
    day = published if mention.said_on is None else min(mention.said_on, published)
    place = (mention.article, mention.revision, mention.start, mention.end, mention.mention)
    return Statement((day.toordinal(), item.occurred_at, *place), side, item.hedging == "asserted", origin, mention.mention)


class Standing:
    """What stands for and against one claim: statements by speaker, of which the latest counts.

    Adding and taking away cost a logarithm; asking for the status costs a look at the principals, who are few.
    """

    def __init__(self) -> None:
        self._said: dict[Speaker, list[Statement]] = {}
        self._latest: dict[OriginKind, dict[Speaker, Statement]] = {"principal": {}, "named": {}, "outlet": {}}
        self._affirming: Counter[str] = Counter()
        self._named: Counter[Side] = Counter()
        self._hints: dict[Said, Statement] = {}

    def add(self, statement: Statement) -> None:
        if statement.side == "hints":
            self._hints[statement.said] = statement
            return
        said = self._said.setdefault(statement.speaker, [])
        insort(said, statement, key=said_at)
        self._relate(statement, said[-1])

    def remove(self, statement: Statement) -> None:
        if statement.side == "hints":
            self._hints.pop(statement.said, None)
            return
        said = self._said[statement.speaker]
        del said[bisect_left(said, statement.said, key=said_at)]
        self._relate(statement, said[-1] if said else None)

    def _relate(self, changed: Statement, new: Statement | None) -> None:
        """Makes `new` the statement that counts for the speaker of `changed`."""
        latest = self._latest[changed.origin.kind]
        old = latest.pop(changed.speaker, None)
        if old is not None:
            self._count(old, -1)
        if new is not None:
            latest[new.speaker] = new
            self._count(new, 1)

    def _count(self, statement: Statement, step: int) -> None:
        if statement.origin.kind != "outlet":
            self._named[statement.side] += step
        if statement.side == "affirms":
            self._affirming[statement.origin.id] += step
            if not self._affirming[statement.origin.id]:
                del self._affirming[statement.origin.id]

    def _of(self, side: Side, *kinds: OriginKind) -> list[Statement]:
        return [s for kind in kinds for s in self._latest[kind].values() if s.side == side]

    @property
    def independent_origins(self) -> int:
        return len(self._affirming)

    def confirming(self) -> list[Statement]:
        """Principals that affirm the claim as asserted, if none denies it afterwards."""
        denied = max((s.said for s in self._of("denies", "principal")), default=None)
        affirmed = [s for s in self._of("affirms", "principal") if s.asserted]
        return [s for s in affirmed if denied is None or s.said > denied]

    def status(self) -> Status:
        """By rules 4 to 9, where nothing is `confirming`."""
        if self._named["affirms"] and self._named["denies"]:
            return "contested"
        if self._of("denies", "principal"):
            return "denied"
        if self._of("affirms", "principal"):  # not asserted, or the claim were confirmed
            return "announced"
        if self._named["affirms"] or len(self._affirming) > 1:
            return "reported"
        return "rumoured" if self._affirming or self._hints else "untested"

    def deciding(self, status: Status) -> list[Statement]:
        """The statements for which `status` is what it is."""
        match status:
            case "contested":
                return [*self._of("affirms", "principal", "named"), *self._of("denies", "principal", "named")]
            case "denied":
                return self._of("denies", "principal")
            case "announced":
                return self._of("affirms", "principal")
            case "reported" if self._named["affirms"]:
                return self._of("affirms", "principal", "named")
            case "reported" | "rumoured":
                return self._of("affirms", "outlet") or list(self._hints.values())
            case _:
                return []


def said_at(statement: Statement) -> Said:
    return statement.said
