"""The trained models beside the rules: what a passage does to its claim, and how firmly."""

import numpy as np
import pytest

from store.claim import Claim, ClaimSet
from store.reading import STANCES, Attribution, Document
from workers import hedging, stance
from workers.encoder import tokenizer_of
from workers.judging import ENCODER_COUNTS, Weighed, before_of, load_judging, mixed
from workers.pair_model import ModelUnreadable
from workers.passage_encoder import BEFORE_PIECES, CLAIM_PIECES, HEDGINGS, PASSAGE_PIECES, PassageEncoder, pieces
from workers.passage_words import BUCKETS, columns
from workers.stance import Judgement
from workers.text import Passage, Text
from workers.vectors import installed

CLAIM = Claim("bridge-closes", "The Marle bridge will be closed to traffic for good.", "bridge")
CLAIMS = ClaimSet(claims=(CLAIM,))
NOBODY = Attribution("none")
PLAIN = Judgement("affirms", "neutral", ("stance:stated",))
SENTENCES = (
    ("The Marle bridge is to be closed to traffic for good, the county said on Monday.", "affirms"),
    ("The county said on Monday that the Marle bridge would not be closed; the report was false, it added.", "denies"),
    ("Asked whether the Marle bridge would be closed, the county's spokesman declined to comment.", "no_comment"),
)


@pytest.fixture(scope="module")
def judging():
    found = load_judging()
    assert found is not None, "the packages of the models are dependencies of the product"
    return found


def judged(judging, sentence, before="The river rose again. It has no other crossing."):
    text = Text(Document(f"News\n\n{before} {sentence}"))
    start = text.text.index(sentence)
    passage = Passage(CLAIM, start, start + len(sentence), 900)
    ruled = stance.judge(text, passage, CLAIMS, NOBODY)
    return judging.judge(text, passage, ruled, hedging.hedge(text, passage, CLAIMS, NOBODY), NOBODY)


@pytest.mark.parametrize(("sentence", "expected"), SENTENCES)
def test_plain_affirmation_denial_and_silence_are_told_apart(judging, sentence, expected):
    judgement, mood = judged(judging, sentence)
    assert judgement.stance == expected
    assert mood in HEDGINGS


def test_the_same_passage_gets_the_same_answer_in_another_order(judging):
    forwards = [judged(judging, sentence) for sentence, _ in SENTENCES]
    backwards = [judged(judging, sentence) for sentence, _ in reversed(SENTENCES)]
    assert forwards == backwards[::-1]


def test_an_answer_names_the_models_and_the_rule_that_agreed(judging):
    (judgement, _) = judged(judging, SENTENCES[1][0])
    assert judgement.why[-1].startswith("stance:learned ")


def test_an_outlet_takes_no_side_in_silence_and_its_own_where_it_speaks_itself(judging):
    silent, _ = judged(judging, SENTENCES[2][0])
    denied, _ = judged(judging, SENTENCES[1][0])
    assert (silent.outlet_stance, denied.outlet_stance) == ("neutral", "denies")


def test_the_mixture_is_a_distribution_that_follows_both():
    encoder, words = np.array([2.0, 0, 0, 0, 0]), np.array([0, 3.0, 0, 0, 0])
    mix = mixed(Weighed(encoder, words))
    assert mix.sum() == pytest.approx(1)
    assert len(mix) == len(STANCES)
    expected = np.exp(ENCODER_COUNTS * encoder + (1 - ENCODER_COUNTS) * words)
    assert mix == pytest.approx(expected / expected.sum())


def test_words_are_columns_without_names_or_numbers():
    one = columns("Nobody told Anna about 12 cranes", PLAIN, NOBODY)
    other = columns("Nobody told Berta about 97 cranes", PLAIN, NOBODY)
    assert one == other == sorted(set(one))
    assert 0 <= one[0] <= one[-1] < BUCKETS
    assert one != columns("Nobody told Anna about 12 ships", PLAIN, NOBODY)
    assert one != columns("Nobody told Anna about 12 cranes", PLAIN._replace(stance="denies"), NOBODY)


def test_the_encoder_reads_the_passage_and_the_last_words_before_it():
    found = installed()
    assert found is not None
    tokenizer = tokenizer_of(found[1])
    ids, types = pieces(tokenizer, "claim " * 200, ["before " * 200, "the very last"], "passage " * 200)
    assert len(ids) == len(types) == CLAIM_PIECES + BEFORE_PIECES + PASSAGE_PIECES + 4
    assert sum(types) == PASSAGE_PIECES + 1
    last = tokenizer.encode("the very last", add_special_tokens=False).ids
    assert ids[CLAIM_PIECES + 2 : CLAIM_PIECES + 2 + BEFORE_PIECES][-len(last) :] == last


def test_at_most_three_sentences_stand_before_a_passage():
    text = Text(Document("Title\n\nOne came. Two came. Three came. Four came. Five came."))
    start = text.text.index("Five")
    assert before_of(text, Passage(CLAIM, start, start + 10, 900)) == ["Two came.", "Three came.", "Four came."]


def test_a_damaged_weights_file_is_refused_by_name(tmp_path):
    found = installed()
    assert found is not None
    (tmp_path / "passages.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelUnreadable, match=r"passages\.onnx"):
        PassageEncoder(tmp_path / "passages.onnx", found[1])
