"""What an event could alert somebody to, whatever the rules: one question a function, all pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.context import Context, is_import
from alerts.rules import Unusual
from store import events as ev
from store.claim import Claim
from store.clock import to_micros
from store.evidence import Evidence
from store.ledger import Recorded
from store.lineage import Origin

SETTLED: frozenset[ev.Status] = frozenset({"confirmed", "overtaken"})
RETRACTABLE: frozenset[ev.Trigger] = frozenset({"first_mention", "new_origin", "denial", "variant_drift"})
"""Alerts that say something about one mention, and are taken back with it."""


class Candidate(msgspec.Struct, frozen=True):
    """Something that a rule may want to tell.

    `subject` is what it is about besides the claim (origin, mention, article, date): with rule, trigger and claim it
    makes the alert's key. `quote_at` is the position of the event whose text has the words, `passage` the index of the
    edit in it. `facts` are what the headline tells; `barrier` says why it is no news to anybody.
    """

    trigger: ev.Trigger
    position: int
    recorded_at: datetime
    occurred_at: datetime
    subject: str
    claim: Claim | None = None
    mention: str | None = None
    score: int | None = None
    quote_at: int | None = None
    passage: int | None = None
    facts: tuple[str, ...] = ()
    barrier: str | None = None


class Correction(msgspec.Struct, frozen=True):
    """What was told about a mention, or about a failing feed, no longer holds.

    `evidence` is the mention as it was known, None when it was forgotten long ago. With `may_be_replaced` the
    article may still say the same in other words: once the whole transaction is learned, `Context.replacement` knows.
    What was told of the mention then holds of `replaced_by`, and nothing is taken back.
    """

    position: int
    reason: str
    mention: str | None = None
    evidence: Evidence | None = None
    failing: int | None = None
    may_be_replaced: bool = False
    replaced_by: str | None = None


def candidates(recorded: Recorded, context: Context, *, with_lineage: bool = True) -> Iterator[Candidate]:
    """Everything that one event could alert to, given what was known before it; strongest first for one mention.

    Without lineage no origin is computed: for callers that know that no rule would ask for it.
    """
    match recorded.event:
        case ev.MentionRecorded() as mention:
            yield from _of_mention(recorded, mention, context, with_lineage)
        case ev.ClaimStatusChanged() as change:
            yield from _of_status(recorded, change, context)
        case ev.ArticleRevised() as revised:
            yield from _of_revision(recorded, revised, context)
        case ev.ArticleWithdrawn() as withdrawn:
            yield from _of_withdrawal(recorded, withdrawn, context)
        case ev.FeedFailing() as failing:
            known = context.feeds.get(failing.feed)
            yield Candidate(
                "feed_failing", recorded.position, recorded.recorded_at, recorded.recorded_at,
                f"{failing.feed}/{to_micros(failing.since)}", quote_at=known.added if known else None,
                facts=(failing.feed, failing.since.isoformat(), failing.reason),
            )  # fmt: skip
        case _:
            return


# --- mentions -------------------------------------------------------------------------------------


def _of_mention(recorded: Recorded, mention: ev.MentionRecorded, context: Context, with_lineage: bool) -> Iterator[Candidate]:
    claim = context.claim(mention.claim)
    if claim is None:
        return
    plain = Candidate(
        "first_mention", recorded.position, recorded.recorded_at, recorded.occurred_at, mention.mention, claim,
        mention.mention, mention.score, recorded.position, barrier=context.barrier(recorded, mention),
    )  # fmt: skip
    earlier = [item for item in context.before(claim.id) if not item.rejected]
    found: dict[str, Origin] = {}
    if with_lineage and plain.barrier is None:
        found = context.origins(recorded, mention)
    origin = found.get(mention.mention, Origin(mention.mention, "outlet"))
    if mention.stance == "denies" and _denied_anew(mention, origin, found, earlier):
        day = (mention.said_on or recorded.occurred_at.date()).isoformat()
        yield _as(plain, "denial", subject=f"{origin.id}/{day}", facts=(origin.kind, origin.name or ""))
    yield from _drift(plain, mention, claim, context)
    if not earlier:
        yield plain
    elif mention.stance == "affirms":
        affirming = {found[item.id].id for item in earlier if item.stance == "affirms" and item.id in found}
        if origin.id not in affirming:
            facts = (origin.kind, origin.name or "", str(len(affirming) + 1))
            yield _as(plain, "new_origin", subject=origin.id, facts=facts)


def _as(plain: Candidate, trigger: ev.Trigger, **changes: object) -> Candidate:
    return msgspec.structs.replace(plain, trigger=trigger, **changes)


def _denied_anew(mention: ev.MentionRecorded, origin: Origin, found: Mapping[str, Origin], earlier: Sequence[Evidence]) -> bool:
    """A denial is news when its origin never denied before, or is known to have said it on a later day."""
    days = [
        item.mention.said_on or item.occurred_at.date()
        for item in earlier
        if item.stance == "denies" and item.id in found and found[item.id].id == origin.id
    ]
    return not days or (mention.said_on is not None and mention.said_on > max(days))


def _drift(plain: Candidate, mention: ev.MentionRecorded, claim: Claim, context: Context) -> Iterator[Candidate]:
    """Somebody affirms a value that nobody in the claim's variant group gave before."""
    if mention.variant is None or mention.stance != "affirms" or claim.variants is None:
        return
    group = claim.variants.group
    rivals = [c.id for c, _ in context.claims.values() if c.variants is not None and c.variants.group == group]
    seen = [
        item
        for rival in rivals
        for item in context.before(rival)
        if item.variant and item.stance == "affirms" and not item.rejected
    ]
    values = {item.variant for item in seen}
    if mention.variant in values or (not seen and claim.variants.own in (None, mention.variant)):
        return
    latest = max(seen, key=lambda item: (item.occurred_at, item.position), default=None)
    before = latest.variant if latest else claim.variants.own
    yield _as(
        plain, "variant_drift", subject=f"{group}={mention.variant}",
        facts=(claim.variants.slot, before or "", mention.variant),
    )  # fmt: skip


