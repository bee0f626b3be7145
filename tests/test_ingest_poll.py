"""The whole of ingest over a small web on loopback: what it finds, tells the bus and the ledger, and survives."""

import json
import socket
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import tiers
from msgspec.structs import replace

from dateline.wire_server import WireServer, route_to
from ingest import state as stored
from ingest.feeds import add_feed
from ingest.fetch import Fetcher, FetchSettings
from ingest.poll import SCHEDULE, Ingest, IngestSettings
from ingest.state import Baseline, State
from store.bus import BusUnavailable
from store.bus.sqlite import SqliteBus
from store.clock import EPOCH, FixedClock
from store.content import Content
from store.database import open_engine, reading
from store.events import FeedFailing, FeedGone, FeedMoved, FeedRecovered
from store.ledger import Ledger
from store.messages import ARTICLES, AliasFound, MergeFound, RevisionFound, WithdrawalFound, decode_article_message
from store.timeline import Timeline

T0 = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)
SECRET = b"s" * 32
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FEED = "https://post.example/rss"

STORY = (
    "The harbour board of Marrow Bay will close the north pier until the spring, its chairwoman said on Tuesday.",
    "“The piles are worse than the divers told us in May,” Ada Lindqvist told reporters at the pier head.",
    "Two fishermen who keep their boats there said that nobody had asked them before the decision was taken.",
    "The ferry company declined to comment on the timetable, and the mayor could not be reached by telephone.",
)
OTHER = (
    "A regatta in the eastern bay was called off on Saturday after a squall broke the masts of three boats.",
    "Nobody was hurt, the rescue service said, but a trophy of 1904 went overboard and has not been found.",
    "Divers will look for it next week if the weather lets them, the sailing club announced in the evening.",
    "It is the second time that the race has been abandoned since the war, according to the club's archive.",
)


def page(title, paragraphs=STORY, canonical=None, head=""):
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html><head><title>{title}</title>{link}{head}</head><body><article><h1>{title}</h1>{body}</article></body></html>"


def item(number, title="Pier closed", url=None, guid=None, extra="", date=None):
    link = url or f"https://post.example/{number}"
    dated = f"<pubDate>{date:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if date else ""
    guid = f"<guid isPermaLink='false'>{guid or f'post-{number}'}</guid>"
    summary = f"<description>Summary {number}.</description>"
    return f"<item><title>{title}</title><link>{link}</link>{guid}{dated}{summary}{extra}</item>"


def rss(*items):
    namespace = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return f'<rss version="2.0" {namespace}><channel><title>Marrow Bay Post</title>{"".join(items)}</channel></rss>'


class Web:
    """Collects the changes of a small web, to be served as a wire."""

    def __init__(self, folder):
        self.folder, self.lines = folder, []
        (folder / "bodies").mkdir(parents=True)

    def at(self, hours, url, body="", status=200, **headers):
        name = f"bodies/{len(self.lines)}"
        (self.folder / name).write_text(body, encoding="utf-8")
        kind = "application/rss+xml" if "rss" in url else "text/html; charset=utf-8"
        named = {"content-type": kind, "etag": f'"{len(self.lines)}"'} | headers
        at = (T0 + hours * HOUR).isoformat()
        self.lines.append({"at": at, "url": url, "status": status, "headers": named, "body_file": name})
        return self

    def write(self):
        (self.folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.lines))


