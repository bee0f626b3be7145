"""What can be measured between the sentences of one article and the claims it may concern, as numbers.

Two tables. `direct` looks at each sentence by itself: shared words and names, similarity, and how much better the
claim fits than its rivals. `context` adds what stands around it: a sentence such as "He denied it" shares no word
with a claim, its neighbour does. Shapes are (sentences, claims, features).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.claims import Token, Watched, WatchList
from workers.text import Text
from workers.vectors import Vectors
from workers.words import NUMBERS, words_in

Table = NDArray[np.float64]

REPLY = re.compile(
    r"\b(?:den(?:y|ies|ied|ials?|ying)|reject\w*|dismiss\w*|disput\w*|refut\w*|declin\w*|refus\w*|comment\w*|neither"
    r"|(?:would|could|did|does|do|will|was|were|had|has|have|is|are|can)(?: not|n[’']t)|never|no such|nothing|untrue"
    r"|false|nonsense|rubbish|wrong|truth|true|call(?:s|ed)|insist\w*|confirm\w*|conced\w*|accept\w*|admit\w*|asked"
    r"|answer\w*|respon\w*|repl(?:y|ies|ied)|silent|silence|too early|doubt\w*|wonder\w*|question\w*|challeng\w*"
    r"|sa(?:id|ys) no|the opposite|the same|not so|mistaken|unfounded|baseless|correct\w*|withdr[ae]w\w*)\b",
    re.IGNORECASE,
)
"""Answers: what people do when a claim is put to them."""

ANAPHOR = re.compile(
    r"\b(?:it|this|that|these|those|they|them|he|she|him|her|so|such|either|neither"
    r"|(?:the|its|their|his|her) (?:reports?|stor(?:y|ies)|claims?|allegations?|accusations?|suggestions?|rumou?rs?"
    r"|figures?|number|theory|talks?|denials?|matter|idea|plans?|decision|accounts?|questions?|statement|points?"
    r"|affair|deal|links?|words?))\b",
    re.IGNORECASE,
)
"""Words that point back to what was said before."""

_YEAR = re.compile(r"(?<![\w.,/-])(?:(since|until|from|before|by|after) )?((?:19|20)\d\d)\b(?![/-]\d)", re.IGNORECASE)
_AGO = re.compile(r"\b(?:(\d+|two|three|four|five|six|seven|eight|nine|ten) years ago|(last) year)\b", re.IGNORECASE)
_THEN = re.compile(
    r"\b(?:[Tt]hat|the same) (?:spring|summer|autumn|fall|winter|year|month|time)\b|\b(?:back then|in those days)\b"
)
"""Goes on in the year that was named before."""
_OPEN = frozenset({"since", "until", "from", "before", "by"})
_NAME = re.compile(r"(?<=[a-z,;] )[A-ZÀ-Þ][\w’'-]+")
_QUOTE_MARK = re.compile(r"[\"“”«»]")
_BROADER = frozenset({"generalises", "consists-of"})
_NARROWER = frozenset({"specialises", "part-of"})
_FADING = 0.75
"""What a sentence counts for the next one, as a share of what it counts itself."""
_FLOOR = 0.05
_UNKNOWN = 0.6
"""Weight of a word that no claim has."""

DIRECT = (
    "one", "overlap", "cosine", "rarest", "particular", "terms", "best_term", "core",
    "similar", "similar_terms", "lead_similar", "lead_terms", "lead_cosine", "lead_words",
    "actor", "voice", "covered", "rarest_in_article", "actors_covered", "story_covered", "parties_met",
    "most_similar", "best_cosine", "title", "strangers", "strangers_alone", "length", "other_year",
    "predicate", "parties_here", "place_here", "parties_near", "core_share",
)  # fmt: skip
SIMILARITIES = frozenset({"similar", "similar_terms", "lead_similar", "lead_terms", "most_similar"})
CONTEXT = (
    "logit", "share", "before", "before_paragraph", "second_before", "after", "second_after", "paragraph", "article",
    "rival", "rival_before", "topmost_before", "free", "reply", "anaphor", "reply_before", "short", "question",
    "quotation", "title_line", "position", "other_year_before", "year_gone_on",
    "recent", "recent_lead", "main", "title_share", "kin", "kin_before",
)  # fmt: skip


class Article(msgspec.Struct, frozen=True, dict=True):
    """A text's tokens by sentence."""

    text: Text
    tokens: tuple[tuple[Token, ...], ...]

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(token.key for token in sentence) for sentence in self.tokens)

    @cached_property
    def key_sets(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(keys) for keys in self.keys)

    @cached_property
    def all_keys(self) -> frozenset[str]:
        return frozenset(key for sentence in self.keys for key in sentence)

    @cached_property
    def spread(self) -> Counter[str]:
        """Token key → sentences that hold it."""
        return Counter(key for sentence in self.keys for key in set(sentence))

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """Each unit's words, a dateline before them left out."""
        ends = {line.start: line.end for line in self.text.datelines}
        return tuple(self.text.text[max(unit.start, ends.get(unit.start, 0)) : unit.end] for unit in self.text.units)


