"""As-of questions: a story as it stood on a day, by what was known on another, out of a large ledger."""

import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.append import new_ledger
from bench.figures import Row, Scale, alone
from bench.mentions import T0, claim_name, draft_of, fields_of
from bench.peers import fill
from store.claim import Claim
from store.database import reading
from store.events import ClaimTracked
from store.ledger import Draft
from store.timeline import Timeline

_STORY_CLAIMS = 5
_STORY_MENTIONS = 500
"""Of a story, whatever the size of the ledger: there are more stories, not longer ones."""


def measure(scale: Scale) -> list[Row]:
    """Milliseconds for `Timeline.told` of stories of `_STORY_MENTIONS` mentions, at random instants of both clocks."""
    mentions, asked = scale.pick(10_000, 100_000, 1_000_000), scale.pick(10, 40)
    claims = mentions // _STORY_MENTIONS * _STORY_CLAIMS
    rng, timeline = random.Random(5), Timeline()
    with tempfile.TemporaryDirectory() as folder:
        ledger = new_ledger(Path(folder) / "ledger.db", timeline)
        fill(ledger, [_tracked(n) for n in range(claims)])
        for start in range(0, mentions, 10_000):
            fill(ledger, [draft_of(given) for given in fields_of(10_000, claims, seed=start)])
        size, last = ledger.size(), T0 + timedelta(seconds=10_000)
        told, known = [], []
        for _ in range(asked):
            story = _story(rng.randrange(claims))
            with reading(ledger.engine) as connection:
                began = time.perf_counter()
                timeline.told(connection, story, T0 + (last - T0) * rng.random())
                told.append((time.perf_counter() - began) * 1000)
                began = time.perf_counter()
                timeline.told(connection, story, last, rng.randrange(claims, size))
                known.append((time.perf_counter() - began) * 1000)
    of = f"story of {_STORY_MENTIONS} mentions, {size:,} events"
    return [alone(f"as of a day, {of}", "ms", told), alone(f"as known at a day, {of}", "ms", known)]


def _story(claim: int) -> str:
    return f"story-{claim // _STORY_CLAIMS:05d}"


def _tracked(number: int) -> Draft:
    name = claim_name(number)
    claim = Claim(name, f"What {name} says.", _story(number), principals=(f"Principal {number}",))
    return Draft(ClaimTracked(claim), f"claim/{name}", T0)
