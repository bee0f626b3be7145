"""What concerns whom: each trigger, and each reason to keep silent."""

from datetime import date, timedelta

import msgspec
import pytest
from alerts_world import EEF, VISIT, World, mention, rule

from alerts.context import Context
from alerts.judge import Intent, Refusal, due_by_clock, judge, next_by_clock, replayed
from alerts.rules import Unusual, ruleset
from store import events as ev
from store.ledger import Draft

MENTION_TRIGGERS = frozenset({"first_mention", "new_origin", "denial", "variant_drift"})


def verdicts(world, *rules):
    """What the rules say to everything on the ledger."""
    return list(replayed(world.ledger.read(), Context(world.keyed.name), ruleset(rules) if rules else world.rules))


def told(world, *rules):
    found = [verdict for verdict in verdicts(world, *rules) if isinstance(verdict, Intent)]
    return [(intent.candidate.trigger, intent.candidate.claim and intent.candidate.claim.id) for intent in found]


def refused(world, *rules):
    return [verdict.reason for verdict in verdicts(world, *rules) if isinstance(verdict, Refusal)]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path, rule(triggers=MENTION_TRIGGERS))


def test_the_first_mention_of_a_claim_is_told_once(world):
    world.publish(mention("visit"), mention("eef"))
    world.publish(mention("visit"))
    assert told(world) == [("first_mention", "visit"), ("first_mention", "eef")]


def test_a_second_outlet_that_speaks_for_itself_is_a_new_origin_and_one_that_relays_is_none(world):
    world.publish(mention(speaker=None, outlet="o-ledger"))
    world.publish(mention(outlet="o-meridian", echo="The Ledger"), feed="f-meridian")
    world.publish(mention(outlet="o-meridian", quote="Our own officials say so."), feed="f-meridian")
    assert told(world) == [("first_mention", "visit"), ("new_origin", "visit")]


def test_a_named_speaker_is_one_origin_whoever_quotes_him(world):
    world.publish(mention())
    for feed in ("f-ledger", "f-meridian"):
        outlet = feed.replace("f-", "o-")
        world.publish(mention(speaker="Dmitry Peskov", entity="peskov", hedging="predicted", outlet=outlet), feed=feed)
    assert told(world) == [("first_mention", "visit"), ("new_origin", "visit")]


def test_a_denial_is_told_once_an_origin_and_again_when_it_denies_on_a_later_day(world):
    def peskov(feed, said_on):
        return world.publish(
            mention(
                stance="denies", speaker="Dmitry Peskov", entity="peskov", said_on=said_on, outlet=feed.replace("f-", "o-")
            ),
            feed=feed,
        )

    world.publish(mention())
    peskov("f-ledger", date(2023, 9, 5))
    peskov("f-meridian", date(2023, 9, 5))
    peskov("f-meridian", None)
    peskov("f-ledger", date(2023, 9, 11))
    peskov("f-ledger", date(2023, 9, 5))
    assert told(world) == [("first_mention", "visit"), ("denial", "visit"), ("denial", "visit")]


@pytest.mark.parametrize("stance", ["no_comment", "questions", "discusses"])
def test_what_is_neither_yes_nor_no_is_neither_a_denial_nor_a_new_origin(world, stance):
    world.publish(mention())
    world.publish(mention(stance=stance, speaker="Dmitry Peskov", entity="peskov"))
    assert told(world) == [("first_mention", "visit")]


def test_another_value_of_a_variant_group_is_a_drift_even_between_claims(world):
    world.publish(mention("eef", variant="vladivostok"))
    world.publish(mention("eef", variant="vladivostok", outlet="o-meridian"))
    world.publish(mention("cosmo", variant="vostochny"))
    world.publish(mention("cosmo", variant="vostochny"))
    assert told(world) == [("first_mention", "eef"), ("new_origin", "eef"), ("variant_drift", "cosmo")]


def test_of_several_things_that_one_passage_is_only_the_strongest_is_told(world):
    world.publish(mention(stance="denies", speaker="Dmitry Peskov", entity="peskov"))
    assert told(world) == [("denial", "visit")]
    assert refused(world) == ["told_otherwise"]


def test_a_rule_hears_of_its_own_claims_and_stories_only(world):
    world.publish(mention("visit"), mention("arms"))
    assert told(world, rule(triggers=MENTION_TRIGGERS, stories=frozenset({"arms"}))) == [("first_mention", "arms")]
    assert told(world, rule(triggers=MENTION_TRIGGERS, claims=frozenset({"visit"}))) == [("first_mention", "visit")]
    assert refused(world, rule(triggers=MENTION_TRIGGERS, claims=frozenset({"visit"}))) == ["scope"]


