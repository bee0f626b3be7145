"""Backup and restore of an embedded home: one archive, consistent, verified before it is put in place.

SQLite files are copied through SQLite's own online backup, bus first, then content, then ledger: what the ledger has
recorded is then never newer than what it stands on, and what the bus still holds is recorded again without effect.
"""

import gzip
import shutil
import sqlite3
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from dateline.errors import FAILED, MISMATCH, UserError
from dateline.home import SECRET, Home
from dateline.keys import FOLDER as KEYS
from store.audit import verify

DATABASES = ("ledger.db", "content.db", "bus.db")
FILES = (SECRET, "settings.toml", "rules.yaml", "alerts.jsonl")


class Made(NamedTuple):
    path: str
    events: int
    root: str


def backup(home_path: Path, archive: Path) -> Made:
    """Writes the archive whole or not at all. Raises UserError where the home lives in other databases."""
    with Home(home_path) as home:
        if home.settings.distributed:
            raise UserError("this home lives on PostgreSQL or Kafka: back those up with their own tools (pg_dump).")
        if archive.exists():
            raise UserError(f"{archive} is there already. Give a new name.")
        _ = home.ledger, home.content, home.bus
        with tempfile.TemporaryDirectory(prefix="dateline-backup-", dir=archive.parent) as folder:
            staged = Path(folder) / "home"
            staged.mkdir()
            for name in DATABASES:
                _copy_database(home_path / name, staged / name)
            for name in FILES:
                if (home_path / name).exists():
                    shutil.copy2(home_path / name, staged / name)
            if (home_path / KEYS).exists():
                shutil.copytree(home_path / KEYS, staged / KEYS)
            with Home(staged) as copy:
                made = _verified(copy, archive)
            _clean_journals(staged)
            packed = Path(folder) / "archive"
            with gzip.open(packed, "wb", compresslevel=6) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
                for path in sorted(staged.iterdir()):
                    tar.add(path, arcname=path.name)
            packed.chmod(0o600)
            packed.rename(archive)
    return made


def restore(archive: Path, home_path: Path) -> Made:
    """Unpacks beside the home's place, verifies, then renames: a home is there whole or not at all."""
    if home_path.exists() and any(home_path.iterdir()):
        raise UserError(f"{home_path} is not empty. Restore into a new folder (--home).")
    home_path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dateline-restore-", dir=home_path.parent) as folder:
        staged = Path(folder) / "home"
        try:
            with tarfile.open(archive, "r:gz") as tar:
                names = {member.name.partition("/")[0] for member in tar.getmembers()}
                if not {SECRET, "ledger.db"} <= names <= {*DATABASES, *FILES, KEYS}:
                    raise UserError(f"{archive} is no archive that `dateline backup` wrote.")
                tar.extractall(staged, filter="data")
        except (OSError, tarfile.TarError, EOFError) as error:
            raise UserError(f"{archive} cannot be unpacked: {error}", FAILED) from error
        with Home(staged) as home:
            made = _verified(home, home_path)
        if home_path.exists():
            home_path.rmdir()
        staged.rename(home_path)
    return made


def _copy_database(source: Path, target: Path) -> None:
    if not source.exists():
        return
    reading, writing = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        reading.backup(writing, pages=4096)
    finally:
        reading.close()
        writing.close()


def _verified(home: Home, place: Path) -> Made:
    verdict = verify(home.ledger, home.timeline)
    if verdict.faults:
        first = verdict.faults[0]
        raise UserError(f"the ledger is damaged at position {first.position}: {first.what}. Nothing was written.", MISMATCH)
    return Made(str(place), verdict.size, verdict.root.hex())


def _clean_journals(folder: Path) -> None:
    for path in folder.glob("*.db-*"):
        path.unlink()
