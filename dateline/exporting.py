"""Evidence bundles of a home: chosen, reported on, signed and written."""

from pathlib import Path

from dateline import answers
from dateline.errors import UserError
from dateline.home import Home
from dateline.keys import KeyRing
from store.bundle import Bundle, Scope, choose, write_bundle
from store.bundle.report import report
from store.checkpoint import sign


def export(home: Home, scope: Scope, path: Path) -> Bundle:
    """Signs the ledger as it stands, then writes everything about the scope. Raises UserError for an unknown one."""
    if path.exists():
        raise UserError(f"{path} is there already. Give a new name.")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is no folder.")
    size = home.ledger.size()
    chosen = choose(home.ledger.read(stop=size), home.ledger.read(stop=size), scope)
    if not chosen.claims and not scope.everything:
        raise UserError(f"there is no {scope}. See `dateline stories list` and `dateline claims list`.")
    keys = KeyRing(home.path, home.ledger.log)
    signer, now = keys.signer(), home.clock.now()
    signed = sign(home.ledger, signer, now)
    assert signed is not None
    if scope.everything:
        chosen = choose(home.ledger.read(stop=signed.checkpoint.size), home.ledger.read(stop=signed.checkpoint.size), scope)
    answer = answers.story_answer(home, None, None, None)
    told = {name: [row for row in answer[name] if row["id" if name == "claims" else "claim"] in chosen.claims]
            for name in ("claims", "timeline")}  # fmt: skip
    page = report(told, scope, signed, keys.verifiers(), now, len(chosen.positions))
    return write_bundle(
        path, scope, chosen, ledger=home.ledger, content=home.content, signed=signed, signer=signer,
        keys=keys.verifiers(), report=page,
    )  # fmt: skip
