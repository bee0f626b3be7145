"""Builds the rooms' objects from a home: the only place where settings meet the rooms.

Rooms are imported by the function that opens them: `dateline feeds list` need not wait for a sentence model to load.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dateline.errors import CONFIG, UserError
from dateline.home import Home
from dateline.settings import LogChannel, Settings, SlackBotChannel, SlackWebhookChannel, SmtpChannel
from store.chores import Chores
from store.chores_rules import Manner
from store.claim import ClaimSet
from store.database import reading
from store.timeline import Feed

if TYPE_CHECKING:
    from alerts.channels import Channel
    from alerts.deliver import Alerts
    from alerts.mail import Letterhead
    from alerts.rules import Ruleset
    from alerts.smtp import MailServer
    from ingest.dial import Resolver
    from ingest.fetch import Fetcher
    from ingest.poll import Ingest
    from workers.chores import Broker
    from workers.read import Reader

RULES = "rules.yaml"
FIRST_RULES = """\
# Who is told what. `dateline alerts explain` says for any event why it did or did not alert.
# stories: and claims: narrow a rule down; without them it is about everything.

defaults:
  horizon: 7 days           # articles that were older when we learned of them do not alert
  wait_for_more: 2 minutes  # the first alert of a story waits for others …
  at_most_every: 15 minutes # … and the next message of that story for this long

rules:
- id: claims
  about: What changes the standing of a claim
  triggers: [first_mention, denial, status_change, variant_drift, deadline_passed, silent_edit, withdrawal]
  channels: [log]

- id: feeds
  about: Feeds that we cannot read, or that went silent
  audience: operators
  triggers: [feed_failing, feed_silent]
  channels: [log]
  silent_after: 2 days
"""

_DURATION = re.compile(r"(\d+)\s*([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


# --- reading -----------------------------------------------------------------------------------------


def open_reader(home: Home, claims: ClaimSet) -> "Reader":
    """A reader over this watch list, with the sentence model if one is installed and wanted."""
    from workers.read import Reader
    from workers.vectors import load_vectors

    vectors = load_vectors() if home.settings.match.model == "auto" else None
    return Reader(claims, vectors, home.secret)


# --- ingest ------------------------------------------------------------------------------------------


def open_fetcher(home: Home) -> "Fetcher":
    """The one client for everything that goes out. Where several may poll, they share what each host is spared."""
    from ingest.dial import resolve
    from ingest.fetch import Fetcher, FetchSettings
    from ingest.hosts import SharedHosts

    own = home.settings.ingest
    settings = FetchSettings(
        user_agent=own.user_agent,
        total_seconds=own.timeout,
        most_bytes=own.max_bytes,
        pause_seconds=own.host_delay,
        allowed_networks=tuple(own.allow),
    )
    resolver = resolve if home.settings.route is None else _fixed_route(home.settings.route)
    together = own.pollers > 1 or home.settings.database_url is not None
    hosts = SharedHosts(home.content_engine) if together else None
    return Fetcher(settings, home.clock, resolver=resolver, hosts=hosts)


def _fixed_route(address: str) -> "Resolver":
    from ingest.dial import Route

    parts = urlsplit(address)
    if parts.hostname is None or parts.port is None:
        raise UserError(f"route {address!r} is no address like http://127.0.0.1:8080", CONFIG)
    route = Route((parts.hostname,), parts.port, trusted=True, plain=True)
    return lambda _host, _port, _scheme: route


def open_ingest(home: Home, stopping: Callable[[], bool] = lambda: False) -> "Ingest":
    """`stopping` is asked between two articles: a drain need not wait for a long round."""
    from ingest.poll import SCHEDULE, Ingest, IngestSettings
    from ingest.state import State

    own = home.settings.ingest
    rechecks = tuple(duration(text, "ingest.rechecks") for text in own.rechecks)

    def feeds() -> Sequence[Feed]:
        with reading(home.engine) as connection:
            return home.timeline.feeds(connection)

    return Ingest(
        bus=home.bus,
        content=home.content,
        state=State(home.content_engine),
        ledger=home.ledger,
        feeds=feeds,
        fetcher=open_fetcher(home),
        clock=home.clock,
        secret=home.secret,
        settings=IngestSettings(threads=own.threads, schedule=rechecks or SCHEDULE, robots=own.robots),
        stopping=stopping,
    )


def open_chores(home: Home) -> Chores:
    own = home.settings.chores
    manner = Manner(lease=timedelta(seconds=own.lease), resend=timedelta(seconds=own.resend))
    return Chores(home.engine, manner=manner)


def open_broker(settings: Settings) -> "Broker":
    """Where chores are told of. Raises UserError for an address that is no Redis."""
    from workers.chores import Broker

    assert settings.celery_url is not None
    url = settings.celery_url.get_secret_value()
    if urlsplit(url).scheme not in ("redis", "rediss") or not urlsplit(url).hostname:
        raise UserError("celery_url is no address of a Redis; write redis://host:6379/0", CONFIG)
    return Broker(url, settings.topic_prefix)


def duration(text: str, field: str) -> timedelta:
    """`90s`, `15m`, `4h`, `2d` or `1w`."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UserError(f"{field}: {text!r} is no duration; write 15m, 4h or 2d", CONFIG)
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def add_feeds_of(home: Home, opml: Path) -> tuple[int, list[str]]:
    """Adds the feeds of an OPML file. Returns how many are new, and the addresses that were refused."""
    from ingest.feeds import add_feed
    from ingest.opml import OpmlRefused, parse_opml
    from ingest.urls import UrlRefused

    try:
        outlines, refused = parse_opml(opml.read_bytes())
    except OSError as error:
        raise UserError(f"{opml}: cannot be read ({error.strerror})") from error
    except OpmlRefused as error:
        raise UserError(f"{opml}: {error}") from error
    now = home.clock.now()
    with reading(home.engine) as connection:
        gone = {feed.feed for feed in home.timeline.feeds(connection) if feed.state == "gone"}
    drafts = []
    for outline in outlines:
        try:
            draft = add_feed(
                outline.url,
                now=now,
                title=outline.title,
                outlet=outline.outlet,
                outlet_name=outline.outlet_name,
                interval=outline.interval or home.settings.ingest.interval,
            )
        except UrlRefused as error:
            refused.append(f"{outline.url} ({error})")
            continue
        drafts.append(draft._replace(key=f"{draft.key}/{now.isoformat()}") if draft.stream[5:] in gone else draft)
    return len(home.ledger.append(drafts, actor="operator")), refused


