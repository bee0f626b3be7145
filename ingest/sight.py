"""What we saw of an article: a text from its page or its feed, or that it is not there; and when a feed's text is enough."""

import re
from datetime import datetime
from typing import Literal

import msgspec

from ingest.extract import FEED_RENDITION, PAGE_RENDITION, extract_fragment, extract_page, language_of
from ingest.item import Item
from ingest.outcome import Failed, Fetched, Gone, Missing, NotModified, Outcome
from ingest.state import Source
from ingest.urls import parse_url

LEAST_WHOLE = 400
"""Characters that a feed's text must have to pass for the whole article."""

_CUT_OFF = re.compile(
    r"(?:…|\.\.\.|\[(?:…|\.\.\.)\]|\n\W*more"
    r"|\b(?:read (?:more|on|the (?:full|whole) \w+)|continue reading|full story)\b[^.\n]{0,60})\W*$",
    re.IGNORECASE,
)


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text of an article as seen once. `page` are the page's bytes when it came from there."""

    title: str
    body: str
    source: Source
    rendition: str
    url: str
    byline: str | None = None
    outlet_name: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    canonical: str | None = None
    page: bytes | None = None
    etag: str | None = None
    last_modified: str | None = None


class Vanished(msgspec.Struct, frozen=True):
    """The page says that it is not there."""

    reason: Literal["410", "404"]


class Unseen(msgspec.Struct, frozen=True):
    """No text was seen. `not_modified`: it is what it was. `failed`: try again. `refused`: our rules or the site's forbid
    it. `unreadable`: something came, but no article in it."""

    why: Literal["not_modified", "failed", "refused", "unreadable"]
    detail: str = ""


Sight = Text | Vanished | Unseen


def whole_text(item: Item) -> Text | None:
    """The article's text, if the feed clearly carries the whole of it; else its page must be fetched.

    Clearly whole: it comes as content, not as a summary (content:encoded, atom:content, content_html, content_text), has at
    least `LEAST_WHOLE` characters and two paragraphs, and does not end in a mark of being cut off.
    """
    body = item.text or (extract_fragment(item.html) if item.html else "")
    if len(body) < LEAST_WHOLE or "\n" not in body or _CUT_OFF.search(body[-120:]):
        return None
    return _from_feed(item, body, "feed")


def summary_text(item: Item) -> Text:
    """The best that the feed itself offers, for an article whose page cannot be read."""
    body = item.text or (extract_fragment(item.html) if item.html else "") or item.summary
    return _from_feed(item, body, "summary")


def page_sight(outcome: Outcome, asked: str, item: Item | None) -> Sight:
    """What a fetched page shows. Pure but for the extractor's work; `item` lends title and byline where the page has none.

    A page that led to the front page of its site was taken away quietly; that is no text of the article.
    """
    match outcome:
        case NotModified():
            return Unseen("not_modified")
        case Gone():
            return Vanished("410")
        case Missing():
            return Vanished("404")
        case Failed(reason=reason):
            return Unseen("failed", reason)
        case Fetched():
            return _page_text(outcome, asked, item)
    return Unseen("refused", outcome.reason)


def _page_text(fetched: Fetched, asked: str, item: Item | None) -> Text | Unseen:
    if parse_url(fetched.url).path == "/" != parse_url(asked).path:
        return Unseen("unreadable", "front_page")
    found = extract_page(fetched.body, fetched.headers.get("content-type"), fetched.url)
    if found is None or not found.text:
        return Unseen("unreadable", "no_text")
    said = found.metadata
    return Text(
        title=said.title or (item.title if item else ""),
        body=found.text,
        source="page",
        rendition=PAGE_RENDITION,
        url=asked,
        byline=said.byline or (item.byline if item else None),
        outlet_name=said.outlet,
        published=said.published,
        modified=said.modified,
        language=found.language or _code(said.language),
        canonical=found.canonical,
        page=fetched.body,
        etag=fetched.headers.get("etag"),
        last_modified=fetched.headers.get("last-modified"),
    )


def _from_feed(item: Item, body: str, source: Source) -> Text:
    return Text(
        title=item.title or body.partition("\n")[0][:120],
        body=body,
        source=source,
        rendition=FEED_RENDITION,
        url=item.url or "",
        byline=item.byline,
        published=item.published or item.updated,
        modified=item.updated,
        language=language_of(body) or _code(item.language),
    )


def _code(tag: str | None) -> str | None:
    """The language of a tag such as `en-GB`."""
    return tag.strip().lower().replace("_", "-").partition("-")[0][:3] or None if tag else None
