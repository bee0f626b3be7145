"""What a database's tables look like, as plain data that can be compared: for the tests of migrations."""

import re

import sqlalchemy as sa

from store.migrations.lines import CONTENT, LEDGER

OWN = {LEDGER.version_table, CONTENT.version_table}


def portrait(connection):
    """Table → columns, key, unique constraints and indexes with their conditions, in the database's own words."""
    looking = sa.inspect(connection)
    return {table: _table(looking, table) for table in sorted(set(looking.get_table_names()) - OWN)}


def _table(looking, table):
    columns = [(c["name"], str(c["type"]), c["nullable"], bool(_default(c))) for c in looking.get_columns(table)]
    return {
        "columns": sorted(columns),
        "key": looking.get_pk_constraint(table)["constrained_columns"],
        "unique": sorted(tuple(unique["column_names"]) for unique in looking.get_unique_constraints(table)),
        "indexes": sorted(
            (index["name"], tuple(index["column_names"]), index["unique"], _condition(index))
            for index in looking.get_indexes(table)
        ),
    }  # fmt: skip


def _default(column):
    """Whether the database gives the value: PostgreSQL's serial columns."""
    return column.get("default") or column.get("autoincrement") is True


def _condition(index):
    """The WHERE of a partial index."""
    found = [value for name, value in index.get("dialect_options", {}).items() if name.endswith("_where")]
    return re.sub(r"\s+", " ", str(found[0])) if found else ""