# --- alerts ------------------------------------------------------------------------------------------


def put_rules(home: Home, rules: Path | None) -> None:
    """Makes a rules file the home's; None: a first one, if there is none yet. Raises UserError for a faulty file."""
    if rules is None:
        if not (home.path / RULES).exists():
            (home.path / RULES).write_text(FIRST_RULES, encoding="utf-8")
        return
    try:
        text = rules.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{rules}: cannot be read ({error})") from error
    _parsed(text, str(rules), home)
    (home.path / RULES).write_text(text, encoding="utf-8")


def parse_rules(file: Path) -> "Ruleset":
    """The rules of any file, to ask what they would do: their channels need not exist. Raises UserError."""
    try:
        return _parsed(file.read_text(encoding="utf-8"), str(file), None)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read ({error})") from error


def load_rules(home: Home) -> "Ruleset":
    """The home's rules; the first ones where it has none. Raises UserError that names rule and field."""
    path = home.path / RULES
    text = path.read_text(encoding="utf-8") if path.exists() else FIRST_RULES
    return _parsed(text, str(path), home)


def _parsed(text: str, source: str, home: Home | None) -> "Ruleset":
    from alerts.rulesfile import BadRules, parse

    try:
        return parse(text, source=source, channels=frozenset(home.settings.channels) or None if home else None)
    except BadRules as error:
        raise UserError(str(error), CONFIG) from error


def open_channels(home: Home) -> "dict[str, Channel]":
    return {name: _channel(home, settings) for name, settings in home.settings.channels.items()}


def _channel(home: Home, settings: SmtpChannel | SlackWebhookChannel | SlackBotChannel | LogChannel) -> "Channel":
    from alerts import channels as kinds
    from alerts import slack
    from alerts.secrets import Secret
    from alerts.smtp import smtp

    match settings:
        case SmtpChannel():
            return smtp(*mail_server(settings))
        case SlackWebhookChannel():
            return slack.incoming_webhook(Secret(settings.url.get_secret_value()))
        case SlackBotChannel():
            token = Secret(settings.token.get_secret_value())
            return slack.bot(token, settings.channel, base_url=settings.base_url)
        case LogChannel():
            return kinds.log(home.path / settings.path)


def mail_server(settings: SmtpChannel) -> "tuple[MailServer, Letterhead]":
    """Where a channel's mail is handed in, and who writes to whom."""
    from alerts.mail import Letterhead
    from alerts.secrets import Secret
    from alerts.smtp import MailServer

    password = Secret(settings.password.get_secret_value()) if settings.password else None
    server = MailServer(settings.host, settings.port, settings.tls, settings.user, password)
    domain = settings.domain or settings.sender.rpartition("@")[2].rstrip(">")
    return server, Letterhead(settings.sender, tuple(settings.to), domain)


def open_alerts(home: Home, owner: str = "alert-0") -> "Alerts":
    from alerts.deliver import Alerts

    return Alerts(
        ledger=home.ledger,
        rules=load_rules(home),
        channels=open_channels(home),
        clock=home.clock,
        keyed=home.keyed,
        owner=owner,
    )
