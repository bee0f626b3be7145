"""What would have been told: of the history that was, just what was told; of another, what differs and why."""

import tempfile
from datetime import timedelta
from pathlib import Path

import msgspec
from alerts_world import CLAIMS, EVERYTHING, World, mention, rule
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts import tables
from alerts.context import Context
from alerts.imagined import Asked, Listener, Told, compare, unlooked
from alerts.judge import due_by_clock
from alerts.rules import ruleset
from store import events as ev
from store.database import reading

BY_ID = {claim.id: claim for claim in CLAIMS}


def compared(world, rules=None, leave_out=lambda _event: False, other=None):
    """The ledger against the same ledger without some events, or against another world's, under these rules."""
    events = list(world.ledger.read())
    rules, others = rules or world.rules, list((other or world).ledger.read())
    looks = unlooked(events, events.__getitem__)
    told, listener = Told(world.keyed), Listener(rules, world.keyed, lambda position: others[position].event, looks)
    for recorded in events:
        told.take(recorded, events.__getitem__)
    for recorded in others:
        if not leave_out(recorded.event):
            listener.take(recorded)
    listener.finish(events[-1].recorded_at)
    with reading(world.engine) as connection:
        place = tables.place(connection)
    return compare(told, listener, Asked(BY_ID, BY_ID, events[place - 1].recorded_at), world.keyed)


actions = st.lists(
    st.tuples(
        st.sampled_from(["publish", "publish", "publish", "reread", "revise", "reject", "wait", "conclude", "withdraw"]),
        st.sampled_from(["visit", "eef", "arms"]),
        st.sampled_from(["affirms", "affirms", "denies"]),
        st.sampled_from([None, "Dmitry Peskov", "A. Nonymous"]),
        st.sampled_from([0, 1, 30, 200]),
    ),
    max_size=9,
)


REREAD_TWICE = [
    ("publish", "visit", "affirms", None, 0), ("reread", "visit", "denies", None, 0), ("reread", "visit", "affirms", None, 0),
]  # fmt: skip
"""Who looks only now finds that the article says what it said; who had looked in between saw it taken back."""
DENIED_ANEW = [
    ("publish", "arms", "denies", None, 0), ("reread", "arms", "affirms", None, 0), ("publish", "visit", "affirms", None, 0),
    ("publish", "visit", "affirms", None, 0), ("publish", "arms", "denies", None, 0),
]  # fmt: skip
"""What was taken back is told again, of another article."""


def play(world, steps):
    """Whatever a newsroom may see in one week, each step an hour after the other; alerts are looked at in between."""
    alerts, known = world.alerts(), []
    for number, (what, claim, stance, speaker, hours) in enumerate(steps):
        world.later(hours=1)
        if what == "publish":
            article = world.publish(mention(claim, stance, speaker=speaker, mention=f"m{number}"), age=timedelta(hours=hours))
            known.append((f"m{number}", article, claim))
        elif what == "wait":
            alerts.step()  # what is looked at only after its horizon is not told, which no other history can know
            world.later(hours=hours)
        elif what == "conclude":
            world.conclude(claim, "untested", "reported", None, tuple(id_ for id_, _, of in known if of == claim))
        elif known:
            change(world, what, stance, number, *known[hours % len(known)])
        if number % 3 == 2:
            alerts.step()
    alerts.step()


def change(world, what, stance, number, id_, article, claim):
    """Something happens to a mention that is known."""
    if what == "reread":
        world.append(world.withdraw(id_, article, claim), *world.mentions(article, (mention(claim, stance),)))
    elif what == "revise":
        more = [world.withdraw(id_, article, claim, "revised")]
        world.revise(article, ("hedge_added", claim), passages=[("will", "may")], more=more, revision=number + 2)
    elif what == "withdraw":
        ended = world.withdraw(id_, article, claim, "article_withdrawn")
        gone = ev.ArticleWithdrawn(article, 1, world.clock.now(), "410")
        world.append(ended._replace(event=gone), ended)
    else:
        world.review(id_, article, claim)


@settings(max_examples=25)
@given(actions)
@example(REREAD_TWICE)
@example(DENIED_ANEW)
def test_of_the_history_that_was_just_what_was_told_would_have_been_told(steps):
    with tempfile.TemporaryDirectory() as folder:
        wishes = EVERYTHING | {"silent_edit", "vanished_passage", "withdrawal", "unusual_volume"}
        world = World(Path(folder), rule(triggers=wishes), rule("sure", frozenset({"denial"}), claims=frozenset({"arms"})))
        play(world, steps)
        assert compared(world) == []
        world.engine.dispose()


def newsroom(tmp_path):
    world = World(tmp_path)
    alerts = world.alerts()
    world.publish(mention("visit", mention="m1", why=("match:alias",)))
    world.later(hours=5)
    world.publish(mention("visit", "denies", "He will not.", speaker="Dmitry Peskov", entity="peskov", mention="m2"))
    alerts.step()
    return world


