"""What a passage does to its claim, and how firmly it puts it: the trained models' answer, with the rules' as one voice.

The rules alone (`stance`, `hedging`) were right in 19 of 20 passages of the stories that they were written on, and in 13
of 20 of others. So where the models are installed they decide, and the rules are among what they are told.
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from store.reading import STANCES, Attribution, Hedging
from workers.passage_encoder import HEDGINGS, SENTENCES_BEFORE, SHIPPED, PassageEncoder, passage_encoder
from workers.passage_words import WORDS, PassageWords, columns, passage_words
from workers.stance import Judgement, outlets_own
from workers.text import Passage, Text
from workers.trees import Floats, softmax

ENCODER_COUNTS = 0.7
"""The encoder's share in the decision, the words' being the rest; chosen on three stories that neither had seen."""
RULED_HEDGING = 1.0
"""What the rules' answer adds to the logarithm of its probability."""


class Weighed(NamedTuple):
    """Logits of the stances, from the encoder and from the words."""

    encoder: Floats
    words: Floats


class Judging:
    """Judges passages by the shipped models. Stateless; the same passage always gets the same answer."""

    def __init__(self, encoder: PassageEncoder, words: PassageWords) -> None:
        self._encoder, self._words = encoder, words

    def judge(
        self, text: Text, passage: Passage, ruled: Judgement, hedged: Hedging, who: Attribution
    ) -> tuple[Judgement, Hedging]:
        """The stance with the outlet's own, and the hedging, where the rules answered `ruled` and `hedged`."""
        quote = text.text[passage.start : passage.end]
        shares = self._encoder.shares(passage.claim.text, before_of(text, passage), quote)
        mix = mixed(Weighed(np.log(shares.stance), self._words.logits(columns(quote, ruled, who))))
        stance = STANCES[int(np.argmax(mix))]
        firm = np.log(shares.hedging) + RULED_HEDGING * np.array([name == hedged for name in HEDGINGS])
        sure = f"stance:learned {round(100 * float(np.max(mix)))}%"
        why = (*ruled.why, sure) if stance == ruled.stance else (sure,)
        return Judgement(stance, outlets_own(text, passage, who, stance), why), HEDGINGS[int(np.argmax(firm))]


def mixed(weighed: Weighed) -> Floats:
    """Probabilities of the stances by both models together."""
    encoder, words = (np.log(softmax(logits[None])[0]) for logits in weighed)
    found: Floats = softmax((ENCODER_COUNTS * encoder + (1 - ENCODER_COUNTS) * words)[None])[0]
    return found


def before_of(text: Text, passage: Passage) -> list[str]:
    """The sentences before the passage, as the encoder wants them."""
    first = text.sentence_at(passage.start)
    return [text.text[one.start : one.end] for one in text.sentences[max(0, first - SENTENCES_BEFORE) : first]]


@lru_cache(maxsize=1)
def load_judging() -> Judging | None:
    """The shipped models, or None where the packages that run them are missing. Raises ModelUnreadable."""
    encoder = passage_encoder()
    return Judging(encoder, passage_words()) if encoder else None


@lru_cache(maxsize=1)
def judging_version() -> str:
    """Names the shipped weights."""
    return hashlib.sha256(SHIPPED.read_bytes() + WORDS.read_bytes()).hexdigest()[:8]
