"""What a wire's truth asks, and what a home answers that has played it: `python -m bench.wire_truth HOME TRUTH [--why]`.

HOME is a folder that `dateline demo --wire WIRE --claims FILE --keep HOME` left, TRUTH the wire's `truth.jsonl`. Of its
rows, those of the kinds `origins` (how many independent origins affirm a claim at the moment `at`, or in the end) and
`status` (a claim's status changes at that moment) are compared.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from dateline.home import Home
from store.database import reading
from store.evidence import order
from store.standing import statement_of
from store.status import StatusChange

Truth = list[dict[str, Any]]


class Counted(NamedTuple):
    """How many independent origins affirm a claim at a moment, by the truth and by the home."""

    claim: str
    at: datetime
    wanted: int
    found: int


class Reached(NamedTuple):
    """A claim's changes of status, by the truth and by the home: (status, when), oldest first."""

    claim: str
    wanted: tuple[tuple[str, datetime], ...]
    found: tuple[tuple[str, datetime], ...]

    @property
    def met(self) -> int:
        """How many of the wanted changes took place, to the minute."""
        there = {_to_the_minute(change) for change in self.found}
        return sum(_to_the_minute(change) in there for change in self.wanted)


def read_truth(file: Path) -> Truth:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def counted(home: Home, truth: Truth) -> list[Counted]:
    """One for each row of the kind `origins`, each as of its own moment."""
    with reading(home.engine) as connection:
        return [_counted(home, connection, row) for row in truth if row["kind"] == "origins"]


def _counted(home: Home, connection: Connection, row: dict[str, Any]) -> Counted:
    at = datetime.fromisoformat(row["at"]) if "at" in row else home.clock.now()
    (claim,) = home.timeline.told(connection, None, at, claims=[row["claim"]]).claims
    return Counted(claim.id, at, row["count"], claim.independent_origins)


def reached(home: Home, truth: Truth) -> list[Reached]:
    """One for each claim of which the truth knows a status."""
    wanted: dict[str, list[tuple[str, datetime]]] = {}
    for row in truth:
        if row["kind"] == "status":
            wanted.setdefault(row["claim"], []).append((row["status"], datetime.fromisoformat(row["at"])))
    with reading(home.engine) as connection:
        told = home.timeline.told(connection, None, home.clock.now(), claims=wanted)
    history = {claim.id: tuple(_change(one) for one in claim.status_history) for claim in told.claims}
    return [Reached(claim, tuple(rows), history.get(claim, ())) for claim, rows in wanted.items()]


def _change(change: StatusChange) -> tuple[str, datetime]:
    return change.status, change.at


def _to_the_minute(change: tuple[str, datetime]) -> tuple[str, datetime]:
    return change[0], change[1].replace(second=0, microsecond=0)


def right_claims(counts: Iterable[Counted]) -> tuple[int, int]:
    """(claims of which every count is right, claims)."""
    right: dict[str, bool] = {}
    for one in counts:
        right[one.claim] = right.get(one.claim, True) and one.wanted == one.found
    return sum(right.values()), len(right)


def why(home: Home, claim: str, at: datetime) -> Iterator[str]:
    """What affirms a claim at a moment, one passage a line: its origin, whether it counts, who is behind it."""
    with reading(home.engine) as connection:
        known = home.timeline.claim_set(connection).by_id[claim]
        origin_of = home.timeline.origins(connection, claim)
        evidence = home.timeline.evidence(connection, [claim])
    for item in sorted(evidence, key=order):
        if item.stance == "affirms" and item.standing(at):
            origin, text = origin_of[item.id], item.mention.text
            counts = statement_of(known, item, origin) is not None
            behind = (text.outlet, text.speaker, text.organisation, text.role, text.echo_of, text.quote) if text else ()
            yield " | ".join(
                [f"{item.occurred_at:%m-%d %H:%M}", origin.name or origin.id, "counts" if counts else "no evidence",
                 str(item.mention.score), *(part or "-" for part in behind)]
            )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.wire_truth", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--why", action="store_true", help="for each wrong count, what affirms the claim, and its origin")
    given = parser.parse_args()
    truth = read_truth(given.truth)
    with Home(given.home) as home:
        counts, statuses = counted(home, truth), reached(home, truth)
        for one in counts:
            if one.wanted != one.found:
                print(f"origins of {one.claim} at {one.at:%Y-%m-%d %H:%M}: {one.found}, wanted {one.wanted}")
                print(*(f"    {line}\n" for line in why(home, one.claim, one.at)) if given.why else (), sep="", end="")
    for row in statuses:
        if row.met < len(row.wanted):
            print(f"status of {row.claim}: {_told(row.found)}; wanted {_told(row.wanted)}")
    right, claims = right_claims(counts)
    met, wanted = sum(row.met for row in statuses), sum(len(row.wanted) for row in statuses)
    exact = sum(one.wanted == one.found for one in counts)
    print(f"origins: {exact} of {len(counts)} counts, {right} of {claims} claims right; changes of status: {met} of {wanted}")


def _told(changes: Iterable[tuple[str, datetime]]) -> str:
    return ", ".join(f"{status} {at:%m-%d %H:%M}" for status, at in changes) or "never anything"


if __name__ == "__main__":
    main()
