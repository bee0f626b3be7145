"""What workers are given and what they find: the words that all rooms share about one article's text."""

from datetime import date, datetime
from typing import Literal

import msgspec

Stance = Literal["affirms", "denies", "no_comment", "questions", "discusses"]
OutletStance = Literal["affirms", "denies", "neutral"]
Hedging = Literal["asserted", "predicted", "conditional", "speculated"]
Anonymity = Literal["named", "unnamed", "none"]
Precision = Literal["day", "week", "month", "year"]

STANCES: tuple[Stance, ...] = ("affirms", "denies", "no_comment", "questions", "discusses")


class Document(msgspec.Struct, frozen=True):
    """One rendition of one revision: what a reader reads.

    `text` is the title, an empty line and the body; all offsets count characters of it.
    `outlet` is the publisher's name as printed; `published` the best known date of publication.
    """

    text: str
    outlet: str | None = None
    url: str | None = None
    published: datetime | None = None
    language: str | None = None
    article: str = ""
    revision: int = 1
    rendition: str = ""


class Span(msgspec.Struct, frozen=True):
    """Characters [start, end) of a document's text."""

    start: int
    end: int


class Name(msgspec.Struct, frozen=True):
    """Somebody or something that a text names: the canonical wording, the entity if it is one, and where it stands.

    On the bus only `entity` and `span` travel, never `text`.
    """

    text: str
    entity: str | None = None
    span: Span | None = None


class Attribution(msgspec.Struct, frozen=True):
    """Who is made responsible for a passage. With anonymity `none` it is the outlet's own voice and all is None."""

    anonymity: Anonymity = "none"
    speaker: Name | None = None
    organisation: Name | None = None
    role: Name | None = None


class Mention(msgspec.Struct, frozen=True):
    """One passage that concerns one claim, as one version of the reader understood it.

    `score` is the reader's confidence in thousandths that the passage concerns the claim, `why` the cues
    that decided (`stance:denied`, `match:alias`, …), for `dateline explain`.
    """

    claim: str
    start: int
    end: int
    quote: str
    stance: Stance
    hedging: Hedging = "asserted"
    outlet_stance: OutletStance = "neutral"
    attribution: Attribution = Attribution()
    echo_of: Name | None = None
    variant: str | None = None
    said_on: date | None = None
    said_on_precision: Precision | None = None
    happened_on: date | None = None
    score: int = 1000
    why: tuple[str, ...] = ()


EditKind = Literal[
    "quote_dropped",
    "attribution_dropped",
    "hedge_added",
    "hedge_removed",
    "denial_added",
    "denial_removed",
    "number_changed",
    "passage_vanished",
    "passage_added",
]


class Edit(msgspec.Struct, frozen=True):
    """One change of substance between two revisions that concerns a claim; spans of either text, None where absent."""

    kind: EditKind
    claim: str | None
    before: Span | None
    after: Span | None


Outcome = Literal["read", "language", "empty", "failed"]
"""What became of reading a revision: read (with or without mentions), a language that the reader cannot
read, a text with no words, or a fault. Every revision has exactly one."""


class Findings(msgspec.Struct, frozen=True):
    """Everything that one version of the reader found in one document.

    `signature` is the near-copy signature of the whole text (keyed MinHash), empty when not read.
    """

    outcome: Outcome
    mentions: tuple[Mention, ...] = ()
    edits: tuple[Edit, ...] = ()
    signature: bytes = b""
    language: str | None = None
    detail: str | None = None
