"""Which claims come into question by their words alone: flat arrays, so that a hundred thousand claims cost little.

A claim comes into question in a text that tells its story and either holds enough of its words or somebody whom the claim
is about: news puts the rest in words of its own. A text tells a story if it names two of its parties, or one and a good part
of what one of its claims says of them. `Index.in_question` answers for a text's tokens;
`Index.possible` answers for the raw text, faster and with too many rather than too few, so that most texts need never be
cut into tokens.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import ahocorasick
import numpy as np
from numpy.typing import NDArray

from workers.words import stem_line

MOST_CLAIMS = 64
"""Claims of one article that are looked at closely: those whose words it covers best."""
_LEAST_COVER = 0.06
_LEAST_RARE = 0.3
_PARTIES = 2
_TELLING = 0.3
"""Cover of a claim by words and places, its actors apart, that makes up for a party: in one of the unseen stories a fifth
of all mentions hung on it."""

Ints = NDArray[np.int64]
_NONE: Ints = np.zeros(0, np.int64)


class Worded(NamedTuple):
    """What the index is made of: a claim's story, its token keys with their weights, and those of whom it is about."""

    story: str
    bag: Mapping[str, float]
    square: float
    actors: frozenset[str]


class Index:
    """Immutable. `spellings` are the token keys of each spelling of an entity, with the entity's key (`@id`)."""

    def __init__(
        self, claims: Sequence[Worded], parties: Mapping[str, frozenset[str]], spellings: Mapping[tuple[str, ...], str]
    ) -> None:
        self._rows: dict[str, int] = {}
        entries = [(key, weight, item) for item in claims for key, weight in sorted(item.bag.items())]
        self._key = np.array([self._rows.setdefault(key, len(self._rows)) for key, _, _ in entries], np.int32)
        self._square = np.array([weight * weight for _, weight, _ in entries])
        self._rare = np.array([weight >= _LEAST_RARE and key[0] != "@" for key, weight, _ in entries], bool)
        self._actor = np.array([key in item.actors for key, _, item in entries], bool)
        self._start = np.concatenate(([0], np.cumsum([len(item.bag) for item in claims]))).astype(np.int64)
        self._whole = np.array([item.square for item in claims])
        self._claims_of, self._stories_of = _by_story(claims, parties)
        self._always = [story for story, named in parties.items() if not needed(named)]
        self._needed = {story: needed(named) for story, named in parties.items()}
        self._automaton = _automaton(spellings)

    def in_question(self, keys: Collection[str]) -> list[int]:
        """Indexes of the claims, in order: at most `MOST_CLAIMS`, those whose words are covered best."""
        return self._best(self._told(keys), keys)

    def possible(self, text: str) -> bool:
        """Whether any claim may come into question in this text. False is certain; True says that tokens must be made."""
        keys = self._keys(text)
        told = self._told(keys)
        return bool(told) and bool(self._able(told, keys)[0].size)

    def possible_claims(self, text: str) -> list[int]:
        """As `in_question`, from the raw text: nearly always the same claims."""
        keys = self._keys(text)
        told = self._told(keys)
        return self._best(told, keys) if told else []

    def _keys(self, text: str) -> set[str]:
        """The stems of a raw text and the entities that it names; without these, if it must name some and names none."""
        line = stem_line(text)
        named = self._named(line)
        return {*line.split(), *named} if named or self._always else set()

    def _best(self, told: Sequence[str], keys: Collection[str]) -> list[int]:
        able, share = self._able(told, keys)
        if len(able) > MOST_CLAIMS:
            able = np.sort(able[np.argsort(-share, kind="stable")][:MOST_CLAIMS])
        found: list[int] = able.tolist()
        return found

    def _named(self, line: str) -> set[str]:
        """Entities of whom some spelling stands in the line of stems, whatever its capitals."""
        return {name for _, name in self._automaton.iter(line)} if self._automaton.kind == ahocorasick.AHOCORASICK else set()

    def _told(self, keys: Collection[str]) -> list[str]:
        """Stories of which enough parties are among the keys, or some party and enough words of a claim."""
        met = Counter(story for key in keys if key[0] == "@" for story in self._stories_of.get(key, ()))
        told = [*self._always, *(story for story, count in met.items() if count >= self._needed[story])]
        return [*told, *(story for story in sorted(met.keys() - set(told)) if self._telling(story, keys))]

    def _telling(self, story: str, keys: Collection[str]) -> bool:
        claims = self._claims_of[story]
        here, of, at = self._present(claims, keys)
        return bool((self._cover(claims, here & ~self._actor[at], of, at) >= _TELLING).any())

    def _able(self, told: Sequence[str], keys: Collection[str]) -> tuple[Ints, NDArray[np.float64]]:
        """The claims of these stories that come into question, in order, and how much of each one's words is there."""
        claims = np.sort(np.concatenate([_NONE, *(self._claims_of[story] for story in told)]))
        here, of, at = self._present(claims, keys)
        cover = self._cover(claims, here, of, at)
        rare = np.bincount(of, here & self._rare[at], len(claims)) > 0
        actors = np.bincount(of, here & self._actor[at], len(claims))
        able = ((cover >= _LEAST_COVER) & rare) | (actors > 0)
        return claims[able], cover[able]

    def _present(self, claims: Ints, keys: Collection[str]) -> tuple[NDArray[np.bool_], Ints, Ints]:
        """For each key of each of these claims: is it among the keys, which of the claims is it of, where does it lie?"""
        present = np.zeros(len(self._rows) + 1, bool)
        present[[self._rows.get(key, -1) for key in keys]] = True
        present[-1] = False
        of, at = self._entries(claims)
        return present[self._key[at]], of, at

    def _cover(self, claims: Ints, here: NDArray[np.bool_], of: Ints, at: Ints) -> NDArray[np.float64]:
        """The share of each claim's words that is there, by weight."""
        # bincount adds one by one, in the order of the keys: the same bits on every path and machine.
        found: NDArray[np.float64] = np.bincount(of, np.where(here, self._square[at], 0.0), len(claims)) / self._whole[claims]
        return found

    def _entries(self, claims: Ints) -> tuple[Ints, Ints]:
        """For each key of each of these claims, which of them it is of and where its entry lies."""
        lengths = self._start[claims + 1] - self._start[claims]
        of = np.repeat(np.arange(len(claims)), lengths)
        within = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return of, self._start[claims][of] + within


def needed(parties: frozenset[str]) -> int:
    """An article of a story names two of those it is about; one, if the story has only one or two."""
    return min(_PARTIES, (len(parties) + 1) // 2)


def _by_story(
    claims: Sequence[Worded], parties: Mapping[str, frozenset[str]]
) -> tuple[dict[str, Ints], dict[str, tuple[str, ...]]]:
    """Story → its claims; party → the stories that it is a party to."""
    found: dict[str, list[int]] = defaultdict(list)
    for n, item in enumerate(claims):
        found[item.story].append(n)
    stories: dict[str, list[str]] = defaultdict(list)
    for story, named in parties.items():
        for key in sorted(named):
            stories[key].append(story)
    return (
        {story: np.array(held, np.int64) for story, held in found.items()},
        {key: tuple(held) for key, held in stories.items()},
    )


def _automaton(spellings: Mapping[tuple[str, ...], str]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for keys, name in spellings.items():
        automaton.add_word(f" {' '.join(keys)} ", name)
    automaton.make_automaton()
    return automaton
