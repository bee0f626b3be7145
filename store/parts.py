"""Parts of events: the few facts that a fold needs, decoded alone. All else in the stored bytes is skipped, not built."""

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import ClassVar, TypeVar, cast, get_type_hints

import msgspec

from store.event import Event
from store.wire import UnknownEvent, Versions, versions


class Part(msgspec.Struct, frozen=True, gc=False):
    """Some facts of one event, named and typed as there. A subclass says of which event: `OF`.

    Never its text: that can be erased, so no fold may depend on it.
    """

    OF: ClassVar[type[Event]]


P = TypeVar("P", bound=Part)
Decode = Callable[[bytes], P | None]


class Parts(dict[tuple[str, int], Decode[P]]):
    """(wire name, schema) → what makes the part of stored facts; it makes None of events that no part was asked of.

    Earlier versions of an event are decoded whole and upcast, so a part is always one of the present version. Raises
    UnknownEvent for a newer version of an event that was asked for; other events of a newer release are passed over.
    """

    def __init__(self, *kinds: type[P], known: Versions = versions) -> None:
        super().__init__({(kind.OF.NAME, kind.OF.SCHEMA): _decoder(kind) for kind in kinds})
        self._kinds = {kind.OF: kind for kind in kinds}
        self._known = known

    def __missing__(self, version: tuple[str, int]) -> Decode[P]:
        """Asked once for each version that the ledger holds and that is not one of those wanted."""
        if version not in self._known and version[0] in {event.NAME for event in self._kinds}:
            raise UnknownEvent(*version)
        self[version] = made = self._upcast(version) if version in self._known.past else _nothing
        return made

    def _upcast(self, version: tuple[str, int]) -> Decode[P]:
        def decode(facts: bytes) -> P | None:
            event = self._known.decode(*version, facts, None)
            kind = self._kinds.get(type(event))
            return None if kind is None else msgspec.convert(event, kind, from_attributes=True)

        return decode


def wanted(told: Iterable[tuple[int, int, P | None]]) -> Iterator[tuple[int, int, P]]:
    """(position, occurred_at, part) of those that were asked for."""
    return cast("Iterator[tuple[int, int, P]]", filter(itemgetter(2), told))


def _decoder(kind: type[P]) -> Decode[P]:
    """Raises TypeError for a part that is none: it would be filled with its own defaults, or with nothing."""
    wanted, given = get_type_hints(kind), get_type_hints(kind.OF)
    for name in kind.__struct_fields__:
        if name == "text" or wanted[name] != given.get(name):
            raise TypeError(f"{kind.__name__}.{name} is not a fact of {kind.OF.NAME}, or is of another type there")
    return msgspec.json.Decoder(kind).decode


def _nothing(_facts: bytes) -> None:
    return None
