"""Erasing articles of a home: found by address, id or words, removed everywhere, and told what stays out of reach."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from dateline.errors import UserError
from dateline.home import Home
from dateline.settings import LogChannel
from store.content_tables import revisions
from store.database import reading
from store.erasure import Erased, Found, empty_log, erase, search, together

VACUUM = ("VACUUM (FULL, ANALYZE)", "VACUUM FULL pg_catalog.pg_statistic")
"""What frees PostgreSQL's files of erased words: the second step, of the samples that it kept for planning before."""
WORDS = ("headlines", "quote", "url", "speaker", "outlet")


class Outcome(NamedTuple):
    """`remains` says, a line each, what is out of this installation's reach; `emptied`: no file keeps a trace."""

    erased: tuple[Erased, ...]
    emptied: bool
    remains: tuple[str, ...]


def named(home: Home, names: Sequence[str]) -> list[str]:
    """Ids of the articles with these ids or URLs, and of those merged into them. Raises UserError for an unknown one."""
    found: list[str] = []
    for name in names:
        with reading(home.engine) as connection:
            known = home.timeline.article(connection, name)
            ids = together(home.timeline, connection, known.article) if known else _unrecorded(home, name)
        if not ids:
            raise UserError(f"no article is known by {name!r}. Give its URL or its id; nothing was erased.")
        found += [id_ for id_ in ids if id_ not in found]
    return found


def _unrecorded(home: Home, name: str) -> list[str]:
    """Articles whose pages lie here and that the ledger does not know (yet), or knows without this URL."""
    of_name = (revisions.c.article == name) | (revisions.c.url == name)
    with reading(home.content.engine) as connection:
        return sorted(set(connection.scalars(revisions.select().with_only_columns(revisions.c.article).where(of_name))))


def holding(home: Home, text: str) -> Found:
    """Everything that holds the text."""
    return search(home.ledger, home.content, text)


def erase_articles(home: Home, articles: Collection[str], reason: str) -> Outcome:
    """Erases all of them, one after the other."""
    done = [erase(home.ledger, home.timeline, home.content, id_, reason, home.clock.now()) for id_ in articles]
    alerts = {alert for one in done for alert in one.alerts}
    logged = set()
    for name, channel in home.settings.channels.items():
        if isinstance(channel, LogChannel):
            logged.add(name)
            redact(home.path / channel.path, alerts)
    emptied = all([empty_log(home.ledger.engine), empty_log(home.content.engine)])
    return Outcome(tuple(done), emptied, tuple(_remains(home, done, logged, emptied)))


def redact(path: Path, alerts: Collection[str]) -> int:
    """Takes the words of these alerts out of a log channel's file; returns how many lines were changed.

    Each line keeps its length, padded with blanks, so that whoever appends meanwhile is not disturbed.
    """
    if not path.exists() or not alerts:
        return 0
    changed = 0
    with path.open("r+b") as file:
        at = 0
        for line in file.read().splitlines(keepends=True):
            replaced = _redacted(line, alerts)
            if replaced is not None:
                file.seek(at)
                file.write(replaced)
                changed += 1
            at += len(line)
    return changed


def _redacted(line: bytes, alerts: Collection[str]) -> bytes | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    hit = [item for item in message.get("items", ()) if item.get("alert") in alerts]
    if not hit:
        return None
    for item in hit:
        item.update({name: [] if name == "headlines" else None for name in WORDS if name in item})
    message["subject"] = ""
    shorter = json.dumps(message, sort_keys=True).encode()
    return shorter.ljust(len(line.rstrip(b"\n"))) + line[len(line.rstrip(b"\n")) :]


def _remains(home: Home, done: Sequence[Erased], logged: Collection[str], emptied: bool) -> list[str]:
    sent = [one for erased in done for one in erased.sent if one.channel not in logged]
    lines = [
        f"alert {one.alert} went out over {one.channel} (message {one.message}): what was sent cannot be called back"
        for one in sent
    ]
    if not emptied:
        lines.append("a reader kept SQLite's log busy: run the same command again, or stop the service first")
    if home.settings.distributed:
        steps = "; ".join(VACUUM)
        lines.append(f"PostgreSQL keeps dead rows, and samples of columns, until its operator has run `{steps}`; "
                     "its WAL, archives and replicas are the operator's as well")  # fmt: skip
        lines.append("Kafka holds ids, offsets and commitments only, never a text")
    lines += [f"{copy}: kept when the home was migrated; delete it" for copy in sorted(home.path.glob("*.db.before-*"))]
    lines.append("backups and bundles that were made before hold the words still")
    return lines
