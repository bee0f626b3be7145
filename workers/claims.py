"""The watch list compiled: which words and names point to which claims, and how strongly.

Built once for a claim set and shared by every article. Texts and claims are reduced to the same tokens: stems, and
`@id` wherever a spelling of an entity stands, so that "DPRK leader" and "Kim Jong Un" are one token.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec
import numpy as np

from store.claim import Claim, ClaimSet, Entity
from workers.lexical import Index, Worded
from workers.vectors import Matrix, Vectors
from workers.words import Word, is_common, stem, words_in

_OPEN_YEARS = 30
"""How far a window without an end reaches."""
COMMON_WEIGHT = 0.3
"""What a common word counts, as a share of a rare one."""


class Token(NamedTuple):
    """A stem or an entity (`@id`) at characters [start, end) of a text."""

    start: int
    end: int
    key: str


class Term(NamedTuple):
    """A key term or alias of a claim: it stands in a sentence that holds all its keys."""

    keys: frozenset[str]
    weight: float


class Watched(msgspec.Struct, frozen=True):
    """A claim with what its words weigh. `bag` maps the token keys of its sentence, terms and slots to weights."""

    claim: Claim
    bag: dict[str, float]
    norm: float
    core: frozenset[str]
    """Keys of the claim's own sentence."""
    terms: tuple[Term, ...]
    actors: frozenset[str]
    place: frozenset[str]
    voices: frozenset[str]
    """`@id` of everyone who speaks for a principal."""
    years: frozenset[int]
    """Years that the claim itself is about; empty if it leaves time open."""


class WatchList(msgspec.Struct, frozen=True, dict=True):
    """Immutable and shared by every article.

    `names` finds entity spellings, `stories` holds the telling keys of each story: what its claims are about, common
    words left out.
    """

    claims: ClaimSet
    watched: tuple[Watched, ...]
    weights: dict[str, float]
    names: "Spellings"
    stories: dict[str, frozenset[str]]

    @cached_property
    def _embedded(self) -> dict[tuple[str, int], Matrix]:
        """(model, claim index) → two rows: the claim's sentence, and the sentence with its key terms."""
        return {}

    @cached_property
    def story_of(self) -> tuple[str, ...]:
        """The story of each claim, by index."""
        return tuple(item.claim.story for item in self.watched)

    @cached_property
    def parties(self) -> dict[str, frozenset[str]]:
        """The entities that each story's claims are about."""
        return {story: frozenset(key for key in keys if key[0] == "@") for story, keys in self.stories.items()}

    @cached_property
    def index(self) -> Index:
        """Finds the claims that come into question by their words."""
        worded = [Worded(item.claim.story, item.bag, item.norm**2, item.actors) for item in self.watched]
        return Index(worded, self.parties, self.names.spellings)

    @cached_property
    def position(self) -> dict[str, int]:
        """Claim id → index in `watched`."""
        return {item.claim.id: n for n, item in enumerate(self.watched)}

    def vectors_of(self, indexes: Sequence[int], vectors: Vectors) -> tuple[Matrix, Matrix]:
        """Unit vectors of these claims' sentences, without and with their key terms; computed once and kept."""
        fresh = [n for n in indexes if (vectors.version, n) not in self._embedded]
        embedded = vectors.embed([sentence for n in fresh for sentence in self._sentences(n)])
        for at, n in enumerate(fresh):
            self._embedded[vectors.version, n] = embedded[2 * at : 2 * at + 2]
        rows = np.stack([self._embedded[vectors.version, n] for n in indexes])
        return rows[:, 0], rows[:, 1]

    def _sentences(self, index: int) -> tuple[str, str]:
        claim = self.watched[index].claim
        return claim.text, f"{claim.text} {', '.join((*claim.keyterms, *claim.aliases))}"

    def wordings_of(self, index: int, vectors: Vectors) -> Matrix:
        """Unit vectors of the claim's aliases that are sentences of their own, one row each; computed once and kept."""
        key = (f"{vectors.version}/aliases", index)
        if key not in self._embedded:
            said = [alias for alias in self.watched[index].claim.aliases if len(alias.split()) >= _SENTENCE]
            self._embedded[key] = vectors.embed(said) if said else np.zeros((0, vectors.embed(["x"]).shape[1]), np.float32)
        return self._embedded[key]

    def tokens(self, text: str, words: Sequence[Word]) -> tuple[Token, ...]:
        """The text's tokens in order: entities where a spelling stands, stems elsewhere, function words left out."""
        return self.names.tokens(text, words)


