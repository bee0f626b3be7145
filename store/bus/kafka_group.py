"""A member of a Kafka consumer group: static, cooperative, committed by hand, fenced."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from kafka import ConsumerRebalanceListener, OffsetAndMetadata, TopicPartition
from kafka.consumer import KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.base import MemberState
from kafka.errors import (
    CommitFailedError,
    FencedInstanceIdError,
    IllegalGenerationError,
    LogTruncationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from store.bus import BusError, BusUnavailable, Incoming, LostPartition, MemberReplaced
from store.bus.kafka_link import Link, faults
from store.bus.kafka_read import incoming

log = logging.getLogger(__name__)

_MOVED_ON = (CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError)

MISSED = "%s/%s: %d messages were deleted before group %s had read them"
LOST_TAIL = "%s/%s: the log ends before the place that group %s had come to; all of it is read again"

REJOIN = 3.0
"""Seconds that a poll may take, whatever its timeout, while the group shares its partitions anew."""


class Membership(NamedTuple):
    """Whose consumer it is. `session` and `patience`, in seconds: how long a silent member keeps its partitions,
    and after how long without a poll one counts as stuck."""

    topic: str
    group: str
    member: str
    session: float
    patience: float


class Registry(NamedTuple):
    """What a member asks of the cluster about its group, beyond what its own client can.

    `leave` takes a member off the group, given the group, the broker's id of the member and its name: a static member's
    own client never does. `unheld`, given topic and group, tells the partitions that no member of a settled group holds.
    """

    leave: Callable[[str, str, str], None]
    unheld: Callable[[str, str], Sequence[int]]


class KafkaGroupConsumer:
    """See `store.bus.Consumer`. For one thread; kafka-python keeps the session alive from a thread of its own."""

    def __init__(self, link: Link, membership: Membership, registry: Registry) -> None:
        self._link, self._membership, self._registry = link, membership, registry
        self._consumer: KafkaConsumer | None = None
        self._in_hand = InHand()
        self._missed = 0
        self._look_at = 0.0
        self._replaced = False
        self._closed = False

    @property
    def missed(self) -> int:
        return self._missed

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]:
        """As `Consumer.poll`. That another process took our name shows at the first commit; `MemberReplaced` follows."""
        if self._closed:
            raise BusError("this consumer is closed")
        if self._replaced:
            raise self._replacement()
        with faults(f"polling {self._membership.topic}"):
            if self._consumer is None:
                self._consumer = self._join()
            try:
                found = self._fetch(self._consumer, most, timeout)
            except FencedInstanceIdError as error:
                self._replaced = True
                raise self._replacement() from error
        self._in_hand.add(found)
        self._look_for_unheld(self._consumer)
        return found

    def commit(self) -> None:
        """As `Consumer.commit`; when it raises `BusUnavailable`, it may be tried again."""
        if self._in_hand.lost:
            self._rewind()
            raise LostPartition(f"{self._membership.member} lost a partition before it committed")
        if not self._in_hand.after or self._consumer is None:
            return
        try:
            with faults(f"committing {self._membership.topic}"):
                self._commit(self._consumer)
        except LostPartition:
            self._rewind()
            raise
        self._in_hand.clear()

    def close(self) -> None:
        if self._closed or self._consumer is None:
            self._closed = True
            return
        self._closed = True
        broker_id = self._consumer.group_metadata().member_id
        self._consumer.close(autocommit=False)
        if broker_id and not self._replaced:
            try:
                self._registry.leave(self._membership.group, broker_id, self._membership.member)
            except BusUnavailable as error:
                log.warning("%s could not leave at once; its session will end: %s", self._membership.member, error)

    def _fetch(self, consumer: KafkaConsumer, most: int, timeout: float) -> list[Incoming]:
        """Polls, and while the group is being re-shared does not come back before it is, or REJOIN is over.

        kafka-python (3.0.12) throws away a join that the broker answers between two polls. Mostly it asks for another, which
        sends the whole group round again: members that poll briefly would never come to rest. But if it had joined because
        the topic's metadata changed, it finds them as they should be, asks for nothing, and is deaf for ever: so we ask.
        """
        found = self._records(consumer, most, timeout)
        if consumer.group_metadata().state is MemberState.STABLE:
            return found
        _ask_to_rejoin(consumer)
        return found or self._records(consumer, most, max(0.0, REJOIN - timeout))

    def _records(self, consumer: KafkaConsumer, most: int, timeout: float) -> list[Incoming]:
        """A poll. Where the log does not hold what comes next, the next poll starts at the earliest that it holds."""
        try:
            return incoming(consumer.poll(timeout_ms=int(timeout * 1000), max_records=most))
        except NoOffsetForPartitionError as error:  # a group's first time
            consumer.seek_to_beginning(*error.args[0])
        except OffsetOutOfRangeError as error:
            self._go_on_at_earliest(consumer, error.args[0])
        except LogTruncationError as error:
            self._read_again(consumer, error.divergent_offsets)
        return []

    def _go_on_at_earliest(self, consumer: KafkaConsumer, wanted: Mapping[TopicPartition, int]) -> None:
        """Counts and says what the group will never see."""
        for place, first in consumer.beginning_offsets(list(wanted)).items():
            if first < wanted[place]:
                self._read_again(consumer, [place])
                continue
            self._missed += first - wanted[place]
            log.error(MISSED, place.topic, place.partition, first - wanted[place], self._membership.group)
            consumer.seek(place, first)

    def _read_again(self, consumer: KafkaConsumer, places: Iterable[TopicPartition]) -> None:
        """The log ends before what the group had read: it was restored, or a broker had not all of it."""
        for place in places:
            log.error(LOST_TAIL, place.topic, place.partition, self._membership.group)
            consumer.seek_to_beginning(place)

    def _look_for_unheld(self, consumer: KafkaConsumer) -> None:
        """Has the group share out anew when it has settled and nobody holds some partition.

        A static member that is killed after it gave a partition up, and before it said so, comes back without a
        rebalance (KIP-345): then nobody is left to ask for the second half of the cooperative one (KIP-429).
        """
        who, now = self._membership, time.monotonic()
        if now < self._look_at or consumer.group_metadata().state is not MemberState.STABLE:
            return
        self._look_at = now + who.session
        try:
            unheld = self._registry.unheld(who.topic, who.group)
        except BusUnavailable as error:
            log.info("%s could not look who holds what of %s: %s", who.member, who.topic, error)
            return
        if unheld:
            log.warning("%s: nobody in group %s holds %s of %s; sharing out anew", who.member, who.group, unheld, who.topic)
            _ask_to_rejoin(consumer)

    def _join(self) -> KafkaConsumer:
        who = self._membership
        consumer = self._link.consumer(
            group_id=who.group,
            group_instance_id=who.member,
            auto_offset_reset="none",  # `_records` does it, and counts
            session_timeout_ms=int(who.session * 1000),
            heartbeat_interval_ms=min(1000, int(who.session * 300)),
            max_poll_interval_ms=int(who.patience * 1000),
            partition_assignment_strategy=[CooperativeStickyAssignor],
        )
        consumer.subscribe([who.topic], listener=self._in_hand)
        return consumer

    def _commit(self, consumer: KafkaConsumer) -> None:
        who = self._membership
        after = {
            TopicPartition(who.topic, partition): OffsetAndMetadata(offset, "", -1)
            for partition, offset in self._in_hand.after.items()
        }
        try:
            consumer.commit(after, timeout_ms=int(self._link.timeout * 1000))
        except FencedInstanceIdError as error:
            self._replaced = True
            raise LostPartition(f"another process has joined group {who.group} as {who.member}") from error
        except _MOVED_ON as error:
            raise LostPartition(f"{who.member}: group {who.group} has moved on: {type(error).__name__}") from error

    def _rewind(self) -> None:
        """Next poll delivers again what was not committed of the partitions that are still ours."""
        if self._consumer is not None:
            for place in self._consumer.assignment():
                if place.partition in self._in_hand.first:
                    self._consumer.seek(place, self._in_hand.first[place.partition])
        self._in_hand.clear()

    def _replacement(self) -> MemberReplaced:
        return MemberReplaced(self._membership.topic, self._membership.group, self._membership.member)


class InHand(ConsumerRebalanceListener):  # type: ignore[misc]  # the library is untyped
    """What was polled and not committed: partition → first offset, and the offset after the last.

    The client's thread calls it on a rebalance, while the owner's thread waits inside `poll` or `close`.
    """

    def __init__(self) -> None:
        self.first: dict[int, int] = {}
        self.after: dict[int, int] = {}
        self.lost = False

    def add(self, messages: Sequence[Incoming]) -> None:
        for message in messages:
            self.first.setdefault(message.partition, message.offset)
            self.after[message.partition] = message.offset + 1

    def clear(self) -> None:
        self.first, self.after, self.lost = {}, {}, False

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Without this a commit under the new generation would move the offset of somebody else's partition."""
        for place in revoked:
            self.first.pop(place.partition, None)
            self.lost |= self.after.pop(place.partition, None) is not None

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        pass


def _ask_to_rejoin(consumer: KafkaConsumer) -> None:
    """The next poll joins again, or goes on with the join that is under way."""
    consumer._coordinator.request_rejoin()  # noqa: SLF001 — kafka-python has no public way to ask for it
