"""From a feed's file to the alert: how long one article takes, and how many a second the whole service takes.

The real roles run as processes of their own over a small web on loopback, embedded and on PostgreSQL and Kafka. An
article is published at the moment in which its feed is asked, so that no wait for the next poll is in the figures.
"""

import gc
import time
from statistics import quantiles

from sqlalchemy import func, select

from bench.figures import Row, Scale, alone
from bench.newsprint import watch_list
from bench.service import Servers, fresh_home, processor_seconds, roles, servers, until, watch
from bench.small_web import SmallWeb
from dateline.home import Home
from dateline.supervisor import Supervisor
from store.database import reading

ROLES = {"ingest": 1, "match": 1, "record": 1, "alert": 1}
_PATIENCE = 240.0
_REST = 8.0
"""Seconds without an alert after which none is expected any more."""
_WARM = 12
"""Articles that go ahead and do not count: models are loaded and connections opened by them."""
_FEEDS, _INTERVAL = 6, 4
"""Each feed publishes one article every so many seconds: half of what one `match` process reads. Above that, the latency
would be the length of its queue, and tell how long the benchmark ran."""


def measure(scale: Scale) -> list[Row]:
    """Latency at one and a half articles a second, then throughput with all articles there at once."""
    rows: list[Row] = []
    for name, on in (("embedded", None), ("PostgreSQL, Kafka", servers())):
        if name == "embedded" or on is not None:
            rows += _latency(name, on, scale.pick(30, 100, 900)) + _throughput(name, on, scale.pick(60, 300, 2_400))
    return rows


def _latency(name: str, on: Servers | None, count: int) -> list[Row]:
    claims, subjects = watch_list(count + _WARM)
    with SmallWeb(_FEEDS, subjects, each=1, ahead=_WARM) as web, fresh_home(web.url, on) as home:
        watch(home, claims, web.addresses(), interval=_INTERVAL)
        began = time.monotonic()
        with roles(home, ROLES):
            until(lambda: recorded(home) >= _WARM, _PATIENCE)
            web.go_on()
            until(lambda: recorded(home) >= len(subjects), _PATIENCE + len(subjects))
            until(lambda: time.monotonic() - max(web.arrived.values(), default=began) > _REST, _PATIENCE)
        seconds = [web.arrived[n] - at for n, at in web.published.items() if n in web.arrived and n >= _WARM]
    return _of_latencies(name, seconds, count)


def _of_latencies(name: str, seconds: list[float], count: int) -> list[Row]:
    """Not each article is the first to mention a claim: how many were alerted about is in the name."""
    cut = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    told = f"{name}, {len(seconds)} alerts of {count} articles"
    return [alone(f"feed's file to alert, p{p}: {told}", "s", [cut[p - 1]]) for p in (50, 99) if cut]


def _throughput(name: str, on: Servers | None, count: int) -> list[Row]:
    claims, subjects = watch_list(100)
    articles = [subjects[n % 100] for n in range(count)]
    with SmallWeb(count // 30, articles, each=30) as web, fresh_home(web.url, on) as home:
        watch(home, claims, web.addresses(), interval=3_600)
        gc.collect()
        with roles(home, ROLES) as running:
            until(lambda: recorded(home) > 0, _PATIENCE)  # by then every role has loaded what it needs
            first, began, before = recorded(home), time.monotonic(), spent(running)
            done = until(lambda: recorded(home) >= count, _PATIENCE + count, every=0.2)
            took, after, found = time.monotonic() - began, spent(running), recorded(home)
    what = name if done else f"{name}, only {found} of {count} recorded"
    each = {role: 1_000 * (after[role] - before[role]) / max(1, found - first) for role in after}
    return [alone(f"articles end to end: {what}", "articles/s", [(found - first) / took]), *_of_roles(name, each)]


def recorded(home: Home) -> int:
    """Articles that are in the ledger: they come there together with their reading."""
    revisions = home.timeline.tables.revisions
    with reading(home.engine) as connection:
        return connection.execute(select(func.count()).select_from(revisions)).scalar_one()


def spent(running: Supervisor) -> dict[str, float]:
    """Seconds of processor time until now, by role."""
    seconds: dict[str, float] = {}
    for child in running.children:
        seconds[child.role] = seconds.get(child.role, 0.0) + processor_seconds(child)
    return seconds


def _of_roles(name: str, each: dict[str, float]) -> list[Row]:
    return [alone(f"  processor time of the role {role}: {name}", "ms/article", [ms]) for role, ms in each.items()]
