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

CLAIM_PIECES, ALL_PIECES, GIST_PIECES = 48, 80, 96


class PairEncoder:
    """About 3 ms a headline and 8 ms an article; the same pair gets the same scores, whatever is asked beside it."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Raises ModelUnreadable for a damaged weights file."""
        self._encoder = Encoder(model, tokenizer)

    def headlines(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Probabilities of affirms, denies and discusses, one row a pair of claim and headline."""
        return self._probabilities(pairs, ALL_PIECES, 0)

    def articles(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """The same three for pairs of a claim and an article's gist (`workers.pair_article.gist`)."""
        return self._probabilities(pairs, GIST_PIECES, 3)

    def _probabilities(self, pairs: Sequence[tuple[str, str]], longest: int, first: int) -> Floats:
        rows = [self._encoder.logits(*pieces(self._encoder.tokenizer, *pair, longest)) for pair in pairs]
        return softmax(np.array(rows, dtype=np.float64).reshape(len(pairs), 6)[:, first : first + 3])


def pieces(tokenizer: Tokenizer, claim: str, text: str, longest: int = ALL_PIECES) -> tuple[list[int], list[int]]:
    """Word pieces of claim and text, at most `longest`, with the type (0 claim, 1 text) of each."""
    first = word_pieces(tokenizer, claim)[:CLAIM_PIECES]
    second = word_pieces(tokenizer, text)[: longest - 3 - len(first)]
    return [BEGIN, *first, END, *second, END], [0] * (len(first) + 2) + [1] * (len(second) + 1)


def load_encoder(model: Path = SHIPPED) -> PairEncoder | None:
    """The shipped encoder, or None where it or the tokenizer's package is missing. Takes about half a second.

    Raises ModelUnreadable."""
    found = installed()
    return PairEncoder(model, found[1]) if found and model.exists() else None
