"""Hosts: when each may be asked next, for all pollers together."""

from alembic import op

from store.migrations.spelling import columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table("ingest_hosts", *columns("host:str! free_at:big silent_until:big"))
