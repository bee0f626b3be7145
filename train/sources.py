"""Fine-tunes the encoder that tells who is behind a passage: `python -m train.sources SET [SET ...] --polnear FILE ...`.

A SET is `CLAIMS:TEXTS:GOLD`, as in `train.match`. Writes workers/model/sources.onnx and source_heads.npz. With `--hold-out
NAME`, a folder's name, that set is kept aside and reported: a figure for the very weights that are written. Fixed seeds, one
thread.
"""

import argparse
import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from train.bases import minilm
from train.encoder import descend, export, prepared
from train.encoder_model import WIDTH, StanceEncoder, pretrained
from train.source_data import Learned, Row, polnear, stacked, story
from workers.agreement import same_name
from workers.encoder import BEGIN, END, Encoder
from workers.pair_encoder import SHIPPED as ANY_MODEL
from workers.source_facts import ANONYMITIES, NAME_FACTS, PASSAGE_FACTS, RULED, RULED_NAMES
from workers.source_heads import HEADS_FILE, NOBODY, PAIRED, QUESTIONS, heads_to
from workers.sourcing import SHIPPED

EPOCHS, ROUNDS_OF_POLNEAR, BATCH, RATE, SEED, FROZEN, SMOOTHING = 5, 2, 4, 2e-4, 0, 1, 0.05
HIDDEN, DROPOUT = 96, 0.2
UNADVISED, UNADVISED_KNOWN = 0.25, 0.6
"""Share of passages that are shown without the rules' answer; more of them in sets that the rules were written on."""
POLNEAR_COUNTS = 0.5
COUNTS = {"speaker": 0.7, "organisation": 0.7, "echo": 1.0}


class Item(NamedTuple):
    window: Learned
    counts: float
    unadvised: float


class Body(StanceEncoder):
    """The encoder without its head: one vector a word piece."""

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        x = self.drop(self.norm(self.words(ids) + self.places.weight[: ids.shape[1]] + self.types(types)))
        blocked = (1 - mask[:, None, None, :].float()) * -1e4
        for layer in self.layers:
            x = layer(x, blocked)
        return x


