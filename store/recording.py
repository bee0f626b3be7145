"""Decides, purely, which events one worker's reading amounts to.

Given what the ledger already knows of the article and the texts of its revisions, `drafts_of` says what is new: the
article's own event, mentions that were not there, and mentions that are there no longer. Names and quotes are cut out of
the texts here, since messages carry only where they stand.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET

from store.claim import ClaimSet
from store.events import (
    ArticleAliased,
    ArticleMerged,
    ArticlePublished,
    ArticleRevised,
    ArticleText,
    ArticleWithdrawn,
    EditFound,
    MentionRecorded,
    MentionText,
    MentionWithdrawn,
    Party,
    RevisionText,
)
from store.keyed import Keyed
from store.ledger import Draft
from store.lineage import PRESS
from store.messages import AliasFound, MergeFound, Reading, RevisionFound, WithdrawalFound
from store.reading import Document, Findings, Mention, Name, Span

CONTEXT = 32
"""Characters on either side that belong to a mention's anchor."""

WithdrawalReason = Literal["reread", "revised", "article_withdrawn", "article_merged", "claim_retired"]


class Standing(NamedTuple):
    """A mention that the ledger holds and that has not been withdrawn."""

    event: MentionRecorded
    occurred_at: datetime
    quote: str | None


class Known(NamedTuple):
    """What the ledger knows of an article. `claims_at` is that of the newest reading recorded of `revision`."""

    revision: int | None = None
    claims_at: int = -1
    standing: tuple[Standing, ...] = ()


class Texts(NamedTuple):
    """The texts that a reading speaks about; None where they were erased meanwhile."""

    now: Document | None
    before: Document | None = None
    alias: str | None = None


class Recording(NamedTuple):
    """What to append, and the claims whose evidence changes by it. `stale`: a newer reading was recorded before."""

    drafts: list[Draft]
    touched: frozenset[str]
    stale: bool = False


def drafts_of(reading: Reading, known: Known, texts: Texts, claims: ClaimSet, keyed: Keyed) -> Recording:
    """The events of one reading, in the order in which they are to be appended."""
    match reading.source:
        case RevisionFound() as source:
            return _revision(reading, source, known, texts, claims, keyed)
        case WithdrawalFound() as source:
            event = ArticleWithdrawn(source.article, source.revision, source.seen_at, source.reason)
            key = f"withdrawn:{source.article}:{source.revision}"
            draft = Draft(event, _stream(source.article), source.seen_at, key=key)
            return _ending(draft, known, "article_withdrawn", source.seen_at)
        case AliasFound() as source:
            text = ArticleText(texts.alias) if texts.alias else UNSET
            key = f"alias:{source.article}:{source.alias}"
            alias = ArticleAliased(source.article, source.alias, text)
            held = (source.article,) if texts.alias else ()
            return Recording([Draft(alias, _stream(source.article), source.seen_at, held, key=key)], frozenset())
        case MergeFound() as source:
            merged = ArticleMerged(source.article, source.into)
            draft = Draft(merged, _stream(source.article), source.seen_at, key=f"merge:{source.article}")
            return _ending(draft, known, "article_merged", source.seen_at)


def _stream(article: str) -> str:
    return f"article/{article}"


def _ending(draft: Draft, known: Known, reason: WithdrawalReason, at: datetime) -> Recording:
    ends = [_withdrawal(item, reason, at) for item in known.standing]
    return Recording([draft, *ends], frozenset(item.event.claim for item in known.standing))


def _withdrawal(item: Standing, reason: WithdrawalReason, at: datetime) -> Draft:
    event = item.event
    return Draft(
        MentionWithdrawn(event.mention, event.article, event.claim, reason),
        _stream(event.article),
        max(at, item.occurred_at),
    )