def article_of(text: Text, watch: WatchList) -> Article:
    """The text in the watch list's tokens."""
    found: list[list[Token]] = [[] for _ in text.units]
    if found:
        for token in watch.tokens(text.text, words_in(text.text)):
            if not any(line.start <= token.start < line.end for line in text.datelines):
                found[text.unit_at(token.start)].append(token)
    return Article(text, tuple(tuple(tokens) for tokens in found))


def direct(article: Article, watch: WatchList, chosen: Sequence[int], vectors: Vectors | None) -> Table:
    """The features named in `DIRECT`; those of `SIMILARITIES` are zero without vectors."""
    watched = [watch.watched[n] for n in chosen]
    shape = (len(article.keys), len(chosen))
    found = {name: np.zeros(shape) for name in DIRECT}
    found["one"] += 1
    for i, keys in enumerate(article.keys):
        _lexical(found, i, keys, watched, watch, article)
    _terms(found, article, watched)
    _slots(found, article, watched)
    _strangers(found, article)
    _years(found["other_year"], article, watched)
    _of_article(found, article, watched, watch)
    if vectors is not None and watched:
        _similar(found, article, watch, chosen, vectors)
    found["lead_cosine"] = _lead(found["cosine"])
    found["lead_words"] = _lead(found["terms"] + found["particular"])
    return np.stack([found[name] for name in DIRECT], axis=-1)


def _lexical(
    found: dict[str, Table], i: int, keys: Sequence[str], watched: Sequence[Watched], watch: WatchList, article: Article
) -> None:
    mine = set(keys)
    length = math.sqrt(sum(max(watch.weights.get(key, _UNKNOWN), _FLOOR) ** 2 for key in sorted(mine))) or 1.0
    count = len(article.keys)
    for c, item in enumerate(watched):
        shared = mine & item.bag.keys()
        if not shared:
            continue
        weights = {key: item.bag[key] for key in sorted(shared)}
        found["overlap"][i, c] = min(4.0, sum(weights.values()))
        found["cosine"][i, c] = sum(w * w for w in weights.values()) / (item.norm * length)
        found["rarest"][i, c] = max((w for key, w in weights.items() if key[0] != "@"), default=0.0)
        particular = (w * (1 - math.sqrt(article.spread[key] / count)) for key, w in weights.items())
        found["particular"][i, c] = min(3.0, sum(particular))
        found["core"][i, c] = min(3.0, sum(w for key, w in weights.items() if key in item.core))
        found["actor"][i, c] = bool(mine & item.actors)
        found["voice"][i, c] = bool(mine & item.voices)


def _terms(found: dict[str, Table], article: Article, watched: Sequence[Watched]) -> None:
    """Key terms that stand in the sentence with all their words; the less, the more of the article has them."""
    count = len(article.keys)
    for c, item in enumerate(watched):
        for term in item.terms:
            if not term.keys <= article.all_keys:
                continue
            holders = [i for i, keys in enumerate(article.key_sets) if term.keys <= keys]
            weight = term.weight * (1 - math.sqrt(len(holders) / (count + 1)))
            for i in holders:
                found["terms"][i, c] = min(2.5, found["terms"][i, c] + weight)
                found["best_term"][i, c] = max(found["best_term"][i, c], term.weight)


def _slots(found: dict[str, Table], article: Article, watched: Sequence[Watched]) -> None:
    """What the claim says about whom and where: how much of each the sentence names, and of whom the last three do."""
    near = [mine.union(*article.key_sets[max(0, i - 2) : i]) for i, mine in enumerate(article.key_sets)]
    for c, item in enumerate(watched):
        words = {key: weight for key, weight in item.bag.items() if key in item.core}
        verbal = {key: weight for key, weight in words.items() if key[0] != "@"}
        of_words, of_verbal, parties = sum(words.values()) or 1.0, sum(verbal.values()) or 1.0, max(1, len(item.actors))
        for i, mine in enumerate(article.key_sets):
            found["parties_near"][i, c] = len(item.actors & near[i]) / parties
            if mine.isdisjoint(item.core) and mine.isdisjoint(item.actors) and mine.isdisjoint(item.place):
                continue
            found["core_share"][i, c] = sum(weight for key, weight in words.items() if key in mine) / of_words
            found["predicate"][i, c] = sum(weight for key, weight in verbal.items() if key in mine) / of_verbal
            found["parties_here"][i, c] = len(item.actors & mine) / parties
            found["place_here"][i, c] = bool(item.place & mine)