class Heads(nn.Module):
    """What `workers.source_heads.answer` computes, for all passages of a window at once."""

    def __init__(self) -> None:
        super().__init__()
        facts, names = len(PASSAGE_FACTS), len(NAME_FACTS)
        self.q, self.c, self.f = nn.Linear(2 * WIDTH + facts, HIDDEN), nn.Linear(2 * WIDTH, HIDDEN), nn.Linear(names, HIDDEN)
        self.mix, self.out = nn.Linear(HIDDEN, 3 * HIDDEN), nn.Parameter(torch.randn(3, HIDDEN) * 0.05)
        self.bq, self.bc = nn.Linear(2 * WIDTH, 3 * PAIRED), nn.Linear(2 * WIDTH, 3 * PAIRED)
        self.rf, self.null = nn.Parameter(torch.zeros(3, names)), nn.Linear(HIDDEN, 3)
        self.pool_q, self.pool_t = nn.Linear(2 * WIDTH, 64), nn.Linear(WIDTH, 64)
        self.anon, self.anon2 = nn.Linear(3 * WIDTH + facts, HIDDEN), nn.Linear(HIDDEN, 3)
        self.anonf, self.drop = nn.Linear(facts, 3), nn.Dropout(DROPOUT)

    def forward(self, pieces: Tensor, window: Learned, facts: Tensor, of_names: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (passages, 3) of anonymity, (passages, 3) of nobody, (passages, names, 3)."""
        passage = torch.stack([torch.cat([pieces[a:b].mean(0), pieces[a]]) for a, b in (row.passage for row in window.rows)])
        asked = self.q(self.drop(torch.cat([passage, facts], 1)))
        around = (self.pool_q(passage) @ self.pool_t(pieces).T / 8).softmax(-1) @ pieces
        mood = self.anon(torch.cat([passage, around, facts], 1)).relu()
        anonymity = self.anon2(self.drop(mood)) + self.anonf(facts)
        nobody = self.null(asked.relu())
        if not window.names:
            return anonymity, nobody, torch.zeros(len(window.rows), 0, 3)
        names = torch.stack([torch.cat([pieces[a:b].mean(0), pieces[b - 1]]) for a, b in window.names])
        hidden = (asked[:, None] + self.c(self.drop(names))[None] + self.f(of_names)).relu()
        mixed = self.mix(self.drop(hidden)).relu().view(*hidden.shape[:2], 3, HIDDEN)
        mine, theirs = self.bq(passage).view(-1, 3, PAIRED), self.bc(names).view(-1, 3, PAIRED)
        found = (mixed * self.out).sum(-1) + torch.einsum("phd,nhd->pnh", mine, theirs) / 8 + of_names @ self.rf.T
        return anonymity, nobody, found


class Both(nn.Module):
    """`head` is named so for `descend`, which lets it learn faster."""

    def __init__(self) -> None:
        super().__init__()
        public = pretrained(minilm(), 1)
        self.body, self.head = Body(1), Heads()
        self.body.load_state_dict(public.state_dict())
        body = self.body
        for part in (body.head, body.words, body.places, body.types, body.norm, *body.layers[:FROZEN]):
            part.requires_grad_(requires_grad=False)

    def pieces(self, windows: list[Learned]) -> Tensor:
        longest = max(len(window.ids) for window in windows) + 2
        ids, mask = (torch.zeros(len(windows), longest, dtype=torch.long) for _ in range(2))
        for n, window in enumerate(windows):
            row = torch.tensor([BEGIN, *window.ids, END])
            ids[n, : len(row)], mask[n, : len(row)] = row, 1
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = self.body(ids, mask, torch.zeros_like(ids))
        return found.float()[:, 1:]


def loss(model: Both, batch: list[Item]) -> Tensor:
    pieces, total, rows = model.pieces([item.window for item in batch]), torch.zeros(()), 0
    for n, item in enumerate(batch):
        given = model.head(pieces[n, : len(item.window.ids)], item.window, *_facts(item))
        total = total + item.counts * _loss(item.window, *given)
        rows += len(item.window.rows)
    return total / rows


def _facts(item: Item) -> tuple[Tensor, Tensor]:
    facts, of_names = (torch.from_numpy(part) for part in stacked(item.window.rows))
    advised = (torch.rand(len(facts), 1) >= item.unadvised).float()
    shown = torch.cat([advised.expand(-1, RULED), torch.ones(len(facts), facts.shape[1] - RULED)], 1)
    names = torch.cat([advised.expand(-1, RULED_NAMES), torch.ones(len(facts), of_names.shape[2] - RULED_NAMES)], 1)
    return facts * shown, of_names * names[:, None]


def _loss(window: Learned, anonymity: Tensor, nobody: Tensor, names: Tensor) -> Tensor:
    told = torch.tensor([row.anonymity for row in window.rows])
    total = torch.zeros(())
    if (told >= 0).any():
        total = nn.functional.cross_entropy(anonymity[told >= 0], told[told >= 0], label_smoothing=SMOOTHING, reduction="sum")
    for question, name in enumerate(QUESTIONS):
        shares = _of_bearers(window, nobody, names, question).log_softmax(-1)
        for n, row in enumerate(window.rows):
            if row.wanted[question]:
                share = torch.logsumexp(shares[n, [bearer + 1 for bearer in row.wanted[question]]], 0)
                if share.item() > NOBODY / 2:  # a bearer that stands in another window only teaches nothing here
                    total = total - COUNTS[name] * share
    return total


def _of_bearers(window: Learned, nobody: Tensor, names: Tensor, question: int) -> Tensor:
    """(passages, 1 + bearers): of nobody, and of each bearer by all its names together."""
    where = torch.full((len(window.names), len(window.cast)), NOBODY)
    for n, bearer in enumerate(window.bearers[question]):
        where[n, bearer] = 0.0
    empty = torch.full((len(window.rows), len(window.cast)), NOBODY)
    found = torch.logsumexp(names[:, :, question, None] + where[None], 1) if window.names else empty
    return torch.cat([nobody[:, question : question + 1], found], 1)


def _batches(items: list[Item]) -> list[list[Item]]:
    items = random.sample(items, len(items))
    batches = []
    for start in range(0, len(items), BATCH * 20):
        part = sorted(items[start : start + BATCH * 20], key=lambda item: len(item.window.ids))
        batches += [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
    random.shuffle(batches)
    return batches


def fine_tune(own: list[Item], others: list[Item]) -> Both:
    model = Both()
    steps = EPOCHS * -(-len(own) // BATCH) + ROUNDS_OF_POLNEAR * -(-len(others) // BATCH)
    rounds = (_batches([*own, *(others if n < ROUNDS_OF_POLNEAR else [])]) for n in range(EPOCHS))
    descend(model, RATE, steps, rounds, lambda batch: loss(model, batch), warm_head=5)
    return model


@torch.no_grad()
def report(model: Both, windows: list[Learned]) -> str:
    """Share of right answers, the model's and the rules', on passages that the model has not seen."""
    model.eval()
    right: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for window in windows:
        facts, of_names = (torch.from_numpy(part) for part in stacked(window.rows))
        pieces = model.pieces([window])[0, : len(window.ids)]
        anonymity, nobody, names = model.head(pieces, window, facts, of_names)
        best = [_of_bearers(window, nobody, names, question).argmax(1) for question in range(len(QUESTIONS))]
        for n, row in enumerate(window.rows):
            said = [None if not int(found[n]) else window.cast[int(found[n]) - 1] for found in best]
            _count(right, there, row, ANONYMITIES[int(anonymity[n].argmax())], said)
    return ", ".join(f"{name} {right[name] / there[name]:.2f} of {there[name]}" for name in sorted(there))


def _count(right: Counter[str], there: Counter[str], row: Row, anonymity: str, said: list[str | None]) -> None:
    ruled = (row.ruled.who.speaker, row.ruled.who.organisation, row.ruled.relayed)
    there.update(["anonymity", "anonymity by rule"])
    right["anonymity"] += anonymity == row.label.anonymity
    right["anonymity by rule"] += row.ruled.who.anonymity == row.label.anonymity
    for question, wanted, mine, rule in zip(QUESTIONS, row.label[1:], said, ruled, strict=True):
        if wanted is not None:
            there.update([question, f"{question} by rule"])
            right[question] += same_name(mine, wanted)
            right[f"{question} by rule"] += same_name(rule.text if rule else None, wanted)
        elif question == "echo":
            there["echo invented"] += 1
            right["echo invented"] += mine is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="CLAIMS:TEXTS:GOLD")
    parser.add_argument("--polnear", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--hold-out", action="append", default=[], metavar="NAME")
    parser.add_argument("--rules-know", action="append", default=[], metavar="NAME", help="sets that the rules were written on")
    given = parser.parse_args()
    encoder = Encoder(ANY_MODEL, prepared(SEED))  # for its tokenizer
    sets = {Path(one.split(":")[2]).name: story(*map(Path, one.split(":")), encoder) for one in given.sets}
    own = [
        Item(window, 1.0, UNADVISED_KNOWN if name in given.rules_know else UNADVISED)
        for name, windows in sets.items()
        if name not in given.hold_out
        for window in windows
    ]
    others = [Item(window, POLNEAR_COUNTS, UNADVISED) for path in given.polnear for window in polnear(path, encoder)]
    passages = sum(len(item.window.rows) for item in own)
    print(f"{len(own)} windows with {passages} passages, and {len(others)} of PolNeAR", flush=True)
    model = fine_tune(own, others)
    export(model.body, SHIPPED)
    heads_to({name: np.asarray(value) for name, value in model.head.state_dict().items()}, HEADS_FILE)
    print("wrote", SHIPPED, HEADS_FILE, flush=True)
    for name in given.hold_out:
        print(name, report(model, sets[name]), flush=True)


if __name__ == "__main__":
    main()
