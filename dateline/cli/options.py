"""Options that every command shares, and the two ways to answer: for people, and as JSON."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dateline.errors import UserError
from dateline.logs import clean

DEFAULT_HOME = Path("~/.dateline")

HomeOption = Annotated[
    Path,
    typer.Option("--home", envvar="DATELINE_HOME", help="The folder with this Dateline's data and settings."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="T", help="What had happened or been published by T (ISO 8601; a date: its end)."),
]
AsKnownOption = Annotated[
    str | None,
    typer.Option("--as-known", metavar="T", help="What had been recorded by T (ISO 8601; a bare date: its end, UTC)."),
]


def resolved(home: Path) -> Path:
    return home.expanduser().resolve()


def instant(text: str | None, option: str) -> datetime | None:
    """An ISO 8601 instant, UTC where it names no zone; a bare date is the last microsecond of that day, UTC."""
    if text is None:
        return None
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC) + timedelta(days=1, microseconds=-1)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{option} {text!r} is no date. Write 2023-09-11 or 2023-09-11T14:30:00+02:00.") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def print_json(value: Any) -> None:
    """One JSON value on standard output, indented, keys in the order given."""
    encoded = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def print_lines(values: Iterable[Any]) -> None:
    """JSON lines on standard output."""
    for value in values:
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def console() -> Console:
    """As wide as the terminal; 120 columns where there is none, so that files and pipes get whole rows."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def say(line: str) -> None:
    """One line for people, not wrapped, with whatever came from outside made safe."""
    sys.stdout.write(clean(line) + "\n")


def plain(value: object) -> Text:
    """Text from outside, safe in a terminal: no markup, no control or direction-changing characters."""
    return Text(clean(str(value)) if value is not None else "")


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    grid = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else plain(cell) for cell in row))
    console().print(grid)
