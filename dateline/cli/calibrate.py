"""Thresholds that learn from reviews."""

from typing import Annotated, Any

import typer

from dateline import show
from dateline.cli.options import HomeOption, JsonOption, console, plain, print_json, resolved, say, table
from dateline.home import Home

RateOption = Annotated[
    float, typer.Option("--false-matches", min=0.005, max=0.5, help="The share of mentions shown that may be wrong.")
]


def register(app: typer.Typer) -> None:
    app.command("calibrate")(calibrate)


def calibrate(
    rate: RateOption = 0.1,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="How sure a proposal must be.")] = 0.9,
    pooled: Annotated[bool, typer.Option("--pooled", help="One threshold for all claims, from all reviews together.")] = False,
    do_apply: Annotated[bool, typer.Option("--apply", help="Amend the claims as proposed.")] = False,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Proposes thresholds from your reviews of mentions, so that false matches stay below a rate you state.

    Rejected mentions count as false matches, confirmed and corrected ones as right. Where there are too few reviews to be
    sure, it says so and proposes nothing. Without --apply nothing is changed.
    """
    from dateline.calibrating import apply
    from dateline.calibrating import calibrate as found_by_reviews

    with Home(resolved(home)) as opened:
        found = found_by_reviews(opened, rate, confidence)
        amended = apply(opened, found, pooled=pooled).amended if do_apply else ()
    rows = {"all claims": found.pooled} if pooled else found.claims
    if as_json:
        told = {name: proposal._asdict() for name, proposal in rows.items()}
        print_json({"reader": found.reader, "other_readers": found.other_readers, "proposals": told, "amended": amended})
        return
    shown = [_row(name, proposal, rate) for name, proposal in rows.items()]
    table(None, ("claim", "reviews", "now", "proposed", "wrong above it", "right ones kept", ""), shown)
    if not rows:
        console().print(plain("No mention that the present reader has scored was reviewed; `dateline review` records one."))
    if found.other_readers:
        say(f"{found.other_readers} reviews are about mentions that another version of the reader scored, and do not count.")
    if do_apply:
        say(f"Amended: {', '.join(amended)}." if amended else "Nothing to amend.")


def _row(name: str, found: Any, rate: float) -> tuple[object, ...]:
    words = {
        "proposed": "",
        "kept": "keep it",
        "too_few": f"too few reviews: {found.needed} at least, none of them wrong, for {rate:.0%}",
        "unreachable": f"no threshold is surely below {rate:.0%} yet",
    }
    above = f"{found.wrong_shown} of {found.shown} (at most {found.at_most:.0%})"
    proposed = found.threshold if found.verdict == "proposed" else ""
    return name, f"{found.judged} ({found.wrong} wrong)", found.now, proposed, above, f"{found.kept:.0%}", words[found.verdict]
