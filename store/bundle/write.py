"""Writes a bundle: events with their proofs, contents, checkpoints, keys, report and the script that checks them.

Every file is named with its hash in `manifest.txt`, a signed note. A bundle is there whole or not at all.
"""

import json
import shutil
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from store import proofs
from store.bundle.choose import Chosen, Scope
from store.checkpoint import STREAM, Signed, peek
from store.content import Content
from store.database import reading
from store.events import CheckpointSigned
from store.leaf import envelope_bytes
from store.ledger import Ledger, envelope_of_stored, recorded_of
from store.merkle import Node, consistency_proof, inclusion_proof
from store.notes import Signer, Verifier
from store.tables import Stored, events

MANIFEST = "manifest.txt"
FIRST_LINE = "dateline evidence bundle v1"


class Bundle(NamedTuple):
    path: str
    scope: str
    events: int
    contents: int
    size: int
    root: str


def write_bundle(
    path: Path,
    scope: Scope,
    chosen: Chosen,
    *,
    ledger: Ledger,
    content: Content,
    signed: Signed,
    signer: Signer,
    keys: Collection[Verifier],
    report: str,
) -> Bundle:
    """Writes a folder, or a ZIP file where the path ends in `.zip`. `signed` covers every chosen event.

    Raises FileExistsError where there is something already.
    """
    if path.exists():
        raise FileExistsError(path)
    size = signed.checkpoint.size
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=path.parent) as staging:
        folder = Path(staging) / "bundle"
        folder.mkdir()
        with reading(ledger.engine) as connection:
            node = proofs.nodes(connection)
            count = _write_lines(folder / "events.jsonl", _events(ledger, chosen, size, node, whole=scope.everything))
            _write_lines(folder / "history.jsonl", _history(ledger, size, node))
        contents = _write_lines(folder / "contents.jsonl", _contents(content, chosen.articles))
        (folder / "checkpoint.txt").write_text(signed.note, encoding="utf-8")
        (folder / "keys.txt").write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
        (folder / "report.html").write_text(report, encoding="utf-8")
        shutil.copyfile(Path(__file__).parent / "verify.py", folder / "verify.py")
        (folder / MANIFEST).write_text(signer.sign(_manifest(folder, scope)), encoding="utf-8")
        _put_in_place(folder, path)
    return Bundle(str(path), str(scope), count, contents, size, signed.checkpoint.root.hex())


def _events(ledger: Ledger, chosen: Chosen, size: int, node: Node, *, whole: bool) -> Iterator[dict[str, Any]]:
    """The whole log needs no proofs: its root is computed from all of it."""
    for row in ledger.stored(0, stop=size):
        if row.position in chosen.positions:
            proof = None if whole else [step.hex() for step in inclusion_proof(row.position, size, node)]
            yield _event(row, ledger.log, proof)


def _event(row: Stored, log: str, proof: list[str] | None) -> dict[str, Any]:
    return {
        "position": row.position,
        "envelope": envelope_bytes(envelope_of_stored(row, log)).decode(),
        "facts": row.facts.decode(),
        "salt": row.salt.hex(),
        "text": None if row.text is None else row.text.decode(),
        "text_salt": None if row.text_salt is None else row.text_salt.hex(),
        "proof": proof,
    }


def _history(ledger: Ledger, size: int, node: Node) -> Iterator[dict[str, Any]]:
    """Every checkpoint recorded before, with the proof that the log has only grown since."""
    query = select(events.c.position).where(events.c.stream == STREAM, events.c.position < size)
    with reading(ledger.engine) as connection:
        positions = list(connection.scalars(query.order_by(events.c.position)))
    for position in positions:
        event = recorded_of(next(ledger.stored(position, stop=position + 1))).event
        if isinstance(event, CheckpointSigned):
            proof = consistency_proof(peek(event.note).size, size, node)
            yield {"note": event.note, "proof": [step.hex() for step in proof]}


def _contents(content: Content, articles: Iterable[str]) -> Iterator[dict[str, Any]]:
    for article in sorted(articles):
        seen: set[int] = set()
        for sealed in content.sealed(article):
            first = sealed.rendition is None or sealed.revision not in seen
            if sealed.rendition is not None:
                seen.add(sealed.revision)
            # Later renditions are derived: no event commits to them.
            if first and sealed.salt is not None and sealed.body is not None:
                yield {
                    "article": article,
                    "revision": sealed.revision,
                    "rendition": sealed.rendition,
                    "commitment": sealed.commitment,
                    "salt": sealed.salt.hex(),
                    "body": b64encode(sealed.body).decode(),
                }


def _write_lines(path: Path, items: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps(item, ensure_ascii=False, sort_keys=True) + "\n")
            count += 1
    return count


def _manifest(folder: Path, scope: Scope) -> str:
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    return f"{FIRST_LINE}\n{scope}\n" + "".join(lines)


def _put_in_place(folder: Path, path: Path) -> None:
    if path.suffix != ".zip":
        folder.rename(path)
        return
    packed = folder.parent / "bundle.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{path.stem}/{file.name}")
    packed.rename(path)
