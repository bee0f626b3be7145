"""`dateline explain`: why a passage was taken for its claim and understood so, by reading its text again. Plain data.

The present reader explains itself: how a reader of another version came to its answers cannot be told any more, so what
it answered stands beside, wherever the two differ.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dateline.errors import UserError
from dateline.home import Home
from dateline.parts import open_reader
from store.claim import Claim
from store.database import reading
from store.evidence import Evidence
from store.reading import Document, Mention
from workers.because import understood
from workers.explain import Match, matched
from workers.matchfile import About, about, as_object, read_document
from workers.read import Reader
from workers.text import Passage, Text

_COMPARED = (
    "start", "end", "stance", "outlet_stance", "hedging", "variant", "said_on", "said_on_precision", "happened_on", "score",
)  # fmt: skip


def explain_mention(home: Home, mention: str) -> dict[str, Any]:
    """A recorded mention. Raises UserError for an id that no mention has."""
    with reading(home.engine) as connection:
        found = home.timeline.mention(connection, mention)
        if found is None:
            raise UserError(f"no mention has the id {mention!r}. `dateline story STORY --json` gives the ids of its mentions.")
        claims = home.timeline.claim_set(connection)
        retired = found.mention.claim not in claims.by_id
        if retired:
            claims = home.timeline.claim_set(connection, found.mention.claims_at)
    event = found.mention
    document = home.content.document(event.article, event.revision, event.rendition)
    answer = _recorded(found, claims.by_id[event.claim], retired)
    if document is None:
        return answer | {"found": None, "why_not": "the text is no longer kept (it was erased)"}
    reader = open_reader(home, claims)
    return answer | _explained(reader, document, event.claim, event.start, event.end) | _differences(found, reader, document)


def explain_files(reader: Reader, paths: list[Path], docs: Path | None) -> Iterator[dict[str, Any]]:
    """Every mention that the reader finds in the files, in their order and that of the text. Raises UnreadableArticle."""
    known = about(docs) if docs else {}
    for path in paths:
        name = path.stem.split("_")[0]
        document = read_document(path, known.get(name, About()))
        for mention in reader.read(document).mentions:
            claim = reader.claims.by_id[mention.claim]
            yield {
                "mention": None, "claim": _claim(claim),
                "article": {"id": name, "outlet": document.outlet, "url": document.url},
                "quote": mention.quote, "reader": {"recorded": None, "now": reader.version}, "recorded": None,
                "review": None, "withdrawn_at": None, "differences": [],
            } | _explained(reader, document, mention.claim, mention.start, mention.end)  # fmt: skip


def _recorded(found: Evidence, claim: Claim, retired: bool) -> dict[str, Any]:
    event, review = found.mention, found.review
    text = event.text or None
    return {
        "mention": event.mention,
        "claim": _claim(claim) | {"retired": retired},
        "article": {
            "id": event.article, "revision": event.revision, "outlet": text.outlet if text else event.outlet,
            "url": text.url if text else None, "title": text.title if text else None, "published": found.occurred_at,
        },
        "quote": text.quote if text else None,
        "withdrawn_at": found.ended_at,
        "reader": {"recorded": event.reader, "now": None},
        "recorded": {field: getattr(event, field) for field in _COMPARED} | {"why": event.why},
        "review": review and {
            "decision": review.decision, "stance": review.stance, "hedging": review.hedging, "variant": review.variant,
        },
        "differences": [], "match": None, "understood": [],
    }  # fmt: skip


def _claim(claim: Claim) -> dict[str, Any]:
    return {"id": claim.id, "text": claim.text, "story": claim.story, "threshold": claim.threshold}


def _explained(reader: Reader, document: Document, claim: str, start: int, end: int) -> dict[str, Any]:
    text, mention = Text(document), _nearest(reader, document, claim, start, end)
    match = matched(text, reader.watch, reader.vectors, claim, start)
    answer: dict[str, Any] = {"found": None, "understood": [], "match": _match(match)}
    if mention is None:
        return answer | {"why_not": _why_not(match, reader, document)}
    passage = Passage(reader.claims.by_id[claim], mention.start, mention.end, mention.score, mention.why)
    cues = understood(text, passage, mention, reader.claims)
    return answer | {
        "found": {name: value for name, value in as_object("", mention).items() if name != "doc"},
        "understood": [cue._asdict() for cue in cues],
        "why_not": None,
    }


def _nearest(reader: Reader, document: Document, claim: str, start: int, end: int) -> Mention | None:
    """What the reader finds of the claim there: the mention that shares most characters with these."""
    found = [m for m in reader.read(document, scope=frozenset({claim})).mentions if m.start < end and start < m.end]
    return max(found, key=lambda m: (min(end, m.end) - max(start, m.start), -m.start), default=None)


def _why_not(match: Match, reader: Reader, document: Document) -> str:
    if reader.read(document, scope=frozenset()).outcome == "language":
        return "the reader does not take the text for one in its language"
    if match.scored is None:
        return "the claim does not come into question in this article"
    if match.scored.other_year:
        return "the passage speaks of other years than the claim's"
    if match.scored.score < match.scored.threshold:
        return f"its score of {match.scored.score} is below the threshold of {match.scored.threshold}"
    return "it denies a special case of the claim, and no more"


def _match(match: Match) -> dict[str, Any]:
    scored = match.scored
    return {
        "parties_named": match.gate.parties, "parties_needed": match.gate.needed, "in_question": match.gate.passed,
        "scored": scored and scored._asdict() | {
            "shared": [shared._asdict() for shared in scored.shared],
            "effects": [effect._asdict() for effect in scored.effects],
        },
    }  # fmt: skip


def _differences(found: Evidence, reader: Reader, document: Document) -> dict[str, Any]:
    """Which of the recorded answers the present reader gives otherwise."""
    event = found.mention
    mention = _nearest(reader, document, event.claim, event.start, event.end)
    pairs = [(field, getattr(event, field), getattr(mention, field)) for field in _COMPARED] if mention else []
    return {
        "reader": {"recorded": event.reader, "now": reader.version},
        "differences": [{"field": f, "recorded": then, "now": now} for f, then, now in pairs if then != now],
    }


