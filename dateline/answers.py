"""What the commands answer, as plain data: the same objects for `--json`, the tables on screen and the tests."""

import json
from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from dateline.errors import UserError
from dateline.home import Home
from store.chronology import Chronology
from store.clock import from_micros
from store.database import reading


def story_answer(home: Home, story: str | None, as_of: datetime | None, as_known: datetime | None) -> dict[str, Any]:
    """`claims` and `timeline` of a story (None: of all), by both clocks. Raises UserError for an unknown story."""
    known = _known(home, as_known)
    at = as_of or home.clock.now()
    with reading(home.engine) as connection:
        _check_story(home, connection, story)
        told = home.timeline.told(connection, story, at, known)
    return {
        "story": story,
        "as_of": at,
        "as_known": as_known,
        "claims": [
            {
                "id": claim.id,
                "story": claim.story,
                "text": claim.text,
                "status": claim.status,
                "status_history": [
                    {"status": change.status, "at": change.at, "mentions": list(change.mentions)}
                    for change in claim.status_history
                ],
                "independent_origins": claim.independent_origins,
                "mentions": claim.mentions,
            }
            for claim in told.claims
        ],
        "timeline": [
            {
                "date": row.date,
                "known_on": row.known_on,
                "claim": row.claim,
                "actor": row.actor,
                "act": row.act,
                "variant": row.variant,
                "quote": row.quote,
                "url": row.url,
                "echo": row.echo,
                "status": row.status,
                "detail": row.detail,
                "mention": row.mention,
            }
            for row in told.timeline
        ],
    }


def demo_answer(home: Home) -> dict[str, Any]:
    """What `dateline demo --json` prints: the counts, then claims and timeline of all stories."""
    with reading(home.engine) as connection:
        counts = home.timeline.counts(connection)
    answer = story_answer(home, None, None, None)
    return {
        "articles": counts.articles,
        "readings": counts.readings,
        "mentions": counts.mentions,
        "alerts": counts.alerts,
        "claims": answer["claims"],
        "timeline": answer["timeline"],
    }


def chronology(home: Home, story: str | None, as_of: datetime | None, as_known: datetime | None, most: int) -> Chronology:
    known = _known(home, as_known)
    with reading(home.engine) as connection:
        _check_story(home, connection, story)
        return home.timeline.chronology(connection, story, as_of or home.clock.now(), known, most=most)


def _known(home: Home, as_known: datetime | None) -> int | None:
    return None if as_known is None else home.ledger.size_as_known(as_known) - 1


def _check_story(home: Home, connection: Connection, story: str | None) -> None:
    stories = home.timeline.stories(connection)
    if story is not None and story not in stories:
        raise UserError(f"there is no story {story!r}. Known: {', '.join(sorted(stories)) or 'none yet'}.")


class AlertTold(NamedTuple):
    """One alert for people and programs; words are None where they were erased."""

    alert: str
    raised_at: datetime
    rule: str
    trigger: str
    claim: str | None
    story: str | None
    channel: str
    state: str
    headline: str | None
    quote: str | None
    url: str | None


def alerts(home: Home, connection: Connection) -> list[AlertTold]:
    """All alerts ever raised, in order."""
    table = home.timeline.tables.alerts
    found = []
    for row in connection.execute(select(table).order_by(table.c.position)):
        text = json.loads(row.text) if row.text else {}
        found.append(
            AlertTold(
                row.alert, from_micros(row.raised_at), row.rule, row.trigger, row.claim, row.story, row.channel,
                row.state, text.get("headline"), text.get("quote"), text.get("url"),
            )
        )  # fmt: skip
    return found


def leading_story(timeline: list[dict[str, Any]], claims: list[dict[str, Any]]) -> str | None:
    """The story with the most rows: what a demonstration shows first."""
    story_of = {claim["id"]: claim["story"] for claim in claims}
    counted = Counter(story_of[row["claim"]] for row in timeline)
    return counted.most_common(1)[0][0] if counted else None
