"""Erasure on PostgreSQL: what the operator is told to run leaves no byte of the words in any file of a table."""

import psycopg
import pytest
from audit_world import World
from clusters import own_cluster

from dateline import erasing
from store.audit import verify
from store.erasure import search

CANARY, OTHER = "Quillon Zaphryx", "Bo Stern"
pytestmark = pytest.mark.soak  # it starts a cluster of its own


@pytest.fixture
def cluster():
    with own_cluster("erasure") as found:
        yield found


@pytest.fixture
def world(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("DATELINE_DATABASE_URL", cluster[0])
    world = World(tmp_path / "home")
    for number in range(30):  # enough for ANALYZE to keep samples of them
        world.article(f"b{number}", speaker=OTHER)
    world.article("a1", speaker=CANARY, more=f"{CANARY} lives at 7 Rue Lepic.", claims=("mill-closes", "weir-leaks"))
    world.settle()
    yield world
    world.home.close()


def run(url, *statements):
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def traces(data, words):
    """Files that hold the words, as they are or as JSON writes them. WAL apart: what it keeps is told to the operator."""
    files = [path for path in data.rglob("*") if path.is_file() and "pg_wal" not in path.parts]
    return [path for path in files if any(word.encode() in path.read_bytes() for word in (words, words.split()[1]))]


def test_no_table_file_holds_erased_words_once_the_operator_has_done_as_told(world, cluster):
    url, data = cluster
    run(url, "ANALYZE", "CHECKPOINT")
    before = traces(data, CANARY)
    assert len(before) > 3, "the words can be found where they are"
    outcome = erasing.erase_articles(world.home, ["a1"], "asked for")
    (told,) = [line for line in outcome.remains if "VACUUM" in line]
    assert all(step in told for step in (*erasing.VACUUM, "WAL"))
    run(url, *erasing.VACUUM, "CHECKPOINT")
    assert traces(data, CANARY) == []
    assert len(traces(data, OTHER)) > 3
    assert search(world.home.ledger, world.home.content, CANARY) == ((), ())
    assert verify(world.home.ledger, world.home.timeline, content=world.home.content).faults == ()
