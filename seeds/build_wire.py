"""Build the recorded wire of the demonstration from its source.

`python -m seeds.build_wire` writes `manifest.jsonl`, `bodies/`, `truth.jsonl` and the two `feeds.opml`;
with `--check` it writes nothing and fails if any of them differs. The same source gives the same bytes.
The wire is a list of changes: what an URL answers from a moment on, until the next line for that URL.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import yaml

from seeds.wire_formats import FORMATS, Article, Outlet, instant, notice, page_html, stamp

SEEDS = Path(__file__).resolve().parent
SOURCE = SEEDS / "wire" / "source"
START = datetime(2023, 7, 26, tzinfo=UTC)
ITEMS_IN_A_FEED = 12


# --- reading the source


def read_outlets() -> dict[str, Outlet]:
    loaded = yaml.safe_load((SOURCE / "outlets.yaml").read_text("utf-8"))
    return {key: Outlet(key, options, feed_url=options["home"] + options["feed"]) for key, options in loaded.items()}


def read_articles(outlets: dict[str, Outlet]) -> list[Article]:
    """All articles in order of publication; a syndicated copy takes its text from the original."""
    articles: dict[str, Article] = {}
    for path in sorted(SOURCE.glob("*.md")):
        parts = re.split(r"^---\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
        for front, body in zip(parts[::2], parts[1::2], strict=True):
            options = yaml.safe_load(front)
            text = body.strip()
            if original := options.get("copy_of"):
                paragraphs = articles[original].page.split("\n\n")
                text = "\n\n".join(paragraphs[: options.get("copy_paragraphs")])
            outlet = outlets[options["outlet"]]
            articles[options["id"]] = Article(outlet, options, text, text, instant(options["at"]))
    return sorted(articles.values(), key=lambda article: (article.published, article.id))


# --- the wire


@dataclass(frozen=True)
class Answer:
    """What an URL answers from a moment on."""

    name: str
    body: bytes
    headers: dict[str, str]
    status: int = 200


def fresh(at: datetime, name: str, body: bytes, kind: str) -> Answer:
    headers = {
        "content-type": kind,
        "etag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        "last-modified": format_datetime(at, usegmt=True),
        "cache-control": "max-age=300",
    }
    return Answer(name, body, headers)


def refusal(status: int, name: str, body: bytes, **headers: str) -> Answer:
    basic = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
    return Answer(name, body, basic | {key.replace("_", "-"): value for key, value in headers.items()}, status)


class Wire:
    """The manifest's lines and the bodies, in the order in which things happened."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.bodies: dict[str, bytes] = {}

    def put(self, at: datetime, url: str, answer: Answer) -> None:
        self.bodies[answer.name] = answer.body
        record = {"at": stamp(at), "url": url, "status": answer.status, "headers": answer.headers}
        self.lines.append(record | {"body_file": f"bodies/{answer.name}"})

    def page(self, at: datetime, article: Article) -> None:
        """The page's new state, also under the URL with tracking parameters that the feed gives."""
        kind = f"text/html; charset={article.outlet.encoding}"
        answer = fresh(at, f"{article.id}_r{article.revision}.html", page_html(article), kind)
        for url in dict.fromkeys((article.url, article.link)):
            self.put(at, url, answer)

    def feed(self, at: datetime, outlet: Outlet) -> None:
        """The feed's new state, unless the feed is failing: it then shows when the feed is back."""
        if outlet.failing:
            return
        render, kind, extension = FORMATS[outlet.options["format"]]
        body = render(outlet, at).encode(outlet.encoding, "xmlcharrefreplace")
        name = f"feed_{outlet.key}_{outlet.states:03}.{extension}"
        outlet.states += 1
        self.put(at, outlet.feed_url, fresh(at, name, body, f"{kind}; charset={outlet.encoding}"))


def publish(wire: Wire, at: datetime, article: Article) -> None:
    outlet = article.outlet
    article.related = [other.title for other in outlet.items[:3]]
    outlet.items = [article, *outlet.items][:ITEMS_IN_A_FEED]
    wire.page(at, article)
    wire.feed(at, outlet)


def edit(wire: Wire, at: datetime, article: Article, change: dict[str, Any]) -> None:
    """A new state of the page. Only an open edit moves the dates and reaches the feed."""
    for old, new in change["replace"]:
        if old not in article.page:
            raise ValueError(f"{article.id}: nothing to replace: {old}")
        article.page = article.page.replace(old, new)
    article.revision += 1
    if change["open"]:
        article.modified, article.announced = at, article.page
    wire.page(at, article)
    if change["open"]:
        wire.feed(at, article.outlet)


def withdraw(wire: Wire, at: datetime, article: Article) -> None:
    gone = notice("Gone", "This page has been removed.")
    for url in dict.fromkeys((article.url, article.link)):
        wire.put(at, url, refusal(410, f"{article.id}_gone.html", gone))
    article.outlet.items = [other for other in article.outlet.items if other is not article]
    wire.feed(at, article.outlet)


def fail(wire: Wire, at: datetime, outlet: Outlet, status: int) -> None:
    outlet.failing = True
    body = notice("Service unavailable", "Please try again later.")
    wire.put(at, outlet.feed_url, refusal(status, f"{outlet.key}_failing.html", body, retry_after="3600"))


