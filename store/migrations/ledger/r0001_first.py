"""The ledger's database of the first release: ledger, read tables, the recorder's and the alerts' own.

Also what a database that was made before revisions were counted is brought to: what it has stays as it is.
"""

import sqlalchemy as sa
from alembic import op

from store.migrations.spelling import columns

revision = "0001"
down_revision = None

TABLES = {
    "events": (
        "position:rowid! stream:text stream_version:int name:text schema:int occurred_at:big recorded_at:big "
        "actor:text cause:big? articles:text facts:bytes salt:bytes text_commitment:bytes? leaf:bytes"
    ),
    "texts": "position:rowid! text:bytes salt:bytes",
    "keys": "key:bytes! position:big",
    "tree": "level:int! index:big! hash:bytes",
    "head": "one:serial! format:int log:text size:big recorded_at:big frontier:bytes",
    "read_cursor": "id:rowid! next:big version:big",
    "read_feeds": (
        "position:rowid! feed:text outlet:text interval:big state:text since:big reason:text? text:text? "
        "moved:text?"
    ),
    "read_articles": (
        "position:rowid! article:text feed:text outlet:text occurred_at:big revision:big withdrawn_at:big? "
        "withdrawn_position:big? merged_into:text? erased:big?"
    ),
    "read_revisions": (
        "position:rowid! article:text revision:big occurred_at:big occurred_basis:text claimed_at:big? seen_at:big "
        "language:text? rendition:text page:text? content:text outcome:text edits:text text:text?"
    ),
    "read_article_urls": "position:rowid! article:text url:text",
    "read_claims": "position:rowid! claim:text definition:text?",
    "read_entities": "position:rowid! entity:text definition:text",
    "read_stories": "position:rowid! story:text title:text occurred_at:big",
    "read_mentions": (
        "position:rowid! mention:text article:text revision:big outlet:text claim:text occurred_at:big stance:text "
        "score:big facts:text text:text? ended_at:big? ended_position:big? ended_reason:text?"
    ),
    "read_reviews": "position:rowid! mention:text anchor:text article:text claim:text occurred_at:big facts:text text:text?",
    "read_statuses": (
        "position:rowid! claim:text occurred_at:big recorded_at:big before:text after:text policy:text "
        "independent_origins:big mentions:text cause:big?"
    ),
    "read_alerts": (
        "position:rowid! alert:text rule:text rule_version:text trigger:text channel:text story:text? claim:text? "
        "mention:text? trigger_position:big retracts:text? raised_at:big state:text attempts:big message:text? "
        "state_at:big reason:text? text:text?"
    ),
    "read_mutes": "position:rowid! scope:text muted_at:big until:big text:text?",
    "read_rules": "position:rowid! version:text rules:text recorded_at:big",
    "read_readers": "position:rowid! reader:text models:text recorded_at:big",
    "places": "bus:text! topic:text! partition:int! next:big",
    "newest_readings": "article:text! revision:int claims_at:big reader:text",
    "rereads": "article:text! scope:text",
    "ticks": "name:text! at:big",
    "alert_cursor": "one:int! next:big",
    "alert_items": (
        "alert:text! rule:text rule_version:text trigger:text channel:text story:text? claim:text? mention:text? "
        "position:big raised:big raised_at:big grp:text state:text reason:text? message:text? retracted_by:text?"
    ),
    "alert_groups": "grp:text! rule:text channel:text story:text? due_at:big? last_at:big?",
    "alert_messages": (
        "message:text! kind:text channel:text rule:text story:text? formed_at:big due_at:big state:text "
        "attempts:int first_attempted_at:big? lease_owner:text? lease_until:big? done:text receipt:text? "
        "reason:text?"
    ),
    "alert_threads": "channel:text! story:text! thread:text",
}
WITHOUT_ROWID = ("keys", "tree")
INDEXES = (
    ("read_feeds_feed", "read_feeds", "feed"),
    ("read_articles_article", "read_articles", "article"),
    ("read_articles_occurred_at", "read_articles", "occurred_at"),
    ("read_articles_outlet", "read_articles", "outlet"),
    ("read_revisions_article_revision", "read_revisions", "article revision"),
    ("read_article_urls_article", "read_article_urls", "article"),
    ("read_article_urls_url", "read_article_urls", "url"),
    ("read_claims_claim", "read_claims", "claim"),
    ("read_entities_entity", "read_entities", "entity"),
    ("read_stories_story", "read_stories", "story"),
    ("read_mentions_article", "read_mentions", "article"),
    ("read_mentions_claim_position", "read_mentions", "claim position"),
    ("read_mentions_mention", "read_mentions", "mention"),
    ("read_reviews_claim", "read_reviews", "claim"),
    ("read_reviews_mention", "read_reviews", "mention"),
    ("read_statuses_claim", "read_statuses", "claim"),
    ("read_alerts_alert", "read_alerts", "alert"),
    ("read_alerts_claim", "read_alerts", "claim"),
    ("read_mutes_scope", "read_mutes", "scope"),
    ("alert_items_mention", "alert_items", "mention"),
    ("alert_items_message", "alert_items", "message"),
    ("alert_items_position", "alert_items", "position"),
    ("alert_items_state", "alert_items", "state grp"),
    ("alert_messages_state", "alert_messages", "state due_at"),
)


def upgrade() -> None:
    for name, spelled in TABLES.items():
        more = [sa.UniqueConstraint("stream", "stream_version")] if name == "events" else []
        op.create_table(
            name, *columns(spelled), *more, sqlite_with_rowid=name not in WITHOUT_ROWID, if_not_exists=True
        )  # fmt: skip
    for name, table, of in INDEXES:
        op.create_index(name, table, of.split(), if_not_exists=True)
    ended = sa.text("ended_position IS NOT NULL")
    op.create_index(
        "read_mentions_ended", "read_mentions", ["claim", "ended_position"],
        sqlite_where=ended, postgresql_where=ended, if_not_exists=True,
    )  # fmt: skip
