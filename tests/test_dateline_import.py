"""Importing history: original dates, once however often, and nobody is alerted about an archive."""

import json

import pytest
from audit_world import World
from test_dateline_demo import dateline

from dateline import erasing
from dateline.parts import open_reader
from ingest.history import LOUD, Importer, read_history
from ingest.state import State
from store.database import reading
from workers.consume import Worker

LINES = [
    {
        "url": "https://o.example/2024/mill?utm_source=x", "outlet": "The O", "title": "Mill to close",
        "text": "The mill will close in June, Ada Brook said on Monday.\n\nShe gave no reason.",
        "published": "2024-05-05T07:00:00+02:00",
    },
    {"url": "https://p.example/mill", "outlet": "The P", "title": "Mill", "html": "<p>The mill closes in June.</p>",
     "published": "2023-01-02T03:04:05"},
]  # fmt: skip
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>The Q</title><item><title>Weir</title>
<link>https://q.example/weir</link><guid>q1</guid><pubDate>Mon, 01 May 2023 10:00:00 GMT</pubDate>
<description>The weir leaks, an engineer said.</description></item></channel></rss>"""
PAGE = """<html lang="en"><head><title>Old news of the mill</title><link rel="canonical" href="https://r.example/old">
<meta property="article:published_time" content="2022-03-04T05:06:07Z"></head><body><article><h1>Old news of the mill</h1>
<p>The mill was built by the river in the last century, and its wheel has turned ever since, the archive says.</p>
<p>It will close in June, the owners said, because the river carries too little water in the summers now.</p>
</article></body></html>"""


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "home")
    yield world
    world.home.close()


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "history"
    (folder / "pages").mkdir(parents=True)
    (folder / "a.jsonl").write_text("\n".join(json.dumps(line) for line in LINES) + "\n")
    (folder / "q.xml").write_text(RSS)
    (folder / "pages" / "old.html").write_text(PAGE)
    return folder


def run(world, *paths, **options):
    home = world.home
    return Importer(bus=home.bus, content=home.content, clock=world.clock, secret=home.secret, **options).run(
        read_history(paths)
    )


def read_all(world):
    """What the workers and the recorder would do."""
    home = world.home
    with reading(home.engine) as connection:
        claims = home.timeline.claim_set(connection)
    worker = Worker(
        bus=home.bus, documents=home.content, claims=lambda _known: claims,
        make_reader=lambda watched: open_reader(home, watched), member="match-0",
    )  # fmt: skip
    while worker.step(timeout=0.05):
        pass
    worker.close()
    world.settle()


def article(world, url):
    with reading(world.home.engine) as connection:
        return world.home.timeline.article(connection, url)


def test_lines_feeds_and_pages_become_articles_with_their_own_dates(world, files):
    done = run(world, files)
    assert (done.articles, done.problems, done.published) == ({"new": 4}, (), 4)
    read_all(world)
    dates = {
        "https://o.example/2024/mill": "2024-05-05T05:00:00",
        "https://p.example/mill": "2023-01-02T03:04:05",
        "https://q.example/weir": "2023-05-01T10:00:00",
        "https://r.example/old": "2022-03-04T05:06:07",
    }
    for url, date in dates.items():
        found = article(world, url)
        assert found is not None, url
        assert found.occurred_at.isoformat().startswith(date), url
        assert found.feed == "import"
    mentions = world.mentions(article(world, "https://o.example/2024/mill").article)
    assert "mill-closes" in {found.mention.claim for found in mentions}


def test_nobody_is_alerted_about_what_was_imported_unless_that_is_asked_for(world, files):
    run(world, files / "a.jsonl")
    read_all(world)
    assert "mention.recorded" in world.names()
    assert "alert.raised" not in world.names()
    later = LINES[0] | {"url": "https://s.example/mill", "outlet": "The S", "published": world.clock.now().isoformat()}
    (files / "later.jsonl").write_text(json.dumps(later))
    run(world, files / "later.jsonl", feed=LOUD)
    read_all(world)
    assert article(world, "https://s.example/mill").feed == "imported"


def test_importing_again_changes_nothing_and_what_was_erased_stays_away(world, files):
    run(world, files)
    read_all(world)
    size = world.home.ledger.size()
    assert run(world, files).articles == {"unchanged": 4}
    read_all(world)
    assert world.home.ledger.size() == size
    erasing.erase_articles(world.home, erasing.named(world.home, ["https://p.example/mill"]), "asked for")
    assert run(world, files).articles == {"unchanged": 3, "erased": 1}


def test_an_import_that_was_broken_off_is_completed_by_the_next(world, files):
    def breaks_off(handed):
        for number, one in enumerate(handed):
            if number == 2:
                raise KeyboardInterrupt
            yield one

    home = world.home
    importer = Importer(bus=home.bus, content=home.content, clock=world.clock, secret=home.secret)
    with pytest.raises(KeyboardInterrupt):
        importer.run(breaks_off(read_history([files])))
    done = run(world, files)
    assert done.articles == {"unchanged": 2, "new": 2}
    assert done.published == 4


def test_what_was_imported_is_not_fetched_later(world, files):
    run(world, files)
    assert State(world.home.content_engine).due_visits(world.clock.now().replace(year=2030), 10) == []


def test_an_address_in_another_spelling_is_the_same_article(world, files):
    run(world, files / "a.jsonl")
    (files / "again.jsonl").write_text(json.dumps(LINES[0] | {"url": "http://o.example/2024/mill?fbclid=y"}))
    assert run(world, files / "again.jsonl").articles == {"unchanged": 1}


def test_what_cannot_be_read_is_named_and_the_rest_imported(world, files):
    (files / "bad.jsonl").write_text(
        '{"url": "https://t.example/1", "title": "T"}\nnonsense\n{"url": "ftp://x", "text": "x"}\n'
    )
    (files / "pages" / "empty.html").write_text("<html></html>")
    done = run(world, files)
    assert done.articles == {"new": 4, "unreadable": 4}
    assert any("bad.jsonl:2" in problem for problem in done.problems)
    path = world.home.path
    world.home.close()
    told = dateline("import", files, "--home", path)
    assert told.returncode == 4
    assert "bad.jsonl:3" in told.stderr
    assert dateline("import", files / "nowhere", "--home", path).returncode == 2
