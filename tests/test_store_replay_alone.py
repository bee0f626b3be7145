"""Of rebuilds over one database one goes on, wherever the others run; and none leaves words that were erased meanwhile."""

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import databases
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from story_builder import at
from test_store_replay import dump
from test_store_timeline import Home, stream_of, told_story

from dateline.errors import TEMPORARY, UserError
from dateline.replaying import alone
from store import events as ev
from store.content import Content
from store.database import reading, writing
from store.erasure import empty_log, erase
from store.exclusion import Lost, Taken, lock_number, only_one
from store.ledger import Draft
from store.replay import BESIDE, rebuild, roll_back
from store.timeline import Timeline

WORDS = "the words to be erased"
PATIENCE = 120
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(params=databases.KINDS)
def home(request, tmp_path):
    with databases.fresh(request.param, tmp_path) as url:
        home = Home(url)
        home.url = url
        told_story(home)
        words = ev.ArticleText("https://o-gaz.example/secret", WORDS)
        event = ev.ArticlePublished(
            "secret", "f-o-gaz", "o-gaz", at(9), at(9), "claimed", "en", "x/1", "page", "content", "read", text=words
        )
        home.ledger.append([Draft(event, stream_of(event), at(9), ("secret",))], actor="test")
        yield home
        home.engine.dispose()


@pytest.fixture
def other(home):
    """The same database from elsewhere."""
    other = Home(home.url)
    yield other
    other.engine.dispose()


on_postgresql = pytest.mark.parametrize("home", ["postgresql"], indirect=True)
"""A SQLite database belongs to one home, whose own lock lets one replay at a time."""


def replay_is_free(home):
    try:
        with only_one(home.engine, f"replay of {home.ledger.log}"):
            return True
    except Taken:
        return False


@on_postgresql
def test_a_second_replay_over_the_database_is_refused_until_the_first_has_ended(home, other, tmp_path):
    refused = []

    def meanwhile(*_):
        for replay in (rebuild, roll_back):
            with pytest.raises(UserError, match="another replay is at work over this database") as said, alone(tmp_path):
                replay(other.ledger, other.timeline)
            refused.append(said.value.code)

    assert rebuild(home.ledger, home.timeline, meanwhile).equal
    assert refused == [TEMPORARY, TEMPORARY]
    assert rebuild(other.ledger, other.timeline).equal
    with databases.fresh("postgresql", tmp_path) as elsewhere:
        another = Home(elsewhere)
        told_story(another)
        with only_one(home.engine, f"replay of {home.ledger.log}"):
            assert rebuild(another.ledger, another.timeline).equal, "another ledger on the same server is not concerned"
        another.engine.dispose()


def _rebuild_and_hang(url, ready):
    home = Home(url)

    def hang(*_):
        ready.send(True)
        ready.recv()

    rebuild(home.ledger, home.timeline, hang)


def killed_halfway(home):
    """A process that was killed when it had built the first tables; returns when it is gone."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_rebuild_and_hang, args=(home.url, there))
    process.start()
    assert here.poll(PATIENCE)
    if home.engine.dialect.name == "postgresql":
        assert not replay_is_free(home)
    os.kill(process.pid, signal.SIGKILL)
    process.join(PATIENCE)


def test_a_killed_rebuild_holds_up_nobody_and_keeps_no_words_from_an_erasure(home):
    killed_halfway(home)
    while not replay_is_free(home):  # until PostgreSQL has seen that its client is gone
        pass
    assert WORDS in dump(home, Timeline(BESIDE)), "it was killed with tables that nobody will ever finish"
    erase(home.ledger, home.timeline, Content(home.engine), "secret", "asked for", at(9))
    assert WORDS not in dump(home, Timeline(BESIDE)) + dump(home, home.timeline)
    if home.engine.dialect.name == "sqlite":
        assert empty_log(home.engine)
        kept = [file.read_bytes() for file in Path(home.engine.url.database).parent.iterdir() if file.is_file()]
        assert len(kept) >= 1
        assert not any(WORDS.encode() in content for content in kept)
    assert rebuild(home.ledger, home.timeline).equal


def test_an_erasure_in_the_midst_of_a_batch_reaches_the_words_that_the_batch_has_in_hand(home, other):
    """The batch has read the words and not yet copied them; the erasure waits for it, and then finds the copies."""
    asked = (other.ledger, other.timeline, Content(other.engine), "secret", "asked for", at(9))
    found, erasing = [], threading.Thread(target=erase, args=asked)

    def interfere(_connection, _cursor, statement, *_):
        if "LEFT JOIN texts" in statement and not erasing.ident:
            erasing.start()
            while erasing.is_alive() and not somebody_waits(home):
                pass

    def look(*_):
        erasing.join(PATIENCE)
        found.append(dump(home, Timeline(BESIDE)))

    event.listen(home.engine, "after_cursor_execute", interfere)
    rebuild(home.ledger, home.timeline, look)
    assert found
    assert not erasing.is_alive()
    assert not any(WORDS in tables for tables in found)
    assert any("secret" in tables for tables in found), "the article's facts are there"


def somebody_waits(home):
    """On SQLite nobody can tell; there the batch holds the write lock, so that whoever erases does wait."""
    if home.engine.dialect.name == "sqlite":
        return True
    return bool(sessions(home, f"words of {home.ledger.log}", granted=False))


def sessions(home, what, *, granted):
    """The sessions that hold the lock of this name, or that wait for it."""
    query = sa.text(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted = :granted "
        "AND (classid::bigint << 32 | objid::bigint) = :number"
    )
    with reading(home.engine) as connection:
        return connection.scalars(query, {"granted": granted, "number": lock_number(what)}).all()


@on_postgresql
def test_a_rebuild_whose_session_was_ended_does_not_switch(home, other):
    """Its lock went with the session: another may have begun."""
    before = other.ask("digest")
    with writing(home.engine) as connection:
        table = home.timeline.tables.mentions
        connection.execute(table.update().where(table.c.mention == "m2").values(stance="affirms"))
    spoilt = other.ask("digest")

    def end_it(*_):
        (pid,) = sessions(other, f"replay of {home.ledger.log}", granted=True)
        with reading(other.engine) as connection:
            assert connection.scalar(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    with pytest.raises(Lost):
        rebuild(home.ledger, home.timeline, end_it)
    assert other.ask("digest") == spoilt != before
    assert rebuild(other.ledger, other.timeline).digest == before
