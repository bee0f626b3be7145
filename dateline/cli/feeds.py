"""Feeds: what is polled."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dateline import show
from dateline.cli.options import HomeOption, JsonOption, print_json, resolved, say, table
from dateline.errors import FAILED, PARTIAL, UserError
from dateline.home import Home
from dateline.parts import add_feeds_of, open_fetcher
from ingest.feeds import add_feed, remove_feed
from ingest.opml import Outline, write_opml
from ingest.urls import UrlRefused
from store.database import reading
from store.timeline import Feed

app = typer.Typer(help="Feeds: what is polled.", no_args_is_help=True)

UrlArgument = Annotated[str, typer.Argument(help="The feed's address.")]


@app.command("add")
def add(
    url: UrlArgument,
    outlet: Annotated[str | None, typer.Option(help="The publisher's printed name.")] = None,
    title: Annotated[str | None, typer.Option(help="What to call the feed.")] = None,
    interval: Annotated[int | None, typer.Option(min=10, help="Seconds between polls, to begin with.")] = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Adds a feed. It is polled from now on while `dateline run` runs."""
    with Home(resolved(home)) as opened:
        again = sum(1 for feed in _feeds(opened) if feed.url == url and feed.state == "gone")
        try:
            draft = add_feed(
                url,
                now=opened.clock.now(),
                title=title,
                outlet_name=outlet,
                interval=interval or opened.settings.ingest.interval,
                again=again,
            )
        except UrlRefused as error:
            raise UserError(f"{url}: {error}. A feed has an http or https address.") from error
        recorded = opened.ledger.append([draft], actor="operator")
    if as_json:
        print_json({"added": bool(recorded), "url": url})
    else:
        say(f"Added {url}." if recorded else f"{url} is polled already.")


@app.command("list")
def list_feeds(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """All feeds, and whether they can be read."""
    with Home(resolved(home)) as opened:
        feeds = _feeds(opened)
    if as_json:
        print_json(feeds)
        return
    rows = [(f.outlet_name or f.outlet, f.state, f"{f.since:%d %b %Y %H:%M}", f.interval, f.url) for f in feeds]
    table(None, ("outlet", "state", "since", "interval", "address"), rows)


@app.command("remove")
def remove(url: UrlArgument, home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """Stops polling a feed. Its articles stay."""
    with Home(resolved(home)) as opened:
        found = next((feed for feed in _feeds(opened) if url in {feed.url, feed.feed} and feed.state != "gone"), None)
        if found is None:
            raise UserError(f"{url} is not polled. See `dateline feeds list`.")
        again = opened.ledger.size()
        opened.ledger.append([remove_feed(found, now=opened.clock.now(), again=again)], actor="operator")
    if as_json:
        print_json({"removed": url})
    else:
        say(f"Removed {url}.")


@app.command("import")
def import_feeds(
    file: Annotated[Path, typer.Argument(help="An OPML file.")],
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Adds all feeds of an OPML file. Safe to repeat."""
    with Home(resolved(home)) as opened:
        added, refused = add_feeds_of(opened, file)
    if as_json:
        print_json({"added": added, "refused": refused})
    else:
        say(f"{added} feeds added.")
    for address in refused:
        sys.stderr.write(f"dateline: left out, no http or https address: {address!r}\n")
    if refused:
        raise typer.Exit(PARTIAL)


@app.command("export")
def export(home: HomeOption = show.HOME, as_json: JsonOption = False) -> None:
    """Writes the feeds as OPML to standard output; `import` reads it back."""
    with Home(resolved(home)) as opened:
        feeds = [feed for feed in _feeds(opened) if feed.state != "gone"]
    if as_json:
        print_json(feeds)
        return
    outlines = [Outline(f.url, f.title, (), f.outlet, f.outlet_name, f.interval) for f in feeds]
    sys.stdout.write(write_opml(outlines).decode())


@app.command("check")
def check(
    url: Annotated[str | None, typer.Argument(help="One feed's address; all feeds without it.")] = None,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Fetches feeds now and says what is in them. Records nothing."""
    from ingest.item import Unreadable
    from ingest.outcome import Fetched
    from ingest.parse import parse_feed

    with Home(resolved(home)) as opened:
        urls = [url] if url else [feed.url for feed in _feeds(opened) if feed.state != "gone"]
        fetcher = open_fetcher(opened)
        found = []
        for address in urls:
            outcome = fetcher.fetch(address)
            row: dict[str, object] = {"url": address, "outcome": type(outcome).__name__.lower()}
            if isinstance(outcome, Fetched):
                parsed = parse_feed(outcome.body, outcome.headers, outcome.url)
                if isinstance(parsed, Unreadable):
                    row |= {"status": outcome.status, "items": 0, "problems": [parsed.reason]}
                else:
                    row |= {"status": outcome.status, "title": parsed.title, "items": len(parsed.items)}
                    row |= {"problems": parsed.problems}
            else:
                row |= {"reason": getattr(outcome, "reason", "")}
            found.append(row)
    if as_json:
        print_json(found)
    else:
        table(
            None,
            ("address", "outcome", "items", "problems"),
            [(r["url"], r["outcome"], r.get("items", ""), r.get("problems") or r.get("reason", "")) for r in found],
        )
    if any(not row.get("items") for row in found):
        raise typer.Exit(FAILED if len(found) == 1 else PARTIAL)


def _feeds(opened: Home) -> list[Feed]:
    _ = opened.ledger
    with reading(opened.engine) as connection:
        return list(opened.timeline.feeds(connection))
