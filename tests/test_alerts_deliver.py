"""From the ledger to the receiver: grouped, throttled, muted, taken back, and once, whatever is killed when."""

from datetime import time, timedelta
from pathlib import Path
from threading import Barrier, Lock, Thread
from uuid import uuid4

import pytest
import tiers
from alerts_world import EVERYTHING, START, VISIT, Recorder, World, mention, rule
from sqlalchemy import create_engine, text

from alerts.channels import Delivered, Rejected, RetryLater, log
from alerts.deliver import LEASE, Alerts, BadScope, mute, probe
from alerts.rules import Digest, ruleset
from alerts.rulesfile import parse
from store import events as ev
from store.clock import FixedClock
from store.database import open_engine, writing
from store.ledger import Draft, Ledger
from store.timeline import Timeline

MINUTE = timedelta(minutes=1)
SEEDS = Path(__file__).parent.parent / "seeds" / "rules.yaml"


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A new, empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server = create_engine(tiers.requires_tier("postgresql"), isolation_level="AUTOCOMMIT")
    name = f"alerts_{uuid4().hex}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


def names(world):
    return [recorded.event.NAME for recorded in world.ledger.read() if recorded.event.NAME.startswith("alert.")]


def test_an_alert_is_recorded_before_it_is_sent_and_again_when_it_arrived(world):
    world.publish(mention(quote="Kim will go, officials said."))
    world.alerts().step()
    assert names(world) == ["alert.raised", "alert.attempted", "alert.delivered"]
    raised, attempted, delivered = (world.named(name)[0] for name in ("alert.raised", "alert.attempted", "alert.delivered"))
    assert (attempted.alerts, delivered.message, attempted.attempt) == ((raised.alert,), attempted.message, 1)


def test_every_message_carries_quote_link_speaker_outlet_event_and_rules_version(world):
    world.publish(mention(speaker="Dmitry Peskov", entity="peskov", quote="There will be a visit."))
    position = world.ledger.size() - 1
    world.alerts().step()
    (item,) = world.desk.sent[0].notice.items
    assert (item.quote, item.url, item.speaker, item.outlet, item.position, item.rule_version) == (
        "There will be a visit.", "https://news.example/x", "Dmitry Peskov", "The Ledger", position, world.rules.version,
    )  # fmt: skip


def test_a_step_with_nothing_new_sends_and_records_nothing(world):
    world.publish(mention())
    alerts = world.alerts()
    alerts.step()
    size = world.ledger.size()
    assert not alerts.step().anything
    assert (world.ledger.size(), len(world.desk.sent)) == (size, 1)


def test_a_new_version_of_the_rules_is_recorded_and_alerts_nobody_again(world, tmp_path):
    world.publish(mention())
    world.alerts().step()
    world.rules = ruleset((rule(about="reworded"),))
    world.alerts().step()
    world.alerts().step()
    assert len(world.desk.sent) == 1
    assert [event.version for event in world.named("rules.changed")][-1] == world.rules.version
    assert len(world.named("rules.changed")) == 2


def test_idle_says_when_nothing_is_left_to_do_at_an_instant(tmp_path):
    world = World(tmp_path, rule(wait_for_more=2 * MINUTE))
    alerts = world.alerts()
    assert not alerts.idle(START)
    alerts.step()
    assert alerts.idle(START)
    world.publish(mention())
    assert not alerts.idle(START)
    alerts.step()
    assert alerts.idle(START)
    assert not alerts.idle(START + 2 * MINUTE)
    assert alerts.next_due() == START + 2 * MINUTE
    world.later(minutes=2)
    alerts.step()
    assert alerts.idle(world.clock.now())
    assert (len(world.desk.sent), alerts.next_due()) == (1, None)


def test_another_process_can_ask_whether_the_role_is_idle_without_changing_anything(world):
    role, driver = world.alerts(), world.alerts(channels={})
    world.publish(mention())
    size = world.ledger.size()
    assert not driver.idle(world.clock.now())
    assert world.ledger.size() == size
    role.step()
    assert driver.idle(world.clock.now())


# --- grouping and throttling -----------------------------------------------------------------------


