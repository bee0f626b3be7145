"""Which mentions share an origin: the source where a chain of relays starts.

Ten papers that repeat one paper are one source. So a named speaker is an origin, whoever relays the words; those
who speak for a principal of the claim are that principal, and an institution is one origin with the person who speaks
for it; everything else, unnamed sources included, is the outlet where the chain of echoes ends, whether or not we
watch it. A passage that was copied has the origin that the same passage has in the original.

An origin depends on earlier publications only: it never changes when later ones arrive.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal

import msgspec

from store.claim import ClaimSet, Principal
from store.events import MentionRecorded, Party
from store.evidence import Evidence
from store.nearcopy import NearCopies

OriginKind = Literal["principal", "named", "outlet"]


class Origin(msgspec.Struct, frozen=True):
    """Where a mention comes from. Mentions of one claim with equal `id` share their origin.

    `id` is `entity:ID`, `outlet:ID` for a watched outlet that is no entity, or `key:KEY` for a stranger. `name` is
    None for strangers, whose name only the mention's erasable text knows. `echo` tells that this mention relays
    somebody else's publication, `relayed` that publication's mention if we have it. `lends` is False for a copied
    passage of which the reader is surer than in the original: it is shown, but is evidence for nothing.
    """

    id: str
    kind: OriginKind
    name: str | None = None
    echo: bool = False
    relayed: str | None = None
    lends: bool = True


class Outlets(msgspec.Struct, frozen=True):
    """How watched outlets meet the names that texts give them.

    `printed` is outlet id → printed name (`Timeline.outlet_names`), `key` the keyed hash of a name that the
    recorder puts into `Party.key`.
    """

    printed: Mapping[str, str] = {}
    key: Callable[[str], str] = str.casefold


NO_OUTLETS = Outlets()


class Parties(msgspec.Struct, frozen=True, dict=True):
    """Gives speakers, organisations and outlets of one watch list their identity."""

    claims: ClaimSet
    outlets: Outlets = NO_OUTLETS

    @cached_property
    def _outlet_ids(self) -> dict[str, str]:
        """Outlet id → origin id: the entity of that name if there is one."""
        found = {}
        for outlet, name in self.outlets.printed.items():
            entity = self.claims.entity_by_name.get(name.casefold())
            found[outlet] = f"outlet:{outlet}" if entity is None else f"entity:{entity.id}"
        return found

    @cached_property
    def _by_key(self) -> dict[str, str]:
        """Keyed name → origin id, for outlets and entities that a text names without their being recognised."""
        names = [(name, f"entity:{entity.id}") for name, entity in self.claims.entity_by_name.items()]
        names += [(name, self._outlet_ids[outlet]) for outlet, name in sorted(self.outlets.printed.items())]
        found: dict[str, str] = {}
        for name, origin in names:
            found.setdefault(self.outlets.key(name), origin)
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {f"outlet:{outlet}": name for outlet, name in self.outlets.printed.items()}
        return names | {f"entity:{entity.id}": entity.name for entity in self.claims.entities}

    @cached_property
    def _principals(self) -> dict[str, tuple[tuple[Principal, frozenset[str]], ...]]:
        """Claim id → its principals, each with the ids of all its voices."""
        return {
            claim.id: tuple((principal, self._voices(principal)) for principal in self.claims.principals(claim))
            for claim in self.claims
        }

    def _voices(self, principal: Principal) -> frozenset[str]:
        known = self.claims.entity_by_id
        return frozenset(
            f"entity:{voice}" if voice in known else f"key:{self.outlets.key(voice)}" for voice in principal.voices
        )

    def outlet(self, mention: MentionRecorded) -> str:
        """The publisher's identity: by the name that it prints if that is known, since others name it so."""
        known = self._outlet_ids.get(mention.outlet)
        if known is not None or mention.publisher is None:
            return known or f"outlet:{mention.outlet}"
        return self.party(mention.publisher)

    def party(self, party: Party) -> str:
        if party.entity is not None:
            return f"entity:{party.entity}"
        return self._by_key.get(party.key, f"key:{party.key}")

    def name(self, origin: str) -> str | None:
        return self._names.get(origin)

    def speaker(self, item: Evidence) -> Origin | None:
        """Who speaks, if named: a principal of the claim, or whoever it is. None for unnamed sources and no source."""
        mention = item.mention
        party = mention.speaker or mention.organisation
        if mention.anonymity != "named" or party is None:
            return None
        speaker = self.party(party)
        if mention.echo_of is not None and speaker == self.party(mention.echo_of):
            return None  # "the paper said": an outlet that is relayed is an origin, never a named source
        voices = {speaker}
        if mention.organisation is not None and not speaker.startswith("entity:"):
            # A person whom the watch list does not know speaks for the institution that the text gives.
            voices.add(self.party(mention.organisation))
        principal = self._principal(mention.claim, voices)
        return principal or Origin(speaker, "named", self.name(speaker))

    def in_line(self, one: str, other: str) -> bool:
        """Whether one of two entities speaks for the other, over any number of steps. Both as ids of origins."""
        mine, theirs = one.removeprefix("entity:"), other.removeprefix("entity:")
        reach = self.claims.spoken_for
        return theirs in reach.get(mine, ()) or mine in reach.get(theirs, ())

    def _principal(self, claim: str, voices: set[str]) -> Origin | None:
        for principal, spoken in self._principals.get(claim, ()):
            if voices & spoken:
                own = f"entity:{principal.id}"
                return Origin(own if own in spoken else min(spoken), "principal", principal.name)
        return None

    def voice(self, claim: str, outlet: str) -> Origin:
        """An outlet as the end of a chain. A principal's own paper is no second origin beside the principal, but what
        it says in its own voice is not the principal's word either: its kind stays `outlet`."""
        principal = self._principal(claim, {outlet})
        return Origin(principal.id if principal else outlet, "outlet", self.name(outlet))


