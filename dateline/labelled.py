"""A labelled folder of the user's own: claims, texts, and which passages of them concern which claim.

The folder holds `claims.yaml`, `mentions.jsonl` (to be found), `texts/` and, as you like, `docs.jsonl` (outlet, URL, date of
each text), `mentions_optional.jsonl` (neither rewarded nor punished) and `hard_negatives.jsonl` (what only looks like one).
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from dateline.claimsfile import load_claims
from dateline.errors import UserError
from store.claim import ClaimSet
from store.reading import STANCES, Anonymity, Document, Hedging
from workers.evaluate import Gold, Place, Said
from workers.matchfile import About, UnreadableArticle, about, read_document

CLAIMS, TEXTS, DOCS = "claims.yaml", "texts", "docs.jsonl"
CORE, OPTIONAL, TRAPS = "mentions.jsonl", "mentions_optional.jsonl", "hard_negatives.jsonl"
_MOST_FAULTS = 20


class Labelled(NamedTuple):
    """`documents` by the name that labels use: the file's name up to its first underscore."""

    claims: ClaimSet
    documents: dict[str, Document]
    gold: Gold


class _Attribution(BaseModel):
    anonymity: Anonymity = "none"
    speaker: str | None = None
    organisation: str | None = None


class _Span(BaseModel):
    doc: str | int
    start: int = Field(ge=0)
    end: int
    quote: str | None = None


class _Trap(_Span):
    looks_like: str


class _Mention(_Span):
    claim: str
    stance: Literal[STANCES]  # type: ignore[valid-type]
    hedging: Hedging | Literal["alleged"] = "asserted"
    attribution: _Attribution = _Attribution()
    echo_of: str | None = None
    variant: str | None = None
    said_on: date | None = None


def load(folder: Path, texts: Path | None = None) -> Labelled:
    """The folder, checked. Raises UserError that names every fault it finds: file, line and field, and what to do."""
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder.")
    missing = [name for name in (CLAIMS, CORE) if not (folder / name).is_file()]
    if missing:
        raise UserError("\n".join(f"{folder / name}: is missing. {_WHY[name]}" for name in missing))
    claims = load_claims(folder / CLAIMS)
    documents = _documents(folder, texts or folder / TEXTS)
    faults: list[str] = []
    core = [_said(row) for row in _rows(folder / CORE, _Mention, claims, documents, faults)]
    optional = [_said(row) for row in _rows(folder / OPTIONAL, _Mention, claims, documents, faults)]
    traps = [
        Place(_name(row.doc), row.looks_like, row.start, row.end)
        for row in _rows(folder / TRAPS, _Trap, claims, documents, faults)
    ]
    if not faults and not core:
        faults.append(f"{folder / CORE}: labels no mention, so there is nothing to find.")
    if faults:
        more = [f"… and {len(faults) - _MOST_FAULTS} more faults."] if len(faults) > _MOST_FAULTS else []
        raise UserError("\n".join((*faults[:_MOST_FAULTS], *more)))
    return Labelled(claims, documents, Gold(tuple(core), tuple(optional), tuple(traps)))


_WHY = {
    CLAIMS: "It says what to look for; `dateline claims export` writes one.",
    CORE: 'It says what is to be found: JSON lines {"doc","claim","start","end","stance"}, offsets in characters.',
}


def _documents(folder: Path, texts: Path) -> dict[str, Document]:
    paths = sorted(path for path in texts.glob("[!.]*") if path.is_file())
    if not paths:
        raise UserError(f"{texts}: holds no texts. Put one file an article there, or name their folder with --texts.")
    known = _about(folder / DOCS)
    found: dict[str, Document] = {}
    for path in paths:
        name = _name(path.stem)
        if name in found:
            raise UserError(f"{path}: a second text named {name!r}. The part before the first underscore must be its own.")
        try:
            found[name] = read_document(path, known.get(name, About()))
        except UnreadableArticle as error:
            raise UserError(str(error)) from error
    return found


def _about(path: Path) -> dict[str, About]:
    if not path.is_file():
        return {}
    try:
        return about(path)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f'{path}: {error!r}. Each line is {{"doc","outlet","url","published"}}, dates in ISO 8601.') from error


def _name(doc: str | int) -> str:
    return str(doc).split("_")[0]


def _said(row: Any) -> Said:
    who = row.attribution
    return Said(
        _name(row.doc), row.claim, row.start, row.end, row.stance, row.hedging, who.anonymity, who.speaker,
        who.organisation, row.echo_of, row.variant, row.said_on,
    )  # fmt: skip


def _rows(
    path: Path, form: type[_Span], claims: ClaimSet, documents: dict[str, Document], faults: list[str]
) -> Iterator[Any]:
    """The file's rows, none if there is no such file; what is wrong with others is added to `faults`."""
    if not path.is_file():
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        faults.append(f"{path}: byte {error.start} is not UTF-8")
        return
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}: line {number}"
        try:
            row = form.model_validate(json.loads(line))
        except json.JSONDecodeError as error:
            faults.append(f"{where}: is not JSON ({error.msg})")
        except ValidationError as error:
            faults += [f"{where}: {'.'.join(map(str, f['loc'])) or 'the row'}: {f['msg']}" for f in error.errors()]
        else:
            wrong = _faults(row, claims, documents)
            faults += [f"{where}: {fault}" for fault in wrong]
            if not wrong:
                yield row


def _faults(row: Any, claims: ClaimSet, documents: dict[str, Document]) -> list[str]:
    name, claim = _name(row.doc), row.looks_like if isinstance(row, _Trap) else row.claim
    document = documents.get(name)
    if claim not in claims.by_id:
        return [f"{claim!r} is none of the claims in {CLAIMS}"]
    if document is None:
        return [f"there is no text {name!r}; texts are named by what stands before the first underscore"]
    if not row.start < row.end <= len(document.text):
        return [f"characters {row.start} to {row.end} are no part of {name}, which has {len(document.text)}"]
    if row.quote is not None and document.text[row.start : row.end] != row.quote:
        there = document.text[row.start : row.end]
        return [f"the quote does not stand at {row.start}: there is {there[:60]!r}; offsets count characters, not bytes"]
    return []
