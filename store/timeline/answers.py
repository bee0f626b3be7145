"""What the read tables answer with."""

from datetime import datetime
from typing import Literal

import msgspec

from store.reading import EditKind

FeedState = Literal["active", "failing", "gone"]


class Feed(msgspec.Struct, frozen=True):
    """A feed as registered. `interval` in seconds; `since` is when its state began."""

    feed: str
    url: str
    title: str | None
    outlet: str
    outlet_name: str | None
    interval: int
    state: FeedState
    since: datetime


class Article(msgspec.Struct, frozen=True):
    """An article in its latest revision; `url` and `title` are None where they were erased."""

    article: str
    feed: str
    outlet: str
    occurred_at: datetime
    revision: int
    url: str | None
    title: str | None
    withdrawn_at: datetime | None
    merged_into: str | None
    erased: bool


class Revision(msgspec.Struct, frozen=True):
    """One revision, with the change of substance that it made; `passages` answer to `edits`, empty where erased."""

    article: str
    revision: int
    position: int
    occurred_at: datetime
    seen_at: datetime
    claimed_at: datetime | None
    rendition: str
    content: str
    page: str | None
    outcome: str
    edits: tuple[tuple[EditKind, str | None], ...]
    """(kind, claim) of each edit."""
    url: str | None
    title: str | None
    passages: tuple[tuple[str | None, str | None], ...] = ()


class Counts(msgspec.Struct, frozen=True):
    """`readings` are revisions read, `mentions` those that stand now."""

    articles: int
    revisions: int
    readings: int
    mentions: int
    claims: int
    alerts: int
    feeds: int


class StatusConcluded(msgspec.Struct, frozen=True):
    """What was concluded at the time, with the ledger position that says so."""

    position: int
    claim: str
    before: str
    after: str
    occurred_at: datetime
    recorded_at: datetime
    independent_origins: int
    mentions: tuple[str, ...]
    cause: int | None
