"""What a text does with a claim: labels, scores, and the features under them."""

import hashlib
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.pair_article import article, article_features, gist, nearest
from workers.pair_encoder import load_encoder
from workers.pair_headline import headline_features, outline, relation_features
from workers.pair_model import FILE_VERSION, ModelUnreadable, load_model
from workers.pairs import LABELS, Pair, is_headline, judge

MODEL = load_model()
ENCODER = load_encoder()
NO_WEIGHTS = np.zeros(1 << 15, dtype=np.float32)

BRIDGE = (
    "The old bridge at Merrow will stay open, the county said on Tuesday.\n\n"
    "Posts shared thousands of times had claimed that the bridge at Merrow was to be torn down in May. "
    "That is false, a county engineer said: no demolition was ever planned and the report was a hoax.\n\n"
    "Traffic over the river has doubled in ten years, and the council is studying a second crossing."
)
BAKERY = (
    "A bakery in the harbour quarter has won the regional prize for its rye bread.\n\n"
    "The jury praised the crust. The owner, who learnt the trade from her aunt, said she would share the prize "
    "with her six employees and close the shop for a day of celebration next week, the first in four years."
)


def _one(claim, text):
    return next(judge([Pair("p", claim, text)], MODEL))


@pytest.mark.parametrize(
    ("claim", "text", "label"),
    [
        ("The mayor of Merrow resigned", "Mayor of Merrow resigns", "affirms"),
        ("The mayor of Merrow resigned", "No, the mayor of Merrow did not resign", "denies"),
        ("The mayor of Merrow resigned", "Report that the mayor of Merrow resigned is a hoax", "denies"),
        ("The mayor of Merrow resigned", "Did the mayor of Merrow really resign?", "discusses"),
        ("The mayor of Merrow resigned", "Mayor of Merrow reportedly considering resignation, sources say", "discusses"),
    ],
)
def test_plain_headlines_are_read_as_a_person_would(claim, text, label):
    assert _one(claim, text).label == label


def test_an_article_that_refutes_the_claim_scores_higher_on_denies_than_one_that_repeats_it():
    claim = "The bridge at Merrow is to be torn down in May"
    repeated = BRIDGE.replace(
        "That is false, a county engineer said: no demolition was ever planned and the report was a hoax.", ""
    )
    repeated = repeated.replace("will stay open", "will be torn down")
    assert _one(claim, BRIDGE).scores["denies"] > _one(claim, repeated).scores["denies"]


def test_an_article_on_another_matter_is_unrelated():
    assert _one("The bridge at Merrow is to be torn down in May", BAKERY).label == "unrelated"


@pytest.mark.parametrize(
    "text",
    [
        "Bakery in the harbour quarter wins prize for its rye bread",
        "Two ferries collide off Anholt, nobody hurt",
        "Police deny that a second suspect was held",
    ],
)
def test_a_headline_on_another_matter_is_unrelated(text):
    assert _one("The bridge at Merrow is to be torn down in May", text).label == "unrelated"


def test_a_headline_that_shares_few_words_with_its_claim_is_not_unrelated():
    assert _one("The mayor of Merrow resigned", "Merrow mayor quits").label == "affirms"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=300)), min_size=1, max_size=5))
def test_every_pair_gets_one_judgement_in_order_with_scores_that_sum_to_one(pairs):
    given_pairs = [Pair(str(i), claim, text) for i, (claim, text) in enumerate(pairs)]
    found = list(judge(given_pairs, MODEL, batch=2))
    assert [j.id for j in found] == [p.id for p in given_pairs]
    for judgement in found:
        assert tuple(judgement.scores) == LABELS
        assert math.isclose(sum(judgement.scores.values()), 1, abs_tol=1e-9)
        assert all(score >= 0 for score in judgement.scores.values())


def test_a_judgement_does_not_depend_on_the_other_pairs():
    pairs = [Pair("a", "The mayor resigned", "Mayor denies resigning"), Pair("b", "The bridge is closed", BRIDGE)] * 3
    alone = [_one(p.claim, p.text).scores for p in pairs]
    together = [j.scores for j in judge(pairs, MODEL)]
    assert [[round(v, 12) for v in s.values()] for s in alone] == [[round(v, 12) for v in s.values()] for s in together]


def test_the_encoder_reads_each_pair_by_itself_and_has_its_share_of_the_answer():
    pairs = [("The mayor of Merrow resigned", "Mayor's resignation? Never happened"), ("Kites are banned", "Kites banned")]
    rows = ENCODER.headlines(pairs)
    assert rows.shape == (2, 3)
    assert np.allclose(rows.sum(axis=1), 1)
    assert rows[1].tolist() == ENCODER.headlines(pairs[1:])[0].tolist()
    alone, mixed = (next(judge([Pair("p", *pairs[0])], MODEL, encoder)) for encoder in (None, ENCODER))
    related = 1 - mixed.scores["unrelated"]
    expected = MODEL.mix[0] * rows[0, 1] * related + (1 - MODEL.mix[0]) * alone.scores["denies"]
    assert math.isclose(mixed.scores["denies"], expected, rel_tol=1e-6)


