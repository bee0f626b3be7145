"""Names in a text: what is asked of them without a pattern of its own for each name."""

import re

from hypothesis import given
from hypothesis import strategies as st

from workers.names import goes_on_as_person

_WORDS = st.sampled_from(["Petrel", "Petrel's", "McPetrel", "the", "The", "said", "he", "she", "sheer", "her", "it", ".", "!"])
_PARTS = st.tuples(_WORDS, st.sampled_from([" ", "", "\n"]))
_TEXTS = st.lists(_PARTS, max_size=14).map(lambda parts: "".join(word + gap for word, gap in parts))


@given(_TEXTS, st.sampled_from(["Petrel", "McPetrel", "Petrel's"]))
def test_a_sentence_that_goes_on_with_a_pronoun_is_found_as_one_pattern_would(text, name):
    pattern = rf"(?<![Tt]he )\b{re.escape(name)}\b[^.!?]{{0,120}}\b(?:he|she|his|her|him)\b"
    assert goes_on_as_person(name, text) == bool(re.search(pattern, text))


def test_an_article_before_the_name_and_a_full_stop_after_it_speak_against_a_person():
    assert goes_on_as_person("Petrel", "On Monday Petrel said that he would stay.")
    assert not goes_on_as_person("Petrel", "On Monday the Petrel sank and her crew was lost.")
    assert not goes_on_as_person("Petrel", "On Monday Petrel rose. She was pleased.")
