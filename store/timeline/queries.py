"""Questions that the read tables answer.

`as_known` is always the last ledger position that counts as known, None for all: `Ledger.size_as_known(T) - 1`.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from store.claim import Claim, ClaimSet, Entity
from store.clock import from_micros
from store.events import ArticleText, EditFound, FeedText, MentionRecorded, MentionReviewed, RevisionText
from store.evidence import Evidence, Review
from store.story import Withdrawn
from store.timeline.answers import Article, Counts, Feed, Revision, StatusConcluded
from store.timeline.tables import Tables
from store.wire import decode


def _when(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


class Queries:
    """Reads only. Every method runs in the caller's transaction."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    # --- time -------------------------------------------------------------------------------------

    def next_position(self, connection: Connection) -> int:
        """The position of the first event that the tables do not know yet."""
        return connection.scalar(sa.select(self.tables.cursor.c.next)) or 0

    def _latest(self, connection: Connection, table: sa.Table, key: str, as_known: int | None) -> Sequence[Row[Any]]:
        """The latest row of each key among those known, in order of each key's first appearance."""
        c = table.c
        known = sa.select(c[key], sa.func.max(c.position).label("last"), sa.func.min(c.position).label("first"))
        if as_known is not None:
            known = known.where(c.position <= as_known)
        newest = known.group_by(c[key]).subquery()
        return connection.execute(sa.select(table).join(newest, c.position == newest.c.last).order_by(newest.c.first)).all()

    # --- what is tracked --------------------------------------------------------------------------

    def claim_set(self, connection: Connection, as_known: int | None = None) -> ClaimSet:
        """The watch list: claims not retired, all entities, and the position of the last change to either."""
        claims = self._latest(connection, self.tables.claims, "claim", as_known)
        entities = self._latest(connection, self.tables.entities, "entity", as_known)
        return ClaimSet(
            tuple(msgspec.json.decode(row.definition, type=Claim) for row in claims if row.definition is not None),
            tuple(msgspec.json.decode(row.definition, type=Entity) for row in entities),
            max((row.position for row in (*claims, *entities)), default=-1),
        )

    def claims_at(self, connection: Connection) -> int:
        """The position of the last claim or entity event, -1 if none; cheap enough to ask before every batch."""
        lasts = [
            connection.scalar(sa.select(sa.func.max(table.c.position))) for table in (self.tables.claims, self.tables.entities)
        ]
        return max((last for last in lasts if last is not None), default=-1)

    def claims_changed_since(self, connection: Connection, position: int) -> frozenset[str]:
        """Ids of claims tracked, amended or retired after `position`."""
        claims = self.tables.claims
        return frozenset(connection.scalars(sa.select(claims.c.claim).where(claims.c.position > position)))

    def stories(self, connection: Connection, as_known: int | None = None) -> dict[str, str]:
        """Story id → title, in order of opening."""
        return {row.story: row.title for row in self._latest(connection, self.tables.stories, "story", as_known)}

    # --- feeds and articles -----------------------------------------------------------------------

    def feeds(self, connection: Connection) -> Sequence[Feed]:
        """All feeds ever added, gone ones included, in order of adding."""
        return [_feed(row) for row in self._latest(connection, self.tables.feeds, "feed", None)]

    def outlet_names(self, connection: Connection, as_known: int | None = None) -> dict[str, str]:
        """Outlet id → printed name, for outlets whose feed was added with one."""
        feeds = map(_feed, self._latest(connection, self.tables.feeds, "feed", as_known))
        return {feed.outlet: feed.outlet_name for feed in feeds if feed.outlet_name is not None}

    def article(self, connection: Connection, name: str) -> Article | None:
        """The article with this id, or the one last met under this URL; merged articles lead to what they are now."""
        articles, urls = self.tables.articles, self.tables.article_urls
        seen: set[str] = set()
        row = connection.execute(sa.select(articles).where(articles.c.article == name)).first()
        if row is None:
            latest = sa.select(urls.c.article).where(urls.c.url == name).order_by(urls.c.position.desc()).limit(1)
            row = connection.execute(sa.select(articles).where(articles.c.article.in_(latest))).first()
        while row is not None and row.merged_into is not None and row.article not in seen:
            seen.add(row.article)
            into = connection.execute(sa.select(articles).where(articles.c.article == row.merged_into)).first()
            if into is None:
                break
            row = into
        return None if row is None else self._article(connection, row)

    def article_ids(self, connection: Connection) -> list[str]:
        """Ids of all articles that can still be read: not withdrawn, merged or erased; in order of recording."""
        c = self.tables.articles.c
        readable = sa.and_(c.withdrawn_at.is_(None), c.merged_into.is_(None), c.erased.is_(None))
        return list(connection.scalars(sa.select(c.article).where(readable).order_by(c.position)))

    def all_article_ids(self, connection: Connection) -> list[str]:
        """Ids of all articles ever recorded, in order of recording; those merged into another are left out."""
        c = self.tables.articles.c
        return list(connection.scalars(sa.select(c.article).where(c.merged_into.is_(None)).order_by(c.position)))

    def _article(self, connection: Connection, row: Row[Any]) -> Article:
        text = self._texts(connection, [row.article]).get(row.article)
        return Article(
            row.article, row.feed, row.outlet, from_micros(row.occurred_at), row.revision,
            text.url if text else None, text.title if text else None, _when(row.withdrawn_at),
            row.merged_into, row.erased is not None,
        )  # fmt: skip

    def _texts(self, connection: Connection, articles: Collection[str]) -> dict[str, ArticleText]:
        table = self.tables.revisions
        rows = connection.execute(
            sa.select(table.c.article, table.c.text)
            .where(table.c.article.in_(articles), table.c.text.is_not(None))
            .order_by(table.c.revision, table.c.position)
        )
        return {row.article: msgspec.json.decode(row.text, type=ArticleText) for row in rows}

    def revisions(self, connection: Connection, article: str, as_known: int | None = None) -> Sequence[Revision]:
        """The article's revisions, oldest first."""
        return self.revisions_of(connection, [article], as_known)

    def revisions_of(
        self, connection: Connection, articles: Collection[str], as_known: int | None = None
    ) -> Sequence[Revision]:
        table = self.tables.revisions
        chosen = sa.select(table).where(table.c.article.in_(articles), _known(table, as_known))
        ordered = chosen.order_by(table.c.revision, table.c.position)
        return [_revision(row) for row in connection.execute(ordered)]

    def withdrawals(
        self, connection: Connection, articles: Collection[str], as_known: int | None = None
    ) -> Sequence[Withdrawn]:
        """Which of these articles their publishers took away, and when."""
        table = self.tables.articles
        chosen = sa.select(table).where(table.c.article.in_(articles), table.c.withdrawn_position.is_not(None))
        if as_known is not None:
            chosen = chosen.where(table.c.withdrawn_position <= as_known)
        texts = self._texts(connection, articles)
        return [
            Withdrawn(row.article, row.outlet, from_micros(row.withdrawn_at), _url(texts.get(row.article)))
            for row in connection.execute(chosen.order_by(table.c.position))
        ]

    # --- mentions ---------------------------------------------------------------------------------

    def evidence(self, connection: Connection, claims: Iterable[str], as_known_position: int | None = None) -> list[Evidence]:
        """Every mention of these claims ever recorded, withdrawn ones included, in order of position."""
        table, wanted = self.tables.mentions, list(claims)
        rows = connection.execute(
            sa.select(table).where(table.c.claim.in_(wanted), _known(table, as_known_position)).order_by(table.c.position)
        )
        reviews = self._reviews(connection, wanted, as_known_position)
        return [_evidence(row, reviews, as_known_position) for row in rows]

    def evidence_since(self, connection: Connection, claim: str, position: int) -> list[Evidence] | None:
        """The claim's mentions recorded or ended after `position`; None if a person has decided about one since."""
        table, reviews = self.tables.mentions, self.tables.reviews
        decided = sa.select(sa.func.max(reviews.c.position)).where(reviews.c.claim == claim)
        if (connection.scalar(decided) or -1) > position:
            return None
        new = sa.select(table).where(table.c.claim == claim, table.c.position > position)
        ended = sa.select(table).where(table.c.claim == claim, table.c.position <= position, table.c.ended_position > position)
        rows = [*connection.execute(new), *connection.execute(ended)]
        found = self._reviews(connection, [claim], None) if rows else {}
        return [_evidence(row, found, None) for row in rows]

    def mention(self, connection: Connection, mention: str) -> Evidence | None:
        """The mention with this id as it is known now."""
        table = self.tables.mentions
        chosen = sa.select(table).where(table.c.mention == mention).order_by(table.c.position.desc()).limit(1)
        row = connection.execute(chosen).first()
        return None if row is None else _evidence(row, self._reviews(connection, [row.claim], None), None)

    def mentions_of(self, connection: Connection, article: str) -> list[Evidence]:
        """The article's mentions that no event has withdrawn, in order of position."""
        table = self.tables.mentions
        chosen = sa.select(table).where(table.c.article == article, table.c.ended_position.is_(None))
        rows = connection.execute(chosen.order_by(table.c.position)).all()
        reviews = self._reviews(connection, {row.claim for row in rows}, None)
        return [_evidence(row, reviews, None) for row in rows]

    def _reviews(
        self, connection: Connection, claims: Collection[str], as_known: int | None
    ) -> dict[tuple[str, str, str], tuple[int, Review]]:
        """Latest decision by (article, claim, anchor) and by (article, claim, mention)."""
        table = self.tables.reviews
        chosen = sa.select(table).where(table.c.claim.in_(claims), _known(table, as_known))
        found: dict[tuple[str, str, str], tuple[int, Review]] = {}
        for row in connection.execute(chosen.order_by(table.c.position)):
            event = decode(MentionReviewed.NAME, MentionReviewed.SCHEMA, row.facts.encode(), None)
            assert isinstance(event, MentionReviewed)
            review = Review(event.decision, event.stance, event.hedging, event.variant)
            for name in (event.anchor, event.mention):
                found[event.article, event.claim, name] = (row.position, review)
        return found

    # --- conclusions ------------------------------------------------------------------------------

    def statuses_concluded(self, connection: Connection, claims: Iterable[str]) -> Sequence[StatusConcluded]:
        """What was concluded at the time, in order of position; for alerts and audits, never folded."""
        table = self.tables.statuses
        chosen = sa.select(table).where(table.c.claim.in_(list(claims))).order_by(table.c.position)
        return [
            StatusConcluded(
                row.position, row.claim, row.before, row.after, from_micros(row.occurred_at),
                from_micros(row.recorded_at), row.independent_origins,
                msgspec.json.decode(row.mentions, type=tuple[str, ...]), row.cause,
            )
            for row in connection.execute(chosen)
        ]  # fmt: skip

    def status_now(self, connection: Connection, claims: Iterable[str]) -> dict[str, str]:
        """Claim → status as last concluded; claims without a conclusion are left out (they are untested)."""
        return {row.claim: row.after for row in self.statuses_concluded(connection, claims)}

    def counts(self, connection: Connection) -> Counts:
        tables = self.tables
        counted = {
            "articles": sa.select(sa.func.count()).select_from(tables.articles),
            "revisions": sa.select(sa.func.count()).select_from(tables.revisions),
            "readings": sa.select(sa.func.count()).where(tables.revisions.c.outcome == "read"),
            "mentions": sa.select(sa.func.count()).where(tables.mentions.c.ended_position.is_(None)),
            "alerts": sa.select(sa.func.count()).select_from(tables.alerts),
        }
        numbers = {name: connection.scalar(query) or 0 for name, query in counted.items()}
        feeds = sum(feed.state != "gone" for feed in self.feeds(connection))
        return Counts(claims=len(self.claim_set(connection).claims), feeds=feeds, **numbers)