def kinship(watched: Sequence[Watched]) -> Table:
    """(claims, claims): how much of the row's claim is said by saying the column's; 1 where the column's is a case of it."""
    table = np.zeros((len(watched), len(watched)))
    place = {item.claim.id: n for n, item in enumerate(watched)}
    for c, item in enumerate(watched):
        for d, other in enumerate(watched):
            if c != d:
                table[c, d] = len(item.core & other.bag.keys()) / max(1, len(item.core))
        for related in item.claim.related:
            if related.id in place and related.rel in _BROADER:
                table[c, place[related.id]] = 1.0
            if related.id in place and related.rel in _NARROWER:
                table[place[related.id], c] = 1.0
    return table


def _strangers(found: dict[str, Table], article: Article) -> None:
    """Capitalised names that the watch list does not know, and whether the claim's own parties stand by them."""
    for i, string in enumerate(article.strings):
        known = [(t.start, t.end) for t in article.tokens[i] if t.key[0] == "@"]
        start = article.text.units[i].end - len(string)
        met = [start + m.start() for m in _NAME.finditer(string)]
        found["strangers"][i] = min(3, sum(not any(a <= at < b for a, b in known) for at in met))
        found["length"][i] = min(30, len(article.keys[i])) / 10
    found["strangers_alone"] = found["strangers"] * (found["actor"] == 0)


def _years(table: Table, article: Article, watched: Sequence[Watched]) -> None:
    """1 where the sentence speaks of years and none of them is one of the claim's."""
    published = article.text.document.published
    last: list[tuple[str, int]] = []
    for i, string in enumerate(article.strings):
        years = [(word.lower(), int(year)) for word, year in _YEAR.findall(string)]
        if published is not None:
            years += [("", published.year - _years_ago(match)) for match in _AGO.finditer(string)]
        if not years and _THEN.search(string):
            years = last
        last = years or last
        closed = any(word not in _OPEN for word, _ in years)
        for c, item in enumerate(watched):
            if closed and item.years and not any(year in item.years for _, year in years):
                table[i, c] = 1.0


def _years_ago(match: re.Match[str]) -> int:
    number = match[1]
    return 1 if number is None else int(number) if number.isdigit() else NUMBERS[number.lower()]


def _of_article(found: dict[str, Table], article: Article, watched: Sequence[Watched], watch: WatchList) -> None:
    """What holds for the claim in the whole article; the same for all its sentences."""
    for c, item in enumerate(watched):
        here = {key: weight for key, weight in item.bag.items() if key in article.all_keys}
        parties = item.actors | item.place
        found["covered"][:, c] = sum(here.values()) / sum(item.bag.values()) if here else 0.0
        found["rarest_in_article"][:, c] = max((w for key, w in here.items() if key[0] != "@"), default=0.0)
        found["actors_covered"][:, c] = len(parties & article.all_keys) / max(1, len(parties))
        told = watch.stories[item.claim.story] & article.all_keys
        found["story_covered"][:, c] = math.log1p(len(told))
        found["parties_met"][:, c] = min(5, len(watch.parties[item.claim.story] & article.all_keys))
    found["best_cosine"] += found["cosine"].max(axis=0)
    found["title"] += found["particular"][0]


def _similar(found: dict[str, Table], article: Article, watch: WatchList, chosen: Sequence[int], vectors: Vectors) -> None:
    rows = vectors.embed(article.strings)
    texts, terms = watch.vectors_of(chosen, vectors)
    found["similar"] = (rows @ texts.T).astype(np.float64)
    for c, n in enumerate(chosen):
        wordings = watch.wordings_of(n, vectors)
        if len(wordings):
            found["similar"][:, c] = np.maximum(found["similar"][:, c], (rows @ wordings.T).max(axis=1))
    found["similar_terms"] = (rows @ terms.T).astype(np.float64)
    found["lead_similar"] = _lead(found["similar"])
    found["lead_terms"] = _lead(found["similar_terms"])
    found["most_similar"] += found["similar"].max(axis=0)


