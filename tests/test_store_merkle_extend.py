"""Growing the tree by many leaves at once gives the tree that growing it leaf by leaf gives."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from store.merkle import Frontier


def leaves(count, start=0):
    return [sha256(str(start + n).encode()).digest() for n in range(count)]


@given(st.lists(st.integers(0, 70), max_size=6), st.integers(1, 5))
def test_extending_is_appending_each_leaf(batches, least):
    extended, appended = Frontier(), Frontier()
    for count in batches:
        many = leaves(count, extended.size)
        completed = extended.extend(many, least=least)
        expected = [node for leaf in many for node in appended.append(leaf) if node[0] >= least]
        assert sorted(completed) == sorted(expected)
        assert (extended.size, extended.to_bytes()) == (appended.size, appended.to_bytes())
        assert extended.root() == appended.root()


def test_extending_leaves_the_callers_list_as_it_was():
    many = leaves(5)
    Frontier(1, leaves(1)).extend(many)
    assert many == leaves(5)
