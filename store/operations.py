"""Events of running the service: feeds, alerts, and the system itself. `store.events` gathers them with all others."""

from datetime import datetime
from typing import ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from store.event import Event

# --- feeds ---


class FeedText(msgspec.Struct, frozen=True):
    url: str
    title: str | None = None
    outlet: str | None = None
    detail: str | None = None


class FeedAdded(Event, frozen=True):
    """`outlet` is the publisher's opaque id; its printed name is text."""

    NAME: ClassVar = "feed.added"
    feed: str
    outlet: str
    interval: int
    """Seconds between polls, to begin with."""
    text: FeedText | UnsetType = UNSET


class FeedMoved(Event, frozen=True):
    """The feed answers at another address now (permanent redirect)."""

    NAME: ClassVar = "feed.moved"
    feed: str
    text: FeedText | UnsetType = UNSET


class FeedFailing(Event, frozen=True):
    """The feed could not be read several times running; we are not looking. `reason` is a stable code."""

    NAME: ClassVar = "feed.failing"
    feed: str
    since: datetime
    failures: int
    reason: str


class FeedRecovered(Event, frozen=True):
    NAME: ClassVar = "feed.recovered"
    feed: str
    failing_since: datetime


class FeedGone(Event, frozen=True):
    """The feed is polled no more: the publisher said so (410), or the operator removed it."""

    NAME: ClassVar = "feed.gone"
    feed: str
    reason: str


# --- alerts ---

Trigger = Literal[
    "first_mention",
    "new_origin",
    "denial",
    "status_change",
    "variant_drift",
    "silent_edit",
    "vanished_passage",
    "withdrawal",
    "deadline_near",
    "deadline_passed",
    "unusual_volume",
    "feed_silent",
    "feed_failing",
    "retraction",
]


class AlertText(msgspec.Struct, frozen=True):
    headline: str
    quote: str | None = None
    url: str | None = None
    speaker: str | None = None
    outlet: str | None = None


class AlertRaised(Event, frozen=True):
    """Something that a rule wants somebody to know. `position` is the event that triggered it."""

    NAME: ClassVar = "alert.raised"
    alert: str
    """Opaque id, from (rule, trigger, claim, origin or mention)."""
    rule: str
    rule_version: str
    trigger: Trigger
    channel: str
    story: str | None
    claim: str | None
    mention: str | None
    position: int
    retracts: str | None = None
    text: AlertText | UnsetType = UNSET


class AlertAttempted(Event, frozen=True):
    """Recorded before a message leaves. One message may carry several alerts."""

    NAME: ClassVar = "alert.attempted"
    message: str
    alerts: tuple[str, ...]
    channel: str
    attempt: int


class AlertDelivered(Event, frozen=True):
    NAME: ClassVar = "alert.delivered"
    message: str
    alerts: tuple[str, ...]
    channel: str
    attempt: int


class AlertFailed(Event, frozen=True):
    """Given up, after `attempts`; `reason` is a stable code."""

    NAME: ClassVar = "alert.failed"
    message: str
    alerts: tuple[str, ...]
    channel: str
    attempts: int
    reason: str


class MuteText(msgspec.Struct, frozen=True):
    reason: str | None = None


class AlertMuted(Event, frozen=True):
    """`scope` is `rule:ID`, `story:ID` or `claim:ID`; a mute always ends."""

    NAME: ClassVar = "alert.muted"
    scope: str
    until: datetime
    text: MuteText | UnsetType = UNSET


# --- the system itself ---


class ReaderDeployed(Event, frozen=True):
    NAME: ClassVar = "reader.deployed"
    reader: str
    models: dict[str, str]
    """Model name → SHA-256."""


class RulesChanged(Event, frozen=True):
    """The alert rules in force, as canonical JSON. `version` is its SHA-256, shortened."""

    NAME: ClassVar = "rules.changed"
    version: str
    rules: str


class QuarantineText(msgspec.Struct, frozen=True):
    message: str
    """The message as received, base64."""
    detail: str | None = None


class MessageQuarantined(Event, frozen=True):
    """A message that could not be processed; nothing else of it was recorded."""

    NAME: ClassVar = "message.quarantined"
    topic: str
    partition: int
    offset: int
    reason: str
    text: QuarantineText | UnsetType = UNSET


class MessageRetried(Event, frozen=True):
    """An operator put a quarantined message back on its topic. `quarantined` is the position of that event."""

    NAME: ClassVar = "message.retried"
    quarantined: int


class MessageDropped(Event, frozen=True):
    """An operator decided that a quarantined message is not wanted. `quarantined` is the position of that event."""

    NAME: ClassVar = "message.dropped"
    quarantined: int


class CheckpointSigned(Event, frozen=True):
    """The log's first `size` leaves have this root. `note` is the C2SP signed note."""

    NAME: ClassVar = "checkpoint.signed"
    size: int
    root: str
    key: str
    note: str


class ReplayPerformed(Event, frozen=True):
    NAME: ClassVar = "replay.performed"
    replay: str
    kind: Literal["rebuild", "rematch"]
    upto: int
    digest: str