def test_the_first_alert_of_a_story_waits_for_others_and_they_go_out_together(tmp_path):
    world = World(tmp_path, rule(wait_for_more=2 * MINUTE))
    alerts = world.alerts()
    world.publish(mention("visit"))
    alerts.step()
    world.later(minutes=1)
    world.publish(mention("eef", quote="In Vladivostok."), mention("arms", quote="Shells."))
    alerts.step()
    assert world.desk.sent == []
    world.later(minutes=1)
    alerts.step()
    world.later(minutes=1)
    alerts.step()
    assert world.desk.headlines == [
        ["First mention: Kim goes to Russia.", "First mention: They meet in Vladivostok."],
        ["First mention: Pyongyang sells shells."],
    ]


def test_the_next_message_of_a_story_keeps_its_distance(tmp_path):
    world = World(tmp_path, rule(at_most_every=15 * MINUTE))
    alerts = world.alerts()
    world.publish(mention("visit"))
    alerts.step()
    for _ in range(3):
        world.later(minutes=4)
        world.publish(mention(speaker=f"Official {world.clock.now().minute}"))
        alerts.step()
    assert [len(one.notice.items) for one in world.desk.sent] == [1]
    assert alerts.next_due() == START + 15 * MINUTE
    world.later(minutes=3)
    alerts.step()
    assert [(one.notice.items[-1].trigger, len(one.notice.items)) for one in world.desk.sent] == [
        ("first_mention", 1), ("new_origin", 1),
    ]  # fmt: skip
    assert len(world.desk.headlines[1]) == 3


def test_one_passage_that_alerts_twice_is_shown_once_with_both_headlines(world):
    world.publish(mention(mention="m1"))
    world.conclude("visit", "untested", "rumoured", world.ledger.size() - 1, ("m1",))
    world.alerts().step()
    (item,) = world.desk.sent[0].notice.items
    assert item.headlines == ("First mention: Kim goes to Russia.", "Now rumoured, until now untested: Kim goes to Russia.")


def test_more_than_the_storm_limit_at_once_is_one_summary_over_all_stories(tmp_path, url):
    world = World(tmp_path, rule(storm=20), url=url)
    world.publish(*(mention(claim, quote=f"About {claim}.") for claim in ("visit", "eef", "cosmo", "arms")))
    for number in range(30):
        world.publish(mention("visit" if number % 2 else "arms", speaker=f"Official {number}", quote=f"Yes, no. {number}."))
    tally = world.alerts().step()
    assert (tally.raised, tally.formed, len(world.desk.sent)) == (34, 1, 1)
    notice = world.desk.sent[0].notice
    assert (notice.kind, len(notice.items), notice.omitted) == ("storm", 20, 14)
    assert notice.subject.startswith("34 alerts at once")


def test_after_a_long_outage_nobody_is_told_yesterdays_news(world):
    world.publish(mention())
    world.later(days=8)
    world.publish(mention("arms"))
    world.alerts().step()
    assert world.desk.headlines == [["First mention: Pyongyang sells shells."]]


def test_a_digest_is_one_message_over_all_stories_at_its_time(tmp_path):
    world = World(tmp_path, rule(digest=Digest((time(7, 30),)), storm=1))
    alerts = world.alerts()
    world.publish(mention("visit"), mention("arms", quote="Shells."), mention("eef", quote="There."))
    alerts.step()
    assert alerts.next_due() == START.replace(day=5, hour=7, minute=30)
    world.clock.set(alerts.next_due())
    alerts.step()
    assert [(one.notice.kind, len(one.notice.items)) for one in world.desk.sent] == [("digest", 3)]


def test_each_channel_of_a_rule_gets_the_message(tmp_path):
    world = World(tmp_path, rule(channels=("desk", "chat")))
    chat = Recorder()
    world.publish(mention())
    world.alerts(channels={"desk": world.desk, "chat": chat}).step()
    assert len(world.desk.sent) == len(chat.sent) == 1
    assert len({event.alert for event in world.named("alert.raised")}) == 2


# --- mutes -----------------------------------------------------------------------------------------


def test_a_mute_holds_alerts_back_and_ends_with_one_summary_of_them(world):
    alerts = world.alerts()
    world.append(mute("story:summit", START + 60 * MINUTE, START, "enough for now"))
    world.publish(mention("visit"), mention("eef", quote="There."), mention("arms", quote="Shells."))
    alerts.step()
    assert world.desk.headlines == [["First mention: Pyongyang sells shells."]]
    assert len(world.named("alert.raised")) == 3
    assert alerts.next_due() == START + 60 * MINUTE
    world.later(minutes=60)
    world.publish(mention("cosmo", quote="Elsewhere."))
    alerts.step()
    assert {(one.notice.kind, one.notice.subject) for one in world.desk.sent[1:]} == {
        ("muted", "2 alerts held while muted: The summit"),
        ("alerts", "First mention: They meet at Vostochny."),
    }


