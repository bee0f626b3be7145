"""Real servers, where `make services` has started them."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from dateline.settings import Settings
from store.database import create_schema, drop_schema, open_engine

_SERVICES = Path(__file__).parent.parent / ".services" / "env"


def address(variable: str) -> str | None:
    """The server's address, from the environment or from what `make services` noted; None where there is none."""
    noted = _SERVICES.read_text(encoding="utf-8").splitlines() if _SERVICES.exists() else []
    return os.environ.get(variable) or dict(line.split("=", 1) for line in noted).get(variable)


@contextmanager
def own_schema(server: str) -> Iterator[Engine]:
    """An engine on an empty PostgreSQL schema that nobody else uses; dropped in the end."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    settings = Settings(home=Path(), database_url=server, database_schema=name)
    create_schema(settings.server_url(), name)
    engine = open_engine(settings.ledger_url())
    try:
        yield engine
    finally:
        engine.dispose()
        drop_schema(settings.server_url(), name)
