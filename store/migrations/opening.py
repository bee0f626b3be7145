"""Opening a database: made at this release's revision if it is new, brought there if it is a file, else refused.

A file is migrated at once, since it has one user, who just installed a newer release; a copy of it is kept beside it. A
server may have other processes at work on it, of this release and of the one before: there somebody must say when.
"""

import os
import sqlite3
from pathlib import Path

import structlog
from sqlalchemy import Engine

from store.database import lock_tables, reading, writing
from store.migrations.lines import FRESH, Line, NewerSchema, OlderSchema, revision_of

_log = structlog.get_logger("migrations")


def prepare(engine: Engine, line: Line) -> None:
    """Returns when the database is at this release's revision. Raises OlderSchema (on a server) and NewerSchema.

    Any number of processes may ask at once: one of them works, the others wait. Killed midway, nothing has happened.
    """
    with reading(engine) as connection:
        if revision_of(connection, line) == line.head:
            return
    migrate(engine, line, only_files=True)


def migrate(engine: Engine, line: Line, *, only_files: bool = False) -> Path | None:
    """Brings the database to this release's revision; returns the copy that was kept of a file, if there was need for one.

    Raises NewerSchema, and with `only_files` OlderSchema for a server's database that is not new.
    """
    from store.migrations.run import upgrade  # noqa: PLC0415 - Alembic takes a tenth of a second to load, and is seldom needed

    with writing(engine) as connection:
        lock_tables(connection)
        found = revision_of(connection, line)
        if found == line.head:
            return None
        if found != FRESH and found > line.head:
            raise NewerSchema(line, found)
        embedded = engine.dialect.name == "sqlite"
        if only_files and not embedded and found != FRESH:
            raise OlderSchema(line, found)
        kept = keep_copy(Path(engine.url.database or ""), line) if embedded and found != FRESH else None
        upgrade(connection, line)
    if found != FRESH:
        _log.warning("migrated", database=line.name, found=found or "uncounted", now=line.head, copy=kept and str(kept))
    return kept


def keep_copy(file: Path, line: Line) -> Path:
    """Copies a SQLite file as last committed, whole or not at all; nobody may write to it meanwhile.

    A copy that was made before the same revision is replaced: that attempt did not come to its end.
    """
    kept = file.with_name(f"{file.name}.before-{line.head}")
    staged = kept.with_name(f".{kept.name}.{os.getpid()}")
    source, target = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True), sqlite3.connect(staged)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    staged.chmod(file.stat().st_mode & 0o777)
    with staged.open("rb") as written:
        os.fsync(written.fileno())
    staged.replace(kept)
    return kept
