"""How well the reader does on labelled material of your own."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from dateline.cli.options import JsonOption, console, plain, print_json, table
from dateline.cli.readings import ModelOption
from store.reading import STANCES

_COMPARED = ("anonymity", "organisation", "speaker", "hedging", "variant", "said_on", "echo_found", "echo_invented")


def register(app: typer.Typer) -> None:
    app.command("evaluate")(evaluate)


def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds claims.yaml, mentions.jsonl and texts/.")],
    texts: Annotated[Path | None, typer.Option(help="Where the texts lie, if not in DIR/texts.")] = None,
    model: ModelOption = True,
    home: Annotated[Path | None, typer.Option(help="Not needed; accepted for uniformity.", hidden=True)] = None,  # noqa: ARG001
    as_json: JsonOption = False,
) -> None:
    """Scores the reader on a labelled folder: what it finds, misses and invents, and how it understands it."""
    from dateline.evaluating import evaluated
    from dateline.labelled import load
    from workers.vectors import load_vectors

    given = load(folder, texts)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("reading", total=len(given.documents))
        told = evaluated(given, load_vectors() if model else None, lambda: bar.advance(task))
    if as_json:
        print_json(told)
    else:
        _show(told)


def _show(told: dict[str, Any]) -> None:
    found, out = told["mentions"], console()
    out.print(plain(f"{told['documents']} documents, {found['labelled']} labelled mentions; reader {told['reader']}"))
    out.print(
        f"found {found['found']}: {found['hit']} labelled ones hit, {found['wrong']} wrong, {found['optional']} optional; "
        f"{told['traps']['fallen_for']} of {told['traps']['of']} traps fallen for\n"
    )
    rows = [(name, *_three(told[key])) for name, key in (("passages", "passage"), ("documents and claims", "document"))]
    table("Detection", ("", "precision", "recall", "F1"), rows)
    _show_stances(told["stance"])
    shares = [(field.replace("_", " "), _share(told["details"][field])) for field in _COMPARED]
    table("Of the mentions hit, right about", ("", "share"), shares)
    _show_curve(told)


def _show_stances(told: dict[str, Any]) -> None:
    rows = [
        (label, *(row.get(stance, "") or "" for stance in STANCES), row.get("(missed)", ""))
        for label, row in told["confusion"].items()
    ]
    table("Stances: labelled (rows), read (columns)", ("", *STANCES, "(missed)"), rows)
    rates = [(stance, *_three(one["end_to_end"]), f"{one['on_hits']['f1']:.2f}") for stance, one in told["by_stance"].items()]
    table("Stances, end to end", ("", "precision", "recall", "F1", "F1 on hits"), rates)
    console().print(f"On hits: accuracy {told['accuracy']:.2f}, macro-F1 {told['macro_f1']:.2f}")


def _show_curve(told: dict[str, Any]) -> None:
    rows = [
        (
            Text(str(point["threshold"]), style="bold" if point["threshold"] == told["threshold"] else ""),
            f"{point['recall']:.2f}", f"{point['false_matches']:.2f}", f"{point['f1']:.2f}", _share(point["articles_astray"]),
        )
        for point in told["curve"]
    ]  # fmt: skip
    title = f"Were one threshold set for all claims (the reader's own is {told['threshold']})"
    table(title, ("threshold", "recall", "false matches", "F1", "articles about nothing labelled"), rows)


def _three(rates: dict[str, float]) -> tuple[str, str, str]:
    return f"{rates['precision']:.2f}", f"{rates['recall']:.2f}", f"{rates['f1']:.2f}"


def _share(share: dict[str, float]) -> str:
    return f"{share['rate']:.2f}  ({share['count']} of {share['of']})" if share["of"] else "–"
