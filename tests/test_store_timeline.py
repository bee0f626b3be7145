"""The read tables: they follow the ledger, can be rebuilt from it, and answer what was known and what had happened."""

from datetime import date, timedelta
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from story_builder import CLAIMS, CLOSES, ENTITIES, NORTH, OUTLETS, SOUTH, at, mention, stories
from tiers import requires_tier

from store import events as ev
from store.clock import FixedClock
from store.database import open_engine, reading, writing
from store.evidence import Review
from store.ledger import Draft, Ledger, Recorded
from store.status import status
from store.timeline import Memory, Timeline, TimelineGap, TimelineOutdated
from store.timeline.queries import Queries

SECRET = b"s" * 32
ALL = [claim.id for claim in CLAIMS]


class Home:
    """A ledger with its timeline on one database."""

    def __init__(self, url):
        self.clock = FixedClock(at(1))
        self.engine = open_engine(url)
        self.timeline = Timeline(key=OUTLETS.key)
        self.ledger = Ledger(self.engine, secret=SECRET, clock=self.clock, projectors=[self.timeline])

    def record(self, *events, when=None):
        """Appends events that occurred at `when`, recorded now; returns the last position."""
        drafts = [Draft(event, stream_of(event), when or self.clock.now()) for event in events]
        return self.ledger.append(drafts, actor="test")[-1].position

    def ask(self, question, *args, **named):
        with reading(self.engine) as connection:
            return getattr(self.timeline, question)(connection, *args, **named)


def stream_of(event):
    for field, kind in (("article", "article"), ("feed", "feed"), ("claim", "claim"), ("entity", "entity")):
        value = getattr(event, field, None)
        if value is not None:
            return f"{kind}/{getattr(value, 'id', value)}"
    return "log"


@pytest.fixture
def home(tmp_path):
    home = Home(f"sqlite:///{tmp_path / 'home.db'}")
    yield home
    home.engine.dispose()


def track(home, *claims):
    home.record(*(ev.EntityDefined(entity) for entity in ENTITIES))
    for outlet, name in OUTLETS.printed.items():
        home.record(ev.FeedAdded(f"f-{outlet}", outlet, 600, ev.FeedText(f"https://{outlet}.example/rss", None, name)))
    return home.record(*(ev.ClaimTracked(claim) for claim in claims or CLAIMS.claims))


def published(article, outlet="o-gaz", when=None, title="A title", text=True):
    words = ev.ArticleText(f"https://{outlet}.example/{article}", title) if text else UNSET
    return ev.ArticlePublished(
        article, f"f-{outlet}", outlet, when, when or at(1), "claimed", "en", "x/1", "page", "content", "read", text=words
    )


def revised(article, revision=2, edits=(), passages=(), title="A new title", outlet="o-gaz"):
    text = ev.RevisionText(f"https://{outlet}.example/{article}", title, passages=passages)
    return ev.ArticleRevised(
        article, revision, f"f-{outlet}", outlet, None, at(3), "first_seen", "en", "x/1", None, "c", "read", edits, text
    )


def event_of(*args, **named):
    return mention(*args, **named).mention


# --- definitions -------------------------------------------------------------------------------------


def test_the_watch_list_is_the_latest_definition_of_what_is_not_retired(home):
    track(home, CLOSES, NORTH)
    amended = msgspec.structs.replace(CLOSES, text="It closes in June.")
    home.record(ev.ClaimAmended(amended, ("text",)))
    last = home.record(ev.ClaimRetired(NORTH.id))
    found = home.ask("claim_set")
    assert found.claims == (amended,)
    assert found.entities == ENTITIES
    assert found.claims_at == home.ask("claims_at") == last
    assert home.ask("claims_changed_since", last - 1) == {NORTH.id}


def test_the_watch_list_as_known_at_a_position_is_what_it_was_then(home):
    before = track(home, CLOSES, NORTH)
    home.record(ev.ClaimAmended(msgspec.structs.replace(CLOSES, text="x"), ("text",)), ev.ClaimRetired(NORTH.id))
    found = home.ask("claim_set", before)
    assert (found.claims, found.claims_at) == ((CLOSES, NORTH), before)
    assert home.ask("claim_set", -1).claims == ()


