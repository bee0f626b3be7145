"""When are two things one article, and when are two texts one text?

An article has one opaque id, minted once, and any number of alias keys under which it may be met. Rules that could change
carry a version in what they produce, so that old keys stay comparable with themselves.
"""

import hmac
import re
import unicodedata
from base64 import b32encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Literal, NamedTuple

from msgspec.structs import replace

from ingest.item import Item
from ingest.urls import UrlRefused, parse_url

CANONICAL_RULE = "c1"
_TRACKERS_C1 = re.compile(
    r"utm_[a-z_]+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid"
    r"|mkt_tok|_hsenc|_hsmi|vero_id|oly_anon_id|oly_enc_id|wickedid|cmpid|ns_campaign|ns_mchannel|ns_source|at_medium"
    r"|at_campaign|at_custom\d|ito|xtor|s_cid|ref_src|ref_url|_ga|_gl|pk_campaign|pk_kwd|mtm_[a-z]+|fb_action_ids|guccounter"
    r"|guce_referrer|guce_referrer_sig|openlinkback|yptr|srsltid"
)
"""Query parameters of rule c1 that say who sent the reader, never what is read. A change makes rule c2."""

_TYPOGRAPHIC = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "‹": "'", "›": "'"}
    | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None)
)

Kind = Literal["guid", "canonical", "url", "text"]


class AliasKey(NamedTuple):
    """One name under which an article may be met. `name` is that name in the clear, for the content table alone."""

    kind: Kind
    key: str
    name: str

    def hidden(self, secret: bytes) -> str:
        """The key as it is stored and sent: a keyed hash, which reveals no URL."""
        return _mac(secret, "alias", self.key)[:32].lower()


def canonical_url(url: str) -> str | None:
    """The address of what is read, under rule c1; None for what is no http(s) URL. Idempotent.

    Normalised by WHATWG and RFC 3986, without the fragment (except `#!`, which names pages) and without trackers; all other
    parameters stay, sorted by name, equal names in their order.
    """
    try:
        parsed = parse_url(url)
    except UrlRefused:
        return None
    query = _without_trackers(parsed.query) if parsed.query else None
    fragment = parsed.fragment if parsed.fragment and parsed.fragment.startswith("!") else None
    return str(parsed._replace(userinfo=None, query=query, fragment=fragment))


def without_trackers(url: str) -> str:
    """The URL without what rule c1 calls trackers, else as it stands: the address to show, and to ask again."""
    start, mark, rest = url.partition("?")
    query, hash_mark, fragment = rest.partition("#")
    kept = "&".join(part for part in query.split("&") if not _TRACKERS_C1.fullmatch(part.partition("=")[0].lower()))
    return f"{start}{mark if kept else ''}{kept}{hash_mark}{fragment}" if mark else url


def alias_keys(item: Item, outlet: str) -> tuple[AliasKey, ...]:
    """The names that a feed item gives an article, the one to mint from first. Empty if it has none at all.

    http and https are one key. An item with neither guid nor link is known by its title and text, within its outlet.
    """
    keys = []
    if item.guid:
        keys.append(AliasKey("guid", f"guid:{outlet}:{item.guid}", item.guid))
    if item.page_url:
        keys.extend(url_keys(item.page_url))
    words = f"{item.title}\n{item.text or item.html or item.summary}"
    if not keys and words.strip():
        keys.append(AliasKey("text", f"text:{outlet}:{sha256(words.encode()).hexdigest()}", item.title))
    return tuple(keys)


def mark_shared(items: Sequence[Item]) -> tuple[Item, ...]:
    """Items that have ids of their own but one address, such as a ticker's page, are marked: the address names none of them."""
    users: dict[str, set[str]] = {}
    for item in items:
        if item.url and item.guid:
            users.setdefault(canonical_url(item.url) or item.url, set()).add(item.guid)
    shared = {url for url, guids in users.items() if len(guids) > 1}
    return tuple(
        replace(item, shared_url=True) if item.url and item.guid and (canonical_url(item.url) or item.url) in shared else item
        for item in items
    )


def url_keys(url: str) -> tuple[AliasKey, ...]:
    """The URL as seen, and in canonical form."""
    canonical = canonical_url(url)
    keys = [AliasKey("url", f"url:{_without_scheme(url)}", url)]
    if canonical is not None:
        keys.append(AliasKey("canonical", f"canonical:{CANONICAL_RULE}:{_without_scheme(canonical)}", canonical))
    return tuple(keys)


def same_site(one: str, other: str) -> bool:
    """Whether a page may speak for the other address: equal hosts, or one a subdomain of the other (`www.`, `m.`)."""
    try:
        a, b = parse_url(one).host, parse_url(other).host
    except UrlRefused:
        return False
    a, b = a.removeprefix("www."), b.removeprefix("www.")
    return a == b or a.endswith(f".{b}") or b.endswith(f".{a}")


def mint(secret: bytes, key: AliasKey) -> str:
    """A new article's id: 20 characters of base32, opaque without the secret. Stored, never computed again."""
    return _mac(secret, "article", key.key)[:20].lower()


def fingerprint(title: str, body: str) -> str:
    """Equal for two texts that read the same: white space, quotation marks, dashes and invisible characters do not count."""
    return sha256(f"{readable(title)}\n{readable(body)}".encode("utf-8", "replace")).hexdigest()


def readable(text: str) -> str:
    """The text as `fingerprint` sees it."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHIC)).translate(_TYPOGRAPHIC).split())


def contains(whole: str, part: str) -> bool:
    """Whether every paragraph of `part` stands in `whole`: then the two are one text, one of them with something around it."""
    around = readable(whole)
    lines = [readable(line) for line in part.split("\n") if line.strip()]
    return bool(lines) and all(line in around for line in lines)


def resemblance(one: str, other: str) -> float:
    """0 to 1: the share of three-word sequences that two texts have in common (Jaccard)."""
    a, b = _shingles(one), _shingles(other)
    return len(a & b) / len(a | b) if a or b else 1.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = readable(text).casefold().split()
    return set(zip(words, words[1:], words[2:], strict=False)) or ({tuple(words)} if words else set())


def _without_trackers(query: str) -> str | None:
    kept = [part for part in query.split("&") if part and not _TRACKERS_C1.fullmatch(part.partition("=")[0].lower())]
    return "&".join(sorted(kept, key=lambda part: part.partition("=")[0])) or None


def _without_scheme(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"//{rest}" if mark and scheme.lower() in ("http", "https") else url


def _mac(secret: bytes, purpose: str, key: str) -> str:
    return b32encode(hmac.digest(secret, f"{purpose}\n{key}".encode("utf-8", "replace"), "sha256")).decode()
