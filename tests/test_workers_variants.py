"""Which rival value a passage gives."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.claim import Variants
from tests.reader_world import CAUSE, CLAIMS, COST, OPENS, passage, text_of
from workers.variants import numbers_in, variant


def given_by(claim, sentence, body=None):
    text = text_of(body or f"{sentence}\n")
    return variant(text, passage(text, sentence, claim), CLAIMS)


def amounts(body):
    return [number.amount for number in numbers_in(body, 0, len(body))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("2.1 bn", ["2100000000"]),
        ("£62m", ["62000000"]),
        ("about 20", ["20"]),
        ("two dozen", ["24"]),
        ("a dozen boxes", ["12"]),
        ("twenty-five people", ["25"]),
        ("1,200 tonnes", ["1200"]),
        ("6.5 million", ["6500000"]),
        ("the second death", ["2"]),
        ("a hundred", ["100"]),
        ("COVID19 and A7", []),
    ],
)
def test_numbers_are_read_with_their_scale(body, expected):
    assert amounts(body) == [Decimal(one) for one in expected]


@given(st.integers(0, 10**12))
def test_a_number_reads_the_same_with_and_without_thousands_separators(number):
    assert amounts(f"{number}") == amounts(f"{number:,}") == [Decimal(number)]


@given(st.text(max_size=80))
def test_numbers_lie_where_they_say(body):
    for number in numbers_in(body, 0, len(body)):
        assert 0 <= number.start < number.end <= len(body)
        assert number.amount >= 0


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        ("The repair bill could reach £62m.", "62m"),
        ("The estimate is 62 million pounds.", "62m"),
        ("It might be nearer 95, said another.", "95m"),
        ("Reports of a cost of 40 million were denied.", "40m"),
        ("The estimate is 63 million pounds.", None),
        ("No estimate was given.", None),
    ],
)
def test_amounts_are_compared_as_amounts(sentence, value):
    assert given_by(COST, sentence) == value


def test_of_two_amounts_the_one_beside_the_claims_words_counts():
    assert given_by(COST, "Of the 40m readers asked, most thought the repair bill of £62m too high.") == "62m"


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        ("It opens again on 14 June.", "2031-06-14"),
        ("It opens again on June 15th.", "2031-06-15"),
        ("It opens again on 4 June.", None),
        ("Either 14 June or 15 June, they said.", None),
    ],
)
def test_dates_are_compared_as_dates(sentence, value):
    assert given_by(OPENS, sentence) == value


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        ("Road salt ate into the cables.", "road-salt"),
        ("Bad steel was to blame, said a welder.", "bad-steel"),
        ("It was bad steel, and not road salt.", "road-salt"),
        ("The cables were to blame.", None),
    ],
)
def test_values_of_words_are_met_by_their_words_and_the_claims_own_goes_first(sentence, value):
    assert given_by(CAUSE, sentence) == value


def test_in_an_exclusive_group_a_reply_is_about_the_value_just_before_it():
    body = "It was the bad steel, a welder said. The Board called that nonsense.\n\nThe Board said no more."
    assert given_by(CAUSE, "The Board called that nonsense.", body) == "bad-steel"
    assert given_by(CAUSE, "The Board said no more.", body) is None


def test_forms_and_spellings_of_entities_stand_for_a_value():
    places = Variants("maker", "maker", ("ruritania", "elsewhere"), forms={"elsewhere": ("some other land",)})
    claim = msgspec.structs.replace(CAUSE, variants=places)
    assert given_by(claim, "The cables came from Ruritania.") == "ruritania"
    assert given_by(claim, "The cables came from some other land.") == "elsewhere"


def test_a_claim_without_variants_has_none():
    assert given_by(msgspec.structs.replace(CAUSE, variants=None), "Road salt ate into the cables.") is None


def test_where_a_one_word_value_lists_its_forms_its_other_spellings_do_not_count():
    group = Variants("venue", "place", ("moscow", "minsk"), forms={"moscow": ("in Moscow",)})
    claim = msgspec.structs.replace(COST, variants=group)
    assert given_by(claim, "Moscow said that talks were near.") is None
    assert given_by(claim, "The talks are held in Moscow.") == "moscow"
    assert given_by(claim, "Minsk it will be.") == "minsk"
