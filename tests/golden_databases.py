"""Databases as an earlier release left them, rows and all: built by that release's revisions, on either server.

`golden/databases/REVISION/` holds what the first release had recorded of a small play, and what it said about it.
"""

import base64
import json
from pathlib import Path

import sqlalchemy as sa

from store.database import writing
from store.migrations.lines import CONTENT, LEDGER
from store.migrations.run import upgrade

FOLDER = Path(__file__).parent / "golden" / "databases"
SECRET = b"the demonstration keeps no secret"[:32]
EXPECTED = json.loads((FOLDER / "0001" / "expected.json").read_text(encoding="utf-8"))


def fill(engine, line, revision="0001"):
    """Builds the line's tables of that revision and puts in the rows that were kept of it."""
    rows = {}
    for text in (FOLDER / revision / f"{line.name}.jsonl").read_text(encoding="utf-8").splitlines():
        table, row = json.loads(text)
        rows.setdefault(table, []).append({name: _value(value) for name, value in row.items()})
    with writing(engine) as connection:
        upgrade(connection, line, revision)
        found = sa.MetaData()
        found.reflect(connection)
        for table, values in rows.items():
            connection.execute(found.tables[table].insert(), values)


def uncount(engine):
    """Makes it a database from before revisions were counted."""
    with writing(engine) as connection:
        for line in (LEDGER, CONTENT):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {line.version_table}")


def _value(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
