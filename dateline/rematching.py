"""`dateline replay --rematch`: the recorded articles read by today's reader, or under other claims or rules; a diff, and no
trace of it.

Three steps: every text is read again, and the readings kept aside in a file, so that a broken-off re-match goes on where it
stopped; the ledger is gone through once, and beside it the history as it would have been; the two are compared. Nothing is
sent or published, no socket but the database's is opened, and the ledger learns of it only if that is asked for.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import msgspec

from alerts import imagined as alerting
from alerts import tables as alert_tables
from alerts.imagined import AlertDiffers, Listener, Told, unlooked
from alerts.rules import Ruleset
from dateline.errors import FAILED, INTERRUPTED, TEMPORARY, UserError
from dateline.home import Home
from dateline.kept import FILE, KeptReadings, Which
from dateline.parts import load_rules
from dateline.rereading import Asked, ReaderLost, Readers, Text
from store.claim import ClaimSet
from store.database import reading
from store.events import ArticlePublished, ArticleRevised, ReplayPerformed
from store.evidence import Evidence
from store.imagine import Imagined, Read, source_of
from store.ledger import Draft, Recorded
from store.lineage import Outlets
from store.messages import Reading, RevisionFound
from store.reading import Findings
from store.recording import Texts
from store.rematch import MentionDiffers, Side, StatusDiffers, difference

BATCH = 8
"""Texts that are read between two moments at which a kill loses nothing."""
FEW = 64
"""Revisions for which more processes than one would take longer to start than to read."""

Progress = Callable[[int, int], None]


class Rematched(NamedTuple):
    """`unread` articles hold no text any more: what was found in them then is taken as it is.

    `resumed` revisions had been read by an earlier run that was broken off. `digest` is that of all three differences.
    `left_out` are triggers that rules listen to and that are not compared: see `alerts.imagined.WATCHING`.
    """

    articles: int
    unread: int
    resumed: int
    upto: int
    reader: str
    mentions: tuple[MentionDiffers, ...]
    statuses: tuple[StatusDiffers, ...]
    alerts: tuple[AlertDiffers, ...]
    digest: str
    left_out: tuple[str, ...] = ()
    recorded: int | None = None


class _Then(NamedTuple):
    """The ledger's side, as of one position. `end`: when its last event was recorded; what passed since, nobody noted."""

    end: datetime
    upto: int
    claims: ClaimSet
    evidence: list[Evidence]
    outlets: Outlets
    revisions: int
    decided: datetime | None


class _Again(NamedTuple):
    """What reading again came to."""

    reader: str
    articles: int
    unread: set[str]
    resumed: int


def rematch(
    home: Home,
    claims: ClaimSet | None = None,
    rules: Ruleset | None = None,
    *,
    processes: int | None = None,
    record: bool = False,
    progress: Progress = lambda *_: None,
) -> Rematched:
    """Reads everything again and compares with what was recorded. `claims`, `rules` None: those that the home has now.

    `processes` None: one a core. With `record`, `replay.performed` says that it was done, over which events and with what
    digest; nothing else is written. Raises UserError if it was interrupted, or if a process that read was killed; the same
    call then goes on where this one stopped. One at a time for a home.
    """
    then = _then(home)
    wanted = claims if claims is not None else then.claims
    asked = Asked(wanted, home.secret, home.settings.match.model)
    count = processes or (1 if then.revisions <= FEW else os.cpu_count() or 1)
    try:
        with Readers(asked, count) as readers:
            version = readers.version()
            with KeptReadings(home.path, _question(version, wanted)) as kept:
                again = _read_all(home, then, readers, version, kept, progress)
                told = _compare(home, then, again, wanted, rules or load_rules(home), kept, progress)
                kept.done()
    except ReaderLost as error:
        raise UserError(
            "a process that read was killed, most likely because memory ran out. What was read is kept: run the same "
            "command again, with fewer --processes.", TEMPORARY,
        ) from error  # fmt: skip
    except sqlite3.Error as error:
        raise UserError(f"{home.path / FILE}: {error}. See that the home can be written to and has room.", FAILED) from error
    except KeyboardInterrupt as error:
        raise UserError("interrupted. What was read is kept: the same command goes on from there.", INTERRUPTED) from error
    return told._replace(recorded=_record(home, then.upto, told.digest)) if record else told


def _then(home: Home) -> _Then:
    end = home.ledger.last_recorded_at() or home.clock.now()
    with reading(home.engine) as connection:
        timeline = home.timeline
        upto = timeline.next_position(connection)
        known = timeline.claim_set(connection)
        place = min(alert_tables.place(connection), upto)
        then = _Then(
            end, upto, known, timeline.evidence(connection, known.by_id), timeline.outlets(connection),
            timeline.counts(connection).revisions, None,
        )  # fmt: skip
    last = next(home.ledger.read(place - 1, stop=place), None) if place > 0 else None
    return then._replace(decided=last.recorded_at if last else None)


