"""The chronology for people: a table of some twenty rows in place of hundreds.

What is new makes a row: a speaker's first word on a side, another value than so far (drift), an edit, a withdrawal, a
change of status. What repeats it (the same speaker or source on the same side, and every echo) is counted on that
row. Where more is new than a table can hold, the weightiest rows stay and the rest is counted.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from store.claim import ClaimSet
from store.events import Status
from store.story import Act, Row, row_order

MOST_ROWS = 25


class Line(msgspec.Struct, frozen=True):
    """One row of the table.

    `claims` are those that one actor spoke of in one article in one way; `times` counts the mentions folded into the
    row and `outlets` the papers that carried them, `until` is the latest of their dates. `statuses` are the claims
    that changed status with it.
    """

    date: dt.date
    known_on: dt.date
    until: dt.date
    actor: str | None
    act: Act
    claims: tuple[str, ...]
    variant: str | None
    quote: str | None
    url: str | None
    times: int = 1
    outlets: int = 0
    drift: bool = False
    statuses: tuple[tuple[str, Status], ...] = ()
    detail: str | None = None


class Chronology(msgspec.Struct, frozen=True):
    """The table in order of date; `omitted` rows were new too, but weighed less."""

    lines: tuple[Line, ...]
    omitted: int = 0


class _Group:
    """One thing that was new, with its repeats. Belongs to `condense` alone."""

    def __init__(self, head: Row) -> None:
        self.head = head
        self.rows = [head]
        self.drift = False
        self.statuses: list[tuple[str, Status]] = []


def condense(timeline: Iterable[Row], claims: ClaimSet, most: int = MOST_ROWS) -> Chronology:
    """The table for a `StoryTold.timeline`. Equal timelines give equal tables."""
    rows = sorted(timeline, key=lambda row: (row.at, *row_order(row)))
    groups = _groups(rows)
    _mark_drift(groups, claims)
    _attach_statuses(groups, [row for row in rows if row.act == "status"])
    merged = _merge_claims(groups)
    kept = sorted(merged, key=_weight)[:most]
    return Chronology(
        tuple(_line(members) for members in sorted(kept, key=lambda members: row_order(members[0].head))),
        len(merged) - len(kept),
    )


def _groups(rows: Sequence[Row]) -> list[_Group]:
    found: dict[tuple[str | None, ...], _Group] = {}
    for row in rows:
        if row.act == "status":
            continue
        key = (row.claim, row.act, row.origin, row.variant if row.named else None, str(row.named), row.detail)
        if row.act in {"edited", "withdrawn"}:
            key = (row.claim, row.act, row.outlet, row.url, str(row.at), None)
        group = found.get(key)
        if group is None:
            found[key] = _Group(row)
        else:
            group.rows.append(row)
    return list(found.values())


def _mark_drift(groups: Iterable[_Group], claims: ClaimSet) -> None:
    """A value of an exclusive group that is affirmed after another one was is a drift."""
    values: dict[str, set[str]] = {}
    for group in groups:
        claim = claims.by_id.get(group.head.claim)
        if group.head.act != "affirms" or claim is None or claim.variants is None or not claim.variants.exclusive:
            continue
        value = group.head.variant or claim.variants.own
        if value is None:
            continue
        seen = values.setdefault(claim.variants.group, set())
        group.drift = bool(seen) and value not in seen
        seen.add(value)


def _attach_statuses(groups: list[_Group], changes: Iterable[Row]) -> None:
    """A change of status stands on the row that caused it, and on a row of its own if time or a repeat did."""
    by_mention = {row.mention: group for group in groups for row in group.rows if row.mention is not None}
    for change in changes:
        assert change.status is not None
        group = None if change.mention is None else by_mention.get(change.mention)
        if group is None or group.head.at != change.at:
            group = _Group(change)
            groups.append(group)
        group.statuses.append((change.claim, change.status))


def _merge_claims(groups: Iterable[_Group]) -> list[list[_Group]]:
    """Groups of different claims whose heads are one actor's one act in one article become one row."""
    merged: dict[tuple[object, ...], list[_Group]] = {}
    for group in groups:
        head = group.head
        merged.setdefault((head.date, head.at, head.actor, head.act, head.url, head.outlet), []).append(group)
    return list(merged.values())


_WEIGHTS: Mapping[str, int] = {
    "withdrawn": 50, "edited": 40, "denies": 30, "affirms": 30, "no_comment": 10, "questions": 4, "discusses": 2, "status": 0
}  # fmt: skip


def _weight(members: Sequence[_Group]) -> tuple[int, tuple[object, ...]]:
    """Less is weightier: changes of status first, then what was taken back, then who said it and how many repeat it."""
    head = members[0].head
    weight = _WEIGHTS[head.act] + 100 * any(group.statuses for group in members)
    weight += 20 * any(group.drift for group in members) + 15 * head.named
    weight += min(10, sum(len(group.rows) for group in members) - 1)
    return -weight, row_order(head)


def _line(members: Sequence[_Group]) -> Line:
    ordered = sorted(members, key=lambda group: (not group.statuses, row_order(group.head)))
    head, rows = ordered[0].head, [row for group in ordered for row in group.rows]
    return Line(
        date=head.date, known_on=head.known_on, until=max(row.date for row in rows), actor=head.actor, act=head.act,
        claims=tuple(sorted({group.head.claim for group in ordered})), variant=head.variant, quote=head.quote,
        url=head.url, times=len(rows), outlets=len({row.outlet for row in rows if row.outlet is not None}),
        drift=any(group.drift for group in ordered), detail=head.detail,
        statuses=tuple(sorted(status for group in ordered for status in group.statuses)),
    )  # fmt: skip
