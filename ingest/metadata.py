"""What a page says about itself: title, canonical address, byline, dates, language. Read from its markup with lxml.

The dates are claims, in the publisher's words; nothing here compares them with today, so the same page gives the same
answer on any day (a general date finder drops dates that lie in its own future).
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from lxml.html import HtmlElement

from ingest.dateline_text import stated_dates
from ingest.plain import plain_byline, plain_line

_ARTICLE_TYPES = ("Article", "Posting", "Report", "Review", "Blog")
_LARGEST_JSON = 200_000
_PUBLISHED = (
    "article:published_time",
    "datepublished",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "parsely-pub-date",
)
_MODIFIED = ("article:modified_time", "datemodified", "last-modified", "dcterms.modified", "og:updated_time")


class Metadata(msgspec.Struct, frozen=True):
    """Each None where the page is silent. `canonical` is as written, perhaps relative."""

    title: str | None
    canonical: str | None
    byline: str | None
    outlet: str | None
    published: datetime | None
    modified: datetime | None
    language: str | None


def read_metadata(tree: HtmlElement) -> Metadata:
    """Never raises for what is in the page. Linked data first, then meta elements, then what a reader sees."""
    linked = next(_linked_articles(tree), {})
    metas = _metas(tree)
    stated = stated_dates(_head_text(tree))
    return Metadata(
        title=_title(tree, metas, linked),
        canonical=_first(tree.xpath("//link[@rel='canonical']/@href")) or metas.get("og:url"),
        byline=_byline(tree, metas, linked),
        outlet=_outlet(metas, linked),
        published=_instant(linked.get("datePublished")) or _meta_date(metas, _PUBLISHED) or _time(tree) or stated.published,
        modified=_instant(linked.get("dateModified")) or _meta_date(metas, _MODIFIED) or stated.modified,
        language=_first(tree.xpath("/html/@lang")),
    )


def _first(found: Any) -> str | None:
    return next((text for one in found if (text := str(one).strip())), None)


def _metas(tree: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        if name and meta.get("content"):
            found.setdefault(name.strip().lower(), meta.get("content").strip())
    return found


def _linked_articles(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """schema.org articles in JSON-LD scripts, in the page's order."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        text = script.text or ""
        if len(text) > _LARGEST_JSON:
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for thing in _things(data):
            kinds = thing.get("@type")
            if any(str(kind).endswith(_ARTICLE_TYPES) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                yield thing


def _things(data: Any) -> Iterator[dict[str, Any]]:
    for thing in data if isinstance(data, list) else [data]:
        if isinstance(thing, dict):
            yield thing
            graph = thing.get("@graph")
            yield from (node for node in graph if isinstance(node, dict)) if isinstance(graph, list) else ()


def _title(tree: HtmlElement, metas: dict[str, str], linked: dict[str, Any]) -> str | None:
    """The headline a reader sees; a page with several of the highest rank is believed about itself instead."""
    for path in ("//article//h1", "//h1"):
        headlines = [line for one in tree.xpath(path) if (line := plain_line(" ".join(one.itertext())))]
        if len(headlines) == 1:
            return headlines[0]
    candidates = (linked.get("headline"), metas.get("og:title"), _first(tree.xpath("//head/title/text()")))
    return next((line for one in candidates if isinstance(one, str) and (line := plain_line(one))), None)


def _byline(tree: HtmlElement, metas: dict[str, str], linked: dict[str, Any]) -> str | None:
    names = [name for one in _several(linked.get("author")) if (name := one.get("name") if isinstance(one, dict) else one)]
    said = ", ".join(name for name in names if isinstance(name, str)) or metas.get("author")
    if not said or said.startswith("http"):
        said = _first(" ".join(one.itertext()) for one in tree.xpath("//*[@rel='author' or contains(@class,'byline')]"))
    return plain_byline(said) if said else None


def _outlet(metas: dict[str, str], linked: dict[str, Any]) -> str | None:
    publisher = linked.get("publisher")
    said = metas.get("og:site_name") or (publisher.get("name") if isinstance(publisher, dict) else publisher)
    return plain_line(said) or None if isinstance(said, str) else None


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _meta_date(metas: dict[str, str], names: tuple[str, ...]) -> datetime | None:
    return next((found for name in names if (found := _instant(metas.get(name)))), None)


def _time(tree: HtmlElement) -> datetime | None:
    return _instant(_first(tree.xpath("//article//time/@datetime")))


def _head_text(tree: HtmlElement) -> str:
    """The first 3,000 characters that a reader sees, one block a line: where papers say when they posted and modified."""
    body = tree.find("body")
    if body is None:
        return ""
    for element in body.iter("script", "style"):
        element.text = ""
    return "\n".join(body.itertext())[:3000]


def _instant(value: Any) -> datetime | None:
    """ISO 8601, zone or UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
