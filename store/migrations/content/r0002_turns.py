"""Turns: which poller has a feed or an article's page in hand; and an index on when a feed is due."""

from alembic import op

from store.migrations.spelling import columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table("ingest_turns", *columns("subject:str! owner:str token:big until:big"))
    op.create_index("ingest_feeds_next_due", "ingest_feeds", ["next_due"])
