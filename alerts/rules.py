"""The alert rules in force: who wants to know what, when, and through which channel.

Plain frozen data. `alerts.rulesfile` makes them of YAML, `alerts.judge` decides by them, `alerts.timing` says when.
"""

from datetime import time, timedelta
from hashlib import sha256
from typing import Literal

import msgspec

from store.claim import Claim
from store.events import Trigger

Audience = Literal["editors", "operators"]

EDITORS: frozenset[Trigger] = frozenset(
    {
        "first_mention",
        "new_origin",
        "denial",
        "status_change",
        "variant_drift",
        "silent_edit",
        "vanished_passage",
        "withdrawal",
        "deadline_near",
        "deadline_passed",
        "unusual_volume",
    }
)
"""What editors may ask for. A retraction is not asked for: it follows whatever it takes back."""

OPERATORS: frozenset[Trigger] = frozenset({"feed_silent", "feed_failing"})
"""What operators may ask for: trouble with the watching itself."""


class Quiet(msgspec.Struct, frozen=True):
    """Hours in which nothing is sent; they may cross midnight. What falls into them goes out at their end."""

    start: time
    end: time
    timezone: str = "UTC"


class Digest(msgspec.Struct, frozen=True):
    """Times of day at which everything since the last one goes out in a single message. `weekdays`: 0 is Monday."""

    at: tuple[time, ...]
    timezone: str = "UTC"
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


class Unusual(msgspec.Struct, frozen=True):
    """At least `least` articles in `window`, and `times` as many as such a window had on average over `against`."""

    times: int = 4
    least: int = 5
    window: timedelta = timedelta(days=1)
    against: timedelta = timedelta(days=7)


class Rule(msgspec.Struct, frozen=True):
    """One wish. Empty `stories` and `claims` mean all of them; with both given, either suffices.

    `wait_for_more` is how long the first alert of a group waits for others, `at_most_every` the least time between two
    messages of one group (rule, channel and story). More than `storm` alerts at once become one summary.
    `min_score` is in thousandths. Articles that were older than `horizon` when we learned of them do not alert.
    """

    id: str
    triggers: frozenset[Trigger]
    channels: tuple[str, ...]
    about: str = ""
    audience: Audience = "editors"
    stories: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()
    min_score: int = 0
    horizon: timedelta = timedelta(days=7)
    wait_for_more: timedelta = timedelta(minutes=2)
    at_most_every: timedelta = timedelta(minutes=15)
    storm: int = 20
    digest: Digest | None = None
    quiet: Quiet | None = None
    near: timedelta = timedelta(days=2)
    silent_after: timedelta = timedelta(days=1)
    unusual: Unusual = Unusual()

    def covers(self, claim: Claim) -> bool:
        """Whether the rule is about this claim."""
        return not (self.stories or self.claims) or claim.id in self.claims or claim.story in self.stories


class Ruleset(msgspec.Struct, frozen=True):
    """All rules. `version` names exactly this content."""

    rules: tuple[Rule, ...]
    version: str

    @property
    def by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(tuple[Rule, ...])


def ruleset(rules: tuple[Rule, ...]) -> Ruleset:
    """The rules with their version: SHA-256 of their canonical JSON, 12 hexadecimal digits."""
    return Ruleset(rules, sha256(canonical(rules).encode()).hexdigest()[:12])


def canonical(rules: tuple[Rule, ...]) -> str:
    """The rules as canonical JSON (sorted keys and sets), as `rules.changed` keeps them."""
    return _encoder.encode(rules).decode()


def from_canonical(text: str) -> Ruleset:
    """The rules of a `rules.changed` event. Raises msgspec.ValidationError for what `canonical` did not write."""
    return ruleset(_decoder.decode(text))
