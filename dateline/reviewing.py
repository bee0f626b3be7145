"""A person's decision about one mention: recorded under its anchor, so that no later reading of the article loses it."""

from typing import Literal, NamedTuple

from msgspec import UNSET

from dateline.errors import UserError
from dateline.home import Home
from store.claim import Claim
from store.conclude import conclude
from store.events import MentionReviewed, ReviewText, Status
from store.evidence import Decision, Evidence
from store.ledger import Draft
from store.reading import Hedging, Stance

Verb = Literal["confirm", "reject", "correct"]
DECISIONS: dict[Verb, Decision] = {"confirm": "confirmed", "reject": "rejected", "correct": "corrected"}


class Correction(NamedTuple):
    """What replaces the reader's word; None: that stays."""

    stance: Stance | None = None
    hedging: Hedging | None = None
    variant: str | None = None


class Reviewed(NamedTuple):
    """`changes` are the statuses concluded anew because of it: (claim, before, after)."""

    mention: str
    claim: str
    decision: Decision
    position: int
    changes: tuple[tuple[str, Status, Status], ...]


def review(
    home: Home, mention: str, verb: Verb, correction: Correction, note: str | None, *, actor: str = "operator"
) -> Reviewed:
    """Records the decision, and in the same transaction what is concluded from it. Raises UserError, and then changes nothing.

    The latest decision about a passage counts. It is about the passage in this claim, whoever reads the article later.
    """
    now = home.clock.now()
    with home.ledger.writing(actor) as write:
        found = home.timeline.mention(write.connection, mention)
        if found is None:
            raise UserError(f"no mention has the id {mention!r}. `dateline article URL --json` lists an article's mentions.")
        event = found.mention
        _check(verb, correction, home.timeline.claim_set(write.connection).by_id.get(event.claim))
        decided = MentionReviewed(
            mention, event.anchor or mention, event.article, event.claim, DECISIONS[verb],
            correction.stance, correction.hedging, correction.variant, _text(found, note),
        )  # fmt: skip
        (recorded,) = write.append([Draft(decided, f"article/{event.article}", now, (event.article,))])
        concluded = write.append(conclude(write.connection, home.timeline, [event.claim], now, recorded.position))
    changes = tuple((r.event.claim, r.event.before, r.event.after) for r in concluded)  # type: ignore[attr-defined]
    return Reviewed(mention, event.claim, DECISIONS[verb], recorded.position, changes)


def _text(found: Evidence, note: str | None) -> ReviewText:
    words = found.mention.text
    if words is UNSET:
        return ReviewText(note)
    return ReviewText(note, words.quote, words.prefix, words.suffix, words.speaker)


def _check(verb: Verb, correction: Correction, claim: Claim | None) -> None:
    if verb == "correct" and not any(correction):
        raise UserError("say what to correct: --stance, --hedging or --variant.")
    if verb != "correct" and any(correction):
        raise UserError(f"--stance, --hedging and --variant go with `correct`, not with `{verb}`.")
    if correction.variant is None:
        return
    values = claim.variants.values if claim and claim.variants else ()
    if correction.variant not in values:
        raise UserError(f"--variant {correction.variant!r}: the claim knows {', '.join(values) or 'no variants'}.")
