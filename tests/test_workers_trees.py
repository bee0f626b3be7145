"""Boosted trees as arrays: the walk over the table equals the tree's own definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.trees import Forest, forest_from, forest_to, softmax

_NUMBERS = st.floats(-5, 5, allow_nan=False)
_TREE = st.recursive(_NUMBERS, lambda inner: st.tuples(st.integers(0, 2), _NUMBERS, inner, inner), max_leaves=12)


def _table(trees, classes):
    nodes, roots = [], []

    def add(tree):
        here = len(nodes)
        if isinstance(tree, float):
            nodes.append((0, 0.0, here, here, tree))
            return here
        nodes.append(None)
        nodes[here] = (tree[0], tree[1], add(tree[2]), add(tree[3]), 0.0)
        return here

    def depth(tree):
        return 0 if isinstance(tree, float) else 1 + max(depth(tree[2]), depth(tree[3]))

    roots = [add(tree) for tree in trees]
    feature, threshold, left, right, value = (np.array(column) for column in zip(*nodes, strict=True))
    return Forest(feature, threshold, left, right, value, np.array(roots), max(map(depth, trees)), classes)


def _value(tree, row):
    while not isinstance(tree, float):
        tree = tree[2] if row[tree[0]] <= tree[1] else tree[3]
    return tree


@given(
    st.lists(_TREE, min_size=2, max_size=6).filter(lambda t: len(t) % 2 == 0), st.lists(st.tuples(*[_NUMBERS] * 3), min_size=1)
)
def test_a_forest_sums_the_leaves_of_each_class(trees, rows):
    raw = _table(trees, classes=2).raw(np.array(rows))
    expected = [[sum(_value(tree, row) for tree in trees[c::2]) for c in range(2)] for row in rows]
    assert np.allclose(raw, expected)


def test_a_stored_forest_is_the_same_forest():
    forest = _table([(1, 0.5, -1.0, (0, 2.0, 3.0, 4.0)), 0.25], classes=1)
    again = forest_from(forest_to(forest, "gate"), "gate")
    rows = np.array([[0.0, 0.5, 0.0], [2.0, 0.6, 0.0], [2.1, 0.6, 0.0]])
    assert again.raw(rows).tolist() == forest.raw(rows).tolist() == [[-0.75], [3.25], [4.25]]


def test_softmax_survives_huge_scores():
    assert softmax(np.array([[1000.0, 1000.0], [-1000.0, 0.0]])).tolist() == [[0.5, 0.5], [0.0, 1.0]]
