"""The pure decision: what a sight of an article means, given what is known of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingest.decide import (
    EARLIEST,
    Language,
    New,
    Nothing,
    NotThere,
    Revised,
    Unchanged,
    Withdrawn,
    baseline_after,
    decide,
    next_visit,
    occurrence,
    one_article,
)
from ingest.identity import fingerprint
from ingest.item import Item
from ingest.sight import Text, Unseen, Vanished, summary_text, whole_text
from ingest.state import Baseline, Known

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BODY = "The minister said on Monday that the bridge is safe.\n\nThe engineers who built it did not answer questions."


def text(body=BODY, title="Bridge", source="page", **changes):
    rendition = {"page": "p-1", "feed": "f-1", "summary": "f-1"}[source]
    fields = {
        "title": title,
        "body": body,
        "source": source,
        "rendition": rendition,
        "url": "https://a.example/1",
        "language": "en",
    }
    return Text(**(fields | changes))


def known(of=None, **changes):
    of = of or text()
    mark = fingerprint(of.title, of.body)
    fields = {
        "article": "a1", "feed": "f", "outlet": "o", "first_seen": T0, "revision": 1, "source": of.source, "fingerprint": mark,
        "baselines": {of.source: Baseline(mark, 1, of.rendition)}, "language": "en",
    }  # fmt: skip
    return Known(**(fields | changes))


def again(what, sight, body=BODY, now=T0 + HOUR):
    return decide(what, body, sight, now)


# --- the first sight ---------------------------------------------------------------------------------


def test_an_unknown_article_is_new():
    assert decide(None, None, text(published=T0 - HOUR), T0) == New(text(published=T0 - HOUR), T0 - HOUR, "claimed", T0 - HOUR)


@pytest.mark.parametrize(
    ("claimed", "occurred", "basis"),
    [
        (T0 - HOUR, T0 - HOUR, "claimed"),
        (T0, T0, "claimed"),
        (T0 + timedelta(seconds=1), T0, "first_seen"),
        (datetime(2100, 1, 1, tzinfo=UTC), T0, "first_seen"),
        (datetime(1970, 1, 1, tzinfo=UTC), T0, "first_seen"),
        (EARLIEST, EARLIEST, "claimed"),
        (None, T0, "first_seen"),
    ],
)
def test_a_claimed_date_is_believed_if_it_is_possible(claimed, occurred, basis):
    assert occurrence(claimed, T0) == (occurred, basis)


@given(st.datetimes(timezones=st.just(UTC)) | st.none(), st.datetimes(timezones=st.just(UTC)).filter(lambda at: at >= EARLIEST))
def test_nothing_occurs_after_it_was_seen(claimed, seen):
    assert occurrence(claimed, seen)[0] <= seen


# --- the same or another text ------------------------------------------------------------------------


def test_the_same_text_in_other_typography_is_unchanged():
    assert again(known(), text(BODY.replace("did not", "did  not"))) == Unchanged(text(BODY.replace("did not", "did  not")))


def test_another_text_is_a_revision_that_occurs_when_it_was_seen_whatever_the_page_claims():
    edited = text(BODY.replace("is safe", "may be safe"), modified=T0 - 48 * HOUR)
    assert again(known(), edited) == Revised(edited, T0 + HOUR, "first_seen", T0 - 48 * HOUR)


def test_another_headline_alone_is_a_revision():
    assert isinstance(again(known(), text(title="Bridge unsafe")), Revised)


def test_a_page_first_seen_after_the_feeds_text_is_that_text_with_something_around_or_left_out():
    feed = known(text(source="feed"))
    assert isinstance(again(feed, text(f"Share this\n\n{BODY}\n\nMore news")), Unchanged)
    assert isinstance(again(feed, text(BODY.partition("\n\n")[0])), Unchanged)
    assert isinstance(again(feed, text(BODY.replace("is safe", "is not safe"))), Revised)


def test_once_the_page_is_known_its_own_changes_count_even_where_the_feeds_text_still_stands_in_it():
    feed = known(text(source="feed"))
    with_box = text(f"{BODY}\n\nMore news")
    settled = replace(feed, baselines=baseline_after(feed, with_box, 1))
    assert isinstance(again(settled, with_box), Unchanged)
    assert isinstance(again(settled, text(BODY.partition("\n\n")[0])), Revised)


def test_an_edit_told_by_the_feed_is_not_told_again_by_the_page():
    edited = BODY.replace("is safe", "may be safe")
    first = known(text(source="feed"))
    after_page = replace(first, baselines=baseline_after(first, text(), 1))
    from_feed = text(edited, source="feed")
    assert isinstance(again(after_page, from_feed), Revised)
    after_feed = replace(
        after_page, revision=2, fingerprint=fingerprint("Bridge", edited), baselines=baseline_after(after_page, from_feed, 2)
    )
    assert isinstance(again(after_feed, text(edited, title="Bridge | Post"), body=edited), Unchanged)
    assert isinstance(again(after_feed, text(BODY), body=edited), Unchanged), "a page that a cache still serves is no revision"


def test_a_page_that_could_be_read_at_last_replaces_the_summary_and_a_summary_never_a_text():
    assert isinstance(again(known(text("Short.", source="summary")), text(), body="Short."), Revised)
    assert isinstance(again(known(), text("Short.", source="summary")), Unchanged)


def test_a_text_of_another_extractor_is_compared_by_what_it_contains():
    of = text()
    old = known(of, baselines={"page": Baseline(fingerprint(of.title, of.body), 1, "p-0")})
    assert isinstance(again(old, text(f"{BODY}\n\nA caption.")), Unchanged)
    assert isinstance(again(old, text(BODY.replace("is safe", "is not safe"))), Revised)


def test_a_page_in_another_language_that_shares_nothing_is_no_revision():
    consent = text("Wir verwenden Cookies, um diese Seite zu betreiben und Besuche zu zählen.", language="de")
    assert again(known(), consent) == Language()
    assert isinstance(again(known(), text(BODY.replace("safe", "sound"), language="nl")), Revised)


# --- not there ---------------------------------------------------------------------------------------


def test_410_is_a_withdrawal_at_once_and_only_once():
    assert again(known(), Vanished("410")) == Withdrawn("410")
    assert again(known(withdrawn_at=T0), Vanished("410")) == Unchanged()


@pytest.mark.parametrize(
    ("earlier", "intent"),
    [
        ((), NotThere()),
        ((12,), NotThere()),
        ((24, 12), Withdrawn("404")),
        ((23, 12), NotThere()),
        ((30, 29, 1), Withdrawn("404")),
        ((48,), NotThere()),
    ],
)
def test_404_is_a_withdrawal_after_three_times_over_24_hours(earlier, intent):
    now = T0 + 100 * HOUR
    assert again(known(missing=tuple(now - hours * HOUR for hours in earlier)), Vanished("404"), now=now) == intent


def test_a_withdrawn_article_that_comes_back_is_a_revision_even_with_the_same_text():
    assert isinstance(again(known(withdrawn_at=T0), text()), Revised)


@pytest.mark.parametrize("why", ["failed", "refused", "unreadable"])
def test_what_could_not_be_seen_means_nothing(why):
    assert again(known(), Unseen(why)) == Nothing(why)
    assert again(known(), Unseen("not_modified")) == Unchanged()


# --- when to look again ------------------------------------------------------------------------------


def test_the_schedule_counts_from_first_sight_and_skips_what_is_past():
    schedule = (HOUR, 4 * HOUR, 12 * HOUR)
    assert next_visit(T0, schedule, T0) == T0 + HOUR
    assert next_visit(T0, schedule, T0 + HOUR) == T0 + 4 * HOUR
    assert next_visit(T0, schedule, T0 + 5 * HOUR) == T0 + 12 * HOUR
    assert next_visit(T0, schedule, T0 + 13 * HOUR) is None


@given(st.lists(st.integers(1, 500), max_size=6), st.integers(0, 600))
def test_the_next_look_lies_in_the_future(hours, later):
    schedule = tuple(h * HOUR for h in hours)
    then = next_visit(T0, schedule, T0 + later * HOUR)
    assert then is None or then > T0 + later * HOUR


# --- when a feed's text is enough --------------------------------------------------------------------

LONG = "<p>" + "The harbour board met again on Tuesday. " * 12 + "</p><p>It will meet again next week.</p>"


@pytest.mark.parametrize(
    ("item", "whole"),
    [
        (Item(title="T", html=LONG), True),
        (Item(title="T", text="A sentence about the harbour. " * 20 + "\n\nAnd the end."), True),
        (Item(title="T", summary="A sentence. " * 100), False),
        (Item(title="T", html="<p>Short.</p><p>Two.</p>"), False),
        (Item(title="T", html="<p>" + "One paragraph only. " * 50 + "</p>"), False),
        (Item(title="T", html=LONG.replace("next week.", "next […]")), False),
        (Item(title="T", html=LONG.replace("next week.", "next…")), False),
        (Item(title="T", html=LONG + "<p><a href='x'>Continue reading</a></p>"), False),
        (Item(title="T", html=LONG + "<p>Read more on our site.</p>"), False),
        (Item(title="T", html=LONG.replace("next week", "once more")), True),
    ],
)
def test_a_feed_carries_the_whole_text_if_it_clearly_does(item, whole):
    assert (whole_text(item) is not None) is whole


def test_without_a_page_the_best_that_the_feed_has_must_do():
    assert summary_text(Item(title="T", summary="S", html="<p>Short.</p>")).body == "Short."
    assert summary_text(Item(title="T", summary="S")).body == "S"
    assert summary_text(Item(summary="Words without a title.")).title == "Words without a title."


def test_states_of_one_article_are_told_from_two_articles_under_one_name():
    assert one_article(BODY, BODY.replace("is safe", "may be safe"))
    assert not one_article(BODY, "Quite another story about a regatta, a storm, two boats and a lost trophy in the bay.")
