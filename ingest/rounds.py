"""Fetches many URLs at once: hosts in parallel, the URLs of one host one after the other."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ingest.outcome import Failed, Outcome
from ingest.urls import UrlRefused, parse_url

Ask = Callable[[], Outcome]


def fetch_all(pool: ThreadPoolExecutor, asks: Mapping[str, Ask], stopping: Callable[[], bool]) -> dict[str, Outcome]:
    """The outcome of every URL. A host that waits or dawdles holds up one thread, and only until its deadlines pass.

    Once `stopping`, what has not been asked for comes back as `Failed("stopping")`.
    """
    lanes: dict[str, list[str]] = {}
    for url in asks:
        lanes.setdefault(_host(url), []).append(url)

    def lane(urls: list[str]) -> list[tuple[str, Outcome]]:
        return [(url, Failed("stopping", url) if stopping() else asks[url]()) for url in urls]

    found = dict(pair for pairs in pool.map(lane, lanes.values()) for pair in pairs)
    return {url: found[url] for url in asks}


def _host(url: str) -> str:
    try:
        return parse_url(url).host
    except UrlRefused:
        return ""
