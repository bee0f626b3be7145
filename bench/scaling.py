"""What more processes bring: 1, 2 and 4 of the role `match`, then of `ingest`, each over the same work.

Wall time says what this machine gives; processor time an article says what more machines would. Where it stays the same
with more processes, they do not stand in each other's way.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import func, select

from bench.e2e import spent
from bench.figures import Row, Scale, alone
from bench.newsprint import Press, Subject, watch_list
from bench.service import Servers, fresh_home, roles, servers, until, watch
from bench.small_web import SmallWeb
from dateline.home import Home
from dateline.supervisor import Supervisor
from ingest.state import feeds
from store.bus import Outgoing
from store.content import Content, Revision
from store.database import reading
from store.messages import ARTICLES, encode_message
from workers.consume import GROUP

PROCESSES = (1, 2, 4)
_PATIENCE = 300.0
_OUTLETS = 40


def measure(scale: Scale) -> list[Row]:
    on = servers()
    where = "PostgreSQL, Kafka" if on else "embedded"
    rows = [row for count in PROCESSES for row in _match(on, where, count, scale.pick(60, 400, 2_000))]
    return rows + [row for count in PROCESSES for row in _poll(on, where, count, scale.pick(60, 400, 2_000))]


def _match(on: Servers | None, where: str, processes: int, count: int) -> list[Row]:
    """Articles that lie ready in the content table are announced at once; first as many as warm every process up."""
    claims, subjects = watch_list(100)
    with fresh_home("http://127.0.0.1:9", on) as home:
        watch(home, claims, [], interval=3_600)
        warm = 6 * home.settings.partitions
        messages = _stored(home.content, subjects, warm + count)
        with roles(home, {"match": processes}) as running:
            home.bus.publish(ARTICLES, messages[:warm])
            until(lambda: _read(home) >= warm, _PATIENCE)
            took, before, after = _timed(running, lambda: _finish(home, messages[warm:], warm + count))
    return _rows(f"{processes} × match, {where}", "articles", took, before["match"], after["match"], count)


def _finish(home: Home, messages: list[Outgoing], total: int) -> None:
    home.bus.publish(ARTICLES, messages)
    until(lambda: _read(home) >= total, _PATIENCE)


def _read(home: Home) -> int:
    return sum(home.bus.committed(ARTICLES, GROUP).values())


def _stored(content: Content, subjects: list[Subject], count: int) -> list[Outgoing]:
    """Articles as ingest would have left them, and what it would say about them."""
    press, messages = Press(13), []
    for number in range(count):
        title, _, body = press.article(subjects[number % len(subjects)]).text.partition("\n\n")
        found = content.add_revision(_revision(number, title, body))
        messages.append(Outgoing(found.article, encode_message(found)))
    return messages


def _revision(number: int, title: str, body: str) -> Revision:
    from bench.mentions import T0  # noqa: PLC0415 - it brings the events along

    return Revision(
        article=f"a{number:06d}", revision=1, rendition="bench/1", feed=f"f{number % _OUTLETS}", outlet=f"o{number % _OUTLETS}",
        outlet_name=f"Outlet {number % _OUTLETS}", seen_at=T0 + timedelta(seconds=number), occurred_at=T0,
        occurred_basis="claimed", claimed_at=T0, title=title, body=body, language="en", byline=None, page=None,
        url=f"https://outlet.example/{number}", trace=sha256(str(number).encode()).hexdigest()[:32],
    )  # fmt: skip


def _poll(on: Servers | None, where: str, processes: int, count: int) -> list[Row]:
    """Feeds without news that are always due: a poll is a request, a body that is what it was, and a row."""
    with SmallWeb(count, [], each=0) as web, fresh_home(web.url, on) as home:
        watch(home, watch_list(10)[0], web.addresses(), interval=1)
        with roles(home, {"ingest": processes}) as running:
            until(lambda: _polled(home) >= count, _PATIENCE)
            asked = web.asked
            took, before, after = _timed(running, lambda: until(lambda: web.asked >= asked + count, _PATIENCE))
            done = web.asked - asked
    return _rows(f"{processes} × ingest, {where}", "polls", took, before["ingest"], after["ingest"], done)


def _polled(home: Home) -> int:
    with reading(home.content_engine) as connection:
        return connection.execute(select(func.count()).select_from(feeds)).scalar_one()


def _timed(running: Supervisor, work: Callable[[], object]) -> tuple[float, dict[str, float], dict[str, float]]:
    before, began = spent(running), time.monotonic()
    work()
    return time.monotonic() - began, before, spent(running)


def _rows(name: str, unit: str, took: float, before: float, after: float, count: int) -> list[Row]:
    return [
        alone(name, f"{unit}/s", [count / took]),
        alone(f"  processor time: {name}", f"ms/{unit.rstrip('s')}", [1_000 * (after - before) / max(1, count)]),
    ]
