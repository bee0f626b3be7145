"""What happened in a story: its claims with their histories, and every mention, edit and status in order of date.

Pure. `tell` is given all evidence that is known and answers for one instant: what had been published by then.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from store.claim import Claim, ClaimSet
from store.events import MentionText, Status
from store.evidence import Evidence, order
from store.lineage import NO_OUTLETS, Origin, Outlets, origins
from store.reading import EditKind, Stance
from store.status import Fold, StatusChange

Act = Stance | Literal["status", "edited", "withdrawn"]
ACT_ORDER = ("affirms", "denies", "no_comment", "questions", "discusses", "edited", "withdrawn", "status")


class Edited(msgspec.Struct, frozen=True):
    """One change of substance that a revision made; `claim` None where it concerns the whole article."""

    article: str
    outlet: str
    claim: str | None
    at: dt.datetime
    kind: EditKind
    before: str | None = None
    after: str | None = None
    url: str | None = None


class Withdrawn(msgspec.Struct, frozen=True):
    """An article that its publisher took away."""

    article: str
    outlet: str
    at: dt.datetime
    url: str | None = None


class Row(msgspec.Struct, frozen=True):
    """One line of the chronology.

    `date` is when it happened, was said, or else was published; `known_on` and `at` when it was published. Names,
    quotes and URLs are None where they were erased. `origin` groups the mentions of one source, `echo` tells that
    this one relays it. `status` stands on rows whose act is `status`; `detail` names the kind of an edit.
    """

    date: dt.date
    known_on: dt.date
    at: dt.datetime
    claim: str
    actor: str | None
    act: Act
    variant: str | None = None
    quote: str | None = None
    url: str | None = None
    outlet: str | None = None
    origin: str | None = None
    echo: bool = False
    hedging: str | None = None
    named: bool = False
    mention: str | None = None
    status: Status | None = None
    detail: str | None = None


class ClaimTold(msgspec.Struct, frozen=True):
    """A claim at the instant asked about. `mentions` counts those that stand and no reviewer rejected."""

    id: str
    story: str
    text: str
    kind: str
    status: Status
    because: tuple[str, ...]
    status_history: tuple[StatusChange, ...]
    independent_origins: int
    mentions: int


class StoryTold(msgspec.Struct, frozen=True):
    """The claims in order of the watch list, the timeline in order of `date`."""

    as_of: dt.datetime
    claims: tuple[ClaimTold, ...]
    timeline: tuple[Row, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: dates and instants as ISO 8601."""
        told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return told


def tell(
    wanted: Sequence[Claim],
    evidence: Iterable[Evidence],
    claims: ClaimSet,
    as_of: dt.datetime,
    *,
    edits: Iterable[Edited] = (),
    withdrawals: Iterable[Withdrawn] = (),
    outlets: Outlets = NO_OUTLETS,
) -> StoryTold:
    """The story of the `wanted` claims as it stood at `as_of`.

    `evidence` holds the mentions of the wanted claims and of their rivals. The same evidence in another order gives
    the same story.
    """
    published = [item for item in evidence if item.occurred_at <= as_of]
    origin_of = origins(published, claims, outlets)
    changes, gone = [edit for edit in edits if edit.at <= as_of], [article for article in withdrawals if article.at <= as_of]
    told, rows = [], list[Row]()
    for claim in wanted:
        state = _claim_told(claim, published, claims, origin_of, as_of)
        told.append(state)
        seen = _seen(claim.id, published)
        rows += [_mention_row(item, origin_of[item.id], outlets) for item in seen]
        rows += _edit_rows(claim.id, seen, changes, outlets)
        rows += _withdrawal_rows(claim.id, seen, gone, outlets)
        rows += _status_rows(state, published)
    return StoryTold(as_of, tuple(told), tuple(sorted(rows, key=row_order)))


def _seen(claim: str, evidence: Iterable[Evidence]) -> list[Evidence]:
    """The claim's passages in order of publication; one that a later revision repeats in the same sense appears once."""
    found: dict[tuple[str, ...], Evidence] = {}
    for item in sorted((item for item in evidence if item.mention.claim == claim), key=order):
        if item.ever_stood and not item.rejected:
            sense = (item.mention.article, item.mention.anchor or item.id, item.stance, item.hedging)
            found.setdefault(sense, item)
    return list(found.values())


def row_order(row: Row) -> tuple[dt.date, dt.datetime, int, str, str, str, str]:
    """By date, then publication; a status comes after what led to it. No id of arrival decides."""
    return (row.date, row.at, ACT_ORDER.index(row.act), row.claim, row.outlet or "", row.quote or "", row.mention or "")


