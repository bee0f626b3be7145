"""Timing on a shared machine: contestants take turns in short rounds, so that a busy moment falls on all of them."""

import gc
import time
from collections.abc import Callable, Mapping

Contestant = Callable[[int], int]
"""Does its work of the round with this number; returns how many units it did."""


def wall() -> float:
    """Seconds that passed: for work that waits for a disk or for another process."""
    return time.perf_counter()


def processor() -> float:
    """Seconds of processor time of this process, all threads: for work that only computes."""
    return time.process_time()


def take_turns(
    contestants: Mapping[str, Contestant], rounds: int, clock: Callable[[], float] = wall
) -> dict[str, list[float]]:
    """Units a second of each contestant, round by round; one more round goes ahead and is not counted.

    Who goes first changes with every round. Rubbish is collected before each turn; what the benchmark itself has laid
    ready is hidden from the collector, since no collection in service would have to walk over it.
    """
    names = list(contestants)
    rates: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.freeze()
    for number in range(rounds + 1):
        for step in range(len(names)):
            name = names[(number + step) % len(names)]
            gc.collect()
            began = clock()
            units = contestants[name](number)
            rates[name].append(units / (clock() - began))
    gc.unfreeze()
    return {name: measured[1:] for name, measured in rates.items()}
