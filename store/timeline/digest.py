"""One number for the contents of all read tables, the same on every database that holds the same rows."""

import hashlib

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from store.timeline.tables import Tables

_json = msgspec.json.Encoder()


def digest(connection: Connection, tables: Tables) -> str:
    """SHA-256 over each table's own name and rows, in order of the integer primary key.

    Integers order alike in every database, words do not; so no table is ordered by a word.
    """
    total = hashlib.sha256()
    prefix = len(tables.cursor.name) - len("cursor")
    for name, table in sorted(tables.metadata.tables.items()):
        total.update(_json.encode(["table", name[prefix:]]) + b"\n")
        rows = connection.execute(
            sa.select(*table.c).order_by(*table.primary_key.columns), execution_options={"yield_per": 1000}
        )
        for row in rows:
            total.update(_json.encode(tuple(row)) + b"\n")
    return total.hexdigest()
