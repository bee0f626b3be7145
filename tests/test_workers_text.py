"""How a text is cut, and how its words are reduced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reader_world import text_of
from workers.split import cuts
from workers.text import Passage
from workers.words import stem, stems_of, words_in

PROSE = st.text(alphabet="abc XYZ.!?\"“”'’\n,;5", max_size=200)


def sentences(body: str) -> list[str]:
    text = text_of(body)
    return [text.of(sentence) for sentence in text.sentences]


@pytest.mark.parametrize(
    "body",
    [
        "Mr. Vane met Dr. Oake on Sept. 3 at 5 p.m. in the hall.",
        "The U.S. Navy paid $3.5 million for No. 7.",
        '"Who counted?" asked a mother of two.',
    ],
)
def test_an_abbreviation_or_a_quoted_question_ends_no_sentence(body):
    assert sentences(body) == [body]


def test_a_sentence_ends_behind_its_closing_quotation_mark():
    assert sentences('He said "no." She left. “Yes!” It rained.') == ['He said "no."', "She left.", "“Yes!”", "It rained."]


@given(PROSE)
def test_sentences_are_in_order_disjoint_and_hold_every_letter(body):
    text = text_of(body)
    held = 0
    end = 0
    for sentence in text.sentences:
        assert end <= sentence.start < sentence.end
        end = sentence.end
        held += sum(not c.isspace() for c in text.of(sentence))
    assert held == sum(not c.isspace() for c in body)


@given(PROSE)
def test_every_unit_is_a_run_of_whole_sentences_of_one_paragraph(body):
    text = text_of(body)
    starts, ends = {s.start for s in text.sentences}, {s.end for s in text.sentences}
    for unit in text.units:
        assert unit.start in starts
        assert unit.end in ends
        assert "\n" not in text.of(unit)
        assert text.units[text.unit_at(unit.start)] == unit


def test_sentences_of_one_quotation_are_one_unit():
    text = text_of('Quill was brief: "We shut nothing. We never said so." The rain went on.')
    assert [text.of(unit) for unit in text.units] == [
        'Quill was brief: "We shut nothing. We never said so."',
        "The rain went on.",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("armoured", "armored"),
        ("Organisation", "organizations"),
        ("Putin’s", "Putin"),
        ("closing", "closes"),
        ("Montréal", "Montreal"),
        ("fourteen", "14"),
        ("Twenty-five", "25"),
        ("1,200", "1200"),
        ("theatre", "theaters"),
    ],
)
def test_spellings_and_inflections_of_one_word_meet(one, other):
    assert stem(one) == stem(other) != ""


def test_function_words_have_no_stem_save_in_capitals():
    assert stem("us") == ""
    assert stem("US") == "us"


def test_a_compound_gives_its_parts_with_exact_offsets():
    text = "Ann-Marie re-opened it"
    assert [(w.stem, text[w.start : w.end]) for w in words_in(text)] == [
        ("ann", "Ann"), ("mari", "Marie"), ("re", "re"), ("open", "opened"), ("", "it"),
    ]  # fmt: skip
    assert stems_of("the closure of the bridges") == ("closur", "bridg")


def cut(body: str) -> list[tuple[str, str]]:
    text = text_of(body)
    whole = Passage(None, 0, len(body), 500)
    return [(text.text[a.start : a.end], text.text[b.start : b.end]) for a, b in cuts(text, whole)]


def test_a_sentence_is_cut_before_a_contrast_and_never_inside_a_quotation():
    assert cut("The Board denied the closure, but would not say who had read the file.") == [
        ("The Board denied the closure", "but would not say who had read the file.")
    ]
    assert cut('"We shut it, but not today," said the director of the works.') == []


def test_a_dateline_is_no_unit_of_its_own():
    text = text_of("Mill closes\n\nPENDLE, 28 July. The mill is to close.\n\nPENDLE/HARROW, Sept 4 (Wire) - It stays open.")
    assert "PENDLE, 28 July." not in [text.of(unit) for unit in text.units]
    assert [text.of(line).strip() for line in text.datelines] == ["PENDLE, 28 July.", "PENDLE/HARROW, Sept 4 (Wire) -"]
    assert text.of(text.units[-1]).endswith("It stays open.")
