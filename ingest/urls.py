"""URLs taken apart and written in one normal form (WHATWG URL for http and https, RFC 3986 section 6.2.2 for escapes).

Normalising never changes what a URL names: trackers, which it may name as well, are `ingest.identity`'s business.
"""

import re
from typing import NamedTuple
from urllib.parse import urljoin

import idna

_DEFAULT_PORT = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")
_CONTROLS = "".join(map(chr, range(0x21)))
_HOST = re.compile(r"[a-z0-9._\-]+")
_IPV6 = re.compile(r"\[[0-9a-fA-F:.]+\]")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})|(.)", re.DOTALL)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = _UNRESERVED | frozenset("!$&'()*+,;=:@/")
_IN_QUERY = _IN_PATH | frozenset("?")


class Url(NamedTuple):
    """A normalised http(s) URL. `port` is None for the scheme's own; `userinfo`, `query`, `fragment` None if absent."""

    scheme: str
    userinfo: str | None
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None

    @property
    def authority(self) -> str:
        """Host, and the port if it is not the scheme's own: what the Host header says."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def target(self) -> str:
        """Path and query: what a request line says."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def connect_port(self) -> int:
        return self.port or _DEFAULT_PORT[self.scheme]

    def __str__(self) -> str:
        user = f"{self.userinfo}@" if self.userinfo else ""
        fragment = f"#{self.fragment}" if self.fragment is not None else ""
        return f"{self.scheme}://{user}{self.authority}{self.target}{fragment}"


class UrlRefused(ValueError):
    """Not an http or https URL that can be asked for. `reason`: scheme or url_invalid."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url!r} cannot be fetched: {reason}")
        self.url, self.reason = url, reason


def parse_url(text: str) -> Url:
    """The normal form; parsing its string once more gives the same. Raises UrlRefused."""
    cleaned = re.sub(r"[\t\n\r]", "", text.strip(_CONTROLS))
    scheme, found = cleaned, _SCHEME.match(cleaned)
    if found is None or (scheme := found[1].lower()) not in _DEFAULT_PORT:
        raise UrlRefused(text, "scheme")
    rest, _, fragment = cleaned[found.end() :].partition("#")
    rest, mark, query = rest.partition("?")
    authority, slash, path = rest.replace("\\", "/").lstrip("/").partition("/")
    userinfo, _, place = authority.rpartition("@")
    host, port = _place(text, place, scheme)
    return Url(
        scheme=scheme,
        userinfo=_escaped(userinfo, _IN_PATH - frozenset("/@")) or None,
        host=host,
        port=port,
        path=_without_dots(_escaped(slash + path, _IN_PATH)),
        query=_escaped(query, _IN_QUERY) if mark else None,
        fragment=_escaped(fragment, _IN_QUERY) if fragment else None,
    )


def join_url(base: str, reference: str) -> str:
    """The reference as seen from `base` (RFC 3986 section 5), as it stands where it cannot be joined."""
    try:
        return urljoin(base, reference.strip(_CONTROLS))
    except ValueError:
        return reference


def web_url(text: str | None, base: str = "") -> str | None:
    """The text as an http(s) URL seen from `base`, normalised; None for anything else (`javascript:`, `data:`, junk)."""
    if not text or not text.strip(_CONTROLS):
        return None
    try:
        return str(parse_url(join_url(base, text) if base else text))
    except UrlRefused:
        return None


def _place(text: str, place: str, scheme: str) -> tuple[str, int | None]:
    bracket = _IPV6.match(place)
    host, _, digits = (place[: bracket.end()], "", place[bracket.end() + 1 :]) if bracket else place.partition(":")
    if bracket and place[bracket.end() : bracket.end() + 1] not in ("", ":"):
        raise UrlRefused(text, "url_invalid")
    if digits and not (digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) < 65536):
        raise UrlRefused(text, "url_invalid")
    port = int(digits) if digits else None
    return _host(text, host), None if port == _DEFAULT_PORT[scheme] else port


def _host(text: str, host: str) -> str:
    if _IPV6.fullmatch(host):
        return host.lower()
    plain = re.sub(r"%([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), host)
    if not plain.isascii():
        try:
            plain = idna.encode(plain, uts46=True).decode()
        except (idna.IDNAError, UnicodeError) as error:
            raise UrlRefused(text, "url_invalid") from error
    plain = plain.lower().removesuffix(".")
    if not _HOST.fullmatch(plain) or ".." in plain or plain.startswith("."):
        raise UrlRefused(text, "url_invalid")
    return plain


def _escaped(text: str, allowed: frozenset[str]) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            char = chr(int(found[1], 16))
            return char if char in _UNRESERVED else f"%{found[1].upper()}"
        char = found[2]
        return char if char in allowed else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))

    return _ESCAPE.sub(one, text)


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4. The empty path is `/`."""
    kept: list[str] = []
    parts = path.split("/")[1:] or [""]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "..":
            del kept[-1:]
        if part not in (".", ".."):
            kept.append(part)
        elif last:
            kept.append("")
    return "/" + "/".join(kept)
