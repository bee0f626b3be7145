"""What had happened before an event: everything that alert rules need to know, folded from the ledger.

`Context.learn` takes events in ledger order; nothing else changes it, and it reads no clock. So deciding about an event
is a function of the ledger's prefix alone, and can be repeated years later. No words of articles are kept here, only
where they stand: what is erased from the ledger is gone from alerts too.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET

from store import events as ev
from store.claim import Claim, ClaimSet, Entity
from store.evidence import Evidence, Review
from store.ledger import Recorded
from store.lineage import Origin, Outlets, origins

REMATCH_AFTER = timedelta(minutes=10)
"""A mention recorded later than this after its revision comes of another reading of an old article."""

KEPT_MENTIONS = 300
"""Per claim, the latest mentions that are compared for origin and variant; comparing takes time for each of them.

What was told of an older origin is not told again all the same: the alert's id is known."""

KEPT_CAUSES = 20_000
KEPT_ARTICLES = 200_000
LONGEST_WINDOW = timedelta(days=31)


class Arrival(msgspec.Struct, frozen=True):
    """When one revision of an article was published and recorded."""

    position: int
    occurred_at: datetime
    recorded_at: datetime
    imported: bool


class Cause(msgspec.Struct, frozen=True):
    """What a later event may name as its cause: how old its news was, and what kept it from alerting."""

    occurred_at: datetime
    barrier: str | None
    mention: str | None = None


class FeedState(msgspec.Struct, frozen=True):
    added: int
    since: datetime
    """Of the latest article from it, or of its addition."""
    failing: int | None = None
    """Position of the `feed.failing` that still holds."""
    gone: bool = False


class Muted(msgspec.Struct, frozen=True):
    position: int
    until: datetime


def is_import(feed: str) -> bool:
    """Articles that a person imported carry the feed `import` or `import/…`; nobody is alerted about an archive."""
    return feed == "import" or feed.startswith("import/")


