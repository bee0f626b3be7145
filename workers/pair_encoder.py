"""A small transformer that reads claim and headline together: the slower, better half of `workers.pairs`.

Six layers of MiniLM with int8 weights, fine-tuned for stance (workers/model/MODEL_CARD.md).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from workers.encoder import BEGIN, END, Encoder, word_pieces
from workers.trees import Floats, softmax
from workers.vectors import installed

SHIPPED = Path(__file__).with_name("model") / "pairs.onnx"

CLAIM_PIECES, ALL_PIECES = 48, 80


class PairEncoder:
    """About 3 ms a pair; the same pair gets the same scores, whatever is asked beside it."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Raises ModelUnreadable for a damaged weights file."""
        self._encoder = Encoder(model, tokenizer)

    def headlines(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Probabilities of affirms, denies and discusses, one row a pair of claim and headline."""
        rows = [self._encoder.logits(*pieces(self._encoder.tokenizer, claim, text)) for claim, text in pairs]
        return softmax(np.array(rows, dtype=np.float64).reshape(-1, 3))


def pieces(tokenizer: Tokenizer, claim: str, text: str) -> tuple[list[int], list[int]]:
    """Word pieces of claim and text, at most 80, with the type (0 claim, 1 text) of each."""
    first = word_pieces(tokenizer, claim)[:CLAIM_PIECES]
    second = word_pieces(tokenizer, text)[: ALL_PIECES - 3 - len(first)]
    return [BEGIN, *first, END, *second, END], [0] * (len(first) + 2) + [1] * (len(second) + 1)


def load_encoder(model: Path = SHIPPED) -> PairEncoder | None:
    """The shipped encoder, or None where it or the tokenizer's package is missing. Takes about half a second.

    Raises ModelUnreadable."""
    found = installed()
    return PairEncoder(model, found[1]) if found and model.exists() else None
