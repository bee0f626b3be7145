"""The leaf: what the ledger commits to, for ever.

An event's two parts are committed to apart, `SHA-256(domain ‖ salt ‖ stored bytes)`, so that the text and its salt can be
erased while every proof still holds, and the erased words cannot be guessed from what stays. The leaf is the RFC 6962 leaf
hash of the *envelope*: canonical JSON (sorted keys, no white space, UTF-8) of the fields below. None of this may ever change.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from store.merkle import LEAF_PREFIX

FACTS_DOMAIN = b"dateline/facts/v1\n"
TEXT_DOMAIN = b"dateline/text/v1\n"
SALT_BYTES = 32


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One event's place, names and commitments. Times are microseconds since 1970 UTC; commitments are hex.

    Fields are declared in the order of their names, which is the order of the canonical JSON.
    """

    actor: str
    articles: Sequence[str]
    cause: int | None
    envelope: int
    facts: str
    log: str
    name: str
    occurred_at: int
    position: int
    recorded_at: int
    schema: int
    stream: str
    stream_version: int
    text: str | None


assert list(Envelope.__struct_fields__) == sorted(Envelope.__struct_fields__)

envelope_bytes = msgspec.json.Encoder().encode
"""The canonical JSON of an envelope."""


def commit(domain: bytes, salt: bytes, stored: bytes) -> bytes:
    """The commitment to one part of an event, 32 bytes."""
    return sha256(domain + salt + stored).digest()


def leaf_of(envelope: Envelope) -> bytes:
    """The leaf hash, 32 bytes."""
    return sha256(LEAF_PREFIX + envelope_bytes(envelope)).digest()
