"""What a passage's words, and the rules' opinion of it, say about its stance: a linear model beside the encoder's."""

import re
import zlib
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from store.reading import Attribution
from workers.pair_model import ModelUnreadable
from workers.stance import Judgement
from workers.trees import Floats

WORDS = Path(__file__).with_name("model") / "passage_words.npz"
BUCKETS = 1 << 14
"""Words and pairs of words are hashed (CRC-32) into so many columns; none can be read back."""
_WORD = re.compile(r"[^\W\d_][\w'’]*|\d+|[?!\"“”]")


class PassageWords(NamedTuple):
    """Weights (`BUCKETS`, stances) and biases of the linear model."""

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    def logits(self, columns: list[int]) -> Floats:
        """For a passage's columns; one number a stance, in the order of `store.reading.STANCES`."""
        found: Floats = self.biases.astype(np.float64) + self.weights[columns].sum(axis=0, dtype=np.float64)
        return found


def columns(quote: str, ruled: Judgement, who: Attribution) -> list[int]:
    """The columns that are 1 for this passage, in ascending order. Names and numbers count as such, not as themselves."""
    tokens = [_plain(word, first=n == 0) for n, word in enumerate(_WORD.findall(quote))]
    rule = ruled.why[0].split(":")[1]
    named = {f"rule={ruled.stance}", f"why={rule}", f"anonymity={who.anonymity}", *(f"w:{token}" for token in tokens)}
    named |= {f"b:{one} {two}" for one, two in pairwise(tokens)}
    return sorted({zlib.crc32(name.encode()) % BUCKETS for name in named})


def _plain(word: str, *, first: bool) -> str:
    if word[0].isdigit():
        return "#"
    if word[0].isupper() and not first and word != "I":
        return "@"
    return word.lower().replace("’", "'")


def passage_words() -> PassageWords:
    """The shipped weights. Raises ModelUnreadable."""
    try:
        with np.load(WORDS) as arrays:
            return PassageWords(arrays["weights"], arrays["biases"])
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelUnreadable(WORDS, str(error)) from error


def words_to(model: PassageWords, path: Path) -> None:
    """Writes what `passage_words` reads."""
    np.savez_compressed(path, weights=model.weights.astype(np.float16), biases=model.biases)
