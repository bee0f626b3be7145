"""A post or a claim as words to search by: handles and hashtags opened up, links dropped, inflections folded."""

import re

from workers.pair_words import FUNCTION_WORDS, QUESTION_OPENERS, stem

_LINK = re.compile(r"https?://\S+|(?:pic\.twitter\.com|t\.co)/\S+")
_TAG = re.compile(r"[#@](\w+)")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
_SIGNATURE = re.compile(r"\s[—–-]+\s*[^—]{0,60}\(@\w+\)\s+\w+ \d{1,2}, \d{4}[\"”]?\s*$")
_TERM = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*")
_NAME = re.compile(r"\b[A-Z][a-zA-Z]+")
_BLANKS = re.compile(r"\s+")
_ALSO_IDLE = "not no would could may might but just also very whom all any some more most there here"
_IDLE = FUNCTION_WORDS.union(QUESTION_OPENERS, _ALSO_IDLE.split())


def without_links(text: str) -> str:
    return _LINK.sub(" ", text)


def opened(text: str) -> str:
    """The text without links and closing signature; `#SaveTheBees` and `@JaneDoe` become words."""
    text = without_links(_SIGNATURE.sub(" ", text))
    return _BLANKS.sub(" ", _TAG.sub(lambda tag: _HUMP.sub(" ", tag[1]), text)).strip()


def terms(text: str) -> list[str]:
    """Search terms in order. A hashtag counts as its words and as a whole; the signature's name is kept, since a
    claim often says who posted."""
    text = without_links(text.replace("’", "'"))
    text = _TAG.sub(lambda tag: f"{_HUMP.sub(' ', tag[1])} {tag[1]}", text).lower()
    return [_folded(word) for word in _TERM.findall(text) if word not in _IDLE]


def _folded(word: str) -> str:
    return stem(word.removesuffix("'s"))


def names(text: str) -> frozenset[str]:
    """Stems of the capitalised words."""
    return frozenset(stem(word) for word in _NAME.findall(without_links(text)))


def numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word[0].isdigit())
