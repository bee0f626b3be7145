"""What each event changes in the read tables."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, Struct
from sqlalchemy import Connection, bindparam

from store import events as ev
from store.clock import to_micros
from store.tables import bulk_insert
from store.timeline.tables import Tables
from store.wire import encode

Params = dict[str, Any]
_json = msgspec.json.Encoder(order="sorted")

WORLD_REASONS = frozenset({"revised", "article_withdrawn"})
"""A mention withdrawn for these stood until then. For any other reason it was a misreading and never stood."""


class Fact(Protocol):
    """What the read tables need to know of a recorded event; `store.ledger.Recorded` is one."""

    @property
    def position(self) -> int: ...
    @property
    def occurred_at(self) -> Any: ...
    @property
    def recorded_at(self) -> Any: ...
    @property
    def cause(self) -> int | None: ...
    @property
    def event(self) -> ev.Event: ...


def _text(event: Any) -> str | None:
    return None if event.text is UNSET else _json.encode(event.text).decode()


def _dump(value: object) -> str:
    return _json.encode(value).decode()


class Statements:
    """The statements that changes are made of, built once, so that runs of one statement go out together."""

    def __init__(self, tables: Tables) -> None:
        feeds, articles, mentions, alerts = tables.feeds, tables.articles, tables.mentions, tables.alerts
        this_feed = feeds.c.feed == bindparam("b_feed")
        this_article = articles.c.article == bindparam("b_article")
        open_mention = sa.and_(
            mentions.c.mention == bindparam("b_mention"),
            mentions.c.position < bindparam("ended_position"),
            mentions.c.ended_position.is_(None),
        )
        self.feed_move = feeds.update().where(this_feed).values(moved=bindparam("moved"))
        self.feed_state = feeds.update().where(this_feed).values(
            state=bindparam("state"), since=bindparam("since"), reason=bindparam("reason")
        )  # fmt: skip
        self.article_revise = articles.update().where(this_article, articles.c.revision < bindparam("revision")).values(
            revision=bindparam("revision")
        )  # fmt: skip
        self.article_withdraw = articles.update().where(this_article, articles.c.withdrawn_position.is_(None)).values(
            withdrawn_at=bindparam("withdrawn_at"), withdrawn_position=bindparam("withdrawn_position")
        )  # fmt: skip
        self.article_merge = articles.update().where(this_article).values(merged_into=bindparam("merged_into"))
        self.article_erase = articles.update().where(this_article).values(erased=bindparam("erased"))
        ended: dict[str, Any] = {"ended_position": bindparam("ended_position"), "ended_reason": bindparam("ended_reason")}
        self.mention_end = mentions.update().where(open_mention).values(ended_at=bindparam("ended_at"), **ended)
        self.mention_disown = mentions.update().where(open_mention).values(ended_at=mentions.c.occurred_at, **ended)
        self.alert_state = alerts.update().where(alerts.c.alert == bindparam("b_alert")).values(
            state=bindparam("state"), attempts=bindparam("attempts"), message=bindparam("message"),
            state_at=bindparam("state_at"), reason=bindparam("reason"),
        )  # fmt: skip
        self.erase = {
            table.name: table.update().where(table.c.position == bindparam("b_position")).values(text=None)
            for table in tables.erasable
        }
        urls = tables.article_urls
        self.url_erase = urls.delete().where(urls.c.position == bindparam("b_position"))


class Changes:
    """The changes of one batch, gathered by table.

    Tables are independent of one another, so it is enough that each table's own changes keep their order; runs of
    one statement are executed together.
    """

    def __init__(self, tables: Tables, statements: Statements) -> None:
        self._tables, self._do = tables, statements
        self._runs: dict[str, list[tuple[sa.Executable | None, list[Params]]]] = {}  # None: rows to insert

    def execute(self, connection: Connection) -> None:
        for name, runs in self._runs.items():
            table = self._tables.metadata.tables[name]
            columns = [column.name for column in table.columns]
            for statement, rows in runs:
                if statement is None:
                    bulk_insert(connection, table, [tuple([row[column] for column in columns]) for row in rows])
                else:
                    connection.execute(statement, rows)

    def _add(self, table: sa.Table, statement: sa.Executable | None, **params: object) -> None:
        runs = self._runs.setdefault(table.name, [])
        if not runs or runs[-1][0] is not statement:
            runs.append((statement, []))
        runs[-1][1].append(params)

    def _insert(self, table: sa.Table, **row: object) -> None:
        self._add(table, None, **row)

    def take(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._take(fact, fact.event)

    def _take(self, fact: Fact, event: ev.Event) -> None:
        match event:
            case ev.FeedAdded() | ev.FeedMoved() | ev.FeedFailing() | ev.FeedRecovered() | ev.FeedGone():
                self._feed(fact, event)
            case ev.ArticlePublished() | ev.ArticleRevised():
                self._revision(fact, event)
            case ev.ArticleWithdrawn() | ev.ArticleAliased() | ev.ArticleMerged() | ev.ArticleErased():
                self._article(fact, event)
            case ev.MentionRecorded() | ev.MentionWithdrawn() | ev.MentionReviewed():
                self._mention(fact, event)
            case ev.AlertRaised() | ev.AlertAttempted() | ev.AlertDelivered() | ev.AlertFailed() | ev.AlertMuted():
                self._alert(fact, event)
            case _:
                self._definition(fact, event)

    def _definition(self, fact: Fact, event: ev.Event) -> None:
        tables, position = self._tables, fact.position
        match event:
            case ev.ClaimTracked(claim=claim) | ev.ClaimAmended(claim=claim):
                self._insert(tables.claims, position=position, claim=claim.id, definition=_dump(claim))
            case ev.ClaimRetired(claim=retired):
                self._insert(tables.claims, position=position, claim=retired, definition=None)
            case ev.EntityDefined(entity=entity):
                self._insert(tables.entities, position=position, entity=entity.id, definition=_dump(entity))
            case ev.StoryOpened(story=story, title=title) | ev.StoryAmended(story=story, title=title):
                at = to_micros(fact.occurred_at)
                self._insert(tables.stories, position=position, story=story, title=title, occurred_at=at)
            case ev.ClaimStatusChanged():
                self._insert(
                    tables.statuses, position=position, claim=event.claim, before=event.before, after=event.after,
                    occurred_at=to_micros(fact.occurred_at), recorded_at=to_micros(fact.recorded_at),
                    policy=event.policy, independent_origins=event.independent_origins,
                    mentions=_dump(event.mentions), cause=fact.cause,
                )  # fmt: skip
            case ev.RulesChanged(version=version, rules=rules):
                at = to_micros(fact.recorded_at)
                self._insert(tables.rules, position=position, version=version, rules=rules, recorded_at=at)
            case ev.ReaderDeployed(reader=reader, models=models):
                at = to_micros(fact.recorded_at)
                self._insert(tables.readers, position=position, reader=reader, models=_dump(models), recorded_at=at)
            case _:
                pass  # quarantine, checkpoints and replays change no answer about the news

    def _feed(self, fact: Fact, event: ev.Event) -> None:
        feeds, do, at = self._tables.feeds, self._do, to_micros(fact.occurred_at)
        match event:
            case ev.FeedAdded():
                self._insert(
                    feeds, position=fact.position, feed=event.feed, outlet=event.outlet, interval=event.interval,
                    state="active", since=at, reason=None, text=_text(event), moved=None,
                )  # fmt: skip
            case ev.FeedMoved():
                self._add(feeds, do.feed_move, b_feed=event.feed, moved=_text(event))
            case ev.FeedFailing():
                since = to_micros(event.since)
                self._add(feeds, do.feed_state, b_feed=event.feed, state="failing", since=since, reason=event.reason)
            case ev.FeedRecovered():
                self._add(feeds, do.feed_state, b_feed=event.feed, state="active", since=at, reason=None)
            case ev.FeedGone():
                self._add(feeds, do.feed_state, b_feed=event.feed, state="gone", since=at, reason=event.reason)

    def _revision(self, fact: Fact, event: ev.ArticlePublished | ev.ArticleRevised) -> None:
        tables, at = self._tables, to_micros(fact.occurred_at)
        revision, edits = (event.revision, event.edits) if isinstance(event, ev.ArticleRevised) else (1, ())
        if revision == 1:
            self._insert(
                tables.articles, position=fact.position, article=event.article, feed=event.feed, outlet=event.outlet,
                occurred_at=at, revision=1, withdrawn_at=None, withdrawn_position=None, merged_into=None,
                erased=None,
            )  # fmt: skip
        else:
            self._add(tables.articles, self._do.article_revise, b_article=event.article, revision=revision)
        self._insert(
            tables.revisions, position=fact.position, article=event.article, revision=revision, occurred_at=at,
            occurred_basis=event.occurred_basis, seen_at=to_micros(event.seen_at), language=event.language,
            claimed_at=None if event.claimed_at is None else to_micros(event.claimed_at),
            rendition=event.rendition, page=event.page, content=event.content, outcome=event.outcome,
            edits=_dump(edits), text=_text(event),
        )  # fmt: skip
        if event.text is not UNSET:
            self._insert(tables.article_urls, position=fact.position, article=event.article, url=event.text.url)

    def _article(self, fact: Fact, event: ev.Event) -> None:
        tables, do, at = self._tables, self._do, to_micros(fact.occurred_at)
        articles, urls = tables.articles, tables.article_urls
        match event:
            case ev.ArticleWithdrawn(article=article):
                self._add(articles, do.article_withdraw, b_article=article, withdrawn_at=at, withdrawn_position=fact.position)
            case ev.ArticleMerged(article=article, into=into):
                self._add(articles, do.article_merge, b_article=article, merged_into=into)
            case ev.ArticleAliased(article=article, text=text) if text is not UNSET:
                self._insert(urls, position=fact.position, article=article, url=text.url)
            case ev.ArticleErased(article=article, positions=positions):
                self._add(articles, do.article_erase, b_article=article, erased=fact.position)
                for position in positions:
                    self._add(urls, do.url_erase, b_position=position)
                    for table in tables.erasable:
                        self._add(table, do.erase[table.name], b_position=position)

    def _mention(self, fact: Fact, event: ev.Event) -> None:
        tables, at = self._tables, to_micros(fact.occurred_at)
        match event:
            case ev.MentionRecorded():
                self._insert(
                    tables.mentions, position=fact.position, mention=event.mention, article=event.article,
                    revision=event.revision, outlet=event.outlet, claim=event.claim, occurred_at=at,
                    stance=event.stance, score=event.score, facts=_facts(event), text=_text(event),
                    ended_at=None, ended_position=None, ended_reason=None,
                )  # fmt: skip
            case ev.MentionWithdrawn(mention=mention, reason=reason):
                ended: Params = {"b_mention": mention, "ended_position": fact.position, "ended_reason": reason}
                if reason in WORLD_REASONS:
                    self._add(tables.mentions, self._do.mention_end, ended_at=at, **ended)
                else:
                    self._add(tables.mentions, self._do.mention_disown, **ended)
            case ev.MentionReviewed():
                self._insert(
                    tables.reviews, position=fact.position, mention=event.mention, anchor=event.anchor,
                    article=event.article, claim=event.claim, occurred_at=at,
                    facts=_facts(event), text=_text(event),
                )  # fmt: skip

    def _alert(self, fact: Fact, event: ev.Event) -> None:
        alerts, at = self._tables.alerts, to_micros(fact.occurred_at)
        match event:
            case ev.AlertRaised():
                self._insert(
                    alerts, position=fact.position, alert=event.alert, rule=event.rule, channel=event.channel,
                    rule_version=event.rule_version, trigger=event.trigger, story=event.story, claim=event.claim,
                    mention=event.mention, trigger_position=event.position, retracts=event.retracts, raised_at=at,
                    state="raised", attempts=0, message=None, state_at=at, reason=None, text=_text(event),
                )  # fmt: skip
            case ev.AlertAttempted():
                self._alert_state("attempted", event.alerts, event.attempt, event.message, at)
            case ev.AlertDelivered():
                self._alert_state("delivered", event.alerts, event.attempt, event.message, at)
            case ev.AlertFailed():
                self._alert_state("failed", event.alerts, event.attempts, event.message, at, reason=event.reason)
            case ev.AlertMuted():
                self._insert(
                    self._tables.mutes, position=fact.position, scope=event.scope, muted_at=at,
                    until=to_micros(event.until), text=_text(event),
                )  # fmt: skip

    def _alert_state(
        self, state: str, alerts: Sequence[str], attempts: int, message: str, at: int, *, reason: str | None = None
    ) -> None:
        for alert in alerts:
            self._add(
                self._tables.alerts, self._do.alert_state, b_alert=alert, state=state, attempts=attempts,
                message=message, state_at=at, reason=reason,
            )  # fmt: skip


def _facts(event: Struct) -> str:
    assert isinstance(event, ev.Event)
    return encode(event)[0].decode()