def test_a_claim_tracked_again_after_it_was_retired_is_back(home):
    track(home, CLOSES)
    home.record(ev.ClaimRetired(CLOSES.id))
    home.record(ev.ClaimTracked(CLOSES))
    assert home.ask("claim_set").claims == (CLOSES,)


def test_a_story_has_its_latest_title(home):
    first = home.record(ev.StoryOpened("bridge", "The bridge"))
    home.record(ev.StoryAmended("bridge", "The Old Bridge"))
    assert home.ask("stories") == {"bridge": "The Old Bridge"}
    assert home.ask("stories", first) == {"bridge": "The bridge"}


# --- feeds and articles ------------------------------------------------------------------------------


def test_a_feed_goes_through_its_states_and_keeps_its_outlet(home):
    home.record(ev.FeedAdded("f", "o", 600, ev.FeedText("https://a.example/rss", "A", "The A")), when=at(1))
    states = []
    for event in (
        ev.FeedMoved("f", ev.FeedText("https://b.example/rss")),
        ev.FeedFailing("f", at(2), 5, "http_500"),
        ev.FeedRecovered("f", at(2)),
        ev.FeedGone("f", "410"),
        ev.FeedAdded("f", "o", 900, ev.FeedText("https://c.example/rss", "A", "The A")),
    ):
        home.record(event, when=at(4))
        (feed,) = home.ask("feeds")
        states.append((feed.state, feed.url, feed.outlet_name, feed.interval, feed.since.day))
    assert states == [
        ("active", "https://b.example/rss", "The A", 600, 1),
        ("failing", "https://b.example/rss", "The A", 600, 2),
        ("active", "https://b.example/rss", "The A", 600, 4),
        ("gone", "https://b.example/rss", "The A", 600, 4),
        ("active", "https://c.example/rss", "The A", 900, 4),
    ]
    assert home.ask("outlet_names") == {"o": "The A"}


def test_an_article_is_found_by_id_url_and_alias_in_its_latest_revision(home):
    home.record(published("a"), when=at(1))
    home.record(revised("a"), ev.ArticleAliased("a", "alias-1", ev.ArticleText("https://short.example/1")), when=at(3))
    by_id = home.ask("article", "a")
    assert (by_id.revision, by_id.title, by_id.occurred_at) == (2, "A new title", at(1))
    assert home.ask("article", "https://o-gaz.example/a") == home.ask("article", "https://short.example/1") == by_id
    assert home.ask("article", "https://nowhere.example/") is None


def test_revisions_that_arrive_out_of_order_leave_the_latest_one_current(home):
    home.record(published("a"), revised("a", 3, title="Third"), revised("a", 2, title="Second"))
    found = home.ask("article", "a")
    assert (found.revision, found.title) == (3, "Third")


def test_a_merged_article_leads_to_the_one_it_lives_on_in_and_a_circle_ends(home):
    home.record(published("a"), published("b"), ev.ArticleMerged("a", "b"))
    assert home.ask("article", "a").article == "b"
    home.record(ev.ArticleMerged("b", "a"))
    assert home.ask("article", "a").article in {"a", "b"}


def test_revisions_carry_their_edits_with_the_passages(home):
    edits = (ev.EditFound("hedge_added", CLOSES.id), ev.EditFound("passage_vanished", None))
    home.record(published("a"), revised("a", edits=edits, passages=(("will", "may"), ("gone", None))))
    first, second = home.ask("revisions", "a")
    assert (first.revision, first.edits, first.passages) == (1, (), ())
    assert second.edits == (("hedge_added", CLOSES.id), ("passage_vanished", None))
    assert second.passages == (("will", "may"), ("gone", None))


def test_counts_are_of_what_stands(home):
    track(home, CLOSES)
    home.record(published("a"), revised("a"), event_of("m1", article="a"), event_of("m2", article="a"))
    home.record(ev.MentionWithdrawn("m2", "a", CLOSES.id, "revised"))
    found = home.ask("counts")
    assert (found.articles, found.revisions, found.readings, found.mentions, found.claims, found.feeds, found.alerts) == (
        1, 2, 2, 1, 1, 4, 0,
    )  # fmt: skip


# --- mentions ----------------------------------------------------------------------------------------


def test_evidence_is_what_was_recorded_word_for_word(home):
    item = mention("m1", when=at(2), named="Ada Linden", variant="x", said_on=date(2031, 5, 1))
    position = home.record(item.mention, when=at(2))
    assert home.ask("evidence", [CLOSES.id]) == [msgspec.structs.replace(item, position=position)]
    assert home.ask("mention", "m1") == home.ask("mentions_of", "article-of-m1")[0]
    assert home.ask("evidence", [NORTH.id]) == []


