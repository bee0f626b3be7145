"""Proofs over the ledger's Merkle tree: its root, that an event is in it, that it only ever grew.

Kept subtrees are read from the database; small ones are hashed again from at most 256 leaves, so a proof costs some tens
of rows whatever the size of the log.
"""

from sqlalchemy import Connection, Engine, bindparam, select

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
    width = 1 << KEPT_LEVEL

    def block(number: int) -> list[bytes]:
        if number not in leaves:
            rows = connection.execute(_LEAVES, {"first": number * width, "last": (number + 1) * width - 1})
            leaves[number] = [bytes(leaf) for (leaf,) in rows]
        return leaves[number]

    def node(level: int, index: int) -> bytes:
        if level >= KEPT_LEVEL:
            return bytes(connection.execute(_KEPT, {"level": level, "index": index}).scalar_one())
        first = index << level
        within = first % width
        subtree = Frontier()
        subtree.extend(block(first >> KEPT_LEVEL)[within : within + (1 << level)])
        return subtree.root()

    return node


_LEAVES = (
    select(events.c.leaf).where(events.c.position.between(bindparam("first"), bindparam("last"))).order_by(events.c.position)
)
_KEPT = select(tree.c.hash).where(tree.c.level == bindparam("level"), tree.c.index == bindparam("index"))
