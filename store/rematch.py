"""What another reading of the recorded articles changes: mentions and statuses gained, lost, earlier, later. Pure.

`store.imagine` says what the other reading comes to; this says what is different.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET

from store.claim import ClaimSet
from store.events import Status
from store.evidence import Evidence
from store.lineage import Outlets
from store.status import StatusChange, rivals_of, status_history


class MentionDiffers(msgspec.Struct, frozen=True):
    """`before` and `after`: how the passage was and is understood, None: not at all. `why`: the cues that the reader names."""

    kind: Literal["gained", "lost", "changed"]
    claim: str
    article: str
    published: datetime
    quote: str | None
    url: str | None
    before: str | None
    after: str | None
    why: tuple[str, ...] = ()


class StatusDiffers(msgspec.Struct, frozen=True):
    """When a claim first had the status, as recorded and as imagined; `because` are the passages that decided."""

    kind: Literal["gained", "lost", "earlier", "later"]
    claim: str
    status: Status
    before: datetime | None
    after: datetime | None
    because: tuple[str, ...]


class Difference(NamedTuple):
    mentions: tuple[MentionDiffers, ...]
    statuses: tuple[StatusDiffers, ...]


class Side(NamedTuple):
    """All evidence under one watch list."""

    claims: ClaimSet
    evidence: Sequence[Evidence]


def difference(before: Side, after: Side, outlets: Outlets, now: datetime) -> Difference:
    """What was gained, lost, or came earlier or later; in order of publication."""
    mentions = sorted(_mentions(before, after), key=lambda one: (one.published, one.article, one.claim, one.kind))
    return Difference(tuple(mentions), tuple(_statuses(before, after, outlets, now)))


def _mentions(before: Side, after: Side) -> Iterable[MentionDiffers]:
    old, new = _by_passage(before.evidence), _by_passage(after.evidence)
    for passage in old.keys() | new.keys():
        was, now = old.get(passage, []), new.get(passage, [])
        same = {_sense(item) for item in was} & {_sense(item) for item in now}
        gone = [item for item in was if _sense(item) not in same]
        come = [item for item in now if _sense(item) not in same]
        for number in range(max(len(gone), len(come))):
            yield _differs(gone[number] if number < len(gone) else None, come[number] if number < len(come) else None)


def _by_passage(evidence: Iterable[Evidence]) -> Mapping[tuple[str, ...], list[Evidence]]:
    found: dict[tuple[str, ...], list[Evidence]] = {}
    for item in evidence:
        if item.ever_stood:
            mention = item.mention
            words = " ".join(mention.text.quote.split()) if mention.text else mention.anchor or mention.mention
            found.setdefault((mention.article, mention.claim, words), []).append(item)
    return found


def _sense(item: Evidence) -> str:
    """How a passage is understood, in words."""
    mention = item.mention
    who = mention.text.speaker or mention.text.organisation if mention.text else None
    parts = (item.stance, item.hedging, who or mention.anonymity, item.variant, str(mention.said_on or ""))
    return ", ".join(part for part in parts if part)


def _differs(was: Evidence | None, now: Evidence | None) -> MentionDiffers:
    item = now or was
    assert item is not None
    mention, text = item.mention, item.mention.text
    return MentionDiffers(
        "gained" if was is None else "lost" if now is None else "changed", mention.claim, mention.article, item.occurred_at,
        None if text is UNSET else text.quote, None if text is UNSET else text.url,
        _sense(was) if was else None, _sense(now) if now else None, mention.why,
    )  # fmt: skip


def _statuses(before: Side, after: Side, outlets: Outlets, now: datetime) -> Iterable[StatusDiffers]:
    quotes = {item.id: item.mention.text.quote for side in (before, after) for item in side.evidence if item.mention.text}
    for id_ in dict.fromkeys((*before.claims.by_id, *after.claims.by_id)):
        old, new = _firsts(before, id_, outlets, now), _firsts(after, id_, outlets, now)
        for status in dict.fromkeys((*old, *new)):
            was, is_ = old.get(status), new.get(status)
            if was and is_ and was.at == is_.at:
                continue
            change = is_ or was
            assert change is not None
            because = tuple(quotes[mention] for mention in change.mentions if mention in quotes)
            yield StatusDiffers(
                _kind(was, is_), id_, status, was.at if was else None, is_.at if is_ else None, because[:3]
            )  # fmt: skip


def _kind(was: StatusChange | None, now: StatusChange | None) -> Literal["gained", "lost", "earlier", "later"]:
    if was is None:
        return "gained"
    if now is None:
        return "lost"
    return "earlier" if now.at < was.at else "later"


def _firsts(side: Side, id_: str, outlets: Outlets, now: datetime) -> dict[Status, StatusChange]:
    """When each status was first reached."""
    claim = side.claims.by_id.get(id_)
    if claim is None:
        return {}
    rivals = {rival.id for rival in rivals_of(claim, side.claims)}
    own = [item for item in side.evidence if item.mention.claim == id_]
    theirs = [item for item in side.evidence if item.mention.claim in rivals]
    found: dict[Status, StatusChange] = {}
    for change in status_history(claim, own, theirs, side.claims, outlets, until=now):
        found.setdefault(change.status, change)
    return found
