"""Signed notes: a few lines of text and who vouches for them, as C2SP `signed-note` lays down, with Ed25519.

A note is a text that ends in a newline, an empty line, and one line a signature: `— name base64(key id ‖ signature)`. A key
is written as `name+hash+base64(0x01 ‖ public key)`, its secret half as `PRIVATE+KEY+name+hash+base64(0x01 ‖ seed)`: the forms
of Go's `golang.org/x/mod/sumdb/note`, which checks our notes in the tests. This is the one file that imports `cryptography`.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = b"\x01"
SECRET_PREFIX = "PRIVATE+KEY+"  # noqa: S105 - the form's own first words
MOST_BYTES = 1_000_000


class BadNote(Exception):
    """The text is no signed note, or nobody whom we know has signed it. `why` says which."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class BadKey(Exception):
    """The text is no key. It is not repeated here: it might be a secret one."""


class Verifier(NamedTuple):
    """A public key under a name. `public` are 32 bytes."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ newline ‖ 0x01 ‖ public key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Raises BadKey."""
        name, public = _parse_key(text.strip())
        found = cls(name, public)
        if str(found) != text.strip():
            raise BadKey(f"the key of {name} does not bear the hash of its own bytes")
        return found

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature of this text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A secret key under a name. It has no printable form but `secret`, which is for the key file alone."""

    def __init__(self, name: str, seed: bytes) -> None:
        _check_name(name)
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def parse(cls, text: str) -> "Signer":
        """Raises BadKey."""
        if not text.startswith(SECRET_PREFIX):
            raise BadKey("a secret key begins with PRIVATE+KEY+")
        signer = cls(*_parse_key(text.strip().removeprefix(SECRET_PREFIX)))
        if signer.secret() != text.strip():
            raise BadKey(f"the key of {signer.verifier.name} does not bear the hash of its public half")
        return signer

    def secret(self) -> str:
        return f"{SECRET_PREFIX}{self.verifier.name}+{self.verifier.id.hex()}+{b64encode(ED25519 + self._seed).decode()}"

    def sign(self, text: str) -> str:
        """The note. Raises ValueError for a text that does not end in a newline."""
        if not text.endswith("\n"):
            raise ValueError("the text of a note ends in a newline")
        line = b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.verifier.name} {line}\n"


def open_note(note: str, keys: Iterable[Verifier]) -> tuple[str, tuple[Verifier, ...]]:
    """The text, and those of `keys` that signed it: at least one. Raises BadNote.

    Signatures of unknown keys are passed over. One that names a known key and does not hold refuses the whole note.
    """
    text, signatures = split_note(note)
    known = {(key.name, key.id): key for key in keys}
    found = []
    for name, packed in signatures:
        key = known.get((name, packed[:4]))
        if key is None:
            continue
        if not key.holds(text, packed[4:]):
            raise BadNote(f"the signature of {name} does not hold: the text or the signature was changed")
        found.append(key)
    if not found:
        signers = ", ".join(sorted({f"{name}+{packed[:4].hex()}" for name, packed in signatures}))
        raise BadNote(f"no known key has signed it; it names {signers}")
    return text, tuple(found)


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text, and (name, key id ‖ signature) of each signature line, unchecked. Raises BadNote."""
    text, blank, tail = note.rpartition("\n\n")
    if len(note) > MOST_BYTES or not blank or not tail.endswith("\n"):
        raise BadNote("it is no signed note: text, an empty line and signature lines are wanted")
    signatures = []
    for line in tail[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, packed = rest.partition(" ")
        try:
            raw = b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if dash != "—" or not name or len(raw) != 4 + 64 or b64encode(raw).decode() != packed:
            raise BadNote("one of its signature lines is malformed")
        signatures.append((name, raw))
    return text + "\n", signatures


def _parse_key(text: str) -> tuple[str, bytes]:
    name, _, rest = text.partition("+")
    _hash, _, packed = rest.partition("+")
    try:
        raw = b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadKey("a key is written name+hash+base64") from error
    if len(raw) != 33 or raw[:1] != ED25519:
        raise BadKey("only Ed25519 keys are known: 0x01 and 32 bytes")
    _check_name(name)
    return name, raw[1:]


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise BadKey("the name of a key has neither spaces nor a plus sign")
