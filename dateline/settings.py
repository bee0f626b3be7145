"""Settings: one frozen object, read once at the door. The only reader of the environment.

They come from `settings.toml` in the home, then from the environment: `DATELINE_INGEST_THREADS=4` is `threads` in
`[ingest]`. A secret may also come from a file: `DATELINE_CHANNELS_DESK_URL_FILE=/run/secrets/desk`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from dateline.errors import CONFIG, UserError

PREFIX = "DATELINE_"
FILE = "settings.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IngestSettings(_Section):
    """`allow` lists addresses or networks that feeds may live at although they are private."""

    threads: int = Field(default=8, ge=1, le=64)
    """Requests under way at once, in each poller."""
    pollers: int = Field(default=1, ge=1, le=64)
    """How many poll beside each other. They keep `host_delay` together."""
    user_agent: str = "Dateline/0.1 (media monitoring; set ingest.user_agent to name a contact)"
    host_delay: float = Field(default=1.0, ge=0)
    """Seconds between two requests to one host."""
    interval: int = Field(default=900, ge=10)
    """Seconds between two polls of a feed, to begin with."""
    timeout: float = Field(default=20.0, gt=0)
    """Seconds that one request may take in all."""
    max_bytes: int = Field(default=10_000_000, ge=10_000)
    rechecks: list[str] = []
    """When a known article's page is looked at again, counted from its first sight: 1h, 12h, 4d. Empty: the product's own."""
    allow: list[str] = []
    robots: bool = True


class MatchSettings(_Section):
    processes: int = Field(default=1, ge=1, le=64)
    model: Literal["auto", "none"] = "auto"
    """`none`: match by words alone, even if a sentence model is installed."""


class SmtpChannel(_Section):
    kind: Literal["smtp"]
    host: str
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: str
    to: list[str] = Field(min_length=1)
    domain: str | None = None
    """The right-hand side of Message-IDs; by default that of the sender."""


class SlackWebhookChannel(_Section):
    kind: Literal["slack_webhook"]
    url: SecretStr


class SlackBotChannel(_Section):
    kind: Literal["slack_bot"]
    token: SecretStr
    channel: str
    base_url: str = "https://slack.com/api/"


class LogChannel(_Section):
    """Writes each message as a line of JSON into a file of the home: for trying rules out, and for the demonstration."""

    kind: Literal["log"]
    path: str = "alerts.jsonl"


Channel = Annotated[SmtpChannel | SlackWebhookChannel | SlackBotChannel | LogChannel, Field(discriminator="kind")]


class WebSettings(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)


class ChoresSettings(_Section):
    """How chores are done, with `celery_url` and without."""

    processes: int = Field(default=2, ge=1, le=64)
    """Processes of one Celery worker."""
    every: float = Field(default=1.0, ge=0.01, le=60)
    """Celery: seconds between two looks at what is due."""
    lease: float = Field(default=30.0, ge=0.3)
    """Seconds after which a chore whose worker gives no sign of life is done by another."""
    resend: float = Field(default=60.0, ge=0.1)
    """Celery: seconds after which a message that nobody acted upon counts as lost."""


class CheckpointSettings(_Section):
    """When the ledger is signed, and where a copy goes. On the virtual clock only `dateline audit checkpoint` signs."""

    every: str = "1d"
    """Signed this long after the last time, if anything was recorded since. Empty: not by time."""
    events: int | None = Field(default=None, ge=1)
    """Signed after that many new events."""
    publish: list[str] = []
    """`file:PATH` (replaced each time), `file:FOLDER/` (one file a checkpoint), an http(s) address that takes a POST, or
    `mailto:ADDRESS`."""
    mail_channel: str | None = None
    """The channel of kind `smtp` whose server and sender are used for `mailto:`; by default the only one there is."""


class Settings(_Section):
    """Everything a role needs to know. URLs default to SQLite files of the home."""

    home: Path
    database_url: SecretStr | None = None
    bus_url: SecretStr | None = None
    celery_url: SecretStr | None = None
    database_schema: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """PostgreSQL: the schema that holds this home's tables, if several homes share a database."""
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    """Kafka: what stands before the names of this home's topics and groups, if several homes share a cluster."""
    partitions: int = Field(default=8, ge=1, le=1024)
    clock: Literal["system", "shared"] = "system"
    """`shared`: the virtual clock in the home's file `clock`, which the demonstration sets."""
    route: str | None = None
    """Sends every request to this loopback address instead of its host, as the demonstration does."""
    beat_dir: Path | None = None
    """Each role touches a file of its name here after every step: what a liveness probe can look at."""
    log: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    ingest: IngestSettings = IngestSettings()
    match: MatchSettings = MatchSettings()
    web: WebSettings = WebSettings()
    chores: ChoresSettings = ChoresSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()
    channels: dict[str, Channel] = {}

    @property
    def distributed(self) -> bool:
        return self.database_url is not None or self.bus_url is not None

    def ledger_url(self) -> str:
        return self._database() or f"sqlite:///{self.home / 'ledger.db'}"

    def content_url(self) -> str:
        return self._database() or f"sqlite:///{self.home / 'content.db'}"

    def bus_address(self) -> str:
        if self.bus_url is None:
            return f"sqlite:///{self.home / 'bus.db'}"
        return _with(self.bus_url.get_secret_value(), "prefix", self.topic_prefix)

    def server_url(self) -> str:
        """The database as given, whatever schema is this home's. psycopg 3 is named: older releases of SQLAlchemy take the
        plain scheme for another driver."""
        assert self.database_url is not None
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.database_url.get_secret_value())

    def _database(self) -> str | None:
        if self.database_url is None:
            return None
        return _with(self.server_url(), "options", f"-csearch_path={self.database_schema}" if self.database_schema else "")


def _with(url: str, option: str, value: str) -> str:
    """The URL with one more option in its query; as it was if there is no value."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode({option: value})}" if value else url


def load_settings(home: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a home. Raises UserError (exit code 78) that names file or variable, and field."""
    environment = os.environ if environment is None else environment
    raw = _from_file(home / FILE)
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in _RESERVED and not name.startswith(f"{PREFIX}TEST_"):
            _put(raw, name, environment[name])
    try:
        return Settings.model_validate({**raw, "home": home})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise UserError(f"settings of {home} ({FILE} and {PREFIX}… variables): {faults}", CONFIG) from error


_RESERVED = frozenset({"DATELINE_HOME"})


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}. Mend the file.", CONFIG) from error


def _put(raw: dict[str, Any], name: str, value: str) -> None:
    """Places an environment variable: sections by their names, channels by their own."""
    words = name.removeprefix(PREFIX).lower()
    if words.endswith("_file"):
        words = words.removesuffix("_file")
        try:
            value = Path(value).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UserError(f"{name}: {value} cannot be read ({error.strerror})", CONFIG) from error
    section, _, rest = words.partition("_")
    target = raw
    if section in ("ingest", "match", "web", "chores", "checkpoints") and rest:
        target, words = raw.setdefault(section, {}), rest
    elif section == "channels" and rest:
        channel, _, words = rest.partition("_")
        target = raw.setdefault("channels", {}).setdefault(channel, {})
    target[words] = _listed(value) if words in ("to", "allow", "rechecks", "publish") else value


def _listed(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
