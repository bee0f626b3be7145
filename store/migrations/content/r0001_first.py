"""The contents' database of the first release: pages, texts, the outbox, and what ingest remembers.

Also what a database that was made before revisions were counted is brought to: what it has stays as it is.
"""

import sqlalchemy as sa
from alembic import op

from store.migrations.spelling import columns

revision = "0001"
down_revision = None

TABLES = {
    "content_revisions": (
        "article:str! revision:int! rendition:str feed:str outlet:str seen_at:big occurred_at:big claimed_at:big? "
        "language:str? outlet_name:str? url:str? title:str? byline:str?"
    ),
    "content_pages": "article:str! revision:int! commitment:str packed:bool salt:bytes? body:bytes?",
    "content_texts": "article:str! revision:int! rendition:str! commitment:str salt:bytes? body:bytes?",
    "content_aliases": "article:str! alias:str! name:str?",
    "content_addresses": "article:str! url:str?",
    "content_erasures": "article:str!",
    "content_outbox": "sequence:bigserial! key:str article:str message:bytes announced:bool",
    "ingest_feeds": "feed:str! next_due:big state:bytes",
    "ingest_articles": "article:str! next_visit:big? state:bytes",
    "ingest_keys": "key:str! article:str",
    "ingest_attempts": "key:str! count:int",
    "ingest_marks": "name:str! at:big",
}
INDEXES = (
    ("ingest_articles_next_visit", "ingest_articles", "next_visit"),
    ("ix_ingest_keys_article", "ingest_keys", "article"),
)


def upgrade() -> None:
    for name, spelled in TABLES.items():
        more = [sa.UniqueConstraint("key")] if name == "content_outbox" else []
        op.create_table(name, *columns(spelled), *more, if_not_exists=True)
    for name, table, of in INDEXES:
        op.create_index(name, table, of.split(), if_not_exists=True)
    op.create_index(
        "content_outbox_waiting", "content_outbox", ["sequence"],
        sqlite_where=sa.text("announced = 0"), postgresql_where=sa.text("NOT announced"), if_not_exists=True,
    )  # fmt: skip
