"""The status of a claim under policy v1, at one instant and over time."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from story_builder import CLAIMS, CLOSES, COST, CRACKED, NORTH, OUTLETS, SOUTH, at, mention, signature, stories

from store.evidence import LIKELY, SURE, Review, as_of
from store.lineage import origins
from store.status import MOST_REASONS, Fold, expires_at, rivals_of, status, status_history

LATER = at(19)


def concluded(*evidence, claim=CLOSES, now=LATER):
    return status(claim, evidence, (), now, CLAIMS, OUTLETS)


def is_(*evidence, claim=CLOSES, now=LATER):
    return concluded(*evidence, claim=claim, now=now).status


# --- one rule each -----------------------------------------------------------------------------------


def test_a_claim_that_nobody_affirms_is_untested():
    assert is_() == "untested"
    assert is_(mention("m1", stance="no_comment", named="Ada Linden"), mention("m2", stance="questions")) == "untested"


def test_any_affirmation_makes_a_rumour_a_guess_included():
    assert is_(mention("m1")) == "rumoured"
    assert concluded(mention("m1", hedging="speculated")).status == "rumoured"
    assert concluded(mention("m1", hedging="speculated")).independent_origins == 0


def test_two_guesses_are_still_a_rumour():
    assert is_(mention("m1", hedging="speculated"), mention("m2", outlet="o-her", hedging="conditional")) == "rumoured"


def test_two_independent_origins_make_a_report_two_papers_with_one_origin_do_not():
    first = mention("m1", when=at(1), outlet="o-wire")
    assert is_(first, mention("m2", when=at(2), outlet="o-her", echo="Wire")) == "rumoured"
    assert is_(first, mention("m3", when=at(2), outlet="o-her")) == "reported"


def test_one_named_source_makes_a_report():
    assert is_(mention("m1", named="Cara Voss")) == "reported"


def test_a_principal_that_predicts_announces():
    assert is_(mention("m1", named="Bo Stern", hedging="predicted")) == "announced"


def test_a_principals_denial_denies_whatever_unnamed_sources_say():
    denial = mention("m1", when=at(1), stance="denies", named="Ada Linden")
    assert is_(denial, mention("m2", when=at(2)), mention("m3", when=at(3), outlet="o-her")) == "denied"


def test_what_the_reader_is_unsure_of_moves_no_status_until_a_person_confirms_it():
    sure = mention("m1", named="Ada Linden")
    unsure = msgspec.structs.replace(sure, mention=msgspec.structs.replace(sure.mention, score=SURE - 1))
    assert is_(sure) == "confirmed"
    assert is_(unsure) == "untested"
    assert is_(msgspec.structs.replace(unsure, review=Review("confirmed"))) == "confirmed"


def scored(score, *items):
    return [msgspec.structs.replace(item, mention=msgspec.structs.replace(item.mention, score=score)) for item in items]


def test_outlets_and_unnamed_sources_add_up_from_what_is_likely_since_they_settle_nothing():
    outlets = mention("m1"), mention("m2", outlet="o-her", anonymity="none")
    assert is_(*scored(LIKELY, *outlets)) == "reported"
    assert is_(*scored(LIKELY - 1, *outlets)) == "untested"
    assert is_(*scored(LIKELY, mention("m3", named="Cara Voss"))) == "untested"


def test_a_misread_passage_is_not_believed_for_standing_in_a_copy_too():
    original, copy = (
        mention(id_, when=at(day), outlet=outlet, named="Ada Linden", sig=signature(*range(64)))
        for id_, day, outlet in (("m1", 1, "o-wire"), ("m2", 2, "o-her"))
    )
    assert is_(original, copy) == "confirmed"
    assert is_(*scored(SURE - 1, original), copy) == "untested"


def test_an_outlet_that_is_relayed_is_no_named_source():
    assert is_(mention("m1", named="Wire", echo="Wire", outlet="o-her")) == "rumoured"


def test_a_third_partys_denial_alone_denies_nothing():
    assert is_(mention("m1"), mention("m2", stance="denies", named="Cara Voss")) == "rumoured"


def test_an_unnamed_sources_denial_takes_no_affirmation_away():
    assert is_(mention("m1", when=at(1)), mention("m2", when=at(2), stance="denies")) == "rumoured"


def test_named_sources_on_both_sides_contest():
    yes, no = mention("m1", named="Cara Voss"), mention("m2", when=at(2), stance="denies", named="Ada Linden")
    found = concluded(yes, no)
    assert (found.status, found.because) == ("contested", ("m1", "m2"))


def test_a_principal_confirms_by_asserting_even_against_a_named_third_party():
    yes, no = mention("m1", named="Ada Linden"), mention("m2", when=at(2), stance="denies", named="Cara Voss")
    assert is_(yes, no) == "confirmed"


def test_another_principals_later_denial_takes_a_confirmation_back_an_earlier_one_does_not():
    yes = mention("m1", CRACKED, when=at(3), named="Ada Linden")
    after = mention("m2", CRACKED, when=at(4), stance="denies", organisation="Ostwerk")
    before = mention("m3", CRACKED, when=at(2), stance="denies", organisation="Ostwerk")
    assert is_(yes, after, claim=CRACKED) == "contested"
    assert is_(yes, before, claim=CRACKED) == "confirmed"


def test_unnamed_voices_from_inside_a_principal_settle_nothing():
    assert is_(mention("m1", organisation="City of Varn", anonymity="unnamed")) == "rumoured"


def test_a_principals_own_paper_in_its_own_voice_settles_nothing():
    assert is_(mention("m1", outlet="o-bul", anonymity="none")) == "rumoured"


def test_a_principals_word_settles_also_when_relayed():
    assert is_(mention("m1", named="Ada Linden", echo="Wire")) == "confirmed"


# --- one speaker, one word ---------------------------------------------------------------------------


def test_of_one_speaker_only_the_latest_word_counts():
    denied, admitted = mention("m1", stance="denies", named="Ada Linden"), mention("m2", when=at(4), named="Ada Linden")
    assert is_(denied, admitted, now=at(2)) == "denied"
    assert is_(denied, admitted) == "confirmed"


def test_the_voices_of_one_principal_are_one_speaker():
    assert is_(mention("m1", named="Ada Linden"), mention("m2", when=at(2), stance="denies", named="Bo Stern")) == "denied"


def test_an_article_that_retells_an_old_denial_with_its_date_does_not_bring_it_back():
    denied = mention("m1", when=at(3), stance="denies", named="Ada Linden", said_on=date(2031, 5, 3))
    admitted = mention("m2", when=at(10), named="Ada Linden", said_on=date(2031, 5, 10))
    retold = mention("m3", when=at(14), stance="denies", named="Ada Linden", said_on=date(2031, 5, 3))
    assert is_(denied, admitted, retold) == "confirmed"


def test_a_date_after_publication_counts_as_publication():
    admitted = mention("m1", when=at(3), named="Ada Linden", said_on=date(2041, 1, 1))
    denied = mention("m2", when=at(5), stance="denies", named="Ada Linden")
    assert is_(admitted, denied) == "denied"


# --- values ------------------------------------------------------------------------------------------


def test_a_denial_of_one_value_does_not_count_against_a_claim_that_has_none():
    yes = mention("m1", COST, named="Cara Voss", variant="2m")
    of_a_value = mention("m2", COST, when=at(2), stance="denies", organisation="City of Varn", variant="5m")
    of_all = mention("m3", COST, when=at(3), stance="denies", organisation="City of Varn")
    assert is_(yes, of_a_value, claim=COST) == "reported"
    assert is_(yes, of_a_value, of_all, claim=COST) == "contested"


def test_in_an_exclusive_group_a_mention_supports_its_own_value_only():
    assert is_(mention("m1", NORTH, variant="south", named="Ada Linden"), claim=NORTH) == "untested"
    assert is_(mention("m1", NORTH, variant="north", named="Ada Linden"), claim=NORTH) == "confirmed"
    assert is_(mention("m1", NORTH, variant=None, named="Ada Linden"), claim=NORTH) == "confirmed"


def test_an_exclusive_group_without_a_value_of_its_own_is_affirmed_by_any_value():
    claim = msgspec.structs.replace(NORTH, variants=msgspec.structs.replace(NORTH.variants, own=None))
    assert is_(mention("m1", claim, variant="south", named="Cara Voss"), claim=claim) == "reported"
    denial = mention("m2", claim, when=at(2), stance="denies", variant="south", named="Ada Linden")
    assert is_(mention("m1", claim, variant="south", named="Cara Voss"), denial, claim=claim) == "reported"


def test_a_confirmed_rival_overtakes_and_a_claim_confirmed_itself_is_not_overtaken():
    rumour = mention("m1", NORTH, variant="north")
    rival = mention("m2", SOUTH, when=at(2), variant="south", named="Ada Linden")
    found = status(NORTH, [rumour], [rival], LATER, CLAIMS, OUTLETS)
    assert (found.status, found.because) == ("overtaken", ("m2",))
    confirmed = mention("m3", NORTH, when=at(3), variant="north", named="Ada Linden")
    assert status(NORTH, [rumour, confirmed], [rival], LATER, CLAIMS, OUTLETS).status == "confirmed"


def test_rivals_are_the_other_values_of_the_same_exclusive_group():
    assert rivals_of(NORTH, CLAIMS) == (SOUTH,)
    assert rivals_of(COST, CLAIMS) == rivals_of(CLOSES, CLAIMS) == ()


# --- time --------------------------------------------------------------------------------------------


def test_a_forecast_expires_48_hours_after_the_end_of_its_last_day_where_the_claim_lives():
    """20 May ends in Berlin (summer time) at 22:00 UTC."""
    assert expires_at(CLOSES) == datetime(2031, 5, 22, 22, 0, tzinfo=UTC)
    just_before = datetime(2031, 5, 22, 21, 59, 59, tzinfo=UTC)
    assert is_(mention("m1"), now=just_before) == "rumoured"
    assert is_(mention("m1"), now=just_before + timedelta(seconds=1)) == "expired"


def test_the_grace_is_48_hours_of_time_also_when_clocks_change_meanwhile():
    claim = msgspec.structs.replace(CLOSES, deadline=date(2031, 10, 25))
    assert expires_at(claim) == datetime(2031, 10, 27, 22, 0, tzinfo=UTC)


def test_expiry_yields_to_confirmation_and_goes_before_everything_else():
    after = at(25)
    assert is_(mention("m1", stance="denies", named="Ada Linden"), now=after) == "expired"
    assert is_(mention("m1", named="Ada Linden"), now=after) == "confirmed"


def test_nothing_is_terminal_a_late_confirmation_ends_an_expiry():
    late = mention("m2", when=at(26), named="Ada Linden")
    history = status_history(CLOSES, [mention("m1"), late], (), CLAIMS, OUTLETS, until=at(30))
    assert [change.status for change in history] == ["rumoured", "expired", "confirmed"]


def test_the_history_names_instants_and_deciding_mentions():
    evidence = [
        mention("m1", when=at(1)),
        mention("m2", when=at(3), outlet="o-her"),
        mention("m3", when=at(5), stance="denies", named="Bo Stern"),
    ]
    history = status_history(CLOSES, evidence, (), CLAIMS, OUTLETS)
    assert [(c.status, c.at, c.mentions, c.independent_origins) for c in history] == [
        ("rumoured", at(1), ("m1",), 1),
        ("reported", at(3), ("m1", "m2"), 2),
        ("denied", at(5), ("m3",), 2),
    ]


def test_without_until_no_deadline_after_the_last_publication_has_passed():
    assert [c.status for c in status_history(CLOSES, [mention("m1")], (), CLAIMS, OUTLETS)] == ["rumoured"]


def test_what_an_article_took_back_stops_to_count_then():
    evidence = [mention("m1", when=at(1)), mention("m2", when=at(2), named="Cara Voss", ended=at(4))]
    history = status_history(CLOSES, evidence, (), CLAIMS, OUTLETS)
    assert [(c.status, c.at) for c in history] == [("rumoured", at(1)), ("reported", at(2)), ("rumoured", at(4))]


def test_when_a_speakers_latest_word_is_taken_back_the_one_before_counts_again():
    denied = mention("m1", when=at(1), stance="denies", named="Ada Linden")
    admitted = mention("m2", when=at(3), named="Bo Stern", ended=at(5))
    history = status_history(CLOSES, [denied, admitted], (), CLAIMS, OUTLETS)
    assert [(c.status, c.mentions) for c in history] == [("denied", ("m1",)), ("confirmed", ("m2",)), ("denied", ("m1",))]


def test_a_misreading_that_ended_as_it_began_never_counted():
    assert status_history(CLOSES, [mention("m1", ended=at(1))], (), CLAIMS, OUTLETS) == []


def test_a_reviewers_decision_counts_from_the_beginning():
    rejected = mention("m1", named="Ada Linden", review=Review("rejected"))
    corrected = mention("m2", named="Ada Linden", review=Review("corrected", stance="denies"))
    hedged = mention("m3", named="Ada Linden", review=Review("corrected", hedging="predicted"))
    assert [is_(rejected), is_(corrected), is_(hedged)] == ["untested", "denied", "announced"]


def test_a_conclusion_names_the_earliest_reasons_only():
    many = [mention(f"m{n:03}", named="Nobody Known", outlet="o-her") for n in range(3)]
    strangers = [mention(f"s{n:03}", when=at(2, 9, n), echo=f"Paper {n}") for n in range(100)]
    found = concluded(*many, *strangers)
    assert (found.status, found.independent_origins) == ("reported", 101)
    assert len(concluded(*strangers).because) == MOST_REASONS
    assert concluded(*strangers).because[0] == "s000"


# --- always ------------------------------------------------------------------------------------------


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_history(evidence, chance):
    shuffled = list(evidence)
    chance.shuffle(shuffled)
    for claim in CLAIMS:
        once = status_history(claim, evidence, (), CLAIMS, OUTLETS, until=at(30))
        assert status_history(claim, shuffled, (), CLAIMS, OUTLETS, until=at(30)) == once


@given(stories())
def test_the_history_is_what_folding_anew_at_every_instant_gives(evidence):
    """The running fold agrees with one that is given, at each instant, what stands then and nothing else."""
    instants = {at(day, hour) for day in range(1, 31, 3) for hour in (0, 12)}
    instants |= {item.occurred_at for item in evidence} | {item.ended_at for item in evidence if item.ended_at}
    origin_of = origins(evidence, CLAIMS, OUTLETS)
    for claim in CLAIMS:
        history = status_history(claim, evidence, (), CLAIMS, OUTLETS, until=at(40))
        for now in sorted(instants):
            standing = [msgspec.structs.replace(item, ended_at=None) for item in as_of(evidence, now)]
            anew = Fold(claim, standing, CLAIMS, origin_of)
            anew.advance(now)
            recalled = [change.status for change in history if change.at <= now]
            assert anew.conclude(now).status == (recalled[-1] if recalled else "untested"), (claim.id, now)


@given(stories(), st.sampled_from(["affirms", "denies"]))
def test_no_number_of_unnamed_voices_denies_confirms_or_announces(evidence, stance):
    unnamed = [mention(f"u{n}", CLOSES, outlet, at(n), stance) for n, outlet in enumerate(OUTLETS.printed, 1)]
    quiet = [item for item in evidence if item.mention.anonymity != "named"]
    found = status(CLOSES, [*quiet, *unnamed], (), at(10), CLAIMS, OUTLETS).status
    assert found in {"untested", "rumoured", "reported"}


@pytest.mark.parametrize("count", [4000])
def test_thousands_of_mentions_are_folded_in_one_pass(count, monkeypatch):
    """Counts what the fold does in place of measuring seconds: a status is asked for once an instant, never a rescan."""
    from store import standing as module

    asked = 0
    original = module.Standing._of

    def counting(self, side, *kinds):
        nonlocal asked
        found = original(self, side, *kinds)
        asked += 1 + len(found)
        return found

    monkeypatch.setattr(module.Standing, "_of", counting)
    names = ["Ada Linden", "Cara Voss", "Ostwerk", None, None, None]
    evidence = [
        mention(f"m{n}", outlet=list(OUTLETS.printed)[n % 4], when=at(1, 9, n), named=names[n % 6],
                stance="denies" if n % 5 == 0 else "affirms", echo=f"Paper {n}" if n % 6 > 2 else None)
        for n in range(count)
    ]  # fmt: skip
    status_history(CLOSES, evidence, (), CLAIMS, OUTLETS)
    assert asked < 40 * count
