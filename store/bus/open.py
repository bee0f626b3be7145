"""A bus from its URL: the one place that knows which backends there are."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from store.bus import Bus


class BadBusUrl(ValueError):
    """The URL names no bus."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"{url!r} is not the URL of a bus: {problem}. Write sqlite:///relative/path, sqlite:////absolute/path "
            "or kafka://host:port,host:port?replication=3&retention_hours=720"
        )
        self.url, self.problem = url, problem


def open_bus(url: str) -> Bus:
    """The bus at `url`. Nothing is connected or created before the first use. Raises `BadBusUrl`.

    `sqlite:///path` (one slash more for an absolute path) takes `lease`, in seconds.
    """
    scheme, _, rest = url.partition("://")
    options = {name: values[-1] for name, values in parse_qs(urlsplit(url).query, strict_parsing=False).items()}
    rest = rest.partition("?")[0]
    match scheme:
        case "sqlite":
            return _sqlite(url, rest, options)
        case _:
            raise BadBusUrl(url, f"unknown scheme {scheme!r}")


def _sqlite(url: str, rest: str, options: dict[str, str]) -> Bus:
    from store.bus.sqlite import SqliteBus  # noqa: PLC0415 — only the backend in use is imported

    if not rest.startswith("/") or rest == "/":
        raise BadBusUrl(url, "no path")
    _allow(url, options, {"lease"})
    return SqliteBus(Path(rest[1:]), lease=float(options.get("lease", "5")))


def _allow(url: str, options: dict[str, str], known: set[str]) -> None:
    unknown = sorted(set(options) - known)
    if unknown:
        raise BadBusUrl(url, f"unknown option {unknown[0]!r} (known: {', '.join(sorted(known))})")
