"""The vocabulary of the ledger: what happened, in the past tense, frozen, each with a wire name and a schema version.

An event has *facts*, which stay for ever, and at most one part called `text` (quotes, names, titles, URLs),
which can be erased together with its salt. `text` is UNSET where there is none or where it was erased; so
nothing that a fold computes may depend on it.

A field is never renamed, retyped or removed here. A new version of an event gets a new class and an
upcaster in `store.wire`; the old golden bytes stay in `tests/golden/events`.
"""

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from store.claim import Claim, Entity
from store.event import Event
from store.operations import (
    AlertAttempted,
    AlertDelivered,
    AlertFailed,
    AlertMuted,
    AlertRaised,
    AlertText,
    CheckpointSigned,
    FeedAdded,
    FeedFailing,
    FeedGone,
    FeedMoved,
    FeedRecovered,
    FeedText,
    MessageDropped,
    MessageQuarantined,
    MessageRetried,
    MuteText,
    QuarantineText,
    ReaderDeployed,
    ReplayPerformed,
    RulesChanged,
    Trigger,
)
from store.reading import (
    Anonymity,
    EditKind,
    Hedging,
    Outcome,
    OutletStance,
    Precision,
    Stance,
)

Status = Literal["overtaken", "confirmed", "expired", "contested", "denied", "announced", "reported", "rumoured", "untested"]


# --- articles ---


class ArticleText(msgspec.Struct, frozen=True):
    url: str
    title: str | None = None
    byline: str | None = None


class EditFound(msgspec.Struct, frozen=True):
    """One change of substance between two revisions; the passages stand in `RevisionText.passages`, same index."""

    kind: EditKind
    claim: str | None


class RevisionText(msgspec.Struct, frozen=True):
    url: str
    title: str | None = None
    byline: str | None = None
    passages: tuple[tuple[str | None, str | None], ...] = ()
    """(before, after) of each edit."""


class ArticlePublished(Event, frozen=True):
    """An article was seen for the first time. `page` and `content` are commitments to what the content table keeps."""

    NAME: ClassVar = "article.published"
    article: str
    feed: str
    outlet: str
    claimed_at: datetime | None
    """What the feed or the page gave as its date, believed or not."""
    seen_at: datetime
    occurred_basis: Literal["claimed", "first_seen"]
    language: str | None
    rendition: str
    page: str | None
    content: str
    outcome: Outcome
    text: ArticleText | UnsetType = UNSET


class ArticleRevised(Event, frozen=True):
    """The page's text changed under one extractor version."""

    NAME: ClassVar = "article.revised"
    article: str
    revision: int
    feed: str
    outlet: str
    claimed_at: datetime | None
    seen_at: datetime
    occurred_basis: Literal["claimed", "first_seen"]
    language: str | None
    rendition: str
    page: str | None
    content: str
    outcome: Outcome
    edits: tuple[EditFound, ...] = ()
    text: RevisionText | UnsetType = UNSET


class ArticleWithdrawn(Event, frozen=True):
    NAME: ClassVar = "article.withdrawn"
    article: str
    revision: int
    seen_at: datetime
    reason: Literal["410", "404"]


class ArticleAliased(Event, frozen=True):
    NAME: ClassVar = "article.aliased"
    article: str
    alias: str
    text: ArticleText | UnsetType = UNSET


class ArticleMerged(Event, frozen=True):
    NAME: ClassVar = "article.merged"
    article: str
    into: str


class ErasureText(msgspec.Struct, frozen=True):
    reason: str


class ArticleErased(Event, frozen=True):
    """All text of the article was erased: pages, renditions, and the text part of the events at `positions`."""

    NAME: ClassVar = "article.erased"
    article: str
    positions: tuple[int, ...]
    text: ErasureText | UnsetType = UNSET


# --- claims and stories ---


class EntityDefined(Event, frozen=True):
    """A person, institution, outlet or place was named with its spellings; the latest definition counts."""

    NAME: ClassVar = "entity.defined"
    entity: Entity


class ClaimTracked(Event, frozen=True):
    NAME: ClassVar = "claim.tracked"
    claim: Claim


class ClaimAmended(Event, frozen=True):
    """The whole new definition; `changed` names the fields that differ, so that one sees what must be re-matched."""

    NAME: ClassVar = "claim.amended"
    claim: Claim
    changed: tuple[str, ...]


class ClaimRetired(Event, frozen=True):
    NAME: ClassVar = "claim.retired"
    claim: str


class StoryOpened(Event, frozen=True):
    NAME: ClassVar = "story.opened"
    story: str
    title: str


class StoryAmended(Event, frozen=True):
    NAME: ClassVar = "story.amended"
    story: str
    title: str


class ClaimStatusChanged(Event, frozen=True):
    """What was concluded at the time. Never folded: questions about the past fold the mentions again."""

    NAME: ClassVar = "claim.status_changed"
    claim: str
    before: Status
    after: Status
    policy: str
    independent_origins: int
    mentions: tuple[str, ...]
    """The mentions that decided."""


