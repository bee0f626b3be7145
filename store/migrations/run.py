"""The only file that calls Alembic: runs revisions, tells what they would do, and compares the models with a database."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from store.migrations.lines import FRESH, UNCOUNTED, Line

_HERE = Path(__file__).parent


class Step(NamedTuple):
    """One revision, and what it does in a sentence."""

    revision: str
    what: str


def upgrade(connection: Connection, line: Line, to: str = "head") -> None:
    """Brings the database to a revision, within the caller's writing transaction: all of it or nothing."""
    config = _config(line)
    config.attributes["connection"], config.attributes["version_table"] = connection, line.version_table
    command.upgrade(config, to)


def steps(line: Line, found: str) -> list[Step]:
    """What lies between a revision (or FRESH, UNCOUNTED) and this release's, in the order in which it is run."""
    base = "base" if found in (FRESH, UNCOUNTED) else found
    scripts = ScriptDirectory.from_config(_config(line)).iterate_revisions(line.head, base)
    return [Step(script.revision, (script.doc or "").partition("\n")[0]) for script in scripts][::-1]


def differences(connection: Connection, models: Sequence[MetaData]) -> list[str]:
    """What a database has otherwise than the models say, a line each: tables, columns, types, NULLs, indexes, unique ones.

    Tables that no model knows are somebody else's and do not count. Primary keys and conditions of indexes are not looked at.
    """
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
    return [line for found in compare_metadata(context, _together(models)) for line in _told(found)]


def _config(line: Line) -> Config:
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("version_locations", str(_HERE / line.name).replace("%", "%%"))
    return config


def _together(models: Sequence[MetaData]) -> MetaData:
    together = MetaData()
    for metadata in models:
        for table in metadata.tables.values():
            table.to_metadata(together)
    return together


def _ours(_thing: Any, _name: str | None, kind: str, reflected: bool, model: Any) -> bool:
    return not (kind == "table" and reflected and model is None)


def _told(found: Any) -> Iterator[str]:
    """Alembic gives a tuple for each table, index and so on, and a list of tuples for what changed in a column."""
    if isinstance(found, list):
        for part in found:
            yield f"{part[0]} {part[2]}.{part[3]}: {part[-2]!r} in the database, {part[-1]!r} in this release"
        return
    kind, thing = found[0], found[-1]
    table = getattr(thing, "table", None)
    yield f"{kind} {table.name + '.' if table is not None else ''}{thing.name}"