class Home:
    """Ingest over files, as `dateline run` has it."""

    def __init__(self, folder, server, clock, bus=None, feeds=(FEED,), content_engine=None, elsewhere=None, **settings):
        folder.mkdir(exist_ok=True)
        self.clock = clock
        self.engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")
        self.content_engine = content_engine or open_engine(f"sqlite:///{folder / 'content.db'}")
        self.timeline = Timeline()
        self.ledger = Ledger(self.engine, secret=SECRET, clock=clock, projectors=[self.timeline])
        self.ledger.append([add_feed(url, now=T0, outlet="post") for url in feeds], actor="test")
        self.bus = bus or SqliteBus(folder / "bus.db")
        if bus is None:
            self.bus.ensure(ARTICLES, 1)
        self.content, self.state = Content(self.content_engine), State(self.content_engine)
        self.stopping = lambda: False
        self.ports = {None: server.port} | (elsewhere or {})
        self.ingest = Ingest(
            bus=self.bus, content=self.content, state=self.state, ledger=self.ledger, feeds=self.feeds,
            fetcher=Fetcher(FetchSettings(pause_seconds=0, total_seconds=2), clock, resolver=self.route),
            clock=clock, secret=SECRET, settings=IngestSettings(**settings), stopping=self.asked_to_stop,
        )  # fmt: skip

    def route(self, host, port, scheme):
        """To the wire, but for hosts that live `elsewhere`."""
        return route_to(self.ports.get(host, self.ports[None]))(host, port, scheme)

    def asked_to_stop(self):
        return self.stopping()

    def feeds(self):
        with reading(self.engine) as connection:
            return self.timeline.feeds(connection)

    def run(self, hours):
        self.clock.set(T0 + hours * HOUR)
        return self.ingest.run_due()

    def messages(self):
        reader = self.bus.reader(ARTICLES)
        reader.seek({})
        found = [decode_article_message(one.value) for one in reader.poll(1000, 0.2)]
        reader.close()
        return found

    def events(self, *kinds):
        return [one.event for one in self.ledger.read() if isinstance(one.event, kinds)]

    def text(self, message):
        return self.content.document(message.article, message.revision).text


@pytest.fixture
def web(tmp_path):
    return Web(tmp_path / "wire")


@pytest.fixture
def clock():
    return FixedClock(T0)


@pytest.fixture
def open_home(tmp_path, web, clock):
    opened = []

    def open_(name="home", **options):
        if not opened:
            web.write()
            opened.append(WireServer(web.folder, clock))
        home = Home(tmp_path / name, opened[0], clock, **options)
        opened.append(home.ingest)
        return home

    yield open_
    for one in reversed(opened):
        one.close()


# --- the life of an article --------------------------------------------------------------------------


def test_an_article_is_found_revised_and_withdrawn(web, open_home):
    url = "https://post.example/1"
    softened = (STORY[0].replace("will close", "may close"), *STORY[1:])
    web.at(0, FEED, rss()).at(1, FEED, rss(item(1, date=T0 + 40 * MINUTE))).at(1, url, page("Pier closed"))
    web.at(30, url, page("Pier closed", softened)).at(60, url, "gone", status=410)
    home = open_home()
    tallies = [home.run(hours) for hours in (0, 1, 2, 20, 31, 40, 73)]
    assert [tally.articles for tally in tallies] == [
        {}, {"new": 1}, {"unchanged": 1}, {"unchanged": 1}, {"revised": 1}, {"unchanged": 1}, {"withdrawn": 1},
    ]  # fmt: skip
    first, second, gone = home.messages()
    assert isinstance(first, RevisionFound)
    assert (first.revision, first.occurred_at, first.occurred_basis) == (1, T0 + 40 * MINUTE, "claimed")
    assert (first.seen_at, first.claimed_at) == (T0 + HOUR, T0 + 40 * MINUTE)
    assert (second.revision, second.occurred_at, second.occurred_basis) == (2, T0 + 31 * HOUR, "first_seen")
    assert isinstance(gone, WithdrawalFound)
    assert (gone.article, gone.revision, gone.reason, gone.seen_at) == (first.article, 2, "410", T0 + 73 * HOUR)
    assert home.text(first) == "Pier closed\n\n" + "\n\n".join(STORY)
    assert "may close" in home.text(second)
    document = home.content.document(first.article, 1)
    assert (document.outlet, document.url, document.published, document.language) == (
        "Marrow Bay Post",
        url,
        T0 + 40 * MINUTE,
        "en",
    )
    assert home.content.page(first.article, 1).startswith(b"<html>")
    assert home.content.commitments(first.article, 1) == (first.page, first.content)
    assert first.trace.startswith(home.feeds()[0].feed)
    assert list(home.content.verify()) == []


