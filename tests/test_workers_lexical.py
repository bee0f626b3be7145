"""Which claims come into question: the flat index answers as the definition does, and the quick look never misses one."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.newsprint import Press, watch_list
from store.claim import Claim, ClaimSet, Entity, Slots
from tests.reader_world import ARTICLE, CLAIMS, text_of
from workers.claims import compile_claims
from workers.features import article_of
from workers.lexical import MOST_CLAIMS
from workers.match import candidates, passages
from workers.spellings import Finder
from workers.text import Text
from workers.words import stem_line, words_in


def by_definition(keys, watch):
    """The story is told (by two parties, the one of two, or one and words enough), and words enough or an actor stand there."""
    able = []
    for n, item in enumerate(watch.watched):
        parties = watch.parties[item.claim.story]
        enough = len(parties & keys) >= min(2, (len(parties) + 1) // 2)
        if not enough and not (parties & keys and tells(keys, watch, item.claim.story)):
            continue
        shared = sorted(keys & item.bag.keys())
        cover = sum(item.bag[key] ** 2 for key in shared) / item.norm**2
        rare = any(item.bag[key] >= 0.3 and key[0] != "@" for key in shared)
        if (cover >= 0.06 and rare) or item.actors & keys:
            able.append((-cover, n))
    return sorted(n for _, n in sorted(able)[:MOST_CLAIMS])


def tells(keys, watch, story):
    """Whether three tenths of one claim of the story, its actors apart, stand there."""
    return any(
        sum(item.bag[key] ** 2 for key in sorted((keys & item.bag.keys()) - item.actors)) / item.norm**2 >= 0.3
        for item in watch.watched
        if item.claim.story == story
    )


def test_one_party_and_what_a_claim_says_of_it_tell_the_story_and_one_alone_does_not():
    claim = Claim("c", "Varn poisoned the salt cables", "s", slots=Slots(actors=("Board", "Ada Quill", "Varn")))
    watch = compile_claims(ClaimSet((claim,), ENTITIES))
    assert watch.index.possible_claims("Varn. Somebody had poisoned cables in the salt works.") == [0]
    assert watch.index.possible_claims("Varn had a new mayor, who liked music, salt and the sea.") == []
    assert watch.index.possible_claims("Somebody had poisoned cables in the salt works.") == []


WORDS = ("bridge", "salt", "Board", "Ports Board", "Ada Quill", "Quill", "Varn", "cables", "shut", "the", "two", "ports")
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
ENTITIES = (Entity("board", "Ports Board", ("the Board",)), Entity("quill", "Ada Quill", ("Quill",)), Entity("varn", "Varn"))


@st.composite
def watch_lists(draw):
    claims = tuple(
        Claim(
            f"c{n}", draw(PHRASES), draw(st.sampled_from(["s", "t", "u"])), keyterms=tuple(draw(st.lists(PHRASES, max_size=2))),
            slots=Slots(actors=tuple(draw(st.lists(st.sampled_from(WORDS[2:7]), max_size=2)))),
        )
        for n in range(draw(st.integers(1, 6)))
    )  # fmt: skip
    return compile_claims(ClaimSet(claims, ENTITIES))


@settings(max_examples=60)
@given(watch_lists(), st.lists(st.sampled_from((*WORDS, "Rain.", "quill's", "Ada", "X-bridge")), max_size=12).map(" ".join))
def test_the_index_answers_as_the_definition_does_and_the_quick_look_misses_nothing(watch, body):
    keys = article_of(text_of(body), watch).all_keys
    found = watch.index.in_question(keys)
    assert found == by_definition(keys, watch)
    assert watch.index.possible(body) or not found


def test_of_many_claims_the_best_covered_are_looked_at():
    claims = tuple(Claim(f"c{n}", f"w{n}q " + " ".join(f"x{n}z{m}" for m in range(n % 7)), "s") for n in range(200))
    watch = compile_claims(ClaimSet(claims))
    keys = frozenset(f"w{n}q" for n in range(200))
    assert watch.index.in_question(keys) == by_definition(keys, watch)
    assert len(watch.index.in_question(keys)) == MOST_CLAIMS


def test_over_hundreds_of_claims_the_raw_text_gives_what_its_tokens_give():
    claims, subjects = watch_list(600)
    watch, press = compile_claims(claims), Press(11)
    for n in range(0, 600, 75):
        article = press.article(subjects[n])
        tokens = candidates(article_of(Text(article), watch), watch)
        assert n in tokens
        assert watch.index.possible_claims(article.text) == tokens


def test_a_text_without_the_parties_is_never_cut_into_tokens(monkeypatch):
    watch = compile_claims(CLAIMS)
    monkeypatch.setattr("workers.match.article_of", lambda *_: pytest.fail("tokens were made"))
    assert passages(text_of("Chess\n\nAda Lund won the final of the chess cup in Oslo."), watch) == ()


def test_no_claims_and_no_entities():
    assert compile_claims(ClaimSet()).index.possible_claims(ARTICLE) == []
    watch = compile_claims(ClaimSet((Claim("c", "Salt ate the cables", "s"),)))
    assert watch.index.possible_claims("Salt ate all the cables there") == [0]


@settings(max_examples=60)
@given(st.text(alphabet="aé-’'.&,12 _XIT\n", max_size=60))
def test_the_line_of_stems_is_the_words_stems(text):
    assert stem_line(text).split() == [word.stem for word in words_in(text) if word.stem]
    assert re.fullmatch(r" (?:\S+ )*", stem_line(text)) or stem_line(text) == "  "


# --- spellings of names ------------------------------------------------------------------------------

SPELLINGS = ("Ports Board", "Ports", "Ada O'Neil", "Ada", "U.S.", "U.S. Navy", "St. Ada's", "Varn")


def by_expression(spellings):
    forms = sorted({re.escape(s).replace("'", "['’]") for s in spellings}, key=lambda form: (-len(form), form))
    return re.compile(rf"\b(?:{'|'.join(forms)})(?!\w)")


@settings(max_examples=120)
@given(
    st.lists(st.sampled_from((*SPELLINGS, "Ada O’Neil", " ", "", ".", "s", "the ", "x", "’s ")), max_size=8).map("".join),
    st.sets(st.sampled_from(SPELLINGS), min_size=1),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_names_are_found_as_one_great_expression_would_find_them(text, spellings, start, cut):
    end = max(start, len(text) - cut)
    finder, expression = Finder(spellings), by_expression(spellings)
    assert [m.span() for m in finder.finditer(text)] == [m.span() for m in expression.finditer(text)]
    assert [m.span() for m in finder.finditer(text, start, end)] == [m.span() for m in expression.finditer(text, start, end)]


def test_nothing_is_found_among_no_names():
    assert list(Finder(()).finditer("Ada")) == []


def test_who_speaks_for_whom_and_whose_word_settles_a_claim():
    office, clerk = Entity("office", "Office", speaks_for="state"), Entity("clerk", "Clerk", speaks_for="office")
    entities = (Entity("state", "State"), office, clerk)
    claims = ClaimSet((Claim("c", "x", "s", principals=("State", "Nobody Known")),), entities)
    assert claims.voices["state"] == {"state", "office", "clerk"}
    assert claims.voices["clerk"] == {"clerk"}
    assert claims.settling == {"state", "office", "clerk", "Nobody Known"}