def by_publication(item: Evidence) -> tuple[datetime, bool, str, str, int, int, int, str]:
    """Earlier publications first, at one instant those that relay nobody; never by order of arrival."""
    m = item.mention
    return (item.occurred_at, relayed(item) is not None, m.outlet, m.article, m.revision, m.start, m.end, m.mention)


def relayed(item: Evidence) -> Party | None:
    """The outlet that the passage names, or that its article relays, as the source; `PRESS` if it is named by neither."""
    return item.mention.echo_of or item.mention.relays


def origins(evidence: Iterable[Evidence], claims: ClaimSet, outlets: Outlets = NO_OUTLETS) -> dict[str, Origin]:
    """The origin of every mention, by mention id.

    Near copies and chains are sought among the mentions of the same claim. Mentions that a reviewer rejected or that
    were misread lend nothing to others. Time: n log n, for n mentions.
    """
    parties = Parties(claims, outlets)
    chains: dict[str, Chains] = {}
    found: dict[str, Origin] = {}
    for item in sorted(evidence, key=by_publication):
        claim = item.mention.claim
        chain = chains.get(claim) or chains.setdefault(claim, Chains(parties))
        found[item.id] = chain.follow(item)
    return found


PRESS = Party("press")
"""Whom a passage relays that gives "newspapers" or "a foreign daily" as its source: whoever printed it before."""

Link = tuple[Evidence, Origin]


