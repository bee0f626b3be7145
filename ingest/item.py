"""What a feed says: its items, as plain values, whatever format they came in."""

from datetime import datetime

import msgspec


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item. `title` and `summary` are one line of plain text, empty if absent; `url` is http(s), absolute, as given.

    `html` is the content as the publisher's markup, `text` as plain paragraphs; the dates are what the feed claims.
    """

    guid: str | None = None
    url: str | None = None
    title: str = ""
    summary: str = ""
    html: str | None = None
    text: str | None = None
    byline: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    shared_url: bool = False
    """Other items of the feed link to the same page: the address is no article's own."""

    @property
    def page_url(self) -> str | None:
        """Where the article's own page is, if it has one."""
        return None if self.shared_url else self.url


class ParsedFeed(msgspec.Struct, frozen=True):
    """`problems` are stable codes of what was wrong and mended: broken_xml, encoding, truncated
    (its last item, which may be half of one, is left out), items_dropped."""

    title: str | None
    items: tuple[Item, ...]
    language: str | None = None
    problems: tuple[str, ...] = ()


class Unreadable(msgspec.Struct, frozen=True):
    """No items can be had. `reason`: empty, html, dtd, too_deep, too_many_tags, json_invalid, not_a_feed."""

    reason: str
