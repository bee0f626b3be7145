"""The shipped stance weights: what they hold and how they are read from one file."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.pair_article import Weights
from workers.pair_headline import BUCKETS, hashed
from workers.trees import Floats, Forest, forest_from

SHIPPED = Path(__file__).with_name("model") / "stance.npz"
FILE_VERSION = 2


class Linear(msgspec.Struct, frozen=True):
    """Logistic regression over hashed n-grams (TF-IDF, unit length) beside standardised features."""

    idf: Weights
    words: NDArray[np.float32]
    features: Floats
    bias: Floats

    def raw(self, words: list[str], standard: Floats) -> Floats:
        """One log-odds a class."""
        columns, counts = hashed(words)
        values = counts * self.idf[columns]
        norm = float(np.linalg.norm(values)) or 1.0
        logits: Floats = (values / norm) @ self.words[columns] + standard @ self.features + self.bias
        return logits


class HeadlineModel(msgspec.Struct, frozen=True):
    """Three learners of one question, averaged: what does this headline do with the claim it is about?"""

    centre: Floats
    scale: Floats
    outlines: Linear
    wordings: Linear
    trees: Forest


class StanceModel(msgspec.Struct, frozen=True):
    """All weights. `mix` is the encoder's share, `lean` the factor on `denies`, both for headlines and for articles; `gate`
    is added to the log-odds that a headline is unrelated."""

    version: str
    headline: HeadlineModel
    relation: Floats
    rarity: Weights
    related: Forest
    article: Forest
    mix: tuple[float, float]
    lean: tuple[float, float]
    gate: float


class ModelUnreadable(Exception):
    """A weights file is missing, damaged, or of another version than this code reads."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; reinstall dateline, or train again with `make train DATA=DIR`")
        self.path, self.reason = path, reason


def load_model(path: Path = SHIPPED) -> StanceModel:
    """Reads the weights, in about a tenth of a second. Raises ModelUnreadable."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            given = dict(stored)
        if int(given["version"]) != FILE_VERSION:
            raise ModelUnreadable(path, f"is of version {given['version']}, expected {FILE_VERSION}")
        return _model(given)
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnreadable(path, str(error)) from error


def _model(given: Mapping[str, NDArray[np.generic]]) -> StanceModel:
    mix, lean = _floats(given, "mix"), _floats(given, "lean")
    return StanceModel(
        version=str(given["name"]),
        headline=headline_model(given),
        relation=_floats(given, "relation"),
        rarity=np.asarray(given["rarity"], dtype=np.float32),
        related=forest_from(given, "related"),
        article=forest_from(given, "article"),
        mix=(mix[0], mix[1]),
        lean=(lean[0], lean[1]),
        gate=float(_floats(given, "gate")),
    )


def headline_model(given: Mapping[str, NDArray[np.generic]]) -> HeadlineModel:
    """Raises KeyError or ValueError where an array is missing or of another shape."""
    return HeadlineModel(
        centre=_floats(given, "centre"),
        scale=_floats(given, "scale"),
        outlines=_linear(given, "outlines"),
        wordings=_linear(given, "wordings"),
        trees=forest_from(given, "headline"),
    )


def _floats(given: Mapping[str, NDArray[np.generic]], name: str) -> Floats:
    return np.asarray(given[name], dtype=np.float64)


def _linear(given: Mapping[str, NDArray[np.generic]], name: str) -> Linear:
    words = np.asarray(given[f"{name}/words"], dtype=np.float32)
    idf = np.asarray(given[f"{name}/idf"], dtype=np.float32)
    if words.shape != (BUCKETS, 3) or idf.shape != (BUCKETS,):
        raise ValueError(f"{name} holds weights of shape {words.shape}")
    return Linear(idf, words, _floats(given, f"{name}/features"), _floats(given, f"{name}/bias"))
