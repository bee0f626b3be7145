"""What to make of a sight: the pure heart of ingest. Old state and new text in, an intent out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from ingest.identity import contains, fingerprint, resemblance
from ingest.sight import Sight, Text, Unseen, Vanished
from ingest.state import Baseline, Known, Source
from store.messages import OccurredBasis

EARLIEST = datetime(1991, 8, 6, tzinfo=UTC)
"""The first web page; a claimed date before it is a default of somebody's software."""
MISSING_TIMES = 3
MISSING_SPAN = timedelta(hours=24)
LOOK_AGAIN = timedelta(hours=12)
"""How soon a page that answered 404 is looked at again."""
SAME_ARTICLE = 0.5
OTHER_TEXT = 0.1
"""Resemblances: from the first on two texts are one article, up to the second they have nothing in common."""


class New(msgspec.Struct, frozen=True):
    """An article not seen before: its first revision."""

    text: Text
    occurred_at: datetime
    basis: OccurredBasis
    claimed_at: datetime | None


class Revised(msgspec.Struct, frozen=True):
    """The text changed; it occurs when it was first seen, whatever the page claims."""

    text: Text
    occurred_at: datetime
    basis: OccurredBasis
    claimed_at: datetime | None


class Unchanged(msgspec.Struct, frozen=True):
    """The same text. `text` becomes the baseline of its source; None if nothing was seen (304)."""

    text: Text | None = None


class Withdrawn(msgspec.Struct, frozen=True):
    reason: Literal["410", "404"]


class NotThere(msgspec.Struct, frozen=True):
    """One more 404; not yet enough to call the article withdrawn."""


class Language(msgspec.Struct, frozen=True):
    """The page came in another language than the article's and shares nothing with it: a regional or consent page."""


class Nothing(msgspec.Struct, frozen=True):
    """No conclusion: failed, refused, unreadable."""

    why: str


Intent = New | Revised | Unchanged | Withdrawn | NotThere | Language | Nothing


def decide(known: Known | None, latest: str | None, sight: Sight, now: datetime) -> Intent:
    """What the sight means. `latest` is the body of the latest stored revision (None for a new or an erased article)."""
    match sight:
        case Text() if known is None:
            claimed = sight.published
            occurred, basis = occurrence(claimed, now)
            return New(sight, occurred, basis, claimed)
        case Text() if known is not None:
            return _text_again(known, latest, sight, now)
        case Vanished(reason=reason) if known is not None:
            return _vanished(known, reason, now)
        case Unseen(why="not_modified"):
            return Unchanged()
        case Unseen(why=why):
            return Nothing(why)
    return Nothing("unreadable")


def occurrence(claimed: datetime | None, seen: datetime) -> tuple[datetime, OccurredBasis]:
    """When revision 1 occurred: at its claimed date if that is possible and not after first sight, else at first sight."""
    if claimed is None or claimed > seen or claimed < EARLIEST:
        return seen, "first_seen"
    return claimed, "claimed"


def same_text(known: Known, latest: str | None, text: Text) -> bool:
    """Whether the text is one that we have.

    A source is compared with what it said last. Where it has said nothing since the latest revision, which came from another
    source, the two texts count as the same if all paragraphs of one stand in the other: what differs then is what
    the extractor saw around or left out. A summary is never the same as a text.
    """
    mark = fingerprint(text.title, text.body)
    baseline = known.baselines.get(text.source)
    if mark == known.fingerprint or (baseline is not None and mark == baseline.fingerprint):
        return True
    current = baseline is not None and baseline.rendition == text.rendition
    if known.source == "summary" or (text.source == known.source and current):
        return False
    if text.source == "summary":
        return True
    if current and baseline is not None and baseline.revision == known.revision:
        return False
    return latest is not None and (contains(text.body, latest) or contains(latest, text.body))


def one_article(one: str, other: str) -> bool:
    """Whether two bodies are states of one article rather than two articles under one name."""
    return resemblance(one, other) >= SAME_ARTICLE or contains(one, other) or contains(other, one)


def baseline_after(known: Known, text: Text, revision: int) -> dict[Source, Baseline]:
    """The baselines with this text as its source's."""
    return {**known.baselines, text.source: Baseline(fingerprint(text.title, text.body), revision, text.rendition)}


def next_visit(first_seen: datetime, schedule: Sequence[timedelta], now: datetime) -> datetime | None:
    """When the page is looked at next: the first instant of the schedule after now; None when it is over."""
    return min((first_seen + after for after in schedule if first_seen + after > now), default=None)


def _text_again(known: Known, latest: str | None, text: Text, now: datetime) -> Intent:
    if known.withdrawn_at is None and same_text(known, latest, text):
        return Unchanged(text)
    if (
        latest
        and known.language
        and text.language not in (None, known.language)
        and resemblance(latest, text.body) <= OTHER_TEXT
    ):
        return Language()
    return Revised(text, now, "first_seen", text.modified or text.published)


def _vanished(known: Known, reason: Literal["410", "404"], now: datetime) -> Intent:
    if known.withdrawn_at is not None:
        return Unchanged()
    if reason == "410":
        return Withdrawn("410")
    times = (*known.missing, now)
    if len(times) >= MISSING_TIMES and times[-1] - times[0] >= MISSING_SPAN:
        return Withdrawn("404")
    return NotThere()