_SENTENCE = 4
"""Words from which on an alias is another wording of the whole claim, and not a name for its matter."""


class _Spelling(NamedTuple):
    keys: tuple[str, ...]
    capitals: tuple[bool, ...]
    article: bool
    """The spelling is "the" and plain nouns, so the text must say "the" as well."""
    name: str

    def fits(self, text: str, here: Sequence[Word]) -> bool:
        return (
            tuple(word.stem for word in here) == self.keys
            and all(text[w.start].isupper() for w, big in zip(here, self.capitals, strict=True) if big)
            and (not self.article or text[max(0, here[0].start - 4) : here[0].start].casefold() == "the ")
        )


def _adjectives(entity: Entity) -> Iterator[str]:
    """Russia → Russian: names in -a make their adjective so; other names are left to the aliases."""
    yield from (name + "n" for name in (entity.name, *entity.aliases) if len(name) > 4 and name.endswith("a"))


class Spellings:
    """Finds the spellings of entities among words. A capital in a spelling must be one in the text."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        entities = tuple(entities)
        self._by_first: dict[str, list[_Spelling]] = defaultdict(list)
        seen = set()
        for entity in entities:
            for name in (entity.name, *entity.aliases, *_adjectives(entity)):
                parts = [w for w in words_in(name) if w.stem]
                keys = tuple(w.stem for w in parts)
                if not keys or keys in seen:
                    continue
                seen.add(keys)
                capitals = tuple(name[w.start].isupper() for w in parts)
                article = not any(capitals) and name.startswith("the ")
                self._by_first[keys[0]].append(_Spelling(keys, capitals, article, "@" + entity.id))
        for found in self._by_first.values():
            found.sort(key=lambda one: -len(one.keys))
        self._parts = _name_parts(entities)

    @property
    def spellings(self) -> dict[tuple[str, ...], str]:
        """The token keys of every spelling, and whose it is."""
        return {one.keys: one.name for found in self._by_first.values() for one in found}

    def tokens(self, text: str, words: Sequence[Word]) -> tuple[Token, ...]:
        """See `WatchList.tokens`. A lone part of a name that stands in full elsewhere in the text counts as it."""
        solid = [w for w in words if w.stem]
        found: list[Token] = []
        at = 0
        while at < len(solid):
            token, used = self._entity(text, solid, at)
            found.append(token or Token(*solid[at]))
            at += used
        return self._lone_parts(text, found)

    def _entity(self, text: str, solid: Sequence[Word], at: int) -> tuple[Token | None, int]:
        for spelling in self._by_first.get(solid[at].stem, ()):
            here = solid[at : at + len(spelling.keys)]
            if spelling.fits(text, here):
                return Token(here[0].start, here[-1].end, spelling.name), len(here)
        return None, 1

    def _lone_parts(self, text: str, found: list[Token]) -> tuple[Token, ...]:
        met = Counter(token.key for token in found if token.key[0] == "@")
        owner: dict[str, str] = {}
        for name, _ in sorted(met.items(), key=lambda item: (-item[1], item[0])):
            for part in self._parts.get(name, ()):
                owner.setdefault(part, name)
        return tuple(Token(t.start, t.end, owner[t.key]) if t.key in owner and _stands_alone(text, t) else t for t in found)


_CAPITAL_BEFORE = re.compile(r"[A-ZÀ-Þ][\w’'-]*[ -]$")
_CAPITAL_AFTER = re.compile(r"[ -][A-ZÀ-Þ]")


def _stands_alone(text: str, token: Token) -> bool:
    """The word is capitalised and no part of a longer name."""
    before, after = text[max(0, token.start - 24) : token.start], text[token.end : token.end + 2]
    return text[token.start].isupper() and not _CAPITAL_BEFORE.search(before) and not _CAPITAL_AFTER.match(after)


def _name_parts(entities: Iterable[Entity]) -> dict[str, tuple[str, ...]]:
    """`@id` → first and last word of its name, where the name has two or three and few other names have it too."""
    names = {"@" + entity.id: [w.stem for w in words_in(entity.name) if w.stem] for entity in entities}
    shared = Counter(part for keys in names.values() for part in set(keys))
    return {
        name: tuple(
            part
            for part in dict.fromkeys((keys[0], keys[-1]))
            if len(keys) in (2, 3) and len(part) > 2 and shared[part] < 3 and not is_common(part)
        )
        for name, keys in names.items()
        if keys
    }


def compile_claims(claims: ClaimSet) -> WatchList:
    """Compiles the watch list. Time grows with the number of words in it: 100,000 claims take some tens of seconds."""
    names = Spellings(claims.entities)
    parts = [_parts_of(claim, names) for claim in claims]
    spread = Counter(key for part in parts for key in {*part.core, *part.single, *part.slots})
    weights = {key: _weight(key, count, len(parts)) for key, count in spread.items()}
    shared = Counter(term for part in parts for term in set(part.terms))
    watched = tuple(_watched(claim, part, weights, shared, claims) for claim, part in zip(claims, parts, strict=True))
    stories: dict[str, set[str]] = defaultdict(set)
    for item in watched:
        stories[item.claim.story].update(key for key in item.bag if not is_common(key))
    return WatchList(claims, watched, weights, names, {s: frozenset(keys) for s, keys in stories.items()})


class _Parts(NamedTuple):
    core: frozenset[str]
    terms: tuple[frozenset[str], ...]
    single: frozenset[str]
    """Keys of all terms."""
    slots: frozenset[str]
    actors: frozenset[str]
    place: frozenset[str]


def _keys(names: Spellings, phrase: str) -> tuple[str, ...]:
    return tuple(token.key for token in names.tokens(phrase, words_in(phrase)))


def _parts_of(claim: Claim, names: Spellings) -> _Parts:
    terms = [frozenset(_keys(names, term)) for term in (*claim.keyterms, *claim.aliases)]
    actors = frozenset(key for actor in claim.slots.actors for key in _keys(names, actor))
    place = frozenset(_keys(names, claim.slots.place or ""))
    number = frozenset(_keys(names, claim.slots.number or ""))
    values = claim.variants.values if claim.variants else ()
    forms = [form for given in claim.variants.forms.values() for form in given] if claim.variants else []
    extra = frozenset(key for value in (*values, *forms) for key in _keys(names, value.replace("-", " ")))
    return _Parts(
        core=frozenset(_keys(names, claim.text)),
        terms=tuple(term for term in dict.fromkeys(terms) if term),
        single=frozenset(key for term in terms for key in term),
        slots=actors | place | number | extra,
        actors=actors,
        place=place,
    )


def _weight(key: str, spread: int, total: int) -> float:
    """Between 0.05 and 1: less for a word that many claims share, and for one that all newspapers use."""
    rarity = math.log((total + 1) / spread) / math.log(total + 1)
    return max(0.05, rarity * (COMMON_WEIGHT if is_common(key) else 1.0))


def _term_weight(keys: frozenset[str], spread: int, total: int) -> float:
    """A term is rare by the claims that have it as a term; being chosen, it outweighs its words met elsewhere."""
    rarity = math.log((total + 1) / spread) / math.log(total + 1)
    return max(0.05, rarity * (COMMON_WEIGHT if all(is_common(key) for key in keys) else 1.0))


def _watched(
    claim: Claim, part: _Parts, weights: dict[str, float], shared: Counter[frozenset[str]], claims: ClaimSet
) -> Watched:
    bag = {key: 0.5 * weights[key] for key in sorted(part.slots)}
    bag |= {key: weights[key] for key in sorted(part.core | part.single)}
    return Watched(
        claim=claim,
        bag=bag,
        norm=math.sqrt(sum(weight * weight for weight in bag.values())) or 1.0,
        core=part.core,
        terms=tuple(Term(keys, _term_weight(keys, shared[keys], len(claims.claims))) for keys in part.terms),
        actors=part.actors,
        place=part.place,
        voices=frozenset("@" + voice for principal in claims.principals(claim) for voice in principal.voices),
        years=_years(claim, bag),
    )


def _years(claim: Claim, bag: dict[str, float]) -> frozenset[int]:
    """The years of the claim's window and those its words name; empty where the window has no beginning."""
    slots = claim.slots
    if slots.date_from is None and claim.deadline is None:
        return frozenset()
    known = [day.year for day in (slots.date_from, slots.date_to, claim.deadline) if day]
    last = max(known) if slots.date_to or claim.deadline else min(known) + _OPEN_YEARS
    named = (int(key) for key in bag if len(key) == 4 and key.isdigit())
    return frozenset({*range(min(known), last + 1), *named})


def entity_id(key: str) -> str | None:
    """The entity id of a token key, None for a stem."""
    return key[1:] if key.startswith("@") else None


__all__ = ["Token", "WatchList", "Watched", "compile_claims", "entity_id", "stem"]