def _claim_told(
    claim: Claim,
    evidence: Sequence[Evidence],
    claims: ClaimSet,
    origin_of: Mapping[str, Origin],
    as_of: dt.datetime,
) -> ClaimTold:
    fold = Fold(claim, evidence, claims, origin_of)
    history = fold.history(as_of)
    now = fold.conclude(as_of)
    own = [item for item in evidence if item.mention.claim == claim.id]
    return ClaimTold(
        claim.id, claim.story, claim.text, claim.kind, now.status, now.because, tuple(history),
        now.independent_origins, sum(item.standing(as_of) and not item.rejected for item in own),
    )  # fmt: skip


# --- rows --------------------------------------------------------------------------------------------


def _text(item: Evidence) -> MentionText | None:
    text = item.mention.text
    return None if text is UNSET else text


def _outlet(outlet: str, outlets: Outlets, printed: str | None = None) -> str:
    return outlets.printed.get(outlet) or printed or outlet


def actor(item: Evidence, origin: Origin, outlets: Outlets = NO_OUTLETS) -> str | None:
    """Who speaks: the named speaker or institution, the role of an unnamed source, else the outlet itself."""
    text = _text(item)
    if item.mention.anonymity == "named":
        return (text and (text.speaker or text.organisation)) or origin.name
    if item.mention.anonymity == "unnamed" and text is not None and text.role:
        return text.role
    return _outlet(item.mention.outlet, outlets, text.outlet if text else None)


def _date(item: Evidence) -> dt.date:
    """Events by when they happened, statements by when they were made, all else by publication (UTC)."""
    mention = item.mention
    if mention.happened_on is not None and item.stance == "affirms" and item.hedging == "asserted":
        return mention.happened_on
    return mention.said_on or _day(item.occurred_at)


def _day(at: dt.datetime) -> dt.date:
    return at.astimezone(dt.UTC).date()


def _mention_row(item: Evidence, origin: Origin, outlets: Outlets) -> Row:
    mention, text = item.mention, _text(item)
    return Row(
        date=_date(item), known_on=_day(item.occurred_at), at=item.occurred_at, claim=mention.claim,
        actor=actor(item, origin, outlets), act=item.stance, variant=item.variant,
        quote=text.quote if text else None, url=text.url if text else None,
        outlet=_outlet(mention.outlet, outlets, text.outlet if text else None), origin=origin.id, echo=origin.echo,
        hedging=item.hedging, named=origin.kind != "outlet", mention=mention.mention,
    )  # fmt: skip


def _status_rows(state: ClaimTold, evidence: Iterable[Evidence]) -> Iterator[Row]:
    wanted = {id_ for change in state.status_history for id_ in change.mentions}
    by_id = {item.id: item for item in sorted(evidence, key=order) if item.id in wanted}
    for change in state.status_history:
        deciding = [by_id[id_] for id_ in change.mentions if id_ in by_id]
        trigger = next((item for item in deciding if item.occurred_at == change.at), deciding[0] if deciding else None)
        text = _text(trigger) if trigger else None
        yield Row(
            date=_day(change.at), known_on=_day(change.at), at=change.at, claim=state.id, actor=None, act="status",
            quote=text.quote if text else None, url=text.url if text else None,
            mention=trigger.id if trigger else None, status=change.status,
        )  # fmt: skip


def _edit_rows(claim: str, seen: Sequence[Evidence], edits: Iterable[Edited], outlets: Outlets) -> Iterator[Row]:
    articles = {item.mention.article for item in seen}
    for edit in edits:
        if edit.claim == claim or (edit.claim is None and edit.article in articles):
            outlet = _outlet(edit.outlet, outlets)
            yield Row(
                date=_day(edit.at), known_on=_day(edit.at), at=edit.at, claim=claim, actor=outlet, act="edited",
                quote=edit.before or edit.after, url=edit.url, outlet=outlet, detail=edit.kind,
            )  # fmt: skip


def _withdrawal_rows(claim: str, seen: Sequence[Evidence], withdrawals: Iterable[Withdrawn], outlets: Outlets) -> Iterator[Row]:
    first = {item.mention.article: item for item in reversed(seen)}
    for gone in withdrawals:
        item = first.get(gone.article)
        if item is not None:
            text, outlet = _text(item), _outlet(gone.outlet, outlets)
            yield Row(
                date=_day(gone.at), known_on=_day(gone.at), at=gone.at, claim=claim, actor=outlet, act="withdrawn",
                variant=item.variant, quote=text.quote if text else None, url=gone.url, outlet=outlet,
                mention=item.id,
            )  # fmt: skip
