"""Why the reader took a passage for a claim, and understood it as it did."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from dateline import show
from dateline.claimsfile import load_claims
from dateline.cli.options import HomeOption, JsonOption, console, plain, print_json, resolved, table
from dateline.cli.readings import ModelOption
from dateline.errors import FAILED, UserError
from dateline.home import Home


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    targets: Annotated[
        list[str], typer.Argument(metavar="MENTION | PATH…", help="A mention's id (see `story --json`); with --claims, files.")
    ],
    claims: Annotated[Path | None, typer.Option(help="Explain what is found of these claims (YAML) in files.")] = None,
    docs: Annotated[Path | None, typer.Option(help='JSON lines {"doc","outlet","url","published"} about the files.')] = None,
    model: ModelOption = True,
    home: HomeOption = show.HOME,
    as_json: JsonOption = False,
) -> None:
    """Why a passage was taken for its claim, and understood so: words, scores, cues, and which rule or feature decided."""
    told = [_of_mention(targets, home)] if claims is None else _of_files(targets, claims, docs, model)
    if as_json:
        print_json(told if claims is not None else told[0])
        return
    for number, one in enumerate(told):
        if number:
            console().rule()
        _show(one)


def _of_mention(targets: list[str], home: Path) -> dict[str, Any]:
    from dateline.explaining import explain_mention

    if len(targets) != 1:
        raise UserError("give one mention's id, or files with --claims.")
    with Home(resolved(home)) as opened:
        return explain_mention(opened, targets[0])


def _of_files(targets: list[str], claims: Path, docs: Path | None, model: bool) -> list[dict[str, Any]]:
    from dateline.explaining import explain_files
    from workers.matchfile import UnreadableArticle
    from workers.read import Reader
    from workers.vectors import load_vectors

    paths = [Path(target) for target in targets]
    for path in (*paths, *([docs] if docs else [])):
        if not path.is_file():
            raise UserError(f"{path}: there is no such file.")
    reader = Reader(load_claims(claims), load_vectors() if model else None, b"explain")
    try:
        return list(explain_files(reader, paths, docs))
    except UnreadableArticle as error:
        raise UserError(str(error), FAILED) from error


def _show(told: dict[str, Any]) -> None:
    out = console()
    out.print(plain(f"{told['claim']['id']}: {told['claim']['text']}"), style="bold")
    found = told["found"]
    out.print(plain(f"“{found['quote'] if found else told['quote'] or '(erased)'}”"))
    _show_source(told)
    if told["review"] is not None:
        changed = ", ".join(f"{name} {value}" for name, value in told["review"].items() if value and name != "decision")
        out.print(Text(f"A person has decided: {told['review']['decision']}{': ' + changed if changed else ''}.", style="bold"))
    _show_readers(told)
    if told["match"] is not None:
        _show_match(told["match"])
    if told["understood"]:
        rows = [(cue["question"], cue["answer"] or "–", cue["rule"], cue["words"] or "") for cue in told["understood"]]
        table("How it was understood", ("question", "answer", "because", "words"), rows)


def _show_source(told: dict[str, Any]) -> None:
    article = told["article"]
    parts = [article.get("title"), article["outlet"], article["url"], article["id"]]
    published = article.get("published")
    parts += [f"{published:%d %b %Y %H:%M}", f"revision {article['revision']}"] if published else []
    console().print(plain(" · ".join(part for part in parts if part)), style="dim")


def _show_readers(told: dict[str, Any]) -> None:
    out, readers = console(), told["reader"]
    if told["withdrawn_at"] is not None:
        out.print(f"Withdrawn: it stood until {told['withdrawn_at']:%d %b %Y %H:%M}.")
    if told["claim"].get("retired"):
        out.print("The claim is no longer tracked; it is taken as it was when the mention was read.")
    if told["why_not"] is not None:
        out.print(plain(f"Not found today: {told['why_not']}."), style="bold")
    if readers["now"] is None:
        out.print(plain(f"Read by {readers['recorded']}."))
    elif readers["recorded"] in {None, readers["now"]}:
        out.print(plain(f"Reader {readers['now']}."))
    else:
        out.print(plain(f"Recorded by reader {readers['recorded']}; what follows is by {readers['now']}, which reads it now."))
    if told["differences"]:
        rows = [(d["field"].replace("_", " "), d["recorded"], d["now"]) for d in told["differences"]]
        table("Recorded otherwise", ("", "recorded", "now"), rows)


def _show_match(match: dict[str, Any]) -> None:
    out, scored = console(), match["scored"]
    named = ", ".join(match["parties_named"]) or "none"
    or_words = ", or one beside three tenths of a claim's words" if match["parties_needed"] > 1 else ""
    out.print(plain(f"\nThe article names {named} of the story's parties; {match['parties_needed']} must be named{or_words}."))
    if scored is None:
        return
    whose = "the claim's own" if scored["threshold_of"] == "claim" else "the reader's"
    out.print(
        plain(
            f"Score {scored['score']} of 1000; threshold {scored['threshold']} ({whose}). By its own words "
            f"{scored['by_itself']}, with what stands around it {scored['with_context']}."
        )
    )
    for line in _rules(scored):
        out.print(plain(line))
    words = [(", ".join(s["words"]), s["token"], f"{s['weight']:.2f}", ", ".join(s["stands_in"])) for s in scored["shared"]]
    table("Words that the claim has too", ("in the text", "token", "weight", "where the claim has it"), words)
    effects = [(e["feature"].replace("_", " "), f"{e['value']:.2f}", e["score_without"]) for e in scored["effects"]]
    table("What told most", ("feature", "value", "score without it"), effects)


def _rules(scored: dict[str, Any]) -> Iterable[str]:
    if scored["other_year"]:
        yield "Rule: the passage speaks of other years than the claim's, so it concerns it never."
    if scored["restated"]:
        yield "Rule: the passage all but repeats the claim, so it is sure whatever the model says."
    if scored["similarity"] is not None:
        terms = scored["similarity_with_terms"]
        yield f"Similarity of meaning: {scored['similarity']:.2f} to the claim, {terms:.2f} with its key terms (1 is the same)."
    if scored["rival"]:
        yield f"The nearest other claim here is {scored['rival']} with {scored['rival_score']}."
