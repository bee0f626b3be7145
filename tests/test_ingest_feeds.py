"""Feeds: which are due, how their health is judged, and OPML both ways."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingest.feeds import SLOWEST, add_feed, backoff, dropped_early, due, interval_after, next_due, outlet_id, remove_feed
from ingest.health import Answer, failed, first_state, gone, succeeded
from ingest.opml import OpmlRefused, Outline, parse_opml, write_opml
from ingest.state import FeedState
from ingest.urls import UrlRefused
from store.events import FeedAdded, FeedFailing, FeedGone, FeedMoved, FeedRecovered
from store.timeline import Feed

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def feed(name="f1", **changes):
    fields = {"feed": name, "url": f"https://{name}.example/rss", "title": "T", "outlet": "o", "outlet_name": None,
              "interval": 600, "state": "active", "since": T0}  # fmt: skip
    return Feed(**(fields | changes))


def polled(name="f1", minutes=10, **changes):
    return FeedState(**({"feed": name, "next_due": T0 + minutes * MINUTE, "interval": 600} | changes))


# --- what is due -------------------------------------------------------------------------------------


def test_a_feed_never_polled_is_due_at_once_and_a_gone_one_never():
    feeds = [feed("b"), feed("a"), feed("c", state="gone"), feed("d", state="failing"), feed("e")]
    states = {"d": polled("d", 0), "e": polled("e", 5)}
    assert [one.feed for one in due(feeds, states, T0)] == ["a", "b", "d"]
    assert next_due(feeds, states, T0) == T0
    assert next_due([feed("e")], states, T0) == T0 + 5 * MINUTE
    assert next_due([feed("c", state="gone")], states, T0) is None


def test_a_quiet_feed_is_asked_less_often_and_news_bring_it_back():
    assert interval_after(feed(), 600, changed=False, max_age=None) == 900
    assert interval_after(feed(), 2300, changed=False, max_age=None) == 2400
    assert interval_after(feed(), 2400, changed=True, max_age=None) == 600
    assert interval_after(feed(), 600, changed=True, max_age=1200) == 1200
    assert interval_after(feed(), 600, changed=True, max_age=10**9) == 2400


@given(st.integers(10, 10**6), st.booleans(), st.none() | st.integers(0, 10**9))
def test_an_interval_stays_between_the_feeds_own_and_its_multiple(current, changed, max_age):
    assert 600 <= interval_after(feed(), current, changed=changed, max_age=max_age) <= 600 * SLOWEST


def test_a_failing_feed_is_left_alone_for_longer_and_longer_up_to_half_a_day():
    waits = [backoff(feed(), failures) for failures in range(1, 60)]
    assert waits[:3] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=12)


def test_only_what_leaves_from_the_middle_of_a_feed_left_early():
    assert dropped_early(["5", "4", "3", "2", "1"], ["6", "5", "3", "2"]) == ["4"]
    assert dropped_early(["5", "4", "3"], ["8", "7", "6"]) == []
    assert dropped_early([], ["1"]) == []
    assert dropped_early(["5", "4"], ["4"]) == ["5"]


# --- adding ------------------------------------------------------------------------------------------


def test_adding_a_feed_twice_is_one_event_and_names_its_outlet():
    draft = add_feed("HTTPS://www.Post.example:443/rss?utm_source=x", now=T0, title="News")
    assert isinstance(draft.event, FeedAdded)
    assert draft.event.outlet == "post.example"
    assert draft.event.text.url == "https://www.post.example/rss?utm_source=x"
    assert draft.stream == f"feed/{draft.event.feed}"
    assert draft.key == add_feed("https://www.post.example/rss", now=T0 + MINUTE).key
    assert draft.key != add_feed("https://www.post.example/rss", now=T0, again=1).key
    assert draft.key != add_feed("https://www.post.example/rss2", now=T0).key


def test_what_is_no_web_address_cannot_be_added():
    with pytest.raises(UrlRefused):
        add_feed("file:///etc/passwd", now=T0)


def test_the_outlet_of_a_feeds_host_is_that_of_its_site():
    assert outlet_id("https://feeds.post.example/x") == outlet_id("https://www.post.example/") == "post.example"


def test_removing_a_feed_is_an_event_of_its_stream():
    draft = remove_feed(feed(), now=T0)
    assert draft.event == FeedGone("f1", "removed")
    assert draft.stream == "feed/f1"


# --- health ------------------------------------------------------------------------------------------


def names(verdict):
    return [draft.event.NAME for draft in verdict.drafts]


def answer(**changes):
    fields = {"headers": {"etag": '"2"', "last-modified": "L2"}, "changed": True, "body_hash": "h2", "listing": ("a",)}
    return Answer(**(fields | changes))


def test_three_failures_are_reported_once_and_the_recovery_too():
    state, now = first_state(feed(), T0), T0
    reported = []
    for _ in range(6):
        verdict = failed(feed(), state, "timeout", None, now)
        reported.append(names(verdict))
        state, now = verdict.state, verdict.state.next_due
    assert reported == [[], [], ["feed.failing"], [], [], []]
    assert state.failing_since == T0
    verdict = succeeded(feed(), state, answer(), now)
    assert [draft.event for draft in verdict.drafts] == [FeedRecovered("f1", T0)]
    assert (verdict.state.failures, verdict.state.failing_since, verdict.state.reported) == (0, None, False)
    assert names(succeeded(feed(), verdict.state, answer(), now + MINUTE)) == []


def test_a_slow_feed_that_fails_for_a_day_is_reported_before_the_third_time():
    state = failed(feed(), first_state(feed(), T0), "dns", None, T0).state
    verdict = failed(feed(), state, "dns", None, T0 + timedelta(hours=24))
    assert [draft.event for draft in verdict.drafts] == [FeedFailing("f1", T0, 2, "dns")]


def test_a_report_repeated_after_a_crash_has_the_same_key_and_the_next_failure_another():
    state = replace(first_state(feed(), T0), failures=2, failing_since=T0)
    one = failed(feed(), state, "timeout", None, T0 + MINUTE)
    again = failed(feed(), state, "timeout", None, T0 + 2 * MINUTE)
    other = failed(feed(), replace(state, failing_since=T0 + MINUTE), "timeout", None, T0 + 3 * MINUTE)
    assert one.drafts[0].key == again.drafts[0].key != other.drafts[0].key


def test_retry_after_outlasts_the_backoff():
    assert failed(feed(), first_state(feed(), T0), "http_503", timedelta(hours=2), T0).state.next_due == T0 + timedelta(hours=2)


def test_a_permanent_redirect_is_told_once_per_new_address():
    before = polled(episodes=4)
    moved = succeeded(feed(), before, answer(moved_to="https://new.example/rss"), T0)
    assert [(type(draft.event), draft.event.text.url) for draft in moved.drafts] == [(FeedMoved, "https://new.example/rss")]
    assert moved.state.episodes == 5
    assert (
        names(succeeded(feed(url="https://new.example/rss"), moved.state, answer(moved_to="https://new.example/rss"), T0)) == []
    )


def test_410_ends_a_feed_and_a_feed_that_was_added_anew_can_end_anew():
    one = gone(feed(), polled(), T0)
    assert [draft.event for draft in one.drafts] == [FeedGone("f1", "410")]
    assert one.drafts[0].key == gone(feed(), polled(), T0 + MINUTE).drafts[0].key
    assert one.drafts[0].key != gone(feed(), one.state, T0 + MINUTE).drafts[0].key


def test_validators_are_kept_only_when_nothing_is_left_to_do():
    state = succeeded(feed(), polled(), answer(), T0).state
    assert (state.etag, state.last_modified, state.body_hash, state.listing) == ('"2"', "L2", "h2", ("a",))
    state = succeeded(feed(), polled(etag='"1"'), answer(keep=False), T0).state
    assert (state.etag, state.last_modified, state.body_hash) == (None, None, None)
    not_modified = answer(headers={}, changed=False, body_hash="h1")
    assert succeeded(feed(), polled(etag='"1"'), not_modified, T0).state.etag == '"1"'
    assert succeeded(feed(), polled(etag='"1"'), answer(headers={}), T0).state.etag is None


# --- OPML --------------------------------------------------------------------------------------------

words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp", "Zs")), min_size=1, max_size=8
)
plain = words.filter(lambda word: not set(word) & set("<>&\ufeff\u200b"))


@st.composite
def outlines(draw):
    return Outline(
        url=f"https://{draw(st.sampled_from('abc'))}.example/{draw(st.integers(0, 99))}",
        title=draw(st.none() | plain),
        folders=tuple(draw(st.lists(plain, max_size=3))),
        outlet=draw(st.none() | plain),
        outlet_name=draw(st.none() | plain),
        interval=draw(st.none() | st.integers(1, 10**6)),
    )


@given(st.lists(outlines(), max_size=6))
def test_what_is_written_as_opml_is_read_back(wanted):
    found, refused = parse_opml(write_opml(wanted))
    assert refused == []
    assert sorted(found, key=repr) == sorted(wanted, key=repr)


def test_other_peoples_opml_is_read_with_its_folders_and_its_faults_are_named():
    body = b"""<?xml version="1.0"?><opml version="1.0"><head/><body>
      <outline text="World"><outline title="Asia"><outline type="rss" text="A" xmlUrl="http://a.example/rss"/></outline></outline>
      <outline text="B" xmlUrl="javascript:alert(1)"/><outline text="&lt;b&gt;C&lt;/b&gt;" xmlUrl="HTTPS://C.example"/>
      <outline text="empty folder"/></body></opml>"""
    found, refused = parse_opml(body)
    assert found == [Outline("http://a.example/rss", "A", ("World", "Asia")), Outline("https://c.example/", "C")]
    assert refused == ["javascript:alert(1)"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "broken_xml"),
        (b"<opml><body>", "broken_xml"),
        (b"<html/>", "not_opml"),
        (b"<opml/>", "not_opml"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>', "dtd"),
        (b'<!DOCTYPE opml SYSTEM "http://127.0.0.1:9/x.dtd"><opml><body/></opml>', "dtd"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE opml><opml><body/></opml>'.encode("utf-16"), "dtd"),
        (b"<opml><body>" + b"<outline text='x'>" * 99 + b"</outline>" * 99 + b"</body></opml>", "too_deep"),
    ],
)
def test_what_is_no_opml_is_refused_with_its_reason(body, reason):
    with pytest.raises(OpmlRefused) as refused:
        parse_opml(body)
    assert refused.value.reason == reason