def test_a_mention_ends_when_its_publisher_took_it_back_and_never_was_when_it_was_misread(home):
    home.record(event_of("m1"), event_of("m2"), event_of("m3"), when=at(2))
    home.record(ev.MentionWithdrawn("m1", "article-of-m1", CLOSES.id, "revised"), when=at(5))
    home.record(ev.MentionWithdrawn("m2", "article-of-m2", CLOSES.id, "article_withdrawn"), when=at(6))
    home.record(ev.MentionWithdrawn("m3", "article-of-m3", CLOSES.id, "reread"), when=at(7))
    found = {item.id: item for item in home.ask("evidence", [CLOSES.id])}
    assert [found[id_].ended_at for id_ in ("m1", "m2", "m3")] == [at(5), at(6), at(2)]
    assert [found[id_].ever_stood for id_ in ("m1", "m2", "m3")] == [True, True, False]


def test_a_mention_ends_once_a_second_withdrawal_changes_nothing(home):
    home.record(event_of("m1"), when=at(2))
    home.record(ev.MentionWithdrawn("m1", "article-of-m1", CLOSES.id, "revised"), when=at(5))
    home.record(ev.MentionWithdrawn("m1", "article-of-m1", CLOSES.id, "article_withdrawn"), when=at(9))
    assert [item.ended_at for item in home.ask("evidence", [CLOSES.id])] == [at(5)]


def test_what_was_withdrawn_later_stood_as_known_before(home):
    home.record(event_of("m1"), when=at(2))
    last = home.record(event_of("m2"), when=at(3))
    home.record(ev.MentionWithdrawn("m1", "article-of-m1", CLOSES.id, "reread"), when=at(4))
    assert [item.ended_at for item in home.ask("evidence", [CLOSES.id], last)] == [None, None]
    assert [item.id for item in home.ask("evidence", [CLOSES.id], last - 1)] == ["m1"]


def test_a_mention_that_a_third_reading_finds_again_stands_again(home):
    home.record(event_of("m1"), when=at(2))
    home.record(ev.MentionWithdrawn("m1", "article-of-m1", CLOSES.id, "reread"), event_of("m1"), when=at(2))
    assert [item.ever_stood for item in home.ask("evidence", [CLOSES.id])] == [False, True]
    assert [item.id for item in home.ask("mentions_of", "article-of-m1")] == ["m1"]


def test_a_reviewers_decision_survives_a_newer_reading_by_its_anchor(home):
    home.record(event_of("m1", article="a", anchor="passage"))
    known = home.record(ev.MentionReviewed("m1", "passage", "a", CLOSES.id, "corrected", stance="denies", hedging="predicted"))
    home.record(ev.MentionWithdrawn("m1", "a", CLOSES.id, "reread"), event_of("m2", article="a", anchor="passage"))
    newer = home.ask("mention", "m2")
    assert newer.review == Review("corrected", "denies", "predicted")
    assert (newer.stance, newer.hedging) == ("denies", "predicted")
    assert home.ask("evidence", [CLOSES.id], known - 1)[0].review is None


def test_the_latest_decision_about_a_passage_counts(home):
    home.record(event_of("m1", article="a"), ev.MentionReviewed("m1", "x", "a", CLOSES.id, "rejected"))
    home.record(ev.MentionReviewed("m1", "x", "a", CLOSES.id, "confirmed"))
    assert not home.ask("mention", "m1").rejected


# --- stories -----------------------------------------------------------------------------------------


def told_story(home):
    """A rumour on the 2nd, learned on the 2nd; a denial of the 4th that was learned on the 6th; an edit on the 5th."""
    home.record(ev.StoryOpened("bridge", "The Old Bridge"))
    track(home, CLOSES, NORTH, SOUTH)
    home.clock.set(at(2))
    home.record(published("a", when=at(2)), event_of("m1", when=at(2), article="a"), when=at(2))
    home.clock.set(at(5))
    home.record(revised("a", edits=(ev.EditFound("hedge_added", CLOSES.id),), passages=(("will", "may"),)), when=at(5))
    home.clock.set(at(6))
    denial = event_of("m2", when=at(4), stance="denies", named="Ada Linden", article="b", outlet="o-her")
    home.record(published("b", "o-her", when=at(4)), denial, when=at(4))
    return home


def as_known(home, when):
    return home.ledger.size_as_known(when) - 1


def test_a_story_tells_what_had_happened_by_one_instant_as_known_at_another(home):
    told_story(home)

    def status(as_of, known=None):
        found = home.ask("story", "bridge", as_of, known)
        return next(claim["status"] for claim in found["claims"] if claim["id"] == CLOSES.id)

    assert status(at(3)) == "rumoured"
    assert status(at(4, 12)) == "denied", "what happened by then, as we know it now"
    assert status(at(4, 12), as_known(home, at(5))) == "rumoured", "what we believed then"
    assert status(at(30)) == "expired"


def test_a_story_is_plain_data_with_claims_and_a_timeline_in_order_of_date(home):
    told_story(home)
    found = home.ask("story", "bridge", at(10))
    assert found["stories"] == [{"id": "bridge", "title": "The Old Bridge"}]
    assert [claim["id"] for claim in found["claims"]] == [CLOSES.id, NORTH.id, SOUTH.id]
    claim = found["claims"][0]
    assert [change["status"] for change in claim["status_history"]] == ["rumoured", "denied"]
    assert (claim["independent_origins"], claim["mentions"]) == (1, 2)
    assert [(row["date"], row["act"]) for row in found["timeline"]] == [
        ("2031-05-02", "affirms"), ("2031-05-02", "status"), ("2031-05-04", "denies"), ("2031-05-04", "status"),
        ("2031-05-05", "edited"),
    ]  # fmt: skip
    wanted = {"date", "known_on", "claim", "actor", "act", "variant", "quote", "url"}
    assert all(wanted <= row.keys() for row in found["timeline"])
    assert found["timeline"][2]["actor"] == "Ada Linden"
    assert found["timeline"][4]["quote"] == "will"


def test_no_story_means_all_stories_and_an_unknown_one_has_no_claims(home):
    told_story(home)
    assert len(home.ask("story", None, at(10))["claims"]) == 3
    assert home.ask("story", "elsewhere", at(10))["claims"] == []
    only = home.ask("told", None, at(10), claims=[NORTH.id])
    assert [claim.id for claim in only.claims] == [NORTH.id]


def test_a_withdrawn_article_is_a_row_from_when_it_was_known_to_be_gone(home):
    told_story(home)
    before = home.ledger.size() - 1
    gone = [ev.ArticleWithdrawn("a", 2, at(8), "410"), ev.MentionWithdrawn("m1", "a", CLOSES.id, "article_withdrawn")]
    home.record(*gone, when=at(8))
    rows = home.ask("story", "bridge", at(10))["timeline"]
    assert [(r["date"], r["actor"]) for r in rows if r["act"] == "withdrawn"] == [("2031-05-08", "The Gazette")]
    assert not [r for r in home.ask("story", "bridge", at(10), before)["timeline"] if r["act"] == "withdrawn"]
    assert home.ask("article", "a").withdrawn_at == at(8)


def test_conclusions_cover_the_rivals_that_change_with_a_claim(home):
    track(home)
    home.record(event_of("m1", NORTH, variant="north"), when=at(1))
    home.record(event_of("m2", SOUTH, variant="south", named="Ada Linden"), when=at(2))
    found = home.ask("conclusions", [SOUTH.id], at(3))
    assert {id_: c.status for id_, c in found.items()} == {SOUTH.id: "confirmed", NORTH.id: "overtaken"}
    assert home.ask("conclusions", ["never-tracked"], at(3)) == {}


def test_origins_recognise_watched_outlets_in_what_texts_name(home):
    track(home)
    home.record(event_of("m1", outlet="o-wire"), when=at(1))
    home.record(event_of("m2", outlet="o-her", echo="wire"), when=at(2))
    assert {origin.id for origin in home.ask("origins", CLOSES.id).values()} == {"outlet:o-wire"}


def test_the_table_for_people_is_asked_for_like_the_story(home):
    told_story(home)
    lines = home.ask("chronology", "bridge", at(10)).lines
    assert [(line.date.day, line.act) for line in lines] == [(2, "affirms"), (4, "denies"), (5, "edited")]


