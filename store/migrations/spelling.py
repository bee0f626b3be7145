"""Columns spelled shortly, for revisions: `"article:text! revision:int body:bytes?"`; `!` is key, `?` may be NULL.

Revisions are history. They spell out what a table was, and never import what it is today. So what is said here once is
never given another meaning: a new type gets a new word.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Text
from sqlalchemy.types import TypeEngine

_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "str": String(),
    "bytes": LargeBinary(),
    "bool": Boolean(),
    "int": Integer(),
    "big": BigInteger(),
    "rowid": BigInteger().with_variant(Integer(), "sqlite"),
    "serial": Integer(),
    "bigserial": Integer().with_variant(BigInteger(), "postgresql"),
}
"""`rowid`: a number that we give, in whose order SQLite keeps the rows. The serial ones are given by the database."""


def columns(spelled: str) -> list[Column[Any]]:
    """The columns, in the order given. Raises KeyError for a type that is none."""
    return [_column(word) for word in spelled.split()]


def _column(word: str) -> Column[Any]:
    name, _, type_ = word.partition(":")
    kind = type_.rstrip("!?")
    return Column(
        name,
        _TYPES[kind],
        primary_key=type_.endswith("!"),
        nullable=type_.endswith("?"),
        autoincrement=kind.endswith("serial"),
    )