def _question(version: str, claims: ClaimSet) -> str:
    """Everything that an answer depends on, besides the text."""
    return sha256(msgspec.json.encode([version, claims.claims, claims.entities, "all claims"])).hexdigest()


def _record(home: Home, upto: int, digest: str) -> int:
    event = ReplayPerformed(digest[:24], "rematch", upto, digest)
    return home.ledger.append([Draft(event, "log", home.clock.now())], actor="replay")[0].position


# --- reading again -----------------------------------------------------------------------------------


def _read_all(
    home: Home, then: _Then, readers: Readers, version: str, kept: KeptReadings, progress: Progress
) -> _Again:
    """Reads what is not kept yet, a few texts at a time, and keeps it batch by batch."""
    articles, unread = set[str](), set[str]()
    handed: list[list[Which]] = []
    done = resumed = 0

    def batches() -> Iterator[list[Text]]:
        nonlocal resumed
        missing = _missing(home, then.upto, kept, articles, unread)
        while some := list(islice(missing, BATCH)):
            handed.append([which for which, _ in some if which is not None])
            resumed += sum(which is None for which, _ in some)
            yield [text for which, text in some if which is not None and text is not None]

    for findings in readers.read(batches()):
        batch = handed.pop(0)
        kept.keep(zip(batch, findings, strict=True))
        done += len(batch)
        progress(done + resumed, then.revisions + then.upto)
    return _Again(version, len(articles - unread), unread, resumed)


def _missing(
    home: Home, upto: int, kept: KeptReadings, articles: set[str], unread: set[str]
) -> Iterator[tuple[Which | None, Text | None]]:
    """What is to be read; (None, None) for what is kept. Notes the articles met, and those whose text is gone."""
    names = {ArticlePublished.NAME, ArticleRevised.NAME}
    for recorded in home.ledger.read(stop=upto, names=names):
        source = _source(recorded)
        articles.add(source.article)
        text = _text(home, source)
        if text is None:
            unread.add(source.article)
        elif kept.find(_which(source)) is not None:
            yield None, None
        else:
            yield _which(source), text


def _source(recorded: Recorded) -> RevisionFound:
    assert isinstance(recorded.event, ArticlePublished | ArticleRevised)
    return source_of(recorded, recorded.event)


def _which(source: RevisionFound) -> Which:
    return Which(source.article, source.revision, source.rendition)


def _text(home: Home, source: RevisionFound) -> Text | None:
    """None where it was erased."""
    now = home.content.document(source.article, source.revision, source.rendition)
    if now is None:
        return None
    before = home.content.document(source.article, source.revision - 1, source.rendition) if source.revision > 1 else None
    return Text(now, before)


# --- the history as it would have been ---------------------------------------------------------------


def _compare(
    home: Home, then: _Then, again: _Again, wanted: ClaimSet, rules: Ruleset, kept: KeptReadings, progress: Progress
) -> Rematched:
    def read(source: RevisionFound) -> Read | None:
        found, text = kept.find(_which(source)), _text(home, source)
        if found is None or text is None:
            return None
        findings = msgspec.json.decode(found, type=Findings)
        return Read(Reading(source, again.reader, wanted.claims_at, findings), Texts(text.now, text.before))

    imagined = Imagined(wanted, then.claims, then.outlets, home.keyed, read, again.unread)
    def at(position: int) -> Recorded:
        return next(home.ledger.read(position, stop=position + 1))

    looks = unlooked(home.ledger.read(names={"alert.raised"}, stop=then.upto), at)
    told, listener = Told(home.keyed), Listener(rules, home.keyed, imagined.event, looks)
    for recorded in home.ledger.read(stop=then.upto):
        told.take(recorded, at)
        for made in imagined.take(recorded):
            listener.take(made)
        progress(then.revisions + recorded.position + 1, then.revisions + then.upto)
    for made in imagined.finish(then.end):
        listener.take(made)
    listener.finish(then.end)
    changed = difference(
        Side(then.claims, then.evidence), Side(wanted, list(imagined.evidence.values())), then.outlets, then.end
    )
    about = alerting.Asked(wanted.by_id, then.claims.by_id, then.decided)
    alerts = tuple(alerting.compare(told, listener, about, home.keyed))
    digest = sha256(msgspec.json.encode([changed.mentions, changed.statuses, alerts])).hexdigest()
    listened = {trigger for _, trigger in told.wished}.union(*(rule.triggers for rule in rules.rules))
    return Rematched(
        again.articles, len(again.unread), again.resumed, then.upto, again.reader, changed.mentions, changed.statuses,
        alerts, digest, tuple(sorted(listened & alerting.WATCHING)),
    )  # fmt: skip
