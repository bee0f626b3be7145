"""Gradient-boosted trees as plain arrays: trained elsewhere, evaluated here with numpy alone."""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_ROWS = 1024
"""Rows walked at a time, so that memory stays near rows × trees × 8 bytes."""


class Forest(msgspec.Struct, frozen=True):
    """Trees in one node table. Node i sends a row left if `row[feature[i]] <= threshold[i]`, else right.

    A leaf points to itself. Tree t starts at `roots[t]`; its value counts for class `t % classes`.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    roots: NDArray[np.int32]
    depth: int
    classes: int

    def raw(self, rows: Floats) -> Floats:
        """Summed leaf values, one column a class, as `rows` × `classes`."""
        out = np.zeros((len(rows), self.classes))
        for start in range(0, len(rows), _ROWS):
            out[start : start + _ROWS] = self._walk(np.asarray(rows[start : start + _ROWS], dtype=np.float64))
        return out

    def _walk(self, rows: Floats) -> Floats:
        at = np.tile(self.roots, len(rows))
        flat, first = rows.ravel(), np.repeat(np.arange(len(rows)) * rows.shape[1], len(self.roots))
        under_way = np.arange(len(at))
        for _ in range(self.depth):
            here = at[under_way]
            goes_left = flat.take(first.take(under_way) + self.feature.take(here)) <= self.threshold.take(here)
            below = np.where(goes_left, self.left.take(here), self.right.take(here))
            at[under_way] = below
            under_way = under_way[below != here]  # most trees are less deep than the deepest
        summed: Floats = self.value.take(at).reshape(len(rows), -1, self.classes).sum(axis=1)
        return summed


_ARRAYS = ("feature", "threshold", "left", "right", "value", "roots")


def forest_from(arrays: Mapping[str, NDArray[np.generic]], name: str) -> Forest:
    """The forest stored under `name/…`. Raises KeyError if the file has no such forest."""
    depth, classes = (int(n) for n in arrays[f"{name}/shape"])
    given = {part: np.asarray(arrays[f"{name}/{part}"]) for part in _ARRAYS}
    for part in ("threshold", "value"):
        given[part] = given[part].astype(np.float64)
    for part in ("feature", "left", "right", "roots"):
        given[part] = given[part].astype(np.int32)
    return Forest(**given, depth=depth, classes=classes)


def forest_to(forest: Forest, name: str) -> dict[str, NDArray[np.generic]]:
    """The same forest as arrays to store; the inverse of `forest_from`."""
    stored: dict[str, NDArray[np.generic]] = {f"{name}/{part}": getattr(forest, part) for part in _ARRAYS}
    stored[f"{name}/shape"] = np.array([forest.depth, forest.classes])
    return stored


def softmax(raw: Floats) -> Floats:
    """Rows of probabilities."""
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares
