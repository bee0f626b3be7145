"""Replay: the read tables follow from the ledger, can be switched while events come, and can be switched back."""

from datetime import UTC, datetime, timedelta

import databases
import pytest
import sqlalchemy as sa
from audit_world import World
from hypothesis import given, settings
from hypothesis import strategies as st
from story_builder import CLOSES, at
from test_store_timeline import Home, event_of, published, some_events, stream_of, told_story

from dateline.roles import open_recorder
from store import events as ev
from store.clock import FixedClock
from store.content import Content
from store.database import open_engine, reading, writing
from store.erasure import erase
from store.ledger import Draft, Ledger
from store.places import last_tick
from store.replay import KEPT, SWITCHED, NothingKept, rebuild, roll_back
from store.tables import events
from store.timeline import Timeline


@pytest.fixture(params=databases.KINDS)
def home(request, tmp_path):
    with databases.fresh(request.param, tmp_path) as url:
        home = Home(url)
        yield home
        home.engine.dispose()


def spoil(home):
    """What a defect or a hand might do to the read tables: one denial becomes an affirmation."""
    with writing(home.engine) as connection:
        table = home.timeline.tables.mentions
        connection.execute(table.update().where(table.c.mention == "m2").values(stance="affirms"))


def tables(home):
    with reading(home.engine) as connection:
        return set(sa.inspect(connection).get_table_names())


def test_tables_that_follow_from_the_ledger_stay_and_nothing_is_left_beside_them(home):
    told_story(home)
    before, there = home.ask("digest"), tables(home)
    done = rebuild(home.ledger, home.timeline)
    assert (done.equal, done.kept, done.digest, done.events) == (True, False, before, home.ledger.size())
    assert (home.ask("digest"), tables(home)) == (before, there)
    with pytest.raises(NothingKept, match="no rebuild"):
        roll_back(home.ledger, home.timeline)


def test_tables_that_differ_are_replaced_and_one_step_leads_back_and_forth(home):
    told_story(home)
    right = home.ask("digest")
    spoil(home)
    wrong = home.ask("digest")
    done = rebuild(home.ledger, home.timeline)
    assert (done.equal, done.kept, done.digest) == (False, True, right)
    assert home.ask("digest") == right
    assert (roll_back(home.ledger, home.timeline).digest, home.ask("digest")) == (wrong, wrong)
    assert (roll_back(home.ledger, home.timeline).digest, home.ask("digest")) == (right, right)


def test_events_that_come_while_it_is_built_are_in_both(home, monkeypatch):
    """Another process appends between two batches, before the lock is taken."""
    told_story(home)
    spoil(home)
    other = Ledger(home.engine, secret=b"s" * 32, clock=home.clock, projectors=[Timeline(key=home.timeline.key)])
    monkeypatch.setattr("store.replay.BATCH", 4)
    came = []

    def meanwhile(done, of):
        event = published(f"late-{done}", when=at(9))
        came.append(other.append([Draft(event, stream_of(event), at(9))], actor="test")[0].position)

    done = rebuild(home.ledger, home.timeline, meanwhile)
    assert len(came) > 2
    assert done.events == home.ledger.size() == came[-1] + 1
    assert home.ask("digest") == done.digest
    assert rebuild(home.ledger, home.timeline).equal
    assert home.ask("article", f"late-{4}").article == "late-4"


def test_what_was_recorded_since_the_switch_is_in_the_tables_that_come_back(home):
    told_story(home)
    spoil(home)
    rebuild(home.ledger, home.timeline)
    home.record(published("since", when=at(9)))
    back = roll_back(home.ledger, home.timeline)
    assert back.events == home.ledger.size()
    assert home.ask("article", "since").article == "since"
    assert home.ask("mention", "m2").stance == "denies", "facts are the event's, whatever the column says"
    home.record(published("after", when=at(9)))
    assert home.ask("article", "after").article == "after"


