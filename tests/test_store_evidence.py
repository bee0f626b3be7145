"""Checkpoints, audit, erasure and bundles on both databases: the same answers, and no query finds what was erased."""

import databases
import pytest
from sqlalchemy import MetaData, select, text
from test_dateline_export import SCRIPT
from test_store_ledger import T0, deployed

from store.audit import verify
from store.bundle import Scope, choose, write_bundle
from store.checkpoint import latest, sign
from store.clock import FixedClock
from store.content import Content, Revision
from store.database import open_engine, reading, writing
from store.erasure import erase, search
from store.events import ArticlePublished, ArticleText
from store.ledger import Draft, Ledger
from store.notes import Signer
from store.timeline import Timeline

SIGNER = Signer("dateline/test", bytes(range(32)))
CANARY = "Quillon Zaphryx"


class Store:
    """Ledger, read tables and content in one database."""

    def __init__(self, url):
        self.engine, self.timeline = open_engine(url), Timeline()
        self.ledger = Ledger(self.engine, secret=b"s" * 32, clock=FixedClock(T0), projectors=[self.timeline])
        self.content = Content(self.engine)
        for article, words in (("a1", CANARY), ("a2", "Bo Stern")):
            self.publish(article, words)
        self.ledger.append([deployed(n) for n in range(300)], actor="test")

    def publish(self, article, words):
        url = f"https://o.example/{words.replace(' ', '-')}"
        found = self.content.add_revision(
            Revision(
                article=article, revision=1, rendition="x/1", feed="f", outlet="o", outlet_name=words, url=url, title=words,
                body=f"{words} said so.", byline=words, language="en", seen_at=T0, occurred_at=T0, occurred_basis="claimed",
                claimed_at=T0, page=f"<p>{words}".encode(),
            )
        )  # fmt: skip
        event = ArticlePublished(
            article, "f", "o", T0, T0, "claimed", "en", "x/1", found.page, found.content, "read", text=ArticleText(url, words)
        )
        self.ledger.append([Draft(event, f"article/{article}", T0, (article,))], actor="test")

    def verdict(self, **options):
        return verify(self.ledger, self.timeline, content=self.content, keys=[SIGNER.verifier], **options)

    def holds(self, words):
        """Names of the tables of which some row, decoded as a query gives it, holds the words."""
        wanted, found = words.casefold(), set()
        with reading(self.engine) as connection:
            tables = MetaData()
            tables.reflect(connection)
            for table in tables.sorted_tables:
                for row in connection.execute(select(table)):
                    shown = " ".join(v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in row)
                    if wanted in shown.casefold():
                        found.add(table.name)
        return found


@pytest.fixture(params=databases.KINDS)
def store(request, tmp_path):
    with databases.fresh(request.param, tmp_path) as url:
        store = Store(url)
        yield store
        store.engine.dispose()


def test_what_was_signed_is_verified_and_rolling_back_is_found(store):
    first = sign(store.ledger, SIGNER, T0)
    store.ledger.append([deployed(n) for n in range(300)], actor="test")
    second = sign(store.ledger, SIGNER, T0)
    verdict = store.verdict(against=[first.checkpoint, second.checkpoint])
    assert (verdict.faults, verdict.checkpoints) == ((), 2)
    with reading(store.engine) as connection:
        assert latest(connection) == second
    ahead = second.checkpoint._replace(size=second.checkpoint.size + 5)
    assert "rolled back" in store.verdict(against=[ahead]).faults[0].what


def test_a_changed_dropped_or_inserted_row_is_located(store):
    for change, where in (
        ("UPDATE events SET actor = 'nobody' WHERE position = 5", 5),
        ("DELETE FROM events WHERE position = 4", 4),
        ("UPDATE events SET position = -1 WHERE position = 3", -1),
    ):
        with writing(store.engine) as connection:
            connection.execute(text(change))
        assert store.verdict().first_bad_position == where


def test_no_query_finds_what_was_erased_and_everything_still_verifies(store):
    sign(store.ledger, SIGNER, T0)
    assert store.holds(CANARY) >= {"content_revisions", "content_texts", "texts", "read_revisions"}
    assert search(store.ledger, store.content, CANARY).articles == ("a1",)
    done = erase(store.ledger, store.timeline, store.content, "a1", "asked for", T0)
    assert done.positions == (0,)
    assert store.holds(CANARY) == set()
    assert store.holds(CANARY.replace(" ", "-")) == set()
    assert store.holds("Bo Stern") != set()
    assert store.verdict().faults == ()


def test_a_bundle_is_good_by_the_script_alone(store, tmp_path):
    sign(store.ledger, SIGNER, T0)
    signed = sign(store.ledger, SIGNER, T0)
    size = signed.checkpoint.size
    chosen = choose(store.ledger.read(stop=size), store.ledger.read(stop=size), Scope())
    write_bundle(
        tmp_path / "b", Scope(), chosen, ledger=store.ledger, content=store.content, signed=signed, signer=SIGNER,
        keys=[SIGNER.verifier], report="<p>",
    )  # fmt: skip
    assert SCRIPT.main([str(tmp_path / "b")]) == 0