def test_the_encoder_has_its_share_of_the_answer_about_an_article_too():
    pair = Pair("p", "The bridge at Merrow is to be torn down in May", BRIDGE)
    heard = ENCODER.articles([(pair.claim, gist(pair.claim, article(BRIDGE, NO_WEIGHTS)))])[0]
    assert math.isclose(heard.sum(), 1)
    alone, mixed = (_stances(next(judge([pair], MODEL, encoder))) / (1, MODEL.lean[1], 1) for encoder in (None, ENCODER))
    expected = MODEL.mix[1] * heard + (1 - MODEL.mix[1]) * alone / alone.sum()
    assert np.allclose(mixed / mixed.sum(), expected)


def _stances(judgement):
    return np.array([judgement.scores[label] for label in LABELS[:3]])


def test_an_encoder_with_missing_weights_is_none_and_with_damaged_ones_an_error(tmp_path):
    assert load_encoder(tmp_path / "none.onnx") is None
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"not weights")
    with pytest.raises(ModelUnreadable, match="make train"):
        load_encoder(damaged)


def test_the_label_is_unrelated_only_where_that_is_more_likely_than_not():
    for judgement in judge([Pair("1", "Rye bread won a prize", BAKERY), Pair("2", "The mayor resigned", BAKERY)], MODEL):
        assert (judgement.label == "unrelated") == (judgement.scores["unrelated"] > 0.5)
        if judgement.label != "unrelated":
            assert judgement.scores[judgement.label] == max(judgement.scores[name] for name in LABELS[:3])


def test_one_short_paragraph_is_a_headline_and_anything_longer_an_article():
    assert is_headline("Mayor resigns\n")
    assert is_headline("word " * 60)
    assert not is_headline("word " * 61)
    assert not is_headline("Mayor resigns\n\nShe said on Monday that she would go.")


@given(st.text(max_size=80), st.text(max_size=400))
def test_features_are_finite_and_of_fixed_length_for_any_text(claim, text):
    counted = article(text, NO_WEIGHTS)
    rows = (headline_features(claim, text), relation_features(claim, text), article_features(claim, counted, NO_WEIGHTS))
    usual = (
        headline_features("a b", "c"),
        relation_features("a b", "c"),
        article_features("a b", article("c", NO_WEIGHTS), NO_WEIGHTS),
    )
    for row, other in zip(rows, usual, strict=True):
        assert len(row) == len(other)
        assert all(math.isfinite(value) for value in row)


def test_an_outline_reads_alike_for_all_claims():
    one = outline("Merrow bought kites", "No, Merrow did not buy kites in 2024")
    other = outline("Acme paid Bolt", "No, Acme did not buy Bolt in 1999")
    assert one == other == ["<s>", "no", "C", "did", "not", "buy", "C", "in", "#", "</s>"]


def test_the_nearest_sentences_come_best_first():
    found = nearest("demolition was planned, a hoax report", article(BRIDGE, NO_WEIGHTS), 2)
    assert "no demolition was ever planned" in found[0].text
    assert len(found) == 2


def test_the_gist_is_the_opening_the_nearest_sentences_and_a_denial_in_the_order_of_the_article():
    text = (
        "Rain fell on Monday. The mayor of Merrow resigned, a post said. Buses ran late. It is untrue, the town said. "
        "Merrow has a mayor since 1870."
    )
    found = gist("The mayor of Merrow resigned", article(text, NO_WEIGHTS))
    assert found == text.replace("Buses ran late. ", "")


@given(st.text(max_size=60), st.text(max_size=300))
def test_the_gist_holds_each_sentence_of_the_article_at_most_once(claim, text):
    counted = article(text, NO_WEIGHTS)
    found = gist(claim, counted)
    assert found.startswith(counted.sentences[0].text)
    assert len(found) <= len(" ".join(sentence.text for sentence in counted.sentences))


def test_a_damaged_missing_or_foreign_weights_file_is_named(tmp_path):
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(b"not weights")
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, version=FILE_VERSION + 1)
    incomplete = tmp_path / "incomplete.npz"
    np.savez(incomplete, version=FILE_VERSION)
    for path in (damaged, foreign, incomplete, tmp_path / "missing.npz"):
        with pytest.raises(ModelUnreadable, match="make train") as caught:
            load_model(path)
        assert caught.value.path == path


def test_the_weights_were_trained_on_these_features():
    """The shipped weights know exactly these functions. If this fails on purpose, train again and renew the print."""
    pairs = [
        ("The mayor of Merrow resigned in 2019", "No, the mayor didn't resign: “a hoax”, says Merrow's council?"),
        ("Acme denies reports of layoffs", "ACME NOT laying off 1,200 workers, sources familiar say"),
    ]
    rows = [[headline_features(*p), relation_features(*p), outline(*p)] for p in pairs]
    rows.append(article_features("The bridge at Merrow is to be torn down in May", article(BRIDGE, NO_WEIGHTS), NO_WEIGHTS))
    told = json.dumps(rows, default=str)
    rounded = json.dumps(json.loads(told, parse_float=lambda number: round(float(number), 6)))
    assert hashlib.sha256(rounded.encode()).hexdigest()[:16] == "51e35177adc1e787"
