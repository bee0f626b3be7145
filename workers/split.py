"""Where a sentence may be cut in two: one that holds two stances or two values towards a claim is two mentions."""

import re
from collections.abc import Iterator

import msgspec

from workers.text import Passage, Text

_CUT = re.compile(
    r"""(?:;|,)\s+(?=(?:but|though|although|while|whereas|which|whose|since|as)\b)   # a contrast, a relative clause
      | ;\s+
      | ,\s+(?=a\ (?:figure|number|sum|claim|charge|report|suggestion)\b)            # an apposition that judges
      | ,\s+(?:and\s+)?(?=(?:denies|denied|rejects|rejected|disputes|disputed)\b)
      | :\s+(?=[a-z])
    """,
    re.VERBOSE,
)
_LEAST = 12
"""Characters of the shortest clause that can be a mention by itself."""


def cuts(text: Text, passage: Passage) -> Iterator[tuple[Passage, Passage]]:
    """The passage in two clauses, at each place where it may be cut, in order; never inside a quotation."""
    for match in _CUT.finditer(text.text, passage.start, passage.end):
        if any(q.start < match.start() < q.end for q in text.quotations):
            continue
        if match.start() - passage.start >= _LEAST and passage.end - match.end() >= _LEAST:
            yield _part(passage, passage.start, match.start()), _part(passage, match.end(), passage.end)


def _part(passage: Passage, start: int, end: int) -> Passage:
    return msgspec.structs.replace(passage, start=start, end=end, why=(*passage.why, "span:clause"))
