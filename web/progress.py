"""How far each stage of the flow is behind, and whether it moves. Pure: seconds come from the caller.

A long queue is no fault by itself (an import, a first start); a stage that has work and does none of it is.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Stage(NamedTuple):
    """`done` of `end` messages or events have been dealt with; both only grow."""

    name: str
    done: int
    end: int

    @property
    def behind(self) -> int:
        return max(0, self.end - self.done)


class Seen(NamedTuple):
    """A stage as last seen, and since when it has not moved although there was something to do (None: it moves)."""

    stage: Stage
    stuck_since: float | None


def follow(before: Mapping[str, Seen], stages: Iterable[Stage], now: float) -> dict[str, Seen]:
    """What is known of each stage after one more look at `now` seconds."""
    return {stage.name: _followed(before.get(stage.name), stage, now) for stage in stages}


def _followed(before: Seen | None, stage: Stage, now: float) -> Seen:
    if stage.behind == 0 or before is None or before.stage.done != stage.done:
        return Seen(stage, None if stage.behind == 0 else now)
    return Seen(stage, now if before.stuck_since is None else before.stuck_since)


def stuck(seen: Mapping[str, Seen], now: float, patience: float) -> list[str]:
    """In words, which stages have had work for `patience` seconds and have done none of it."""
    return [
        f"{one.stage.name}: {one.stage.behind} waiting, none done for {now - one.stuck_since:.0f} s"
        for one in seen.values()
        if one.stuck_since is not None and now - one.stuck_since >= patience
    ]
