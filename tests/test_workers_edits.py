"""What changed between two revisions, and what only looks like a change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.reading import Attribution, Mention, Name, Span
from tests.reader_world import text_of
from workers.edits import align, compare

NAMED = Attribution("named", Name("Ada Quill"))
UNNAMED = Attribution("unnamed", None, None, Name("an engineer"))
FILLER = "The ferry runs at ten. A choir sang at the quay.\n\nRain fell on the hills."


def mention(text, quote, stance="affirms", **given):
    start = text.text.index(quote)
    return Mention("closes", start, start + len(quote), quote, stance, **given)


def edits(before, after, old=(), new=()):
    a, b = text_of(before), text_of(after)
    return [
        (edit.kind, edit.before and a.of(edit.before), edit.after and b.of(edit.after))
        for edit in compare(a, [mention(a, *q[:2], **q[2]) for q in old], b, [mention(b, *q[:2], **q[2]) for q in new])
    ]


WAS = "The Board has decided to shut the bridge on Friday, an engineer said."
IS = "The Board may shut the bridge on Friday, an engineer said."


def test_a_softened_sentence_gained_a_hedge():
    found = edits(
        f"{FILLER}\n\n{WAS}", f"{FILLER}\n\n{IS}", [(WAS, "affirms", {})], [(IS, "affirms", {"hedging": "speculated"})]
    )
    assert found == [("hedge_added", WAS, IS)]


def test_a_hardened_sentence_lost_its_hedge():
    found = edits(
        f"{FILLER}\n\n{IS}", f"{FILLER}\n\n{WAS}", [(IS, "affirms", {"hedging": "speculated"})], [(WAS, "affirms", {})]
    )
    assert found == [("hedge_removed", IS, WAS)]


def test_a_passage_that_is_gone_has_vanished_and_its_denial_with_it():
    denial = "The Board denied it."
    assert edits(f"{FILLER} {denial}", FILLER, [(denial, "denies", {})]) == [
        ("passage_vanished", denial, None),
        ("denial_removed", denial, None),
    ]


def test_a_new_denial_is_an_added_passage():
    denial = "The Board denied it."
    assert edits(FILLER, f"{FILLER} {denial}", (), [(denial, "denies", {})]) == [
        ("passage_added", None, denial),
        ("denial_added", None, denial),
    ]


def test_a_changed_number_is_named():
    was, now = "The repair costs 40 million pounds.", "The repair costs 62 million pounds."
    found = edits(f"{FILLER} {was}", f"{FILLER} {now}", [(was, "affirms", {})], [(now, "affirms", {})])
    assert found == [("number_changed", was, now)]


def test_a_dropped_name_is_an_attribution_dropped():
    was, now = "The bridge will be shut, said Ada Quill.", "The bridge will be shut, said an official."
    found = edits(
        f"{FILLER} {was}",
        f"{FILLER} {now}",
        [(was, "affirms", {"attribution": NAMED})],
        [(now, "affirms", {"attribution": UNNAMED})],
    )
    assert found == [("attribution_dropped", was, now)]


def test_a_dropped_quotation_is_named():
    was, now = 'The bridge "will be shut", said Ada Quill.', "The bridge will be shut, said Ada Quill."
    found = edits(f"{FILLER} {was}", f"{FILLER} {now}", [(was, "affirms", {})], [(now, "affirms", {})])
    assert found == [("quote_dropped", was, now)]


@pytest.mark.parametrize("after", [f"{IS}\n\n{FILLER}", f"{FILLER}\n\n  {IS.replace(' ', chr(160), 1)}"])
def test_a_passage_that_only_moved_or_was_set_anew_has_not_changed(after):
    text = text_of(after)
    quote = next(text.of(s) for s in text.sentences if "may" in text.of(s))
    assert edits(f"{FILLER}\n\n{IS}", after, [(IS, "affirms", {})], [(quote, "affirms", {})]) == []


def test_a_mention_that_only_one_reading_found_has_not_vanished():
    assert edits(f"{FILLER} {IS}", f"{FILLER} {IS} Fog came.", [(IS, "affirms", {})]) == []


def test_equal_texts_have_no_edits():
    assert edits(WAS, WAS, [(WAS, "affirms", {})], [(WAS, "denies", {})]) == []


SENTENCES = st.lists(st.sampled_from([s + "." for s in (*FILLER.replace("\n\n", " ").split(". "), WAS, IS)]), max_size=8)


@given(SENTENCES, SENTENCES)
def test_alignment_is_one_to_one_and_keeps_equal_sentences_together(one, other):
    before, after = text_of(" ".join(one)), text_of(" ".join(other))
    partner = align(before, after)
    assert len(set(partner.values())) == len(partner)
    old = [before.of(s) for s in before.sentences]
    new = [after.of(s) for s in after.sentences]
    for sentence in set(old):
        kept = sum(new[partner[n]] == sentence for n, s in enumerate(old) if s == sentence and n in partner)
        assert kept == min(old.count(sentence), new.count(sentence))


def test_an_edit_has_spans_of_either_text():
    before, after = text_of(f"{FILLER} {WAS}"), text_of(f"Fog. {FILLER} {IS}")
    found = compare(before, [mention(before, WAS)], after, [mention(after, IS, hedging="conditional")])
    assert [(e.before, e.after) for e in found] == [
        (Span(len(before.text) - len(WAS), len(before.text)), Span(len(after.text) - len(IS), len(after.text)))
    ]
