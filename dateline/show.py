"""Answers for people, in a terminal. Whatever came from outside is shown as plain text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from dateline.cli.options import console, plain, table
from store.chronology import Chronology, Line

HOME = Path("~/.dateline")

STATUS_STYLES = {
    "confirmed": "bold green",
    "announced": "green",
    "reported": "cyan",
    "rumoured": "yellow",
    "contested": "bold magenta",
    "denied": "bold red",
    "overtaken": "red",
    "expired": "dim",
    "untested": "dim",
}
STATUS_WORDS = {"denied": "denied by a party"}
STANCE_WORDS = {"no_comment": "no comment"}


def chronology(told: Chronology) -> None:
    """The table of what was new, in order of date."""
    grid = Table("date", "who", "what", "words", title="Chronology", title_justify="left", header_style="bold", expand=True)
    grid.columns[0].no_wrap = True
    for column, ratio in zip(grid.columns[1:], (2, 4, 6), strict=True):
        column.ratio, column.overflow = ratio, "fold"
    for line in told.lines:
        grid.add_row(_dates(line), plain(line.actor or "—"), _what(line), _words(line))
    console().print(grid)
    if told.omitted:
        console().print(Text(f"… and {told.omitted} lighter rows; --rows shows more, --json all.", style="dim"))


def _dates(line: Line) -> Text:
    text = Text(f"{line.date:%d %b %Y}")
    if line.known_on != line.date:
        text.append(f"\nknown {line.known_on:%d %b}", style="dim")
    return text


def _what(line: Line) -> Text:
    text = Text(STANCE_WORDS.get(line.act, line.act), style="bold")
    if line.detail:
        text.append(f" ({line.detail.replace('_', ' ')})", style="")
    text.append("\n" + ", ".join(line.claims), style="not bold")
    if line.variant:
        text.append(f"\n= {line.variant}" + (" (drift)" if line.drift else ""), style="not bold yellow")
    if line.times > 1:
        text.append(f"\n{line.times} mentions, {line.outlets} outlets", style="not bold dim")
    for claim, status in line.statuses:
        text.append(f"\n→ {claim}: ", style="not bold")
        text.append(STATUS_WORDS.get(status, status), style=STATUS_STYLES.get(status, ""))
    return text


def _words(line: Line) -> Text:
    text = plain(_shortened(line.quote) if line.quote else "")
    if line.url:
        text.append("\n")
        text.append(plain(line.url).plain, style="dim")
    return text


def claims(told: Iterable[dict[str, Any]]) -> None:
    """Each claim with its status, its origins against its mentions, and how its status went."""
    grid = Table(
        "claim", "status", "origins / mentions", "history",
        title="Claims", title_justify="left", header_style="bold", expand=True,
    )  # fmt: skip
    grid.columns[3].ratio = 2
    for claim in told:
        status = claim["status"]
        history = " → ".join(f"{c['status']} {c['at']:%d %b}" for c in claim["status_history"])
        grid.add_row(
            plain(claim["id"]),
            Text(STATUS_WORDS.get(status, status), style=STATUS_STYLES.get(status, "")),
            f"{claim['independent_origins']} / {claim['mentions']}",
            history,
        )
    console().print(grid)


def article(answer: dict[str, Any]) -> None:
    out = console()
    out.print(plain(answer["title"] or "(title erased)"), style="bold")
    out.print(plain(answer["url"] or "(URL erased)"))
    state = f"withdrawn {answer['withdrawn_at']:%d %b %Y %H:%M}" if answer["withdrawn_at"] else "standing"
    out.print(f"{answer['outlet']} · published {_at(answer['published'])} · {state} · id {answer['article']}\n")
    table(
        "Revisions",
        ("no.", "seen", "outcome", "edits"),
        [
            (r["revision"], _at(r["seen_at"]), r["outcome"], ", ".join(e["kind"].replace("_", " ") for e in r["edits"]))
            for r in answer["revisions"]
        ],
    )
    if answer["mentions"]:
        rows = [(m["claim"], m["stance"], m["speaker"] or "", _shortened(m["quote"] or "")) for m in answer["mentions"]]
        table("Mentions", ("claim", "stance", "speaker", "quote"), rows)
    for part in answer.get("diff", ()):
        for line in part["lines"]:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            out.print(Text(plain(line).plain, style=style))


def alerts(rows: Sequence[Any], most: int) -> None:
    """How many went out by trigger, and those that tell of a change of status."""
    counted = Counter(row.trigger for row in rows)
    console().print(
        Text(f"\n{len(rows)} alerts would have gone out: ", style="bold")
        + Text(", ".join(f"{count} {trigger.replace('_', ' ')}" for trigger, count in counted.most_common()))
    )
    turns = [row for row in rows if row.trigger == "status_change"]
    table(
        "Changes of status among them",
        ("raised", "rule", "claim", "headline"),
        [(_at(r.raised_at), r.rule, r.claim or "", _shortened(r.headline or "", 90)) for r in turns[:most]],
    )
    if len(turns) > most:
        console().print(Text(f"… and {len(turns) - most} more: `dateline alerts list`.", style="dim"))


def _at(at: datetime | None) -> str:
    return f"{at:%d %b %Y %H:%M}" if at else ""


def _shortened(quote: str, most: int = 220) -> str:
    return quote if len(quote) <= most else quote[: most - 1].rsplit(" ", 1)[0] + " …"