def _revision(reading: Reading, source: RevisionFound, known: Known, texts: Texts, claims: ClaimSet, keyed: Keyed) -> Recording:
    drafts = [] if source.reread else [_article(source, reading.findings or Findings("failed"), texts)]
    if known.revision is not None and (
        (source.revision, reading.claims_at) < (known.revision, known.claims_at) or source.revision < known.revision
    ):
        return Recording(drafts, frozenset(), stale=True)
    findings = reading.findings
    if findings is None or findings.outcome == "failed":
        return Recording(drafts, frozenset())
    revised = known.revision is not None and source.revision > known.revision
    in_scope = frozenset(reading.scope)
    standing = [item for item in known.standing if not in_scope or item.event.claim in in_scope]
    found = [
        mention_event(mention, reading, source, texts.now, findings.signature, claims, keyed)
        for mention in findings.mentions
        if mention.claim in claims.by_id
    ]
    fresh, gone = _difference(_with_relays(found), standing)
    drafts += [
        _withdrawal(item, "revised" if revised else "reread", source.seen_at if revised else item.occurred_at) for item in gone
    ]
    held = (source.article,) if texts.now else ()
    drafts += [Draft(event, _stream(source.article), source.occurred_at, held) for event in fresh]
    touched = {event.claim for event in fresh} | {item.event.claim for item in gone}
    return Recording(drafts, frozenset(touched))


def _with_relays(found: Sequence[MentionRecorded]) -> list[MentionRecorded]:
    """Titles and leads of a relaying article speak in the outlet's own voice, and yet say only what it relays.

    Where the source that is told of nearest is the outlet's own, so are its words.
    """
    sources = [event for event in found if event.echo_of is not None or not _nobody_in_particular(event)]
    return [
        msgspec.structs.replace(event, relays=_beside(event, sources))
        if event.echo_of is None and _nobody_in_particular(event)
        else event
        for event in found
    ]


def _beside(event: MentionRecorded, sources: Sequence[MentionRecorded]) -> Party | None:
    same = [other for other in sources if (other.claim, other.stance) == (event.claim, event.stance)]
    nearest = min(same, key=lambda other: abs(other.start - event.start), default=None)
    return (nearest.echo_of if nearest is not None else None) or (PRESS if _is_press(event) else None)


_PRESS = re.compile(
    r"(?!this |our )(?:(?!of |at |from |for )[\w-]+ ){0,4}"
    r"(?:newspapers?|papers?|media|press|dail(?:y|ies)|tabloids?|broadcasters?"
    r"|(?:press|news|media) (?:agenc(?:y|ies)|websites?|reports?|outlets?))",
    re.IGNORECASE,
)


def _is_press(event: MentionRecorded) -> bool:
    """'One foreign daily', 'local media': an outlet without a name is no source of the outlet that tells of it."""
    role = None if event.text is UNSET else event.text.role
    return event.anonymity == "unnamed" and role is not None and _PRESS.fullmatch(role) is not None


def _nobody_in_particular(event: MentionRecorded) -> bool:
    """The outlet's own voice, or an unnamed source of whom nothing is said, or that it is an outlet: 'newspapers report'."""
    if event.anonymity == "unnamed":
        said = event.text is not UNSET and (event.text.role is None or _is_press(event))
        return event.organisation is None and said
    return event.anonymity == "none"


def _difference(found: Sequence[MentionRecorded], standing: Sequence[Standing]) -> tuple[list[MentionRecorded], list[Standing]]:
    """Mentions that are new, and standing ones that are no longer found.

    A passage counts as the same when its words and its meaning are: it may have moved within the article.
    """
    left: dict[tuple[object, ...], list[Standing]] = {}
    for item in standing:
        left.setdefault(_sameness(item.event, item.quote), []).append(item)
    fresh = []
    for event in found:
        quote = event.text.quote if event.text is not UNSET else None
        same = left.get(_sameness(event, quote))
        if same:
            same.pop(0)
        else:
            fresh.append(event)
    return fresh, [item for items in left.values() for item in items]


def _sameness(event: MentionRecorded, quote: str | None) -> tuple[object, ...]:
    words = " ".join(quote.split()) if quote is not None else event.anchor
    return (
        event.claim, words, event.stance, event.hedging, event.outlet_stance, event.anonymity, event.speaker,
        event.organisation, event.echo_of, event.relays, event.variant, event.said_on, event.happened_on,
    )  # fmt: skip


