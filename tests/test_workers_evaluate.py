"""The scores of a labelled set, against cases counted by hand."""

from datetime import date

import pytest

from store.reading import Attribution, Mention, Name
from workers import agreement, evaluate
from workers.agreement import INVENTED, MISSED
from workers.evaluate import Gold, Place, Rates, Said, Share


def said(start, end, stance="affirms", claim="c", doc="d", **more):
    return Said(doc, claim, start, end, stance, **more)


def test_thirty_hundredths_of_the_shorter_span_are_a_hit_and_less_is_wrong():
    gold = Gold((said(100, 200),))
    assert len(evaluate.match([said(90, 140)], gold).hits) == 1
    assert len(evaluate.match([said(185, 235)], gold).hits) == 1
    assert len(evaluate.match([said(186, 236)], gold).hits) == 0
    assert len(evaluate.match([said(100, 200, claim="other")], gold).wrong) == 1
    assert len(evaluate.match([said(100, 200, doc="other")], gold).wrong) == 1


def test_a_mention_serves_two_labels_only_where_there_is_no_other():
    gold = Gold((said(0, 100), said(50, 150)))
    both = evaluate.match([said(0, 150)], gold)
    assert (len(both.hits), both.used, both.wrong) == (2, 1, ())
    own = evaluate.match([said(0, 100), said(40, 150)], gold)
    assert [(found.start, label.start) for found, label in own.hits] == [(0, 0), (40, 50)]


def test_of_two_equal_spans_the_one_with_the_labels_stance_is_taken():
    matched = evaluate.match([said(0, 10, "denies"), said(0, 10)], Gold((said(0, 10),)))
    assert [found.stance for found, _ in matched.hits] == ["affirms"]
    assert (matched.used, matched.wrong) == (2, ())


def test_optional_mentions_and_traps():
    gold = Gold((said(0, 10),), (Place("d", "c", 20, 30),), (Place("d", "c", 40, 50), Place("d", "c", 0, 10)))
    matched = evaluate.match([said(0, 10), said(20, 30), said(40, 50), said(60, 70)], gold)
    assert (matched.used, matched.neutral, len(matched.wrong), matched.trapped) == (1, 1, 2, 1)
    assert evaluate.passages(matched, gold) == Rates(1 / 3, 1.0)


def test_documents_count_pairs_and_pairs_that_are_optional_alone_do_not():
    gold = Gold((said(0, 10), said(0, 10, doc="e")), (said(20, 30), Place("f", "c", 0, 9)))
    rates = evaluate.documents([said(500, 510), said(0, 9, doc="f"), said(0, 9, doc="g")], gold)
    assert rates == Rates(1 / 2, 1 / 2)
    assert rates.f1 == pytest.approx(0.5)


LABELS = Gold((said(0, 9), said(10, 19), said(20, 29, "denies"), said(30, 39, "denies"), said(40, 49, "no_comment")))
FOUND = [said(0, 9), said(10, 19, "denies"), said(20, 29, "denies"), said(40, 49), said(50, 59, "denies")]


def test_the_table_of_stances_with_what_was_missed_and_what_was_invented():
    table = agreement.confusion(evaluate.match(FOUND, LABELS), LABELS)
    assert table["affirms"] == {"affirms": 1, "denies": 1, MISSED: 0}
    assert table["denies"] == {"denies": 1, MISSED: 1}
    assert table["no_comment"] == {"affirms": 1, MISSED: 0}
    assert table[INVENTED] == {"denies": 1}


def test_stances_on_hits_and_end_to_end():
    matched = evaluate.match(FOUND, LABELS)
    denies = agreement.stances(matched, LABELS)["denies"]
    assert denies.on_hits == Rates(1 / 2, 1.0)
    assert denies.end_to_end == Rates(1 / 3, 1 / 2)
    assert agreement.accuracy(matched) == Share(2, 4)
    # affirms: one of two read, one of two there; denies: 2/3; no_comment: 0
    assert agreement.macro_f1(matched, LABELS) == pytest.approx((0.5 + 2 / 3 + 0) / 3)


def test_details_are_asked_only_where_the_label_says_something():
    gold = Gold((
        said(0, 9, anonymity="named", speaker="Dr Anselm Verhéy", organisation="the Health Directorate", echo_of="North Wire"),
        said(10, 19, hedging="alleged", variant="9", said_on=date(2031, 5, 1)),
    ))  # fmt: skip
    found = [
        said(0, 9, anonymity="named", speaker="Anselm Verhey", organisation="the Board", echo_of=None),
        said(10, 19, hedging="asserted", variant="10", said_on=date(2031, 5, 1), echo_of="The Echo"),
    ]
    assert agreement.details(evaluate.match(found, gold)) == {
        "anonymity": Share(2, 2), "organisation": Share(0, 1), "speaker": Share(1, 1), "hedging": Share(2, 2),
        "echo_found": Share(0, 1), "echo_invented": Share(1, 1), "variant": Share(0, 1), "said_on": Share(1, 1),
    }  # fmt: skip


def test_the_curve_trades_recall_for_false_matches_and_counts_articles_about_nothing():
    gold = Gold((said(0, 9), said(10, 19)))
    scored = [said(0, 9, score=900), said(10, 19, score=400), said(50, 59, score=400), said(0, 9, doc="other", score=300)]
    strict, middle, loose = evaluate.curve(scored, gold, ["d", "other", "third"], (950, 400, 300))
    assert (strict.passages, strict.false, strict.astray) == (Rates(1.0, 0.0), 0.0, Share(0, 2))
    assert (middle.passages, middle.astray) == (Rates(2 / 3, 1.0), Share(0, 2))
    assert (loose.false, loose.astray) == (0.5, Share(1, 2))


def test_nothing_found_and_nothing_labelled_divide_by_nothing():
    empty = evaluate.match([], Gold(()))
    assert evaluate.passages(empty, Gold(())) == Rates(0.0, 0.0)
    assert evaluate.documents([], Gold(())).f1 == 0.0
    assert agreement.macro_f1(empty, Gold(())) == 0.0


def test_a_readers_mention_in_the_fields_that_are_compared():
    who = Attribution("named", Name("Ada Quill", "ada-quill"), Name("Ports Board"))
    mention = Mention("c", 3, 9, "quote!", "denies", "predicted", "neutral", who, Name("The Echo"), "40m", score=812)
    assert evaluate.found("d", mention) == said(
        3, 9, "denies", hedging="predicted", anonymity="named", speaker="Ada Quill", organisation="Ports Board",
        echo_of="The Echo", variant="40m", score=812,
    )  # fmt: skip
