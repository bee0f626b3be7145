"""Which revision a database is at, and which one this release works with. Loads no Alembic: every command asks.

Embedded, the two lines lie in a file each; on PostgreSQL both lie in one schema, each with a version table of its own.
"""

from typing import NamedTuple

from sqlalchemy import Connection, inspect


class Line(NamedTuple):
    """One database's line of revisions. `marker` is a table that it has had from the first."""

    name: str
    head: str
    marker: str

    @property
    def version_table(self) -> str:
        return f"{self.name}_revision"


LEDGER = Line("ledger", "0003", "head")
CONTENT = Line("content", "0003", "content_revisions")

FRESH = "fresh"
"""In a revision's place: there is nothing of ours yet."""
UNCOUNTED = ""
"""In a revision's place: tables from before revisions were counted; they are those of the first one, or some of them."""


class SchemaError(Exception):
    """The database is not at this release's revision, and it is not for us to change that here."""

    def __init__(self, line: Line, found: str, what: str) -> None:
        super().__init__(what)
        self.line, self.found = line, found


class OlderSchema(SchemaError):
    def __init__(self, line: Line, found: str) -> None:
        at = f"at revision {found}" if found else "from before revisions were counted"
        super().__init__(
            line, found,
            f"the {line.name} database is {at}, this release needs {line.head}. Stop every role, then run `dateline migrate`.",
        )  # fmt: skip


class NewerSchema(SchemaError):
    def __init__(self, line: Line, found: str) -> None:
        super().__init__(
            line, found,
            f"the {line.name} database was written by a newer Dateline (revision {found}, this release knows {line.head}). "
            "Install that release, or point --home elsewhere.",
        )  # fmt: skip


def revision_of(connection: Connection, line: Line) -> str:
    """The revision that the database is at, FRESH or UNCOUNTED."""
    tables = inspect(connection)
    if tables.has_table(line.version_table):
        found = connection.exec_driver_sql(f"SELECT version_num FROM {line.version_table}").scalar()  # noqa: S608 - own name
        if found is not None:
            return str(found)
    return UNCOUNTED if tables.has_table(line.marker) else FRESH
