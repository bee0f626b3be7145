"""Invented events of the size that the ledger mostly holds: mentions with their quotes, seeded, the same in every run."""

import base64
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.newsprint import Press
from store.events import MentionRecorded, MentionText, Party
from store.ledger import Draft
from store.reading import STANCES

T0 = datetime(2024, 3, 1, tzinfo=UTC)
MENTIONS_OF_AN_ARTICLE = 4


def fields_of(count: int, claims: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """The fields of `count` mentions of `claims` claims in turn, plain values and dicts of them only."""
    rng, press = random.Random(seed), Press(seed)
    quotes = [press.sentence() for _ in range(500)]
    signatures = [base64.b64encode(rng.randbytes(128)).decode() for _ in range(500)]
    for n in range(count):
        article = n // MENTIONS_OF_AN_ARTICLE
        start = rng.randrange(4000)
        quote = rng.choice(quotes)
        yield {
            "mention": rng.randbytes(16).hex(),
            "article": f"a{article:012x}",
            "revision": 1,
            "rendition": "x/1",
            "outlet": f"o{article % 97:04d}",
            "claim": claim_name(n % claims),
            "reader": "1-0f3a99c2-minilm-int8:8199be6f699a",
            "claims_at": 41,
            "start": start,
            "end": start + len(quote),
            "stance": rng.choice(STANCES),
            "hedging": "asserted",
            "outlet_stance": "neutral",
            "anonymity": "named",
            "speaker": {"key": rng.randbytes(16).hex(), "entity": None},
            "organisation": None,
            "echo_of": None,
            "variant": None,
            "said_on": None,
            "said_on_precision": None,
            "happened_on": None,
            "score": rng.randrange(500, 1000),
            "signature": rng.choice(signatures),
            "why": ["match:alias", "match:terms", "stance:said"],
            "anchor": rng.randbytes(16).hex(),
            "text": {
                "quote": quote,
                "prefix": rng.choice(quotes)[:32],
                "suffix": rng.choice(quotes)[:32],
                "url": f"https://outlet-{article % 97}.example/{article}",
                "title": rng.choice(quotes)[:60],
                "outlet": f"The Outlet {article % 97}",
                "speaker": press.person(),
                "organisation": None,
                "role": None,
                "echo_of": None,
            },
        }


def claim_name(number: int) -> str:
    return f"claim-{number:05d}"


def event_of(fields: dict[str, Any]) -> MentionRecorded:
    """The event with these fields."""
    given = dict(fields)
    text, speaker, why = MentionText(**given.pop("text")), Party(**given.pop("speaker")), tuple(given.pop("why"))
    return MentionRecorded(**given, why=why, speaker=speaker, text=text)


def drafts(count: int, claims: int, seed: int = 1) -> list[Draft]:
    """As `fields_of`, ready to append; a second lies between two articles."""
    return [draft_of(fields) for fields in fields_of(count, claims, seed)]


def draft_of(fields: dict[str, Any]) -> Draft:
    article = fields["article"]
    at = T0 + timedelta(seconds=int(article[1:], 16))
    return Draft(event_of(fields), f"article/{article}", at, (article,))
