"""A notice as Slack blocks, in which nothing from outside can become a link, a mention or formatting.

Words from outside stand in `plain_text` objects only, with `&`, `<` and `>` escaped; the single link of an item is
built here from an address that `outside.link` has vetted. Limits as Slack documents them: 50 blocks, 150 characters in
a header, 3000 in a section, 2000 in a context element.
"""

from typing import Any

from alerts.compose import Item, Notice, said_by

MOST_BLOCKS = 50
HEADER, SECTION, CONTEXT = 150, 3_000, 2_000
FALLBACK = 3_000


def escaped(text: str, most: int) -> str:
    """The text with Slack's three special characters escaped, at most `most` characters, never cut inside an entity."""
    out: list[str] = []
    room = most - 1
    for char in text:
        piece = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(char, char)
        if len(piece) > room:
            return "".join(out).rstrip() + "…"
        out.append(piece)
        room -= len(piece)
    return "".join(out)


def payload(notice: Notice) -> dict[str, Any]:
    """What `chat.postMessage` and incoming webhooks take, without channel or thread."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(notice.title or notice.subject, HEADER)}]
    for item in notice.items:
        if len(blocks) + 4 > MOST_BLOCKS:
            break
        blocks += _item(item)
    if notice.omitted:
        blocks.append({"type": "section", "text": _plain(f"… and {notice.omitted} more.", SECTION)})
    blocks.append({"type": "context", "elements": [_plain(notice.footer, CONTEXT)]})
    return {
        "text": escaped(notice.subject, FALLBACK),
        "blocks": blocks,
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": escaped(text, most) or "-", "emoji": False}


def _item(item: Item) -> list[dict[str, Any]]:
    told = "\n".join(item.headlines) + (f"\n“{item.quote}”" if item.quote else "")
    elements = [_plain(said_by(item), 400)] if said_by(item) else []
    if item.url:
        elements.append({"type": "mrkdwn", "text": f"<{link_address(item.url)}|article>", "verbatim": True})
    elements.append(_plain(f"event {item.position}", 100))
    return [
        {"type": "section", "text": _plain(told, SECTION)},
        {"type": "context", "elements": elements},
    ]


def link_address(url: str) -> str:
    """The address between `<` and `|`: what `outside.link` left is plain ASCII, only `&` needs Slack's escape."""
    return url.replace("|", "%7C").replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E")
