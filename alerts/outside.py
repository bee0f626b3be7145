"""Words from outside, made harmless before they enter any message.

Titles, quotes and names come from pages that anybody can write. Here they lose what only machines see: control
characters, direction overrides, invisible tags, and the marks of RFC 2047 encoded words, which some mail libraries
decode behind our back. What a reader sees of them stays as it was.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import quote, urlsplit

LONGEST_LINK = 2_000
"""Longer addresses are left out: clients cut them, and a cut link leads elsewhere."""

_SPACES = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,75}\?[bBqQ]\?[^?]*\?=")
_PLAIN_IN_LINK = "!#$%&'()*+,/:;=?@[]~"


def words(text: str | None, most: int = 2_000) -> str:
    """One line of plain text of at most `most` characters: encoded words decoded, controls gone, spaces single.

    Decoding comes first, so that what it sets free is stripped too.
    """
    decoded = _decoded(text or "")
    shown = _UNSEEN.sub("", _SPACES.sub(" ", decoded)).replace("=?", "= ?")
    return clipped(_SPACES.sub(" ", shown).strip(), most)


def _decoded(text: str) -> str:
    for _ in range(3):
        if not _ENCODED_WORD.search(text):
            break
        try:
            text = str(make_header(decode_header(text.replace("\r", " ").replace("\n", " "))))
        except (HeaderParseError, LookupError, ValueError):
            break
    return text


def clipped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def link(url: str | None) -> str | None:
    """The address if it may be followed from a message, with everything but plain URL characters percent-encoded.

    Only http and https with a host, without a user name (`https://bank.example@evil.example` deceives), and not
    longer than LONGEST_LINK. None for anything else.
    """
    if not url or _UNSEEN.search(url) or _SPACES.search(url.strip()):
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    safe = quote(url.strip(), safe=_PLAIN_IN_LINK)
    return safe if len(safe) <= LONGEST_LINK else None
