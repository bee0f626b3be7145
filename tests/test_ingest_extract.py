"""Pages: golden pairs for what a reader would read, and what a page says about itself."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dateline_text import stated_dates
from ingest.extract import MOST_TAGS, PAGE_RENDITION, extract_fragment, extract_page, language_of
from ingest.item import Item
from ingest.outcome import Failed, Fetched, Gone, Missing, NotModified, Refused
from ingest.sight import Text, Unseen, Vanished, page_sight

PAGES = Path(__file__).parent / "golden" / "pages"
URL = "https://post.example/dir/page"
NEWS = (PAGES / "news.html").read_bytes()


def fetched(body=NEWS, url=URL, **headers):
    return Fetched(200, {"content-type": "text/html; charset=utf-8"} | headers, body, url)


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.html")), ids=lambda path: path.stem)
def test_a_page_gives_what_its_golden_file_says(path):
    found = json.loads(msgspec.json.encode(extract_page(path.read_bytes(), None, URL)))
    assert found.pop("rendition") == PAGE_RENDITION
    found["text"] = found["text"].split("\n\n") if found["text"] else []
    assert found == json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))


def test_menus_boxes_cookie_notes_and_footers_are_no_text():
    text = extract_page(NEWS, "text/html", URL).text
    for words in ("cookies", "Newsletter", "dredging", "All rights", "Sport", "tracking"):
        assert words not in text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"", "text/html"),
        (b"<p>" * (MOST_TAGS + 1), "text/html"),
        (b"x" * (5 * 1024 * 1024), "text/html"),
    ],
)
def test_what_is_no_readable_page_gives_nothing(body, content_type):
    assert extract_page(body, content_type, URL) is None


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.text(alphabet='<>/apdiv ="&;!-', max_size=200).map(str.encode))
def test_no_bytes_whatever_raise(body):
    found = extract_page(body, "text/html", URL)
    assert found is None or isinstance(found.text, str)


def test_the_header_names_the_encoding_of_a_page_that_does_not():
    body = "<html><body><article><h1>Т</h1><p>Поезд прошёл.</p><p>Да.</p></article></body></html>".encode("koi8-r")
    assert "Поезд прошёл." in extract_page(body, "text/html; charset=koi8-r", URL).text


def test_a_fragment_of_a_feed_keeps_its_paragraphs():
    assert extract_fragment("<p>One &amp; two.</p><script>x</script><ul><li>Three</li></ul>") == "One & two.\n\nThree"


@pytest.mark.parametrize(
    ("text", "published", "modified"),
    [
        ("Posted on 12 September 2023", datetime(2023, 9, 12, tzinfo=UTC), None),
        ("Published: 2023-09-12 14:30 UTC", datetime(2023, 9, 12, 14, 30, tzinfo=UTC), None),
        ("Posted on 12.09.2023. Modified on 14.09.2023", datetime(2023, 9, 12, tzinfo=UTC), datetime(2023, 9, 14, tzinfo=UTC)),
        ("Published Tuesday, Sept. 12, 2023", datetime(2023, 9, 12, tzinfo=UTC), None),
        ("Last updated 1st May 2023 at 9:05", None, datetime(2023, 5, 1, 9, 5, tzinfo=UTC)),
        ("Posted on 31 February 2023", None, None),
        ("It was published in 2019 and posted to Bonn", None, None),
        ("12 September 2023", None, None),
    ],
)
def test_dates_that_a_page_states_in_words(text, published, modified):
    assert stated_dates(text) == (published, modified)


@given(st.text())
def test_no_text_whatever_breaks_the_dates(text):
    stated_dates(f"Posted on {text}")


def test_a_language_is_guessed_from_enough_words_only():
    assert language_of("Kurz.") is None
    assert (
        language_of("Der Hafen bleibt bis zum Frühjahr geschlossen, sagte die Vorsitzende am Dienstag vor der Presse.") == "de"
    )


@pytest.mark.parametrize(
    ("outcome", "sight"),
    [
        (NotModified({}, URL), Unseen("not_modified")),
        (Gone(URL), Vanished("410")),
        (Missing(URL), Vanished("404")),
        (Failed("timeout", URL), Unseen("failed", "timeout")),
        (Refused("robots", URL), Unseen("refused", "robots")),
        (fetched(b"<html><body></body></html>"), Unseen("unreadable", "no_text")),
        (fetched(b"%PDF", **{"content-type": "application/pdf"}), Unseen("unreadable", "no_text")),
        (fetched(url="https://post.example/"), Unseen("unreadable", "front_page")),
    ],
)
def test_what_a_fetch_shows(outcome, sight):
    assert page_sight(outcome, URL, None) == sight


def test_a_readable_page_shows_its_text_and_keeps_its_bytes_and_validators():
    sight = page_sight(fetched(etag='"1"'), URL, Item(title="Feed title", byline="Feed byline"))
    assert isinstance(sight, Text)
    assert (sight.title, sight.byline, sight.outlet_name) == ("North pier to close", "Ines Falk, T. Oda", "Marrow Bay Post")
    assert (sight.page, sight.etag, sight.source, sight.url) == (NEWS, '"1"', "page", URL)
