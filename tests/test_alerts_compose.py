"""What outsiders write cannot bend a message: injection, on the bytes that would leave."""

import email
import json
import re
from email.policy import default
from html.parser import HTMLParser

import pytest
from alerts_world import START
from hypothesis import given
from hypothesis import strategies as st

from alerts.blocks import MOST_BLOCKS, escaped, payload
from alerts.candidates import Candidate
from alerts.channels import as_json
from alerts.compose import Item, Notice, alert_text, merged, plain, retraction_text
from alerts.compose import item as shown
from alerts.mail import HEADERS, HeaderSmuggled, Letterhead, html, mail
from alerts.outside import LONGEST_LINK, link, words
from store import events as ev
from store.claim import Claim

LETTERHEAD = Letterhead("dateline@desk.example", ("one@desk.example", "two@desk.example"), "desk.example")

HOSTILE = (
    "x\r\nBcc: evil@example.org\r\n\r\n<b>body</b>",
    "=?utf-8?Q?x=0D=0ABcc:_evil@example.org?=",
    "=?utf-8?B?eA0KQmNjOiBldmlsQGV4YW1wbGUub3Jn?=",
    "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3D0D=3D0ABcc:_evil@example.org=3F=3D?=",
    "=?UTF-8?q?a?= =?UTF-8?q?=0ABcc:=20evil@example.org?=",
    "=?unknown-8bit?Q?x=0D=0ABcc:_e?= =?utf-8?Q?broken",
    "a\x0bb\x0cc\x1cd\x1de\x85f\u2028Bcc: g\u2029h\x00i\x7f",
    "<!everyone> <!channel> <!here> <@U0123> <#C0123> <!subteam^S1>",
    "<https://evil.example|The Ledger> &lt;!everyone&gt;",
    "><http://evil.example|click>",
    "\u202egro.elpmaxe\u202c \u2066bidi\u2069 \u200ehidden\u200f",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "tags\U000e0041\U000e007f and a lone \ud800 surrogate",
    "--=-0123456789\r\nContent-Type: text/html\r\n\r\n<h1>smuggled</h1>",
    "{{7*7}} ${7*7} %s {0.__class__}",
    "quoted \" and ' and ` and \\ and *bold* _it_ ~no~",
    "",
)


def notice(words_from_outside="A quote.", url="https://news.example/a1", **fields):
    """A notice whose words all come from outside, past no cleaning but that of the product."""
    text = ev.MentionText(
        words_from_outside, "", "", url, words_from_outside, words_from_outside, words_from_outside,
        role=words_from_outside,
    )  # fmt: skip
    spoken = ev.MentionRecorded(
        "m", "a", 1, "r", "o", "visit", "r", 0, 0, 1, "denies", "asserted", "neutral", "named", None, None, None, None,
        None, None, None, 900, "", text=text,
    )  # fmt: skip
    claim = Claim("visit", "Kim goes to Russia.", "summit")
    candidate = Candidate("denial", 7, START, START, "s", claim, "m", quote_at=7, facts=("named", ""))
    told = ev.AlertRaised("al", "desk", "v1", "denial", "c", "summit", "visit", "m", 7, text=alert_text(candidate, spoken))
    one = shown(told, 7)
    return Notice(
        "0123456789", "alerts", "desk", "v1", words(words_from_outside, 140) or "t", (one,), START, "summit", **fields
    )


def strings(value):
    if isinstance(value, dict):
        return [found for part in value.values() for found in strings(part)]
    if isinstance(value, list):
        return [found for part in value for found in strings(part)]
    return [value] if isinstance(value, str) else []


def harmless_mail(content):
    head, _, _ = content.partition(b"\r\n\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]", head)
    message = email.message_from_bytes(content, policy=default)
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert [address.addr_spec for address in message["To"].addresses] == list(LETTERHEAD.recipients)
    assert message["Message-ID"] == "<0123456789@desk.example>"
    parts = [part.get_content_type() for part in message.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    return message


def harmless_slack(body):
    built = f"<{body['blocks'][2]['elements'][1]['text'][1:-9]}|article>" if "mrkdwn" in json.dumps(body["blocks"]) else None
    for text in strings(body):
        if text != built:
            assert not re.search(r"[<>]", text)
            assert not re.search(r"&(?!amp;|lt;|gt;)", text)
    for block in body["blocks"]:
        elements = block.get("elements") or [block["text"]]
        assert all(element["type"] == "plain_text" or element["text"] == built for element in elements)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))