# --- mentions ---


class MentionText(msgspec.Struct, frozen=True):
    quote: str
    prefix: str
    suffix: str
    """32 characters of context on either side: with quote, speaker and variant the mention's anchor."""
    url: str
    title: str | None = None
    outlet: str | None = None
    speaker: str | None = None
    organisation: str | None = None
    role: str | None = None
    echo_of: str | None = None


class Party(msgspec.Struct, frozen=True):
    """Somebody who speaks or is relayed, without the name: the entity's id if it is one, and a keyed hash of the
    normalised name, so that two mentions of one stranger can be told to be the same after an erasure."""

    key: str
    entity: str | None = None


class MentionRecorded(Event, frozen=True):
    """One passage of one revision that concerns one claim. `start` and `end` count characters of the rendition."""

    NAME: ClassVar = "mention.recorded"
    mention: str
    article: str
    revision: int
    rendition: str
    outlet: str
    claim: str
    reader: str
    claims_at: int
    start: int
    end: int
    stance: Stance
    hedging: Hedging
    outlet_stance: OutletStance
    anonymity: Anonymity
    speaker: Party | None
    organisation: Party | None
    echo_of: Party | None
    variant: str | None
    said_on: date | None
    said_on_precision: Precision | None
    happened_on: date | None
    score: int
    signature: str
    """Near-copy signature of the whole text (keyed MinHash, base64), for lineage."""
    why: tuple[str, ...] = ()
    anchor: str | None = None
    """Keyed hash of (article, claim, quote, context, speaker, variant), as `MentionReviewed.anchor`: finds a person's
    decision about the passage again when a newer reading or revision gives it another id."""
    publisher: Party | None = None
    """The outlet by the name it prints: what other papers call it when they relay it."""
    relays: Party | None = None
    """For the outlet's own voice: the outlet that the rest of the article relays about this claim, on the same side; for
    "newspapers" or "a foreign daily" as a source, `store.lineage.PRESS`."""
    text: MentionText | UnsetType = UNSET


class MentionWithdrawn(Event, frozen=True):
    NAME: ClassVar = "mention.withdrawn"
    mention: str
    article: str
    claim: str
    reason: Literal["reread", "revised", "article_withdrawn", "article_merged", "claim_retired"]


class ReviewText(msgspec.Struct, frozen=True):
    note: str | None = None
    quote: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    speaker: str | None = None


class MentionReviewed(Event, frozen=True):
    """A person's decision about a passage, keyed to its anchor so that a better reader or a re-parsed page keeps it."""

    NAME: ClassVar = "mention.reviewed"
    mention: str
    anchor: str
    """Keyed hash of (article, claim, quote, context, speaker, variant)."""
    article: str
    claim: str
    decision: Literal["confirmed", "rejected", "corrected"]
    stance: Stance | None = None
    hedging: Hedging | None = None
    variant: str | None = None
    text: ReviewText | UnsetType = UNSET


EVENTS: tuple[type[Event], ...] = (
    FeedAdded, FeedMoved, FeedFailing, FeedRecovered, FeedGone,
    ArticlePublished, ArticleRevised, ArticleWithdrawn, ArticleAliased, ArticleMerged, ArticleErased,
    EntityDefined, ClaimTracked, ClaimAmended, ClaimRetired, StoryOpened, StoryAmended, ClaimStatusChanged,
    MentionRecorded, MentionWithdrawn, MentionReviewed,
    AlertRaised, AlertAttempted, AlertDelivered, AlertFailed, AlertMuted,
    ReaderDeployed, RulesChanged, MessageQuarantined, MessageRetried, MessageDropped, CheckpointSigned,
    ReplayPerformed,
)  # fmt: skip
"""Every event in its present version."""

__all__ = [
    "EVENTS",
    "AlertAttempted",
    "AlertDelivered",
    "AlertFailed",
    "AlertMuted",
    "AlertRaised",
    "AlertText",
    "ArticleAliased",
    "ArticleErased",
    "ArticleMerged",
    "ArticlePublished",
    "ArticleRevised",
    "ArticleText",
    "ArticleWithdrawn",
    "CheckpointSigned",
    "ClaimAmended",
    "ClaimRetired",
    "ClaimStatusChanged",
    "ClaimTracked",
    "EditFound",
    "EntityDefined",
    "ErasureText",
    "Event",
    "FeedAdded",
    "FeedFailing",
    "FeedGone",
    "FeedMoved",
    "FeedRecovered",
    "FeedText",
    "MentionRecorded",
    "MentionReviewed",
    "MentionText",
    "MentionWithdrawn",
    "MessageDropped",
    "MessageQuarantined",
    "MessageRetried",
    "MuteText",
    "Party",
    "QuarantineText",
    "ReaderDeployed",
    "ReplayPerformed",
    "ReviewText",
    "RevisionText",
    "RulesChanged",
    "Status",
    "StoryAmended",
    "StoryOpened",
    "Trigger",
]
