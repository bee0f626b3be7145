"""Every quirk of a feed has a golden pair: its bytes, and what is read from them."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.guard import MOST_TAGS, cut_out, xml_refusal
from ingest.item import ParsedFeed, Unreadable
from ingest.parse import parse_feed
from ingest.plain import paragraphs, plain_line, plain_paragraphs

FEEDS = Path(__file__).parent / "golden" / "feeds"
URL = "https://feed.example/dir/feed.xml"


def plainly(feed):
    """The feed as JSON, without the fields that are empty."""
    found = msgspec.to_builtins(feed)
    if "items" in found:
        found["items"] = [{k: v for k, v in item.items() if v not in (None, "", False)} for item in found["items"]]
    return json.loads(json.dumps(found))


def pairs():
    return sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json"))


def test_there_are_golden_pairs_enough():
    assert len(pairs()) >= 30


@pytest.mark.parametrize("path", pairs(), ids=lambda path: path.name)
def test_a_feed_gives_what_its_golden_file_says(path):
    expected = json.loads(path.with_suffix("").with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert plainly(parse_feed(path.read_bytes(), {}, URL)) == expected


def test_the_http_header_decides_the_encoding_of_a_feed_that_declares_none():
    body = '<rss version="2.0"><channel><item><title>Поезд</title></item></channel></rss>'.encode("koi8-r")
    feed = parse_feed(body, {"content-type": "application/rss+xml; charset=koi8-r"}, URL)
    assert feed.items[0].title == "Поезд"


def test_a_body_that_names_a_file_opens_no_file(tmp_path):
    secret = tmp_path / "feed.xml"
    secret.write_text('<rss version="2.0"><channel><item><title>secret</title></item></channel></rss>')
    assert parse_feed(str(secret).encode(), {}, URL) == Unreadable("not_a_feed")


def test_items_beyond_the_limit_are_left_out_and_said_so():
    items = "".join(f"<item><title>t{n}</title><guid>{n}</guid></item>" for n in range(7))
    feed = parse_feed(f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(), {}, URL, most_items=5)
    assert [item.title for item in feed.items] == ["t0", "t1", "t2", "t3", "t4"]
    assert "items_dropped" in feed.problems


def test_a_feed_of_absurdly_many_tags_is_refused_before_it_is_parsed():
    body = b'<rss version="2.0"><channel>' + b"<item/>" * (MOST_TAGS + 1) + b"</channel></rss>"
    assert parse_feed(body, {}, URL) == Unreadable("too_many_tags")


def test_a_definition_is_found_even_after_a_long_preamble():
    text = "<?xml version='1.0'?>" + "<!-- x -->" * 5000 + "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss/>"
    assert xml_refusal(text) == "dtd"


def test_a_definition_quoted_in_an_article_is_no_definition():
    assert xml_refusal("<rss><description><![CDATA[write <!DOCTYPE a [ and <!ENTITY b]]></description></rss>") is None


@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise(body):
    assert isinstance(parse_feed(body, {}, URL), ParsedFeed | Unreadable)


@given(st.text(alphabet='<>/&;!-[]CDATArssitemle "=', max_size=200))
def test_no_markup_whatever_raises(text):
    body = f'<rss version="2.0"><channel><item><title>{text}</title></item></channel></rss>'.encode()
    assert isinstance(parse_feed(body, {}, URL), ParsedFeed | Unreadable)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=8))
def test_no_json_whatever_raises(value):
    items = [value, {"id": value, "title": value, "url": value, "authors": value, "date_published": value}]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})
    assert isinstance(parse_feed(body.encode(), {}, URL), ParsedFeed | Unreadable)


@given(st.text())
def test_a_plain_line_holds_no_tag_and_no_line_end(text):
    line = plain_line(text)
    assert "\n" not in line
    assert "<script" not in plain_line(f"a <script>{text}</script> b").lower()


def test_plain_text_keeps_what_only_looks_like_markup():
    assert plain_line("5 < 6 and 7 > 4") == "5 < 6 and 7 > 4"


def test_paragraphs_follow_the_blocks_of_the_markup():
    assert plain_paragraphs("<p>One\n line.</p><p>Two<br>three &amp; <b>four</b>.</p>") == "One line.\n\nTwo\n\nthree & four."
    assert paragraphs("a \n\n\n  b\r\nc") == "a\n\nb\n\nc"


@given(st.text(alphabet="<!->a", max_size=60))
def test_cutting_out_in_linear_time_is_what_the_quadratic_expression_does(text):
    assert cut_out(text, "<!--", "-->") == re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
