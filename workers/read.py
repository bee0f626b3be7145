"""The reader: everything that can be found in one document about the tracked claims, as one pure function of it."""

from functools import lru_cache

import py3langid

from store.claim import ClaimSet
from store.keyed import normal_name
from store.reading import Attribution, Document, Edit, Findings, Mention, Name
from workers import attribution, echo, hedging, stance
from workers.claims import compile_claims
from workers.clauses import overlap
from workers.dates import happened_on, said_on
from workers.edits import compare
from workers.judging import judging_version, load_judging
from workers.match import match_version, passages
from workers.source_facts import Ruled
from workers.sourcing import Sourced, load_sourcing, sourcing_version
from workers.split import cuts
from workers.text import Passage, Text
from workers.variants import variant
from workers.vectors import Vectors

READER = "5"
"""Raised with every change of code that may change an outcome."""
READABLE = frozenset({"en"})
_SAMPLE = 4000
"""Characters that suffice to tell the language."""


class Reader:
    """Reads documents for one watch list. Holds no state between documents; equal input gives equal findings.

    Without `vectors` it reads by words alone and finds less. `signature_key` keys the near-copy signatures: only
    those made with one key can be compared.
    """

    def __init__(self, claims: ClaimSet, vectors: Vectors | None, signature_key: bytes) -> None:
        self.claims = claims
        self.watch = compile_claims(claims)
        self.vectors = vectors
        self._judging = load_judging() if vectors else None
        self._sourcing = load_sourcing() if vectors else None
        self._key = signature_key
        self.version = reader_version(vectors)

    def read(self, document: Document, before: Document | None = None, scope: frozenset[str] | None = None) -> Findings:
        """Everything found in `document` about the claims in `scope` (None: all of them).

        With `before`, the revision before it, also what changed between the two. Never raises for what a text says.
        """
        if not document.text.strip():
            return Findings("empty", language=document.language)
        language = document.language or detected_language(document.text)
        if language.split("-")[0].lower() not in READABLE:
            return Findings("language", language=language)
        text = Text(document)
        mentions = self._mentions(text, scope)
        edits: tuple[Edit, ...] = ()
        if before is not None:
            earlier = Text(before)
            edits = compare(earlier, self._mentions(earlier, scope), text, mentions)
        return Findings("read", mentions, edits, echo.signature(document.text, self._key), language)

    def explain(self, document: Document, mention: Mention) -> tuple[str, ...]:
        """Why the reader finds this mention in the document: its cues, one a line; empty if it does not find it."""
        found = self.read(document, scope=frozenset({mention.claim})).mentions
        here = (mention.claim, mention.start, mention.end)
        return next((m.why for m in found if (m.claim, m.start, m.end) == here), ())

    def _mentions(self, text: Text, scope: frozenset[str] | None) -> tuple[Mention, ...]:
        found = {}
        for passage in passages(text, self.watch, scope, self.vectors):
            for mention in self._one_or_two(text, passage):
                found[mention.start, mention.end, mention.claim] = mention
        mentions = tuple(found[key] for key in sorted(found))
        return tuple(mention for mention in mentions if not self._denies_special_case(mention, mentions))

    def _denies_special_case(self, mention: Mention, others: tuple[Mention, ...]) -> bool:
        """Whether the passage denies only a special case of the claim: no meeting at the forum is not no visit at all."""
        special = {r.id for r in self.claims.by_id[mention.claim].related if r.rel == "generalises"}
        return mention.stance == "denies" and any(
            other.claim in special and other.stance == "denies" and other.start < mention.end and mention.start < other.end
            for other in others
        )

    def _one_or_two(self, text: Text, passage: Passage) -> tuple[Mention, ...]:
        """Two mentions where the clauses of the passage take two stances or give two values, else one.

        By the rules: the models have learned from whole sentences.
        """
        for first, second in cuts(text, passage):
            halves = self._mention(text, first), self._mention(text, second)
            beside = any(m.stance == "affirms" and overlap(passage.claim, m.quote) < 2 for m in halves)
            if _differ(*halves) and not beside:
                return self._mention(text, first, learned=True), self._mention(text, second, learned=True)
        return (self._mention(text, passage, learned=True),)

    def _mention(self, text: Text, passage: Passage, *, learned: bool = False) -> Mention:
        """What the passage says by the rules, or by the models, where there are any and `learned` asks for them."""
        ruled = by_rule(text, passage, self.claims)
        judged = stance.judge(text, passage, self.claims, ruled.who)
        mood = hedging.hedge(text, passage, self.claims, ruled.who)
        if learned and self._judging is not None:
            judged, mood = self._judging.judge(text, passage, judged, mood, ruled.who)
        who, relayed, against = Sourced(*ruled)
        if learned and self._sourcing is not None:
            who, relayed, against = self._sourcing.attribute(text, passage.start, passage.end, self.claims, ruled)
        relayed = relayed and echo.in_full(text, self.claims, relayed)
        day = said_on(text, passage, who, self.claims)
        return Mention(
            claim=passage.claim.id,
            start=passage.start,
            end=passage.end,
            quote=text.text[passage.start : passage.end],
            stance=judged.stance,
            hedging=mood,
            outlet_stance=stance.outlets_own(text, passage, who, judged.stance),
            attribution=who,
            echo_of=relayed,
            variant=variant(text, passage, self.claims),
            said_on=day.on if day else None,
            said_on_precision=day.precision if day else None,
            happened_on=happened_on(text, passage),
            score=passage.score,
            why=(*passage.why, *judged.why, *against),
        )


def _differ(first: Mention, second: Mention) -> bool:
    values = {first.variant, second.variant} - {None}
    return first.stance != second.stance or len(values) == 2


def by_rule(text: Text, passage: Passage, claims: ClaimSet) -> Ruled:
    """Who is behind the passage, and whom it relays, as far as the rules tell."""
    who = attribution.attribute(text, passage, claims)
    relayed = echo.relayed(text, passage, who, claims)
    return Ruled(_unless_relayed(who, relayed), relayed)


def _unless_relayed(who: Attribution, relayed: Name | None) -> Attribution:
    """An outlet that is relayed with no source behind it is no named source: "the paper said" names nobody."""
    if relayed is None or who.anonymity != "named":
        return who
    outlet = set(normal_name(relayed.text).split())
    named = [set(normal_name(name.text).split()) for name in (who.speaker, who.organisation) if name is not None]
    if all(words <= outlet or outlet <= words for words in named):
        return Attribution("unnamed", role=who.role)
    return who


def reader_version(vectors: Vectors | None) -> str:
    """Names all that an outcome depends on besides the claims: code, weights, model."""
    if vectors is None:
        return f"{READER}-{match_version()}-lexical"
    return f"{READER}-{match_version()}-{judging_version()}-{sourcing_version()}-{vectors.version}"


@lru_cache(maxsize=256)
def detected_language(text: str) -> str:
    """ISO 639-1 code of the text's most likely language, from its first few thousand characters."""
    return str(py3langid.classify(text[:_SAMPLE])[0])