def test_a_rebuild_that_is_broken_off_changes_nothing(home):
    told_story(home)
    spoil(home)
    wrong, there = home.ask("digest"), tables(home)

    def break_off(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(home.ledger, home.timeline, break_off)
    assert (home.ask("digest"), tables(home)) == (wrong, there)


def test_tables_of_another_layout_or_none_are_made_anew_and_not_kept(home):
    told_story(home)
    right = home.ask("digest")
    with writing(home.engine) as connection:
        connection.execute(home.timeline.tables.cursor.update().values(version=99))
    done = rebuild(home.ledger, home.timeline)
    assert (done.equal, done.kept, home.ask("digest")) == (False, False, right)
    with writing(home.engine) as connection:
        home.timeline.tables.mentions.drop(connection)
    done = rebuild(home.ledger, home.timeline)
    assert (done.equal, done.kept, home.ask("digest")) == (False, False, right)
    home.record(event_of("m9"))
    assert home.ask("mention", "m9") is not None


def test_tables_kept_in_the_layout_of_another_release_do_not_come_back(home):
    told_story(home)
    spoil(home)
    rebuild(home.ledger, home.timeline)
    right = home.ask("digest")
    with writing(home.engine) as connection:
        connection.execute(Timeline(KEPT).tables.cursor.update().values(version=0))
    home.record(published("since"))
    with pytest.raises(NothingKept, match="another release"):
        roll_back(home.ledger, home.timeline)
    assert home.ask("digest") != right
    assert rebuild(home.ledger, home.timeline).equal


def test_each_switch_is_counted_so_that_what_was_folded_before_can_be_forgotten(home):
    told_story(home)

    def switched():
        with reading(home.engine) as connection:
            return last_tick(connection, SWITCHED)

    rebuild(home.ledger, home.timeline)
    assert switched() is None
    spoil(home)
    rebuild(home.ledger, home.timeline)
    roll_back(home.ledger, home.timeline)
    assert switched() == 2


def test_a_recorder_forgets_what_it_folded_from_tables_that_were_replaced(tmp_path):
    world = World(tmp_path / "home")
    world.article("a1", speaker="Owners")
    world.settle()
    assert world.status("mill-closes") == "confirmed"
    with writing(world.home.engine) as connection:
        connection.execute(world.home.timeline.tables.mentions.delete())
    world.recorder = open_recorder(world.home)
    world.article("a2", speaker="Ada Brook")
    world.settle()
    assert world.status("mill-closes") == "reported", "all that the spoilt tables know"
    assert not rebuild(world.home.ledger, world.home.timeline).equal
    world.article("a3", speaker="Cara Voss")
    world.settle()
    assert world.status("mill-closes") == "confirmed"
    world.home.close()


def test_an_erasure_reaches_the_tables_that_are_kept(home):
    home.clock.set(at(6))
    told_story(home)
    positions = tuple(r.position for r in home.ledger.read() if getattr(r.event, "article", None) == "b")
    with writing(home.engine) as connection:  # `erase` goes by the articles that an event lists
        connection.execute(events.update().where(events.c.position.in_(positions)).values(articles="b"))
    spoil(home)
    rebuild(home.ledger, home.timeline)
    kept = Timeline(KEPT)
    assert "quote m2" in dump(home, kept)
    done = erase(home.ledger, home.timeline, Content(home.engine), "b", "asked for", at(9))
    assert done.positions == positions
    assert "quote m2" not in dump(home, kept)
    assert "o-her.example/b" not in dump(home, kept)
    assert "quote m1" in dump(home, kept)
    roll_back(home.ledger, home.timeline)
    assert "quote m2" not in dump(home, home.timeline) + dump(home, kept)


def dump(home, timeline):
    with reading(home.engine) as connection:
        found = timeline.metadata.tables.values()
        return "\n".join(str(tuple(row)) for table in found for row in connection.execute(sa.select(table)))


# --- always ------------------------------------------------------------------------------------------

T0 = datetime(2031, 5, 1, tzinfo=UTC)


def live(url, batches):
    """A ledger to which the batches were appended, its tables following."""
    clock = FixedClock(T0)
    timeline = Timeline()
    ledger = Ledger(open_engine(url), secret=b"s" * 32, clock=clock, projectors=[timeline])
    for batch in batches:
        clock.advance(timedelta(microseconds=1, minutes=7))
        when = clock.now() - timedelta(hours=len(batch))
        ledger.append([Draft(event, stream_of(event), when) for event in batch], actor="test")
    return ledger, timeline


def digest_of(ledger, timeline):
    with reading(ledger.engine) as connection:
        return timeline.digest(connection)


histories = st.lists(st.lists(some_events, min_size=1, max_size=8), max_size=5)


@settings(max_examples=25)
@given(histories, st.integers(1, 9))
def test_replay_equals_live_for_any_history(batches, size):
    """What the stored bytes say is what the events said that were just made, however a replay cuts them."""
    ledger, timeline = live("sqlite://", batches)
    as_it_grew = digest_of(ledger, timeline)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("store.replay.BATCH", size)
        done = rebuild(ledger, timeline)
    assert (done.equal, done.digest) == (True, as_it_grew)
    ledger.engine.dispose()


def test_the_digest_is_the_same_on_both_databases_live_and_rebuilt(tmp_path):
    batches = [[published("a"), event_of("m1", article="a")], [ev.FeedGone("f", "410")], [ev.ClaimRetired(CLOSES.id)]]
    found = set()
    for kind in databases.KINDS:
        with databases.fresh(kind, tmp_path) as url:
            ledger, timeline = live(url, batches)
            found |= {digest_of(ledger, timeline), rebuild(ledger, timeline).digest}
            ledger.engine.dispose()
    assert len(found) == 1
