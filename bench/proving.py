"""Proofs: how long an answer takes that an event is in the log, and that the log only ever grew."""

import random
import tempfile
import time
from pathlib import Path

from bench.append import new_ledger
from bench.figures import Row, Scale, alone
from bench.mentions import T0
from bench.peers import fill
from store import proofs
from store.database import reading
from store.events import MentionWithdrawn
from store.ledger import Draft, Ledger
from store.merkle import range_hash, verify_consistency, verify_inclusion

_BATCH = 10_000


def measure(scale: Scale) -> list[Row]:
    """Milliseconds a proof at random positions of a log of short events; every proof is verified, outside the timing."""
    size, asked = scale.pick(50_000, 1_000_000), scale.pick(50, 300)
    rng = random.Random(11)
    with tempfile.TemporaryDirectory() as folder:
        ledger = new_ledger(Path(folder) / "ledger.db")
        for start in range(0, size, _BATCH):
            fill(ledger, [_short(n) for n in range(start, start + _BATCH)], _BATCH)
        included = [_prove_inclusion(ledger, rng.randrange(size)) for _ in range(asked)]
        consistent = [_prove_consistency(ledger, rng.randrange(1, size)) for _ in range(asked)]
    return [
        alone(f"proof of inclusion, {size:,} events", "ms", included, 10.0),
        alone(f"proof of inclusion, {size:,} events, slowest of {asked}", "ms", [max(included)]),
        alone(f"proof of consistency, {size:,} events", "ms", consistent, 10.0),
    ]


class WrongProof(Exception):
    """A proof does not verify: the figures would be worthless."""


def _short(number: int) -> Draft:
    event = MentionWithdrawn(f"m{number}", f"a{number // 4}", f"claim-{number % 500}", "reread")
    return Draft(event, f"article/a{number // 4}", T0)


def _prove_inclusion(ledger: Ledger, position: int) -> float:
    size, root = proofs.root(ledger.engine)
    (row,) = ledger.stored(position, stop=position + 1)
    began = time.perf_counter()
    proof = proofs.prove_inclusion(ledger.engine, position, size)
    taken = time.perf_counter() - began
    if not verify_inclusion(row.leaf, position, size, proof, root):
        raise WrongProof(position)
    return taken * 1000


def _prove_consistency(ledger: Ledger, old: int) -> float:
    size, root = proofs.root(ledger.engine)
    began = time.perf_counter()
    proof = proofs.prove_consistency(ledger.engine, old, size)
    taken = time.perf_counter() - began
    with reading(ledger.engine) as connection:
        before = range_hash(0, old, proofs.nodes(connection))
    if not verify_consistency(old, size, proof, before, root):
        raise WrongProof(old)
    return taken * 1000
