"""The words of a text, reduced so that spellings and inflections of one word meet: `stem` is the one normal form."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+|[-’'.&][^\W_]+)*", re.UNICODE)
_POSSESSIVE = re.compile(r"['’]s?$")
_BRITISH = (
    (re.compile(r"(?<=[a-z]{2})our(?=(?:ed|s|ing|able|er|ers|ite|ites|less)?$)"), "or"),
    (re.compile(r"is(?=(?:e|ed|es|ing|ation|ations|er|ers)$)"), "iz"),
    (re.compile(r"(?<=[a-z])yse(?=d?$)"), "yze"),
    (re.compile(r"^(def|off|lic|pret)enc"), r"\1ens"),
    (re.compile(r"(?<=[a-z]{2})tre(?=s?$)"), "ter"),
    (re.compile(r"(?<=[a-z])ogue(?=s?$)"), "og"),
)


def _split(line: str) -> list[str]:
    return line.split()


_UNITS = _split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = _split("twenty thirty forty fifty sixty seventy eighty ninety")
NUMBERS: dict[str, int] = {word: value for value, word in enumerate(_UNITS)}
NUMBERS |= {word: 10 * value for value, word in enumerate(_TENS, 2)}
NUMBERS |= {f"{ten}-{unit}": 10 * t + u for t, ten in enumerate(_TENS, 2) for u, unit in enumerate(_UNITS[1:10], 1)}
"""English number words below one hundred."""

MONTHS = _split("january february march april may june july august september october november december")
DAYS = _split("monday tuesday wednesday thursday friday saturday sunday")
ORDINALS = _split(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)

FUNCTION_WORDS = frozenset(
    _split(
        """a an the of in on at to for from by with without into onto upon about above after again against all also am among
    an and any are aren't as at be because been before being below between both but can can't cannot could couldn't did
    didn't do does doesn't doing don't down during each either else few further had has hasn't have haven't having he
    her here hers herself him himself his how however i if in into is isn't it its itself just let many may me might
    more most much must my myself neither no nor not of off on once one only onto or other our ours ourselves out over
    per rather same shall she should so some such than that that's the their theirs them themselves then there these
    they this those though through thus to too toward towards under until up upon us very was wasn't we were weren't
    what when where whether which while who whom whose why will with within won't would wouldn't yet you your yours
    there's it's i'm we're they're he's she's mr mrs ms dr"""
    )
)
COMMON_WORDS = frozenset(
    _split(
        """said say says saying told tell tells telling ask asked asks asking report reported reports reporting according
    added adding call called calls come came comes coming day days week weeks month months year years time times
    today yesterday tomorrow monday tuesday wednesday thursday friday saturday sunday people person man woman men women
    official officials spokesman spokeswoman spokesperson source sources thing things way ways make makes made making
    take takes took taken taking get gets got getting give gives gave given giving go goes going went gone know knows
    knew known knowing see sees saw seen seeing think thinks thought want wants wanted new old first last next early
    late later ago since still even now never ever always often already two three number many much part place places
    certain country countries government work works worked working use used uses using good bad big small long short
    high low end ends ended begin began start started put puts set sets show shows showed shown turn turned leave left
    keep kept hold held find finds found look looks looked need needs seem seems seemed become became bring brought
    happen happened include including included several around near far back away possible possibly likely question
    questions answer statement word words matter issue point fact case company group head member members"""
    )
)
"""Words that newspapers use about everything; a match of one says little."""


class Word(NamedTuple):
    """Characters [start, end) of the text. `stem` is "" for function words."""

    start: int
    end: int
    stem: str


_stemmer = snowballstemmer.stemmer("english")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The normal form: casefolded, without accents or possessive, American, number words as digits, stemmed.

    Equal for light inflections and common spellings of one word; "" for function words, save in capitals (US, WHO).
    """
    plain = unicodedata.normalize("NFKD", word.replace("’", "'")).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    if plain in FUNCTION_WORDS and not (len(word) > 1 and word.isupper()):
        return ""
    plain = _POSSESSIVE.sub("", plain)
    if plain in NUMBERS:
        return str(NUMBERS[plain])
    if plain[:1].isdigit():
        return plain.replace(",", "")
    for pattern, american in _BRITISH:
        plain = pattern.sub(american, plain)
    stemmed: str = _stemmer.stemWord(plain.replace("'", ""))
    return stemmed


@lru_cache(maxsize=1 << 14)
def is_common(stemmed: str) -> bool:
    return stemmed in _COMMON_STEMS or (stemmed.isdigit() and len(stemmed) == 1)


_COMMON_STEMS = frozenset(stem(word) for word in COMMON_WORDS)


def words_in(text: str, start: int = 0, end: int | None = None) -> tuple[Word, ...]:
    """The words of text[start:end] in order; a compound such as "Kim Jong-un" gives `kim`, `jong`, `un`."""
    found = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        whole, at = match.group(), match.start()
        if "-" not in whole or whole.casefold() in NUMBERS:
            found.append(Word(at, match.end(), stem(whole)))
            continue
        for part in whole.split("-"):
            found.append(Word(at, at + len(part), stem(part)))
            at += len(part) + 1
    return tuple(found)


def stem_line(text: str) -> str:
    """The text's stems in order, function words left out, with one space before, between and behind them."""
    return f" {' '.join(filter(None, map(_stems_within, _WORD.findall(text))))} "


@lru_cache(maxsize=1 << 16)
def _stems_within(whole: str) -> str:
    """The stems of one word as `words_in` cuts it: those of a compound with a space between."""
    return " ".join(stems_of(whole))


def stems_of(phrase: str) -> tuple[str, ...]:
    """The stems of a phrase, function words left out."""
    return tuple(word.stem for word in words_in(phrase) if word.stem)
