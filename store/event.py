"""What all events share."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True):
    """Base of all events. `NAME` is the wire name, `SCHEMA` the version of its fields."""

    NAME: ClassVar[str] = ""
    SCHEMA: ClassVar[int] = 1
