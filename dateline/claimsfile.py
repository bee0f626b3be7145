"""Claims files: YAML in, a `ClaimSet` out, with errors that name the file, the claim and the field.

The shape of the shipped `seeds/claims.yaml` is the contract: `claims` and `entities`, principals by name.
"""

from datetime import date
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from dateline.errors import UserError
from store.claim import Claim, ClaimSet, Entity, Related, Slots, Variants

ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SlotsModel(_Strict):
    place: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    actors: list[str] = []
    number: str | None = None

    @field_validator("number", mode="before")
    @classmethod
    def _as_written(cls, value: object) -> object:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class VariantsModel(_Strict):
    group: str
    slot: str
    values: list[str] = Field(min_length=1)
    own: str | None = None
    exclusive: bool = False
    forms: dict[str, list[str]] = {}

    @field_validator("values", mode="before")
    @classmethod
    def _as_words(cls, value: object) -> object:
        return [_word(item) for item in value] if isinstance(value, list) else value

    @field_validator("own", mode="before")
    @classmethod
    def _as_word(cls, value: object) -> object:
        return _word(value)


class RelatedModel(_Strict):
    id: str
    rel: str


class ClaimModel(_Strict):
    id: str = Field(pattern=ID)
    text: str = Field(min_length=1)
    story: str = Field(pattern=ID)
    kind: Literal["forecast", "event", "allegation", "statistic", "norm", "interpretation"] = "allegation"
    slots: SlotsModel = SlotsModel()
    keyterms: list[str] = []
    aliases: list[str] = []
    deadline: date | None = None
    timezone: str = "UTC"
    variants: VariantsModel | None = None
    related: list[RelatedModel] = []
    principals: list[str] = []
    threshold: int | None = Field(default=None, ge=0, le=1000)

    @field_validator("keyterms", "aliases", mode="before")
    @classmethod
    def _as_words(cls, value: object) -> object:
        return [_word(item) for item in value] if isinstance(value, list) else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone (such as Europe/Paris)") from error
        return value


class EntityModel(_Strict):
    id: str = Field(pattern=ID)
    name: str = Field(min_length=1)
    aliases: list[str] = []
    speaks_for: str | None = None


class StoryModel(_Strict):
    id: str = Field(pattern=ID)
    title: str = Field(min_length=1)


class ClaimsFile(_Strict):
    claims: list[ClaimModel] = []
    entities: list[EntityModel] = []
    stories: list[StoryModel] = []


def _word(value: object) -> object:
    """YAML reads 2019 as a number and 2023-09-14 as a date; a key term or a value is a word."""
    return str(value) if isinstance(value, int | float | date) and not isinstance(value, bool) else value


def load_claims(path: Path) -> ClaimSet:
    """The claims and entities of a file. Raises UserError that names every fault: file, claim and field."""
    return parse_claims(_read(path), str(path))


def load_story_titles(path: Path) -> dict[str, str]:
    """Titles that the file gives to stories; the others are titled by their id."""
    return {story.id: story.title for story in _validated(_read(path), str(path)).stories}


def parse_claims(text: str, name: str) -> ClaimSet:
    """As `load_claims`, of a text; `name` stands for the file in messages."""
    model = _validated(text, name)
    claims = tuple(claim_of(item) for item in model.claims)
    entities = tuple(Entity(item.id, item.name, tuple(item.aliases), item.speaks_for) for item in model.entities)
    _check_references(claims, entities, name)
    return ClaimSet(claims, entities)


def claim_of(item: ClaimModel) -> Claim:
    return Claim(
        id=item.id, text=item.text, story=item.story, kind=item.kind,
        slots=Slots(
            item.slots.place, item.slots.date_from, item.slots.date_to, tuple(item.slots.actors), item.slots.number
        ),
        keyterms=tuple(item.keyterms), aliases=tuple(item.aliases), deadline=item.deadline, timezone=item.timezone,
        variants=_variants_of(item.variants) if item.variants else None,
        related=tuple(Related(r.id, r.rel) for r in item.related), principals=tuple(item.principals),
        threshold=item.threshold,
    )  # fmt: skip


