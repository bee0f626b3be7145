"""The rules file, and when messages leave."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules import EDITORS, OPERATORS, Digest, Quiet, Rule, canonical, from_canonical, ruleset
from alerts.rulesfile import BadRules, parse
from alerts.timing import backoff, due, end_of_quiet, next_digest

SEEDS = Path(__file__).parent.parent / "seeds" / "rules.yaml"


def faults(text, **options):
    with pytest.raises(BadRules) as raised:
        parse(text, **options)
    return raised.value


def test_the_example_rules_are_valid_and_ask_for_every_trigger():
    rules = parse(SEEDS.read_text(), source=str(SEEDS), channels={"log"})
    asked = frozenset().union(*(rule.triggers for rule in rules.rules))
    assert len(rules.rules) == 7
    assert asked == EDITORS | OPERATORS


def test_a_rule_takes_what_it_does_not_say_from_the_defaults():
    rules = parse("""
        defaults: {horizon: 3 days, storm: 5}
        rules:
        - {id: a, triggers: denial, channels: x}
        - {id: b, triggers: denial, channels: [x, y], horizon: 2 hours}
    """)
    a, b = rules.rules
    assert (a.horizon, a.storm, a.channels) == (timedelta(days=3), 5, ("x",))
    assert (b.horizon, b.storm, b.channels) == (timedelta(hours=2), 5, ("x", "y"))


@pytest.mark.parametrize(
    ("rule", "field", "said"),
    [
        ("{id: r, triggers: [denail], channels: x}", "triggers.0", "did you mean `denial`"),
        ("{id: r, triggers: [denial], channels: x, wait_for_mor: 1 day}", "wait_for_mor", "did you mean `wait_for_more`"),
        ("{id: r, triggers: [denial], channels: x, horizon: soon}", "horizon", "'soon' is no duration"),
        ("{id: r, triggers: [denial], channels: x, horizon: 7}", "horizon", "7 is no duration"),
        ("{id: r, triggers: [denial]}", "channels", "Field required"),
        ("{id: r, triggers: [], channels: x}", "triggers", "at least 1 item"),
        ("{id: r, triggers: [denial], channels: nowhere}", "channels", "'nowhere' is not set up; these are: x"),
        ("{id: R!, triggers: [denial], channels: x}", "id", "must be small letters"),
        ("{id: r, triggers: [retraction], channels: x}", "", "it follows every alert that it takes back"),
        ("{id: r, triggers: [feed_silent], channels: x}", "", "is for operators"),
        ("{id: r, audience: operators, triggers: [denial], channels: x}", "", "is for editors"),
        ("{id: r, triggers: [denial], channels: x, digest: '25:00'}", "digest.at.0", "no time of day"),
        ("{id: r, triggers: [denial], channels: x, min_score: 2000}", "min_score", "less than or equal to 1000"),
        (
            "{id: r, triggers: [denial], channels: x, quiet: {from: '22:00', to: '7:00', timezone: Europe/Berln}}",
            "quiet.timezone",
            "did you mean `Europe/Berlin`",
        ),
    ],
)
def test_a_fault_is_told_with_file_rule_and_field(rule, field, said):
    error = faults(f"rules:\n- {rule}", source="my.yaml", channels={"x"})
    assert len(error.faults) == 1
    assert error.faults[0].field == field
    assert said in error.faults[0].said
    assert str(error).startswith("my.yaml: rule '")


def test_all_faults_are_told_at_once_and_nothing_is_used():
    error = faults("rules:\n- {id: a, triggers: x, channels: c}\n- 7\n- {id: b, triggers: denial, channels: c, storm: 0}")
    assert [fault.rule for fault in error.faults] == ["rule 'a'", "rule no. 2", "rule 'b'"]


def test_two_rules_may_not_share_an_id():
    error = faults("rules:\n- {id: a, triggers: denial, channels: c}\n- {id: a, triggers: denial, channels: c}")
    assert error.faults[0].field == "id"


@pytest.mark.parametrize("text", ["rules: [", "- a list", "rules: {}", "ruls: []", "defaults: {id: x}\nrules: []"])
def test_a_file_of_another_shape_is_refused_as_a_whole(text):
    assert len(faults(text).faults) == 1


def test_an_unquoted_time_of_day_is_understood_though_yaml_reads_a_number():
    rules = parse("rules: [{id: a, triggers: denial, channels: c, digest: 7:30}, {id: b, triggers: denial, channels: c}]")
    assert rules.rules[0].digest == Digest((time(7, 30),))


@given(st.sets(st.sampled_from(["denial", "new_origin", "withdrawal"]), min_size=1), st.integers(1, 10**6), st.booleans())
def test_rules_survive_the_ledger_with_the_same_version(triggers, seconds, quiet):
    hours = Quiet(time(22), time(7)) if quiet else None
    rules = ruleset((Rule("a", frozenset(triggers), ("x",), horizon=timedelta(seconds=seconds), quiet=hours),))
    assert from_canonical(canonical(rules.rules)) == rules


def test_the_version_names_exactly_the_content():
    one = ruleset((Rule("a", frozenset({"denial"}), ("x",)),))
    other = ruleset((Rule("a", frozenset({"denial"}), ("x",), min_score=1),))
    assert one.version != other.version


# --- when ------------------------------------------------------------------------------------------


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_first_alert_waits_for_more_and_the_next_message_keeps_its_distance():
    rule = Rule("a", frozenset({"denial"}), ("x",), wait_for_more=timedelta(minutes=2), at_most_every=timedelta(minutes=15))
    assert due(rule, at("2023-09-11T10:00"), None) == at("2023-09-11T10:02")
    assert due(rule, at("2023-09-11T10:05"), at("2023-09-11T10:02")) == at("2023-09-11T10:17")
    assert due(rule, at("2023-09-11T12:00"), at("2023-09-11T10:02")) == at("2023-09-11T12:02")


@pytest.mark.parametrize(
    ("instant", "end"),
    [
        ("2023-09-11T19:59", "2023-09-11T19:59"),
        ("2023-09-11T20:00", "2023-09-12T05:00"),
        ("2023-09-12T04:59", "2023-09-12T05:00"),
        ("2023-09-12T05:00", "2023-09-12T05:00"),
        ("2023-10-29T00:30", "2023-10-29T06:00"),  # the night when summer time ends is an hour longer
    ],
)
def test_quiet_hours_across_midnight_end_at_local_time(instant, end):
    assert end_of_quiet(Quiet(time(22), time(7), "Europe/Berlin"), at(instant)) == at(end)


def test_quiet_hours_within_a_day():
    quiet = Quiet(time(12), time(14))
    assert end_of_quiet(quiet, at("2023-09-11T13:00")) == at("2023-09-11T14:00")
    assert end_of_quiet(quiet, at("2023-09-11T15:00")) == at("2023-09-11T15:00")


def test_the_next_digest_is_strictly_later_and_keeps_to_its_weekdays():
    digest = Digest((time(7, 30), time(18)), "Europe/Berlin")
    assert next_digest(digest, at("2023-09-11T05:29")) == at("2023-09-11T05:30")
    assert next_digest(digest, at("2023-09-11T05:30")) == at("2023-09-11T16:00")
    mondays = Digest((time(9),), "UTC", (0,))
    assert next_digest(mondays, at("2023-09-11T09:00")) == at("2023-09-18T09:00")


@given(
    st.integers(0, 2 * 366 * 24 * 60),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Seoul"]),
    st.times(),
)
def test_whatever_the_hour_quiet_and_digest_never_go_back_in_time(minutes, zone, start):
    instant = at("2023-01-01T00:00") + timedelta(minutes=minutes)
    start = start.replace(second=0, microsecond=0)
    end = time((start.hour + 9) % 24, start.minute)
    assert instant <= end_of_quiet(Quiet(start, end, zone), instant) <= instant + timedelta(hours=11)
    assert instant < next_digest(Digest((start,), zone), instant) <= instant + timedelta(hours=26)


def test_waits_between_attempts_grow_to_two_hours():
    waits = [backoff(attempts) for attempts in range(1, 40)]
    assert waits[0] == timedelta(seconds=30)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=2)
