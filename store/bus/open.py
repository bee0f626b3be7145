"""A bus from its URL: the one place that knows which backends there are."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote

from store.bus import Bus
from store.messages import READINGS


class BadBusUrl(ValueError):
    """The URL names no bus."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"{_without_password(url)!r} is not the URL of a bus: {problem}. Write sqlite:///relative/path, "
            "sqlite:////absolute/path or kafka://host:port,host:port?replication=3&retention_hours=720"
        )
        self.problem = problem


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", url)


def open_bus(url: str) -> Bus:
    """The bus at `url`. Nothing is connected or created before the first use. Raises `BadBusUrl`.

    `sqlite:///path` (one slash more for an absolute path) takes `lease`, in seconds, `retention_hours` (-1: for ever) and
    `retention_mb`.
    `kafka://host:port,host:port` takes `replication`, `retention_hours` (-1: for ever), `session` and `timeout` in
    seconds, `security` (PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL), `cafile`, and with a user:password@ in front of the
    hosts `sasl` (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512). `prefix` stands before the names of all topics and groups, so
    that several homes can share a cluster.
    """
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    options = {name: values[-1] for name, values in parse_qs(query).items()}
    match scheme:
        case "sqlite":
            return _sqlite(url, rest, options)
        case "kafka":
            return _kafka(url, rest, options)
        case _:
            raise BadBusUrl(url, f"unknown scheme {scheme!r}")


def _sqlite(url: str, rest: str, options: dict[str, str]) -> Bus:
    from store.bus.sqlite import SqliteBus  # noqa: PLC0415 — only the backend in use is imported
    from store.bus.sqlite_retention import Retention  # noqa: PLC0415 — as above

    if not rest.startswith("/") or rest == "/":
        raise BadBusUrl(url, "no path")
    _allow(url, options, {"lease", "retention_hours", "retention_mb"})
    hours = _number(url, options, "retention_hours", 720)
    retention = Retention(
        None if hours < 0 else timedelta(hours=hours), int(_number(url, options, "retention_mb", 4000) * 1_000_000)
    )
    return SqliteBus(Path(rest[1:]), lease=_number(url, options, "lease", 5.0), retention=retention)


def _kafka(url: str, rest: str, options: dict[str, str]) -> Bus:
    from store.bus.kafka import KafkaBus  # noqa: PLC0415 — as above
    from store.bus.prefixed import PrefixedBus  # noqa: PLC0415 — as above

    _allow(url, options, {"replication", "retention_hours", "session", "timeout", "security", "sasl", "cafile", "prefix"})
    prefix = options.get("prefix", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,100}", prefix):
        raise BadBusUrl(url, f"prefix {prefix!r} is no part of a topic's name: letters, digits, `.`, `_` and `-`")
    login, _, hosts = rest.rpartition("@")
    if not all(re.fullmatch(r"[^:/]+:\d+", host) for host in hosts.split(",")):
        raise BadBusUrl(url, f"{hosts!r} is not host:port,host:port")
    bus = KafkaBus(
        hosts,
        replication=int(_number(url, options, "replication", 1)),
        retention_hours=int(_number(url, options, "retention_hours", 720)),
        session=_number(url, options, "session", 10.0),
        timeout=_number(url, options, "timeout", 30.0),
        security=_security(login, options),
        identity=prefix + READINGS,
    )
    return PrefixedBus(bus, prefix) if prefix else bus


def _security(login: str, options: dict[str, str]) -> dict[str, str]:
    """kafka-python's names for what the URL says."""
    user, _, password = (unquote(part) for part in login.partition(":"))
    found = {
        "security_protocol": options.get("security"),
        "ssl_cafile": options.get("cafile"),
        "sasl_mechanism": options.get("sasl", "SCRAM-SHA-512") if login else None,
        "sasl_plain_username": user or None,
        "sasl_plain_password": password or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _number(url: str, options: dict[str, str], name: str, default: float) -> float:
    try:
        return float(options.get(name, default))
    except ValueError as error:
        raise BadBusUrl(url, f"{name} is not a number") from error


def _allow(url: str, options: dict[str, str], known: set[str]) -> None:
    unknown = sorted(set(options) - known)
    if unknown:
        raise BadBusUrl(url, f"unknown option {unknown[0]!r} (known: {', '.join(sorted(known))})")
