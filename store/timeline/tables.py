"""The read tables: what the ledger says, laid out for questions.

Every row has the ledger position that made it, so that "as known at a position" is a comparison. Instants are integer
microseconds. What can be erased lies in columns named `text` (JSON) or in rows of `article_urls`, and nothing else
is computed from it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, Text

VERSION = 1
"""Of the tables' layout: read tables of another version are rebuilt, not migrated."""

_ROWID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps rows in order of an INTEGER key without a second index."""


def _position(name: str = "position") -> Column[Any]:
    return Column(name, _ROWID, primary_key=True, autoincrement=False)


class Tables:
    """The tables under one prefix; a second prefix holds a rebuild beside the tables in use."""

    def __init__(self, prefix: str) -> None:
        self.metadata = metadata = sa.MetaData()

        def table(name: str, *columns: Column[Any], indexes: tuple[tuple[str, ...], ...] = ()) -> sa.Table:
            index = [Index(f"{prefix}{name}_{'_'.join(names)}", *names) for names in indexes]
            return sa.Table(f"{prefix}{name}", metadata, *columns, *index)

        def instant(name: str, *, nullable: bool = False) -> Column[Any]:
            return Column(name, BigInteger, nullable=nullable)

        def word(name: str, *, nullable: bool = False) -> Column[Any]:
            return Column(name, Text, nullable=nullable)

        def number(name: str, *, nullable: bool = False) -> Column[Any]:
            return Column(name, BigInteger, nullable=nullable)

        def text() -> Column[Any]:
            return word("text", nullable=True)

        self.cursor = table(
            "cursor",
            _position("id"),
            number("next"),
            number("version"),
        )
        self.feeds = table(
            "feeds",
            _position(), word("feed"), word("outlet"), number("interval"), word("state"),
            instant("since"), word("reason", nullable=True), text(), word("moved", nullable=True),
            indexes=(("feed",),),
        )  # fmt: skip
        self.articles = table(
            "articles",
            _position(), word("article"), word("feed"), word("outlet"), instant("occurred_at"), number("revision"),
            instant("withdrawn_at", nullable=True), number("withdrawn_position", nullable=True),
            word("merged_into", nullable=True), number("erased", nullable=True),
            indexes=(("article",), ("occurred_at",), ("outlet",)),
        )  # fmt: skip
        self.revisions = table(
            "revisions",
            _position(), word("article"), number("revision"), instant("occurred_at"), word("occurred_basis"),
            instant("claimed_at", nullable=True), instant("seen_at"), word("language", nullable=True),
            word("rendition"), word("page", nullable=True), word("content"), word("outcome"),
            word("edits"), text(),
            indexes=(("article", "revision"),),
        )  # fmt: skip
        self.article_urls = table(
            "article_urls",
            _position(), word("article"), word("url"),
            indexes=(("url",), ("article",)),
        )  # fmt: skip
        self.claims = table("claims", _position(), word("claim"), word("definition", nullable=True), indexes=(("claim",),))
        self.entities = table("entities", _position(), word("entity"), word("definition"), indexes=(("entity",),))
        self.stories = table(
            "stories", _position(), word("story"), word("title"), instant("occurred_at"), indexes=(("story",),)
        )
        self.mentions = table(
            "mentions",
            _position(), word("mention"), word("article"), number("revision"), word("outlet"), word("claim"),
            instant("occurred_at"), word("stance"), number("score"), word("facts"), text(),
            instant("ended_at", nullable=True), number("ended_position", nullable=True),
            word("ended_reason", nullable=True),
            indexes=(("claim", "position"), ("mention",), ("article",)),
        )  # fmt: skip
        ended = self.mentions.c.ended_position
        Index(
            f"{prefix}mentions_ended", self.mentions.c.claim, ended,
            sqlite_where=ended.is_not(None), postgresql_where=ended.is_not(None),
        )  # fmt: skip
        self.reviews = table(
            "reviews",
            _position(), word("mention"), word("anchor"), word("article"), word("claim"),
            instant("occurred_at"), word("facts"), text(),
            indexes=(("claim",), ("mention",)),
        )  # fmt: skip
        self.statuses = table(
            "statuses",
            _position(), word("claim"), instant("occurred_at"), instant("recorded_at"),
            word("before"), word("after"), word("policy"), number("independent_origins"), word("mentions"),
            number("cause", nullable=True),
            indexes=(("claim",),),
        )  # fmt: skip
        self.alerts = table(
            "alerts",
            _position(), word("alert"), word("rule"), word("rule_version"), word("trigger"), word("channel"),
            word("story", nullable=True), word("claim", nullable=True), word("mention", nullable=True),
            number("trigger_position"), word("retracts", nullable=True), instant("raised_at"),
            word("state"), number("attempts"), word("message", nullable=True), instant("state_at"),
            word("reason", nullable=True), text(),
            indexes=(("alert",), ("claim",), ("state", "position")),
        )  # fmt: skip
        self.mutes = table(
            "mutes", _position(), word("scope"), instant("muted_at"), instant("until"), text(), indexes=(("scope",),)
        )
        self.rules = table("rules", _position(), word("version"), word("rules"), instant("recorded_at"))
        self.readers = table("readers", _position(), word("reader"), word("models"), instant("recorded_at"))

    @property
    def erasable(self) -> tuple[sa.Table, ...]:
        """Tables whose `text` holds words of articles."""
        return tuple(table for table in self.metadata.tables.values() if "text" in table.c)
