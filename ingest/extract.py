"""Page → text. The only file that imports trafilatura; the language is py3langid's guess on the text.

A rendition is named by everything that could change it, so that two texts of one name are comparable, and a new version of
the extractor makes a new rendition of the stored page instead of a revision that nobody published.
"""

import re
from copy import deepcopy
from typing import Any

import msgspec
import py3langid
import trafilatura
from lxml.etree import ParserError

from ingest.metadata import Metadata, read_metadata
from ingest.plain import paragraphs, plain_paragraphs
from ingest.urls import join_url, web_url

RULES = 1
"""Counts our own changes to how text is extracted."""
PAGE_RENDITION = f"trafilatura-{trafilatura.__version__}+{RULES}"
FEED_RENDITION = f"feed-{RULES}"
LARGEST_PAGE = 4 * 1024 * 1024
MOST_TAGS = 40_000
"""A long article's page has some 5,000. What has many more is no article, and takes the extractor minutes."""
_LEAST_FOR_LANGUAGE = 80

_DECLARATION = re.compile(r"^\s*<\?xml[^<>]*\?>")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:\-]+)", re.IGNORECASE)


class Extracted(msgspec.Struct, frozen=True):
    """A page's text, one paragraph a line with empty lines between, and what the page says of itself.

    `text` is empty where no article was found. `canonical` is absolute; `language` an ISO 639-1 code, None if unsure.
    """

    text: str
    metadata: Metadata
    canonical: str | None
    language: str | None
    rendition: str = PAGE_RENDITION


def extract_page(body: bytes, content_type: str | None, url: str) -> Extracted | None:
    """What a reader of the page would read; None for what is no HTML, or far more of it than any article has.

    Deterministic: the same bytes give the same text on any day. Nothing is fetched.
    """
    if len(body) > LARGEST_PAGE or body.count(b"<") > MOST_TAGS or not _is_html(content_type):
        return None
    tree = _tree(_decoded(body, content_type))
    if tree is None:
        return None
    for unseen in tree.xpath("//noscript"):
        unseen.drop_tree()
    metadata = read_metadata(tree)
    tree_as_it_is = deepcopy(tree)
    found = trafilatura.extract(
        tree, include_comments=False, include_tables=False, include_formatting=False, with_metadata=False, deduplicate=False
    )
    text = _without_title(paragraphs(found or ""), metadata.title)
    if _everything(text, metadata.title):
        text = _short_article(tree_as_it_is) or text
    canonical = web_url(join_url(url, metadata.canonical)) if metadata.canonical else None
    return Extracted(text, metadata, canonical, language_of(text))


def extract_fragment(markup: str) -> str:
    """The text of a feed item's own HTML: nothing to strip but tags, the publisher sent no page around it."""
    return plain_paragraphs(markup)


def language_of(text: str) -> str | None:
    """ISO 639-1 code; None for texts too short to tell."""
    if len(text) < _LEAST_FOR_LANGUAGE:
        return None
    code, _ = py3langid.classify(text[:5000])
    return str(code)


def _tree(text: str) -> Any:
    try:
        return trafilatura.load_html(text)
    except (ParserError, ValueError):
        return None


def _is_html(content_type: str | None) -> bool:
    kind = (content_type or "text/html").partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml", "text/plain", "")


def _decoded(body: bytes, content_type: str | None) -> str:
    """By byte order mark, the header's charset, the page's own, UTF-8; what no name fits is read as Windows-1252."""
    head = body[:2048].decode("ascii", "replace")
    named = [found[1] for found in (_CHARSET.search(content_type or ""), _CHARSET.search(head)) if found]
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        named.insert(0, "utf-16")
    for name in ("utf-8-sig", *named):
        try:
            return _DECLARATION.sub("", body.decode(name))
        except (UnicodeDecodeError, LookupError):
            continue
    return _DECLARATION.sub("", body.decode("cp1252", "replace"))


def _without_title(text: str, title: str | None) -> str:
    first, _, rest = text.partition("\n\n")
    return rest if title and first == title else text


def _everything(text: str, title: str | None) -> bool:
    """Whether the extractor gave up on a short page and returned all of it, menus included, as one line."""
    return bool(title) and "\n" not in text and str(title) in text


def _short_article(tree: Any) -> str:
    """The paragraphs of a page too short to be told from its surroundings: those inside the article element."""
    found = tree.xpath(
        "(//article | //main)[1]//p[not(ancestor::aside or ancestor::nav or ancestor::header or ancestor::footer"
        " or ancestor::form or ancestor::figure or ancestor::section[contains(@class, 'related')])]"
        "[not(contains(@class, 'meta') or contains(@class, 'byline') or contains(@class, 'share'))]"
    )
    return paragraphs("\n".join(" ".join("".join(one.itertext()).split()) for one in found))
