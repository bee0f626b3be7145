"""Which mentions share an origin."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from story_builder import CLAIMS, COST, CRACKED, OUTLETS, at, mention, signature, stories

from store.claim import Claim
from store.evidence import LIKELY, SURE, Review
from store.lineage import PRESS, origins
from store.nearcopy import NearCopies, parse, similarity


def origin_ids(*evidence):
    found = origins(evidence, CLAIMS, OUTLETS)
    return [found[item.id].id for item in evidence]


def test_all_unnamed_sources_and_the_own_voice_of_one_outlet_are_one_origin():
    first, second = mention("m1", article="a"), mention("m2", article="b")
    own = mention("m3", article="c", anonymity="none")
    assert origin_ids(first, second, own) == ["entity:gazette"] * 3


def test_whoever_speaks_for_a_principal_is_that_principal_over_any_number_of_steps():
    items = [mention("m1", named="Ada Linden"), mention("m2", named="Bo Stern"), mention("m3", organisation="Varn city hall")]
    found = origins(items, CLAIMS, OUTLETS)
    assert {found[item.id].id for item in items} == {"entity:city"}
    assert {found[item.id].kind for item in items} == {"principal"}


def test_a_speaker_for_another_party_is_a_principal_of_those_claims_only_that_name_it():
    closes, cracked = mention("m1", organisation="Ostwerk"), mention("m2", CRACKED, organisation="Ostwerk")
    found = origins([closes, cracked], CLAIMS, OUTLETS)
    assert (found["m1"].kind, found["m2"].kind) == ("named", "principal")
    assert found["m1"].id == found["m2"].id == "entity:builder"


def test_a_person_whom_nobody_defined_speaks_for_the_institution_that_the_text_gives():
    assert origin_ids(mention("m1", named="Jon Unknown", organisation="City of Varn")) == ["entity:city"]


def test_a_known_person_without_such_a_tie_does_not():
    assert origin_ids(mention("m1", named="Cara Voss", organisation="City of Varn")) == ["entity:engineer"]


def test_a_stranger_is_one_origin_by_key_alone_even_when_all_text_is_erased():
    one = mention("m1", named="Nobody Known", text=False)
    other = mention("m2", outlet="o-her", named="nobody known", text=False)
    assert origin_ids(one, other) == ["key:k/nobody known"] * 2


LANTERN = Claim("bridge-lit", "The Old Bridge is lit.", "bridge")
"""No principals: nobody's word settles it."""


def lit(id_, day, **source):
    return mention(id_, LANTERN, when=at(day), article=f"on-{id_}", **source)


def lit_origins(*evidence):
    found = origins(evidence, msgspec.structs.replace(CLAIMS, claims=(*CLAIMS.claims, LANTERN)), OUTLETS)
    return [found[item.id].id for item in evidence]


def test_an_institution_and_the_person_who_speaks_for_it_are_one_origin_whoever_is_heard_first():
    hall, mayor = {"organisation": "Varn city hall"}, {"named": "Ada Linden"}
    assert lit_origins(lit("m1", 1, **hall), lit("m2", 2, **mayor)) == ["entity:city"] * 2
    assert lit_origins(lit("m1", 1, **mayor), lit("m2", 2, **hall)) == ["entity:mayor"] * 2


def test_two_people_of_one_institution_stay_two_origins_and_its_own_word_is_the_first_ones():
    paper, mayor, hall = {"organisation": "Varn Bulletin"}, {"named": "Ada Linden"}, {"organisation": "City of Varn"}
    items = lit("m1", 1, **mayor), lit("m2", 2, **hall), lit("m3", 3, **paper), lit("m4", 4, **hall)
    assert lit_origins(*items) == ["entity:mayor", "entity:mayor", "entity:city-paper", "entity:mayor"]


def test_a_rejected_or_misread_statement_lends_its_name_to_nobody():
    hall = {"organisation": "City of Varn"}
    rejected = lit("m1", 1, **hall, review=Review("rejected"))
    misread = lit("m2", 1, **hall, ended=at(1))
    assert lit_origins(rejected, misread, lit("m3", 2, named="Ada Linden"))[2] == "entity:mayor"


def test_an_unnamed_source_inside_an_institution_is_the_outlets_and_not_the_institutions():
    item = mention("m1", organisation="City of Varn", anonymity="unnamed")
    assert origins([item], CLAIMS, OUTLETS)["m1"].kind == "outlet"


def test_a_relay_of_a_relay_leads_to_where_the_chain_starts():
    first = mention("m1", when=at(1), outlet="o-her")
    second = mention("m2", when=at(2), outlet="o-wire", echo="The Herald")
    third = mention("m3", when=at(3), outlet="o-gaz", echo="Wire")
    found = origins([third, first, second], CLAIMS, OUTLETS)
    assert {origin.id for origin in found.values()} == {"outlet:o-her"}
    assert [found[id_].echo for id_ in ("m1", "m2", "m3")] == [False, True, True]
    assert found["m3"].relayed == "m2"


