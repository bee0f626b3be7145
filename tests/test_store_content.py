"""The content table: commitments that hold, an outbox that loses nothing, an erasure that leaves nothing."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import tiers
from hypothesis import given
from hypothesis import strategies as st

from store.content import Content, ContentConflict, Revision
from store.content_tables import Sealed, commit, pack, unpack
from store.database import open_engine
from store.messages import AliasFound, MergeFound, WithdrawalFound

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
SECRET_WORDS = "an unrepeatable sentence about the harbour"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'content.db'}")
    else:
        engine = fresh_postgresql(tiers.requires_tier("postgresql"))
    yield engine
    engine.dispose()


def fresh_postgresql(url):
    """An engine on an empty schema of its own, so that tests beside these keep their tables."""
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA IF EXISTS test_content CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA test_content"))
    engine.dispose()
    return open_engine(f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dtest_content")


@pytest.fixture
def content(engine):
    return Content(engine)


def revision(article="a1", number=1, body=SECRET_WORDS, **changes):
    fields = {
        "article": article, "revision": number, "rendition": "x-1", "feed": "f1", "outlet": "o1", "outlet_name": "Harbour Post",
        "url": "https://post.example/1", "title": "Pier closed", "body": body, "byline": "Ana Moreau", "language": "en",
        "seen_at": T0, "occurred_at": T0, "occurred_basis": "first_seen", "claimed_at": None,
        "page": f"<html>{body}</html>".encode(), "trace": "t1",
    }  # fmt: skip
    return Revision(**(fields | changes))


def test_a_document_is_title_empty_line_body_with_the_printed_name_and_the_date_it_occurred(content):
    content.add_revision(revision())
    document = content.document("a1", 1)
    assert document.text == f"Pier closed\n\n{SECRET_WORDS}"
    assert (document.outlet, document.url, document.published) == ("Harbour Post", "https://post.example/1", T0)
    assert (document.article, document.revision, document.rendition, document.language) == ("a1", 1, "x-1", "en")
    assert content.page("a1", 1) == f"<html>{SECRET_WORDS}</html>".encode()


def test_what_is_not_there_is_none(content):
    assert content.document("a1", 1) is None
    assert content.page("a1", 1) is None
    assert content.commitments("a1", 1) is None
    assert content.particulars("a1", 1) is None
    content.add_revision(revision(page=None))
    assert content.document("a1", 1, "another-extractor") is None
    assert content.page("a1", 1) is None
    assert content.commitments("a1", 1)[0] is None


def test_storing_the_same_revision_again_gives_the_first_message_and_one_announcement(content):
    first = content.add_revision(revision())
    assert content.add_revision(revision(trace="another poll")) == first
    assert content.unannounced() == [first]


def test_a_stored_revision_is_never_replaced(content):
    content.add_revision(revision())
    with pytest.raises(ContentConflict):
        content.add_revision(revision(body="another text"))
    assert content.document("a1", 1).text.endswith(SECRET_WORDS)


def test_the_message_commits_to_the_page_and_to_the_text(content):
    message = content.add_revision(revision())
    page, text = list(content.sealed("a1", 1))
    assert (page.rendition, text.rendition) == (None, "x-1")
    assert commit(page.salt, content.page("a1", 1)) == message.page
    assert commit(text.salt, content.document("a1", 1).text.encode()) == message.content
    assert content.commitments("a1", 1) == (message.page, message.content)


def test_two_equal_texts_have_different_commitments(content):
    one, other = content.add_revision(revision("a1")), content.add_revision(revision("a2"))
    assert one.content != other.content
    assert one.page != other.page


def test_a_new_rendition_stands_beside_the_old_one(content):
    content.add_revision(revision())
    with content.writing() as w:
        made = w.add_rendition("a1", 1, "x-2", "Pier closed\n\nbetter extracted")
        assert w.add_rendition("a1", 1, "x-2", "something else") == made
    assert content.document("a1", 1).text.endswith(SECRET_WORDS)
    assert content.document("a1", 1, "x-2").text.endswith("better extracted")
    assert content.commitments("a1", 1, "x-2")[1] == made


def test_messages_of_all_kinds_are_announced_in_the_order_in_which_they_were_stored(content):
    with content.writing() as w:
        found = w.add_revision(revision())
        withdrawn = WithdrawalFound("a1", 1, "f1", "o1", T0, "410")
        alias = AliasFound("a1", "k1", T0)
        merged = MergeFound("a2", "a1", T0)
        for _ in range(2):
            w.add_withdrawal(withdrawn)
            w.add_alias(alias, "https://post.example/other")
            w.add_merge(merged)
    assert content.unannounced() == [found, withdrawn, alias, merged]
    assert content.alias("a1", "k1") == "https://post.example/other"


def test_only_what_was_marked_is_not_announced_again(content):
    first, second = content.add_revision(revision("a1")), content.add_revision(revision("a2"))
    waiting = content.waiting(most=1)
    assert [one.message for one in waiting] == [first]
    content.mark_announced(one.sequence for one in waiting)
    assert content.unannounced() == [second]
    assert content.announce_again("a1") == 1
    assert content.unannounced() == [first, second]


def test_a_transaction_that_fails_leaves_neither_text_nor_message(content):
    def store_and_fail():
        with content.writing() as w:
            w.add_revision(revision())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        store_and_fail()
    assert content.unannounced() == []
    assert content.document("a1", 1) is None


def test_an_erasure_takes_text_page_and_names_and_leaves_commitments_and_other_articles(content):
    message = content.add_revision(revision())
    content.add_revision(revision("a2", body="kept"))
    with content.writing() as w:
        w.add_alias(AliasFound("a1", "k1", T0), "https://post.example/other")
        w.set_address("a1", "https://post.example/1")
    content.erase("a1")
    content.erase("a1")
    assert content.document("a1", 1) is None
    assert content.page("a1", 1) is None
    assert content.alias("a1", "k1") is None
    assert content.particulars("a1", 1)[3:7] == (None, None, None, None)
    assert content.commitments("a1", 1) == (message.page, message.content)
    assert content.erased("a1")
    assert not content.erased("a2")
    assert content.document("a2", 1).text.endswith("kept")
    assert list(content.verify()) == []


def test_after_an_erasure_no_file_of_the_database_holds_the_text(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'content.db'}")
    content = Content(engine)
    content.add_revision(revision())
    assert any(SECRET_WORDS.encode() in path.read_bytes() for path in tmp_path.iterdir())
    content.erase("a1")
    for path in Path(tmp_path).iterdir():
        for words in (SECRET_WORDS, "Pier closed", "post.example", "Moreau"):
            assert words.encode() not in path.read_bytes(), (path, words)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("content_texts", "body = CAST('Pier closed' AS BLOB)"),
        ("content_texts", "salt = zeroblob(32)"),
        ("content_texts", "salt = NULL"),
        ("content_texts", "commitment = 'ff'"),
        ("content_pages", "body = CAST('not zlib' AS BLOB)"),
        ("content_pages", "body = NULL"),
    ],
)
def test_verify_names_what_was_tampered_with(tmp_path, table, change):
    content = Content(open_engine(f"sqlite:///{tmp_path / 'content.db'}"))
    content.add_revision(revision("a1", page=b"<p>" + b"long " * 500))
    content.add_revision(revision("a2"))
    with sqlite3.connect(tmp_path / "content.db") as raw:
        raw.execute(f"UPDATE {table} SET {change} WHERE article = 'a1'")
    assert [(bad.article, bad.rendition) for bad in content.verify()] == [("a1", "x-1" if table == "content_texts" else None)]


@given(st.binary(max_size=3000))
def test_a_page_comes_back_as_it_was(raw):
    packed, body = pack(raw)
    assert unpack(packed, body) == raw
    assert len(body) <= len(raw)


def test_half_an_erasure_does_not_pass_for_one():
    assert Sealed("a", 1, None, "c", None, None).holds
    assert not Sealed("a", 1, None, "c", b"salt", None).holds
