"""A new, empty database for a test: a SQLite file, or a schema of its own on the PostgreSQL server that is at hand."""

from contextlib import contextmanager
from uuid import uuid4

import tiers

from dateline.settings import Settings
from store.database import create_schema, drop_schema

KINDS = ("sqlite", "postgresql")


@contextmanager
def fresh(kind, folder):
    """Yields its URL. PostgreSQL's schema is dropped in the end; without a server the test is skipped, or fails if required."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'fresh.db'}"
        return
    name = f"test_{uuid4().hex[:12]}"
    settings = Settings(home=folder, database_url=tiers.requires_tier("postgresql"), database_schema=name)
    create_schema(settings.server_url(), name)
    try:
        yield settings.ledger_url()
    finally:
        drop_schema(settings.server_url(), name)