def test_a_relay_of_an_outlet_that_nobody_watches_ends_there():
    one = mention("m1", echo="A Paper Elsewhere")
    other = mention("m2", outlet="o-her", echo="a paper elsewhere")
    assert origin_ids(one, other) == ["key:k/a paper elsewhere"] * 2


def test_a_relayed_outlet_is_recognised_by_its_printed_name_or_its_entity():
    by_name = mention("m1", outlet="o-her", echo="WIRE")
    by_entity = mention("m2", outlet="o-her", echo="The Gazette")
    assert origin_ids(by_name, by_entity) == ["outlet:o-wire", "entity:gazette"]


def test_an_outlet_that_names_itself_relays_nobody():
    found = origins([mention("m1", echo="The Gazette")], CLAIMS, OUTLETS)["m1"]
    assert (found.id, found.echo) == ("entity:gazette", False)


def test_two_outlets_that_relay_each_other_have_one_origin_each_at_the_earlier_ones_source():
    first = mention("m1", when=at(1), outlet="o-her", echo="Wire")
    second = mention("m2", when=at(2), outlet="o-wire", echo="The Herald")
    assert origin_ids(first, second) == ["outlet:o-wire", "outlet:o-wire"]


def test_a_chain_prefers_the_relayed_outlets_mention_of_the_same_value():
    own = mention("m1", COST, when=at(1), outlet="o-her", variant="2m")
    relays = mention("m2", COST, when=at(2), outlet="o-her", variant="5m", echo="Wire")
    later = mention("m3", COST, when=at(3), outlet="o-gaz", variant="2m", echo="The Herald")
    assert origin_ids(own, relays, later) == ["outlet:o-her", "outlet:o-wire", "outlet:o-her"]


def test_a_named_speaker_stays_the_origin_however_often_relayed():
    item = mention("m1", outlet="o-her", named="Cara Voss", echo="Wire")
    assert origin_ids(item) == ["entity:engineer"]


def test_what_a_reviewer_rejected_is_no_link_of_a_chain():
    wrong = mention("m1", when=at(1), outlet="o-her", echo="Wire", review=Review("rejected"))
    later = mention("m2", when=at(2), outlet="o-gaz", echo="The Herald")
    assert origin_ids(wrong, later)[1] == "outlet:o-her"


def test_a_principals_own_paper_is_no_second_origin_but_not_the_principals_word_either():
    paper = origins([mention("m1", outlet="o-bul", anonymity="none")], CLAIMS, OUTLETS)["m1"]
    assert (paper.id, paper.kind) == ("entity:city", "outlet")


WIRE_COPY = range(100, 164)


def test_a_near_copy_has_the_origin_of_the_passage_that_it_copied():
    cut = [*WIRE_COPY[:40], *range(24)]  # 40 of 64 positions agree
    inner = mention("m1", when=at(1), outlet="o-wire", article="w", start=10, echo="The Herald", sig=signature(*WIRE_COPY))
    own = mention("m2", when=at(1), outlet="o-wire", article="w", start=90, sig=signature(*WIRE_COPY))
    copied_own = mention("m3", when=at(2), outlet="o-gaz", article="g", start=80, sig=signature(*cut))
    copied_inner = mention("m4", when=at(2), outlet="o-gaz", article="g", start=5, sig=signature(*cut))
    assert origin_ids(inner, own, copied_own, copied_inner) == [
        "outlet:o-her",
        "outlet:o-wire",
        "outlet:o-wire",
        "outlet:o-her",
    ]


def copied(id_, day, start, *, outlet="o-wire", article="w", score=900, length=40, **source):
    """A passage of the wire's text, or, with another outlet and article, of a copy of it."""
    item = mention(id_, when=at(day), outlet=outlet, article=article, start=start, sig=signature(*WIRE_COPY), **source)
    event = msgspec.structs.replace(item.mention, end=start + length, score=score)
    return msgspec.structs.replace(item, mention=event)


def in_copy(id_, start, **rest):
    return copied(id_, 2, start, outlet="o-gaz", article="g", **rest)


def test_a_copied_passage_is_read_as_in_the_original_whoever_speaks_in_it():
    engineer, unnamed = copied("m1", 1, 10, named="Cara Voss"), copied("m2", 1, 90, length=50)
    missed, misread = in_copy("m3", 12), in_copy("m4", 92, length=50, named="Nobody Known")
    found = origins([engineer, unnamed, missed, misread], CLAIMS, OUTLETS)
    assert [found[id_].id for id_ in ("m3", "m4")] == ["entity:engineer", "outlet:o-wire"]
    assert [(found[id_].echo, found[id_].relayed) for id_ in ("m3", "m4")] == [(True, "m1"), (True, "m2")]
    assert found["m3"].kind == "named"


