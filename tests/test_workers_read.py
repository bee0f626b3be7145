"""The reader as a whole: one outcome a document, the same findings every time, and `dateline match`'s objects."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reader_world import ARTICLE, CLAIMS, PUBLISHED, document
from workers.matchfile import About, UnreadableArticle, as_object, match_files, read_document
from workers.read import Reader
from workers.vectors import load_vectors

KEY = b"k" * 32
READER = Reader(CLAIMS, None, KEY)


def test_a_denial_is_read_with_its_speaker_and_its_day():
    found = {m.quote: m for m in READER.read(document()).mentions if m.claim == "harrow-bridge-closes"}
    denial = found["The Ports Board denied on Tuesday that the bridge would be shut."]
    assert denial.stance == "denies"
    assert denial.attribution.anonymity == "named"
    assert denial.attribution.organisation.entity == "ports-board"
    assert denial.said_on.isoformat() == "2031-05-13"
    assert denial.said_on_precision == "day"


def test_every_quote_stands_at_its_offsets_and_the_order_is_fixed():
    mentions = READER.read(document()).mentions
    assert mentions
    assert all(ARTICLE[m.start : m.end] == m.quote for m in mentions)
    assert [(m.start, m.end, m.claim) for m in mentions] == sorted((m.start, m.end, m.claim) for m in mentions)
    assert len({(m.start, m.end, m.claim) for m in mentions}) == len(mentions)


def test_two_readers_of_one_watch_list_find_the_same():
    assert Reader(CLAIMS, None, KEY).read(document()) == READER.read(document())


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        ({"text": ARTICLE}, "read"),
        ({"text": ARTICLE, "language": None}, "read"),
        ({"text": ARTICLE, "language": "en-GB"}, "read"),
        ({"text": " \n "}, "empty"),
        ({"text": ARTICLE, "language": "fr"}, "language"),
        (
            {
                "text": "Le pont est fermé à la circulation depuis hier soir. Personne ne sait quand il rouvrira.",
                "language": None,
            },
            "language",
        ),
    ],
)
def test_every_document_has_exactly_one_outcome(known, outcome):
    findings = READER.read(document(**known))
    assert findings.outcome == outcome
    assert bool(findings.signature) == (outcome == "read")
    if outcome != "read":
        assert findings.mentions == ()


def test_a_text_about_nothing_tracked_is_read_without_mentions():
    assert READER.read(document("Chess\n\nAda Lund won the chess final in Oslo.")).mentions == ()


def test_what_changed_since_the_revision_before_is_found():
    softer = ARTICLE.replace("The Ports Board denied on Tuesday that the bridge would be shut. ", "")
    kinds = {(e.kind, e.claim) for e in READER.read(document(softer), document()).edits}
    assert ("passage_vanished", "harrow-bridge-closes") in kinds
    assert ("denial_removed", "harrow-bridge-closes") in kinds
    assert READER.read(document(), document()).edits == ()


def test_a_scope_of_one_claim_finds_what_the_whole_list_finds_of_it():
    wide = READER.read(document()).mentions
    narrow = READER.read(document(), scope=frozenset({"harrow-repair-cost"})).mentions
    assert narrow == tuple(m for m in wide if m.claim == "harrow-repair-cost")


def test_the_version_tells_whether_similarity_was_at_hand():
    assert READER.version != Reader(CLAIMS, load_vectors(), KEY).version


@settings(max_examples=30)
@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail(body):
    findings = READER.read(document(body))
    assert findings.outcome in {"read", "empty"}
    assert all(0 <= m.start < m.end <= len(body) for m in findings.mentions)


def test_files_give_one_object_a_mention_with_offsets_of_the_file_as_it_is(tmp_path):
    path = tmp_path / "042_bridge.txt"
    path.write_text(ARTICLE.replace("\n", "\r\n"), encoding="utf-8", newline="")
    docs = tmp_path / "docs.jsonl"
    docs.write_text(json.dumps({"doc": "042", "outlet": "The Echo", "url": None, "published": "2031-05-14"}) + "\n")
    rows = list(match_files(READER, [path], docs))
    with path.open(encoding="utf-8", newline="") as file:
        raw = file.read()
    assert rows
    assert {row["doc"] for row in rows} == {"042"}
    assert all(raw[row["start"] : row["end"]] == row["quote"] for row in rows)
    assert {"doc", "claim", "quote", "start", "end", "stance", "outlet_stance", "hedging", "echo_of", "said_on", "variant",
            "attribution", "score"} <= rows[0].keys()  # fmt: skip
    assert {"speaker", "organisation", "role", "anonymity"} == rows[0]["attribution"].keys()
    json.dumps(rows)


def test_a_json_article_brings_its_own_particulars_and_docs_go_before_them(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"text": "T\n\nB", "outlet": "The Echo", "published": "2031-05-14T09:00:00Z"}))
    assert read_document(path, About()).published == PUBLISHED
    assert read_document(path, About(outlet="The Sun")).outlet == "The Sun"


def test_a_page_is_read_as_its_article(tmp_path):
    path = tmp_path / "a.html"
    paragraphs = "".join(f"<p>{line}</p>" for line in ARTICLE.splitlines()[1:] if line)
    path.write_text(f"<html><head><title>Harrow Bridge</title></head><body><article>{paragraphs}</article></body></html>")
    assert "The Ports Board denied on Tuesday" in read_document(path, About()).text


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b"\xff\xfe\x00"), ("a.json", b"{"), ("a.json", b'{"title": "x"}'), ("a.html", b"")]
)
def test_a_file_that_is_no_article_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableArticle) as caught:
        read_document(path, About())
    assert caught.value.path == path


def test_a_mention_without_names_has_none_in_its_object():
    mention = READER.read(document("Harrow Bridge to be closed to traffic\n\nRain fell.")).mentions[0]
    assert as_object("7", mention)["attribution"]["speaker"] is None