class Chains:
    """The publications on one claim so far, each with its origin. They must be followed in order `by_publication`."""

    def __init__(self, parties: Parties) -> None:
        self._parties = parties
        self._copies = NearCopies()
        self._by_outlet: dict[tuple[str, str], list[Link]] = defaultdict(list)
        self._printed: dict[str, list[Link]] = defaultdict(list)
        self._by_article: dict[str, list[Link]] = defaultdict(list)
        self._lines: dict[str, list[str]] = {}
        """Named entities, each with all that were heard as that origin: of any two, one speaks for the other."""

    def follow(self, item: Evidence) -> Origin:
        original = self._copies.original(item.mention.article, item.mention.signature)
        links = self._by_article[original] if original != item.mention.article else []
        origin = _copied(item, links) or self._named(item) or self._relayed(item, links)
        if item.ever_stood and not item.rejected:
            self._remember(item, origin)
        return origin

    def _remember(self, item: Evidence, origin: Origin) -> None:
        self._by_article[item.mention.article].append((item, origin))
        if origin.kind == "outlet":
            self._by_outlet[self._parties.outlet(item.mention), item.stance].append((item, origin))
            self._printed[item.stance].append((item, origin))
        elif origin.kind == "named" and origin.id.startswith("entity:"):
            heard, spoken = self._lines.setdefault(origin.id, [origin.id]), self._parties.speaker(item)
            if spoken is not None and spoken.id not in heard and self._fits(spoken.id, heard):
                heard.append(spoken.id)

    def _fits(self, named: str, heard: Iterable[str]) -> bool:
        return all(self._parties.in_line(named, other) for other in heard)

    def _named(self, item: Evidence) -> Origin | None:
        """The named speaker; under the name that came first where an institution and a person who speaks for it are heard.

        Two people who speak for one institution stay two origins, whichever of them the institution's own word goes to.
        """
        origin = self._parties.speaker(item)
        if origin is None or origin.kind == "principal" or not origin.id.startswith("entity:"):
            return origin
        for first, heard in self._lines.items():
            if origin.id in heard or self._fits(origin.id, heard):
                return Origin(first, "named", self._parties.name(first))
        return origin

    def _relayed(self, item: Evidence, original: list[Link]) -> Origin:
        """The end of the chain: of the article that this one copies, else of the outlet that the passage names."""
        mention = item.mention
        own = self._parties.outlet(mention)
        source = _nearest(item, original)
        if source is not None:
            return _through(*source)
        party = relayed(item)
        told = own if party in {None, PRESS} else self._parties.party(party)
        if told == own and party != PRESS:
            return self._parties.voice(mention.claim, own)
        source = _latest(item, self._printed[item.stance] if party == PRESS else self._by_outlet[told, item.stance])
        if source is not None:
            return _through(*source)
        return msgspec.structs.replace(self._parties.voice(mention.claim, told), echo=True)


def _through(item: Evidence, origin: Origin) -> Origin:
    return msgspec.structs.replace(origin, echo=True, relayed=item.id)


def _copied(item: Evidence, original: list[Link]) -> Origin | None:
    """The origin of the very passage in another outlet's original, however the copy was read around it; None if not there.

    The same passage is one of the same length with the same stance and value. It weighs no more in a copy: else ten papers
    that print one text would give a misread sentence ten chances of being believed. An outlet that uses its own text again
    has something to add, if only another name.
    """
    mention = item.mention
    same = [
        link
        for link in original
        if link[0].mention.outlet != mention.outlet
        and link[0].mention.end - link[0].mention.start == mention.end - mention.start
        and (link[0].stance, link[0].variant) == (item.stance, item.variant)
    ]
    if not same:
        return None
    source, origin = min(same, key=lambda link: abs(link[0].mention.start - mention.start))
    named = origin.kind != "outlet"
    lends = origin.lends and (source.credible(named=named) or not item.credible(named=named))
    return msgspec.structs.replace(_through(source, origin), lends=lends)


def _nearest(item: Evidence, candidates: list[Link]) -> Link | None:
    """The outlet's word in a copied article that `item` changed: same stance and, if possible, the same place in the text."""
    mention = item.mention

    def distance(link: Link) -> tuple[bool, bool, int]:
        other = link[0].mention
        return (link[0].variant != item.variant, other.anonymity != mention.anonymity, abs(other.start - mention.start))

    same = [link for link in candidates if link[0].stance == item.stance and link[1].kind == "outlet"]
    return min(same, key=distance, default=None)


def _latest(item: Evidence, candidates: list[Link]) -> Link | None:
    """What the relayed outlet last published before: of the same value, if it published any."""
    for link in reversed(candidates[-RECENT:]):
        if link[0].variant == item.variant:
            return link
    return candidates[-1] if candidates else None


RECENT = 100
"""How many publications of one outlet and stance are searched for the same value; bounds the work per mention."""
