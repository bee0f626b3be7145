"""Event ⇄ stored bytes. Canonical JSON: sorted keys, no white space, UTF-8, no floats.

`facts` are all fields but `text`; `text` is encoded apart, so that it can be erased by itself. Stored bytes are never
rewritten: an old version is decoded by the class of that version and then upcast.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from store.events import EVENTS, Event

_encode = msgspec.json.Encoder(order="sorted").encode
_replace = msgspec.structs.replace


class UnknownEvent(Exception):
    """The ledger holds an event that this release does not know: it was written by a newer one."""

    def __init__(self, name: str, schema: int) -> None:
        super().__init__(f"event {name} version {schema} is unknown to this release; install the newer Dateline")
        self.name, self.schema = name, schema


def encode(event: Event) -> tuple[bytes, bytes | None]:
    """The event's facts and, if it has any, its text, as canonical bytes."""
    text = getattr(event, "text", UNSET)
    if text is UNSET:
        return _encode(event), None
    return _encode(_replace(event, text=UNSET)), _encode(text)


class Past(NamedTuple):
    """How an earlier release wrote an event: its shape then, and what makes today's event of it.

    `upcast` may rename it, add what it lacked, or choose between two events that it was split into by what it says. It makes
    exactly one event, since a position is one event for ever, and it is pure: no clock, no look-up.
    """

    shape: type[Event]
    upcast: Callable[[Any], Event]


class Versions:
    """Every version of every event that can be read: today's, and those of the past by (wire name, schema)."""

    def __init__(self, present: Iterable[type[Event]], past: Iterable[Past] = ()) -> None:
        self._decoders: dict[tuple[str, int], msgspec.json.Decoder[Any]] = {}
        self._upcasters: dict[tuple[str, int], Callable[[Any], Event]] = {}
        for cls in present:
            self._add(cls)
        for shape, upcast in past:
            self._add(shape)
            self._upcasters[shape.NAME, shape.SCHEMA] = upcast

    def _add(self, cls: type[Event]) -> None:
        version = (cls.NAME, cls.SCHEMA)
        if version in self._decoders:
            raise ValueError(f"event {cls.NAME} version {cls.SCHEMA} is defined twice; a new shape needs a new SCHEMA")
        self._decoders[version] = msgspec.json.Decoder(cls)

    def __contains__(self, version: object) -> bool:
        return version in self._decoders

    @property
    def past(self) -> Collection[tuple[str, int]]:
        """Those of earlier releases, by (wire name, schema)."""
        return self._upcasters.keys()

    def decode(self, name: str, schema: int, facts: bytes, text: bytes | None) -> Event:
        """The event in its present version; without its text if that was erased. Raises UnknownEvent, msgspec errors."""
        version = (name, schema)
        decoder = self._decoders.get(version)
        if decoder is None:
            raise UnknownEvent(name, schema)
        if text is not None:
            facts = b"".join((facts[:-1], b',"text":' if len(facts) > 2 else b'"text":', text, b"}"))
        event: Event = decoder.decode(facts)
        upcast = self._upcasters.get(version)
        return upcast(event) if upcast else event


PAST: tuple[Past, ...] = ()
"""Versions that earlier releases wrote. There is none yet; whoever changes an event moves its old class here."""

versions = Versions(EVENTS, PAST)
decode = versions.decode
