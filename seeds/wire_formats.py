"""How the invented outlets publish: their pages, and their feeds in five formats.

Pure: an article or an outlet in, bytes or text out. `build_wire` decides what is published when.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape
from typing import Any


@dataclass
class Outlet:
    """An outlet, and what its feed shows at the moment."""

    key: str
    options: dict[str, Any]
    items: list[Article] = field(default_factory=list)
    states: int = 0
    failing: bool = False
    feed_url: str = ""

    @property
    def name(self) -> str:
        return str(self.options["name"])

    @property
    def encoding(self) -> str:
        return str(self.options.get("encoding", "utf-8"))

    @property
    def zone(self) -> timezone:
        return timezone(timedelta(hours=self.options["offset"]))


@dataclass
class Article:
    """An article as written, and its text in the page and (for the summary) in the feed."""

    outlet: Outlet
    options: dict[str, Any]
    page: str
    announced: str
    modified: datetime
    revision: int = 1
    related: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.options["id"])

    @property
    def title(self) -> str:
        return str(self.options["title"])

    @property
    def published(self) -> datetime:
        return instant(self.options["at"])

    @property
    def url(self) -> str:
        day = self.published.astimezone(self.outlet.zone)
        path = self.outlet.options["article"].format(
            id=self.id, slug=self.options["slug"], Y=f"{day:%Y}", m=f"{day:%m}", d=f"{day:%d}"
        )
        return f"{self.outlet.options['home']}{path}"

    @property
    def link(self) -> str:
        """The URL as the feed gives it."""
        tracking = self.outlet.options.get("tracking")
        return f"{self.url}?{tracking}" if tracking else self.url

    @property
    def feed_date(self) -> datetime | None:
        """The date in the feed: mostly the true one, else a wrong one or none."""
        stated = self.options.get("feed_date", self.published)
        return None if stated == "none" else instant(stated)

    @property
    def summary(self) -> str:
        return self.announced.split("\n\n")[0]


def instant(value: datetime) -> datetime:
    return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


def stamp(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


# --- pages


def page_dates(article: Article) -> str:
    """The line below the headline that says when, as the outlet's readers see it."""
    zone, outlet = article.outlet.options["zone"], article.outlet
    published = article.published.astimezone(outlet.zone)
    modified = article.modified.astimezone(outlet.zone)
    if outlet.options.get("posted"):
        return (
            f'<p class="date">Posted on : {published:%Y-%m-%d %H:%M} {zone} Modified on : {modified:%Y-%m-%d %H:%M} {zone}</p>'
        )
    shown = f"{published:%A} {published.day} {published:%B %Y}, {published:%H:%M} {zone}"
    updated = ""
    if article.modified != article.published:
        updated = f' <span class="updated">Updated {modified:%Y-%m-%d %H:%M} {zone}</span>'
    return f'<p class="date"><time datetime="{stamp(article.published)}">{shown}</time>{updated}</p>'


def page_head(article: Article) -> str:
    outlet = article.outlet
    lines = [
        f'<meta charset="{outlet.encoding}">',
        f"<title>{escape(article.title)} | {escape(outlet.name)}</title>",
        f'<link rel="canonical" href="{article.url}">',
        f'<meta property="og:title" content="{escape(article.title)}">',
        f'<meta property="og:site_name" content="{escape(outlet.name)}">',
        '<meta property="og:type" content="article">',
    ]
    if outlet.options.get("meta"):
        lines.append(f'<meta property="article:published_time" content="{stamp(article.published)}">')
        if article.modified != article.published:
            lines.append(f'<meta property="article:modified_time" content="{stamp(article.modified)}">')
    if outlet.options.get("jsonld"):
        schema = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": article.title,
            "datePublished": stamp(article.published),
            "dateModified": stamp(article.modified),
            "author": article.options["by"],
            "publisher": {"@type": "Organization", "name": outlet.name},
        }
        lines.append(f'<script type="application/ld+json">{json.dumps(schema)}</script>')
    return "\n".join(lines)


def page_html(article: Article) -> bytes:
    outlet = article.outlet
    sections = enumerate(outlet.options["nav"])
    nav = "".join(f'<li><a href="/{n}">{escape(word)}</a></li>' for n, word in sections)
    paragraphs = [f"<p>{escape(text, quote=False)}</p>" for text in article.page.split("\n\n")]
    if int(article.id) % 3 == 0:
        paragraphs.insert(
            2,
            '<aside class="newsletter"><h2>The morning in your inbox</h2><p>Sign up for our newsletter. '
            "You can leave at any time.</p></aside>",
        )
    related = "".join(f"<li>{escape(title)}</li>" for title in article.related)
    html = f"""<!DOCTYPE html>
<html lang="{article.options.get("lang", "en")}">
<head>
{page_head(article)}
<style>body{{font-family:serif}}</style>
</head>
<body class="{outlet.key}">
<header><a class="logo" href="/">{escape(outlet.name)}</a><nav><ul>{nav}</ul></nav></header>
<main>
<article>
<h1>{escape(article.title, quote=False)}</h1>
<p class="byline">{escape(article.options["by"])}</p>
{page_dates(article)}
<div class="share"><a href="#">Share</a> <a href="#">Print</a></div>
<div class="article-body">
{chr(10).join(paragraphs)}
</div>
</article>
<section class="related"><h2>More from {escape(outlet.name)}</h2><ul>{related}</ul></section>
</main>
<footer><p>© {escape(outlet.name)} 2023</p><p class="cookies">We use cookies to count visits. \
<a href="/cookies">Settings</a> <button>Accept</button></p></footer>
</body>
</html>
"""
    return html.encode(outlet.encoding, "xmlcharrefreplace")


