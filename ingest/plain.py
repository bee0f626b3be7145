"""Plain text out of what feeds and pages call text: no tags, no entities, no control characters."""

import html
import re

from ingest.guard import cut_out

_HIDDEN = re.compile(r"<(script|style|template|noscript)\b[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>|<[!?][^<>]*+>")
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|table|blockquote|section|article|header|footer|figure|figcaption|hr|pre|dd|dt)\b[^<>]*>",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\ufeff\u2028\u2029\ud800-\udfff]")
_BY = re.compile(r"^by\s+", re.IGNORECASE)
_LONGEST_LINE = 1000


def plain_line(text: str) -> str:
    """One line of plain text: a title, a name. Markup goes, also markup that was escaped twice; `5 < 6` stays."""
    for _ in range(3):
        before = text
        text = html.unescape(_untagged(text))
        if text == before:
            break
    text = _untagged(text)
    return " ".join(_CONTROL.sub(" ", text).split())[:_LONGEST_LINE].rstrip()


def _untagged(text: str) -> str:
    return _TAG.sub("", _BLOCK.sub(" ", _shown(text)))


def plain_paragraphs(markup: str) -> str:
    """The text of an HTML fragment, its blocks as paragraphs with an empty line between them."""
    lined = _BLOCK.sub("\n", re.sub(r"\s+", " ", _shown(markup)))
    return paragraphs(html.unescape(_TAG.sub("", lined)))


def paragraphs(text: str) -> str:
    """Every non-empty line as a paragraph, inner white space collapsed, with an empty line between paragraphs."""
    lines = (" ".join(line.split()) for line in _CONTROL.sub(" ", text.replace("\r", "\n")).split("\n"))
    return "\n\n".join(line for line in lines if line)


def plain_byline(text: str) -> str | None:
    """A name or names without the word that introduces them; None if nothing is left."""
    return _BY.sub("", plain_line(text)).strip() or None


def _shown(markup: str) -> str:
    """Without comments, scripts and styles. An element that never closes loses its tag only."""
    markup = cut_out(markup, "<!--", "-->")
    kept, at, unclosed = [], 0, set[str]()
    for found in _HIDDEN.finditer(markup):
        name = found[1].lower()
        if found.start() < at or name in unclosed:
            continue
        end = re.compile(rf"</{name}\s*+>", re.IGNORECASE).search(markup, found.end())
        if end is None:
            unclosed.add(name)
            continue
        kept.append(markup[at : found.start()])
        at = end.end()
    return " ".join([*kept, markup[at:]])
