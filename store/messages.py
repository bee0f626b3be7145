"""What travels on the bus: ids, offsets and commitments, never text. JSON, one tagged object a message."""

from datetime import datetime
from typing import Literal

import msgspec

from store.reading import Findings

ARTICLES = "dateline.articles"
READINGS = "dateline.readings"
QUARANTINE = "dateline.quarantine"

OccurredBasis = Literal["claimed", "first_seen"]


class RevisionFound(msgspec.Struct, frozen=True, tag="revision", tag_field="kind"):
    """Ingest found a new article (revision 1) or a new state of one. Its page and text lie in the content table.

    `claimed_at` is what the feed or page said, believed or not; `occurred_at` follows from it and from
    `seen_at` by the rule that `occurred_basis` names.
    """

    article: str
    revision: int
    rendition: str
    feed: str
    outlet: str
    seen_at: datetime
    occurred_at: datetime
    occurred_basis: OccurredBasis
    claimed_at: datetime | None
    page: str | None
    """Commitment of the stored page, hex; None when the feed itself carried the whole text."""
    content: str
    """Commitment of the rendition's text, hex."""
    reread: bool = False
    """The revision is in the ledger already; only a new reading is wanted."""
    scope: tuple[str, ...] = ()
    """Ids of the claims to be asked about; empty: all."""
    trace: str = ""


class WithdrawalFound(msgspec.Struct, frozen=True, tag="withdrawal", tag_field="kind"):
    """The article's page is gone for good: 410, or 404 three times over 24 hours."""

    article: str
    revision: int
    feed: str
    outlet: str
    seen_at: datetime
    reason: Literal["410", "404"]
    trace: str = ""


class AliasFound(msgspec.Struct, frozen=True, tag="alias", tag_field="kind"):
    """An article was met under another URL or guid; the new name itself lies in the content table."""

    article: str
    alias: str
    seen_at: datetime
    trace: str = ""


class MergeFound(msgspec.Struct, frozen=True, tag="merge", tag_field="kind"):
    """Two articles turned out to be one; `article` lives on in `into`."""

    article: str
    into: str
    seen_at: datetime
    trace: str = ""


ArticleMessage = RevisionFound | WithdrawalFound | AliasFound | MergeFound


class Reading(msgspec.Struct, frozen=True, tag="reading", tag_field="kind"):
    """One worker's answer to one article message: the message, and what one version of the reader found.

    `claims_at` is the ledger position of the last claim event the reader knew, `scope` the claims it was asked about
    (empty: all of them). Names in the findings are stripped to entity and span.
    """

    source: ArticleMessage
    reader: str
    claims_at: int
    findings: Findings | None
    """None for messages that have no text to read (withdrawals, aliases, merges)."""
    scope: tuple[str, ...] = ()


BusMessage = ArticleMessage | Reading

_encoder = msgspec.json.Encoder(order="sorted")
_articles: msgspec.json.Decoder[ArticleMessage] = msgspec.json.Decoder(ArticleMessage)
_readings: msgspec.json.Decoder[Reading] = msgspec.json.Decoder(Reading)


def encode_message(message: BusMessage) -> bytes:
    return _encoder.encode(message)


def decode_article_message(value: bytes) -> ArticleMessage:
    """Raises msgspec.ValidationError or msgspec.DecodeError for bytes that no version of Dateline wrote."""
    return _articles.decode(value)


def decode_reading(value: bytes) -> Reading:
    """Raises as `decode_article_message`."""
    return _readings.decode(value)
