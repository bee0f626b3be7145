"""Which of a claim's rival values a passage gives: numbers, dates and names compared as such, words by their stems.

A denial of a value carries that value: "the figure of twenty-five was mistaken" gives 25.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from store.claim import ClaimSet, Variants
from workers.dates import happened_on
from workers.text import Passage, Text
from workers.words import NUMBERS, ORDINALS, is_common, stem, words_in

_SCALE = {
    "thousand": 3, "k": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "b": 9, "billion": 9, "tn": 12, "trillion": 12,
    "dozen": 0, "score": 0, "hundred": 2,
}  # fmt: skip
_DOZENS = {"dozen": 12, "score": 20}
_ORDINALS = ORDINALS[:10]
_WORDS = "|".join(sorted(NUMBERS, key=len, reverse=True))
_NUMBER = re.compile(
    rf"""(?<![\w.,])(?:
      half\ a\ (?P<half>dozen|hundred|thousand|million|billion)\b
    | (?P<hundreds>{_WORDS}|a)\ hundred\ thousand\b
    | (?P<money>[£$€])?(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)
      (?:[\s-]?(?P<scale>thousand|million|billion|trillion|dozen|hundred|mn|bn|tn|[mkb])\b|(?:st|nd|rd|th)\b)?
    | (?P<words>{_WORDS}|a)\ (?P<lot>dozen|score|hundred|thousand|million|billion)\b
    | (?P<dozen>dozen)\b
    | (?P<word>{_WORDS})(?P<and_half>\ and\ a\ half)?\b
    | (?P<nth>{"|".join(_ORDINALS)})\b
    )(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_NUMERIC_VALUE = re.compile(r"[£$€]?\d[\d.,]*\s?(?:k|m|mn|bn|tn|thousand|million|billion|trillion)?$", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d-\d\d(?:-\d\d)?$")
_DAYS = ("day", "date")
"""Slots whose bare numbers are days of a month."""
_FAR = 1 << 20
_EQUAL = (
    frozenset({"all", "every", "entire", "whole", "each", "everything", "full"}),
    frozenset({"single", "one", "sole", "individual"}),
    frozenset({"none", "no", "zero", "nobody"}),
)
"""Quantifiers that say the same; stems of other words meet by themselves."""
_OF_MONTH = {"december": "christmas"}
"""Days that name their month."""
_LEAST = 0.5


class _Number(NamedTuple):
    start: int
    end: int
    amount: Decimal
    scaled: bool
    ordinal: bool


def variant(text: Text, passage: Passage, claims: ClaimSet) -> str | None:
    """The value of the claim's variant group that the passage gives, or None if it gives none or several alike.

    Where the passage itself gives none and the group is exclusive, the nearest earlier sentence of the paragraph that
    gives one decides ("Not so, says the importer" is about what was said just before).
    """
    group = passage.claim.variants
    if group is None:
        return None
    given = value_in(text, passage.start, passage.end, passage, group, claims) or _day_given(text, passage, group)
    if given is not None or not group.exclusive:
        return given
    return _value_before(text, passage, group, claims)


def value_in(text: Text, start: int, end: int, passage: Passage, group: Variants, claims: ClaimSet) -> str | None:
    """The value that characters [start, end) give by themselves, or None."""
    numbers = tuple(value for value in group.values if _NUMERIC_VALUE.fullmatch(value))
    dates = tuple(value for value in group.values if _DATE.fullmatch(value))
    if numbers == group.values:
        return _number_given(text, start, end, passage, group)
    if dates == group.values:
        return _date_given(text, start, end, dates)
    return _words_given(text, start, end, group, claims)


def _value_before(text: Text, passage: Passage, group: Variants, claims: ClaimSet) -> str | None:
    here = text.sentence_at(passage.start)
    for sentence in reversed(text.sentences[:here]):
        if sentence.paragraph != text.sentences[here].paragraph:
            return None
        given = value_in(text, sentence.start, sentence.end, passage, group, claims)
        if given is not None:
            return given
    return None


# --- numbers ---------------------------------------------------------------------------------------


def numbers_in(text: str, start: int, end: int) -> Iterator[_Number]:
    """Every number of text[start:end]: digits, words, dozens, with its scale; ordinals are marked."""
    for match in _NUMBER.finditer(text, start, end):
        scale = (match["scale"] or match["lot"] or match["half"] or "").lower()
        power = Decimal(10) ** _SCALE.get(scale, 0) * _DOZENS.get(scale, 1)
        if match["dozen"]:
            amount = Decimal(12)
        elif match["half"]:
            amount = power / 2
        elif match["hundreds"]:
            amount = Decimal(NUMBERS.get(match["hundreds"].lower(), 1)) * 100_000
        elif match["nth"]:
            amount = Decimal(_ORDINALS.index(match["nth"].lower()) + 1)
        elif match["digits"]:
            amount = Decimal(match["digits"].replace(",", "")) * power
        else:
            word = (match["words"] or match["word"]).lower()
            amount = (Decimal(NUMBERS.get(word, 1)) + (Decimal("0.5") if match["and_half"] else 0)) * power
        yield _Number(match.start(), match.end(), amount, bool(scale), bool(match["nth"]))


def _number_given(text: Text, start: int, end: int, passage: Passage, group: Variants) -> str | None:
    said = text.text[start:end]
    formed = {value for value in group.values if any(_stands_in(form, said) for form in group.forms.get(value, ()))}
    if len(formed) == 1:
        return formed.pop()
    wanted = {value: next(numbers_in(value, 0, len(value))) for value in group.values}
    scales = _scales_of(passage)
    found = [
        (_distance(text, number, start, end, passage), number.start, value)
        for number in numbers_in(text.text, start, end)
        for value, target in wanted.items()
        if _same_amount(number, target, scales)
    ]
    return min(found)[2] if found else None


def _scales_of(passage: Passage) -> frozenset[Decimal]:
    """The scales in which the claim counts: "an advance of 6, 9 or 14 billion dollars" has values 6, 9 and 14."""
    claim = passage.claim
    words = re.findall(r"[a-z]+", " ".join((claim.text, claim.slots.number or "", *claim.keyterms)).casefold())
    return frozenset(Decimal(10) ** _SCALE[word] for word in words if _SCALE.get(word, 0) > 2)


def _same_amount(number: _Number, target: _Number, scales: frozenset[Decimal]) -> bool:
    """A number without a scale may lack it only in words: "nearer 210" after "about £180m"; and the other way round."""
    if number.amount == target.amount:
        return True
    if number.scaled and not target.scaled:
        return any(number.amount == target.amount * scale for scale in scales)
    mantissa = Decimal(str(target.amount)).normalize().scaleb(0)
    bare = target.amount / (Decimal(10) ** 6), target.amount / (Decimal(10) ** 9)
    return target.scaled and not number.scaled and not number.ordinal and number.amount in {*bare, mantissa}


def _distance(text: Text, number: _Number, start: int, end: int, passage: Passage) -> int:
    """Characters to the nearest word of the claim; ordinals and lone "one" come last."""
    claim = passage.claim
    keys = {word.stem for phrase in (claim.text, *claim.keyterms) for word in words_in(phrase) if word.stem}
    near = [
        min(abs(word.start - number.end), abs(number.start - word.end))
        for word in words_in(text.text, start, end)
        if word.stem in keys and not is_common(word.stem) and not (number.start <= word.start < number.end)
    ]
    return min(near, default=_FAR)


# --- dates and words -------------------------------------------------------------------------------


def _date_given(text: Text, start: int, end: int, values: tuple[str, ...]) -> str | None:
    """A value whose day and month, or, where it has no day, whose month stands in the passage."""
    found = set()
    for value in values:
        day = date.fromisoformat(value if len(value) > len("2000-01") else f"{value}-01")
        month = day.strftime("%B")
        short = rf"{month[:3]}(?:{month[3:]}|t?\.)?"
        if len(value) == len("2000-01"):
            if re.search(rf"\b{month}\b(?! \d\d?\b(?!\d))", text.text[start:end]):
                found.add(value)
            continue
        wording = rf"\b(?:0?{day.day}(?:st|nd|rd|th)? (?:of )?{short}|{short} 0?{day.day}(?:st|nd|rd|th)?(?!\d)|{value})\b"
        if re.search(wording, text.text[start:end], re.IGNORECASE):
            found.add(value)
    return found.pop() if len(found) == 1 else None


def _day_given(text: Text, passage: Passage, group: Variants) -> str | None:
    """The value that is the day on which the passage puts what happens: "on Wednesday", in a report of that week."""
    day = happened_on(text, passage)
    if day is None:
        return None
    if day.isoformat() in group.values:
        return day.isoformat()
    return str(day.day) if group.slot in _DAYS and str(day.day) in group.values else None


def _words_given(text: Text, start: int, end: int, group: Variants, claims: ClaimSet) -> str | None:
    """The value whose words, or one of whose forms or spellings, stand in the passage most fully.

    The claim's own value goes before its rivals ("in Khabarovsk rather than Vladivostok"); of two other values that
    stand there equally fully, the one with more words, since it contains the other.
    """
    said = text.text[start:end]
    here = _word_set(said)
    fullness = {value: _fullness(value, group, here, said, claims) for value in group.values}
    ranked = sorted(fullness.values(), reverse=True)
    if group.own in fullness and fullness[group.own][0] == 1.0:
        return group.own
    best = max(fullness, key=lambda value: fullness[value])
    if ranked[0][0] < _LEAST or ranked[:2] == [ranked[0]] * 2:
        return None
    return best


def _fullness(value: str, group: Variants, here: frozenset[str], said: str, claims: ClaimSet) -> tuple[float, int]:
    """Share of the value that the passage gives, and in how many words.

    Where the claim lists the forms of a value of one word, no other spelling of it counts: "in Moscow" is a place, but
    "Moscow" is mostly a government.
    """
    words = [word for word in value.casefold().split("-") if _folded(word)]
    forms = group.forms.get(value, ())
    if any(_stands_in(form, said) for form in forms) or (not forms and _spelled(value, said, claims)):
        return 1.0, max(1, len(words))
    spread = Counter(word for other in group.values for word in set(other.casefold().split("-")))
    weights = {word: 1.0 if spread[word] == 1 else 0.25 for word in words}
    met = [word for word in weights if _is_met(word, here, said, claims) and not (forms and len(words) == 1)]
    share = sum(weights[word] for word in met) / sum(weights.values()) if weights else 0.0
    return share, len(met)


def _is_met(word: str, here: frozenset[str], said: str, claims: ClaimSet) -> bool:
    return _folded(word) in here or _OF_MONTH.get(word) in here or _spelled(word, said, claims)


def _spelled(word: str, said: str, claims: ClaimSet) -> bool:
    """A spelling of the entity that the word names stands in the passage."""
    entity = claims.entity_by_id.get(word) or claims.entity_by_name.get(word.replace("-", " ").casefold())
    return entity is not None and any(_stands_in(form, said) for form in (entity.name, *entity.aliases))


def _stands_in(form: str, said: str) -> bool:
    return _whole(form.casefold()).search(said.casefold()) is not None


@lru_cache(maxsize=1 << 12)
def _whole(form: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(form)}(?!\w)")


def _word_set(said: str) -> frozenset[str]:
    found = {_folded(part) for word in re.findall(r"[\w’'-]+", said) for part in (word, *word.split("-"))}
    return frozenset(found - {""})


def _folded(word: str) -> str:
    """The stem, or for quantifiers the first of those that say the same."""
    plain = re.sub(r"['’]s?$", "", word.casefold())
    for group in _EQUAL:
        if plain in group:
            return "=" + min(group)
    return plain if plain == "christmas" else stem(word)
