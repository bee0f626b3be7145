"""Who is behind a passage: the cast of a text, what is measured of it, and what the trained model makes of that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.claim import Claim, ClaimSet, Entity
from store.reading import Attribution, Document, Name
from workers.cast import cast_of
from workers.pair_model import ModelUnreadable
from workers.read import by_rule
from workers.source_facts import NAME_FACTS, PASSAGE_FACTS, Ruled, Scene, name_facts, passage_facts
from workers.source_heads import HEADS_FILE, QUESTIONS, Answer, Seen, answer, heads_to, hear, source_heads
from workers.sourcing import AHEAD, LONG, Pieces, Window, decided, load_sourcing, window_of
from workers.text import Passage, Text
from workers.trees import softmax

CLAIM = Claim("bridge-closes", "The Marle bridge will be closed to traffic for good.", "bridge")
CLAIMS = ClaimSet(
    claims=(CLAIM,),
    entities=(
        Entity("marle", "Marle County", aliases=("the county",)),
        Entity("lind", "Ada Lind", aliases=("Lind", "Ms Lind"), speaks_for="marle"),
    ),
)
BODY = (
    "The bridge over the Marle will be closed for good, Ada Lind, the county's engineer, said on Monday.\n\n"
    "Two officials who asked not to be named said that no decision had been taken.\n\n"
    "The Harbour Courier reported on Sunday that the closure had been signed weeks ago.\n\n"
    "The bridge was built in 1931 and carries nine thousand cars a day."
)
NOBODY = Ruled(Attribution(), None)


@pytest.fixture
def text():
    return Text(Document(f"Bridge to close\n\n{BODY}", outlet="Marle Gazette"))


@pytest.fixture
def scene(text):
    return Scene(text, CLAIMS, cast_of(text, CLAIMS))


@pytest.fixture(scope="module")
def sourcing():
    found = load_sourcing()
    assert found is not None, "the packages of the models are dependencies of the product"
    return found


def names(scene):
    return [bearer.name.text for bearer in scene.cast.bearers]


def place(text, words):
    start = text.text.index(words)
    return next((s.start, s.end) for s in text.sentences if s.start <= start < s.end)


def test_the_cast_has_each_bearer_once_and_the_body_behind_a_spokeswoman(scene):
    assert len(set(names(scene))) == len(names(scene))
    lind = next(one for one in scene.cast.occurrences if scene.cast.bearers[one.bearer].name.entity == "lind")
    assert scene.text.text[lind.start : lind.end] == "Ada Lind"
    assert scene.cast.bearers[lind.serves].name.entity == "marle"


def test_a_surname_alone_is_the_same_bearer():
    text = Text(Document("News\n\nThe engineer Jonas Petrel resigned. Petrel had been asked to stay."))
    cast = cast_of(text, CLAIMS)
    assert len({one.bearer for one in cast.occurrences if "Petrel" in text.text[one.start : one.end]}) == 1


def test_a_headlines_verb_is_no_part_of_a_name():
    text = Text(Document("Bridge To Close, Harbour Courier Reports\n\nThe bridge is old."))
    cast = cast_of(text, CLAIMS)
    assert "Harbour Courier" in {bearer.name.text for bearer in cast.bearers}


def test_facts_of_names_tell_the_rules_answer_and_how_far_away_a_name_stands(scene):
    start, end = place(scene.text, "Two officials")
    ruled = Ruled(Attribution("named", Name("Ada Lind", "lind")), None)
    table = name_facts(scene, start, end, ruled)
    at = next(n for n, one in enumerate(scene.cast.occurrences) if one.start == scene.text.text.index("Ada Lind"))
    row = dict(zip(NAME_FACTS, table[at], strict=True))
    assert (row["is_ruled_speaker"], row["is_ruled_echo"], row["person"]) == (1, 0, 1)
    assert (row["sentences_-1"], row["in_passage"]) == (1, 0)
    assert table[:, NAME_FACTS.index("sentences_-4") :].sum(axis=1).tolist() == [1.0] * len(table)


def test_facts_of_a_passage_tell_what_the_rules_answered(scene):
    start, end = place(scene.text, "Two officials")
    row = dict(zip(PASSAGE_FACTS, passage_facts(scene, start, end, Ruled(Attribution("unnamed"), None)), strict=True))
    assert (row["ruled_unnamed"], row["ruled_named"], row["ruled_speaker"], row["in_title"]) == (1, 0, 0, 0)


def answered(scene, anonymity, scores):
    """An answer with these logits of `none`, `unnamed`, `named`, and for each name its three scores."""
    table = np.full((len(scene.cast.occurrences), len(QUESTIONS)), -5.0)
    for n, one in enumerate(scene.cast.occurrences):
        for question, wanted in scores.get(scene.text.text[one.start : one.end], {}).items():
            table[n, QUESTIONS.index(question)] = wanted
    window = Window(0, (0, 1), list(range(len(table))), [(0, 1)] * len(table))
    return decided(scene, window, Answer(np.array(anonymity, dtype=float), np.zeros(len(QUESTIONS)), table), NOBODY)


def test_the_outlets_own_voice_names_nobody_whatever_the_names_score(scene):
    found = answered(scene, [3, 0, 0], {"Ada Lind": {"speaker": 9.0, "organisation": 9.0}})
    assert found.who == Attribution()


def test_an_unnamed_source_has_an_organisation_but_never_a_speaker(scene):
    found = answered(scene, [0, 3, 0], {"Ada Lind": {"speaker": 9.0, "organisation": 9.0}})
    assert (found.who.anonymity, found.who.speaker, found.who.organisation.entity) == ("unnamed", None, "marle")


def test_a_person_stands_for_the_body_she_serves(scene):
    found = answered(scene, [0, 0, 3], {"Ada Lind": {"speaker": 2.0, "organisation": 2.0}})
    assert (found.who.speaker.entity, found.who.organisation.entity) == ("lind", "marle")


def test_named_without_a_name_is_not_answered(scene):
    assert answered(scene, [0, 0, 3], {}).who == Attribution("unnamed")


def test_nobody_is_relayed_unless_a_name_is_likelier_than_nobody(scene):
    assert answered(scene, [3, 0, 0], {"Harbour Courier": {"echo": -0.5}}).relayed is None
    assert answered(scene, [3, 0, 0], {"Harbour Courier": {"echo": 0.5}}).relayed.text == "Harbour Courier"


@settings(max_examples=200)
@given(st.integers(1, 1500), st.integers(0, 1499), st.integers(1, 90))
def test_a_window_holds_the_passage_and_what_follows_it(pieces, first, length):
    text = Text(Document("x" * pieces))
    first = min(first, pieces - 1)
    last = min(first + length, pieces)
    window = window_of(Scene(text, CLAIMS, cast_of(text, CLAIMS)), Pieces([7] * pieces, list(range(pieces))), first, last)
    low, high = window.passage
    assert 0 <= low < high <= LONG
    assert (low + window.start, high + window.start) == (first, last)
    assert high + AHEAD <= LONG or window.start + LONG >= pieces or low < LONG // 2


def test_the_shipped_model_tells_a_speaker_unnamed_officials_and_the_outlets_own_voice(sourcing, text):
    found = [read(sourcing, text, words) for words in ("Ada Lind", "Two officials", "was built in 1931")]
    assert [one.who.anonymity for one in found] == ["named", "unnamed", "none"]
    assert (found[0].who.speaker.entity, found[0].who.organisation.entity) == ("lind", "marle")


def test_the_shipped_model_hears_whom_a_passage_relays(sourcing, text):
    assert read(sourcing, text, "The Harbour Courier").relayed.text == "Harbour Courier"
    assert read(sourcing, text, "Two officials").relayed is None


def read(sourcing, text, words):
    start, end = place(text, words)
    return sourcing.attribute(text, start, end, CLAIMS, by_rule(text, Passage(CLAIM, start, end, 900), CLAIMS))


def test_the_same_passage_gets_the_same_answer_whatever_was_asked_before(sourcing):
    words = ("Ada Lind", "Two officials", "The Harbour Courier")
    forwards, backwards = (Text(Document(f"Bridge to close\n\n{BODY}")) for _ in range(2))
    assert [read(sourcing, forwards, w) for w in words] == [read(sourcing, backwards, w) for w in reversed(words)][::-1]


def test_a_text_without_a_word_leaves_the_rules_answer(sourcing):
    assert sourcing.attribute(Text(Document(" ")), 0, 1, CLAIMS, NOBODY) == (Attribution(), None, ())


def test_heads_answer_a_window_that_names_nobody():
    pieces = np.zeros((5, 384))
    facts, of_names = np.zeros(len(PASSAGE_FACTS), np.float32), np.zeros((0, len(NAME_FACTS)), np.float32)
    weights = source_heads()
    found = answer(weights, Seen(hear(weights, pieces, []), (1, 3), facts, of_names))
    assert found.names.shape == (0, 3)
    assert np.isfinite(found.anonymity).all()


def test_heads_attend_to_a_window_as_the_layers_say():
    """The product of all pieces with the layer `pool_t` is never made; what follows from it is the same."""
    weights, rng = source_heads(), np.random.default_rng(1)
    pieces, passage_facts = rng.normal(size=(9, 384)), rng.normal(size=len(PASSAGE_FACTS))
    passage = np.concatenate([pieces[2:5].mean(axis=0), pieces[2]])

    def layer(name, given):
        return given @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    around = softmax((layer("pool_t", pieces) @ layer("pool_q", passage) / 8)[None])[0] @ pieces
    mood = np.maximum(0, layer("anon", np.concatenate([passage, around, passage_facts])))
    wanted = layer("anon2", mood) + layer("anonf", passage_facts)
    names = [(0, 2), (6, 9)]
    found = answer(weights, Seen(hear(weights, pieces, names), (2, 5), passage_facts, np.zeros((2, len(NAME_FACTS)))))
    assert found.anonymity == pytest.approx(wanted, abs=1e-9)
    assert found.names.shape == (2, 3)


def test_torn_heads_and_those_for_other_facts_are_refused_by_name(tmp_path):
    torn = tmp_path / "torn.npz"
    torn.write_bytes(HEADS_FILE.read_bytes()[:2000])
    with pytest.raises(ModelUnreadable, match=r"torn\.npz"):
        source_heads(torn)
    other = tmp_path / "other.npz"
    np.savez(other, facts=np.array(["height"]))
    with pytest.raises(ModelUnreadable, match="other facts"):
        source_heads(other)


def test_heads_survive_being_written_and_read(tmp_path):
    written = tmp_path / "heads.npz"
    heads_to(source_heads(), written)
    assert {k: v.tolist() for k, v in source_heads(written).items()} == {k: v.tolist() for k, v in source_heads().items()}
