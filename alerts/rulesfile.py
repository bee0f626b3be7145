"""`rules.yaml` → the rules, or every fault in it with file, rule and field."""

import re
from collections.abc import Collection, Iterator
from datetime import time, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from alerts.rules import EDITORS, OPERATORS, Audience, Digest, Quiet, Rule, Ruleset, Unusual, ruleset
from store.events import Trigger

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(r"(\d+)\s*(second|minute|hour|day|week)s?")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Fault(NamedTuple):
    rule: str
    field: str
    said: str


class BadRules(Exception):
    """The file cannot be used; nothing of it is. `faults` has every one that was found, in file order."""

    def __init__(self, source: str, faults: tuple[Fault, ...]) -> None:
        lines = [f"{source}: {fault.rule}{': ' + fault.field if fault.field else ''}: {fault.said}" for fault in faults]
        super().__init__("\n".join(lines))
        self.source, self.faults = source, faults


def parse(text: str, *, source: str = "rules.yaml", channels: Collection[str] | None = None) -> Ruleset:
    """The rules of a file's text. With `channels`, every channel that a rule names must be one of them.

    Shape: `defaults:` (any field of a rule but id, triggers and scope) and `rules:` (a list). Raises BadRules.
    """
    document = _load(text, source)
    faults, models = [], []
    for number, rule in enumerate(document["rules"], 1):
        name = _name(rule, number)
        try:
            models.append(_Rule.model_validate({**document["defaults"], **rule} if isinstance(rule, dict) else rule))
        except ValidationError as error:
            faults += [Fault(name, _field(item["loc"]), _said(item)) for item in error.errors(include_url=False)]
    faults += _across(models, channels)
    if faults:
        raise BadRules(source, tuple(faults))
    return ruleset(tuple(model.rule() for model in models))


def _load(text: str, source: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadRules(source, (Fault("the file", "", f"is not YAML: {' '.join(str(error).split())}"),)) from error
    shape = "must be a mapping with `rules:` (a list) and, if you like, `defaults:` (a mapping)"
    if not isinstance(document, dict) or set(document) - {"rules", "defaults"}:
        raise BadRules(source, (Fault("the file", "", shape),))
    rules, defaults = (
        empty if document.get(part) is None else document[part] for part, empty in (("rules", []), ("defaults", {}))
    )
    if not isinstance(rules, list) or not isinstance(defaults, dict):
        raise BadRules(source, (Fault("the file", "", shape),))
    unfit = {"id", "triggers", "stories", "claims"} & set(defaults)
    if unfit:
        raise BadRules(source, (Fault("defaults", min(unfit), "belongs to a rule, not to the defaults"),))
    return {"rules": rules, "defaults": defaults}


def _name(rule: object, number: int) -> str:
    given = rule.get("id") if isinstance(rule, dict) else None
    return f"rule {given!r}" if given else f"rule no. {number}"


def _field(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _said(item: Any) -> str:
    """What is wrong, with the nearest known word where one was misspelt."""
    if item["type"] == "extra_forbidden":
        near = get_close_matches(str(item["loc"][-1]), _Rule.model_fields, 1)
        return "is no field of a rule" + (f"; did you mean `{near[0]}`?" if near else "")
    if item["type"] == "literal_error":
        near = get_close_matches(str(item["input"]), sorted(EDITORS | OPERATORS), 1)
        return f"{item['input']!r} is unknown" + (f"; did you mean `{near[0]}`?" if near else "")
    if item["type"] == "string_pattern_mismatch":
        return f"{item['input']!r} must be small letters, digits, dots, dashes or underscores, 64 at most"
    if item["type"] == "model_type":
        return "must be a mapping with at least `id`, `triggers` and `channels`"
    return str(item["msg"]).removeprefix("Value error, ")


def _across(models: list["_Rule"], channels: Collection[str] | None) -> Iterator[Fault]:
    seen: set[str] = set()
    for model in models:
        name = f"rule {model.id!r}"
        if model.id in seen:
            yield Fault(name, "id", "is used by two rules; alerts are keyed by it, so it must be unique")
        seen.add(model.id)
        for channel in model.channels:
            if channels is not None and channel not in channels:
                known = ", ".join(sorted(channels)) or "none"
                yield Fault(name, "channels", f"{channel!r} is not set up; these are: {known}")


# --- the fields ------------------------------------------------------------------------------------


def _duration(value: object) -> object:
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match:
            return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"{value!r} is no duration; write for example `90 seconds`, `15 minutes`, `2 hours` or `7 days`")


def _time_of_day(value: object) -> object:
    # YAML 1.1 reads an unquoted 22:00 as a number in base 60.
    text = f"{value // 60}:{value % 60:02}" if isinstance(value, int) else str(value)
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(f"{value!r} is no time of day; write for example `07:30`")
    return time(int(match[1]), int(match[2]))


def _timezone(value: str) -> str:
    if value not in available_timezones():
        near = get_close_matches(value, available_timezones(), 1)
        raise ValueError(f"{value!r} is no time zone" + (f"; did you mean `{near[0]}`?" if near else ""))
    ZoneInfo(value)
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str | int) else value


