"""`dateline match`: what the reader finds in files, one plain object a mention, without any store."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
import trafilatura

from store.reading import Document, Mention, Name
from workers.read import Reader

_KEY = b"dateline match"
"""Signatures made here are compared with none."""


class UnreadableArticle(Exception):
    """A file that is no article in any form this command reads."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}; expected UTF-8 text, an HTML page, or a JSON object with `text`")
        self.path, self.detail = path, detail


class About(msgspec.Struct, frozen=True):
    """What is known of a document besides its text."""

    outlet: str | None = None
    url: str | None = None
    published: datetime | None = None


def match_files(reader: Reader, paths: Iterable[Path], docs: Path | None = None) -> Iterator[dict[str, Any]]:
    """One object a mention, in the order of the paths and of the text.

    `docs` is a JSON Lines file with `doc`, `outlet`, `url` and `published`; a file belongs to the `doc` that its
    name starts with, up to the first underscore. Offsets count characters of a text file as decoded, line ends kept;
    of a page, those of its extracted text. Raises UnreadableArticle.
    """
    known = about(docs) if docs else {}
    for path in paths:
        name = path.stem.split("_")[0]
        document = read_document(path, known.get(name, About()))
        for mention in reader.read(document).mentions:
            yield as_object(name, mention)


def read_document(path: Path, known: About) -> Document:
    """The file as a document; what the file itself says (JSON, HTML) fills what `known` leaves open."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            raw = file.read()
    except UnicodeDecodeError as error:
        raise UnreadableArticle(path, f"byte {error.start} is not UTF-8") from error
    match path.suffix.lower():
        case ".html" | ".htm" | ".xhtml":
            return _page(path, raw, known)
        case ".json":
            return _object(path, raw, known)
        case _:
            return Document(raw, known.outlet, known.url, known.published)


def as_object(name: str, mention: Mention) -> dict[str, Any]:
    """A mention in plain types, names as the text gives them."""
    who = mention.attribution
    return {
        "doc": name,
        "claim": mention.claim,
        "quote": mention.quote,
        "start": mention.start,
        "end": mention.end,
        "stance": mention.stance,
        "outlet_stance": mention.outlet_stance,
        "hedging": mention.hedging,
        "attribution": {
            "speaker": _words(who.speaker),
            "organisation": _words(who.organisation),
            "role": _words(who.role),
            "anonymity": who.anonymity,
        },
        "echo_of": _words(mention.echo_of),
        "variant": mention.variant,
        "said_on": mention.said_on.isoformat() if mention.said_on else None,
        "happened_on": mention.happened_on.isoformat() if mention.happened_on else None,
        "score": mention.score,
        "why": list(mention.why),
    }


def _words(name: Name | None) -> str | None:
    return name.text if name else None


def about(docs: Path) -> dict[str, About]:
    """Rows of a docs file by document name."""
    known = {}
    for line in docs.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            known[str(row["doc"]).split("_")[0]] = About(row.get("outlet"), row.get("url"), _instant(row.get("published")))
    return known


def _instant(value: str | None) -> datetime | None:
    """An ISO date or instant; the zone it names is kept, since it tells the local day."""
    if not value:
        return None
    if len(value) == len("2000-01-01"):
        return datetime.combine(date.fromisoformat(value), time(12), UTC)
    instant = datetime.fromisoformat(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _page(path: Path, raw: str, known: About) -> Document:
    found = trafilatura.bare_extraction(raw, url=known.url, with_metadata=True)
    if found is None:
        raise UnreadableArticle(path, "no article was found in the page")
    text = "\n\n".join(part for part in (found.title, found.text) if part)
    return Document(text, known.outlet or found.sitename, known.url or found.url, known.published or _instant(found.date))


def _object(path: Path, raw: str, known: About) -> Document:
    try:
        row = json.loads(raw)
    except json.JSONDecodeError as error:
        raise UnreadableArticle(path, f"not JSON at line {error.lineno}") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise UnreadableArticle(path, "no `text`")
    return Document(
        row["text"], known.outlet or row.get("outlet"), known.url or row.get("url"),
        known.published or _instant(row.get("published")), row.get("language"),
    )  # fmt: skip
