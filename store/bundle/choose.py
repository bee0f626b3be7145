"""Which events belong to a story or a claim: the claims, who said what about them, where, and what came of it."""

from collections.abc import Iterable
from typing import NamedTuple

from store import events as ev
from store.ledger import Recorded


class Scope(NamedTuple):
    """One story, one claim, or (neither) everything."""

    story: str | None = None
    claim: str | None = None

    def __str__(self) -> str:
        if self.story is not None:
            return f"story {self.story}"
        return "all events" if self.claim is None else f"claim {self.claim}"

    @property
    def everything(self) -> bool:
        return self.story is None and self.claim is None


class Chosen(NamedTuple):
    """Positions of events, and the articles whose contents go with them. No claims: nothing of the kind is known."""

    positions: frozenset[int]
    articles: frozenset[str]
    claims: frozenset[str]


class _Links(NamedTuple):
    """What the events of a scope hang together by."""

    claims: set[str]
    articles: set[str]
    feeds: set[str]
    alerts: set[str]


def choose(events: Iterable[Recorded], again: Iterable[Recorded], scope: Scope) -> Chosen:
    """`events` and `again` are the same ledger twice: an article's event comes before the mention that makes it matter."""
    links = _Links(set(), set(), set(), set())
    of_article: dict[str, str] = {}
    for recorded in events:
        _link(recorded.event, links, of_article, scope)
    links.feeds.update(of_article[article] for article in links.articles if article in of_article)
    positions = frozenset(r.position for r in again if scope.everything or _belongs(r, links, scope))
    articles = frozenset(of_article) if scope.everything else frozenset(links.articles)
    return Chosen(positions, articles, frozenset(links.claims))


def _link(event: ev.Event, links: _Links, of_article: dict[str, str], scope: Scope) -> None:
    match event:
        case ev.ClaimTracked(claim=claim) | ev.ClaimAmended(claim=claim):
            if scope.everything or claim.story == scope.story or claim.id == scope.claim:
                links.claims.add(claim.id)
        case ev.ArticlePublished() | ev.ArticleRevised():
            of_article[event.article] = event.feed
        case ev.MentionRecorded() if event.claim in links.claims:
            links.articles.add(event.article)
        case ev.AlertRaised() if event.claim in links.claims or (event.story is not None and event.story == scope.story):
            links.alerts.add(event.alert)
        case _:
            pass


def _belongs(recorded: Recorded, links: _Links, scope: Scope) -> bool:
    match recorded.event:
        case ev.ClaimTracked(claim=claim) | ev.ClaimAmended(claim=claim):
            return claim.id in links.claims
        case ev.StoryOpened(story=story) | ev.StoryAmended(story=story):
            return story == scope.story
        case ev.EntityDefined() | ev.ReaderDeployed():
            return True  # who is who, and which reader read: every claim's reading depends on them
        case ev.ClaimRetired(claim=claim) | ev.ClaimStatusChanged(claim=claim):
            return claim in links.claims
        case ev.MentionRecorded(claim=claim) | ev.MentionWithdrawn(claim=claim) | ev.MentionReviewed(claim=claim):
            return claim in links.claims
        case ev.FeedAdded(feed=feed) | ev.FeedMoved(feed=feed):
            return feed in links.feeds
        case ev.AlertRaised(alert=alert):
            return alert in links.alerts
        case ev.AlertAttempted(alerts=alerts) | ev.AlertDelivered(alerts=alerts) | ev.AlertFailed(alerts=alerts):
            return not links.alerts.isdisjoint(alerts)
        case event:
            return getattr(event, "article", None) in links.articles