def test_a_mute_also_holds_what_was_waiting_when_it_came(tmp_path):
    world = World(tmp_path, rule(wait_for_more=2 * MINUTE))
    alerts = world.alerts()
    world.publish(mention())
    alerts.step()
    world.append(mute("rule:desk", START + 60 * MINUTE, START))
    world.later(minutes=2)
    alerts.step()
    assert world.desk.sent == []
    assert [one.state for one in alerts.explain(world.named("alert.raised")[0].alert)] == ["muted"]


def test_a_mute_can_be_prolonged_and_ended_early(world):
    alerts = world.alerts()
    world.append(mute("claim:visit", START + 10 * MINUTE, START))
    world.publish(mention())
    world.append(mute("claim:visit", START + 90 * MINUTE, START))
    world.later(minutes=10)
    alerts.step()
    assert world.desk.sent == []
    world.append(mute("claim:visit", world.clock.now(), world.clock.now()))
    alerts.step()
    assert [one.notice.kind for one in world.desk.sent] == ["muted"]


@pytest.mark.parametrize("scope", ["desk", "rule:", "feed:x", ""])
def test_only_rules_stories_and_claims_can_be_muted(scope):
    with pytest.raises(BadScope):
        mute(scope, START, START)


# --- taking back -----------------------------------------------------------------------------------


def test_a_rejected_mention_is_taken_back_where_it_was_told(tmp_path, url):
    world = World(tmp_path, url=url)
    article = world.publish(mention(mention="m1", stance="denies", speaker="Dmitry Peskov", entity="peskov"))
    alerts = world.alerts()
    alerts.step()
    world.review("m1", article, "visit")
    alerts.step()
    alerts.step()
    told, taken_back = world.named("alert.raised")
    assert (taken_back.trigger, taken_back.retracts, taken_back.mention) == ("retraction", told.alert, "m1")
    assert world.desk.headlines[1] == ["Taken back, a reviewer rejected it: Denied by Dmitry Peskov: Kim goes to Russia."]
    assert len(world.desk.sent) == 2


def test_what_is_taken_back_before_it_was_sent_is_never_sent(tmp_path):
    world = World(tmp_path, rule(wait_for_more=2 * MINUTE))
    article = world.publish(mention(mention="m1"))
    alerts = world.alerts()
    alerts.step()
    world.append(world.withdraw("m1", article, "visit"))
    assert alerts.step().cancelled == 1
    world.later(minutes=2)
    alerts.step()
    assert world.desk.sent == []
    assert "taken back before it was sent (reread)" in alerts.explain("m1")[0].say()


def test_a_passage_that_is_only_reworded_is_not_taken_back_until_it_says_something_else(world):
    article = world.publish(mention(mention="m1"))
    alerts = world.alerts()
    alerts.step()
    again = world.mentions(article, (mention(mention="m2", quote="Kim will go, officials told us."),))
    world.append(world.withdraw("m1", article, "visit", "revised"), *again)
    assert not alerts.step().raised
    other = world.mentions(article, (mention(mention="m3", stance="questions"),))
    world.append(world.withdraw("m2", article, "visit", "revised"), *other)
    assert alerts.step().retracted == 1
    assert [event.trigger for event in world.named("alert.raised")] == ["first_mention", "retraction"]


def test_an_outlet_that_turns_its_passage_around_is_told_as_both(world):
    article = world.publish(mention(mention="m1"))
    alerts = world.alerts()
    alerts.step()
    world.later(minutes=30)
    turned = world.mentions(article, (mention(mention="m2", stance="denies", revision=2, quote="Kim will not go."),))
    world.revise(article, more=(world.withdraw("m1", article, "visit", "revised"), *turned))
    alerts.step()
    assert [event.trigger for event in world.named("alert.raised")] == ["first_mention", "retraction", "denial"]


def test_what_was_taken_back_is_told_again_when_somebody_else_says_it(world):
    article = world.publish(mention(mention="m1", stance="denies", speaker="Dmitry Peskov", entity="peskov"))
    alerts = world.alerts()
    alerts.step()
    world.review("m1", article, "visit")
    world.publish(mention(mention="m2", stance="denies", speaker="Dmitry Peskov", entity="peskov"))
    alerts.step()
    assert [event.trigger for event in world.named("alert.raised")] == ["denial", "retraction", "denial"]


