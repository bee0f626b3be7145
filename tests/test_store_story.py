"""The chronology of a story, in full and as a table for people."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from story_builder import CLAIMS, CLOSES, CRACKED, NORTH, OUTLETS, SOUTH, at, mention, stories

from store.chronology import condense
from store.evidence import Review
from store.status import status_history
from store.story import Edited, Withdrawn, tell


def told(*evidence, claims=(CLOSES,), now=None, **more):
    return tell(claims, evidence, CLAIMS, now or at(19), outlets=OUTLETS, **more)


def acts(told_):
    return [(row.date.day, row.act) for row in told_.timeline]


# --- rows --------------------------------------------------------------------------------------------


def test_an_event_is_dated_by_when_it_happened_and_keeps_when_it_became_known():
    row = told(mention("m1", when=at(12), happened_on=date(2031, 5, 10), said_on=date(2031, 5, 11))).timeline[0]
    assert (row.date, row.known_on) == (date(2031, 5, 10), date(2031, 5, 12))


def test_a_statement_is_dated_by_when_it_was_made_all_else_by_publication():
    said = mention("m1", stance="denies", when=at(12), happened_on=date(2031, 5, 10), said_on=date(2031, 5, 11))
    plain = mention("m2", when=at(13))
    assert acts(told(said, plain))[:1] == [(11, "denies")]
    assert (13, "affirms") in acts(told(said, plain))


def test_a_forecast_is_not_dated_into_the_future():
    rows = told(mention("m1", hedging="predicted", when=at(3), happened_on=date(2031, 5, 18))).timeline
    assert [row.date for row in rows if row.act == "affirms"] == [date(2031, 5, 3)]


def test_a_row_says_who_spoke_and_where_it_stands():
    named = told(mention("m1", named="Ada Linden", organisation="City of Varn")).timeline[0]
    unnamed = told(mention("m2", role="two officials")).timeline[0]
    own = told(mention("m3", anonymity="none", outlet="o-her")).timeline[0]
    assert [named.actor, unnamed.actor, own.actor] == ["Ada Linden", "two officials", "The Herald"]
    assert (named.quote, named.url) == ("quote m1", "https://o-gaz.example/article-of-m1")


def test_erased_words_leave_the_row_with_what_facts_can_tell():
    row = told(mention("m1", named="Ada Linden", text=False)).timeline[0]
    assert (row.actor, row.quote, row.url, row.act) == ("City of Varn", None, None, "affirms")
    stranger = told(mention("m2", named="Nobody Known", text=False)).timeline[0]
    assert stranger.actor is None


def test_a_status_follows_what_led_to_it_and_quotes_it():
    rows = told(mention("m1", when=at(2)), mention("m2", when=at(4), stance="denies", named="Ada Linden")).timeline
    assert [(r.act, r.status) for r in rows] == [
        ("affirms", None), ("status", "rumoured"), ("denies", None), ("status", "denied"),
    ]  # fmt: skip
    assert (rows[3].quote, rows[3].mention) == ("quote m2", "m2")


def test_edits_and_withdrawals_of_the_articles_concerned_are_rows():
    evidence = [mention("m1", when=at(2), article="a"), mention("m2", when=at(3), article="b", ended=at(9))]
    edits = [
        Edited("a", "o-gaz", "bridge-closes", at(5), "hedge_added", "will close", "may close", "https://x.example/a"),
        Edited("b", "o-gaz", "another-claim", at(5), "hedge_added", "x", "y"),
    ]
    gone = [Withdrawn("b", "o-gaz", at(9), "https://x.example/b"), Withdrawn("z", "o-gaz", at(9))]
    rows = [row for row in told(*evidence, edits=edits, withdrawals=gone).timeline if row.act in {"edited", "withdrawn"}]
    assert [(r.act, r.date.day, r.actor, r.quote, r.url, r.detail) for r in rows] == [
        ("edited", 5, "The Gazette", "will close", "https://x.example/a", "hedge_added"),
        ("withdrawn", 9, "The Gazette", "quote m2", "https://x.example/b", None),
    ]


def test_as_of_leaves_out_what_was_published_later():
    evidence = [mention("m1", when=at(2)), mention("m2", when=at(6), stance="denies", named="Ada Linden")]
    edits = [Edited("article-of-m1", "o-gaz", "bridge-closes", at(7), "hedge_added")]
    early = told(*evidence, edits=edits, now=at(5))
    assert early == told(evidence[0], now=at(5))
    assert early.claims[0].status == "rumoured"


def test_a_claim_counts_standing_mentions_and_independent_origins():
    evidence = [
        mention("m1", when=at(1), outlet="o-wire"),
        mention("m2", when=at(2), outlet="o-her", echo="Wire"),
        mention("m3", when=at(2), outlet="o-her", stance="no_comment"),
        mention("m4", when=at(2), ended=at(3)),
        mention("m5", when=at(2), review=Review("rejected")),
    ]
    claim = told(*evidence).claims[0]
    assert (claim.mentions, claim.independent_origins, claim.status) == (3, 1, "rumoured")
    assert [change.status for change in claim.status_history] == ["rumoured", "reported", "rumoured"]


def test_a_passage_that_a_revision_repeats_is_one_row_unless_its_sense_changed():
    first = mention("m1", when=at(1), article="a", anchor="x", ended=at(3))
    again = mention("m2", when=at(3), article="a", anchor="x", ended=at(4))
    softened = mention("m3", when=at(4), article="a", anchor="x", hedging="speculated")
    rows = [row for row in told(first, again, softened).timeline if row.act == "affirms"]
    assert [row.mention for row in rows] == ["m1", "m3"]


def test_misreadings_and_rejected_mentions_are_no_rows():
    assert told(mention("m1", ended=at(1)), mention("m2", review=Review("rejected"))).timeline == ()


def test_plain_data_has_dates_and_instants_as_iso_8601():
    plain = told(mention("m1", when=at(2))).to_dict()
    assert plain["claims"][0]["status_history"] == [
        {"status": "rumoured", "at": "2031-05-02T09:00:00Z", "mentions": ["m1"], "independent_origins": 1},
    ]
    assert plain["timeline"][0]["date"] == "2031-05-02"


# --- the table ---------------------------------------------------------------------------------------


def table(*evidence, claims=(CLOSES,), most=25, now=None):
    return condense(told(*evidence, claims=claims, now=now).timeline, CLAIMS, most)


def test_repeats_and_echoes_are_counted_on_the_row_of_the_first():
    echoes = [mention(f"m{n}", when=at(n), outlet="o-her" if n % 2 else "o-gaz", echo="Wire") for n in range(2, 12)]
    lines = table(mention("m1", when=at(1), outlet="o-wire"), *echoes).lines
    assert len(lines) == 1
    assert (lines[0].times, lines[0].outlets, lines[0].until) == (11, 3, date(2031, 5, 11))
    assert lines[0].statuses == (("bridge-closes", "rumoured"),)


def test_one_statement_on_several_claims_in_one_article_is_one_row():
    both = [
        mention("m1", CLOSES, stance="denies", named="Ada Linden", article="a"),
        mention("m2", CRACKED, stance="denies", named="Ada Linden", article="a"),
    ]
    (line,) = table(*both, claims=(CLOSES, CRACKED)).lines
    assert line.claims == ("bridge-closes", "bridge-cracked")
    assert line.statuses == (("bridge-closes", "denied"), ("bridge-cracked", "denied"))


def test_the_first_mention_of_another_exclusive_value_is_marked_as_drift():
    lines = table(
        mention("m1", NORTH, when=at(1), variant="north"),
        mention("m2", SOUTH, when=at(3), variant="south"),
        mention("m3", NORTH, when=at(5), variant="north", outlet="o-her"),
        claims=(NORTH, SOUTH),
    ).lines
    assert [(line.variant, line.drift) for line in lines] == [("north", False), ("south", True), ("north", False)]


def test_a_change_that_only_time_made_has_a_row_of_its_own():
    lines = table(mention("m1"), now=at(25)).lines
    assert [(line.act, line.statuses) for line in lines] == [
        ("affirms", (("bridge-closes", "rumoured"),)),
        ("status", (("bridge-closes", "expired"),)),
    ]


def test_a_change_that_a_repeat_made_has_a_row_of_its_own_on_its_day():
    lines = table(
        mention("m1", CRACKED, when=at(1), named="Ada Linden"),
        mention("m2", CRACKED, when=at(2), stance="denies", organisation="Ostwerk"),
        mention("m3", CRACKED, when=at(5), named="Ada Linden"),
        claims=(CRACKED,),
    ).lines
    assert [(line.date.day, line.act, line.statuses[0][1]) for line in lines] == [
        (1, "affirms", "confirmed"),
        (2, "denies", "contested"),
        (5, "status", "confirmed"),
    ]


def test_a_rumour_of_hundreds_of_mentions_is_a_table_of_at_most_25_rows_and_keeps_its_turns():
    evidence = [
        mention(f"m{n}", when=at(1) + timedelta(hours=n), outlet=list(OUTLETS.printed)[n % 4], echo=f"Paper {n % 90}",
                stance=("affirms", "discusses", "questions")[n % 3])
        for n in range(400)
    ]  # fmt: skip
    evidence.append(mention("turn", when=at(17), stance="denies", named="Ada Linden"))
    found = table(*evidence)
    assert len(found.lines) == 25
    assert found.omitted > 0
    turns = [status for line in found.lines for _, status in line.statuses]
    assert turns == ["rumoured", "reported", "denied"]
    assert [line.date for line in found.lines] == sorted(line.date for line in found.lines)


# --- always ------------------------------------------------------------------------------------------


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_neither_story_nor_table(evidence, chance):
    shuffled = list(evidence)
    chance.shuffle(shuffled)
    one = tell(CLAIMS.claims, evidence, CLAIMS, at(28), outlets=OUTLETS)
    other = tell(CLAIMS.claims, shuffled, CLAIMS, at(28), outlets=OUTLETS)
    assert one == other
    assert condense(one.timeline, CLAIMS) == condense(other.timeline, CLAIMS)


@given(stories())
def test_every_mention_that_stood_is_in_the_story_and_counted_once_in_the_table(evidence):
    whole = tell(CLAIMS.claims, evidence, CLAIMS, at(28), outlets=OUTLETS)
    rows = [row.mention for row in whole.timeline if row.act != "status"]
    assert sorted(rows) == sorted(item.id for item in evidence if item.ever_stood)
    full = condense(whole.timeline, CLAIMS, most=10_000)
    assert full.omitted == 0
    assert sum(line.times for line in full.lines if line.act != "status") == len(rows)
    changes = [change for claim in whole.claims for change in claim.status_history]
    assert sum(len(line.statuses) for line in full.lines) == len(changes)


@given(stories())
def test_a_claims_history_in_the_story_is_its_status_history(evidence):
    whole = tell(CLAIMS.claims, evidence, CLAIMS, at(28), outlets=OUTLETS)
    for claim, state in zip(CLAIMS, whole.claims, strict=True):
        assert list(state.status_history) == status_history(claim, evidence, (), CLAIMS, OUTLETS, until=at(28))
        assert state.status == (state.status_history[-1].status if state.status_history else "untested")
