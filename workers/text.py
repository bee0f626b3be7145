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
_CITY = r"[A-ZÀ-Þ]{3,}(?:[ '’.-][A-ZÀ-Þ]+)*"
_DATELINE = re.compile(
    rf"{_CITY}(?:/{_CITY})*(?:, [^,()—–\n]{{2,20}}?){{0,2}}(?: \([^)\n]{{2,30}}\))?(?: [-–—] +|\.(?:\s|$))"
    r"|[A-ZÀ-Þ][\w-]+(?: [A-ZÀ-Þ][\w-]+)?, (?:\d{1,2} [A-Z][a-z]+|[A-Z][a-z]+\.? \d{1,2})(?: \([^)\n]{2,30}\))? [-–—] +"
)
_LONGEST_UNIT = 420
"""Characters of the longest run of sentences that counts as one unit."""
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
    def datelines(self) -> tuple[Span, ...]:
        """Where paragraphs of the body open with the place and day of filing ("SEOUL, July 27 (Agency) - ")."""
        found = (_DATELINE.match(self.text, p.start, p.end) for p in self.paragraphs[1:])
        return tuple(Span(match.start(), match.end()) for match in found if match)

    @cached_property
    def units(self) -> tuple[Sentence, ...]:
        """Sentences, save that those which share a quotation are one: what somebody says in one breath is one thing.

        A dateline that stands as a sentence of its own is none.
        """
        merged: list[Sentence] = []
        ends = {line.start: line.end for line in self.datelines}
        for sentence in self.sentences:
            if sentence.end <= ends.get(sentence.start, -1):
                continue
            last = merged[-1] if merged else None
            if last and last.paragraph == sentence.paragraph and self._inside_quotation(last, sentence):
                merged[-1] = Sentence(last.start, sentence.end, last.paragraph)
            else:
                merged.append(sentence)
        return tuple(merged)

    def _inside_quotation(self, before: Sentence, after: Sentence) -> bool:
        """A quotation begins in one and ends in the other, and together they are no longer than a long sentence."""
        return after.end - before.start <= _LONGEST_UNIT and any(
            before.start <= q.start < before.end and after.start < q.end <= after.end for q in self.quotations
        )

    @cached_property
    def _unit_starts(self) -> list[int]:
        return [unit.start for unit in self.units]

    def unit_at(self, offset: int) -> int:
        """As `sentence_at`, of `units`."""
        return max(0, bisect_right(self._unit_starts, offset) - 1)

    @cached_property
    def quotations(self) -> tuple[Span, ...]:
        """Passages in quotation marks, marks included."""
        return tuple(Span(m.start(), m.end()) for m in _QUOTED.finditer(self.text))

    def sentence_at(self, offset: int) -> int:
        """Index of the sentence that holds the character, or of the last one that starts before it."""
        return max(0, bisect_right(self._sentence_starts, offset) - 1)

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    def of(self, part: Span | Sentence) -> str:
        return self.text[part.start : part.end]


class Passage(msgspec.Struct, frozen=True):
    """A candidate: characters [start, end) that concern a claim. `score` in thousandths, `why` the cues found."""

    claim: Claim
    start: int
    end: int
    score: int
    why: tuple[str, ...] = ()