def test_what_was_said_taken_back_and_said_again_within_one_step_is_told_once(world):
    article = world.publish(mention(mention="m1", stance="denies", speaker="Dmitry Peskov", entity="peskov"))
    world.review("m1", article, "visit")
    world.publish(mention(mention="m2", stance="denies", speaker="Dmitry Peskov", entity="peskov"))
    alerts = world.alerts()
    tally = alerts.step()
    assert (tally.raised, tally.cancelled, tally.retracted) == (2, 1, 0)
    assert [item.alert for one in world.desk.sent for item in one.notice.items] == [world.named("alert.raised")[1].alert]


def test_a_feed_that_recovers_takes_its_alert_back(tmp_path):
    world = World(tmp_path, rule("ops", frozenset({"feed_failing"}), audience="operators"))
    alerts, now = world.alerts(), world.clock.now()
    world.append(Draft(ev.FeedFailing("f-ledger", now, 5, "dns"), "feed/f-ledger", now))
    alerts.step()
    world.append(Draft(ev.FeedRecovered("f-ledger", now), "feed/f-ledger", now))
    alerts.step()
    assert world.desk.headlines == [
        ["Feed cannot be read since 2023-09-04T08:00 (dns): ledger feed"],
        ["Taken back, the feed can be read again: Feed cannot be read since 2023-09-04T08:00 (dns): ledger feed"],
    ]


# --- the clock -------------------------------------------------------------------------------------


def test_deadlines_are_raised_once_by_the_clock_alone(tmp_path):
    world = World(tmp_path, rule(triggers=frozenset({"deadline_near", "deadline_passed"})), claims=(VISIT,))
    alerts = world.alerts()
    world.publish(mention())
    alerts.step()
    for _ in range(2):
        world.clock.set(alerts.next_due())
        assert not alerts.idle(world.clock.now())
        alerts.step()
        alerts.step()
    assert world.desk.headlines == [
        ["Due by 2023-09-30, still untested: Kim goes to Russia."],
        ["Deadline 2023-09-30 has passed, untested: Kim goes to Russia."],
    ]
    assert world.desk.sent[0].notice.items[0].quote == "Kim will go, officials said."
    assert alerts.next_due() is None


# --- retries and kills -----------------------------------------------------------------------------


def test_a_failed_attempt_is_repeated_after_a_wait_that_the_receiver_may_lengthen(world):
    world.desk = Recorder(RetryLater("http_429", timedelta(minutes=5)), RetryLater("http_503", done=("a@x",)))
    alerts = world.alerts()
    world.publish(mention())
    assert alerts.step().retried == 1
    assert alerts.next_due() == START + timedelta(minutes=5)
    world.clock.set(alerts.next_due())
    alerts.step()
    assert alerts.next_due() == world.clock.now() + timedelta(seconds=60)
    world.clock.set(alerts.next_due())
    assert alerts.step().delivered == 1
    assert [(one.attempt, one.done) for one in world.desk.sent] == [(1, ()), (2, ()), (3, ("a@x",))]
    assert len({one.notice.message for one in world.desk.sent}) == 1
    assert names(world) == ["alert.raised", *["alert.attempted"] * 3, "alert.delivered"]


def test_after_the_last_attempt_the_failure_is_recorded(world):
    world.desk = Recorder(*[RetryLater("smtp_451")] * 9)
    alerts = world.alerts(most_attempts=3)
    world.publish(mention())
    alerts.step()
    while (due := alerts.next_due()) is not None:
        world.clock.set(due)
        alerts.step()
    (failed,) = world.named("alert.failed")
    assert (failed.attempts, failed.reason, len(world.desk.sent)) == (3, "smtp_451", 3)


def test_what_a_receiver_rejects_is_not_repeated(world):
    world.desk = Recorder(Rejected("smtp_550"))
    alerts = world.alerts()
    world.publish(mention())
    assert alerts.step().failed == 1
    assert alerts.idle(world.clock.now())
    assert [event.reason for event in world.named("alert.failed")] == ["smtp_550"]


def test_an_alert_to_a_channel_that_is_not_set_up_fails_aloud(world):
    alerts = world.alerts(channels={})
    world.publish(mention())
    alerts.step()
    assert [event.reason for event in world.named("alert.failed")] == ["channel_unknown"]


