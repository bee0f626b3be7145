"""Whom a passage relays, and which texts are copies of one another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.claim import Claim, ClaimSet, Entity
from store.reading import Document, Name, Span
from workers.attribution import attribute
from workers.echo import NEAR_COPY, copied_from, in_full, relayed, signature, similarity
from workers.text import Passage, Text

CLAIM = Claim(id="c", text="The ferry to Lund is sold.", story="s")
CLAIMS = ClaimSet((CLAIM,), (Entity("wire", "Harbour Wire"), Entity("owner", "Ferry Company")))
KEY = b"a key of the home"


def echoed(words, part=None, outlet=None):
    said = part or words
    start = words.index(said)
    text, passage = Text(Document(text=words, outlet=outlet)), Passage(CLAIM, start, start + len(said), 1000)
    found = relayed(text, passage, attribute(text, passage, CLAIMS), CLAIMS)
    return found.text if found else None


@pytest.mark.parametrize(
    ("words", "outlet"),
    [
        ("The ferry is sold, the Lund Gazette reported.", "Lund Gazette"),
        ("The Lund Gazette reported on Monday that the ferry is sold.", "Lund Gazette"),
        ("According to Reuters, the ferry is sold.", "Reuters"),
        ("The ferry is sold, according to a report in the Lund Gazette.", "Lund Gazette"),
        ("Sailors quoted by the Lund Gazette say the ferry is sold.", "Lund Gazette"),
        ("As Harbour Wire reported last week, sailors say the ferry is sold.", "Harbour Wire"),
        ("Hafenblick, citing two sailors, had written that the ferry is sold.", "Hafenblick"),
        ("A columnist for the Lund Gazette says that the ferry is sold.", "Lund Gazette"),
    ],
)
def test_a_relayed_outlet_is_found_whether_or_not_it_is_an_entity(words, outlet):
    assert echoed(words) == outlet


@pytest.mark.parametrize(
    "words",
    [
        "The ferry is sold, the Ferry Company said.",
        "The ferry is sold, two sailors told the Lund Gazette.",
        "Jan Novak told Reuters that the ferry is sold.",
        "The ferry is sold.",
    ],
)
def test_a_source_that_speaks_to_an_outlet_is_not_relayed(words):
    assert echoed(words) is None


def test_the_publisher_never_relays_itself():
    assert echoed("The Lund Gazette reported that the ferry is sold.", outlet="The Lund Gazette") is None


NEWS = "Herald Broadcasting: ferry sold\n\nNorway's Herald Broadcasting said so. Herald's man saw it. A Gazette knew nothing."


@pytest.mark.parametrize(
    ("wording", "full"),
    [
        ("Norway's Herald Broadcasting", "Herald Broadcasting"),
        ("Herald Broadcasting", "Herald Broadcasting"),
        ("Herald", "Herald Broadcasting"),
        ("Broadcasting", "Herald Broadcasting"),
        ("Gazette", "Gazette"),
    ],
)
def test_an_outlet_is_one_however_the_text_calls_it(wording, full):
    text = Text(Document(text=NEWS))
    start = NEWS.index(wording)
    found = in_full(text, CLAIMS, Name(wording, None, Span(start, start + len(wording))))
    assert (found.text, text.of(found.span)) == (full, full)


def test_a_part_of_two_outlets_names_stays_what_it_is():
    words = "The Lund Gazette reported it, the Oslo Gazette denied it. The ferry is sold, the Gazette says."
    start = words.rindex("Gazette")
    name = Name("Gazette", None, Span(start, start + 7))
    assert in_full(Text(Document(text=words)), CLAIMS, name) == name


def test_a_possessor_that_is_part_of_the_name_stays():
    words = "The ferry is sold, St Olaf's Gazette reported."
    name = Name("St Olaf's Gazette", None, Span(19, 36))
    assert in_full(Text(Document(text=words)), CLAIMS, name) == name


def test_the_publisher_under_a_part_of_its_name_relays_nobody():
    text = Text(Document(text=NEWS, outlet="Herald Broadcasting"))
    assert in_full(text, CLAIMS, Name("Herald", None, Span(0, 6))) is None


def test_the_sources_of_a_relayed_report_go_on_being_relayed():
    words = "T\n\nThe Lund Gazette reported that the ferry is sold, citing these officials. The officials also said it leaks."
    assert echoed(words, part="The officials also said it leaks.") == "Lund Gazette"


def test_somebody_new_after_a_relayed_report_is_not_relayed():
    words = "T\n\nThe Lund Gazette reported that the ferry is sold, citing two sailors. A manager said it was not."
    assert echoed(words, part="A manager said it was not.") is None


def test_a_copy_relays_its_agency_and_the_agency_itself_does_not():
    words = "Ferry sold\n\nLUND (Harbour Wire) - The ferry is sold, the Ferry Company said."
    assert echoed(words, part="The ferry is sold, the Ferry Company said.", outlet="Lund Gazette") == "Harbour Wire"
    assert copied_from(Text(Document(text=words, outlet="Harbour Wire")), CLAIMS) is None
    assert copied_from(Text(Document(text="T\n\nBy Reuters\n\nThe ferry is sold.")), CLAIMS).text == "Reuters"


ARTICLE = " ".join(
    f"Sentence {n} speaks of ferry {n * 7 % 31} and of pier {n * 5 % 17}, as {n} sailors saw." for n in range(60)
)


def test_a_signature_is_128_bytes_depends_on_the_key_and_repeats():
    assert len(signature(ARTICLE, KEY)) == 128
    assert signature(ARTICLE, KEY) == signature(ARTICLE, KEY)
    assert similarity(signature(ARTICLE, KEY), signature(ARTICLE, b"another")) < NEAR_COPY


def test_a_trimmed_and_retitled_reprint_is_a_near_copy_and_another_article_is_not():
    whole = signature(ARTICLE, KEY)
    trimmed = "A headline of its own. " + ARTICLE[: len(ARTICLE) * 6 // 10]
    other = " ".join(f"The harbour master counted {n} boats near buoy {n * 3 % 19} on day {n}." for n in range(60))
    assert similarity(whole, whole) == 1.0
    assert similarity(whole, signature(trimmed, KEY)) >= NEAR_COPY
    assert similarity(whole, signature(other, KEY)) < NEAR_COPY


def test_punctuation_and_case_do_not_matter():
    assert signature("The ferry, it seems, is SOLD!", KEY) == signature("the ferry it seems is sold", KEY)


def test_a_text_without_words_resembles_nothing():
    assert signature(" \n…", KEY) == b""
    assert similarity(b"", b"") == 0.0
    assert similarity(b"", signature("One word", KEY)) == 0.0


@given(st.text(max_size=400), st.binary(max_size=80))
def test_any_text_and_key_give_a_comparable_signature(words, key):
    found = signature(words, key)
    assert len(found) in {0, 128}
    assert similarity(found, found) == (1.0 if found else 0.0)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (
            "The ferry is sold, Hafen Gazette reported. The crew is told, the newspaper said.",
            "The crew is told, the newspaper said.",
        ),
        ("The ferry is sold, the Hafen Gazette reported. The crew knows, the report said.", "The crew knows, the report said."),
        ("The ferry is sold, the Hafen Gazette reported. It added that the crew knows.", "It added that the crew knows."),
        (
            "The Hafen Gazette reported a sale. The ferry is gone, two men told the Gazette.",
            "The ferry is gone, two men told the Gazette.",
        ),
        ("The ferry is sold, the Hafen Gazette's source said.", None),
        ("The ferry is sold - Hafen Gazette\n\nNobody knows more.", "The ferry is sold - Hafen Gazette"),
        ("Port paper: ferry is sold\n\nThe ferry is sold, the Hafen Gazette says.", "Port paper: ferry is sold"),
        ("The ferry is sold, according to the Hafen Gazette of Lund.", None),
    ],
)
def test_a_relayed_outlet_goes_on_under_other_names(words, part):
    claims = ClaimSet((CLAIM,), (*CLAIMS.entities, Entity("gazette", "Hafen Gazette")))
    start = words.index(part) if part else 0
    text, passage = Text(Document(text=words)), Passage(CLAIM, start, start + len(part or words), 1000)
    found = relayed(text, passage, attribute(text, passage, claims), claims)
    assert found is not None
    assert found.entity == "gazette"


def test_an_inspectors_report_is_no_newspapers():
    assert echoed("The ferry is sold. The crew knows, the report said.", part="The crew knows, the report said.") is None


def test_an_outlet_in_a_later_aside_is_not_relayed_by_what_stands_before():
    words = "The ferry is sold, a year after a Lund Gazette report had expected it."
    assert echoed(words, part="The ferry is sold") is None


def test_the_agency_of_a_dateline_is_relayed_and_a_date_is_no_agency():
    assert echoed("Ferry\n\nLUND, May 3 (Seaways) - The ferry is sold.", part="The ferry is sold.") == "Seaways"
    assert echoed("Ferry\n\nLUND, Norland (May 3) - The ferry is sold.", part="The ferry is sold.") is None
    assert (
        echoed("Ferry\n\nLUND, May 3 (Seaways) - The ferry is sold.", part="The ferry is sold.", outlet="Seaways Press") is None
    )