def test_a_run_says_until_when_everything_is_done_and_what_comes_next(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    home = open_home()
    assert home.ingest.polled_through() == EPOCH
    assert home.ingest.next_due(T0) == T0
    assert home.run(0).total == 3
    assert home.ingest.polled_through() == T0
    assert home.ingest.next_due(T0) == T0 + 15 * MINUTE
    assert home.run(0).total == 0
    assert home.run(0.1).total == 0
    assert home.ingest.polled_through() == T0 + 0.1 * HOUR


def test_without_feeds_there_is_nothing_to_wait_for(web, open_home):
    home = open_home(feeds=())
    assert home.run(0).total == 0
    assert home.ingest.next_due(T0) is None


def test_what_has_not_changed_is_neither_parsed_nor_told(web, open_home):
    same = rss(item(1))
    web.at(0, FEED, same).at(1, FEED, same).at(0, "https://post.example/1", page("Pier closed"))
    home = open_home(schedule=())
    assert home.run(0).feeds == {"changed": 1}
    assert home.run(0.5).feeds == {"unchanged": 1}, "304"
    assert home.run(1.5).feeds == {"unchanged": 1}, "the same bytes under a new ETag"
    assert len(home.messages()) == 1


def test_a_full_text_feed_needs_no_page_until_the_page_is_looked_at_for_edits(web, open_home):
    html = "".join(f"<p>{text}</p>" for text in STORY)
    web.at(0, FEED, rss(item(1, extra=f"<content:encoded><![CDATA[{html}]]></content:encoded>")))
    web.at(0, "https://post.example/1", page("Pier closed", (*STORY, "Related: Fares to rise")))
    web.at(3, "https://post.example/1", page("Pier closed", STORY[:2]))
    home = open_home(schedule=(HOUR, 4 * HOUR))
    home.run(0)
    (first,) = home.messages()
    assert first.page is None
    assert first.rendition.startswith("feed")
    assert home.run(1).articles == {"unchanged": 1}, "the page is the same text with a box"
    assert home.run(4).articles == {"revised": 1}
    assert [message.revision for message in home.messages()] == [1, 2]


def test_a_silent_edit_is_found_although_feed_and_dates_stay(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(5, "https://post.example/1", page("Pier closed", STORY[:3]))
    home = open_home()
    outcomes = [home.run(hours).articles.get("revised", 0) for hours in (0, 1, 2, 4, 8, 12)]
    assert outcomes == [0, 0, 0, 0, 1, 0]


def test_re_checks_follow_the_schedule_and_end(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    home = open_home(schedule=(HOUR, 4 * HOUR))
    done = [home.run(hours).articles for hours in (0, 0.9, 1, 1.5, 4, 400)]
    assert done == [{"new": 1}, {}, {"unchanged": 1}, {}, {"unchanged": 1}, {}]
    assert list(SCHEDULE) == sorted(SCHEDULE)


def test_leaving_a_feed_early_means_nothing_but_is_worth_a_look(web, open_home):
    web.at(0, FEED, rss(item(2), item(1), item(0)))
    for number in range(3):
        web.at(0, f"https://post.example/{number}", page(f"Title {number}", (f"Sentence number {number} of it.", *STORY)))
    web.at(1, "https://post.example/1", "gone", status=410).at(1, FEED, rss(item(2), item(0)))
    web.at(2, FEED, rss(item(0)))
    home = open_home(schedule=(48 * HOUR,))
    assert home.run(0).articles == {"new": 3}
    assert home.run(1).articles == {"unchanged": 2, "withdrawn": 1}
    assert home.run(2).articles == {"unchanged": 2}, "one item of the feed, one look at the page of the item that left"


def test_404_is_believed_after_three_times_over_24_hours_and_a_return_is_a_revision(web, open_home):
    url = "https://post.example/1"
    web.at(0, FEED, rss(item(1))).at(0, url, page("Pier closed")).at(1, url, "", status=404).at(50, url, page("Pier closed"))
    home = open_home(schedule=(HOUR, 60 * HOUR))
    outcomes = [home.run(hours).articles for hours in (0, 1, 13, 25, 60)]
    assert outcomes == [{"new": 1}, {"missing": 1}, {"missing": 1}, {"withdrawn": 1}, {"revised": 1}]
    kinds = [type(message) for message in home.messages()]
    assert kinds == [RevisionFound, WithdrawalFound, RevisionFound]


# --- which article is which --------------------------------------------------------------------------


def test_two_feeds_with_one_article_make_one_article(web, open_home):
    other = "https://post.example/local/rss"
    web.at(0, FEED, rss(item(1))).at(0, other, rss(item(1, guid="local-1", url="https://post.example/1?utm_source=local")))
    web.at(0, "https://post.example/1", page("Pier closed"))
    home = open_home(feeds=(FEED, other))
    assert home.run(0).articles == {"new": 1, "aliased": 1}
    first, alias = home.messages()
    assert isinstance(alias, AliasFound)
    assert alias.article == first.article
    assert home.content.alias(alias.article, alias.alias) in ("local-1", "post-1")
    assert home.run(0.5).articles == {}


def test_a_guid_used_again_for_another_article_makes_another_article(web, open_home):
    web.at(0, FEED, rss(item(1, guid="top"))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(1, FEED, rss(item(2, guid="top", title="Regatta off"))).at(0, "https://post.example/2", page("Regatta off", OTHER))
    home = open_home(schedule=())
    home.run(0)
    assert home.run(1).articles == {"new": 1}
    first, second = home.messages()
    assert first.article != second.article
    assert "regatta" in home.text(second)
    assert home.run(2).articles == {}


def test_an_article_that_moved_keeps_its_id_and_is_looked_at_where_it_is_now(web, open_home):
    web.at(0, FEED, rss(item(1, guid="g"))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(1, FEED, rss(item(9, guid="g"))).at(1, "https://post.example/9", page("Pier closed"))
    web.at(1, "https://post.example/1", "", status=410).at(3, "https://post.example/9", page("Pier open"))
    home = open_home(schedule=(4 * HOUR,))
    assert [home.run(hours).articles for hours in (0, 1, 4)] == [{"new": 1}, {"aliased": 1}, {"revised": 1}]
    first, alias, revised = home.messages()
    assert {first.article, alias.article, revised.article} == {first.article}
    assert home.content.document(first.article, 2).url == "https://post.example/9"


def test_the_address_that_a_page_calls_its_own_leads_to_the_article(web, open_home):
    amp = "https://post.example/amp/1"
    web.at(0, FEED, rss(item(1, guid="a"))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(1, FEED, rss(item(2, guid="b", url=amp), item(1, guid="a")))
    web.at(1, amp, page("Pier closed", canonical="https://post.example/1"))
    home = open_home(schedule=())
    assert [home.run(hours).articles.get("new", 0) for hours in (0, 1)] == [1, 0]
    assert len({message.article for message in home.messages()}) == 1


def test_a_page_that_wrongly_calls_another_address_its_own_is_not_believed(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(1, FEED, rss(item(2, title="Regatta off"), item(1)))
    web.at(1, "https://post.example/2", page("Regatta off", OTHER, canonical="https://post.example/1"))
    home = open_home(schedule=())
    home.run(0)
    assert home.run(1).articles == {"new": 1, "unchanged": 1}


def test_two_articles_that_turn_out_to_be_one_are_merged_into_the_older(web, open_home):
    web.at(0, FEED, rss(item(1, guid="g"))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(1, FEED, rss(item(2, guid="h"), item(1, guid="g"))).at(1, "https://post.example/2", page("Pier closed"))
    web.at(2, FEED, rss(item(2, guid="g")))
    home = open_home(schedule=())
    assert [home.run(hours).articles for hours in (0, 1, 2)] == [{"new": 1}, {"new": 1, "unchanged": 1}, {"merged": 1}]
    first, second, merged = home.messages()
    assert merged == MergeFound(article=second.article, into=first.article, seen_at=T0 + 2 * HOUR, trace=merged.trace)
    assert home.run(3).articles == {}


def test_items_that_share_one_page_are_told_apart_by_their_guids(web, open_home):
    live = "https://post.example/live"
    web.at(0, FEED, rss(item(1, url=live, title="Goal"), item(2, url=live, title="Red card"))).at(0, live, page("Live"))
    home = open_home()
    assert home.run(0).articles == {"new": 2}
    assert {home.text(message) for message in home.messages()} == {"Goal\n\nSummary 1.", "Red card\n\nSummary 2."}


def test_an_item_that_names_nothing_is_dropped_and_counted(web, open_home):
    web.at(0, FEED, rss("<item/>", "<item><title>Only words</title></item>"))
    home = open_home()
    assert home.run(0).articles == {"dropped": 1, "new": 1}


def test_an_erased_article_is_not_stored_again(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(1, FEED, rss(item(1, title="Changed"))).at(1, "https://post.example/1", page("Pier open"))
    home = open_home()
    home.run(0)
    (first,) = home.messages()
    home.content.erase(first.article)
    assert home.run(1).articles == {"erased": 2}, "once by the feed, once by the re-check, and then never again"
    assert home.content.document(first.article, 1) is None
    assert len(home.messages()) == 1


# --- pages that cannot be had ------------------------------------------------------------------------


def test_a_page_in_trouble_is_asked_for_again_and_the_summary_must_do_after_three_times(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", "", status=500)
    home = open_home(schedule=())
    assert [home.run(hours).articles for hours in (0, 1, 2, 3)] == [{"deferred": 1}, {"deferred": 1}, {"new": 1}, {}]
    (first,) = home.messages()
    assert home.text(first) == "Pier closed\n\nSummary 1."
    assert first.page is None


def test_a_page_that_is_back_before_that_gives_the_whole_text(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", "", status=500).at(
        1, "https://post.example/1", page("Pier closed")
    )
    home = open_home(schedule=())
    assert [home.run(hours).articles for hours in (0, 1)] == [{"deferred": 1}, {"new": 1}]
    assert STORY[3] in home.text(home.messages()[0])


def test_a_site_that_forbids_it_is_not_asked_for_pages(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(0, "https://post.example/robots.txt", "User-agent: *\nDisallow: /")
    home = open_home()
    assert home.run(0).articles == {"new": 1}
    assert home.text(home.messages()[0]) == "Pier closed\n\nSummary 1."
    assert home.run(1).articles == {"refused": 1}


def test_a_new_extractor_makes_a_new_rendition_and_no_revision(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(5, "https://post.example/1", page("Pier closed", STORY, head="<!-- a new layout -->"))
    web.at(9, "https://post.example/1", page("Pier closed", STORY[:3]))
    home = open_home(schedule=(HOUR, 6 * HOUR, 10 * HOUR))
    home.run(0)
    (first,) = home.messages()
    with home.content.writing() as w:
        known = stored.article(w.connection, first.article)
        older = Baseline("of a text that only the old extractor saw", 1, "older-1")
        stored.save_article(w.connection, replace(known, fingerprint=older.fingerprint, baselines={"page": older}))
    with home.content_engine.begin() as connection:
        for table in ("content_revisions", "content_texts"):
            connection.exec_driver_sql(f"UPDATE {table} SET rendition = 'older-1'")
    assert home.run(1).articles == {"unchanged": 1}, "read anew by the present extractor"
    assert home.content.document(first.article, 1).rendition == "older-1"
    assert home.content.document(first.article, 1, first.rendition).text.endswith(STORY[3])
    assert [home.run(hours).articles for hours in (6, 10)] == [{"unchanged": 1}, {"revised": 1}]


# --- feeds in trouble --------------------------------------------------------------------------------


def test_a_feed_that_cannot_be_read_is_reported_once_and_so_is_its_recovery(web, open_home):
    web.at(0, FEED, "<!DOCTYPE html><html><body>Log in</body></html>").at(20, FEED, rss())
    home = open_home()
    outcomes = [home.run(hours).feeds for hours in (0, 1, 2, 4, 10, 21)]
    assert outcomes == [{"html": 1}] * 5 + [{"changed": 1}]
    (failing,) = home.events(FeedFailing)
    assert (failing.since, failing.failures, failing.reason) == (T0, 3, "html")
    assert home.events(FeedRecovered) == [FeedRecovered(failing.feed, T0)]
    assert home.feeds()[0].state == "active"


def test_a_feed_that_is_gone_is_asked_no_more(web, open_home):
    web.at(0, FEED, "", status=410)
    home = open_home()
    assert home.run(0).feeds == {"gone": 1}
    assert home.events(FeedGone) == [FeedGone(home.feeds()[0].feed, "410")]
    assert home.run(10).feeds == {}
    assert home.ingest.next_due(T0) is None


def test_a_feed_that_moved_for_good_is_asked_at_its_new_address(web, open_home):
    web.at(0, FEED, "", status=301, Location="https://new.example/rss").at(0, "https://new.example/rss", rss(item(1)))
    web.at(0, "https://post.example/1", page("Pier closed"))
    home = open_home(schedule=())
    home.run(0)
    (moved,) = home.events(FeedMoved)
    assert moved.text.url == "https://new.example/rss"
    assert home.feeds()[0].url == "https://new.example/rss"
    assert home.run(1).feeds == {"unchanged": 1}
    assert len(home.events(FeedMoved)) == 1
    assert len(home.messages()) == 1


def test_a_silent_and_a_broken_feed_do_not_stop_the_others(web, open_home):
    web.at(0, FEED, rss(item(1))).at(0, "https://post.example/1", page("Pier closed"))
    web.at(0, "https://bomb.example/rss", "<!DOCTYPE r [<!ENTITY a 'b'>]><rss><channel/></rss>")
    web.at(0, "https://cut.example/rss", rss(item(7, url="https://cut.example/7"), item(8, url="https://cut.example/8"))[:-60])
    web.at(0, "https://cut.example/8", page("Eight", OTHER)).at(0, "https://cut.example/7", page("Seven", OTHER))
    others = (
        "https://bomb.example/rss",
        "https://cut.example/rss",
        "https://nowhere.example/rss",
        "https://silent.example/rss",
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        elsewhere = {"silent.example": silent.getsockname()[1]}
        home = open_home(feeds=(FEED, *others), threads=2, elsewhere=elsewhere)
        tally = home.run(0)
    assert tally.feeds == {"changed": 2, "dtd": 1, "http_404": 1, "timeout": 1}
    assert tally.articles == {"new": 2}
    assert {home.text(message).partition("\n")[0] for message in home.messages()} == {"Pier closed", "Seven"}


def test_the_same_holds_on_postgresql(web, open_home):
    url = tiers.requires_tier("postgresql")
    admin = open_engine(url)
    with admin.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA IF EXISTS test_ingest CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA test_ingest"))
    admin.dispose()
    engine = open_engine(f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dtest_ingest")
    feeds = busy_web(web)
    homes = [open_home("sqlite", feeds=feeds), open_home("postgresql", feeds=feeds, content_engine=engine)]
    for home in homes:
        for hours in HOURS:
            home.run(hours)
    assert story(homes[0]) == story(homes[1])
    assert list(homes[1].content.verify()) == []
    engine.dispose()


# --- order, stopping, crashes ------------------------------------------------------------------------


def busy_web(web):
    """Three feeds, eight articles, an edit, a withdrawal."""
    feeds = [f"https://{name}.example/rss" for name in ("a", "b", "c")]
    for place, feed in enumerate(feeds):
        numbers = range(place * 3, place * 3 + 3 - (place == 2))
        items = [item(n, title=f"Title {n}", url=f"https://{feed[8]}.example/{n}") for n in reversed(numbers)]
        web.at(0, feed, rss(*items[1:])).at(2, feed, rss(*items))
        for n in numbers:
            web.at(0, f"https://{feed[8]}.example/{n}", page(f"Title {n}", (f"This is sentence number {n} of a text.", *STORY)))
    web.at(3, "https://a.example/0", page("Title 0", ("Edited: this is sentence number 0.", *STORY)))
    web.at(3, "https://b.example/3", "", status=410)
    return tuple(feeds)


HOURS = (0, 1, 2, 4, 8)


def test_messages_come_in_one_order_whatever_the_threads_do(web, open_home):
    feeds = busy_web(web)
    homes = [open_home(f"home{threads}", feeds=feeds, threads=threads) for threads in (1, 8)]
    for home in homes:
        for hours in HOURS:
            home.run(hours)
    told = [[(type(m).__name__, m.article, getattr(m, "revision", 0), m.trace) for m in home.messages()] for home in homes]
    assert told[0] == told[1]
    assert len(told[0]) == 10


class FlakyBus:
    """A bus that fails at chosen calls, before or after the messages are in the log."""

    def __init__(self, inner, failures):
        self.inner, self.failures, self.calls = inner, failures, 0

    def publish(self, topic, messages):
        self.calls += 1
        how = self.failures.get(self.calls)
        if how == "before":
            raise BusUnavailable("before")
        self.inner.publish(topic, messages)
        if how == "after":
            raise BusUnavailable("after")

    def __getattr__(self, name):
        return getattr(self.inner, name)


def story(home):
    """What was told, each thing once: what the recorder makes of it."""
    return sorted({(type(m).__name__, m.article, getattr(m, "revision", 0)) for m in home.messages()})


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("how", ["before", "after"])
def test_a_bus_that_fails_loses_nothing_and_doubles_no_revision(web, open_home, tmp_path, call, how):
    feeds = busy_web(web)
    calm = open_home("calm", feeds=feeds)
    for hours in HOURS:
        calm.run(hours)
    inner = SqliteBus(tmp_path / "flaky.db")
    inner.ensure(ARTICLES, 1)
    home = open_home("flaky", feeds=feeds, bus=FlakyBus(inner, {call: how}))
    failed = 0
    for hours in HOURS:
        try:
            home.run(hours)
        except BusUnavailable:
            failed += 1
            assert home.ingest.polled_through() < home.clock.now()
            home.run(hours)
    assert failed == 1
    assert story(home) == story(calm)
    assert home.content.unannounced() == []


@pytest.mark.parametrize("after", range(1, 60, 4))
def test_stopping_between_any_two_items_loses_and_repeats_nothing(web, open_home, after):
    feeds = busy_web(web)
    home = open_home("stopped", feeds=feeds, threads=1)
    asked = 0

    def stopping():
        nonlocal asked
        asked += 1
        return asked > after

    home.stopping = stopping
    stopped = home.run(0)
    if stopped.stopped:
        assert home.ingest.polled_through() == EPOCH
    home.stopping = lambda: False
    for hours in HOURS:
        home.run(hours)
    messages = home.messages()
    assert len(messages) == len(story(home)) == 10
    assert home.ingest.polled_through() == T0 + 8 * HOUR


def test_a_ledger_that_fails_is_told_again_and_hears_it_once(web, open_home):
    web.at(0, FEED, "", status=301, Location="https://new.example/rss").at(0, "https://new.example/rss", rss())
    home = open_home()
    append, calls = home.ledger.append, []

    def failing(drafts, *, actor):
        append(drafts, actor=actor)
        calls.append(len(drafts))
        if len(calls) == 1:
            raise ConnectionError

    home.ledger.append = failing
    with pytest.raises(ConnectionError):
        home.run(0)
    assert home.run(0).feeds == {"changed": 1}
    assert len(home.events(FeedMoved)) == 1