def test_statuses_concluded_at_the_time_are_kept_apart_from_the_fold(home):
    told_story(home)
    home.record(ev.ClaimStatusChanged(CLOSES.id, "untested", "rumoured", "v1", 1, ("m1",)), when=at(2))
    home.record(ev.ClaimStatusChanged(CLOSES.id, "rumoured", "reported", "v1", 2, ("m1", "m9")), when=at(3))
    concluded = home.ask("statuses_concluded", [CLOSES.id])
    assert [(c.before, c.after, c.mentions) for c in concluded] == [
        ("untested", "rumoured", ("m1",)), ("rumoured", "reported", ("m1", "m9")),
    ]  # fmt: skip
    assert home.ask("status_now", [CLOSES.id, NORTH.id]) == {CLOSES.id: "reported"}
    assert home.ask("story", "bridge", at(10))["claims"][0]["status"] == "denied"


# --- statuses kept up to date ------------------------------------------------------------------------


def test_with_a_memory_only_what_is_new_is_read(home, monkeypatch):
    track(home)
    memory = Memory()
    home.record(event_of("m1"), when=at(1))
    assert home.ask("conclusions", [CLOSES.id], at(2), memory)[CLOSES.id].status == "rumoured"
    monkeypatch.delattr(Queries, "evidence")
    home.record(event_of("m2", stance="denies", named="Ada Linden"), when=at(2))
    assert home.ask("conclusions", [CLOSES.id], at(2), memory)[CLOSES.id].status == "denied"
    home.record(ev.MentionWithdrawn("m2", "article-of-m2", CLOSES.id, "revised"), when=at(3))
    assert home.ask("conclusions", [CLOSES.id], at(3), memory)[CLOSES.id].status == "rumoured"
    assert home.ask("conclusions", [CLOSES.id], at(25), memory)[CLOSES.id].status == "expired"


def test_a_memory_forgets_what_a_transaction_saw_that_was_undone(home):
    track(home)
    memory = Memory()
    denial = Draft(event_of("m1", stance="denies", named="Ada Linden"), "article/a", at(1))

    class Killed(Exception):
        pass

    def fail_after_asking():
        with home.ledger.writing("test") as write:
            write.append([denial])
            found = home.timeline.conclusions(write.connection, [CLOSES.id], at(2), memory)
            assert found[CLOSES.id].status == "denied"
            raise Killed

    with pytest.raises(Killed):
        fail_after_asking()
    home.record(event_of("m2"), event_of("m3", outlet="o-her"), when=at(1))
    assert home.ask("conclusions", [CLOSES.id], at(2), memory)[CLOSES.id].status == "reported"


def test_a_memory_starts_anew_when_the_watch_list_changes(home):
    track(home)
    memory = Memory()
    home.record(event_of("m1", named="Cara Voss"), when=at(1))
    assert home.ask("conclusions", [CLOSES.id], at(2), memory)[CLOSES.id].status == "reported"
    home.record(ev.EntityDefined(msgspec.structs.replace(CLAIMS.entity_by_id["engineer"], speaks_for="city")))
    assert home.ask("conclusions", [CLOSES.id], at(2), memory)[CLOSES.id].status == "confirmed"


def asked(home, memory, now=None):
    """The conclusion with a memory, which must be that of a fold anew."""
    found = home.ask("conclusions", [CLOSES.id], now or at(12), memory)[CLOSES.id]
    assert found == home.ask("conclusions", [CLOSES.id], now or at(12))[CLOSES.id]
    return found


def test_a_memory_corrects_itself_when_the_start_of_a_chain_arrives_late(home):
    track(home)
    memory = Memory()
    home.record(event_of("m2", echo="Wire"), when=at(2))
    assert asked(home, memory).independent_origins == 1
    home.record(event_of("m1", outlet="o-wire", echo="The Herald"), when=at(1))
    assert asked(home, memory).independent_origins == 1


def test_a_memory_corrects_itself_when_a_link_of_a_chain_turns_out_to_be_misread(home):
    track(home)
    memory = Memory()
    home.record(event_of("m1", outlet="o-wire", echo="The Herald"), when=at(1))
    home.record(event_of("m2", echo="Wire"), when=at(2))
    home.record(event_of("m3", outlet="o-her"), when=at(3))
    assert asked(home, memory).independent_origins == 1
    home.record(ev.MentionWithdrawn("m1", "article-of-m1", CLOSES.id, "reread"), when=at(1))
    assert asked(home, memory).independent_origins == 2


