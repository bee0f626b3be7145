"""Event ⇄ stored bytes. Canonical JSON: sorted keys, no white space, UTF-8, no floats.

`facts` are all fields but `text`; `text` is encoded apart, so that it can be erased by itself. Stored bytes are never
rewritten: an old version is decoded by the class of that version and then upcast.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from store.events import EVENTS, Event

_encoder = msgspec.json.Encoder(order="sorted")
_has_text = {cls: "text" in cls.__struct_fields__ for cls in EVENTS}
_decoders: dict[tuple[str, int], msgspec.json.Decoder[Any]] = {
    (cls.NAME, cls.SCHEMA): msgspec.json.Decoder(cls) for cls in EVENTS
}
_upcasters: dict[tuple[str, int], Callable[[Any], Event]] = {}
"""(name, old schema) → the function that makes today's event of it."""


class UnknownEvent(Exception):
    """The ledger holds an event that this release does not know: it was written by a newer one."""

    def __init__(self, name: str, schema: int) -> None:
        super().__init__(f"event {name} version {schema} is unknown to this release; install the newer Dateline")
        self.name, self.schema = name, schema


def encode(event: Event) -> tuple[bytes, bytes | None]:
    """The event's facts and, if it has any, its text, as canonical bytes."""
    cls = type(event)
    if not _has_text[cls]:
        return _encoder.encode(event), None
    text = event.text  # type: ignore[attr-defined]
    if text is UNSET:
        return _encoder.encode(event), None
    return _encoder.encode(msgspec.structs.replace(event, text=UNSET)), _encoder.encode(text)


def decode(name: str, schema: int, facts: bytes, text: bytes | None) -> Event:
    """The event in its present version; without its text if that was erased. Raises UnknownEvent, msgspec errors."""
    version = (name, schema)
    decoder = _decoders.get(version)
    if decoder is None:
        raise UnknownEvent(name, schema)
    if text is not None:
        facts = b"".join((facts[:-1], b',"text":' if len(facts) > 2 else b'"text":', text, b"}"))
    event: Event = decoder.decode(facts)
    upcast = _upcasters.get(version)
    return upcast(event) if upcast else event