class Context:
    """The fold. One object belongs to one reader of the ledger; `position` is the next event that it expects.

    `key` makes the keyed hash of a name, as the recorder does (`store.keyed.Keyed.name`).
    """

    def __init__(self, key: Callable[[str], str]) -> None:
        self._key = key
        self.outlets: dict[str, str] = {}
        self.position = 0
        self.recorded_at: datetime | None = None
        self.claims: dict[str, tuple[Claim, int]] = {}
        self.entities: dict[str, Entity] = {}
        self.stories: dict[str, str] = {}
        self.statuses: dict[str, ev.Status] = {}
        self.rules_version: str | None = None
        self.mutes: dict[str, Muted] = {}
        self.feeds: dict[str, FeedState] = {}
        self.latest_article: datetime | None = None
        self.mentions: dict[str, Evidence] = {}
        self.of_claim: dict[str, OrderedDict[str, Evidence]] = {}
        self.of_article: OrderedDict[str, dict[str, int]] = OrderedDict()
        self.arrivals: OrderedDict[tuple[str, int], Arrival] = OrderedDict()
        self.causes: OrderedDict[int, Cause] = OrderedDict()
        self.volumes: dict[str, deque[tuple[datetime, str]]] = {}
        self._claim_set: ClaimSet | None = None

    # --- questions --------------------------------------------------------------------------------

    def claim(self, claim: str | None) -> Claim | None:
        """The claim as last defined; None for one that is not tracked (any more)."""
        found = self.claims.get(claim) if claim else None
        return found[0] if found else None

    def arrival(self, mention: ev.MentionRecorded) -> Arrival | None:
        return self.arrivals.get((mention.article, mention.revision))

    def barrier(self, recorded: Recorded, mention: ev.MentionRecorded) -> str | None:
        """Why a mention is no news: `import`, or `rematch` when its article lay in the ledger before; else None."""
        arrival = self.arrival(mention)
        if arrival is None or mention.claims_at > arrival.position:
            return "rematch"
        if recorded.recorded_at - arrival.recorded_at > REMATCH_AFTER:
            return "rematch"
        return "import" if arrival.imported else None

    def before(self, claim: str) -> Sequence[Evidence]:
        """The claim's mentions that hold, or once stood, as far as they are known so far."""
        return tuple(self.of_claim.get(claim, {}).values())

    def origins(self, recorded: Recorded, mention: ev.MentionRecorded) -> dict[str, Origin]:
        """The origins of a mention that is about to be learned and of the claim's earlier mentions, by mention id."""
        new = Evidence(mention, recorded.occurred_at, recorded.position)
        return origins((*self.before(mention.claim), new), self.claim_set, Outlets(self.outlets, self._key))

    @property
    def claim_set(self) -> ClaimSet:
        if self._claim_set is None:
            latest = max((position for _, position in self.claims.values()), default=-1)
            claims = tuple(claim for claim, _ in self.claims.values())
            self._claim_set = ClaimSet(claims, tuple(self.entities.values()), latest)
        return self._claim_set

    def replacement(self, mention: ev.MentionRecorded) -> str | None:
        """The mention by which the article still says the same of the claim, if it does in another passage."""
        same = (
            item.id
            for item in self.before(mention.claim)
            if item.id != mention.mention
            and item.mention.article == mention.article
            and item.stance == mention.stance
            and not item.rejected
            and item.ended_at is None
        )
        return next(same, None)

    def muted(self, rule: str, story: str | None, claim: str | None) -> Muted | None:
        """The mute that ends last among those on the rule, the story and the claim, ended or not."""
        scopes = (f"rule:{rule}", f"story:{story}", f"claim:{claim}")
        found = [self.mutes[scope] for scope in scopes if scope in self.mutes]
        return max(found, key=lambda mute: mute.until, default=None)

    # --- the fold ---------------------------------------------------------------------------------

    def learn(self, recorded: Recorded) -> None:
        event, at = recorded.event, recorded.recorded_at
        self.position, self.recorded_at = recorded.position + 1, at
        match event:
            case ev.MentionRecorded() | ev.MentionWithdrawn() | ev.MentionReviewed():
                self._mention(recorded, event)
            case ev.ArticlePublished() | ev.ArticleRevised():
                revision = event.revision if isinstance(event, ev.ArticleRevised) else 1
                self._arrived(recorded, event.article, revision, event.feed)
            case ev.ClaimTracked(claim=claim) | ev.ClaimAmended(claim=claim):
                self.claims[claim.id] = (claim, recorded.position)
                self._claim_set = None
                self._cause(recorded.position, Cause(recorded.occurred_at, "rematch"))
            case ev.ClaimRetired(claim=retired):
                self.claims.pop(retired, None)
                self._claim_set = None
            case ev.EntityDefined(entity=entity):
                self.entities[entity.id] = entity
                self._claim_set = None
            case ev.StoryOpened(story=story, title=title) | ev.StoryAmended(story=story, title=title):
                self.stories[story] = title
            case ev.ClaimStatusChanged(claim=changed, after=after):
                self.statuses[changed] = after
            case ev.AlertMuted(scope=scope, until=until):
                self.mutes[scope] = Muted(recorded.position, until)
            case ev.RulesChanged(version=version):
                self.rules_version = version
            case ev.FeedAdded() | ev.FeedFailing() | ev.FeedRecovered() | ev.FeedGone():
                self._feed(recorded, event)
            case _:
                pass

    def _feed(self, recorded: Recorded, event: ev.Event) -> None:
        match event:
            case ev.FeedAdded(feed=feed, outlet=outlet, text=text):
                self.feeds[feed] = FeedState(recorded.position, recorded.recorded_at)
                if text is not UNSET and text.outlet:
                    self.outlets[outlet] = text.outlet
            case ev.FeedFailing(feed=feed) if feed in self.feeds:
                self.feeds[feed] = msgspec.structs.replace(self.feeds[feed], failing=recorded.position)
            case ev.FeedRecovered(feed=feed) if feed in self.feeds:
                known = self.feeds[feed]
                self.feeds[feed] = msgspec.structs.replace(known, failing=None, since=recorded.recorded_at)
            case ev.FeedGone(feed=feed) if feed in self.feeds:
                self.feeds[feed] = msgspec.structs.replace(self.feeds[feed], gone=True)

    def _arrived(self, recorded: Recorded, article: str, revision: int, feed: str) -> None:
        at = recorded.recorded_at
        imported = is_import(feed)
        self.arrivals[article, revision] = Arrival(recorded.position, recorded.occurred_at, at, imported)
        while at - next(iter(self.arrivals.values())).recorded_at > REMATCH_AFTER:
            self.arrivals.popitem(last=False)
        self._cause(recorded.position, Cause(recorded.occurred_at, "import" if imported else None))
        if feed in self.feeds:
            self.latest_article = at
            self.feeds[feed] = msgspec.structs.replace(self.feeds[feed], since=at)

    def _mention(self, recorded: Recorded, event: ev.Event) -> None:
        match event:
            case ev.MentionRecorded():
                self._recorded(recorded, event)
            case ev.MentionWithdrawn(mention=mention, claim=claim, reason=reason):
                barrier = "rematch" if reason in ("reread", "article_merged", "claim_retired") else None
                self._cause(recorded.position, Cause(recorded.occurred_at, barrier, mention))
                if reason in ("revised", "article_withdrawn"):
                    self._change(mention, ended_at=recorded.occurred_at)
                else:
                    self._forget(claim, mention)
            case ev.MentionReviewed(mention=mention):
                self._cause(recorded.position, Cause(recorded.recorded_at, None, mention))
                review = Review(event.decision, event.stance, event.hedging, event.variant)
                self._change(mention, review=review)

    def _recorded(self, recorded: Recorded, event: ev.MentionRecorded) -> None:
        barrier = self.barrier(recorded, event)
        self._cause(recorded.position, Cause(recorded.occurred_at, barrier, event.mention))
        item = Evidence(msgspec.structs.replace(event, text=UNSET), recorded.occurred_at, recorded.position)
        kept = self.of_claim.setdefault(event.claim, OrderedDict())
        self.mentions[event.mention] = kept[event.mention] = item
        if len(kept) > KEPT_MENTIONS:
            self.mentions.pop(kept.popitem(last=False)[0], None)
        self.of_article.setdefault(event.article, {})[event.claim] = recorded.position
        self.of_article.move_to_end(event.article)
        if len(self.of_article) > KEPT_ARTICLES:
            self.of_article.popitem(last=False)
        if barrier is None:
            self._count(recorded, event)

    def _count(self, recorded: Recorded, event: ev.MentionRecorded) -> None:
        volume = self.volumes.setdefault(event.claim, deque())
        volume.append((recorded.recorded_at, event.article))
        while recorded.recorded_at - volume[0][0] > LONGEST_WINDOW:
            volume.popleft()

    def _change(self, mention: str, **changes: object) -> None:
        if mention in self.mentions:
            item = msgspec.structs.replace(self.mentions[mention], **changes)
            self.mentions[mention] = self.of_claim[item.mention.claim][mention] = item

    def _forget(self, claim: str, mention: str) -> None:
        self.mentions.pop(mention, None)
        self.of_claim.get(claim, OrderedDict()).pop(mention, None)

    def _cause(self, position: int, cause: Cause) -> None:
        self.causes[position] = cause
        if len(self.causes) > KEPT_CAUSES:
            self.causes.popitem(last=False)