def notice(title: str, text: str) -> bytes:
    """A page that says only that there is no article."""
    head = f"<!DOCTYPE html><html><head><title>{title}</title></head>"
    return f"{head}<body><p>{text}</p></body></html>\n".encode()


# --- feeds


def feed_rss2(outlet: Outlet, now: datetime) -> str:
    full = outlet.options["format"] == "rss2-full"
    items = []
    for article in outlet.items:
        when = article.feed_date
        items.append(
            f"<item><title>{escape(article.title)}</title><link>{escape(article.link)}</link>"
            f'<guid isPermaLink="false">{outlet.key}-{article.id}</guid>'
            + (f"<pubDate>{format_datetime(when, usegmt=True)}</pubDate>" if when else "")
            + f"<description>{escape(article.summary)}</description>"
            + (f"<content:encoded>{escape(as_html(article.announced))}</content:encoded>" if full else "")
            + "</item>\n"
        )
    return (
        f'<?xml version="1.0" encoding="{outlet.encoding}"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{escape(outlet.name)}</title><link>{outlet.options['home']}/</link>"
        f"<description>News from {escape(outlet.name)}</description>"
        f"<lastBuildDate>{format_datetime(now, usegmt=True)}</lastBuildDate>\n"
        f"{''.join(items)}</channel></rss>\n"
    )


def feed_atom(outlet: Outlet, now: datetime) -> str:
    host = outlet.options["home"].removeprefix("https://")
    entries = "".join(
        f"<entry><id>tag:{host},2023:{article.id}</id><title>{escape(article.title)}</title>"
        f'<link rel="alternate" type="text/html" href="{escape(article.link)}"/>'
        f"<published>{stamp(article.published)}</published><updated>{stamp(article.modified)}</updated>"
        f"<author><name>{escape(article.options['by'])}</name></author>"
        f"<summary>{escape(article.summary)}</summary></entry>\n"
        for article in outlet.items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{outlet.feed_url}</id><title>{escape(outlet.name)}</title><updated>{stamp(now)}</updated>"
        f'<link rel="self" href="{outlet.feed_url}"/>\n{entries}</feed>\n'
    )


def feed_rdf(outlet: Outlet, _now: datetime) -> str:
    listed = "".join(f'<rdf:li rdf:resource="{escape(article.link)}"/>' for article in outlet.items)
    items = "".join(
        f'<item rdf:about="{escape(article.link)}"><title>{escape(article.title)}</title>'
        f"<link>{escape(article.link)}</link><description>{escape(article.summary)}</description>"
        + (f"<dc:date>{stamp(article.feed_date)}</dc:date>" if article.feed_date else "")
        + "</item>\n"
        for article in outlet.items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="{outlet.feed_url}"><title>{escape(outlet.name)}</title>'
        f"<link>{outlet.options['home']}/</link><description>World news</description>"
        f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n{items}</rdf:RDF>\n"
    )


def feed_json(outlet: Outlet, _now: datetime) -> str:
    items = [
        {
            "id": f"{outlet.key}-{article.id}",
            "url": article.link,
            "title": article.title,
            "summary": article.summary,
            "date_published": article.published.astimezone(outlet.zone).isoformat(),
            "authors": [{"name": article.options["by"]}],
        }
        for article in outlet.items
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": f"{outlet.options['home']}/",
        "feed_url": outlet.feed_url,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1) + "\n"


def as_html(text: str) -> str:
    return "".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in text.split("\n\n"))


Renderer = Callable[[Outlet, datetime], str]

# By the outlet's format: who renders the feed, its media type, the extension of its file.
FORMATS: dict[str, tuple[Renderer, str, str]] = {
    "rss2": (feed_rss2, "application/rss+xml", "xml"),
    "rss2-full": (feed_rss2, "application/rss+xml", "xml"),
    "atom": (feed_atom, "application/atom+xml", "xml"),
    "rdf": (feed_rdf, "application/rdf+xml", "xml"),
    "json": (feed_json, "application/feed+json", "json"),
}
