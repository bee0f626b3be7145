"""A small transformer that reads claim and headline together: the slower, better half of `workers.pairs`.

Six layers of MiniLM with int8 weights, fine-tuned for stance (workers/model/MODEL_CARD.md). Apart from
`workers.vectors` the only user of onnxruntime and tokenizers, since a pair needs another input than a text.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf
from tokenizers import Tokenizer

from workers.pair_model import ModelUnreadable
from workers.trees import Floats, softmax
from workers.vectors import installed

SHIPPED = Path(__file__).with_name("model") / "pairs.onnx"

CLAIM_PIECES, ALL_PIECES = 48, 80
_BEGIN, _END = 101, 102


class PairEncoder:
    """Each pair is read by itself, on one thread, since int8 scales depend on all that shares a batch: the same pair
    gets the same scores in every process on one kind of machine. About 3 ms a pair."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Raises ModelUnreadable for a damaged weights file."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except (Fail, InvalidGraph, InvalidProtobuf) as error:
            raise ModelUnreadable(model, str(error)) from error
        self._tokenizer = pair_tokenizer(tokenizer)

    def headlines(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Probabilities of affirms, denies and discusses, one row a pair of claim and headline."""
        return softmax(np.array([self._read(claim, text) for claim, text in pairs], dtype=np.float64).reshape(-1, 3))

    def _read(self, claim: str, text: str) -> Floats:
        ids, types = pieces(self._tokenizer, claim, text)
        row = np.array([ids], dtype=np.int64)
        given = {"ids": row, "mask": np.ones_like(row), "types": np.array([types], dtype=np.int64)}
        logits: Floats = self._session.run(None, given)[0][0]
        return logits


def pair_tokenizer(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def pieces(tokenizer: Tokenizer, claim: str, text: str) -> tuple[list[int], list[int]]:
    """Word pieces of claim and text, at most 80, with the type (0 claim, 1 text) of each."""
    first = tokenizer.encode(claim, add_special_tokens=False).ids[:CLAIM_PIECES]
    second = tokenizer.encode(text, add_special_tokens=False).ids[: ALL_PIECES - 3 - len(first)]
    return [_BEGIN, *first, _END, *second, _END], [0] * (len(first) + 2) + [1] * (len(second) + 1)


def load_encoder(model: Path = SHIPPED) -> PairEncoder | None:
    """The shipped encoder, or None where it or the tokenizer's package is missing. Takes about half a second.

    Raises ModelUnreadable."""
    found = installed()
    return PairEncoder(model, found[1]) if found and model.exists() else None
