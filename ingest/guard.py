"""What is refused before any XML parser sees it: document type definitions, entities, absurd nesting.

All of it is linear in the length of the text, whatever the text is: quantifiers give nothing back, and what never closes
is looked for once.
"""

import re

DEEPEST = 500
MOST_TAGS = 120_000
"""A feed of a thousand items has some 60,000; parsers take seconds for this many, minutes for a hostile million."""

_SUBSET = re.compile(r"<!DOCTYPE[^>\[<]*+\[", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[<]*+>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z_][^\s<>/]*+)[^<>]*+>")
_EMPTY = frozenset({"br", "img", "hr", "wbr", "input"})


def xml_refusal(text: str) -> str | None:
    """`dtd` for an internal subset or an entity declaration, `too_deep` for nesting beyond `DEEPEST`, `too_many_tags` for
    more than `MOST_TAGS`; else None.

    A plain DOCTYPE (RSS 0.91 has one) is harmless once `without_doctype` has removed it.
    """
    markup = cut_out(text, "<![CDATA[", "]]>")
    if _SUBSET.search(markup) or "<!ENTITY" in markup:
        return "dtd"
    if markup.count("<") > MOST_TAGS:
        return "too_many_tags"
    return "too_deep" if _too_deep(cut_out(markup, "<!--", "-->")) else None


def without_doctype(text: str) -> str:
    return _DOCTYPE.sub("", text, count=1)


def cut_out(text: str, opening: str, closing: str) -> str:
    """The text without everything from each `opening` to the next `closing`; what never closes stays."""
    kept, at = [], 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        kept.append(text[at:start])
        at = end + len(closing)
    return "".join(kept) + text[at:]


def _too_deep(markup: str) -> bool:
    depth = 0
    for found in _TAG.finditer(markup):
        if found[0].endswith("/>") or found[2].lower() in _EMPTY:
            continue
        depth = max(0, depth - 1) if found[1] else depth + 1
        if depth > DEEPEST:
            return True
    return False