def harmless_html(page):
    tags = Tags()
    tags.feed(page)
    assert {tag for tag, _ in tags.found} <= {"html", "body", "h2", "p", "b", "br", "blockquote", "a", "small", "hr"}
    assert {attrs for _, attrs in tags.found} <= {(), ("href", "rel"), ("style",)}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_word_from_outside_bends_a_mail(hostile):
    message = harmless_mail(mail(notice(hostile), LETTERHEAD))
    assert not re.search(r"[\r\n]", str(message["Subject"]))
    harmless_html(message.get_body(("html",)).get_content())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_word_from_outside_becomes_a_link_or_a_call_to_everyone_on_slack(hostile):
    harmless_slack(payload(notice(hostile)))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_shown_holds_nothing_that_only_machines_see(hostile):
    for text in [*strings(as_json(notice(hostile))), plain(notice(hostile))]:
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


@given(st.text(max_size=400), st.text(max_size=80))
def test_no_text_whatever_bends_a_message(text, url):
    built = notice(text, url="https://news.example/" + url)
    harmless_mail(mail(built, LETTERHEAD))
    harmless_slack(payload(built))
    harmless_html(html(built))


@given(st.text(alphabet="=?utf-8QqBb_0DAa \r\n", max_size=120))
def test_no_encoded_word_whatever_bends_a_header(text):
    harmless_mail(mail(notice(f"=?utf-8?Q?{text}?={text}"), LETTERHEAD))


@given(st.text())
def test_cleaned_words_stay_clean(text):
    once = words(text)
    assert words(once) == once
    assert "\n" not in once
    assert "=?" not in once


def test_a_header_that_came_in_by_another_way_stops_the_mail(monkeypatch):
    """The last check, should a mail library find a new way to decode what it is given."""
    monkeypatch.setattr("alerts.mail.words", lambda *_: "=?utf-8?Q?x=0D=0ABcc:_evil@example.org?=")
    with pytest.raises(HeaderSmuggled) as raised:
        mail(notice(), LETTERHEAD)
    assert raised.value.header == "Bcc"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://x.example/", "//x.example/", "x.example",
        "https://", "https://user@evil.example/", "https://a.example/\r\nBcc: x", "https://a b.example/", "", None,
        "https://a.example/" + "x" * LONGEST_LINK, "http://[bad", "https://a.example/\u202etxt", "HTTP:evil",
    ],
)  # fmt: skip
def test_only_addresses_that_may_be_followed_become_links(url):
    assert link(url) is None
    built = notice(url=url or "")
    assert built.items[0].url is None
    assert "href" not in html(built)
    harmless_slack(payload(built))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://news.example/a?b=1&c=%20#d", "https://news.example/a?b=1&c=%20#d"),
        ("https://news.example/ü|<x>\"'", "https://news.example/%C3%BC%7C%3Cx%3E%22'"),
        ("HTTP://NEWS.example/a?q=?x", "HTTP://NEWS.example/a?q=?x"),
    ],
)
def test_an_address_keeps_its_meaning(url, safe):
    assert link(url) == safe


# --- shape -----------------------------------------------------------------------------------------


def many(count, quote="q", **fields):
    items = tuple(
        Item(
            f"a{number}",
            "denial",
            (f"Headline {number}",),
            number,
            "desk",
            "v1",
            quote=quote,
            url="https://n.example/&",
            speaker="S",
        )
        for number in range(count)
    )
    return Notice("0123456789", "storm", "desk", "v1", "The summit", items, START, omitted=14, **fields)


def test_slack_limits_are_kept_however_much_is_said():
    body = payload(many(60, quote="&" * 5_000))
    assert len(body["blocks"]) <= MOST_BLOCKS
    for block in body["blocks"]:
        limit = {"header": 150, "section": 3_000, "context": 2_000}[block["type"]]
        assert all(len(element["text"]) <= limit for element in block.get("elements") or [block["text"]])
    assert (body["unfurl_links"], body["unfurl_media"], body["mrkdwn"]) == (False, False, False)


