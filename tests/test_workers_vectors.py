"""Sentence vectors: the same text has the same bits, whatever is embedded beside it, before it or never again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.encoder import Encoder
from workers.passage_encoder import SHIPPED
from workers.vectors import WIDTH, Vectors, batches, installed

TEXTS = (
    "", "No.", "He denied it.", "She denied it.", "The bridge will be closed on Monday.", "The bridge was closed on Sunday.",
    "Two officials who asked not to be named said on Monday that no decision on the bridge had been taken by the county.",
    "Two officials, neither of whom asked to be named, said on Monday that a decision on the bridge had long been taken.",
)  # fmt: skip


@pytest.fixture(scope="module")
def files():
    found = installed()
    assert found is not None, "the packages of the models are dependencies of the product"
    return found


def test_a_text_has_the_same_bits_alone_and_beside_others(files):
    vectors = Vectors(*files, remembered=0)
    together = vectors.embed(TEXTS)
    alone = np.concatenate([vectors.embed([text]) for text in TEXTS])
    assert together.tobytes() == alone.tobytes()
    assert vectors.embed(TEXTS[::-1]).tobytes() == alone[::-1].tobytes()


def test_what_is_remembered_is_what_would_be_found(files):
    vectors = Vectors(*files, remembered=2)
    first = vectors.embed(TEXTS)
    assert vectors.embed([*TEXTS[-2:], TEXTS[2], TEXTS[-1]]).tobytes() == first[[-2, -1, 2, -1]].tobytes()


def test_a_text_without_a_word_has_no_direction_and_all_others_have_length_one(files):
    rows = Vectors(*files).embed(TEXTS)
    assert rows.shape == (len(TEXTS), WIDTH)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([0.0] + [1.0] * (len(TEXTS) - 1), abs=1e-5)


@given(st.lists(st.integers(2, 128), max_size=60))
def test_each_text_is_in_one_batch_and_little_is_filled_up(lengths):
    found = batches(lengths)
    assert sorted(n for batch in found for n in batch) == list(range(len(lengths)))
    for batch in found:
        assert 1 <= len(batch) <= 16
        assert sum(max(lengths[n] for n in batch) - lengths[n] for n in batch) <= 16


def test_texts_of_like_length_share_a_batch():
    assert batches([30, 9, 31, 8, 90]) == [[3, 1], [0, 2], [4]]


def test_an_encoder_that_remembers_answers_as_one_that_does_not(files):
    forgetful, mindful = Encoder(SHIPPED, files[1]), Encoder(SHIPPED, files[1], remembered=1)
    inputs = [([101, 2054, 102, 2003, 102], [0, 0, 0, 1, 1]), ([101, 2054, 102, 2003, 102], [0, 0, 0, 0, 0])]
    for ids, types in (*inputs, *inputs, inputs[1]):
        assert mindful.logits(ids, types).tobytes() == forgetful.logits(ids, types).tobytes()
    with pytest.raises(ValueError, match="read-only"):
        mindful.logits(*inputs[0])[0] = 1.0
