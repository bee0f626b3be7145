"""Opaque ids that reveal nothing: keyed hashes of names and passages under the home's secret.

The same name gives the same key for ever, so two statements of one stranger can be told to be of one origin, even after
the name itself was erased; and nobody without the secret can try out names.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable

_TITLES = frozenset({"the", "mr", "mrs", "ms", "dr", "prof", "sir", "dame"})


def normal_name(name: str) -> str:
    """A name without what spellings differ in: case, accents, punctuation, articles and forms of address."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("’", "'")
    plain = re.sub(r"'s\b", "", plain)
    return " ".join(word for word in re.findall(r"\w+", plain) if word not in _TITLES)


class Keyed:
    """Makes keyed hashes: 24 hex digits (96 bits), HMAC-SHA256 with a domain of its own for each kind of thing."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def digest(self, kind: str, parts: Iterable[str]) -> str:
        message = "\x1f".join((kind, *parts))
        return hmac.digest(self._secret, message.encode(), "sha256").hex()[:24]

    def name(self, name: str) -> str:
        """Key of a person's, institution's or outlet's name, the same for all spellings that `normal_name` unites."""
        return self.digest("name", (normal_name(name),))

    def anchor(self, article: str, claim: str, quote: str, prefix: str, suffix: str, speaker: str, variant: str) -> str:
        """What a passage is recognised by when it is read again or its page is parsed anew."""
        return self.digest("anchor", (article, claim, quote, prefix, suffix, speaker, variant))
