"""A history that never was: what the ledger would hold, had its articles been read in another way or for other claims.

Pure. `Imagined.take` is given the ledger's events one by one and says what would have stood in their place: articles and
feeds as they were, mentions by the recorder's own rules (`drafts_of`), statuses by the policy. Nothing is written anywhere.

A claim counts from when it was tracked; one that was never tracked as it is given, from the beginning. So articles that came
before a tracked claim are found for it when it was tracked, as happens in service.
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

import msgspec

from store import events as ev
from store.claim import Claim, ClaimSet, Entity
from store.evidence import Evidence, Review
from store.imagine_status import Statuses
from store.keyed import Keyed
from store.ledger import Recorded
from store.lineage import Outlets
from store.messages import Reading, RevisionFound
from store.recording import Known, Standing, Texts, drafts_of

WORLD = frozenset({"revised", "article_withdrawn"})
"""A mention withdrawn for these stood until then; for any other reason it never did."""


class Read(NamedTuple):
    """One revision as read anew, with the texts that the reading speaks about."""

    reading: Reading
    texts: Texts


ReadOf = Callable[[RevisionFound], Read | None]


class Imagined:
    """`read_of` reads a revision anew. Articles in `unread` hold no text: what was found in them then is taken as it is.

    `known` is the watch list of the ledger, `claims` the one that is asked about. `evidence` grows while events are taken.
    """

    def __init__(
        self, claims: ClaimSet, known: ClaimSet, outlets: Outlets, keyed: Keyed, read_of: ReadOf, unread: AbstractSet[str]
    ) -> None:
        self._claims, self._known, self._keyed = claims, known, keyed
        self._read_of, self._unread = read_of, unread
        self._statuses = Statuses(claims, outlets)
        self._in_force: set[str] = set()
        self._entities: set[str] = set()
        self._revision: dict[str, int] = {}
        self._of_article: dict[str, dict[str, None]] = {}
        self._late: dict[str, list[str]] = {}
        self._decided: dict[tuple[str, str, str], Review] = {}
        self._told: dict[int, str] = {}
        self._feeds: dict[int, ev.FeedAdded] = {}
        self._revised: tuple[int, ev.Event] | None = None
        self._owed: tuple[set[str], int, datetime] | None = None
        self._position = 0
        self.evidence: dict[str, Evidence] = {}

    def event(self, position: int) -> ev.Event | None:
        """A mention, feed or latest revision by its imagined position."""
        if position in self._told:
            return self.evidence[self._told[position]].mention
        if self._revised is not None and self._revised[0] == position:
            return self._revised[1]
        return self._feeds.get(position)

    def take(self, recorded: Recorded) -> Iterator[Recorded]:
        """What would have been recorded where this event was. To be consumed before the next event is given."""
        event, at = recorded.event, recorded.recorded_at
        if self._position == 0:
            yield from self._begin(at)
        if not isinstance(event, ev.MentionRecorded | ev.MentionWithdrawn) or event.article not in self._unread:
            yield from self._settle()
        yield from self._expire(at)
        match event:
            case ev.ArticlePublished() | ev.ArticleRevised():
                yield from self._arrive(recorded, event)
            case ev.ArticleWithdrawn(article=article):
                yield self._put(event, recorded)
                yield from self._end_all(recorded, article, "article_withdrawn")
            case ev.ArticleMerged(article=article):
                yield from self._end_all(recorded, article, "article_merged")
            case ev.MentionRecorded() | ev.MentionWithdrawn():
                yield from self._as_it_was(recorded, event)
            case ev.MentionReviewed():
                yield from self._review(recorded, event)
            case ev.ClaimTracked(claim=claim) if self._claims.by_id.get(claim.id) == self._known.by_id.get(claim.id):
                yield from self._track(recorded, claim.id)
            case ev.EntityDefined(entity=entity):
                yield from self._define(entity.id, at)
            case ev.FeedAdded() | ev.FeedFailing() | ev.FeedRecovered() | ev.FeedGone() | ev.StoryOpened() | ev.StoryAmended():
                yield self._put(event, recorded)

    def finish(self, now: datetime) -> Iterator[Recorded]:
        """What the end of the ledger leaves open, and the deadlines that have passed by `now`."""
        yield from self._settle()
        yield from self._expire(now)

    # --- the watch list ---------------------------------------------------------------------------

    def _begin(self, at: datetime) -> Iterator[Recorded]:
        """Puts in force what the ledger does not know, or knows otherwise."""
        for entity in self._claims.entities:
            if self._known.entity_by_id.get(entity.id) != entity:
                yield from self._define(entity.id, at)
        for claim in self._claims:
            if self._known.by_id.get(claim.id) != claim:
                yield self._enforce(claim, at)

    def _define(self, id_: str, at: datetime) -> Iterator[Recorded]:
        entity: Entity | None = self._claims.entity_by_id.get(id_)
        if entity is not None and id_ not in self._entities:
            self._entities.add(id_)
            yield self._make(ev.EntityDefined(entity), at, at)

    def _enforce(self, claim: Claim, at: datetime) -> Recorded:
        self._in_force.add(claim.id)
        self._statuses.track(claim, at)
        return self._make(ev.ClaimTracked(claim), at, at)

    def _track(self, recorded: Recorded, id_: str) -> Iterator[Recorded]:
        """A claim comes into force, and what the articles so far say of it is found."""
        claim = self._claims.by_id.get(id_)
        if claim is None or id_ in self._in_force:
            return
        tracked = self._enforce(claim, recorded.recorded_at)
        yield tracked
        cause = None
        for mention in self._late.pop(id_, ()):
            item = self.evidence[mention]
            if item.ended_at is None:
                made = self._tell(item.mention, item.occurred_at, recorded.recorded_at, claims_at=tracked.position)
                cause = made.position
                yield made
        if cause is not None:
            yield from self._conclude({id_}, cause, recorded.recorded_at)

    # --- articles ---------------------------------------------------------------------------------

    def _arrive(self, recorded: Recorded, event: ev.ArticlePublished | ev.ArticleRevised) -> Iterator[Recorded]:
        source = source_of(recorded, event)
        read = None if event.article in self._unread else self._read_of(source)
        if read is None:
            yield self._put(event, recorded)
            return
        known = Known(self._revision.get(event.article), read.reading.claims_at, self._standing(event.article))
        drafts = drafts_of(read.reading, known, read.texts, self._claims, self._keyed).drafts
        self._revision[event.article] = max(source.revision, known.revision or 0)
        touched: set[str] = set()
        for draft in drafts:
            match draft.event:
                case ev.MentionRecorded() as mention:
                    yield from self._found(mention, draft.occurred_at, recorded.recorded_at, touched)
                case ev.MentionWithdrawn() as gone:
                    yield from self._lost(gone, draft.occurred_at, recorded.recorded_at, touched)
                case other:
                    yield self._make(other, draft.occurred_at, recorded.recorded_at, draft.articles)
        yield from self._conclude(touched, self._position - 1, recorded.recorded_at)

    def _standing(self, article: str) -> tuple[Standing, ...]:
        items = [self.evidence[id_] for id_ in self._of_article.get(article, ())]
        return tuple(
            Standing(item.mention, item.occurred_at, item.mention.text.quote if item.mention.text else None)
            for item in items
            if item.ended_at is None
        )

    def _found(self, mention: ev.MentionRecorded, occurred: datetime, at: datetime, touched: set[str]) -> Iterator[Recorded]:
        self._of_article.setdefault(mention.article, {})[mention.mention] = None
        self.evidence[mention.mention] = Evidence(mention, occurred, review=self._decision(mention))
        if mention.claim in self._in_force:
            touched.add(mention.claim)
            yield self._tell(mention, occurred, at, claims_at=-1)
        else:
            self._late.setdefault(mention.claim, []).append(mention.mention)

    def _tell(self, mention: ev.MentionRecorded, occurred: datetime, at: datetime, *, claims_at: int) -> Recorded:
        """Records a mention. With `claims_at` before its article it is news, with a later one it comes of a re-match."""
        item = msgspec.structs.replace(self.evidence[mention.mention], position=self._position)
        self.evidence[mention.mention] = item
        self._statuses.learn(item)
        return self._make(msgspec.structs.replace(mention, claims_at=claims_at), occurred, at, (mention.article,))

    def _lost(self, event: ev.MentionWithdrawn, ended: datetime, at: datetime, touched: set[str]) -> Iterator[Recorded]:
        item = self.evidence.get(event.mention)
        if item is None or item.ended_at is not None:
            return
        ended = max(ended, item.occurred_at) if event.reason in WORLD else item.occurred_at
        item = self.evidence[event.mention] = msgspec.structs.replace(item, ended_at=ended)
        if item.position >= 0:
            touched.add(event.claim)
            self._statuses.learn(item)
            yield self._make(event, ended, at)

    def _end_all(self, recorded: Recorded, article: str, reason: str) -> Iterator[Recorded]:
        """The article is gone: so are its mentions. Those of an unread one end by the ledger's own events."""
        if article in self._unread:
            return
        touched: set[str] = set()
        for standing in self._standing(article):
            mention = standing.event
            gone = ev.MentionWithdrawn(mention.mention, article, mention.claim, reason)  # type: ignore[arg-type]
            yield from self._lost(gone, recorded.occurred_at, recorded.recorded_at, touched)
        yield from self._conclude(touched, self._position - 1, recorded.recorded_at)

    # --- what was found then, and what people decided ---------------------------------------------

    def _as_it_was(self, recorded: Recorded, event: ev.MentionRecorded | ev.MentionWithdrawn) -> Iterator[Recorded]:
        if event.article not in self._unread or event.claim not in self._claims.by_id:
            return
        touched: set[str] = set()
        if isinstance(event, ev.MentionWithdrawn):
            yield from self._lost(event, recorded.occurred_at, recorded.recorded_at, touched)
        else:
            yield from self._found(event, recorded.occurred_at, recorded.recorded_at, touched)
        owed = self._owed[0] if self._owed else set()
        self._owed = (owed | touched, self._position - 1, recorded.recorded_at)

    def _settle(self) -> Iterator[Recorded]:
        """Concludes what a whole reading of an unread article came to, once its last mention is known."""
        owed, self._owed = self._owed, None
        if owed is not None:
            yield from self._conclude(*owed)

    def _review(self, recorded: Recorded, event: ev.MentionReviewed) -> Iterator[Recorded]:
        """A decision holds for the passage, by whatever id it is known here."""
        review = Review(event.decision, event.stance, event.hedging, event.variant)
        for name in (event.anchor, event.mention):
            self._decided[event.article, event.claim, name] = review
        for id_ in self._of_article.get(event.article, ()):
            item = self.evidence[id_]
            if item.mention.claim == event.claim and (item.mention.anchor == event.anchor or id_ == event.mention):
                self.evidence[id_] = item = msgspec.structs.replace(item, review=review)
                if item.position >= 0:
                    self._statuses.review(item)
                    yield self._make(msgspec.structs.replace(event, mention=id_), recorded.occurred_at, recorded.recorded_at)
                    yield from self._conclude({event.claim}, self._position - 1, recorded.recorded_at)

    def _decision(self, mention: ev.MentionRecorded) -> Review | None:
        names = (mention.anchor, mention.mention)
        keys = [(mention.article, mention.claim, name) for name in names if name is not None]
        return next((self._decided[key] for key in keys if key in self._decided), None)

    # --- statuses ---------------------------------------------------------------------------------

    def _conclude(self, touched: AbstractSet[str], cause: int | None, at: datetime) -> Iterator[Recorded]:
        for event in self._statuses.changes(touched, at):
            yield self._make(event, at, at, cause=cause)

    def _expire(self, at: datetime) -> Iterator[Recorded]:
        for claim, expired in self._statuses.expiring(at):
            yield from self._conclude({claim}, None, expired)

    # --- recording --------------------------------------------------------------------------------

    def _put(self, event: ev.Event, recorded: Recorded) -> Recorded:
        return self._make(event, recorded.occurred_at, recorded.recorded_at, recorded.articles)

    def _make(
        self, event: ev.Event, occurred: datetime, at: datetime, articles: tuple[str, ...] = (), cause: int | None = None
    ) -> Recorded:
        made = Recorded(self._position, "imagined", self._position, occurred, at, "replay", cause, articles, event)
        match event:
            case ev.MentionRecorded(mention=mention):
                self._told[self._position] = mention
            case ev.FeedAdded():
                self._feeds[self._position] = event
            case ev.ArticleRevised():
                self._revised = (self._position, event)
        self._position += 1
        return made


def source_of(recorded: Recorded, event: ev.ArticlePublished | ev.ArticleRevised) -> RevisionFound:
    """What ingest once announced: the message that the revision's event came of."""
    revision = event.revision if isinstance(event, ev.ArticleRevised) else 1
    return RevisionFound(
        event.article, revision, event.rendition, event.feed, event.outlet, event.seen_at, recorded.occurred_at,
        event.occurred_basis, event.claimed_at, event.page, event.content,
    )  # fmt: skip
