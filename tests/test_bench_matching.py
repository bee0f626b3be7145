"""The peers of matching and reading do the same work: phrases are found as they stand, pages hold their article."""

import trafilatura

from bench.matching import BareAutomaton, Percolator, phrases_of
from bench.newsprint import Press, watch_list
from bench.pages import KILOBYTES, page_of
from bench.reading import resident
from workers.claims import compile_claims

CLAIMS, SUBJECTS = watch_list(60)


def by_search(text):
    lower = text.lower()
    return {claim.id for claim in CLAIMS if any(f" {phrase.lower()} " in lower for phrase in phrases_of(claim))}


def test_both_peers_find_the_claims_whose_phrases_stand_in_the_text():
    press = Press(3)
    bare, percolator = BareAutomaton(CLAIMS), Percolator(CLAIMS)
    for n in (0, 25, 50):
        text = press.article(SUBJECTS[n]).text
        padded = f" {text.replace(',', ' ').replace('.', ' ').replace('“', ' ').replace('”', ' ').replace(chr(10), ' ')} "
        assert bare.find(text) == percolator.find(text) == by_search(" ".join(padded.split()).join("  "))
        assert f"claim-{n:05d}" in bare.find(text)


def test_what_comes_into_question_has_a_phrase_in_the_text():
    watch, bare, press = compile_claims(CLAIMS), BareAutomaton(CLAIMS), Press(3)
    text = press.article(SUBJECTS[5]).text
    found = {CLAIMS.claims[n].id for n in watch.index.possible_claims(text)}
    assert "claim-00005" in found
    assert found <= bare.find(text)


def test_a_page_is_as_large_as_promised_and_its_article_comes_out_again():
    article = Press(3).article(SUBJECTS[0])
    page = page_of(article)
    assert 0.95 < len(page) / (KILOBYTES * 1_000) < 1.05
    assert page == page_of(article)
    extracted = trafilatura.extract(page)
    assert all(paragraph in extracted for paragraph in article.text.split("\n\n")[1:])


def test_the_memory_that_is_held_is_told():
    assert resident() > 10
