"""Reading without a home: match, stance and rank work on files alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dateline.claimsfile import load_claims
from dateline.cli.options import print_lines
from dateline.errors import FAILED, UserError

if TYPE_CHECKING:
    from workers.rank import Entry

ModelOption = Annotated[bool, typer.Option("--model/--no-model", help="Use the installed sentence model, or words alone.")]


def register(app: typer.Typer) -> None:
    app.command("match")(match)
    app.command("stance")(stance)
    app.command("rank")(rank)


def match(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Articles: text, HTML or JSON files.")],
    claims: Annotated[Path, typer.Option(help="The claims to look for (YAML).")],
    docs: Annotated[Path | None, typer.Option(help='JSON lines {"doc","outlet","url","published"} about the files.')] = None,
    model: ModelOption = True,
    home: Annotated[Path | None, typer.Option(help="Not needed; accepted for uniformity.", hidden=True)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines are the only form.", hidden=True)] = True,
) -> None:
    """What the reader finds in files: JSON lines, one mention each. Needs no home."""
    from workers.matchfile import UnreadableArticle, match_files
    from workers.read import Reader
    from workers.vectors import load_vectors

    reader = Reader(load_claims(claims), load_vectors() if model else None, b"match")
    for path in (*paths, *([docs] if docs else [])):
        if not path.is_file():
            raise UserError(f"{path}: there is no such file.")
    try:
        print_lines(match_files(reader, paths, docs))
    except UnreadableArticle as error:
        raise UserError(str(error), FAILED) from error


def stance(
    pairs: Annotated[Path, typer.Option(help='JSON lines {"id","claim","text"}; the text a headline or an article.')],
    model: ModelOption = True,
    home: Annotated[Path | None, typer.Option(hidden=True)] = None,
    as_json: Annotated[bool, typer.Option("--json", hidden=True)] = True,
) -> None:
    """The stance of a text towards a claim: affirms, denies, discusses or unrelated. JSON lines. Needs no home."""
    from workers.pair_encoder import load_encoder
    from workers.pair_model import load_model
    from workers.pairs import Pair, judge

    given = (Pair(str(row["id"]), row["claim"], row["text"]) for row in _rows(pairs, ("id", "claim", "text")))
    print_lines(judge(given, load_model(), load_encoder() if model else None))


def rank(
    claims: Annotated[Path, typer.Option(help='JSON lines {"id","text"}: the registered claims.')],
    queries: Annotated[Path, typer.Option(help='JSON lines {"id","text"}: the texts.')],
    top: Annotated[int, typer.Option(min=1, help="How many claims for each text.")] = 5,
    model: ModelOption = True,
    home: Annotated[Path | None, typer.Option(hidden=True)] = None,
    as_json: Annotated[bool, typer.Option("--json", hidden=True)] = True,
) -> None:
    """Which registered claims does each text repeat? JSON lines, best first. Needs no home."""
    from workers.rank import Register, load_weights
    from workers.rank import rank as ranked
    from workers.vectors import load_vectors

    weights = load_weights()
    register = Register(_entries(claims), load_vectors() if model else None)
    print_lines(ranked(register, _entries(queries), weights, top=top))


def _entries(path: Path) -> "list[Entry]":
    from workers.rank import Entry

    return [Entry(str(row["id"]), row["text"]) for row in _rows(path, ("id", "text"))]


def _rows(path: Path, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}: line {number}: {error}") from error
        missing = [name for name in fields if not isinstance(row, dict) or name not in row]
        if missing:
            raise UserError(f"{path}: line {number}: {missing[0]!r} is missing")
        yield row
