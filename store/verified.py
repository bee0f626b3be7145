"""Reading that takes nothing on trust: commitments, leaves and the root are computed anew while the events go by.

Quicker than an audit and less: it says that the events are those that the head's root speaks of, not that checkpoints and
read tables agree with them, nor that what was erased was meant to be. For that there is `store.audit`.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, Generic

from sqlalchemy import select

from store.database import reading
from store.leaf import FACTS_DOMAIN, TEXT_DOMAIN, Envelope, envelope_bytes
from store.ledger import Ledger, LedgerError, LedgerGap
from store.merkle import LEAF_PREFIX, Frontier
from store.parts import P, Parts, wanted
from store.tables import head, select_stored

_NO_SUBTREES = 64
"""A level that no tree reaches: only the root is asked for."""


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
    walk = _Walk(ledger.log, parts)
    for chunk in ledger.chunks(select_stored, walk.take, stop=size):
        yield from wanted(chunk)
    if walk.frontier.to_bytes() != roots:
        raise NotVerified(size)


class _Walk(Generic[P]):
    """The pass over the events, and the tree of those that it has seen."""

    def __init__(self, log: str, parts: Parts[P]) -> None:
        self.frontier = Frontier()
        self._log, self._parts = log, parts

    def take(self, rows: Iterable[tuple[Any, ...]]) -> list[tuple[int, int, P | None]]:
        """(position, occurred_at, part) of the next rows as `Stored`, each row found to be what its leaf says, and its text
        to be the one committed to. Flat on purpose: all events pass here."""
        log, parts, leaves, told = self._log, self._parts, list[bytes](), list[tuple[int, int, P | None]]()
        at = due = self.frontier.size
        try:
            for at, (
                position, stream, version, name, schema, occurred_at, recorded_at, actor, cause, articles, facts,
                salt, text_commitment, leaf, text, text_salt,
            ) in enumerate(rows, due):  # fmt: skip
                if text is not None and sha256(TEXT_DOMAIN + text_salt + text).digest() != text_commitment:
                    raise NotVerified(at)
                # With the position that is due, not the one that is given: so another one has another leaf.
                hashed = sha256(LEAF_PREFIX + envelope_bytes(Envelope(
                    actor, articles.split(), cause, 1, sha256(FACTS_DOMAIN + salt + facts).hexdigest(), log, name,
                    occurred_at, at, recorded_at, schema, stream, version,
                    None if text_commitment is None else text_commitment.hex(),
                ))).digest()  # fmt: skip
                if hashed != leaf:
                    raise NotVerified(at) if position == at else LedgerGap(at, position)
                leaves.append(hashed)
                told.append((at, occurred_at, parts[name, schema](facts)))
        except (TypeError, AttributeError, UnicodeEncodeError) as error:  # SQLite lets any type into any column
            raise NotVerified(at) from error
        self.frontier.extend(leaves, least=_NO_SUBTREES)
        return told