def _article(source: RevisionFound, findings: Findings, texts: Texts) -> Draft:
    key = f"article:{source.article}:{source.revision}"
    held = (source.article,) if texts.now else ()
    title = _title(texts.now) if texts.now else None
    url = texts.now.url if texts.now and texts.now.url else ""
    if source.revision == 1:
        return Draft(
            ArticlePublished(
                source.article, source.feed, source.outlet, source.claimed_at, source.seen_at, source.occurred_basis,
                findings.language, source.rendition, source.page, source.content, findings.outcome,
                text=ArticleText(url, title) if texts.now else UNSET,
            ), _stream(source.article), source.occurred_at, held, key=key,
        )  # fmt: skip
    edits = tuple(EditFound(edit.kind, edit.claim) for edit in findings.edits)
    passages = tuple((_cut(texts.before, e.before), _cut(texts.now, e.after)) for e in findings.edits)
    event = ArticleRevised(
        source.article, source.revision, source.feed, source.outlet, source.claimed_at, source.seen_at,
        source.occurred_basis, findings.language, source.rendition, source.page, source.content, findings.outcome,
        edits, text=RevisionText(url, title, passages=passages) if texts.now else UNSET,
    )  # fmt: skip
    return Draft(event, _stream(source.article), source.occurred_at, held, key=key)


def mention_event(
    mention: Mention, reading: Reading, source: RevisionFound, document: Document | None,
    signature: bytes, claims: ClaimSet, keyed: Keyed,
) -> MentionRecorded:  # fmt: skip
    """A mention as the ledger keeps it, names resolved to parties and words cut from the document."""
    who = mention.attribution
    speaker, organisation, role, echo = (
        _words(name, document, claims) for name in (who.speaker, who.organisation, who.role, mention.echo_of)
    )
    quote = _cut(document, Span(mention.start, mention.end)) or ""
    prefix, suffix = _context(document, mention.start, mention.end)
    anchor = keyed.anchor(source.article, mention.claim, quote, prefix, suffix, speaker or "", mention.variant or "")
    text = UNSET if document is None else MentionText(
        quote, prefix, suffix, document.url or "", _title(document), document.outlet, speaker, organisation, role, echo,
    )  # fmt: skip
    return MentionRecorded(
        mention=keyed.digest("mention", (anchor, str(source.revision), mention.stance, str(mention.start))),
        article=source.article, revision=source.revision, rendition=source.rendition, outlet=source.outlet,
        claim=mention.claim, reader=reading.reader, claims_at=reading.claims_at, start=mention.start, end=mention.end,
        stance=mention.stance, hedging=mention.hedging, outlet_stance=mention.outlet_stance, anonymity=who.anonymity,
        speaker=_party(who.speaker, speaker, keyed), organisation=_party(who.organisation, organisation, keyed),
        echo_of=_party(mention.echo_of, echo, keyed), variant=mention.variant, said_on=mention.said_on,
        said_on_precision=mention.said_on_precision, happened_on=mention.happened_on, score=mention.score,
        signature=b64encode(signature).decode(), why=mention.why, anchor=anchor,
        publisher=_publisher(document, claims, keyed), text=text,
    )  # fmt: skip


def _words(name: Name | None, document: Document | None, claims: ClaimSet) -> str | None:
    """The wording of a name: the entity's own name, else what the text has at the span."""
    if name is None:
        return None
    entity = claims.entity_by_id.get(name.entity) if name.entity else None
    if entity is not None:
        return entity.name
    return (_cut(document, name.span) if name.span else None) or name.text or None


def _party(name: Name | None, words: str | None, keyed: Keyed) -> Party | None:
    if name is None or not words:
        return None
    return Party(keyed.name(words), name.entity)


def _publisher(document: Document | None, claims: ClaimSet, keyed: Keyed) -> Party | None:
    if document is None or not document.outlet:
        return None
    entity = claims.entity_by_name.get(document.outlet.casefold())
    return Party(keyed.name(document.outlet), entity.id if entity else None)


def _cut(document: Document | None, span: Span | None) -> str | None:
    if document is None or span is None:
        return None
    return document.text[span.start : span.end]


def _context(document: Document | None, start: int, end: int) -> tuple[str, str]:
    if document is None:
        return "", ""
    return document.text[max(0, start - CONTEXT) : start], document.text[end : end + CONTEXT]


def _title(document: Document) -> str | None:
    first, _, _ = document.text.partition("\n")
    return first.strip() or None
