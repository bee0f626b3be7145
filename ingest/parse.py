"""Bytes of a feed → items: RSS 0.9x to 2.0, RDF, Atom, JSON Feed. The only file that imports feedparser.

feedparser mends what publishers break. What it must not see is refused first, on exactly the characters that it will parse:
the bytes are decoded here once, by its own rules, and handed over as UTF-8.
"""

import re
from calendar import timegm
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

import feedparser
from feedparser.encodings import convert_to_utf8

from ingest.guard import without_doctype, xml_refusal
from ingest.item import Item, ParsedFeed, Unreadable
from ingest.jsonfeed import parse_json_feed
from ingest.plain import paragraphs, plain_byline, plain_line
from ingest.urls import web_url
from store.clock import from_micros

MOST_ITEMS = 1000
"""Items of one feed that are looked at; publishers list the newest first."""

_ROOT = re.compile(r"<(rss|feed|rdf:RDF|RDF|channel)\b|<\w+:(?:feed|RDF)\b", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_END = re.compile(r"</(?:rss|feed|rdf:RDF|RDF|channel)\s*>|</\w+:(?:feed|RDF)\s*>", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FOREIGN_CODECS = re.compile(
    rb"""encoding\s*=\s*["'](?:utf-?7|cp0?37|cp500|cp10\d\d|cp11\d\d|.*(?:escape|idna|punycode))""", re.IGNORECASE
)
"""Encodings in which markup does not look like ASCII, or that Python alone would honour: a hiding place, never a feed."""


def parse_feed(body: bytes, headers: Mapping[str, str], url: str, most_items: int = MOST_ITEMS) -> ParsedFeed | Unreadable:
    """The feed's items in its own order, with what had to be mended; never raises for what is in `body`.

    `url` is where it was found: relative links are resolved against it. Nothing is fetched.
    """
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return Unreadable("empty")
    if body.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"{"):
        return parse_json_feed(body.lstrip(b" \t\r\n"), url, most_items)
    if _FOREIGN_CODECS.search(body[:200]):
        return Unreadable("not_a_feed")
    notes: dict[str, Any] = {}
    mark = _BOM if body.startswith(_BOM) else b""
    body = mark + body.removeprefix(mark).lstrip(b" \t\r\n")
    text = convert_to_utf8(dict(headers), body, notes).decode("utf-8", "replace")
    refused = xml_refusal(text)
    if refused or not _ROOT.search(text[:4000]):
        return Unreadable(refused or ("html" if _HTML.search(text[:4000]) else "not_a_feed"))
    if _HTML.search(text[: _first_root(text)]):
        return Unreadable("html")
    return _parsed(without_doctype(text), notes, url, most_items)


def _first_root(text: str) -> int:
    found = _ROOT.search(text)
    return found.start() if found else 0


def _parsed(text: str, notes: Mapping[str, Any], url: str, most_items: int) -> ParsedFeed | Unreadable:
    declared = {"content-type": "application/xml; charset=utf-8"}  # no base: an id must not depend on the feed's address
    # a stream, never the bytes themselves: feedparser takes a short body for the name of a file to open
    found = feedparser.parse(
        BytesIO(text.encode("utf-8", "replace")), response_headers=declared, sanitize_html=False, resolve_relative_uris=False
    )
    if not found.version and not found.entries:
        return Unreadable("not_a_feed")
    language = found.feed.get("language") or None
    items = [_item(entry, url, language) for entry in found.entries[:most_items]]
    problems = []
    if not _END.search(text):
        problems.append("truncated")
        del items[len(found.entries) - 1 :]
    if isinstance(notes.get("bozo_exception"), feedparser.CharacterEncodingOverride | feedparser.CharacterEncodingUnknown):
        problems.append("encoding")
    if found.bozo and not isinstance(found.get("bozo_exception"), feedparser.ThingsNobodyCaresAboutButMe):
        problems.append("broken_xml")
    if len(items) < len(found.entries):
        problems.append("items_dropped")
    return ParsedFeed(plain_line(found.feed.get("title") or "") or None, tuple(items), language, tuple(problems))


def _item(entry: Any, base: str, language: str | None) -> Item:
    markup, plain = _content(entry)
    return Item(
        guid=plain_line(entry.get("id") or "") or None,
        url=web_url(_link(entry), base),
        title=plain_line(entry.get("title") or ""),
        summary=plain_line(entry.get("summary") or ""),
        html=markup,
        text=paragraphs(plain) if plain else None,
        byline=plain_byline(entry.get("author") or ""),
        published=_instant(entry, "published_parsed") or _instant(entry, "created_parsed"),
        updated=_instant(entry, "updated_parsed"),
        language=language,
    )


def _link(entry: Any) -> str | None:
    """The article's own page: Atom's alternate link, RSS's link, or a guid that says it is one."""
    link = entry.get("link")
    if not link:
        alternates = [one.get("href") for one in entry.get("links", ()) if one.get("rel") == "alternate"]
        link = alternates[0] if alternates else None
    return link or None


def _content(entry: Any) -> tuple[str | None, str | None]:
    """(markup, plain text) of content:encoded or atom:content; each None where absent."""
    for part in entry.get("content", ()):
        value = part.get("value") or ""
        if value.strip():
            return (None, value) if part.get("type") == "text/plain" and "<" not in value else (value, None)
    return None, None


def _instant(entry: Any, name: str) -> datetime | None:
    """The date that feedparser read, in UTC; without its fallback from one date to another."""
    parsed = dict.get(entry, name)
    if parsed is None:
        return None
    try:
        return from_micros(timegm(parsed) * 1_000_000)
    except (OverflowError, ValueError):
        return None