def test_a_memory_heeds_a_review(home):
    track(home)
    memory = Memory()
    home.record(event_of("m1", named="Ada Linden"), when=at(1))
    assert asked(home, memory).status == "confirmed"
    home.record(ev.MentionReviewed("m1", "x", "article-of-m1", CLOSES.id, "rejected"))
    assert asked(home, memory).status == "untested"


@settings(max_examples=30)
@given(stories(), st.data())
def test_a_memory_never_changes_an_answer(evidence, data):
    """Mentions arrive in any order and batches, end, are disowned and reviewed; the clock jumps, also back."""
    engine, timeline, memory = open_engine("sqlite://"), Timeline(key=OUTLETS.key), Memory()
    with writing(engine) as connection:
        timeline.metadata.create_all(connection)
        position, recorded = 0, []

        def apply(event, when):
            nonlocal position
            timeline.apply(connection, [Recorded(position, "s", 0, when, at(1), "test", None, (), event)])
            position += 1

        for event in (*map(ev.EntityDefined, ENTITIES), *map(ev.ClaimTracked, CLAIMS.claims)):
            apply(event, at(1))
        for outlet, name in OUTLETS.printed.items():
            apply(ev.FeedAdded(f"f-{outlet}", outlet, 600, ev.FeedText("https://x.example", None, name)), at(1))
        for item in evidence if data.draw(st.booleans()) else sorted(evidence, key=lambda item: item.occurred_at):
            apply(item.mention, item.occurred_at)
            recorded.append(item)
            what = data.draw(st.sampled_from(["nothing", "nothing", "revised", "reread", "review"]))
            chosen = data.draw(st.sampled_from(recorded))
            if what in {"revised", "reread"}:
                ended = ev.MentionWithdrawn(chosen.id, chosen.mention.article, chosen.mention.claim, what)
                apply(ended, chosen.occurred_at + timedelta(hours=data.draw(st.sampled_from([1, 100]))))
            if what == "review":
                named = (chosen.id, "anchor", chosen.mention.article, chosen.mention.claim)
                apply(ev.MentionReviewed(*named, data.draw(st.sampled_from(["rejected", "confirmed"]))), at(1))
            now = data.draw(st.sampled_from([item.occurred_at, at(12), at(30)]))
            wanted = [item.mention.claim]
            anew = timeline.conclusions(connection, wanted, now)
            assert timeline.conclusions(connection, wanted, now, memory) == anew
            fold = status(CLAIMS.by_id[wanted[0]], timeline.evidence(connection, ALL), (), now, CLAIMS, OUTLETS)
            assert anew[wanted[0]] == fold
    engine.dispose()


# --- erasure -----------------------------------------------------------------------------------------


def test_an_erased_article_loses_its_words_everywhere_and_no_status_changes(home):
    told_story(home)
    before = home.ask("told", "bridge", at(10))
    positions = tuple(r.position for r in home.ledger.read() if getattr(r.event, "article", None) == "b")
    home.record(ev.ArticleErased("b", positions))
    after = home.ask("told", "bridge", at(10))
    assert [(c.status, c.status_history) for c in after.claims] == [(c.status, c.status_history) for c in before.claims]
    denial = next(row for row in after.timeline if row.act == "denies")
    assert (denial.quote, denial.url, denial.actor) == (None, None, "City of Varn")
    found = home.ask("article", "b")
    assert (found.erased, found.url, found.title) == (True, None, None)
    assert home.ask("article", "https://o-her.example/b") is None
    assert "quote m2" not in dump(home)
    assert "quote m1" in dump(home)


def dump(home):
    with reading(home.engine) as connection:
        tables = home.timeline.metadata.tables.values()
        return "\n".join(str(tuple(row)) for table in tables for row in connection.execute(sa.select(table)))


def test_tables_rebuilt_from_a_ledger_whose_texts_were_erased_equal_the_live_ones(home):
    told_story(home)
    history = list(home.ledger.read())
    positions = tuple(r.position for r in history if getattr(r.event, "article", None) == "b")
    home.record(ev.ArticleErased("b", positions))
    erased = [
        msgspec.structs.replace(r, event=msgspec.structs.replace(r.event, text=UNSET)) if r.position in positions else r
        for r in home.ledger.read()
    ]
    assert rebuilt_digest(home, erased) == home.ask("digest")


