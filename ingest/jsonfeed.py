"""JSON Feed 1.1 (and 1.0) → ParsedFeed. https://www.jsonfeed.org/version/1.1/"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ingest.item import Item, ParsedFeed, Unreadable
from ingest.plain import paragraphs, plain_byline, plain_line
from ingest.urls import web_url


def parse_json_feed(body: bytes, url: str, most_items: int) -> ParsedFeed | Unreadable:
    """Items that are no objects or name nothing are dropped and counted; unknown fields are ignored."""
    try:
        feed = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unreadable("json_invalid")
    if not isinstance(feed, dict) or not str(feed.get("version", "")).startswith("https://jsonfeed.org/version/1"):
        return Unreadable("not_a_feed")
    raw = feed.get("items")
    entries = raw if isinstance(raw, list) else []
    items = [_item(entry, url, _text(feed, "language")) for entry in entries[:most_items] if isinstance(entry, dict)]
    problems = ["items_dropped"] if len(items) < len(entries) else []
    return ParsedFeed(
        title=plain_line(_text(feed, "title") or "") or None,
        items=tuple(items),
        language=_text(feed, "language"),
        problems=tuple(problems),
    )


def _item(entry: Mapping[str, Any], base: str, language: str | None) -> Item:
    identity = entry.get("id")
    names = [author.get("name") for author in _authors(entry) if isinstance(author, dict)]
    plain = _text(entry, "content_text")
    return Item(
        guid=str(identity) if isinstance(identity, str | int | float) and str(identity) else None,
        url=web_url(_text(entry, "url") or _text(entry, "external_url"), base),
        title=plain_line(_text(entry, "title") or ""),
        summary=plain_line(_text(entry, "summary") or ""),
        html=_text(entry, "content_html"),
        text=paragraphs(plain) if plain else None,
        byline=plain_byline(", ".join(name for name in names if isinstance(name, str))),
        published=_instant(_text(entry, "date_published")),
        updated=_instant(_text(entry, "date_modified")),
        language=_text(entry, "language") or language,
    )


def _authors(entry: Mapping[str, Any]) -> list[Any]:
    """1.1 has a list, 1.0 one object."""
    many = entry.get("authors")
    return many if isinstance(many, list) else [entry.get("author")]


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def _instant(text: str | None) -> datetime | None:
    """RFC 3339; a date without a zone is taken as UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
