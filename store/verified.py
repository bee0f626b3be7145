"""Reading that takes nothing on trust: commitments, leaves and the root are computed anew while the events go by.

Quicker than an audit and less: it says that the events are those that the head's root speaks of, not that checkpoints and
read tables agree with them, nor that what was erased was meant to be. For that there is `store.audit`.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from store.database import reading
from store.leaf import TEXT_DOMAIN
from store.ledger import Ledger, LedgerError, leaf_of_stored
from store.merkle import Frontier
from store.parts import P, Parts
from store.tables import Stored, head

_POSITION, _NAME, _SCHEMA, _OCCURRED_AT, _FACTS, _TEXT_COMMITMENT, _LEAF, _TEXT, _TEXT_SALT = map(
    Stored._fields.index,
    ("position", "name", "schema", "occurred_at", "facts", "text_commitment", "leaf", "text", "text_salt"),
)


class NotVerified(LedgerError):
    """An event is not what its leaf says, or all of them are not what the root says."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the ledger does not verify at position {position}; run `dateline audit verify`")
        self.position = position


def verified(ledger: Ledger, parts: Parts[P]) -> Iterator[tuple[int, int, P]]:
    """As `Ledger.parts` over the whole ledger, every hash recomputed. Raises NotVerified, LedgerGap.

    What it yields is proven only when it has ended: the root comes last. Erased texts are passed over, as their
    commitments stay.
    """
    with reading(ledger.engine) as connection:
        size, roots = connection.execute(select(head.c.size, head.c.frontier)).one()
    frontier = Frontier()
    for chunk in ledger.chunks(stop=size):
        frontier.extend(_leaves(chunk, ledger.log))
        for row in chunk:
            part = parts[row[_NAME], row[_SCHEMA]](row[_FACTS])
            if part is not None:
                yield row[_POSITION], row[_OCCURRED_AT], part
    if frontier.to_bytes() != roots:
        raise NotVerified(size)


def _leaves(rows: Iterable[tuple[Any, ...]], log: str) -> list[bytes]:
    """The leaves of the rows, each found to follow from its row, and its text to be the one committed to."""
    found = []
    for row in rows:
        try:
            hashed, text = leaf_of_stored(row, log), row[_TEXT]
            if text is not None and sha256(TEXT_DOMAIN + row[_TEXT_SALT] + text).digest() != row[_TEXT_COMMITMENT]:
                raise NotVerified(row[_POSITION])
        except (TypeError, UnicodeEncodeError) as error:  # SQLite lets any type into any column
            raise NotVerified(row[_POSITION]) from error
        if hashed != row[_LEAF]:
            raise NotVerified(row[_POSITION])
        found.append(hashed)
    return found