# --- following the ledger ----------------------------------------------------------------------------


def rebuilt_digest(home, recorded, cut=3):
    beside = Timeline("rebuild_")
    with writing(home.engine) as connection:
        beside.metadata.drop_all(connection)
        beside.metadata.create_all(connection)
        for start in range(0, len(recorded), cut):
            beside.apply(connection, recorded[start : start + cut])
        return beside.digest(connection)


def test_a_rebuild_beside_gives_the_same_tables(home):
    told_story(home)
    recorded = list(home.ledger.read())
    assert rebuilt_digest(home, recorded) == rebuilt_digest(home, recorded, cut=100) == home.ask("digest")


def test_applying_events_again_changes_nothing(home):
    told_story(home)
    before = home.ask("digest")
    with writing(home.engine) as connection:
        home.timeline.apply(connection, list(home.ledger.read()))
    assert home.ask("digest") == before


def test_a_hole_before_or_within_a_batch_is_refused(home):
    told_story(home)
    recorded = list(home.ledger.read())
    beside = Timeline("other_")
    with writing(home.engine) as connection:
        beside.metadata.create_all(connection)
        with pytest.raises(TimelineGap) as before:
            beside.apply(connection, recorded[2:])
        assert (before.value.expected, before.value.got) == (0, 2)
        with pytest.raises(TimelineGap):
            beside.apply(connection, [recorded[0], recorded[2]])
        assert beside.next_position(connection) == 0


def test_tables_of_another_layout_are_refused(home):
    told_story(home)
    with writing(home.engine) as connection:
        connection.execute(home.timeline.tables.cursor.update().values(version=99))
    with pytest.raises(TimelineOutdated, match="replay --rebuild"):
        home.record(ev.RulesChanged("v", "{}"))


def test_a_cleared_timeline_fills_again_to_the_same_digest(home):
    told_story(home)
    before = home.ask("digest")
    with writing(home.engine) as connection:
        home.timeline.clear(connection)
        assert home.timeline.next_position(connection) == 0
        home.timeline.apply(connection, list(home.ledger.read()))
    assert home.ask("digest") == before


def test_tables_taken_over_are_those_that_were_built_beside(home):
    told_story(home)
    before = home.ask("digest")
    beside = Timeline("rebuild_")
    with writing(home.engine) as connection:
        beside.metadata.create_all(connection)
        beside.apply(connection, list(home.ledger.read()))
        connection.execute(home.timeline.tables.mentions.delete())
        assert home.timeline.digest(connection) != before
        home.timeline.take_over(connection, beside)
    assert home.ask("digest") == before


def test_one_changed_cell_changes_the_digest(home):
    told_story(home)
    before = home.ask("digest")
    with writing(home.engine) as connection:
        table = home.timeline.tables.mentions
        connection.execute(table.update().where(table.c.mention == "m1").values(stance="denies"))
    assert home.ask("digest") != before


def test_what_an_alert_went_through_is_kept_with_it(home):
    raised = ev.AlertRaised(
        "alert-1", "rule", "1", "denial", "mail", "bridge", CLOSES.id, "m1", 7, text=ev.AlertText("A denial", quote="no")
    )
    home.record(raised, ev.AlertRaised("alert-2", "rule", "1", "denial", "mail", None, None, None, 8), when=at(1))
    home.record(ev.AlertAttempted("msg", ("alert-1", "alert-2"), "mail", 1), ev.AlertDelivered("msg", ("alert-1",), "mail", 1))
    home.record(ev.AlertFailed("msg", ("alert-2",), "mail", 3, "550"), when=at(2))
    with reading(home.engine) as connection:
        table = home.timeline.tables.alerts
        rows = connection.execute(sa.select(table.c.alert, table.c.state, table.c.attempts, table.c.reason)).all()
    assert sorted(rows) == [("alert-1", "delivered", 1, None), ("alert-2", "failed", 3, "550")]
    assert home.ask("counts").alerts == 2


# --- always ------------------------------------------------------------------------------------------

