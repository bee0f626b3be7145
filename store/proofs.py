"""Proofs over the ledger's Merkle tree: its root, that an event is in it, that it only ever grew.

Kept subtrees are read from the database; small ones are hashed again from at most 256 leaves, so a proof costs some tens
of rows whatever the size of the log.
"""

from sqlalchemy import Connection, Engine, select

from store.database import reading
from store.merkle import Frontier, Node, consistency_proof, inclusion_proof
from store.tables import KEPT_LEVEL, events, head, tree


def root(engine: Engine) -> tuple[int, bytes]:
    """Size and root hash of the whole log."""
    with reading(engine) as connection:
        size, frontier = connection.execute(select(head.c.size, head.c.frontier)).one()
    return size, Frontier.from_bytes(size, frontier).root()


def prove_inclusion(engine: Engine, position: int, size: int) -> list[bytes]:
    """RFC 6962 audit path of a position in the log's first `size` leaves. Raises IndexError if there is no such leaf."""
    with reading(engine) as connection:
        return inclusion_proof(position, size, nodes(connection))


def prove_consistency(engine: Engine, old: int, new: int) -> list[bytes]:
    """RFC 6962 proof that the log of `new` leaves begins with the log of `old` leaves."""
    with reading(engine) as connection:
        return consistency_proof(old, new, nodes(connection))


def nodes(connection: Connection) -> Node:
    """The perfect subtrees of the log, by (level, index). Valid within the connection's transaction."""
    leaves: dict[int, list[bytes]] = {}

    def block(number: int) -> list[bytes]:
        if number not in leaves:
            width = 1 << KEPT_LEVEL
            first = number * width
            query = select(events.c.leaf).where(events.c.position.between(first, first + width - 1))
            leaves[number] = [bytes(row[0]) for row in connection.execute(query.order_by(events.c.position))]
        return leaves[number]

    def node(level: int, index: int) -> bytes:
        if level >= KEPT_LEVEL:
            query = select(tree.c.hash).where(tree.c.level == level, tree.c.index == index)
            return bytes(connection.execute(query).scalar_one())
        first = index << level
        within = first % (1 << KEPT_LEVEL)
        subtree = Frontier()
        for hashed in block(first >> KEPT_LEVEL)[within : within + (1 << level)]:
            subtree.append(hashed)
        return subtree.root()

    return node
