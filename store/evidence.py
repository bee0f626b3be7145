"""What a fold over a claim is given: its mentions, with when they held and what a person decided about them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from store.events import MentionRecorded
from store.reading import Hedging, Stance

Decision = Literal["confirmed", "rejected", "corrected"]

SURE = 780
"""Least score, in thousandths, of a named source's statement that may move a status. What the reader is less sure of is
shown and alerts, but decides nothing until a person has confirmed it: one misread sentence of a principal would settle a
claim."""
LIKELY = 500
"""The same for unnamed sources and outlets' own words, which settle nothing and only add up: it is enough that a passage
concerns the claim more likely than not."""


class Review(msgspec.Struct, frozen=True):
    """A person's latest decision about a passage. With `corrected`, fields that are not None replace the reader's."""

    decision: Decision
    stance: Stance | None = None
    hedging: Hedging | None = None
    variant: str | None = None


class Evidence(msgspec.Struct, frozen=True):
    """One mention as a fold sees it.

    `occurred_at` is when its revision was published, `ended_at` when it ceased to stand there (the article was
    revised or withdrawn), None while it stands. A mention that a newer reading no longer finds was never there:
    it has `ended_at` = `occurred_at`. `position` is the ledger's; no fold orders by it.
    """

    mention: MentionRecorded
    occurred_at: datetime
    position: int = -1
    ended_at: datetime | None = None
    review: Review | None = None

    @property
    def id(self) -> str:
        return self.mention.mention

    @property
    def rejected(self) -> bool:
        return self.review is not None and self.review.decision == "rejected"

    def credible(self, *, named: bool) -> bool:
        """Whether the passage is surely enough about the claim to be evidence, of a named source or of an outlet."""
        return self.mention.score >= (SURE if named else LIKELY) or (self.review is not None and not self.rejected)

    @property
    def stance(self) -> Stance:
        """The reviewer's stance, else the reader's."""
        return (self.review and self.review.stance) or self.mention.stance

    @property
    def hedging(self) -> Hedging:
        return (self.review and self.review.hedging) or self.mention.hedging

    @property
    def variant(self) -> str | None:
        return (self.review and self.review.variant) or self.mention.variant

    def standing(self, at: datetime) -> bool:
        """Whether the passage was public at `at` and had not been taken back."""
        return self.occurred_at <= at and (self.ended_at is None or at < self.ended_at)

    @property
    def ever_stood(self) -> bool:
        return self.ended_at is None or self.occurred_at < self.ended_at


def order(evidence: Evidence) -> tuple[datetime, str, int, int, int, str]:
    """Sorts by publication, then by place; never by order of arrival, so that every arrival gives one order."""
    mention = evidence.mention
    return (evidence.occurred_at, mention.article, mention.revision, mention.start, mention.end, mention.mention)


def as_of(evidence: Iterable[Evidence], at: datetime) -> list[Evidence]:
    """Everything that stood at `at`, in `order`."""
    return sorted((item for item in evidence if item.standing(at)), key=order)
