"""A small transformer that reads claim, what went before and passage together: what is done to the claim, how firmly?

Twelve layers of BERT with int8 weights, fine-tuned on annotated passages (workers/model/MODEL_CARD.md).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, get_args

from tokenizers import Tokenizer

from store.reading import STANCES, Hedging
from workers.encoder import BEGIN, END, Encoder, word_pieces
from workers.trees import Floats, softmax
from workers.vectors import installed

SHIPPED = Path(__file__).with_name("model") / "passages.onnx"
HEDGINGS: tuple[Hedging, ...] = get_args(Hedging)
CLAIM_PIECES, BEFORE_PIECES, PASSAGE_PIECES = 32, 64, 56
SENTENCES_BEFORE = 3
PASSAGES = 4096
"""Passages whose answer is kept, some hundred bytes each: revisions and copies of an article bring most of them again."""


class Shares(NamedTuple):
    """Probabilities in the order of `STANCES` and of `HEDGINGS`."""

    stance: Floats
    hedging: Floats


class PassageEncoder:
    """About 14 ms a passage; the same passage gets the same scores, whatever is asked beside it."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Raises ModelUnreadable for a damaged weights file."""
        self._encoder = Encoder(model, tokenizer, remembered=PASSAGES)

    def shares(self, claim: str, before: Sequence[str], passage: str) -> Shares:
        """`before`: the sentences before the passage, at most `SENTENCES_BEFORE` of them, in the order of the text."""
        logits = self._encoder.logits(*pieces(self._encoder.tokenizer, claim, before, passage))
        split = len(STANCES)
        return Shares(softmax(logits[None, :split])[0], softmax(logits[None, split:])[0])


def pieces(tokenizer: Tokenizer, claim: str, before: Sequence[str], passage: str) -> tuple[list[int], list[int]]:
    """Word pieces of claim, of the last words before the passage, and of the passage, with the type of each.

    Type 1 is the passage's alone.
    """
    first = word_pieces(tokenizer, claim)[:CLAIM_PIECES]
    second = [piece for sentence in before for piece in word_pieces(tokenizer, sentence)][-BEFORE_PIECES:]
    third = word_pieces(tokenizer, passage)[:PASSAGE_PIECES]
    ids = [BEGIN, *first, END, *second, END, *third, END]
    return ids, [0] * (len(first) + len(second) + 3) + [1] * (len(third) + 1)


def passage_encoder() -> PassageEncoder | None:
    """The shipped encoder, or None where it or the tokenizer's package is missing. Takes about half a second.

    Raises ModelUnreadable.
    """
    found = installed()
    return PassageEncoder(SHIPPED, found[1]) if found and SHIPPED.exists() else None
