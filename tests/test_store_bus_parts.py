"""The pure parts of the bus: places, shares, headers, URLs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.bus import Outgoing
from store.bus.cloudevents import headers_of
from store.bus.kafka import KafkaBus
from store.bus.open import BadBusUrl, open_bus
from store.bus.place import partition_of
from store.bus.shares import share_out
from store.bus.sqlite import SqliteBus

names = st.sampled_from(["a", "b", "c", "d", "e"])
holdings = st.lists(st.none() | names, min_size=1, max_size=12)


@given(st.text(), st.integers(1, 64))
def test_a_key_has_one_partition_in_range(key, partitions):
    assert 0 <= partition_of(key, partitions) < partitions
    assert partition_of(key, partitions) == partition_of(key, partitions)


def test_the_partition_of_a_key_never_changes():
    assert [partition_of(key, 8) for key in ("", "a", "article-1", "Владивосток")] == [0, 3, 6, 1]


@given(holdings, st.sets(names, min_size=1))
def test_shares_are_whole_and_fair(holders, members):
    target = share_out(holders, sorted(members))
    counts = [target.count(member) for member in members]
    assert sum(counts) == len(holders)
    assert max(counts) - min(counts) <= 1


@given(holdings, st.sets(names, min_size=1))
def test_shares_move_no_partition_without_need(holders, members):
    """A member keeps all that it holds up to its share."""
    target = share_out(holders, sorted(members))
    for member in members:
        kept = sum(holder == got == member for holder, got in zip(holders, target, strict=True))
        assert kept == min(holders.count(member), target.count(member))


@given(holdings, st.sets(names, min_size=1))
def test_members_that_follow_their_shares_in_any_order_come_to_rest(holders, members):
    holders = list(holders)
    for _ in range(2):  # once to give up, once to take
        for member in sorted(members, reverse=True):
            target = share_out([h if h in members else None for h in holders], sorted(members))
            for place, got in enumerate(target):
                if holders[place] == member != got or holders[place] not in members:
                    holders[place] = member if got == member else None
    assert tuple(holders) == share_out(holders, sorted(members))
    assert None not in holders


def test_without_members_nobody_gets_anything():
    assert share_out(["a", None], []) == (None, None)


@given(st.text(), st.binary(), st.text(), st.binary())
def test_the_id_of_a_message_tells_messages_apart(key, value, other_key, other_value):
    one, other = (dict(headers_of("t", Outgoing(*m)))["ce_id"] for m in ((key, value), (other_key, other_value)))
    assert (one == other) == ((key, value) == (other_key, other_value))


def test_a_publisher_may_give_attributes_of_its_own():
    given_ = (("ce_id", "1"), ("ce_source", "/mine"), ("ce_time", "2023-09-11T12:00:00Z"))
    found = headers_of("t", Outgoing("k", b"", given_))
    assert found[:3] == given_
    assert sorted(name for name, _ in found) == sorted(
        ["ce_id", "ce_source", "ce_time", "ce_specversion", "ce_type", "content-type"]
    )


def test_sqlite_urls_give_relative_and_absolute_paths():
    assert open_bus("sqlite:///some/bus.db")._path == Path("some/bus.db")
    bus = open_bus("sqlite:////var/lib/bus.db?lease=7.5")
    assert isinstance(bus, SqliteBus)
    assert bus._path == Path("/var/lib/bus.db")
    assert bus._timing.lease == 7.5


def test_kafka_urls_give_hosts_login_and_settings():
    bus = open_bus("kafka://us%40er:p%3Aw@a:9092,b:9093?replication=3&retention_hours=-1&security=SASL_SSL")
    assert isinstance(bus, KafkaBus)
    assert bus._link.bootstrap == ("a:9092", "b:9093")
    assert (bus._replication, bus._retention_hours) == (3, -1)
    assert bus._link.security == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "us@er",
        "sasl_plain_password": "p:w",
    }


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("redis://localhost", "unknown scheme 'redis'"),
        ("bus.db", "unknown scheme"),
        ("sqlite://", "no path"),
        ("sqlite:///", "no path"),
        ("sqlite:///bus.db?leese=5", "unknown option 'leese'"),
        ("sqlite:///bus.db?lease=soon", "lease is not a number"),
        ("kafka://broker", "not host:port"),
        ("kafka://", "not host:port"),
        ("kafka://a:9092,b", "not host:port"),
        ("kafka://a:9092?acks=0", "unknown option 'acks'"),
    ],
)
def test_a_url_that_names_no_bus_is_refused_with_the_reason(url, problem):
    with pytest.raises(BadBusUrl, match=problem):
        open_bus(url)


def test_a_refusal_does_not_repeat_the_password():
    with pytest.raises(BadBusUrl) as caught:
        open_bus("kafka://user:secret@a:9092?nonsense=1")
    assert "secret" not in str(caught.value)