def test_what_is_not_found_is_lost_and_what_follows_comes_later_each_with_its_reason(tmp_path):
    world = newsroom(tmp_path)
    world.later(hours=5)
    world.publish(mention("visit", quote="Kim travels, says another.", mention="m3"))
    world.alerts().step()
    found = compared(world, leave_out=lambda event: getattr(event, "mention", None) in ("m1", "m2"))
    told = {(one.kind, one.trigger): one for one in found}
    assert told["later", "first_mention"].after - told["later", "first_mention"].before == timedelta(hours=10)
    assert told["later", "first_mention"].quote == "Kim travels, says another."
    assert told["later", "first_mention"].why == "it is told of another passage"
    lost = told["lost", "denial"]
    assert (lost.quote, lost.after, lost.why) == ("He will not.", None, "nothing that is found comes to it")
    world.engine.dispose()


def test_another_rule_says_whom_it_would_have_kept_from_what(tmp_path):
    world = newsroom(tmp_path)
    (desk,) = world.rules.rules
    other = ruleset(
        (
            msgspec.structs.replace(desk, triggers=frozenset({"first_mention"}), channels=("elsewhere",)),
            rule("late", frozenset({"denial"}), min_score=950),
            rule("new", frozenset({"first_mention"})),
        )
    )
    found = {(one.kind, one.rule, one.trigger): one.why for one in compared(world, other)}
    assert found == {
        ("lost", "desk", "denial"): "no rule desk listens to denial",
        ("gained", "new", "first_mention"): "no rule new that listens to first_mention was in force",
    }
    gained = next(one for one in compared(world, other) if one.kind == "gained")
    assert gained.cues == ("match:alias",)
    world.engine.dispose()


def reviewed(folder, *, rejected):
    """Something is told and goes out; then a person rejects it, or does not; then time passes."""
    folder.mkdir()
    world = newsroom(folder)
    article = next(event.article for event in world.named("mention.recorded"))
    for _ in range(2):
        world.later(hours=2)
        world.alerts().step()
    if rejected:
        world.review("m1", article, "visit")
    world.later(hours=1)
    world.publish(mention("arms"))
    world.alerts().step()
    return world


def test_a_retraction_is_lost_or_gained_where_the_alert_itself_is_told_in_both(tmp_path):
    rejecting, silent = reviewed(tmp_path / "1", rejected=True), reviewed(tmp_path / "2", rejected=False)
    assert [alert.trigger for alert in rejecting.named("alert.raised")].count("retraction") == 1
    assert "retraction" not in [alert.trigger for alert in silent.named("alert.raised")]
    assert compared(rejecting) == compared(silent) == []
    (lost,) = compared(rejecting, leave_out=lambda event: isinstance(event, ev.MentionReviewed))
    assert (lost.kind, lost.trigger, lost.after, lost.why) == ("lost", "retraction", None, "what was told holds still")
    (gained,) = compared(silent, other=rejecting)
    assert (gained.kind, gained.trigger, gained.before) == ("gained", "retraction", None)
    assert gained.after == lost.before
    assert (gained.headline, gained.why) == (lost.headline, "what was told is no longer found")
    for world in (rejecting, silent):
        world.engine.dispose()


def silences(world, leave_out):
    """(when, which feed, since when) of each look that finds a feed silent; somebody looks whenever anything happens."""
    wish = rule(audience="operators", triggers=frozenset({"feed_silent"}), silent_after=timedelta(days=1))
    context, found = Context(world.keyed.name), []
    for recorded in world.ledger.read():
        intents = due_by_clock(context, recorded.recorded_at, ruleset((wish,)))
        found += [(recorded.recorded_at, *intent.candidate.facts) for intent in intents]
        if not leave_out(recorded.event):
            context.learn(recorded)
    return found


@settings(max_examples=15)
@given(actions)
def test_no_reader_and_no_claim_changes_when_a_feed_falls_silent(steps):
    """So they are left out of what is compared: whatever is read or asked, they are the same."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        play(world, [("publish", "visit", "affirms", None, 0), *steps])
        world.later(days=3)
        world.publish(mention("visit"), feed="f-meridian")
        world.publish()
        whole = silences(world, lambda _: False)
        assert whole, "after three days somebody is silent"
        assert silences(world, lambda event: event.NAME.startswith(("mention.", "claim.", "entity.", "story."))) == whole
        world.engine.dispose()


def test_what_alerts_have_not_come_to_is_no_difference(tmp_path):
    world = newsroom(tmp_path)
    world.later(hours=1)
    world.publish(mention("arms"))
    assert compared(world) == []
    world.alerts().step()
    assert compared(world) == []
    world.engine.dispose()


def test_a_deadline_that_passes_is_told_in_both_whenever_somebody_looked(tmp_path):
    world = World(tmp_path, rule(triggers=frozenset({"deadline_near", "deadline_passed"})))
    alerts = world.alerts()
    for days in (1, 24, 1, 3):
        world.later(days=days)
        world.publish(mention("arms"))
        alerts.step()
    assert [event.trigger for event in world.named("alert.raised")] == ["deadline_near", "deadline_passed"]
    assert compared(world) == []
    found = compared(world, ruleset((rule(triggers=frozenset({"denial"})),)))
    assert {(one.kind, one.why.partition(" listens")[0]) for one in found} == {("lost", "no rule desk")}
    world.engine.dispose()