def _weekday(value: object) -> object:
    found = [number for number, day in enumerate(_DAYS) if str(value).lower() in (day, day[:3])]
    if not found:
        raise ValueError(f"{value!r} is no day of the week; write for example `monday` or `mon`")
    return found[0]


Duration = Annotated[timedelta, BeforeValidator(_duration)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Zone = Annotated[str, AfterValidator(_timezone)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Quiet(_Strict):
    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    timezone: Zone = "UTC"

    @model_validator(mode="after")
    def _not_all_day(self) -> "_Quiet":
        if self.start == self.end:
            raise ValueError("`from` and `to` are the same; leave `quiet` out, or name different times")
        return self


class _Digest(_Strict):
    at: Annotated[tuple[TimeOfDay, ...], BeforeValidator(_listed), Field(min_length=1)]
    timezone: Zone = "UTC"
    weekdays: Annotated[tuple[Weekday, ...], BeforeValidator(_listed), Field(min_length=1)] = (0, 1, 2, 3, 4, 5, 6)

    @model_validator(mode="before")
    @classmethod
    def _days_by_name(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"at": value}


class _Unusual(_Strict):
    times: int = Field(default=4, ge=2)
    least: int = Field(default=5, ge=2)
    window: Duration = timedelta(days=1)
    against: Duration = timedelta(days=7)

    @model_validator(mode="after")
    def _fits_memory(self) -> "_Unusual":
        if not timedelta(minutes=1) <= self.window < self.against or self.window + self.against > timedelta(days=31):
            raise ValueError("`window` must be a minute or more, shorter than `against`, and both together at most 31 days")
        return self


class _Rule(_Strict):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    about: str = ""
    audience: Audience = "editors"
    triggers: Annotated[tuple[Trigger, ...], BeforeValidator(_listed), Field(min_length=1)]
    channels: Annotated[Words, Field(min_length=1)]
    stories: Words = ()
    claims: Words = ()
    min_score: int = Field(default=0, ge=0, le=1000)
    horizon: Duration = timedelta(days=7)
    wait_for_more: Duration = timedelta(minutes=2)
    at_most_every: Duration = timedelta(minutes=15)
    storm: int = Field(default=20, ge=1)
    digest: _Digest | None = None
    quiet: _Quiet | None = None
    near: Duration = timedelta(days=2)
    silent_after: Duration = timedelta(days=1)
    unusual: _Unusual = Field(default_factory=_Unusual)

    @model_validator(mode="after")
    def _audience_fits(self) -> "_Rule":
        allowed = OPERATORS if self.audience == "operators" else EDITORS
        wrong = [trigger for trigger in self.triggers if trigger not in allowed]
        if "retraction" in wrong:
            raise ValueError("triggers: `retraction` is not asked for: it follows every alert that it takes back")
        if wrong:
            other = "editors" if self.audience == "operators" else "operators"
            raise ValueError(f"triggers: `{wrong[0]}` is for {other}; give it a rule of its own with `audience: {other}`")
        return self

    def rule(self) -> Rule:
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        fields["triggers"] = frozenset(self.triggers)
        fields["stories"], fields["claims"] = frozenset(self.stories), frozenset(self.claims)
        fields["quiet"] = Quiet(self.quiet.start, self.quiet.end, self.quiet.timezone) if self.quiet else None
        fields["digest"] = Digest(self.digest.at, self.digest.timezone, self.digest.weekdays) if self.digest else None
        unusual = self.unusual
        fields["unusual"] = Unusual(unusual.times, unusual.least, unusual.window, unusual.against)
        return Rule(**fields)