def test_killed_between_attempt_and_delivery_the_next_life_repeats_with_the_same_id(tmp_path, url):
    world = World(tmp_path, url=url)
    world.desk = Recorder(Killed())
    world.publish(mention())
    with pytest.raises(Killed):
        world.alerts("alerts-1").step()
    assert names(world) == ["alert.raised", "alert.attempted"]
    world.alerts("alerts-1").step()
    assert [one.attempt for one in world.desk.sent] == [1, 2]
    assert len({one.notice.message for one in world.desk.sent}) == 1
    assert names(world) == ["alert.raised", "alert.attempted", "alert.attempted", "alert.delivered"]


def test_another_member_waits_for_the_lease_of_one_that_died(world):
    world.desk = Recorder(Killed())
    world.publish(mention())
    with pytest.raises(Killed):
        world.alerts().step()
    other = world.alerts()
    assert other.step().delivered == 0
    assert not other.idle(world.clock.now())
    assert other.next_due() == START + LEASE
    world.clock.set(other.next_due())
    assert other.step().delivered == 1


def test_a_message_that_kills_every_sender_is_given_up(world):
    world.desk = Recorder(*[Killed()] * 9)
    world.publish(mention())
    for _ in range(3):
        with pytest.raises(Killed):
            world.alerts("alerts-1", most_attempts=3).step()
    assert world.alerts("alerts-1", most_attempts=3).step().failed == 1
    assert [event.reason for event in world.named("alert.failed")] == ["attempts_exhausted"]
    assert len(world.desk.sent) == 3


@pytest.mark.parametrize("killed_at", ["before_appending", "after_appending"])
def test_killed_while_raising_nothing_is_raised_twice_or_lost(world, monkeypatch, killed_at):
    world.publish(mention())
    alerts = world.alerts()
    real = type(world.ledger)._append

    def dying(self, connection, drafts, actor):
        raises = any(draft.event.NAME == "alert.raised" for draft in drafts)
        if raises and killed_at == "before_appending":
            raise Killed
        recorded = real(self, connection, drafts, actor)
        if raises:
            raise Killed
        return recorded

    monkeypatch.setattr(type(world.ledger), "_append", dying)
    with pytest.raises(Killed):
        alerts.step()
    monkeypatch.undo()
    assert names(world) == []
    alerts.step()
    assert names(world) == ["alert.raised", "alert.attempted", "alert.delivered"]


def test_the_log_channel_has_each_message_once_even_after_a_kill(world, tmp_path):
    path = tmp_path / "alerts.jsonl"
    real, lives = log(path), iter([True, False])

    def dying(dispatch):
        outcome = real(dispatch)
        if next(lives):
            raise Killed
        return outcome

    world.publish(mention())
    with pytest.raises(Killed):
        world.alerts("alerts-1", channels={"desk": dying}).step()
    world.alerts("alerts-1", channels={"desk": dying}).step()
    assert len(path.read_text().splitlines()) == 1
    assert len(world.named("alert.delivered")) == 1


def test_two_members_at_once_raise_and_send_each_alert_once(world):
    """The second member takes its step in the middle of the first one's sending."""
    other = world.alerts()

    def interleaving(dispatch):
        world.desk(dispatch)
        other.step()
        return Delivered("ok")

    world.publish(mention("visit"), mention("arms", quote="Shells."))
    first = world.alerts(channels={"desk": interleaving})
    for _ in range(3):
        first.step()
        other.step()
    told = [dispatch.notice.message for dispatch in world.desk.sent]
    assert len(told) == len(set(told)) == 2
    assert len(world.named("alert.raised")) == len(world.named("alert.delivered")) == 2


def test_four_members_side_by_side_raise_and_send_each_alert_once(tmp_path, url):
    world = World(tmp_path, rule(storm=1000), url=url)
    for number in range(40):
        world.publish(mention("visit" if number % 2 else "arms", speaker=f"Official {number}", quote=f"Yes {number}."))
    lock, start, sent = Lock(), Barrier(4, timeout=60), []

    def collect(dispatch):
        with lock:
            sent.extend(item.alert for item in dispatch.notice.items)
        return Delivered("ok")

    def live():
        engine = open_engine(url)
        ledger = Ledger(engine, secret=b"a secret of the tests", clock=world.clock, projectors=(Timeline(),))
        member = Alerts(
            ledger=ledger, rules=world.rules, channels={"desk": collect}, clock=world.clock, keyed=world.keyed
        )  # fmt: skip
        start.wait()
        while not member.idle(world.clock.now()):
            member.step()
        engine.dispose()

    members = [Thread(target=live) for _ in range(4)]
    for member in members:
        member.start()
    for member in members:
        member.join()
    assert len(world.named("alert.raised")) == 40
    assert len(world.named("alert.delivered")) == len(world.named("alert.attempted"))
    assert len(sent) == len(set(sent)) == 40


