"""The recorded wire is well formed, complete, and up to date with its source."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import feedparser
import pytest
import yaml

from seeds import build_wire

SEEDS = Path(build_wire.__file__).parent
WIRE = SEEDS / "wire"
STANCES = {"affirms", "denies", "no_comment", "questions", "discusses", "status"}
CHRONOLOGY = [
    *("2023-07-27", "2023-09-04", "2023-09-05", "2023-09-06", "2023-09-07", "2023-09-08"),
    *("2023-09-09", "2023-09-10", "2023-09-11", "2023-09-12", "2023-09-13"),
]


def read_lines(name):
    return [json.loads(line) for line in (WIRE / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def manifest():
    return read_lines("manifest.jsonl")


@pytest.fixture(scope="module")
def truth():
    return read_lines("truth.jsonl")


@pytest.fixture(scope="module")
def articles():
    return build_wire.read_articles(build_wire.read_outlets())


@pytest.fixture(scope="module")
def claims():
    return yaml.safe_load((SEEDS / "claims.yaml").read_text("utf-8"))


def of_kind(truth, kind):
    return [row for row in truth if row["kind"] == kind]


def body(line):
    return (WIRE / line["body_file"]).read_bytes()


def is_feed(line):
    return line["body_file"].startswith("bodies/feed_")


def parsed(line):
    return feedparser.parse(body(line), response_headers={"content-type": line["headers"]["content-type"]})


def states_of(manifest, url):
    return [line for line in manifest if line["url"] == url]


def test_generated_files_are_up_to_date():
    """Run `python -m seeds.build_wire` if this fails."""
    assert build_wire.stale(build_wire.build()) == []


def test_manifest_is_well_formed_and_in_order_of_time(manifest):
    assert all(set(line) == {"at", "url", "status", "headers", "body_file"} for line in manifest)
    times = [line["at"] for line in manifest]
    assert times == sorted(times)
    assert all(re.fullmatch(r"2023-\d\d-\d\dT\d\d:\d\d:\d\dZ", at) for at in times)
    assert {line["status"] for line in manifest} == {200, 301, 410, 503}


def test_every_body_exists_and_none_is_left_over(manifest):
    named = {line["body_file"] for line in manifest}
    assert named == {f"bodies/{path.name}" for path in (WIRE / "bodies").iterdir()}


def test_answers_carry_validators(manifest):
    for line in manifest:
        assert line["headers"]["content-type"]
        if line["status"] == 200:
            assert {"etag", "last-modified"} <= line["headers"].keys()


def test_each_new_state_of_a_resource_has_a_new_etag(manifest):
    for url in {line["url"] for line in manifest}:
        tags = [line["headers"].get("etag") for line in states_of(manifest, url) if line["status"] == 200]
        assert all(old != new for old, new in pairwise(tags)), url


def test_all_hosts_are_invented(manifest):
    for line in manifest:
        linked = re.findall(r"https://([^/\"<&?]+)", body(line).decode("latin-1"))
        hosts = {urlsplit(line["url"]).hostname, *linked} - {"schema.org", "jsonfeed.org"}
        assert all(host.endswith(".example") for host in hosts), hosts


def test_there_is_enough_to_read(articles):
    assert len(articles) >= 66
    assert len({article.outlet.key for article in articles}) >= 8
    for article in articles:
        assert 60 <= len(article.page.split()) <= 220, article.id
        assert datetime(2023, 7, 27, tzinfo=UTC) <= article.published < datetime(2023, 10, 1, tzinfo=UTC)


def test_every_feed_state_parses(manifest):
    for line in filter(is_feed, manifest):
        if line["body_file"].endswith(".json"):
            feed = json.loads(body(line))
            assert feed["version"] == "https://jsonfeed.org/version/1.1"
            assert all(item["id"] and item["url"] and item["title"] for item in feed["items"])
        else:
            feed = parsed(line)
            assert not feed.bozo, (line["body_file"], feed.get("bozo_exception"))
            assert all(entry.link and entry.title for entry in feed.entries)


def test_feeds_begin_empty_and_show_at_most_twelve_items(manifest):
    for line in filter(is_feed, manifest):
        text = body(line).decode("latin-1")
        items = len(re.findall(r"<item[ >]|<entry>|\"date_published\"", text))
        assert items <= 12
        if line["at"] == "2023-07-26T00:00:00Z":
            assert items == 0


def test_every_link_in_a_feed_answers_from_that_moment(manifest):
    since = {}
    for line in manifest:
        if is_feed(line) and not line["body_file"].endswith(".json"):
            assert all(entry.link in since for entry in parsed(line).entries), line["body_file"]
        elif is_feed(line):
            assert all(item["url"] in since for item in json.loads(body(line))["items"])
        since.setdefault(line["url"], line["at"])


def test_feeds_come_in_the_promised_formats(manifest):
    versions = {parsed(line).version for line in filter(is_feed, manifest) if line["body_file"].endswith("xml")}
    assert versions == {"rss20", "atom10", "rss10"}
    kinds = {line["headers"]["content-type"] for line in filter(is_feed, manifest)}
    assert any("json" in kind for kind in kinds)
    assert any("windows-1251" in kind for kind in kinds)


def test_one_feed_carries_full_texts(manifest):
    last = [line for line in filter(is_feed, manifest) if "feed_meridian" in line["body_file"]][-1]
    assert all("content" in entry for entry in parsed(last).entries)


def test_opml_lists_the_feeds_of_the_manifest(manifest):
    assert (SEEDS / "feeds.opml").read_bytes() == (WIRE / "feeds.opml").read_bytes()
    root = ET.fromstring((SEEDS / "feeds.opml").read_bytes())
    assert root.get("version") == "2.0"
    listed = {outline.get("xmlUrl") for outline in root.iter("outline")}
    assert listed == {line["url"] for line in manifest if line["at"] == "2023-07-26T00:00:00Z"}


def test_pages_look_like_news_pages(manifest):
    for line in manifest:
        if re.search(r"_r\d+\.html$", line["body_file"]):
            page = body(line).decode(line["headers"]["content-type"].split("charset=")[1])
            for part in ("<title>", 'property="og:title"', 'rel="canonical"', "<nav>", "<article>", "cookies"):
                assert part in page
    bodies = [body(line) for line in manifest if "_r1.html" in line["body_file"]]
    dated = [b"article:published_time" in page for page in bodies]
    assert any(dated)
    assert not all(dated)


def test_tracked_links_have_a_clean_canonical_link(manifest):
    tracked = [line for line in manifest if "utm_" in line["url"] and line["status"] == 200]
    assert tracked
    for line in tracked:
        clean = line["url"].split("?")[0]
        assert f'rel="canonical" href="{clean}"'.encode() in body(line)


def test_a_feed_fails_for_two_days_and_comes_back_with_what_was_missed(manifest):
    [start] = [line for line in manifest if line["status"] == 503]
    later = [line for line in states_of(manifest, start["url"]) if line["at"] > start["at"]]
    gap = datetime.fromisoformat(later[0]["at"]) - datetime.fromisoformat(start["at"])
    assert gap == timedelta(days=2)
    assert later[0]["status"] == 200
    assert b"straits-216" in body(later[0])


def test_a_feed_moves(manifest):
    [moved] = [line for line in manifest if line["status"] == 301]
    assert states_of(manifest, moved["url"])[-1] is moved
    assert states_of(manifest, moved["headers"]["location"])[0]["at"] == moved["at"]


def test_the_withdrawn_article_is_gone_from_its_page_and_its_feed(manifest, truth):
    [row] = of_kind(truth, "withdrawn")
    last = states_of(manifest, row["url"])[-1]
    assert (last["status"], last["at"]) == (410, row["at"])
    after = [line for line in filter(is_feed, manifest) if line["at"] >= row["at"]]
    assert not any(row["url"].encode() in body(line) for line in after)


def test_a_silent_edit_changes_the_text_and_no_date(manifest, articles):
    for article in articles:
        for change in article.options.get("edits", []):
            first, second = states_of(manifest, article.url)
            dates = [re.search(rb'<p class="date">.*', body(line))[0] for line in (first, second)]
            assert body(first) != body(second)
            assert (dates[0] != dates[1]) == change["open"], article.id
    assert {change["open"] for a in articles for change in a.options.get("edits", [])} == {True, False}


def test_feed_dates_lie_in_three_ways(articles):
    stated = [article for article in articles if "feed_date" in article.options]
    assert sum(article.feed_date is None for article in stated) == 1
    wrong = [article.feed_date for article in stated if article.feed_date]
    assert min(wrong).year == 1970
    assert max(wrong) > datetime(2023, 10, 1, tzinfo=UTC)


def test_an_item_without_a_date_is_in_a_feed(manifest):
    last = [line for line in filter(is_feed, manifest) if "feed_hanriver" in line["body_file"]][-1]
    entries = {entry.id: entry for entry in parsed(last).entries}
    assert "published" not in entries["hanriver-215"]
    assert "published" in entries["hanriver-210"]


def test_copies_share_their_text_and_one_is_cut_short(articles, truth):
    by_url = {article.url: article for article in articles}
    pairs = [(by_url[row["url"]], by_url[row["of"]]) for row in of_kind(truth, "copy")]
    assert len(pairs) == 2
    assert all(original.page.startswith(copy.page) for copy, original in pairs)
    assert {copy.page == original.page for copy, original in pairs} == {True, False}


def test_names_come_in_several_spellings(articles):
    text = "\n".join(article.page for article in articles)
    for name in (
        *("Kim Jong Un", "Kim Jong-un", "Choe Son Hui", "Choe Son-hui", "Choe Som-Hui"),
        *("Yury Trutnev", "Yuri Trutnev", "Shoigu", "Matsegora", "DPRK"),
    ):
        assert name in text
    assert re.search(r"(?<!Kim )Jong Un\b", text)


def test_decoys_and_other_languages_are_there(articles, truth):
    assert len(of_kind(truth, "off_topic")) >= 6
    assert len(of_kind(truth, "lookalike")) >= 3
    assert {article.options.get("lang", "en") for article in articles} == {"en", "ko", "ru"}


def test_truth_names_resources_of_the_manifest_and_claims_of_the_list(manifest, truth, claims):
    urls = {line["url"] for line in manifest}
    known = {claim["id"] for claim in claims["claims"]}
    for row in truth:
        assert {row[key] for key in ("url", "of") if key in row} <= urls
        assert row.get("claim", "kim-visits-russia") in known


def test_every_claim_has_a_row(truth, claims):
    rows = {row["claim"] for row in of_kind(truth, "row")}
    assert rows == {claim["id"] for claim in claims["claims"]}
    assert {row["act"] for row in of_kind(truth, "row")} == STANCES


@pytest.mark.parametrize("day", CHRONOLOGY)
def test_each_day_of_the_chronology_has_a_row_from_an_article_of_that_day(day, truth, articles):
    published = {article.url: f"{article.published:%Y-%m-%d}" for article in articles}
    assert any(published[row["url"]] == day for row in of_kind(truth, "row") if row["act"] != "status")


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("kim-visits-russia", ["04 rumoured", "05 reported", "11 announced", "12 confirmed"]),
        ("summit-venue-vladivostok-eef", ["04 rumoured", "07 reported", "11 denied", "13 overtaken"]),
        ("dprk-arms-russia-already", ["30 reported", "06 contested"]),
        ("summit-venue-vostochny", ["12 rumoured", "13 confirmed"]),
    ],
)
def test_the_main_claims_go_through_their_stages(claim, expected, truth):
    stages = [row for row in of_kind(truth, "status") if row["claim"] == claim]
    assert [f"{row['at'][8:10]} {row['status']}" for row in stages] == expected


def test_claims_speak_for_known_parties_and_deadlines_have_a_zone(claims):
    assert len(claims["claims"]) == 32
    entities = {entity["id"]: entity for entity in claims["entities"]}
    assert all(entity.get("speaks_for", "russia") in entities for entity in entities.values())
    assert all("timezone" in claim for claim in claims["claims"] if claim.get("deadline"))


def test_the_readme_points_to_articles_that_exist(articles):
    known = {article.id for article in articles}
    section = (SEEDS / "README.md").read_text("utf-8").split("## Where to find what")[1].split("## ")[0]
    named = set(re.findall(r"\b[1-4]\d\d\b", "".join(re.findall(r"\|[^|]+\|\n", section))))
    assert named
    assert named <= known