def test_a_reader_that_is_less_sure_than_the_rule_demands_does_not_alert(world):
    world.publish(mention(score=400))
    assert refused(world, rule(triggers=MENTION_TRIGGERS, min_score=500)) == ["score"]
    assert told(world, rule(triggers=MENTION_TRIGGERS, min_score=400)) == [("first_mention", "visit")]


def test_an_article_older_than_the_horizon_does_not_alert(world):
    world.publish(mention(), age=timedelta(days=8))
    world.publish(mention("eef"), age=timedelta(days=6))
    assert refused(world) == ["horizon"]
    assert told(world) == [("first_mention", "eef")]


def test_an_imported_article_does_not_alert(world):
    world.publish(mention(), feed="import/archive")
    assert refused(world) == ["import"]


def test_reading_an_old_article_again_does_not_alert(world):
    article = world.publish()
    world.later(hours=2)
    world.append(*world.mentions(article, (mention(),)))
    assert refused(world) == ["rematch"]


def test_a_claim_that_changed_after_the_article_came_does_not_alert_from_it(world):
    article = world.publish()
    (amended,) = world.append(Draft(ev.ClaimAmended(VISIT, ("aliases",)), "claim/visit", world.clock.now()))
    world.append(*world.mentions(article, (mention(claims_at=amended.position),)))
    assert refused(world) == ["rematch"]


def test_the_second_reading_of_a_fresh_article_that_knows_the_claim_does_alert(world):
    (tracked,) = world.append(Draft(ev.ClaimAmended(VISIT, ("aliases",)), "claim/visit", world.clock.now()))
    article = world.publish()
    world.later(minutes=3)
    world.append(*world.mentions(article, (mention(claims_at=tracked.position),)))
    assert told(world) == [("first_mention", "visit")]


def test_a_retired_claim_is_silent(world):
    world.append(Draft(ev.ClaimRetired("visit"), "claim/visit", world.clock.now()))
    world.publish(mention())
    assert verdicts(world) == []


def test_a_mention_that_was_misread_does_not_count_as_known(world):
    article = world.publish(mention(mention="m1"))
    world.append(world.withdraw("m1", article, "visit"))
    world.publish(mention())
    assert told(world) == [("first_mention", "visit")] * 2


# --- statuses, articles, feeds, time ---------------------------------------------------------------


def test_a_status_change_carries_the_passage_that_caused_it(world):
    wish = rule(triggers=frozenset({"status_change"}))
    article = world.publish(mention(mention="m1"))
    position = world.ledger.size() - 1
    world.conclude("visit", "untested", "rumoured", position, ("m1",))
    (intent,) = (verdict for verdict in verdicts(world, wish) if isinstance(verdict, Intent))
    assert article == "a1"
    assert (intent.candidate.facts, intent.candidate.mention, intent.candidate.quote_at) == (
        ("untested", "rumoured"), "m1", position,
    )  # fmt: skip


def test_a_status_change_that_comes_of_an_old_article_or_a_new_definition_does_not_alert(world):
    wish = rule(triggers=frozenset({"status_change"}))
    world.publish(mention(), age=timedelta(days=30))
    world.conclude("visit", "untested", "rumoured", world.ledger.size() - 1)
    (amended,) = world.append(Draft(ev.ClaimAmended(VISIT, ("principals",)), "claim/visit", world.clock.now()))
    world.conclude("visit", "rumoured", "untested", amended.position)
    assert refused(world, wish) == ["horizon", "rematch"]


def test_a_status_that_changes_with_the_clock_alerts(world):
    wish = rule(triggers=frozenset({"status_change"}))
    world.conclude("visit", "rumoured", "expired", None)
    assert told(world, wish) == [("status_change", "visit")]


def test_a_silent_edit_and_a_vanished_passage_are_told_for_each_claim_they_touch(world):
    wish = rule(triggers=frozenset({"silent_edit", "vanished_passage"}))
    article = world.publish(mention("visit"), mention("eef"))
    world.revise(
        article, ("hedge_added", "visit"), ("number_changed", "visit"), ("passage_vanished", "eef"), ("passage_added", "arms")
    )
    assert told(world, wish) == [("silent_edit", "visit"), ("vanished_passage", "eef")]


def test_an_edit_that_names_no_claim_concerns_those_that_the_article_mentions(world):
    wish = rule(triggers=frozenset({"silent_edit"}))
    article = world.publish(mention("visit"), mention("eef"))
    world.revise(article, ("denial_removed", None))
    assert told(world, wish) == [("silent_edit", "visit"), ("silent_edit", "eef")]


