"""What is tracked: claims, the entities that speak about them, and who speaks for whom.

A `ClaimSet` is the watch list as known at one ledger position. It resolves principals, which the
claims file gives as names, to the entities whose word settles a claim.
"""

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Literal

import msgspec

Kind = Literal["forecast", "event", "allegation", "statistic", "norm", "interpretation"]


class Slots(msgspec.Struct, frozen=True):
    """The particulars that tell a claim from its lookalikes. None or empty: the claim leaves it open."""

    place: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    actors: tuple[str, ...] = ()
    number: str | None = None


class Variants(msgspec.Struct, frozen=True):
    """The rival values of one slot that the claims of a group share.

    `own` is the value that this claim stands for, if any; with `exclusive` the values shut each other out.
    `forms` optionally lists the wordings by which a text gives a value.
    """

    group: str
    slot: str
    values: tuple[str, ...]
    own: str | None = None
    exclusive: bool = False
    forms: dict[str, tuple[str, ...]] = {}


class Related(msgspec.Struct, frozen=True):
    id: str
    rel: str


class Claim(msgspec.Struct, frozen=True):
    """A tracked proposition. `deadline` is the last day of a forecast, in `timezone`."""

    id: str
    text: str
    story: str
    kind: str = "allegation"
    slots: Slots = Slots()
    keyterms: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    deadline: date | None = None
    timezone: str = "UTC"
    variants: Variants | None = None
    related: tuple[Related, ...] = ()
    principals: tuple[str, ...] = ()
    threshold: int | None = None
    """Least score, in thousandths, that a mention of this claim needs; None: the reader's own."""


class Entity(msgspec.Struct, frozen=True):
    """A person, institution, outlet or place with its spellings. `speaks_for` is another entity's id."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    speaks_for: str | None = None


class Principal(msgspec.Struct, frozen=True):
    """One party whose word settles a claim, with every entity that speaks for it (itself included)."""

    id: str
    name: str
    voices: frozenset[str]


class ClaimSet(msgspec.Struct, frozen=True, dict=True):
    """The watch list. `claims_at` is the ledger position of the latest claim or entity event in it, -1 for none."""

    claims: tuple[Claim, ...] = ()
    entities: tuple[Entity, ...] = ()
    claims_at: int = -1

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    @cached_property
    def by_id(self) -> dict[str, Claim]:
        return {claim.id: claim for claim in self.claims}

    @cached_property
    def entity_by_id(self) -> dict[str, Entity]:
        return {entity.id: entity for entity in self.entities}

    @cached_property
    def entity_by_name(self) -> dict[str, Entity]:
        """Entities by casefolded name, alias and id; the first entity to claim a spelling keeps it."""
        found: dict[str, Entity] = {}
        for entity in self.entities:
            for name in (entity.name, *entity.aliases, entity.id):
                found.setdefault(name.casefold(), entity)
        return found

    @cached_property
    def spoken_for(self) -> dict[str, frozenset[str]]:
        """For each entity id, every entity that it speaks for, itself included, over any number of steps."""
        reach: dict[str, frozenset[str]] = {}
        for entity in self.entities:
            seen: list[str] = []
            step: str | None = entity.id
            while step is not None and step not in seen:
                seen.append(step)
                following = self.entity_by_id.get(step)
                step = following.speaks_for if following else None
            reach[entity.id] = frozenset(seen)
        return reach

    @cached_property
    def voices(self) -> dict[str, frozenset[str]]:
        """For each entity id, every entity that speaks for it, itself included: `spoken_for` the other way round."""
        found: dict[str, set[str]] = {}
        for id_, reach in self.spoken_for.items():
            for spoken in reach:
                found.setdefault(spoken, set()).add(id_)
        return {id_: frozenset(speaking) for id_, speaking in found.items()}

    @cached_property
    def settling(self) -> frozenset[str]:
        """Every entity, and every name that is none, whose word settles some claim."""
        return frozenset(voice for claim in self.claims for one in self.principals(claim) for voice in one.voices)

    def principals(self, claim: Claim) -> tuple[Principal, ...]:
        """The claim's principals with all their voices.

        A name that no entity bears stands for itself: only a speaker of exactly that name is it.
        """
        resolved = []
        for name in claim.principals:
            entity = self.entity_by_name.get(name.casefold())
            if entity is None:
                resolved.append(Principal(name, name, frozenset({name})))
                continue
            resolved.append(Principal(entity.id, entity.name, self.voices[entity.id]))
        return tuple(resolved)