def test_of_two_members_that_decided_about_the_same_events_one_writes(world, monkeypatch):
    one, other = world.alerts(), world.alerts()
    one.step()
    other.step()
    world.publish(mention())
    deciding = type(one._follower)._decide

    def overtaken(self, batch):
        decided = deciding(self, batch)
        if self is one._follower:
            monkeypatch.undo()
            other.step()
        return decided

    monkeypatch.setattr(type(one._follower), "_decide", overtaken)
    one.step()
    assert names(world) == ["alert.raised", "alert.attempted", "alert.delivered"]


def test_a_story_keeps_the_thread_that_its_first_message_opened(world):
    world.desk = Recorder(Delivered("t1", thread="t1"), Delivered("t2", thread="t1"))
    alerts = world.alerts()
    world.publish(mention("visit"))
    alerts.step()
    world.publish(mention("eef", quote="There."))
    alerts.step()
    world.publish(mention("arms", quote="Shells."))
    alerts.step()
    assert [one.thread for one in world.desk.sent] == [None, "t1", None]


# --- words and reasons -----------------------------------------------------------------------------


def test_what_was_erased_before_sending_is_not_sent(tmp_path):
    world = World(tmp_path, rule(wait_for_more=2 * MINUTE))
    alerts = world.alerts()
    world.publish(mention(quote="A private matter."))
    alerts.step()
    with writing(world.engine) as connection:
        connection.execute(text("DELETE FROM texts"))
    world.later(minutes=2)
    alerts.step()
    (item,) = world.desk.sent[0].notice.items
    assert (item.headlines, item.quote, item.url) == (("first mention (its text was erased)",), None, None)


def test_a_raised_alert_lists_the_article_whose_words_it_holds(world):
    article = world.publish(mention())
    world.alerts().step()
    (raised,) = world.ledger.read(names={"alert.raised"})
    assert (raised.articles, raised.cause) == ((article,), raised.event.position)


def test_explain_gives_the_reason_for_every_rule_that_listens(tmp_path):
    world = World(tmp_path, rule("desk"), rule("arms", stories=frozenset({"arms"})), rule("sure", min_score=950))
    world.publish(mention(mention="m1"))
    alerts = world.alerts()
    assert "not decided yet" in alerts.explain("m1")[0].because
    alerts.step()
    assert [(one.rule, one.state, one.because.split(" (")[0]) for one in alerts.explain("m1")] == [
        ("desk", "delivered", f"sent in message {world.desk.sent[0].notice.message}"),
        ("arms", None, "the rule is about other claims and stories"),
        ("sure", None, "the reader was less sure than the rule's min_score demands"),
    ]
    assert alerts.explain("0")[0].because == "no rule listens to what this event is"
    assert alerts.explain("unheard-of") == ()


def test_explain_judges_by_the_rules_in_force_at_the_time(world):
    world.publish(mention(mention="m1"))
    world.alerts().step()
    world.rules = ruleset((rule("newcomer", EVERYTHING),))
    alerts = world.alerts()
    alerts.step()
    assert [one.rule for one in alerts.explain("m1")] == ["desk"]


def test_explain_tells_an_echo_of_what_was_told_and_news_that_came_too_late(world):
    alerts = world.alerts()
    world.publish(mention(mention="m1"))
    alerts.step()
    world.publish(mention("arms", mention="m2"))
    world.later(days=9)
    alerts.step()
    assert alerts.explain("m2")[0].because == "when alerts came to it, it was older than the rule's horizon"


def test_a_test_message_goes_the_way_that_alerts_go():
    channel = Recorder(Rejected("http_404"))
    assert probe(channel, "desk", START) == Rejected("http_404")
    assert channel.sent[0].notice.subject == "Test message from Dateline: channel desk"


def test_a_fixed_clock_and_the_example_rules_tell_the_demonstrations_first_hour(tmp_path):
    rules = parse(SEEDS.read_text()).rules
    world = World(tmp_path, *rules)
    assert isinstance(world.clock, FixedClock)
    path = tmp_path / "log.jsonl"
    alerts: Alerts = world.alerts(channels={"log": log(path)})
    world.publish(mention())
    alerts.step()
    assert alerts.explain(str(world.ledger.size() - 2)) != ()
    world.later(minutes=2)
    alerts.step()
    assert alerts.idle(world.clock.now())
