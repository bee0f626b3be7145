"""The bus: an ordered, partitioned log of messages between the roles. One protocol, two backends.

`SqliteBus` (one file, no server) and `KafkaBus` pass the same contract suite, `tests/bus_contract.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Outgoing(NamedTuple):
    """A message to publish. Messages of one key keep their order."""

    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Incoming(NamedTuple):
    """A message as delivered, with its place in the log."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Consumer(Protocol):
    """A member of a consumer group on one topic."""

    @property
    def missed(self) -> int:
        """How many messages the log had deleted before the group had read them, as met by this member. It goes on at the
        earliest that is left, and says so in the log."""
        ...

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]:
        """Up to `most` messages, waiting at most `timeout` seconds for the first; in offset order per partition.

        At least once: what was polled but not committed is delivered again after a restart or a rebalance.
        Raises `BusUnavailable`, and `MemberReplaced` once another process has taken our member name.
        """
        ...

    def commit(self) -> None:
        """Marks everything polled so far as done. Raises `LostPartition` if the group has moved on without us;
        the caller drops what it holds and polls again."""
        ...

    def close(self) -> None:
        """Leaves the group at once, so that the others need not wait for a timeout."""
        ...


class Reader(Protocol):
    """Reads whole partitions from given offsets, with no group: for the recorder, whose positions live in the ledger."""

    def poll(self, most: int, timeout: float) -> Sequence[Incoming]: ...

    def seek(self, positions: dict[int, int]) -> None:
        """Next poll starts at these offsets, partition → next offset; a partition not named starts at its beginning.

        Raises `OffsetOutOfRange` when the log no longer holds an offset.
        """
        ...

    def close(self) -> None: ...


class Bus(Protocol):
    """One log of topics."""

    @property
    def id(self) -> str:
        """Identity of the log itself (cluster and topic ids on Kafka); positions are stored under it, so that a
        recreated log is noticed instead of being read from the wrong place. Raises `BusUnavailable`."""
        ...

    def ensure(self, topic: str, partitions: int) -> None:
        """Creates the topic if it is missing; the partition count is fixed at creation."""
        ...

    def publish(self, topic: str, messages: Iterable[Outgoing]) -> None:
        """Returns once all are durably in the log. Raises `BusUnavailable` when that is not known; publishing again
        is then safe, since every message's effect is idempotent."""
        ...

    def consumer(self, topic: str, group: str, member: str) -> Consumer:
        """`member` is a stable name: a restarted process takes over its own partitions without waiting."""
        ...

    def reader(self, topic: str) -> Reader: ...

    def ends(self, topic: str) -> dict[int, int]:
        """Partition → offset after its last message."""
        ...

    def committed(self, topic: str, group: str) -> dict[int, int]:
        """Partition → next offset that the group has not committed; 0 where it has committed nothing."""
        ...

    def trim(self, topic: str, before: dict[int, int]) -> None:
        """Deletes messages below these offsets, partition → first offset to keep.

        Whether anybody still needs them is the caller's to know. An offset past a partition's end is
        refused with BusError.
        """
        ...

    def expire(self, topic: str, now: datetime, read: Mapping[int, int] | None = None) -> int:
        """Deletes what the log's retention no longer keeps; returns how many messages. To be called now and then.

        Never what a group has not committed, nor, if somebody reads without a group, what lies past the places given in
        `read`; nothing that nobody has read. Kafka's brokers delete by themselves, read or not: there this does nothing.
        """
        ...

    def close(self) -> None: ...


class BusError(Exception):
    """Any fault of the bus."""


class BusUnavailable(BusError):
    """Retry later."""


class LostPartition(BusError):
    """The group gave our partitions to somebody else: drop what is in hand, poll again."""


class MemberReplaced(BusError):
    """Another process polls under our member name: stop. Polling again would take the partitions back and forth."""

    def __init__(self, topic: str, group: str, member: str) -> None:
        super().__init__(
            f"another process has joined group {group} on {topic} as {member}; this one must stop. "
            "Two processes that should share the work need two member names."
        )
        self.topic, self.group, self.member = topic, group, member


class OffsetOutOfRange(BusError):
    """The log does not hold what we must read next: stop and tell the operator.

    `end` is given when reading was to continue past the log's end: then the log has lost its tail.
    """

    def __init__(self, topic: str, partition: int, wanted: int, first: int, end: int | None = None) -> None:
        lost_tail = end is not None and wanted > end
        held = f"ends at offset {end}" if lost_tail else f"starts at offset {first}"
        why = "the log is older than what was read from it" if lost_tail else (
            "messages were deleted before they were recorded"
        )  # fmt: skip
        super().__init__(
            f"{topic}/{partition} {held}, but reading must continue at {wanted}: {why}. Restore the log, "
            "or have everything announced again: `dateline reannounce`."
        )
        self.topic, self.partition, self.wanted, self.first, self.end = topic, partition, wanted, first, end
