"""Which of very many vectors lie near given ones: an exact answer from a filter of eight-bit whole numbers.

Rows are rounded to eight bits; their product, which processors reckon several times faster than one of floats, tells which
pairs can reach the similarity wanted at all, since the error of rounding is known and bounded (Cauchy and Schwarz). Only
those pairs are multiplied out as floats.
"""

from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from workers.vectors import Matrix

_LIMIT = 127
_ZERO = 128
"""What stands for nought in the unsigned half of the product."""
_SLACK = 1e-5
"""For the rounding of the floats themselves."""
_UINT8, _INT8, _INT32 = 2, 3, 6
"""ONNX's numbers for types."""


class Near(NamedTuple):
    """Pairs in order of row, then of vector: `similarity` is their inner product in float32."""

    row: NDArray[np.int64]
    vector: NDArray[np.int64]
    similarity: Matrix


class Nearest:
    """Holds `vectors` (count, width), rows of length one or less, and five quarters of their memory. One thread."""

    def __init__(self, vectors: Matrix) -> None:
        self._vectors = np.ascontiguousarray(vectors, np.float32)
        self._scale = float(np.abs(self._vectors).max(initial=0.0)) / _LIMIT or 1.0
        rounded = np.rint(self._vectors / self._scale).astype(np.int8)
        self._error = float(np.linalg.norm(self._vectors - self._scale * rounded, axis=1).max(initial=0.0))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        model = _product(np.ascontiguousarray(rounded.T))
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def above(self, rows: Matrix, least: float) -> Near:
        """The pairs whose similarity is at least `least`: those that the product of floats gives, all of them.

        Two ways to add up the same floats may differ in the last place, so a pair within 1e-6 of `least` may fall on either
        side. `rows` have length one or less.
        """
        if not len(rows) or not len(self._vectors):
            return Near(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        row, vector = self._possible(rows, least)
        similarity = np.einsum("ij,ij->i", rows[row], self._vectors[vector])
        kept = similarity >= least
        return Near(row[kept], vector[kept], similarity[kept])

    def _possible(self, rows: Matrix, least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        scales = np.abs(rows).max(axis=1) / _LIMIT
        scales[scales == 0] = 1.0
        rounded = np.rint(rows / scales[:, None])
        errors = np.linalg.norm(rows - scales[:, None] * rounded, axis=1)
        products = self._session.run(None, {"rows": (rounded + _ZERO).astype(np.uint8)})[0]
        # x·y = x'·y' + (x-x')·y' + x·(y-y'), and neither y' nor x is longer than 1 plus its error
        margin = errors * (1 + self._error) + self._error + _SLACK
        limits = np.ceil((least - margin) / (scales * self._scale)).astype(np.int64)
        row, vector = np.divmod(np.flatnonzero(products >= limits.astype(np.int32)[:, None]), products.shape[1])
        return row, vector


def _product(matrix: NDArray[np.int8]) -> bytes:
    """An ONNX model of one step: unsigned rows times this matrix, in whole numbers. The matrix is a constant of the model,

    so that it is laid out for the processor once. Written by hand (onnx.proto3): the package `onnx` would be needed for
    nothing else.
    """
    zero = _tensor("zero", (), _UINT8, bytes([_ZERO]))
    held = _tensor("vectors", matrix.shape, _INT8, matrix.tobytes())
    names = b"".join(_field(1, name) for name in (b"rows", b"vectors", b"zero"))
    node = names + _field(2, b"products") + _field(4, b"MatMulInteger")
    graph = _field(1, node) + _field(2, b"product") + _field(5, held) + _field(5, zero)
    graph += _field(11, _value("rows", _UINT8, matrix.shape[0])) + _field(12, _value("products", _INT32, matrix.shape[1]))
    return _number(1, 8) + _field(8, _number(2, 13)) + _field(7, graph)


def _tensor(name: str, shape: tuple[int, ...], kind: int, raw: bytes) -> bytes:
    return b"".join(_number(1, size) for size in shape) + _number(2, kind) + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, kind: int, width: int) -> bytes:
    shape = _field(1, _field(2, b"count")) + _field(1, _number(1, width))
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, shape)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))
