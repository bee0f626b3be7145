"""`python -m bench [NAME ...] [--quick | --full] [--json FILE]`: figures, side by side with the peers. Always exits 0."""

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.figures import Row, Scale

_WIDTH = 150
"""Columns where no terminal says how many there are."""
BENCHES = {
    "append": "bench.append",
    "replay": "bench.replay",
    "proofs": "bench.proving",
    "asof": "bench.asking",
    "match": "bench.matching",
    "nearest": "bench.nearest",
    "reader": "bench.reading",
    "consume": "bench.consuming",
    "e2e": "bench.e2e",
    "scaling": "bench.scaling",
}
_WHEN_NAMED = {"scaling"}


def main() -> None:
    given = _arguments()
    for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # before numpy is loaded: it then suits itself to the machine
        os.environ.pop(variable, None)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # processor time counts every thread, also one that only waits for another
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    scale, rows = Scale(given.quick, given.full), list[Row]()
    for name in given.names or [name for name in BENCHES if name not in _WHEN_NAMED]:
        began = time.perf_counter()
        found = importlib.import_module(BENCHES[name]).measure(scale)
        rows += found
        console.print(table_of(f"{name} ({time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f})", found))
    if given.json is not None:
        given.json.write_text(json.dumps([{**row._asdict(), "met": row.met} for row in rows], indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(BENCHES)} (all)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small numbers, for a glance; do not quote them")
    size.add_argument("--full", action="store_true", help="as-of questions over a million events: some minutes more")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    given = parser.parse_args()
    if unknown := set(given.names) - BENCHES.keys():
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return given


def table_of(title: str, rows: list[Row]) -> Table:
    """The rows for a terminal. The ratio is the median of the rounds, in brackets the least and the greatest."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("what", "ours", "peer", "", "ratio", "aim", "met"):
        table.add_column(name, no_wrap=True, justify="left" if name in {"what", ""} else "right")
    for row in rows:
        table.add_row(
            row.name, f"{number(row.ours)} {row.unit}", "" if row.peer is None else number(row.peer), row.peer_name,
            ratio(row), aim(row), {None: "", True: "yes", False: "no"}[row.met],
        )  # fmt: skip
    return table


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2f} ({row.low:.2f}-{row.high:.2f})"


def aim(row: Row) -> str:
    if row.aim is None:
        return ""
    return f"< {row.aim:g} {row.unit}" if row.ratio is None else f"{row.aim:g}"


if __name__ == "__main__":
    main()
