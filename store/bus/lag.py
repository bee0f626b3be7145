"""How far a group is behind."""

from typing import NamedTuple

from store.bus import Bus


class Lag(NamedTuple):
    """Messages of one partition that the group has not committed, and where the log ends."""

    partition: int
    behind: int
    end: int


def lag(bus: Bus, topic: str, group: str) -> tuple[Lag, ...]:
    """The group's lag, one entry a partition, in order. Raises `BusUnavailable`.

    The two sides are asked one after the other: messages published in between are not counted, and
    a group that overtakes the first answer is 0 behind, never less.
    """
    ends = bus.ends(topic)
    committed = bus.committed(topic, group)
    return tuple(Lag(partition, max(0, end - committed.get(partition, 0)), end) for partition, end in sorted(ends.items()))
