"""The home's signing keys: one secret key in use, and the public halves of all that ever were.

`keys/signing.key` (mode 0600) is the only place of a secret key: it is neither logged nor exported, and a rotation overwrites
it. `keys/NAME.pub` stay for ever, so that old checkpoints can be checked.
"""

import os
from pathlib import Path

from dateline.errors import CONFIG, UserError
from store.notes import BadKey, Signer, Verifier

FOLDER = "keys"
SIGNING = "signing.key"


class KeyRing:
    """The keys of one home. `name` is the ledger's log name, which stands before each key."""

    def __init__(self, home: Path, name: str) -> None:
        self._folder, self._name = home / FOLDER, name

    def verifiers(self) -> list[Verifier]:
        """All public keys, in order of making, the one in use last."""
        paths = sorted(self._folder.glob("*.pub"), key=lambda path: path.name)
        return [_parsed(path) for path in paths]

    def signer(self) -> Signer:
        """The key in use; made now if there is none yet."""
        path = self._folder / SIGNING
        if not path.exists():
            return self._make()
        try:
            return Signer.parse(path.read_text(encoding="ascii").strip())
        except (BadKey, UnicodeDecodeError) as error:
            raise UserError(
                f"{path}: {error}. Restore it from a backup, or remove it to have a new key made.", CONFIG
            ) from error

    def rotate(self) -> Signer:
        """A new key signs from now on; checkpoints of the old one can still be checked."""
        return self._make()

    def _make(self) -> Signer:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        signer = Signer(self._name, os.urandom(32))
        number = len(list(self._folder.glob("*.pub"))) + 1
        # The public half first: a crash in between leaves a key that signed nothing, never a signature nobody can check.
        public = self._folder / f"{number:04}-{signer.verifier.id.hex()}.pub"
        _write(public, f"{signer.verifier}\n", 0o644)
        _write(self._folder / SIGNING, signer.secret() + "\n", 0o600)
        return signer


def _parsed(path: Path) -> Verifier:
    try:
        return Verifier.parse(path.read_text(encoding="utf-8"))
    except (BadKey, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no public key: {error}. Restore it from a backup.", CONFIG) from error


def _write(path: Path, text: str, mode: int) -> None:
    """Whole or not at all, and with its mode from the first moment."""
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
