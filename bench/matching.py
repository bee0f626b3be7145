"""Finding by words which of ten thousand claims a text may concern, beside tantivy's percolation and a bare automaton."""

import random
import re
from collections.abc import Sequence

import ahocorasick
import tantivy

from bench.figures import Row, Scale, against, alone
from bench.newsprint import Press, Subject, watch_list
from bench.rounds import Contestant, processor, take_turns
from store.claim import Claim, ClaimSet
from workers.claims import WatchList, compile_claims

CLAIMS = 10_000
_WORDS = re.compile(r"\w+")


def phrases_of(claim: Claim) -> tuple[str, ...]:
    """What a claim is searched by: its key terms, aliases and the people it is about."""
    return (*claim.keyterms, *claim.aliases, *claim.slots.actors)


class BareAutomaton:
    """pyahocorasick over all phrases as they are, between spaces: which claims have a phrase in the text. No stems, no names
    of several spellings, no weights, no parties."""

    def __init__(self, claims: ClaimSet) -> None:
        by_phrase: dict[str, list[str]] = {}
        for claim in claims:
            for phrase in phrases_of(claim):
                by_phrase.setdefault(_spaced(phrase), []).append(claim.id)
        self._automaton = ahocorasick.Automaton()
        for phrase, ids in by_phrase.items():
            self._automaton.add_word(phrase, ids)
        self._automaton.make_automaton()

    def find(self, text: str) -> set[str]:
        found: set[str] = set()
        for _, ids in self._automaton.iter(_spaced(text)):
            found.update(ids)
        return found


def _spaced(text: str) -> str:
    return f" {' '.join(_WORDS.findall(text.lower()))} "


class Percolator:
    """tantivy as a percolator: the text is an index of one document in memory, every claim a query of its phrases."""

    def __init__(self, claims: ClaimSet) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text")
        self._schema = builder.build()
        self._queries = [(claim.id, self._query(claim)) for claim in claims]

    def _query(self, claim: Claim) -> tantivy.Query:
        parts = [self._phrase(_WORDS.findall(phrase.lower())) for phrase in phrases_of(claim)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in parts])

    def _phrase(self, words: Sequence[str]) -> tantivy.Query:
        if len(words) == 1:
            return tantivy.Query.term_query(self._schema, "text", words[0])
        return tantivy.Query.phrase_query(self._schema, "text", list(words))

    def find(self, text: str) -> set[str]:
        index = tantivy.Index(self._schema)
        writer = index.writer(heap_size=15_000_000, num_threads=1)
        writer.add_document(tantivy.Document(text=text))
        writer.commit()
        index.reload()
        searcher = index.searcher()
        return {id_ for id_, query in self._queries if searcher.search(query, limit=1).hits}


def measure(scale: Scale) -> list[Row]:
    """Articles a second of processor time. Half the articles are about a tracked claim, half about nothing tracked."""
    count = scale.pick(1_000, CLAIMS)
    claims, subjects = watch_list(count)
    watch, texts = compile_claims(claims), _texts(subjects, scale.pick(4, 40))
    watch.index.possible_claims(texts[0])  # arrays are laid out by the first question
    bare, percolator = BareAutomaton(claims), Percolator(claims)
    rounds = scale.pick(3, 7)
    fast = take_turns({"ours": _ours(watch, texts), "bare": _each(bare, texts)}, rounds, processor)
    slow = take_turns({"ours": _ours(watch, texts), "tantivy": _each(percolator, texts[:2])}, rounds, processor)
    found = sum(len(watch.index.possible_claims(text)) for text in texts) / len(texts)
    name, unit = f"by words, {count:,} claims", "articles/cpu-s"
    return [
        against(name, unit, fast["ours"], "pyahocorasick, the phrases alone", fast["bare"], aim=0.7),
        against(name, unit, slow["ours"], "tantivy, percolating the phrases", slow["tantivy"], aim=100),
        alone("claims that come into question", "an article", [found]),
    ]


def _texts(subjects: Sequence[Subject], count: int) -> list[str]:
    rng, press, elsewhere = random.Random(3), Press(7), Press(99)
    return [
        press.article(rng.choice(subjects)).text if n % 2 else elsewhere.article(elsewhere.subject()).text for n in range(count)
    ]


def _ours(watch: WatchList, texts: Sequence[str]) -> Contestant:
    def turn(_: int) -> int:
        for text in texts:
            watch.index.possible_claims(text)
        return len(texts)

    return turn


def _each(peer: BareAutomaton | Percolator, texts: Sequence[str]) -> Contestant:
    def turn(_: int) -> int:
        for text in texts:
            peer.find(text)
        return len(texts)

    return turn