articles, mentions_, feeds_ = (st.sampled_from([f"{kind}{n}" for n in range(3)]) for kind in "amf")
some_events = st.one_of(
    st.builds(published, articles, text=st.booleans()),
    st.builds(revised, articles, st.integers(2, 4)),
    st.builds(ev.ArticleWithdrawn, articles, st.just(1), st.just(at(3)), st.just("410")),
    st.builds(ev.ArticleAliased, articles, st.just("x"), st.just(ev.ArticleText("https://alias.example"))),
    st.builds(ev.ArticleMerged, articles, articles),
    st.builds(ev.ArticleErased, articles, st.tuples(st.integers(0, 20), st.integers(0, 20))),
    st.builds(event_of, mentions_, article=articles, anchor=st.sampled_from([None, "x"])),
    st.builds(ev.MentionWithdrawn, mentions_, articles, st.just(CLOSES.id), st.sampled_from(["reread", "revised"])),
    st.builds(ev.MentionReviewed, mentions_, st.just("x"), articles, st.just(CLOSES.id), st.just("rejected")),
    st.builds(ev.FeedAdded, feeds_, st.just("o"), st.just(60), st.just(ev.FeedText("https://f.example"))),
    st.builds(ev.FeedMoved, feeds_, st.just(ev.FeedText("https://moved.example"))),
    st.builds(ev.FeedFailing, feeds_, st.just(at(1)), st.just(3), st.just("http_500")),
    st.builds(ev.FeedGone, feeds_, st.just("410")),
    st.builds(ev.ClaimTracked, st.sampled_from(CLAIMS.claims)),
    st.builds(ev.ClaimRetired, st.sampled_from([claim.id for claim in CLAIMS])),
    st.builds(ev.EntityDefined, st.sampled_from(ENTITIES)),
    st.builds(ev.AlertRaised, st.sampled_from(["x", "y"]), *map(st.just, ("r", "1", "denial", "log", None, None, None, 1))),
    st.builds(ev.AlertAttempted, st.just("m"), st.just(("x", "y")), st.just("log"), st.integers(1, 3)),
    st.builds(ev.AlertMuted, st.just("rule:r"), st.just(at(9))),
    st.builds(ev.RulesChanged, st.just("v"), st.just("{}")),
    st.builds(ev.ReaderDeployed, st.just("r"), st.just({"m": "0"})),
    st.builds(ev.CheckpointSigned, st.just(1), st.just("r"), st.just("k"), st.just("n")),
)


def recorded_from(events):
    return [
        Recorded(n, stream_of(event), 0, at(1) + timedelta(hours=n % 7), at(2, 9, n), "test", None, (), event)
        for n, event in enumerate(events)
    ]


def digest_of(recorded, cuts):
    """The digest after applying the events in batches that end at `cuts`."""
    engine, timeline = open_engine("sqlite://"), Timeline()
    with writing(engine) as connection:
        timeline.metadata.create_all(connection)
        start = 0
        for cut in sorted({*cuts, len(recorded)}):
            timeline.apply(connection, recorded[start:cut])
            start = cut
        found = timeline.digest(connection)
    engine.dispose()
    return found


@settings(max_examples=40)
@given(st.lists(some_events, max_size=24), st.sets(st.integers(0, 24)))
def test_however_events_are_cut_into_batches_the_tables_are_the_same(events, cuts):
    recorded = recorded_from(events)
    one_by_one = digest_of(recorded, range(len(recorded)))
    assert digest_of(recorded, [cut for cut in cuts if cut <= len(recorded)]) == one_by_one
    assert digest_of(recorded, []) == one_by_one


# --- the other database ------------------------------------------------------------------------------


@pytest.fixture
def postgresql():
    """A fresh database on the server that `make services` started."""
    server = requires_tier("postgresql")
    name = f"timeline_{uuid4().hex[:12]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    home = Home(sa.make_url(server).set(database=name).render_as_string(hide_password=False))
    yield home
    home.engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")
    admin.dispose()


def test_both_databases_give_the_same_digest_and_the_same_story(home, postgresql):
    for place in (home, postgresql):
        told_story(place)
        place.record(ev.ArticleErased("b", (13,)), ev.ClaimRetired(SOUTH.id), ev.FeedGone("f-o-her", "410"))
    assert postgresql.ask("digest") == home.ask("digest")
    assert postgresql.ask("story", None, at(10)) == home.ask("story", None, at(10))
    assert postgresql.ask("counts") == home.ask("counts")
    assert rebuilt_digest(postgresql, list(postgresql.ledger.read())) == home.ask("digest")
    assert postgresql.ask("article", "https://o-gaz.example/a") == home.ask("article", "https://o-gaz.example/a")