def _known(table: sa.Table, as_known: int | None) -> sa.ColumnElement[bool]:
    return sa.true() if as_known is None else table.c.position <= as_known


def _url(text: ArticleText | None) -> str | None:
    return text.url if text else None


def _feed(row: Row[Any]) -> Feed:
    text = FeedText("") if row.text is None else msgspec.json.decode(row.text, type=FeedText)
    moved = text if row.moved is None else msgspec.json.decode(row.moved, type=FeedText)
    return Feed(row.feed, moved.url, text.title, row.outlet, text.outlet, row.interval, row.state, from_micros(row.since))


def _revision(row: Row[Any]) -> Revision:
    text = None if row.text is None else msgspec.json.decode(row.text, type=RevisionText)
    edits = msgspec.json.decode(row.edits, type=tuple[EditFound, ...])
    return Revision(
        row.article, row.revision, row.position, from_micros(row.occurred_at), from_micros(row.seen_at),
        _when(row.claimed_at), row.rendition, row.content, row.page, row.outcome,
        tuple((edit.kind, edit.claim) for edit in edits),
        text.url if text else None, text.title if text else None, text.passages if text else (),
    )  # fmt: skip


def _evidence(row: Row[Any], reviews: dict[tuple[str, str, str], tuple[int, Review]], as_known: int | None) -> Evidence:
    event = decode(
        MentionRecorded.NAME,
        MentionRecorded.SCHEMA,
        row.facts.encode(),
        None if row.text is None else row.text.encode(),
    )
    assert isinstance(event, MentionRecorded)
    ended = row.ended_position is not None and (as_known is None or row.ended_position <= as_known)
    decided = [
        reviews[key]
        for name in (event.anchor, event.mention)
        if name is not None and (key := (event.article, event.claim, name)) in reviews
    ]
    return Evidence(
        event,
        from_micros(row.occurred_at),
        row.position,
        from_micros(row.ended_at) if ended else None,
        max(decided, key=lambda found: found[0])[1] if decided else None,
    )
