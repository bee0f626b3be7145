"""How well found mentions were understood, against the labels of those they hit: stance, source, hedging, echo, value, day."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from store.reading import STANCES
from workers.evaluate import Gold, Matched, Rates, Said, Share

_IDLE = frozenset({"the", "of", "and", "a", "s", "mr", "ms"})
MISSED, INVENTED = "(missed)", "(none there)"
"""The column of labelled mentions that were not found, and the row of mentions where none is labelled."""


def confusion(matched: Matched, gold: Gold) -> dict[str, Counter[str]]:
    """Labelled stance → how often each stance was read, with `MISSED`; the row `INVENTED` for what is not there."""
    table: dict[str, Counter[str]] = {stance: Counter() for stance in STANCES}
    wanted = Counter(one.stance for one in gold.core)
    for one, labelled in matched.hits:
        table[labelled.stance][one.stance] += 1
    for stance, row in table.items():
        row[MISSED] = wanted[stance] - row.total()
    table[INVENTED] = Counter(one.stance for one in matched.wrong)
    return table


class StanceRates(NamedTuple):
    """`on_hits` asks only whether the stance of a found mention is right; `end_to_end` counts misses and inventions."""

    on_hits: Rates
    end_to_end: Rates


def stances(matched: Matched, gold: Gold) -> dict[str, StanceRates]:
    table = confusion(matched, gold)
    rates = dict[str, StanceRates]()
    for stance in STANCES:
        right = table[stance][stance]
        read = sum(table[other][stance] for other in STANCES)
        there = table[stance].total()
        rates[stance] = StanceRates(
            Rates(Share(right, read).rate, Share(right, there - table[stance][MISSED]).rate),
            Rates(Share(right, read + table[INVENTED][stance]).rate, Share(right, there).rate),
        )
    return rates


def accuracy(matched: Matched) -> Share:
    return _share(matched, lambda one, labelled: one.stance == labelled.stance)


def macro_f1(matched: Matched, gold: Gold) -> float:
    """The mean F1 on hits of the stances that occur among the labels of the hits."""
    present = {labelled.stance for _, labelled in matched.hits}
    rates = [rate.on_hits.f1 for stance, rate in stances(matched, gold).items() if stance in present]
    return sum(rates) / len(rates) if rates else 0.0


def details(matched: Matched) -> dict[str, Share]:
    """Field → how many hits agree about it, of those whose label says something; `echo_invented` should be low."""
    return {
        "anonymity": _share(matched, lambda p, g: p.anonymity == g.anonymity),
        "organisation": _share(matched, lambda p, g: same_name(p.organisation, g.organisation), lambda g: g.organisation),
        "speaker": _share(matched, lambda p, g: same_name(p.speaker, g.speaker), lambda g: g.speaker),
        "hedging": _share(matched, lambda p, g: _hedge(p.hedging) == _hedge(g.hedging)),
        "echo_found": _share(matched, lambda p, g: same_name(p.echo_of, g.echo_of), lambda g: g.echo_of),
        "echo_invented": _share(matched, lambda p, _: bool(p.echo_of), lambda g: not g.echo_of),
        "variant": _share(matched, lambda p, g: p.variant == g.variant, lambda g: g.variant),
        "said_on": _share(matched, lambda p, g: p.said_on == g.said_on, lambda g: g.said_on),
    }


def _share(
    matched: Matched, agree: Callable[[Said, Said], bool], asked: Callable[[Said], object] = lambda _: True
) -> Share:
    kept = [(one, labelled) for one, labelled in matched.hits if asked(labelled)]
    return Share(sum(agree(one, labelled) for one, labelled in kept), len(kept))


def same_name(one: str | None, other: str | None) -> bool:
    """Half the words of the shorter name stand in the other; articles, titles and accents do not count."""
    mine, theirs = _words(one), _words(other)
    if not mine or not theirs:
        return not mine and not theirs
    return len(mine & theirs) / min(len(mine), len(theirs)) >= 0.5


@lru_cache(maxsize=1 << 12)
def _words(name: str | None) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", (name or "").lower())
    return frozenset(re.findall(r"[a-z0-9]+", plain)) - _IDLE


def _hedge(hedging: str) -> str:
    """Labels may say `alleged`, which annotators could not tell from `asserted`."""
    return "asserted" if hedging == "alleged" else hedging
