"""Claims files: the shipped shape is accepted, faults are named by file, claim and field."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.claimsfile import dump_claims, load_claims, parse_claims
from dateline.errors import UserError
from store.claim import Claim, ClaimSet, Entity, Slots, Variants

SEEDS = Path(__file__).parent.parent / "seeds" / "claims.yaml"


def test_the_shipped_claims_are_read_and_written_back_equal():
    claims = load_claims(SEEDS)
    assert len(claims.claims) == 32
    assert parse_claims(dump_claims(claims), "again") == claims


def test_principals_are_resolved_through_who_speaks_for_whom():
    claims = load_claims(SEEDS)
    principals = {p.id: p.voices for p in claims.principals(claims.by_id["kim-visits-russia"])}
    assert {"russia", "kremlin", "dmitry-peskov"} <= principals["russia"]
    assert {"dprk", "kcna", "kim-jong-un"} <= principals["dprk"]


def test_speaks_for_in_a_circle_ends():
    entities = (Entity("a", "A", (), "b"), Entity("b", "B", (), "a"))
    assert ClaimSet((), entities).spoken_for == {"a": {"a", "b"}, "b": {"a", "b"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claims: [", "f.yaml: line 1"),
        ("- a\n- b", "f.yaml: a claims file is a mapping"),
        ("claims:\n- {id: a, story: s}", "f.yaml: claim a: text: missing"),
        ("claims:\n- {id: a, text: t, story: s, deadine: 2023-01-01}", "f.yaml: claim a: deadine: unknown field"),
        ("claims:\n- {id: a, text: t, story: s, deadline: soon}", "f.yaml: claim a: deadline:"),
        ("claims:\n- {id: a, text: t, story: s, timezone: Mars/Base}", "claim a: timezone: Value error, 'Mars/Base'"),
        ("claims:\n- {id: a, text: t, story: s}\n- {id: a, text: t, story: s}", "claim a: id: used twice"),
        ("claims:\n- {id: 'a b', text: t, story: s}", "f.yaml: claim a b: id:"),
        ("entities:\n- {id: a, name: A, speaks_for: nobody}", "entity a: speaks_for: there is no entity 'nobody'"),
        ("claims:\n- {id: a, text: t, story: s, slots: {place: [x]}}", "claim a: slots.place:"),
        (
            "claims:\n- {id: a, text: t, story: s, variants: {group: g, slot: x, values: [b], own: c}}",
            "claim a: variants.own: 'c' is none of the values",
        ),
        (
            "claims:\n- {id: a, text: t, story: s, slots: {date_from: 2023-02-01, date_to: 2023-01-01}}",
            "claim a: slots.date_to: lies before date_from",
        ),
    ],
)
def test_faults_name_file_claim_and_field(text, said):
    with pytest.raises(UserError) as error:
        parse_claims(text, "f.yaml")
    assert said in str(error.value)


def test_all_faults_are_named_at_once():
    with pytest.raises(UserError) as error:
        parse_claims("claims:\n- {id: a}\n- {id: b, text: t, story: s, x: 1}", "f.yaml")
    assert len(str(error.value).splitlines()) == 3


def test_numbers_and_dates_in_word_lists_are_words():
    claims = parse_claims("claims:\n- {id: a, text: t, story: s, keyterms: [2019, 2023-09-14, 1.5]}", "f.yaml")
    assert claims.claims[0].keyterms == ("2019", "2023-09-14", "1.5")


ids = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
words = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=20).filter(str.strip)


@given(
    st.lists(
        st.builds(
            Claim, id=ids, text=words, story=ids, keyterms=st.lists(words, max_size=3).map(tuple),
            deadline=st.none() | st.dates(date(1990, 1, 1)), slots=st.builds(Slots, place=st.none() | words),
            variants=st.none() | st.builds(Variants, group=ids, slot=ids, values=st.lists(words, min_size=1).map(tuple)),
        ),
        unique_by=lambda claim: claim.id,
        max_size=4,
    )
)  # fmt: skip
def test_what_is_written_is_read_back_equal(claims):
    wanted = ClaimSet(tuple(claims))
    assert parse_claims(dump_claims(wanted), "x") == wanted
