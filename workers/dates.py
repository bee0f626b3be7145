"""On which day something was said, and on which day it happened: relative dates resolved, None rather than wrong.

The outlet's own voice speaks on the day of publication. Anyone else spoke on a day only if the text says so, beside
the verb of saying, or said so of the same speaker before.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from store.claim import ClaimSet
from store.reading import Attribution, Name, Precision, Span
from workers.text import Passage, Text
from workers.verbs import SPEECH_VERB
from workers.words import DAYS, MONTHS, ORDINALS

_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_MONTH = "(?:" + "|".join(f"{m[:3]}(?:{m[3:]}|t\\.?|\\.)?" if m[3:] else m for m in MONTHS) + r")(?![a-z])"
_EXPRESSION = re.compile(
    rf"""\b(?:
      (?P<iso>(?:19|20)\d\d-[01]\d-[0-3]\d)
    | (?P<dotted>[0-3]?\d\.[01]?\d\.(?:19|20)\d\d)
    | (?P<day1>[0-3]?\d)(?:st|nd|rd|th)?\ (?:of\ )?(?P<month1>{_MONTH})\.?(?:,?\ (?P<year1>(?:19|20)\d\d))?
    | (?P<month2>{_MONTH})\.?\ (?P<day2>[0-3]?\d)(?:st|nd|rd|th)?(?!\d|:|\ (?:per|million|people))
      (?:,?\ (?P<year2>(?:19|20)\d\d))?
    | the\ (?P<nth>[0-3]?\d(?:st|nd|rd|th)|{"|".join(sorted(ORDINALS, key=len, reverse=True))})
      (?=[\s,.;:]+(?!\w*(?:death|time|patient|case|day|week|of|person|such)\b))
    | (?P<week>(?:last|next|this)\ week)
    | (?:(?P<which>last|next|this)\ )?(?P<weekday>{"|".join(DAYS)})(?!\w)(?!’s|'s)
    | (?P<now>today|tonight|this\ (?:morning|afternoon|evening))
    | (?P<yesterday>yesterday|last\ night)
    | (?P<tomorrow>tomorrow)
    | (?P<count>\d\d?|{"|".join(_COUNTS)})\ (?P<unit>day|week)s?\ ago
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_BOUND = re.compile(
    r"\b(?:by|until|till|since|before|from|after|for|between|through|of|late|early|end|dated|note|and)\s(?:late |early )?$",
    re.IGNORECASE,
)
"""Words that make a day the edge of something, not the day on which it was said."""
_ADVERB = re.compile(r"\b(?:late|early)\s$", re.IGNORECASE)
_SPEECH = re.compile(
    rf"\b(?:{SPEECH_VERB}|interview|briefing|press conference|connected|raised|heard|retracted|toast\w*)\b", re.IGNORECASE
)
_NEAR = 6
"""Words between a verb of saying and its day, at most."""
_DATELINE_PARAGRAPHS = 3
_DATELINE_LENGTH = 140


class Day(NamedTuple):
    """`precision` says how much of `on` is meant: with `week`, the Monday of it."""

    on: date
    precision: Precision


class _Found(NamedTuple):
    start: int
    end: int
    day: Day
    anchored: bool
    """Day, month and year follow from the words alone or from the month; no weekday had to be resolved."""


def reference_day(text: Text) -> date | None:
    """The day the text was published: as known, else as a line at its head says; None if neither."""
    if text.document.published is not None:
        return text.document.published.date()
    for paragraph in text.paragraphs[:_DATELINE_PARAGRAPHS]:
        if paragraph.end - paragraph.start <= _DATELINE_LENGTH:
            for match in _EXPRESSION.finditer(text.text, paragraph.start, paragraph.end):
                day = _explicit(match, None)
                if day is not None and (match["iso"] or match["dotted"] or match["year1"] or match["year2"]):
                    return day
    return None


def said_on(text: Text, passage: Passage, attribution: Attribution, claims: ClaimSet) -> Day | None:
    """The day on which whoever is responsible for the passage said it. See the module's convention."""
    published = reference_day(text)
    if published is not None and _on_publication(text, attribution):
        return Day(published, "day")
    found = _said(text, passage, attribution, claims, published)
    return found.day if found else None


def said_at(text: Text, passage: Passage, attribution: Attribution, claims: ClaimSet) -> Span | None:
    """The words that give the day of `said_on`; None where it is the day of publication, or there is none."""
    published = reference_day(text)
    if published is not None and _on_publication(text, attribution):
        return None
    found = _said(text, passage, attribution, claims, published)
    return Span(found.start, found.end) if found else None


def _on_publication(text: Text, attribution: Attribution) -> bool:
    return attribution.anonymity == "none" or _is_the_outlet(text, attribution)


def _said(
    text: Text, passage: Passage, attribution: Attribution, claims: ClaimSet, published: date | None
) -> _Found | None:
    stated = _stated(text, passage.start, passage.end, published)
    if published is None or stated is not None or attribution.anonymity == "unnamed":
        return stated
    return _stated_before(text, passage, attribution, claims, published)


def happened_on(text: Text, passage: Passage) -> date | None:
    """The day that the passage gives for what it reports, if exactly one day stands in it beside that of saying."""
    published = reference_day(text)
    spoken = _spoken_at(text, passage.start, passage.end, published)
    days = {
        found.day.on
        for found in _days(text, passage.start, passage.end, published)
        if found.day.precision == "day" and (spoken is None or found.start != spoken.start) and not _bound(text, found)
    }
    return days.pop() if len(days) == 1 else None


def _is_the_outlet(text: Text, attribution: Attribution) -> bool:
    """A body that speaks on its own site."""
    outlet, who = text.document.outlet, attribution.organisation
    return bool(outlet and who and attribution.speaker is None and outlet.casefold() in who.text.casefold())


def _stated(text: Text, start: int, end: int, published: date | None) -> _Found | None:
    """The day of saying in these sentences; where no verb of saying stands at all, the only day that does."""
    whole = _whole_sentences(text, start, end)
    spoken = _spoken_at(text, *whole, published)
    if spoken is not None:
        return spoken
    free = _free_days(text, *whole, published)
    return free[0] if len(free) == 1 and not _verbs(text, *whole) else None


def _whole_sentences(text: Text, start: int, end: int) -> tuple[int, int]:
    first, last = text.sentences[text.sentence_at(start)], text.sentences[text.sentence_at(max(start, end - 1))]
    return min(start, first.start), max(end, last.end)


def _spoken_at(text: Text, start: int, end: int, published: date | None) -> _Found | None:
    """The day nearest to a verb of saying."""
    verbs = _verbs(text, start, end)
    ranked = [
        (min(_gap(text, verb, found) for verb in verbs), found.start, found)
        for found in _free_days(text, start, end, published)
        if verbs
    ]
    gap, _, nearest = min(ranked, key=lambda item: item[:2], default=(_NEAR + 1, 0, None))
    return nearest if gap <= _NEAR else None


def _verbs(text: Text, start: int, end: int) -> list[re.Match[str]]:
    """Verbs of saying outside quotations, looked for once in each stretch of a text."""
    held: dict[tuple[int, int], list[re.Match[str]]] = text.__dict__.setdefault("_speech_verbs", {})
    if (start, end) not in held:
        held[start, end] = [m for m in _SPEECH.finditer(text.text, start, end) if not _quoted(text, m.start())]
    return held[start, end]


def _free_days(text: Text, start: int, end: int, published: date | None) -> list[_Found]:
    """Days that something may have been said on: not the edge of anything, not quoted, not after publication."""
    return [
        found
        for found in _days(text, start, end, published)
        if not _bound(text, found) and not _quoted(text, found.start) and (published is None or found.day.on <= published)
    ]


def _quoted(text: Text, at: int) -> bool:
    return any(q.start < at < q.end for q in text.quotations)


def _gap(text: Text, verb: re.Match[str], found: _Found) -> int:
    """Words between; what stands behind a "that" or a full stop is not said of the verb."""
    between = text.text[min(verb.end(), found.end) : max(verb.start(), found.start)]
    far = 100 if re.search(r"\bthat\b|[.!?;:]\s", between) else 0
    return len(between.split()) + far


def _bound(text: Text, found: _Found) -> bool:
    before = text.text[max(0, found.start - 16) : found.start]
    return bool(_BOUND.search(before)) and not _ADVERB.search(before)


def _stated_before(
    text: Text, passage: Passage, attribution: Attribution, claims: ClaimSet, published: date
) -> _Found | None:
    """The day that an earlier sentence gives for the same speaker, the nearest first."""
    names = _names_of(attribution, claims)
    if not names:
        return None
    here = re.compile(r"\b(?:" + "|".join(re.escape(name) for name in sorted(names)) + r")\b")
    for sentence in reversed(text.sentences[: text.sentence_at(passage.start)]):
        if here.search(text.text, sentence.start, sentence.end):
            spoken = _spoken_at(text, sentence.start, sentence.end, published)
            if spoken is not None:
                return spoken
    return None


def _names_of(attribution: Attribution, claims: ClaimSet) -> frozenset[str]:
    """How a text may name the speaker, and whom the speaker speaks for."""
    who: Name | None = attribution.speaker or attribution.organisation
    if who is None:
        return frozenset()
    reach = claims.spoken_for.get(who.entity or "", frozenset())
    entities = [claims.entity_by_id[id_] for id_ in sorted(reach) if id_ in claims.entity_by_id]
    spelled = [name for entity in entities for name in (entity.name, *entity.aliases)]
    return frozenset(name for name in (who.text, who.text.split()[-1] if who.text else "", *spelled) if name)


def _days(text: Text, start: int, end: int, published: date | None) -> Iterator[_Found]:
    for match in _EXPRESSION.finditer(text.text, start, end):
        explicit = _explicit(match, published)
        day = Day(explicit, "day") if explicit else _relative(match, published) if published else None
        if day is not None:
            yield _Found(match.start(), match.end(), day, explicit is not None)


def _explicit(match: re.Match[str], published: date | None) -> date | None:
    """A day and a month, or a day of a month; without a year, the latest such day up to publication or soon after."""
    if match["iso"]:
        return _day(*(int(part) for part in match["iso"].split("-")))
    if match["dotted"]:
        day, month, year = (int(part) for part in match["dotted"].split("."))
        return _day(year, month, day)
    for n in ("1", "2"):
        if match["month" + n]:
            return _in_year(match["year" + n], _month(match["month" + n]), int(match["day" + n]), published)
    return _of_month(match["nth"], published) if match["nth"] and published else None


def _in_year(year: str | None, month: int, day: int, published: date | None) -> date | None:
    if year:
        return _day(int(year), month, day)
    if published is None:
        return None
    around = [_day(published.year + step, month, day) for step in (-1, 0, 1)]
    return min((d for d in around if d), key=lambda d: abs((d - published).days), default=None)


def _of_month(nth: str, published: date) -> date | None:
    """What "the 24th" means: the latest such day up to publication."""
    word = nth.lower()
    number = ORDINALS.index(word) + 1 if word in ORDINALS else int(re.sub(r"\D", "", word))
    this = _day(published.year, published.month, number)
    if this and this <= published:
        return this
    previous = published.replace(day=1) - timedelta(days=1)
    return _day(previous.year, previous.month, number)


def _relative(match: re.Match[str], published: date) -> Day | None:
    if match["weekday"]:
        return Day(_weekday(match["weekday"], (match["which"] or "").lower(), published), "day")
    if match["week"]:
        step = {"last": -7, "this": 0, "next": 7}[match["week"].split()[0].lower()]
        return Day(published - timedelta(days=published.weekday() - step), "week")
    if match["count"]:
        number = int(match["count"]) if match["count"].isdigit() else _COUNTS[match["count"].lower()]
        ago = published - timedelta(days=number * (7 if match["unit"].lower() == "week" else 1))
        return Day(ago, "day" if match["unit"].lower() == "day" else "week")
    if not (match["now"] or match["yesterday"] or match["tomorrow"]):
        return None
    return Day(published + timedelta(days=0 if match["now"] else -1 if match["yesterday"] else 1), "day")


def _weekday(name: str, which: str, published: date) -> date:
    """The latest such day up to publication, which itself counts; with "next", the first one after it."""
    back = (published.weekday() - DAYS.index(name.lower())) % 7
    return published + timedelta(days=7 - back if which == "next" else -back)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _month(name: str) -> int:
    return next(n for n, month in enumerate(MONTHS, 1) if month.startswith(name[:3].lower()))
