"""Which sentences concern which claims: exact spans, lookalikes kept out, the same answer every time."""

import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.claim import ClaimSet
from tests.reader_world import ARTICLE, CLAIMS, CLOSES, COST, text_of
from workers.claims import compile_claims
from workers.match import passages
from workers.vectors import WIDTH, ModelDamaged, Vectors, installed, load_vectors
from workers.words import words_in

WATCH = compile_claims(CLAIMS)


@pytest.fixture(scope="module", params=["lexical", "vectors"])
def vectors(request):
    if request.param == "lexical":
        return None
    loaded = load_vectors()
    assert loaded is not None, "the locked model packages are not installed"
    return loaded


def found(body, vectors=None, watch=WATCH, scope=None, **known):
    text = text_of(body, **known)
    return [(p.claim.id, text.text[p.start : p.end]) for p in passages(text, watch, scope, vectors)]


def test_title_body_and_denial_are_found_with_exact_spans(vectors):
    mentions = found(ARTICLE, vectors)
    assert ("harrow-bridge-closes", "Harrow Bridge to be closed to traffic, engineers say") in mentions
    assert ("harrow-bridge-closes", "The Ports Board denied on Tuesday that the bridge would be shut.") in mentions
    assert ("harrow-repair-cost", "The repair bill could reach £62m, according to a draft estimate.") in mentions


def test_a_sentence_about_something_else_is_no_mention(vectors):
    assert not [claim for claim, quote in found(ARTICLE, vectors) if "swimming pool" in quote]


def test_a_reply_that_names_nothing_belongs_to_what_stands_before_it(vectors):
    assert ("harrow-bridge-closes", '"That is untrue," said its director, Ada Quill.') in found(ARTICLE, vectors)


def test_another_year_is_a_lookalike(vectors):
    old = "Ferry history\n\nThe Harrow Bridge was closed to traffic in 1987 because its cables were corroded."
    now = "Ferry history\n\nThe Harrow Bridge was closed to traffic in May 2031 because its cables were corroded."
    assert found(old, vectors) == []
    assert "harrow-bridge-closes" in {claim for claim, _ in found(now, vectors)}


def test_years_ago_are_counted_from_publication(vectors):
    body = "Ferry history\n\nTen years ago the Harrow Bridge was closed to traffic because its cables were corroded."
    assert found(body, vectors) == []


@pytest.mark.parametrize(
    "body",
    [
        "Chess final\n\nAda Lund won the chess final in Oslo. The board was set for a draw until move forty.",
        "Rain\n\nRain is expected over the hills. Farmers welcomed it. Nobody was hurt.",
        "",
        "?",
    ],
)
def test_an_article_off_topic_has_no_mention(body, vectors):
    assert found(body, vectors) == []


def test_scope_narrows_the_answer_and_changes_nothing_else(vectors):
    wide = found(ARTICLE, vectors)
    narrow = found(ARTICLE, vectors, scope=frozenset({"harrow-repair-cost"}))
    assert narrow == [item for item in wide if item[0] == "harrow-repair-cost"]


def test_a_claims_own_threshold_overrides_the_readers():
    strict = compile_claims(ClaimSet((msgspec.structs.replace(CLOSES, threshold=1001), COST), CLAIMS.entities))
    assert "harrow-bridge-closes" not in {claim for claim, _ in found(ARTICLE, watch=strict)}


@settings(max_examples=25)
@given(st.lists(st.sampled_from(ARTICLE.replace("\n", " \n ").split(" ")), max_size=60))
def test_spans_are_ordered_inside_the_text_and_of_known_claims(words):
    text = text_of(" ".join(words))
    spans = passages(text, WATCH, None, None)
    assert list(spans) == sorted(spans, key=lambda p: (p.start, p.end, p.claim.id))
    assert all(0 <= p.start < p.end <= len(text.text) and 0 <= p.score <= 1000 for p in spans)
    assert all(text.text[p.start : p.end].strip() == text.text[p.start : p.end] for p in spans)


def test_nothing_is_watched_nothing_is_found():
    assert found(ARTICLE, watch=compile_claims(ClaimSet())) == []


def keys(body):
    return [token.key for token in WATCH.tokens(body, words_in(body))]


def test_spellings_of_an_entity_are_one_token_and_need_their_capitals():
    assert keys("the Harbour and Ports Board")[0] == keys("The Ports Board said")[0] == "@ports-board"
    assert "@ports-board" not in keys("on board ports")
    assert keys("Ruritanian ships from Ruritania")[0] == "@ruritania"


def test_a_lone_part_of_a_name_counts_where_the_full_name_stands():
    assert keys("Ada Quill spoke. Ada left.").count("@ada-quill") == 2
    assert "@ada-quill" not in keys("Ada left.")
    assert keys("Ada Quill spoke. Ada Lovelace left.").count("@ada-quill") == 1


def test_vectors_are_unit_rows_and_do_not_depend_on_what_else_is_embedded():
    vectors = load_vectors()
    alone = vectors.embed(["The bridge is shut."])
    among = vectors.embed(["Rain.", "The bridge is shut.", "", "A much longer sentence about quite another thing."])
    assert alone.shape == (1, WIDTH)
    assert (alone[0] == among[1]).all()
    assert abs(float(alone[0] @ alone[0]) - 1) < 1e-5
    assert not among[2].any()
    assert vectors.embed([]).shape == (0, WIDTH)


def test_a_damaged_model_is_refused(tmp_path):
    model, tokenizer = installed()
    bad = tmp_path / "model.onnx"
    bad.write_bytes(model.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelDamaged) as caught:
        Vectors(bad, tokenizer)
    assert caught.value.path == bad


def test_two_processes_find_the_same():
    """String hashes differ between processes, so an answer that hung on the order of a set would differ too."""
    code = (
        "from tests.reader_world import *; from workers.claims import compile_claims; from workers.match import passages;"
        "print([(p.claim.id, p.start, p.end, p.score, p.why) for p in passages(text_of(ARTICLE), compile_claims(CLAIMS))])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(runs) == 1
    assert len(runs.pop()) > 10


def test_a_year_after_the_window_counts_as_another_year():
    body = "The Harrow Bridge will be closed to traffic in 2044 because its cables are corroded."
    assert found(body, published=datetime(2031, 5, 14, tzinfo=UTC)) == []


def test_a_window_without_an_end_takes_in_later_years():
    body = "The Harrow Bridge will be closed to traffic in 2044 because its cables are corroded."
    slots = msgspec.structs.replace(CLOSES.slots, date_to=None)
    lasting = compile_claims(ClaimSet((msgspec.structs.replace(CLOSES, slots=slots), COST), CLAIMS.entities))
    assert found(body, watch=lasting) == [("harrow-bridge-closes", body)]
