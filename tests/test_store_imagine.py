"""A history that never was: of the readings that were recorded it is the one that was, with statuses, reviews, late claims."""

from datetime import timedelta

import msgspec
import pytest
from audit_world import CLAIMS, QUOTES, World

from dateline.reviewing import Correction, review
from dateline.tracking import track
from store import events as ev
from store.claim import Claim
from store.database import reading
from store.imagine import Imagined, Read
from store.messages import READINGS, Reading, decode_reading
from store.recording import Texts


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "home")
    yield world
    world.home.close()


def imagined(world, change=lambda findings: findings, claims=None, unread=frozenset()):
    """The imagined events, and the fold that made them, had every recorded reading been changed like this."""
    home = world.home
    readings = {}
    reader = home.bus.reader(READINGS)
    reader.seek({})
    while batch := reader.poll(100, 0.01):
        for one in map(decode_reading, (incoming.value for incoming in batch)):
            readings.setdefault((one.source.article, one.source.revision), one.findings)
    reader.close()
    with reading(home.engine) as connection:
        known, outlets = home.timeline.claim_set(connection), home.timeline.outlets(connection)

    def read(source):
        findings = change(readings[source.article, source.revision])
        return Read(Reading(source, "r/1", 0, findings), Texts(home.content.document(source.article, source.revision)))

    history = Imagined(claims or known, known, outlets, home.keyed, read, unread)
    made = [one for recorded in home.ledger.read() for one in history.take(recorded)]
    made += history.finish(home.ledger.last_recorded_at())
    return made, history


def statuses(events):
    return [(one.event.claim, one.event.before, one.event.after, one.recorded_at) for one in events
            if isinstance(one.event, ev.ClaimStatusChanged)]  # fmt: skip


def mentions(events):
    """What was recorded and withdrawn, by passage."""
    shown = (ev.MentionRecorded, ev.MentionWithdrawn)
    return [(one.event.NAME, one.event.mention, one.recorded_at) for one in events if isinstance(one.event, shown)]


def happened(world):
    """Articles, a denial, a revision that says otherwise, a review, a deadline that passes."""
    world.article("a1")
    world.settle()
    world.article("a2", speaker="Owners", stance="denies")
    world.article("a3", speaker="Cara Voss", claims=("mill-closes", "weir-leaks"))
    world.settle()
    world.article("a1", revision=2, more="No more.", claims=())
    world.settle()
    rejected = next(item for item in world.mentions_anywhere("weir-leaks") if item.ended_at is None)
    review(world.home, rejected.id, "reject", Correction(), None)
    world.clock.advance(timedelta(days=80))
    world.recorder.tick()
    world.article("a4", claims=("mill-sold",))
    world.settle()


def test_from_the_readings_that_were_recorded_it_is_the_history_that_was(world):
    happened(world)
    was = list(world.home.ledger.read())
    made, history = imagined(world)
    assert mentions(made) == mentions(was)
    assert [one[:3] for one in statuses(made)] == [one[:3] for one in statuses(was)]
    assert {after for _, _, after, _ in statuses(made)} >= {"contested", "expired"}
    with reading(world.home.engine) as connection:
        evidence = world.home.timeline.evidence(connection, CLAIMS.by_id)
    assert {(item.id, item.ended_at, item.review) for item in evidence} == {
        (item.id, item.ended_at, item.review) for item in history.evidence.values()
    }


def test_articles_without_a_text_are_taken_as_they_were_understood(world):
    happened(world)
    made, _ = imagined(world, change=None, unread=frozenset({"a1", "a2", "a3", "a4"}))
    was = list(world.home.ledger.read())
    assert mentions(made) == mentions(was)
    assert [one[:3] for one in statuses(made)] == [one[:3] for one in statuses(was)]


def test_positions_run_on_and_time_never_goes_back(world):
    happened(world)
    made, _ = imagined(world)
    assert [one.position for one in made] == list(range(len(made)))
    times = [one.recorded_at for one in made]
    assert times == sorted(times)


def test_a_stance_read_otherwise_changes_statuses_from_then_on(world):
    happened(world)

    def affirming(findings):
        return msgspec.structs.replace(
            findings, mentions=tuple(msgspec.structs.replace(one, stance="affirms") for one in findings.mentions)
        )

    made, _ = imagined(world, affirming)
    found = [after for claim, _, after, _ in statuses(made) if claim == "mill-closes"]
    assert "contested" not in found
    assert "confirmed" in found


def test_a_claim_counts_from_when_it_was_tracked_and_what_lay_there_is_found_for_it(world, monkeypatch):
    monkeypatch.setitem(QUOTES, "weir-dry", "The weir leaks")
    world.article("a1", claims=("mill-closes", "weir-dry"))  # the reader knows it, the recorder does not yet
    world.settle()
    world.clock.advance(timedelta(days=1))
    dry = Claim("weir-dry", "The weir is dry.", "weir")
    track(world.home, msgspec.structs.replace(CLAIMS, claims=(dry,)), {})
    made, _ = imagined(world)
    (tracked,) = [one for one in made if isinstance(one.event, ev.ClaimTracked) and one.event.claim == dry]
    (late,) = [one for one in made if isinstance(one.event, ev.MentionRecorded) and one.event.claim == dry.id]
    assert late.position == tracked.position + 1
    assert late.event.claims_at == tracked.position, "as a re-match it is no news"
    assert all(one.event.claims_at == -1 for one in made if isinstance(one.event, ev.MentionRecorded) and one is not late)


def test_a_claim_that_is_given_otherwise_counts_from_the_beginning(world):
    world.article("a1", claims=("mill-closes",))
    world.settle()
    closes, *rest = CLAIMS.claims
    given = msgspec.structs.replace(CLAIMS, claims=(msgspec.structs.replace(closes, principals=("Ada Brook",)), *rest))
    made, _ = imagined(world, claims=given)
    assert next(one.event.claim.id for one in made if isinstance(one.event, ev.ClaimTracked)) == "mill-closes"
    retired = msgspec.structs.replace(CLAIMS, claims=tuple(rest))
    made, history = imagined(world, claims=retired)
    assert (mentions(made), history.evidence) == ([], {})
