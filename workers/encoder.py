"""The machinery of a fine-tuned encoder that ships with the package: word pieces in, logits out.

Beside `workers.vectors` the only user of onnxruntime and tokenizers.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf
from tokenizers import Tokenizer

from workers.pair_model import ModelUnreadable
from workers.trees import Floats

BEGIN, END = 101, 102
"""The word pieces that stand before everything and after each part."""


class Encoder:
    """Each input is read by itself, on one thread, since int8 scales depend on all that shares a batch: the same input
    gets the same logits in every process on one kind of machine."""

    def __init__(self, model: Path, tokenizer: Path, *, remembered: int = 0) -> None:
        """The logits of the last `remembered` inputs are kept. Raises ModelUnreadable for a damaged weights file."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except (Fail, InvalidGraph, InvalidProtobuf) as error:
            raise ModelUnreadable(model, str(error)) from error
        self.tokenizer = tokenizer_of(tokenizer)
        self._remembered = lru_cache(maxsize=remembered)(self._logits)

    def logits(self, ids: Sequence[int], types: Sequence[int]) -> Floats:
        """For one input: its word pieces, and to which of two sides each belongs (0 or 1). Not to be written to."""
        return self._remembered(tuple(ids), tuple(types))

    def _logits(self, ids: tuple[int, ...], types: tuple[int, ...]) -> Floats:
        row = np.array([ids], dtype=np.int64)
        given = {"ids": row, "mask": np.ones_like(row), "types": np.array([types], dtype=np.int64)}
        found: Floats = self._session.run(None, given)[0][0]
        found.flags.writeable = False
        return found


@lru_cache(maxsize=2)
def tokenizer_of(path: Path) -> Tokenizer:
    """The tokenizer of all these encoders, read once and never changed."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@lru_cache(maxsize=1024)
def word_pieces(tokenizer: Tokenizer, text: str) -> tuple[int, ...]:
    """The text's word pieces without the marks around it. Remembered: a sentence is asked about for several claims."""
    return tuple(tokenizer.encode(text, add_special_tokens=False).ids)