def _variants_of(item: VariantsModel) -> Variants:
    forms = {value: tuple(words) for value, words in item.forms.items()}
    return Variants(item.group, item.slot, tuple(item.values), item.own, item.exclusive, forms)


def dump_claims(claims: ClaimSet, titles: dict[str, str] | None = None) -> str:
    """The YAML that `load_claims` reads back to an equal set."""
    document: dict[str, Any] = {
        "claims": [_claim_dict(claim) for claim in claims.claims],
        "entities": [
            {"id": e.id, "name": e.name, "aliases": list(e.aliases), **({"speaks_for": e.speaks_for} if e.speaks_for else {})}
            for e in claims.entities
        ],
    }
    if titles:
        document["stories"] = [{"id": id_, "title": title} for id_, title in titles.items()]
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def _claim_dict(claim: Claim) -> dict[str, Any]:
    model = ClaimModel.model_validate(
        {
            "id": claim.id, "text": claim.text, "story": claim.story, "kind": claim.kind,
            "slots": {**_plain(claim.slots), "actors": list(claim.slots.actors)},
            "keyterms": list(claim.keyterms), "aliases": list(claim.aliases), "deadline": claim.deadline,
            "timezone": claim.timezone, "related": [_plain(r) for r in claim.related],
            "principals": list(claim.principals), "threshold": claim.threshold,
            "variants": claim.variants and {
                **_plain(claim.variants), "values": list(claim.variants.values),
                "forms": {value: list(forms) for value, forms in claim.variants.forms.items()},
            },
        }
    )  # fmt: skip
    return model.model_dump(exclude_defaults=True)


def _plain(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}). Give the path of a claims file.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error


def _validated(text: str, name: str) -> ClaimsFile:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise UserError(f"{name}:{where} {problem}. Mend the YAML and try again.") from error
    if not isinstance(raw, dict):
        raise UserError(f"{name}: a claims file is a mapping with `claims:` and `entities:`.")
    try:
        return ClaimsFile.model_validate(raw)
    except ValidationError as error:
        raise UserError("\n".join(_fault(name, raw, fault) for fault in error.errors())) from error


def _fault(name: str, raw: dict[str, Any], fault: Any) -> str:
    """One line: file, claim or entity by its id, field, what is wrong."""
    place = list(fault["loc"])
    label = ""
    if len(place) >= 2 and isinstance(place[1], int):
        group = raw.get(str(place[0])) or []
        item = group[place[1]] if place[1] < len(group) else None
        id_ = item.get("id") if isinstance(item, dict) else None
        kind = {"claims": "claim", "entities": "entity", "stories": "story"}.get(str(place[0]), str(place[0]))
        label = f"{kind} {id_ or '#' + str(place[1] + 1)}: "
        place = place[2:]
    field = ".".join(str(part) for part in place)
    message = {"extra_forbidden": "unknown field", "missing": "missing"}.get(fault["type"], fault["msg"])
    return f"{name}: {label}{field + ': ' if field else ''}{message}"


def _check_references(claims: tuple[Claim, ...], entities: tuple[Entity, ...], name: str) -> None:
    faults = [f"{name}: claim {id_}: id: used twice" for id_ in _twice(claim.id for claim in claims)]
    faults += [f"{name}: entity {id_}: id: used twice" for id_ in _twice(entity.id for entity in entities)]
    ids = {entity.id for entity in entities}
    faults += [
        f"{name}: entity {entity.id}: speaks_for: there is no entity {entity.speaks_for!r}"
        for entity in entities
        if entity.speaks_for is not None and entity.speaks_for not in ids
    ]
    for claim in claims:
        variants = claim.variants
        if variants and variants.own is not None and variants.own not in variants.values:
            faults.append(f"{name}: claim {claim.id}: variants.own: {variants.own!r} is none of the values")
        if claim.slots.date_from and claim.slots.date_to and claim.slots.date_to < claim.slots.date_from:
            faults.append(f"{name}: claim {claim.id}: slots.date_to: lies before date_from")
    if faults:
        raise UserError("\n".join(faults))


def _twice(ids: Any) -> list[str]:
    seen: set[str] = set()
    return [id_ for id_ in ids if id_ in seen or seen.add(id_)]  # type: ignore[func-returns-value]