def unusual_volume(recorded: Recorded, context: Context, unusual: Unusual) -> Candidate | None:
    """More articles about the claim within the window than `unusual` allows; at most once a window."""
    mention = recorded.event
    if not isinstance(mention, ev.MentionRecorded) or context.barrier(recorded, mention):
        return None
    claim = context.claim(mention.claim)
    now, begin = recorded.recorded_at, recorded.recorded_at - unusual.window
    volume = context.volumes.get(mention.claim, ())
    recent = {article for at, article in volume if at > begin} | {mention.article}
    earlier = {article for at, article in volume if begin - unusual.against < at <= begin}
    usual = len(earlier) * (unusual.window / unusual.against)
    if claim is None or len(recent) < unusual.least or len(recent) < unusual.times * usual:
        return None
    bucket = to_micros(now) // (unusual.window // timedelta(microseconds=1))
    return Candidate(
        "unusual_volume", recorded.position, now, recorded.occurred_at, f"volume/{bucket}", claim, mention.mention,
        mention.score, recorded.position, facts=(str(len(recent)), _span(unusual.window), f"{usual:.1f}"),
    )  # fmt: skip


def _span(delta: timedelta) -> str:
    hours = round(delta.total_seconds() / 3600)
    return f"{hours // 24} days" if hours >= 48 and hours % 24 == 0 else f"{hours} hours"


# --- claims and articles --------------------------------------------------------------------------


def _of_status(recorded: Recorded, change: ev.ClaimStatusChanged, context: Context) -> Iterator[Candidate]:
    claim = context.claim(change.claim)
    if claim is None:
        return
    cause = context.causes.get(recorded.cause) if recorded.cause is not None else None
    telling = (cause.mention if cause else None, *reversed(change.mentions))
    known = [context.mentions[mention] for mention in telling if mention in context.mentions]
    item = next((item for item in known if item.mention.claim == claim.id), None)
    yield Candidate(
        "status_change", recorded.position, recorded.recorded_at,
        cause.occurred_at if cause else recorded.recorded_at, f"status/{recorded.position}", claim,
        item.id if item else None, quote_at=item.position if item else None, facts=(change.before, change.after),
        barrier=cause.barrier if cause else None,
    )  # fmt: skip