def test_what_a_copy_adds_or_says_otherwise_is_read_by_itself():
    original = copied("m1", 1, 10, named="Cara Voss")
    added, contrary = in_copy("m2", 200, length=70, named="Ada Linden"), in_copy("m3", 10, stance="denies", named="Bo Stern")
    found = origins([original, added, contrary], CLAIMS, OUTLETS)
    assert [(found[id_].id, found[id_].echo) for id_ in ("m2", "m3")] == [("entity:city", False)] * 2


def test_an_outlet_that_uses_its_own_text_again_may_name_somebody_else_in_it():
    first, again = copied("m1", 1, 10, named="Cara Voss"), copied("m2", 2, 10, article="w2", named="Ada Linden")
    assert origin_ids(first, again) == ["entity:engineer", "entity:city"]


@pytest.mark.parametrize(("least", "source"), [(LIKELY, {}), (SURE, {"named": "Cara Voss"})])
def test_a_passage_is_worth_no_more_in_a_copy_than_in_the_original(least, source):
    doubtful, believed = copied("m1", 1, 10, score=least - 1, **source), copied("m2", 1, 300, score=least, **source)
    surer, again = in_copy("m3", 10, score=least, **source), in_copy("m4", 300, score=least - 1, **source)
    found = origins([doubtful, believed, surer, again], CLAIMS, OUTLETS)
    assert [found[id_].lends for id_ in ("m1", "m2", "m3", "m4")] == [True, True, False, True]
    confirmed = msgspec.structs.replace(doubtful, review=Review("confirmed"))
    assert origins([confirmed, surer], CLAIMS, OUTLETS)["m3"].lends


def press(item):
    return msgspec.structs.replace(item, mention=msgspec.structs.replace(item.mention, relays=PRESS))


def test_an_outlet_without_a_name_is_whoever_printed_the_same_value_before():
    first, other = mention("m1", COST, when=at(1), outlet="o-her", variant="2m"), mention("m2", COST, when=at(2), variant="5m")
    denied = mention("m3", COST, when=at(3), outlet="o-wire", stance="denies", variant="2m")
    told = press(mention("m4", COST, when=at(4), outlet="o-bul", variant="2m"))
    found = origins([first, other, denied, told], CLAIMS, OUTLETS)
    assert (found["m4"].id, found["m4"].echo, found["m4"].relayed) == ("outlet:o-her", True, "m1")


def test_an_outlet_without_a_name_that_nobody_printed_before_ends_at_who_tells_of_it():
    found = origins([press(mention("m1", outlet="o-her"))], CLAIMS, OUTLETS)["m1"]
    assert (found.id, found.echo, found.relayed) == ("outlet:o-her", True, None)


def test_a_text_that_shares_less_than_the_bound_is_no_copy():
    other = [*WIRE_COPY[:30], *range(34)]
    first = mention("m1", when=at(1), outlet="o-wire", sig=signature(*WIRE_COPY))
    second = mention("m2", when=at(2), sig=signature(*other))
    assert origin_ids(first, second) == ["outlet:o-wire", "entity:gazette"]


@pytest.mark.parametrize("damaged", ["", "A", "###", "AAAA", signature(7)])
def test_an_unknown_or_damaged_signature_resembles_no_other_text(damaged):
    copies = NearCopies()
    assert copies.original("a", signature(*WIRE_COPY)) == "a"
    assert copies.original("b", damaged) == "b"
    assert similarity(parse(damaged), parse(signature(*WIRE_COPY))) == 0.0


@given(st.integers(32, 64), st.randoms(use_true_random=False))
def test_banding_finds_every_copy_above_the_bound_as_a_full_comparison_would(same, chance):
    values = list(range(1000, 1064))
    copy = list(values)
    for i in chance.sample(range(64), 64 - same):
        copy[i] = i
    pairs = sum(copy[i] == values[i] and copy[i + 1] == values[i + 1] for i in range(0, 64, 2))
    copies = NearCopies()
    copies.original("a", signature(*values))
    assert copies.original("b", signature(*copy)) == ("a" if pairs >= 2 else "b")


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_origin(evidence, chance):
    shuffled = list(evidence)
    chance.shuffle(shuffled)
    assert origins(shuffled, CLAIMS, OUTLETS) == origins(evidence, CLAIMS, OUTLETS)


@given(stories())
def test_later_publications_change_no_earlier_origin(evidence):
    whole = origins(evidence, CLAIMS, OUTLETS)
    early = [item for item in evidence if item.occurred_at < at(12)]
    assert origins(early, CLAIMS, OUTLETS) == {item.id: whole[item.id] for item in early}


def test_ten_thousand_mentions_in_chains_are_followed_without_recursion():
    names = list(OUTLETS.printed.items())
    items = [
        mention(f"m{n}", when=at(1, 9, n % 1000), outlet=names[n % 4][0], echo=names[(n + 1) % 4][1], article=f"a{n}")
        for n in random.Random(5).sample(range(10_000), 10_000)
    ]
    assert len(origins(items, CLAIMS, OUTLETS)) == 10_000