def test_a_withdrawn_article_is_told_for_the_claims_that_still_stood_in_it(world):
    wish = rule(triggers=frozenset({"withdrawal"}))
    article = world.publish(mention("visit"), mention("eef", mention="m2"))
    world.append(world.withdraw("m2", article, "eef"))
    gone = ev.ArticleWithdrawn(article, 1, world.clock.now(), "410")
    world.append(Draft(gone, f"article/{article}", world.clock.now()))
    assert told(world, wish) == [("withdrawal", "visit")]


def test_unusual_volume_is_told_once_a_window(world):
    wish = rule(triggers=frozenset({"unusual_volume"}), unusual=Unusual(times=3, least=4))
    for _ in range(7):  # one a day is usual
        world.publish(mention())
        world.later(days=1)
    assert told(world, wish) == []
    for _ in range(6):
        world.publish(mention())
    intents = [verdict for verdict in verdicts(world, wish) if isinstance(verdict, Intent)]
    assert len({intent.key for intent in intents}) == 1
    assert intents[0].candidate.facts[0] == "4"


def test_a_feed_that_cannot_be_read_is_for_operators(world):
    event = ev.FeedFailing("f-ledger", world.clock.now(), 5, "dns")
    world.append(Draft(event, "feed/f-ledger", world.clock.now()))
    assert told(world) == []
    assert told(world, rule(audience="operators", triggers=frozenset({"feed_failing"}))) == [("feed_failing", None)]


def folded(world):
    context = Context(world.keyed.name)
    for recorded in world.ledger.read():
        context.learn(recorded)
    return context


def triggers_at(world, rules):
    return [intent.candidate.trigger for intent in due_by_clock(folded(world), world.clock.now(), rules)]


def test_deadlines_are_told_before_and_after_in_the_claims_own_time_zone(tmp_path):
    claim = msgspec.structs.replace(VISIT, timezone="Asia/Vladivostok")
    rules = ruleset((rule(triggers=frozenset({"deadline_near", "deadline_passed"}), near=timedelta(days=2)),))
    world = World(tmp_path, claims=(claim,))
    context = folded(world)
    world.clock.set(next_by_clock(context, world.clock.now(), rules) - timedelta(seconds=1))
    assert triggers_at(world, rules) == []
    world.later(seconds=1)
    assert (world.clock.now().isoformat(), triggers_at(world, rules)) == ("2023-09-28T14:00:00+00:00", ["deadline_near"])
    world.clock.set(next_by_clock(context, world.clock.now(), rules))
    assert (world.clock.now().isoformat(), triggers_at(world, rules)) == ("2023-09-30T14:00:00+00:00", ["deadline_passed"])
    world.later(days=8)
    assert triggers_at(world, rules) == []


def test_the_deadline_of_a_settled_claim_interests_nobody(world):
    rules = ruleset((rule(triggers=frozenset({"deadline_near", "deadline_passed"})),))
    world.conclude("visit", "announced", "confirmed", None)
    world.later(days=27)
    assert triggers_at(world, rules) == []


def test_a_feed_is_silent_when_others_speak_and_only_later_when_all_are_silent(world):
    rules = ruleset((rule(audience="operators", triggers=frozenset({"feed_silent"}), silent_after=timedelta(days=1)),))
    world.later(days=1, hours=1)
    assert triggers_at(world, rules) == []
    world.publish(feed="f-ledger")
    assert triggers_at(world, rules) == ["feed_silent"]
    world.publish(feed="f-meridian")
    assert triggers_at(world, rules) == []
    world.later(days=2)
    assert triggers_at(world, rules) == ["feed_silent", "feed_silent"]


# --- the decision itself ---------------------------------------------------------------------------


def test_deciding_changes_nothing_and_gives_the_same_answer_again(world):
    world.publish(mention("eef", variant="vladivostok"))
    context = Context(world.keyed.name)
    for recorded in world.ledger.read():
        assert judge(recorded, context, world.rules) == judge(recorded, context, world.rules)
        context.learn(recorded)


def test_an_alerts_key_does_not_know_the_rules_version(world):
    world.publish(mention("eef"))
    (old,) = verdicts(world, rule(triggers=MENTION_TRIGGERS))
    (new,) = verdicts(world, rule(triggers=MENTION_TRIGGERS, about="another text"))
    assert old.rule_version != new.rule_version
    assert old.key == new.key
    assert EEF.id in old.key
