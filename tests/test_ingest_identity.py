"""What is one article and what is one text: canonical addresses, alias keys, fingerprints."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.identity import (
    alias_keys,
    canonical_url,
    contains,
    fingerprint,
    mark_shared,
    mint,
    resemblance,
    same_site,
    url_keys,
    without_trackers,
)
from ingest.item import Item
from ingest.urls import UrlRefused, parse_url, web_url

SECRET = b"s" * 32

paths = st.text(alphabet="abcXYZ019/.-_~%é ü\\:@;,+&=", max_size=30)
queries = st.lists(st.tuples(st.sampled_from(["a", "b", "id", "utm_source", "fbclid", "Ü"]), st.text(max_size=6)), max_size=4)
hosts = st.sampled_from(["a.example", "WWW.B.Example", "bücher.example", "1.2.3.4", "[2001:DB8::1]", "xn--bcher-kva.example"])


@st.composite
def urls(draw):
    scheme = draw(st.sampled_from(["http", "https", "HTTP", "HTTPS"]))
    port = draw(st.sampled_from(["", ":80", ":443", ":8080"]))
    query = "&".join(f"{name}={value}" for name, value in draw(queries))
    fragment = draw(st.sampled_from(["", "#top", "#!/page/2"]))
    return f"{scheme}://{draw(hosts)}{port}/{draw(paths)}{'?' + query if query else ''}{fragment}"


@given(urls())
def test_the_canonical_form_is_its_own_canonical_form(url):
    once = canonical_url(url)
    assert once is not None
    assert canonical_url(once) == once


@given(urls())
def test_normalising_is_idempotent_and_gives_ascii(url):
    once = str(parse_url(url))
    assert once.isascii()
    assert str(parse_url(once)) == once


@given(st.text(max_size=60))
def test_any_text_is_a_web_url_or_none(text):
    found = web_url(text, "https://base.example/x/")
    assert found is None or found.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://www.Example.com:80/a/../b/?utm_source=tw&fbclid=1&b=2&a=1#frag", "http://www.example.com/b/?a=1&b=2"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example./x", "https://a.example/x"),
        ("https://a.example/%7euser/%c3%a9?q=%7e", "https://a.example/~user/%C3%A9?q=~"),
        ("https://bücher.example/é", "https://xn--bcher-kva.example/%C3%A9"),
        ("https://user:pw@a.example:8443/x", "https://a.example:8443/x"),
        ("https:\\\\a.example\\x\\y", "https://a.example/x/y"),
        ("  https://a.example/x\n?a=1 ", "https://a.example/x?a=1"),
        ("https://a.example/x?b=2&a=2&a=1", "https://a.example/x?a=2&a=1&b=2"),
        ("https://a.example/x?utm_source=feed", "https://a.example/x"),
        ("https://a.example/x?utm=1&source=feed&ref=2", "https://a.example/x?ref=2&source=feed&utm=1"),
        ("https://a.example/#!/story/5", "https://a.example/#!/story/5"),
        ("https://a.example/a/./b/../../c/..", "https://a.example/"),
        ("https://a.example/a%2Fb", "https://a.example/a%2Fb"),
        ("https://a.example/x?", "https://a.example/x"),
        ("ftp://a.example/", None),
        ("javascript:alert(1)", None),
        ("https://a.example:0/", None),
        ("https://a.example:port/", None),
    ],
)
def test_canonical_url(url, canonical):
    assert canonical_url(url) == canonical


DISTINCT = [
    "https://a.example/news?id=1", "https://a.example/news?id=2", "https://a.example/news?id=1&page=2", "https://a.example/news",
    "https://a.example/news/", "https://a.example/News", "https://www.a.example/news", "https://a.example:8080/news",
    "https://a.example/#!/1", "https://a.example/#!/2", "https://a.example/a%2Fb", "https://a.example/a/b",
    "https://a.example/x?a=1&a=2", "https://a.example/x?a=2&a=1", "https://a.example/x?q=a+b", "https://a.example/x?q=a%2Bb",
]  # fmt: skip


def test_different_articles_are_never_made_one():
    assert len({canonical_url(url) for url in DISTINCT}) == len(DISTINCT)


def test_the_address_to_ask_again_loses_trackers_and_nothing_else():
    assert without_trackers("https://a.example/X?b=2&utm_medium=x&a=1#f") == "https://a.example/X?b=2&a=1#f"
    assert without_trackers("https://a.example/x?utm_medium=x") == "https://a.example/x"
    assert without_trackers("https://a.example/x?b&a") == "https://a.example/x?b&a"


@pytest.mark.parametrize("url", ["http:///", "http://a b/", "https://[::1", "http://..a/", "http://", "http://%zz/"])
def test_what_names_no_host_is_refused_with_its_reason(url):
    with pytest.raises(UrlRefused) as refused:
        parse_url(url)
    assert refused.value.reason == "url_invalid"


def test_keys_tell_outlets_apart_for_guids_and_unite_schemes_for_addresses():
    here = alias_keys(Item(guid="1", url="http://a.example/x?utm_source=f"), "a")
    there = alias_keys(Item(guid="1", url="https://a.example/x"), "b")
    assert [key.kind for key in here] == ["guid", "url", "canonical"]
    assert here[0].key != there[0].key
    assert here[2].key == there[2].key
    assert here[1].key != there[1].key


def test_an_item_without_guid_and_link_is_known_by_its_words_and_one_without_words_not_at_all():
    one, same = (alias_keys(Item(title="T", summary="S"), "a") for _ in range(2))
    assert one == same
    assert [key.kind for key in one] == ["text"]
    assert alias_keys(Item(title="T", summary="other"), "a") != one
    assert alias_keys(Item(), "a") == ()


def test_items_of_one_feed_that_share_an_address_are_known_by_their_guids_alone():
    items = mark_shared([
        Item(guid="1", url="https://a.example/live#1"), Item(guid="2", url="https://a.example/live?utm_source=x"),
        Item(guid="3", url="https://a.example/own"), Item(guid="3", url="https://a.example/own"), Item(url="https://a.example/live"),
    ])  # fmt: skip
    assert [item.page_url for item in items] == [
        None,
        None,
        "https://a.example/own",
        "https://a.example/own",
        "https://a.example/live",
    ]
    assert [key.kind for key in alias_keys(items[0], "a")] == ["guid"]


@given(st.text(min_size=1), st.text(min_size=1))
def test_ids_are_opaque_stable_and_differ(one, other):
    assume(one.encode("utf-8", "replace") != other.encode("utf-8", "replace"))
    key, another = (alias_keys(Item(guid=text), "o")[0] for text in (one, other))
    assert mint(SECRET, key) == mint(SECRET, key)
    assert mint(SECRET, key) != mint(SECRET, another)
    assert mint(SECRET, key) != mint(b"t" * 32, key)
    assert len(mint(SECRET, key)) == 20
    assert mint(SECRET, key).isalnum()
    assert mint(SECRET, key) == mint(SECRET, key).lower()
    assert mint(SECRET, key)[:20] != key.hidden(SECRET)[:20]


def test_what_only_looks_different_has_one_fingerprint():
    plain = fingerprint('Minister: "no plan"', "He said - twice - it's over.\n\nNo more.")
    printed = fingerprint("Minister:  “no plan”", "He said – twice — it’s\u00a0over.\nNo\u00ad more.\u200b")
    assert plain == printed
    assert plain != fingerprint('Minister: "no plan"', "He said - twice - it's not over.\n\nNo more.")
    assert plain != fingerprint('Minister: "a plan"', "He said - twice - it's over.\n\nNo more.")


@given(st.text(), st.text())
def test_fingerprints_ignore_white_space_only(title, body):
    assert fingerprint(title, body) == fingerprint(f"  {title} ", body.replace(" ", "  "))


def test_a_text_with_a_box_around_it_contains_the_text():
    assert contains("Menu\n\nOne  “a”.\n\nTwo.\n\nRelated", 'One "a".\n\nTwo.')
    assert not contains("One.\n\nRelated", "One.\n\nTwo.")
    assert not contains("anything", "")


def test_resemblance_is_1_for_one_text_and_0_for_strangers():
    assert resemblance("one two three four", "One  two three four") == 1.0
    assert resemblance("one two three four", "five six seven eight") == 0.0
    assert 0 < resemblance("one two three four", "one two three five") < 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.a.example/x", "https://a.example/y", True),
        ("https://m.a.example/x", "https://www.a.example/y", True),
        ("https://a.example/x", "https://b.example/x", False),
        ("https://a.example/x", "https://nota.example/x", False),
        ("https://a.example/x", "ftp://a.example/x", False),
    ],
)
def test_a_page_speaks_for_its_own_site_only(one, other, same):
    assert same_site(one, other) is same
    assert len(url_keys(one)) == 2
