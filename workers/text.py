"""A document cut into paragraphs, sentences and quotations, once, for every reading question to share."""

import re
from bisect import bisect_right
from functools import cached_property

import msgspec

from store.claim import Claim
from store.reading import Document, Span

_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Sgt|Sen|Rep|Gov|Pres|St|No|Nos|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|vs|etc|Inc|Ltd|Co|Corp|approx|ca|cf|e\.g|i\.e|a\.m|p\.m)|\b[A-Z]|\b[A-Z](?:\.[A-Z])+)\.$"
)
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+[\"'“‘«(\[]?[A-ZÀ-ÞА-Я0-9])")
_QUOTED = re.compile(r"“[^”]{2,}?”|\"[^\"\n]{2,}?\"|«[^»]{2,}?»|‘[^’\n]{2,}?’(?=[\s,.;:!?])")


class Sentence(msgspec.Struct, frozen=True):
    """Characters [start, end) of the text, with the number of its paragraph; paragraph 0 is the title."""

    start: int
    end: int
    paragraph: int


class Text(msgspec.Struct, frozen=True, dict=True):
    """A document with its structure. All offsets count characters of `document.text`."""

    document: Document

    @property
    def text(self) -> str:
        return self.document.text

    @cached_property
    def paragraphs(self) -> tuple[Span, ...]:
        return tuple(Span(m.start(), m.end()) for m in re.finditer(r"[^\s](?:[^\n]*[^\s])?", self.text))

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        found = []
        for number, paragraph in enumerate(self.paragraphs):
            start = paragraph.start
            for match in _END.finditer(self.text, paragraph.start, paragraph.end):
                if _ABBREVIATION.search(self.text, start, match.end()):
                    continue
                found.append(Sentence(start, match.end(), number))
                start = match.end()
                while start < paragraph.end and self.text[start].isspace():
                    start += 1
            if start < paragraph.end:
                found.append(Sentence(start, paragraph.end, number))
        return tuple(found)

    @cached_property
    def quotations(self) -> tuple[Span, ...]:
        """Passages in quotation marks, marks included."""
        return tuple(Span(m.start(), m.end()) for m in _QUOTED.finditer(self.text))

    def sentence_at(self, offset: int) -> int:
        """Index of the sentence that holds the character, or of the last one that starts before it."""
        return max(0, bisect_right([s.start for s in self.sentences], offset) - 1)

    def of(self, part: Span | Sentence) -> str:
        return self.text[part.start : part.end]


class Passage(msgspec.Struct, frozen=True):
    """A candidate: characters [start, end) that concern a claim. `score` in thousandths, `why` the cues found."""

    claim: Claim
    start: int
    end: int
    score: int
    why: tuple[str, ...] = ()
