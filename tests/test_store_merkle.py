"""The tree is RFC 6962's: known roots, and proofs that hold for what is true and for nothing else."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    range_hash,
    verify_consistency,
    verify_inclusion,
)

# Leaves and roots that the implementations of RFC 6962 share as test vectors.
LEAVES = [
    bytes.fromhex(x)
    for x in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive(hashes):
    """RFC 6962, section 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(naive(hashes[:k]), naive(hashes[k:]))


def node_of(hashes):
    return lambda level, index: naive(hashes[index << level : (index + 1) << level])


def leaves(count):
    return [leaf_hash(str(i).encode()) for i in range(count)]


def test_known_roots():
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for data, root in zip(LEAVES, ROOTS, strict=True):
        frontier.append(leaf_hash(data))
        assert frontier.root().hex() == root


@given(st.integers(0, 300))
def test_a_frontier_kept_as_bytes_goes_on_as_if_it_had_never_stopped(size):
    hashes = leaves(size + 5)
    frontier = Frontier()
    for hashed in hashes[:size]:
        frontier.append(hashed)
    again = Frontier.from_bytes(size, frontier.to_bytes())
    for hashed in hashes[size:]:
        again.append(hashed)
    assert again.root() == naive(hashes)


@given(st.integers(1, 130))
def test_completed_subtrees_are_the_perfect_ones(size):
    hashes = leaves(size)
    frontier = Frontier()
    for i, hashed in enumerate(hashes):
        for level, index, value in frontier.append(hashed):
            assert (index + 1) << level == i + 1
            assert value == naive(hashes[index << level : (index + 1) << level])


@given(st.data())
def test_inclusion_proofs_hold_and_no_other_leaf_or_place_passes(data):
    size = data.draw(st.integers(1, 90))
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root = naive(hashes)
    proof = inclusion_proof(index, size, node_of(hashes))
    assert verify_inclusion(hashes[index], index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
    elsewhere = data.draw(st.integers(0, size - 1))
    if elsewhere != index:
        assert not verify_inclusion(hashes[index], elsewhere, size, proof, root)
    assert not verify_inclusion(hashes[index], index, size, [*proof, root], root)
    if proof:
        assert not verify_inclusion(hashes[index], index, size, proof[:-1], root)


@given(st.integers(0, 90), st.integers(0, 90))
def test_consistency_proofs_hold_and_a_changed_history_fails(a, b):
    old, new = sorted((a, b))
    hashes = leaves(new)
    proof = consistency_proof(old, new, node_of(hashes))
    assert verify_consistency(old, new, proof, naive(hashes[:old]), naive(hashes))
    if 0 < old < new:
        forked = [leaf_hash(b"forged"), *hashes[1:]]
        assert not verify_consistency(old, new, proof, naive(forked[:old]), naive(hashes))
        assert not verify_consistency(old, new, proof, naive(hashes[:old]), naive(forked))


def test_a_leaf_that_is_not_there_has_no_proof():
    with pytest.raises(IndexError):
        inclusion_proof(4, 4, node_of(leaves(4)))


@given(st.integers(1, 64), st.data())
def test_range_hash_of_the_whole_is_the_root(size, data):
    hashes = leaves(size)
    assert range_hash(0, size, node_of(hashes)) == naive(hashes)