def _of_revision(recorded: Recorded, revised: ev.ArticleRevised, context: Context) -> Iterator[Candidate]:
    """One candidate per claim and trigger; an edit that names no claim concerns all that the article mentions."""
    found: dict[tuple[ev.Trigger, str], list[int]] = {}
    for index, edit in enumerate(revised.edits):
        if edit.kind == "passage_added":
            continue  # what it says is a mention, and alerts as one
        trigger: ev.Trigger = "vanished_passage" if edit.kind == "passage_vanished" else "silent_edit"
        for claim_id in (edit.claim,) if edit.claim else tuple(context.of_article.get(revised.article, {})):
            found.setdefault((trigger, claim_id), []).append(index)
    barrier = "import" if is_import(revised.feed) else None
    for (trigger, claim_id), indexes in found.items():
        claim = context.claim(claim_id)
        if claim is not None:
            kinds = tuple(sorted({revised.edits[index].kind for index in indexes}))
            yield Candidate(
                trigger, recorded.position, recorded.recorded_at, recorded.occurred_at,
                f"{revised.article}/{revised.revision}", claim, quote_at=recorded.position, passage=indexes[0],
                facts=kinds, barrier=barrier,
            )  # fmt: skip


def _of_withdrawal(recorded: Recorded, withdrawn: ev.ArticleWithdrawn, context: Context) -> Iterator[Candidate]:
    for claim_id in context.of_article.get(withdrawn.article, {}):
        claim = context.claim(claim_id)
        standing = [
            item
            for item in context.before(claim_id)
            if item.mention.article == withdrawn.article and item.ended_at is None and not item.rejected
        ]
        if claim is not None and standing:
            yield Candidate(
                "withdrawal", recorded.position, recorded.recorded_at, recorded.occurred_at, withdrawn.article,
                claim, standing[-1].id, quote_at=standing[-1].position, facts=(withdrawn.reason,),
            )  # fmt: skip


# --- the passing of time --------------------------------------------------------------------------


def deadline_end(claim: Claim) -> datetime | None:
    """The instant at which the last day of a forecast ends where the claim is at home; None without a deadline."""
    if claim.deadline is None:
        return None
    following = datetime.combine(claim.deadline + timedelta(days=1), time(0), ZoneInfo(claim.timezone))
    return following.astimezone(UTC)


def deadline(claim_id: str, context: Context, now: datetime, near: timedelta) -> Candidate | None:
    """That a forecast's deadline is near or has passed while nothing has settled the claim."""
    claim, position = context.claims[claim_id]
    end = deadline_end(claim)
    if end is None or now < end - near or context.statuses.get(claim_id) in SETTLED:
        return None
    known = [item for item in context.before(claim_id) if not item.rejected]
    return Candidate(
        "deadline_near" if now < end else "deadline_passed", position, now, min(now, end),
        f"deadline/{claim.deadline}", claim, known[-1].id if known else None,
        quote_at=known[-1].position if known else None,
        facts=(str(claim.deadline), context.statuses.get(claim_id, "untested")),
    )  # fmt: skip


def feed_silent(feed: str, context: Context, now: datetime, silent_after: timedelta) -> Candidate | None:
    """A feed brought no article for `silent_after` while others did, or for twice that if none did.

    When nothing at all arrives, it is more likely that we were not looking; so the bar is higher then.
    """
    state = context.feeds[feed]
    if state.gone or state.failing is not None:
        return None
    others = context.latest_article or state.since
    if others - state.since < silent_after and now - state.since < 2 * silent_after:
        return None
    return Candidate(
        "feed_silent", state.added, now, now, f"{feed}/{to_micros(state.since)}", quote_at=state.added,
        facts=(feed, state.since.isoformat()),
    )  # fmt: skip


# --- what no longer holds -------------------------------------------------------------------------


def corrections(recorded: Recorded, context: Context) -> Iterator[Correction]:
    """What an event takes back of what may have been told before it."""
    match recorded.event:
        case ev.MentionWithdrawn(mention=mention, reason=("reread" | "revised" | "article_withdrawn") as reason):
            known = context.mentions.get(mention)
            may_be = reason != "article_withdrawn"
            yield Correction(recorded.position, reason, mention, known, may_be_replaced=may_be)
        case ev.MentionReviewed(mention=mention, decision="rejected"):
            yield Correction(recorded.position, "rejected", mention, context.mentions.get(mention))
        case ev.MentionReviewed(mention=mention, decision="corrected", stance=stance) if stance is not None:
            known = context.mentions.get(mention)
            if known is None or known.stance != stance:
                yield Correction(recorded.position, "corrected", mention, known)
        case ev.FeedRecovered(feed=feed):
            state = context.feeds.get(feed)
            if state is not None and state.failing is not None:
                yield Correction(recorded.position, "recovered", failing=state.failing)
        case _:
            return
