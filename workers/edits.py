"""What changed between two revisions of an article that concerns a claim: what softened, hardened or vanished.

Sentences are aligned first, so that a passage that only moved or was polished is not one that vanished.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz import fuzz, process

from store.reading import Attribution, Edit, EditKind, Mention, Span
from workers.text import Sentence, Text
from workers.variants import numbers_in

_SAME = 62
"""Least similarity, of 100, at which two sentences are one that was edited."""
_ANYWHERE = 80
"""The same for sentences that also moved."""
_HEDGED = frozenset({"predicted", "conditional", "speculated"})
_ORDER: tuple[EditKind, ...] = (
    "passage_vanished", "passage_added", "denial_added", "denial_removed", "attribution_dropped", "quote_dropped",
    "hedge_added", "hedge_removed", "number_changed",
)  # fmt: skip


class _Pair(NamedTuple):
    before: Mention
    after: Mention


def compare(
    before: Text, before_mentions: Sequence[Mention], after: Text, after_mentions: Sequence[Mention]
) -> tuple[Edit, ...]:
    """The changes of substance, ordered by place; nothing for changes of spelling, order or layout.

    A mention whose sentence stands in the other text, even moved or lightly edited, has neither vanished nor been
    added, also where the reader finds it in only one of the two.
    """
    if before.text == after.text:
        return ()
    partner = align(before, after)
    back = {b: a for a, b in partner.items()}
    pairs, gone, new = _paired(before, before_mentions, after, after_mentions, partner, back)
    found = [edit for pair in pairs for edit in _changes(before, after, pair)]
    found += [_lone(m, "passage_vanished") for m in gone]
    found += [_lone(m, "passage_added") for m in new]
    found += [_lone(m, "denial_removed") for m in gone if m.stance == "denies"]
    found += [_lone(m, "denial_added") for m in new if m.stance == "denies"]
    return tuple(sorted(set(found), key=_place))


def align(before: Text, after: Text) -> dict[int, int]:
    """Index of a sentence of `before` → that of the sentence of `after` which it is or became; one to one."""
    old, new = [_plain(before.of(s)) for s in before.sentences], [_plain(after.of(s)) for s in after.sentences]
    partner: dict[int, int] = {}
    _take_equal(old, new, partner)
    rest_old = [n for n in range(len(old)) if n not in partner]
    rest_new = sorted(set(range(len(new))) - set(partner.values()))
    if not rest_old or not rest_new:
        return partner
    scores = process.cdist([old[n] for n in rest_old], [new[n] for n in rest_new], scorer=fuzz.token_sort_ratio)
    ranked = sorted(((-float(scores[i, j]), abs(a - b), a, b) for i, a in enumerate(rest_old) for j, b in enumerate(rest_new)))
    for score, _, a, b in ranked:
        least = _SAME if _between_neighbours(a, b, partner) else _ANYWHERE
        if -score >= least and a not in partner and b not in partner.values():
            partner[a] = b
    return partner


def _take_equal(old: Sequence[str], new: Sequence[str], partner: dict[int, int]) -> None:
    places: dict[str, list[int]] = {}
    for n, sentence in enumerate(new):
        places.setdefault(sentence, []).append(n)
    for n, sentence in enumerate(old):
        if places.get(sentence):
            partner[n] = places[sentence].pop(0)


def _between_neighbours(a: int, b: int, partner: dict[int, int]) -> bool:
    """Both stand between the same aligned neighbours."""
    below = max((k for k in partner if k < a), default=None)
    above = min((k for k in partner if k > a), default=None)
    return (below is None or partner[below] < b) and (above is None or b < partner[above])


def _plain(sentence: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[“”\"‘’']", "'", sentence)).strip()


def _paired(
    before: Text,
    before_mentions: Sequence[Mention],
    after: Text,
    after_mentions: Sequence[Mention],
    partner: dict[int, int],
    back: dict[int, int],
) -> tuple[list[_Pair], list[Mention], list[Mention]]:
    """Mentions of one claim in aligned sentences; and those whose sentence has no counterpart at all."""
    waiting: dict[tuple[str, int], list[Mention]] = {}
    for mention in after_mentions:
        waiting.setdefault((mention.claim, after.sentence_at(mention.start)), []).append(mention)
    pairs, gone = [], []
    for mention in before_mentions:
        at = before.sentence_at(mention.start)
        match = waiting.get((mention.claim, partner.get(at, -1)))
        if match:
            pairs.append(_Pair(mention, match.pop(0)))
        elif at not in partner:
            gone.append(mention)
    new = [m for left in waiting.values() for m in left if after.sentence_at(m.start) not in back]
    return pairs, gone, new


def _changes(before: Text, after: Text, pair: _Pair) -> list[Edit]:
    old, new = pair
    was, now = before.of(_sentence(before, old)), after.of(_sentence(after, new))
    if _plain(was) == _plain(now):
        return []
    kinds: list[EditKind] = []
    if (old.stance == "denies") != (new.stance == "denies"):
        kinds.append("denial_added" if new.stance == "denies" else "denial_removed")
    if _answerable(old.attribution) > _answerable(new.attribution):
        kinds.append("attribution_dropped")
    if _quotes(before, old) > _quotes(after, new):
        kinds.append("quote_dropped")
    if (old.hedging in _HEDGED) != (new.hedging in _HEDGED):
        kinds.append("hedge_added" if new.hedging in _HEDGED else "hedge_removed")
    if old.variant != new.variant or _amounts(was) != _amounts(now):
        kinds.append("number_changed")
    return [Edit(kind, new.claim, Span(old.start, old.end), Span(new.start, new.end)) for kind in kinds]


def _sentence(text: Text, mention: Mention) -> Sentence:
    return text.sentences[text.sentence_at(mention.start)]


def _answerable(who: Attribution) -> int:
    return {"none": 0, "unnamed": 1, "named": 2}[who.anonymity]


def _quotes(text: Text, mention: Mention) -> int:
    sentence = _sentence(text, mention)
    return sum(sentence.start <= quotation.start < sentence.end for quotation in text.quotations)


def _amounts(sentence: str) -> list[str]:
    return sorted(str(n.amount) for n in numbers_in(sentence, 0, len(sentence)) if not n.ordinal)


def _lone(mention: Mention, kind: EditKind) -> Edit:
    span = Span(mention.start, mention.end)
    return Edit(kind, mention.claim, None, span) if kind.endswith("added") else Edit(kind, mention.claim, span, None)


def _place(edit: Edit) -> tuple[int, int, str, int]:
    span = edit.after or edit.before
    assert span is not None
    return (edit.after is None, span.start, edit.claim or "", _ORDER.index(edit.kind))