def recover(wire: Wire, at: datetime, outlet: Outlet) -> None:
    outlet.failing = False
    wire.feed(at, outlet)


def move(wire: Wire, at: datetime, outlet: Outlet, target: str) -> None:
    body = notice("Moved", "This feed has a new address.")
    wire.put(at, outlet.feed_url, refusal(301, f"{outlet.key}_moved.html", body, location=target))
    outlet.feed_url = target
    wire.feed(at, outlet)


Step = tuple[datetime, Callable[..., None], tuple[Any, ...]]


def steps(outlets: dict[str, Outlet], articles: list[Article]) -> Iterator[Step]:
    """Everything that happens, in no particular order."""
    for outlet in outlets.values():
        yield START, Wire.feed, (outlet,)
        if outage := outlet.options.get("outage"):
            yield instant(outage["from"]), fail, (outlet, outage["status"])
            yield instant(outage["until"]), recover, (outlet,)
        if moved := outlet.options.get("moved"):
            yield instant(moved["at"]), move, (outlet, moved["to"])
    for article in articles:
        yield article.published, publish, (article,)
        for change in article.options.get("edits", []):
            yield instant(change["at"]), edit, (article, change)
        if gone := article.options.get("withdrawn"):
            yield instant(gone), withdraw, (article,)


# --- the truth


def truth(articles: list[Article]) -> list[dict[str, Any]]:
    """What a correct reader finds on the wire; statuses first, in order of time."""
    extra = yaml.safe_load((SOURCE / "truth.yaml").read_text("utf-8"))
    urls = {article.id: article.url for article in articles}
    statuses = [{"kind": "status"} | row | {"at": stamp(instant(row["at"]))} for row in extra["status"]]
    other: list[dict[str, Any]] = [
        {"kind": "origins", "count": len(row["origins"])} | row | {"at": stamp(instant(row["at"]))} for row in extra["origins"]
    ]
    for article in articles:
        options, url = article.options, article.url
        for claim, status in options.get("status", []):
            at = article.published
            statuses.append({"kind": "status", "claim": claim, "status": status, "at": stamp(at)})
            row = {"kind": "row", "date": f"{at:%Y-%m-%d}", "claim": claim, "act": "status"}
            other.append(row | {"actor": None, "status": status, "url": url})
        for day, claim, act, actor in options.get("rows", []):
            assert isinstance(day, date)
            row = {"kind": "row", "date": day.isoformat(), "claim": claim, "act": act}
            other.append(row | {"actor": actor, "url": url})
        for change in options.get("edits", []):
            at = instant(change["at"])
            other.append({"kind": "edit", "url": url, "at": stamp(at), "what": change["what"]})
        if gone := options.get("withdrawn"):
            other.append({"kind": "withdrawn", "url": url, "at": stamp(instant(gone))})
        if original := options.get("copy_of"):
            other.append({"kind": "copy", "url": url, "of": urls[original]})
        other += [{"kind": kind, "url": url} for kind in ("off_topic", "lookalike") if options.get(kind)]
    return sorted(statuses, key=lambda row: row["at"]) + other


# --- the files


def opml(outlets: dict[str, Outlet]) -> str:
    lines = "".join(
        f'<outline type="rss" text="{escape(outlet.name)}" title="{escape(outlet.name)}" '
        f'xmlUrl="{outlet.options["home"]}{outlet.options["feed"]}" htmlUrl="{outlet.options["home"]}/"/>\n'
        for outlet in outlets.values()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0">'
        f"<head><title>September 2023</title></head><body>\n{lines}</body></opml>\n"
    )


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def build() -> dict[str, bytes]:
    """Every generated file, by its path relative to `seeds/`."""
    outlets = read_outlets()
    articles = read_articles(outlets)
    found = truth(articles)
    wire = Wire()
    for at, act, arguments in sorted(steps(outlets, articles), key=lambda step: step[0]):
        act(wire, at, *arguments)
    files = {f"wire/bodies/{name}": body for name, body in wire.bodies.items()}
    files["wire/manifest.jsonl"] = json_lines(wire.lines)
    files["wire/truth.jsonl"] = json_lines(found)
    files["wire/feeds.opml"] = files["feeds.opml"] = opml(outlets).encode()
    return files


def stale(files: dict[str, bytes]) -> list[str]:
    """Paths whose file is missing, differs or should not be there."""
    wrong = [path for path, body in files.items() if not same(SEEDS / path, body)]
    present = {f"wire/bodies/{path.name}" for path in (SEEDS / "wire" / "bodies").glob("*")}
    return sorted(wrong) + sorted(present - files.keys())


def same(path: Path, body: bytes) -> bool:
    return path.is_file() and path.read_bytes() == body


def main(arguments: list[str]) -> int:
    files = build()
    differing = stale(files)
    if "--check" in arguments:
        print("\n".join(differing) or "up to date")
        return 1 if differing else 0
    for name in differing:
        path = SEEDS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in files:
            path.write_bytes(files[name])
        else:
            path.unlink()
    print(f"{len(files)} files, {len(differing)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