def _lead(table: Table) -> Table:
    """How far each claim is ahead of the best other claim in the same sentence (negative: behind)."""
    if table.shape[1] < 2:
        return table.copy()
    ranked = np.sort(table, axis=1)
    best, second = ranked[:, -1:], ranked[:, -2:-1]
    lead: Table = table - np.where(table == best, second, best)
    return lead


def context(article: Article, table: Table, logits: Table, kin: Table) -> Table:
    """The features named in `CONTEXT`, from `direct`'s table, the logits that it gave, and the claims' `kinship`."""
    share = 1 / (1 + np.exp(-logits))
    if not share.size:
        return np.zeros((*share.shape, len(CONTEXT)))
    same = _same_paragraph(article)
    before = _shift(share, 1)
    year = table[:, :, DIRECT.index("other_year")]
    flags = _flags(article)
    recent = _recent(share)
    told = np.sort(share, axis=0)[-2:].sum(axis=0)
    found = {
        "logit": np.maximum(logits, -6),
        "share": share,
        "before": before * same,
        "before_paragraph": before * (1 - same),
        "second_before": _shift(share, 2),
        "after": _shift(share, -1),
        "second_after": _shift(share, -2),
        "paragraph": _in_paragraph(article, share),
        "article": told,
        "rival": np.maximum(_best_other(logits), -6),
        "rival_before": _best_other(before) * same,
        "topmost_before": np.where(before >= before.max(axis=1, keepdims=True), before, 0.0) * same,
        "free": 1 - _best_other(share),
        "reply_before": _shift(flags["reply"], 1) * same,
        "other_year_before": _shift(year, 1) * same,
        "year_gone_on": _shift(year, 1) * same * flags["anaphor"],
        "recent": recent,
        "recent_lead": recent - _best_other(recent),
        "main": told - _best_other(told[None, :])[0],
        "title_share": share[:1],
        "kin": _kin(share, kin),
        "kin_before": _kin(before, kin) * same,
        **flags,
    }
    return np.stack([np.broadcast_to(found[name], share.shape) for name in CONTEXT], axis=-1)


def _recent(share: Table) -> Table:
    """How much of what was said so far still stands: the greatest share before, fading with every sentence."""
    found = np.zeros_like(share)
    for i in range(1, len(share)):
        found[i] = _FADING * np.maximum(found[i - 1], share[i - 1])
    return found


def _kin(share: Table, kin: Table) -> Table:
    """The greatest share of another claim that says the claim too, as far as it does."""
    best: Table = (share[:, None, :] * kin[None, :, :]).max(axis=2)
    return best


def _same_paragraph(article: Article) -> Table:
    """(sentences, 1): 1 where the sentence goes on in the paragraph of the one before."""
    numbers = np.array([sentence.paragraph for sentence in article.text.units])
    same = np.zeros((len(numbers), 1))
    same[1:, 0] = numbers[1:] == numbers[:-1]
    return same


def _flags(article: Article) -> dict[str, Table]:
    """What holds for a unit whatever the claim, each (units, 1)."""
    count = len(article.strings)
    flags = {
        "reply": [bool(REPLY.search(string)) for string in article.strings],
        "anaphor": [bool(ANAPHOR.search(string)) for string in article.strings],
        "short": [len(keys) < 6 for keys in article.keys],
        "question": ["?" in string for string in article.strings],
        "quotation": [bool(_QUOTE_MARK.search(string)) for string in article.strings],
        "title_line": [i == 0 for i in range(count)],
        "position": [i / count for i in range(count)],
    }
    return {name: np.array(values, dtype=np.float64)[:, None] for name, values in flags.items()}


def _shift(table: Table, by: int) -> Table:
    """Each sentence's row replaced by that of the sentence `by` places before it; zeros at the ends."""
    moved = np.zeros_like(table)
    if by > 0:
        moved[by:] = table[:-by]
    else:
        moved[:by] = table[-by:]
    return moved


def _best_other(table: Table) -> Table:
    """The greatest value among the other claims of the same sentence."""
    if table.shape[1] < 2:
        return np.full_like(table, table.min() if table.size else 0.0)
    ranked = np.sort(table, axis=1)
    return np.where(table == ranked[:, -1:], ranked[:, -2:-1], ranked[:, -1:])


def _in_paragraph(article: Article, share: Table) -> Table:
    """The greatest value among the other sentences of the same paragraph."""
    best = np.zeros_like(share)
    numbers = [sentence.paragraph for sentence in article.text.units]
    for i, number in enumerate(numbers):
        others = [j for j, other in enumerate(numbers) if other == number and j != i]
        if others:
            best[i] = share[others].max(axis=0)
    return best