@given(st.text(alphabet="&<>ab", max_size=60), st.integers(8, 40))
def test_escaping_never_cuts_an_entity(text, most):
    told = escaped(text, most)
    assert len(told) <= most
    assert not re.search(r"&(?!amp;|lt;|gt;)", told)


def test_mail_has_a_deterministic_id_a_thread_and_says_that_no_person_wrote_it():
    content = mail(notice(), LETTERHEAD)
    message = harmless_mail(content)
    assert content == mail(notice(), LETTERHEAD)
    assert message["In-Reply-To"] == message["References"] == "<story.summit@desk.example>"
    assert message["List-Id"] == "<desk.alerts.desk.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Dateline-Events"] == "7"
    body = message.get_body(("plain",)).get_content()
    assert "“A quote.”" in body
    assert "https://news.example/a1" in body
    assert "[event 7]" in body
    assert "version v1" in body


def test_a_message_says_how_much_it_leaves_out():
    assert "… and 14 more." in plain(many(3))
    assert "… and 14 more." in html(many(3))
    assert "… and 14 more." in json.dumps(payload(many(3)), ensure_ascii=False)


def test_items_that_show_one_passage_are_merged_in_order():
    one = Item("a", "denial", ("Denied",), 1, "desk", "v1", quote="q", url="https://n.example/")
    other = Item("b", "status_change", ("Now denied",), 2, "desk", "v1", quote="q", url="https://n.example/")
    third = Item("c", "denial", ("Denied",), 3, "desk", "v1")
    assert [item.headlines for item in merged([one, other, third])] == [("Denied", "Now denied"), ("Denied",)]


def test_words_are_clipped_with_an_ellipsis_and_a_long_quote_cannot_flood():
    assert words("abc def", 5) == "abc…"
    assert len(notice("word " * 10_000).items[0].quote) <= 600


@pytest.mark.parametrize(
    ("anonymity", "echo", "speaker"),
    [("named", None, "X"), ("unnamed", None, "an unnamed source (X)"), ("none", None, "in the outlet's own voice"),
     ("none", "NYT", "relaying NYT")],
)  # fmt: skip
def test_who_said_it_is_told_also_when_nobody_is_named(anonymity, echo, speaker):
    text = ev.MentionText("q", "", "", "https://n.example/", speaker="X" if anonymity != "none" else None, echo_of=echo)
    spoken = ev.MentionRecorded(
        "m", "a", 1, "r", "o", "visit", "r", 0, 0, 1, "affirms", "asserted", "neutral", anonymity, None, None, None, None,
        None, None, None, 900, "", text=text,
    )  # fmt: skip
    candidate = Candidate("first_mention", 7, START, START, "s", Claim("visit", "It.", "s"), "m", quote_at=7)
    assert alert_text(candidate, spoken).speaker == speaker


def test_an_edit_is_quoted_before_and_after():
    text = ev.RevisionText("https://n.example/", passages=(("will go", "may go"), ("gone", None)))
    revised = ev.ArticleRevised("a", 2, "f", "o", None, START, "first_seen", "en", "r", None, "c", "read", (), text)
    claim = Claim("visit", "It.", "s")
    edit = Candidate("silent_edit", 7, START, START, "s", claim, quote_at=7, passage=0, facts=("hedge_added",))
    gone = Candidate("vanished_passage", 7, START, START, "s", claim, quote_at=7, passage=1, facts=("passage_vanished",))
    assert alert_text(edit, revised).quote == "will go” → “may go"
    assert alert_text(gone, revised).quote == "gone"


def test_a_retraction_repeats_what_was_told_and_says_why():
    told = ev.AlertText("Denied: It.", "q", "https://n.example/", "S", "O")
    assert retraction_text("rejected", told).headline == "Taken back, a reviewer rejected it: Denied: It."
    assert retraction_text("rejected", told).quote == "q"
    assert retraction_text("revised", None).headline == "Taken back: the article no longer says so"
