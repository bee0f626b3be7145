"""Bringing a home's databases to this release's revisions, and telling what that means before it is done.

The rooms own their tables and know nothing of each other; the revisions lie in the store. Only here both are seen, so here
they are compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, MetaData

from alerts import tables as alerting
from dateline.errors import CONFIG, UserError
from dateline.home import Home, opened
from ingest import state as ingest
from store import chores, content_tables, places, tables
from store.database import reading
from store.migrations.lines import CONTENT, FRESH, LEDGER, Line, NewerSchema, revision_of
from store.migrations.opening import migrate
from store.migrations.run import Step, differences, steps
from store.timeline import Timeline


class Standing(NamedTuple):
    """Where one database stands. `found` is "fresh" where it does not exist yet, "uncounted" from before the first revision.

    `differences` are what a database at this release's revision has otherwise than this release expects.
    """

    database: str
    found: str
    needed: str
    steps: tuple[Step, ...]
    differences: tuple[str, ...]

    @property
    def outdated(self) -> bool:
        """Whether something must be done; a database that does not exist yet is made when it is first opened."""
        return bool(self.steps) and self.found != FRESH


def models(line: Line) -> list[MetaData]:
    """The tables that the rooms keep in this database, as they declare them."""
    if line is LEDGER:
        return [tables.metadata, Timeline().metadata, places.metadata, alerting.metadata, chores.metadata]
    return [content_tables.metadata, ingest.metadata]


def standings(home: Home) -> list[Standing]:
    """Looks at both databases and changes nothing. Raises UserError for one of a newer release."""
    return [_standing(home, line) for line in (LEDGER, CONTENT)]


def migrate_all(home: Home) -> list[Path]:
    """Brings both databases to this release's revisions, each in one transaction; returns the copies of files that were kept.

    Done once more, it does nothing. Raises UserError for a database of a newer release.
    """
    kept = []
    for line in (LEDGER, CONTENT):
        with _engine(home, line) as engine:
            try:
                kept.append(migrate(engine, line))
            except NewerSchema as error:
                raise UserError(str(error), CONFIG) from error
    return [copy for copy in kept if copy is not None]


def _standing(home: Home, line: Line) -> Standing:
    with _engine(home, line) as engine:
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
            return Standing(line.name, FRESH, line.head, tuple(steps(line, FRESH)), ())
        with reading(engine) as connection:
            found = revision_of(connection, line)
            if found != FRESH and found > line.head:
                raise UserError(str(NewerSchema(line, found)), CONFIG)
            odd = differences(connection, models(line)) if found == line.head else []
    return Standing(line.name, found or "uncounted", line.head, tuple(steps(line, found)), tuple(odd))


@contextmanager
def _engine(home: Home, line: Line) -> Iterator[Engine]:
    engine = opened(home.settings.ledger_url() if line is LEDGER else home.settings.content_url())
    try:
        yield engine
    finally:
        engine.dispose()
