"""The Merkle tree of RFC 6962 (section 2.1) and RFC 9162 (section 2.1), grown leaf by leaf.

Nothing here touches a database. A `Frontier` is all that is needed to append and to know the root: the roots of the
perfect subtrees that the leaves so far make up. Proofs ask for perfect subtrees by (level, index) from whoever keeps them;
a subtree of level k and index i covers the leaves [i·2ᵏ, (i+1)·2ᵏ).
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""(level, index) → hash of that perfect subtree."""

EMPTY_ROOT = sha256(b"").digest()
LEAF_PREFIX = b"\x00"


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(LEAF_PREFIX + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The perfect subtrees of a log of `size` leaves, largest first: one for each bit of `size`."""

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if size.bit_count() != len(roots):
            raise ValueError(f"a log of {size} leaves has {size.bit_count()} perfect subtrees, not {len(roots)}")
        self.size = size
        self._roots = list(roots)

    @classmethod
    def from_bytes(cls, size: int, packed: bytes) -> "Frontier":
        return cls(size, [packed[i : i + 32] for i in range(0, len(packed), 32)])

    def to_bytes(self) -> bytes:
        return b"".join(self._roots)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Adds one leaf hash. Returns the perfect subtrees that it completed, as (level, index, hash), level 1 up."""
        completed = []
        level, index = 0, self.size
        while index & 1:
            leaf = sha256(b"\x01" + self._roots.pop() + leaf).digest()
            level, index = level + 1, index >> 1
            completed.append((level, index, leaf))
        self._roots.append(leaf)
        self.size += 1
        return completed

    def extend(self, leaves: Sequence[bytes], *, least: int = 1) -> list[tuple[int, int, bytes]]:
        """As `append` of each leaf hash in turn, level by level, which is faster. Returns only subtrees from level
        `least` up, in order of level."""
        completed = []
        pending = {bit: self._roots[-n - 1] for n, bit in enumerate(_bits(self.size))}
        level, index, nodes = 0, self.size, list(leaves)
        self.size += len(nodes)
        while nodes:
            if index & 1:
                nodes.insert(0, pending.pop(level))
                index -= 1
            if len(nodes) & 1:
                pending[level] = nodes.pop()
            pairs = zip(nodes[::2], nodes[1::2], strict=True)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            level, index = level + 1, index >> 1
            if level >= least:
                completed += [(level, index + n, node) for n, node in enumerate(nodes)]
        self._roots = [pending[bit] for bit in reversed(_bits(self.size))]
        return completed

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        if not self._roots:
            return EMPTY_ROOT
        result = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            result = node_hash(left, result)
        return result


def _bits(size: int) -> list[int]:
    """The numbers of the bits that are set, lowest first."""
    return [bit for bit in range(size.bit_length()) if size >> bit & 1]


def range_hash(start: int, stop: int, node: Node) -> bytes:
    """MTH(D[start:stop]) of RFC 6962, for the ranges its recursion meets (start a multiple of the range's power of two)."""
    width = stop - start
    if width == 0:
        return EMPTY_ROOT
    if width & (width - 1) == 0 and start % width == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    half = _split(width)
    return node_hash(range_hash(start, start + half, node), range_hash(start + half, stop, node))


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of leaf `index` in the tree of the first `size` leaves (RFC 6962, section 2.1.1).

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a log of {size}")
    return _path(index, 0, size, node)


def _path(index: int, start: int, stop: int, node: Node) -> list[bytes]:
    if stop - start == 1:
        return []
    middle = start + _split(stop - start)
    if index < middle:
        return [*_path(index, start, middle, node), range_hash(middle, stop, node)]
    return [*_path(index, middle, stop, node), range_hash(start, middle, node)]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """Proof that the first `old` leaves of the tree of `new` leaves are the old tree (RFC 6962, section 2.1.2)."""
    if not 0 <= old <= new:
        raise IndexError(f"a log of {new} leaves has no earlier state of {old}")
    if old in (0, new):
        return []
    return _subproof(old, 0, new, node, whole=True)


def _subproof(old: int, start: int, stop: int, node: Node, *, whole: bool) -> list[bytes]:
    if old == stop:
        return [] if whole else [range_hash(start, stop, node)]
    middle = start + _split(stop - start)
    if old <= middle:
        return [*_subproof(old, start, middle, node, whole=whole), range_hash(middle, stop, node)]
    return [*_subproof(old, middle, stop, node, whole=False), range_hash(start, middle, node)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at `index` in the tree of `size` leaves with this root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, result = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(step, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and result == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162, section 2.1.4.2)."""
    if old > new or old < 0:
        return False
    if old in (0, new):
        return not proof and (old_root == (EMPTY_ROOT if old == 0 else new_root))
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(step, first), node_hash(step, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


def _split(width: int) -> int:
    """The largest power of two smaller than `width`."""
    return 1 << (width - 1).bit_length() - 1
