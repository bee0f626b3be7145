"""The filter of whole numbers finds the pairs that the product of floats finds: all, and no other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.nearest import LEAST, by_product, vectors_of
from workers.nearest import Nearest


def pairs(row, vector):
    return set(zip(row.tolist(), vector.tolist(), strict=True))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 300), st.integers(1, 30), st.sampled_from([-0.2, 0.0, 0.3, 0.65, 0.95]))
def test_the_pairs_are_those_of_the_product_of_floats(seed, count, rows, least):
    rng = np.random.default_rng(seed)
    vectors, asked = (rng.standard_normal((n, 48)).astype(np.float32) for n in (count, rows))
    vectors, asked = (m / np.linalg.norm(m, axis=1, keepdims=True) for m in (vectors, asked))
    near = Nearest(vectors).above(asked, least)
    products = asked @ vectors.T
    found, sure = pairs(near.row, near.vector), pairs(*np.nonzero(products >= least + 1e-6))
    assert sure <= found <= pairs(*np.nonzero(products >= least - 1e-6))
    assert np.allclose(near.similarity, products[near.row, near.vector], atol=1e-6)


def test_the_filter_lets_few_pairs_through_to_be_multiplied_out():
    claims, sentences = vectors_of(5_000)
    near = Nearest(claims)
    hits = by_product(claims, sentences)
    assert pairs(*hits) == pairs(*near.above(sentences, LEAST)[:2])
    assert len(near._possible(sentences, LEAST)[0]) < 2 * len(hits[0]) < 25 * 5_000 / 100


@pytest.mark.parametrize("shape", [(0, 8), (3, 8)])
def test_nothing_and_nought(shape):
    near = Nearest(np.zeros(shape, np.float32))
    assert len(near.above(np.zeros((2, 8), np.float32), 0.5).row) == 0
    assert len(near.above(np.zeros((0, 8), np.float32), 0.5).row) == 0
    assert len(near.above(np.zeros((2, 8), np.float32), 0.0).row) == 2 * shape[0]


def test_equal_questions_have_equal_answers_to_the_bit():
    claims, sentences = vectors_of(2_000)
    one, other = Nearest(claims).above(sentences, LEAST), Nearest(claims).above(sentences, LEAST)
    assert one.similarity.tobytes() == other.similarity.tobytes()
