"""Parts of events: what a fold is given is what the whole events say, in every version; and nothing changed gets through."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import databases
import pytest

from store.clock import FixedClock, to_micros
from store.database import open_engine
from store.event import Event
from store.events import ArticlePublished, ArticleText, ReaderDeployed
from store.ledger import ROWS, Draft, Ledger, LedgerGap
from store.parts import Part, Parts
from store.verified import NotVerified, verified
from store.wire import Past, UnknownEvent, Versions, encode

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)


class Seen(Part, frozen=True, gc=False):
    OF = ArticlePublished
    article: str
    language: str | None


class Deployed(Part, frozen=True, gc=False):
    OF = ReaderDeployed
    reader: str


BOTH = Parts[Seen | Deployed](Seen, Deployed)


def drafts(count):
    for n in range(count):
        at = T0 + timedelta(seconds=n)
        if n % 3:
            words = ArticleText(f"https://a.example/{n}", 'A "title" \\ of \N{GRINNING FACE}')
            event = ArticlePublished(
                f"a{n}", "f1", "o1", at, at, "claimed", "en" if n % 2 else None, "x/1", None, "c0", "read", text=words
            )
            yield Draft(event, f"article/a{n}", at, (f"a{n}",))
        else:
            yield Draft(ReaderDeployed(f"r{n}", {"m": "1"}), "log", at)


@pytest.fixture(params=databases.KINDS)
def ledger(request, tmp_path):
    with databases.fresh(request.param, tmp_path) as url:
        found = Ledger(open_engine(url), secret=b"s" * 32, clock=FixedClock(T0))
        yield found
        found.engine.dispose()


@pytest.fixture
def path(tmp_path):
    """A SQLite ledger of a hundred events, to be tampered with."""
    ledger = open_ledger(tmp_path / "ledger.db")
    ledger.append(list(drafts(100)), actor="test")
    return tmp_path / "ledger.db"


def open_ledger(path):
    return Ledger(open_engine(f"sqlite:///{path}"), secret=b"s" * 32, clock=FixedClock(T0))


def part_of(event):
    return Seen(event.article, event.language) if isinstance(event, ArticlePublished) else Deployed(event.reader)


def test_parts_are_what_the_whole_events_say_in_their_order(ledger):
    ledger.append(list(drafts(2 * ROWS + 3)), actor="test")
    whole = [(r.position, to_micros(r.occurred_at), part_of(r.event)) for r in ledger.read()]
    assert list(ledger.parts(BOTH)) == list(verified(ledger, BOTH)) == whole
    assert len(whole) == 2 * ROWS + 3


def test_events_of_no_wanted_kind_are_passed_over(ledger):
    ledger.append(list(drafts(10)), actor="test")
    assert [part.reader for _, _, part in ledger.parts(Parts(Deployed))] == ["r0", "r3", "r6", "r9"]
    assert [position for position, _, _ in ledger.parts(Parts(Deployed), 4, stop=9)] == [6]


def test_a_part_that_the_event_has_not_is_refused():
    class Misspelt(Part, frozen=True):
        OF = ArticlePublished
        artikle: str = ""

    class Retyped(Part, frozen=True):
        OF = ArticlePublished
        language: str

    class Worded(Part, frozen=True):
        OF = ArticlePublished
        text: ArticleText

    for kind in (Misspelt, Retyped, Worded):
        with pytest.raises(TypeError, match=kind.__struct_fields__[0]):
            Parts(kind)


class Noted(Event, frozen=True):
    """As an earlier release wrote it, under another name, and without what it now has."""

    NAME: ClassVar = "note.made"
    SCHEMA: ClassVar = 1
    by: str


class NotedNow(Event, frozen=True):
    NAME: ClassVar = "note.taken"
    SCHEMA: ClassVar = 2
    by: str
    weight: int = 0


class Weighed(Part, frozen=True):
    OF = NotedNow
    by: str
    weight: int


def test_earlier_versions_become_parts_of_the_present_one():
    known = Versions([NotedNow], [Past(Noted, lambda old: NotedNow(old.by.upper(), 7))])
    parts = Parts(Weighed, known=known)
    assert parts["note.made", 1](facts_of(Noted("ann"))) == Weighed("ANN", 7)
    assert parts["note.taken", 2](facts_of(NotedNow("ann", 3))) == Weighed("ann", 3)


def facts_of(event):
    facts, text = encode(event)
    assert text is None
    return facts


def test_a_newer_version_of_a_wanted_event_is_an_error_and_other_new_events_are_passed_over():
    parts = Parts(Deployed)
    for _ in range(2):
        with pytest.raises(UnknownEvent):
            parts["reader.deployed", 9](b"{}")
    assert parts["something.new", 1](b"{}") is None


TAMPERINGS = {
    "an actor": ("UPDATE events SET actor = 'nobody' WHERE position = 70", 70),
    "facts": ("UPDATE events SET facts = CAST(replace(facts, 'o1', 'o2') AS BLOB) WHERE position = 71", 71),
    "facts of another type": ("UPDATE events SET facts = CAST(facts AS TEXT) WHERE position = 71", 71),
    "a salt": ("UPDATE events SET salt = zeroblob(32) WHERE position = 72", 72),
    "a time": ("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 73", 73),
    "a text": ("UPDATE texts SET text = CAST(replace(text, 'title', 'tilte') AS BLOB) WHERE position = 70", 70),
    "a text's salt": ("UPDATE texts SET salt = zeroblob(32) WHERE position = 70", 70),
    "a text put in": ("INSERT INTO texts VALUES (72, x'7b7d', zeroblob(32))", 72),
    "a leaf": ("UPDATE events SET leaf = zeroblob(32) WHERE position = 74", 74),
    "the root": ("UPDATE head SET frontier = zeroblob(length(frontier))", 100),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_changed_does_not_verify(path, what):
    statement, position = TAMPERINGS[what]
    with sqlite3.connect(path) as raw:
        assert raw.execute(statement).rowcount == 1
    with pytest.raises(NotVerified) as failed:
        list(verified(open_ledger(path), BOTH))
    assert failed.value.position == position


def test_two_events_that_changed_places_do_not_verify(path):
    with sqlite3.connect(path) as raw:
        for old, new in ((70, -1), (71, 70), (-1, 71)):
            raw.execute("UPDATE events SET position = ? WHERE position = ?", (new, old))
    with pytest.raises(NotVerified) as failed:
        list(verified(open_ledger(path), BOTH))
    assert failed.value.position == 70


def test_an_event_that_is_gone_is_a_hole(path):
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM events WHERE position = 40")
    for read in (lambda ledger: ledger.parts(BOTH), lambda ledger: verified(ledger, BOTH)):
        with pytest.raises(LedgerGap) as gap:
            list(read(open_ledger(path)))
        assert gap.value.expected == 40


def test_erased_texts_verify_and_so_does_what_is_appended_meanwhile(path):
    with sqlite3.connect(path) as raw:
        assert raw.execute("DELETE FROM texts").rowcount > 60
    ledger = open_ledger(path)
    reading = verified(ledger, BOTH)
    first = next(reading)
    ledger.append(list(drafts(30)), actor="test")
    assert len([first, *reading]) == 100
    assert len(list(verified(ledger, BOTH))) == 130
