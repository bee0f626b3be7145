"""The part of a bundle that people read: one page of HTML that prints well, loads nothing and runs nothing.

Whatever came from outside is escaped and shown as text; addresses are shown, not linked.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from store.bundle.choose import Scope
from store.checkpoint import Signed
from store.notes import Verifier

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
body { font: 11pt/1.4 Georgia, serif; max-width: 62em; margin: 2em auto; padding: 0 1em; color: #111 }
h1, h2 { font-weight: normal } h2 { border-bottom: 1px solid #999; margin-top: 2em }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3em .6em .3em 0 }
tr { border-bottom: 1px solid #ddd; page-break-inside: avoid } th { border-bottom: 1px solid #555 }
code, pre { font: 9pt/1.4 monospace; white-space: pre-wrap; overflow-wrap: anywhere } small { color: #555 }
"""


def report(
    answer: Mapping[str, Any], scope: Scope, signed: Signed, keys: Iterable[Verifier], made_at: datetime, events: int
) -> str:
    """The page. `answer` has `claims` and `timeline` as `dateline story --json` gives them."""
    parts = [
        f"<h1>Evidence: {_text(scope)}</h1>",
        _made(signed, made_at, events),
        "<h2>Claims</h2>",
        _table(("claim", "status", "independent origins / mentions", "how it went"), map(_claim, answer["claims"])),
        "<h2>What happened</h2>",
        _table(("date", "who", "what", "words"), map(_row, answer["timeline"])),
        "<h2>How to check this</h2>",
        _checking(signed, keys),
    ]
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>Evidence: {_text(scope)}</title><style>{STYLE}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _made(signed: Signed, made_at: datetime, events: int) -> str:
    of = f"<code>{_text(signed.checkpoint.origin)}</code>: {events} of its {signed.checkpoint.size} events"
    return f"<p>Made {_when(made_at)} from the ledger {of}. Where words were erased, their place is empty.</p>"


def _claim(claim: Mapping[str, Any]) -> Sequence[str]:
    history = "<br>".join(f"{_when(change['at'])}: {_text(change['status'])}" for change in claim["status_history"])
    counted = f"{claim['independent_origins']} / {claim['mentions']}"
    return f"{_text(claim['text'])}<br><small>{_text(claim['id'])}</small>", _text(claim["status"]), counted, history


def _row(row: Mapping[str, Any]) -> Sequence[str]:
    date = f"{row['date']}" + (f"<br><small>known {row['known_on']}</small>" if row["known_on"] != row["date"] else "")
    what = ", ".join(_text(part) for part in (row["act"], row["detail"], row["variant"]) if part)
    about = f"{what}<br><small>{_text(row['claim'])}" + (f" → {_text(row['status'])}" if row["status"] else "") + "</small>"
    words = f"“{_text(row['quote'])}”" if row["quote"] else ""
    words += f"<br><code>{_text(row['url'])}</code>" if row["url"] else ""
    return date, _text(row["actor"] or "—"), about, words


def _checking(signed: Signed, keys: Iterable[Verifier]) -> str:
    listed = "\n".join(_text(key) for key in keys)
    return (
        "<p>Run <code>python -I verify.py</code> in this folder: it needs Python alone and no network. It checks every text "
        "against the commitment in the ledger, every event against the signed checkpoint below, and every earlier checkpoint "
        "against that one. It cannot know whose keys these are: compare them with those that you have from elsewhere, and "
        "prefer a copy of the script that you trust.</p>"
        f"<h3>Checkpoint</h3><pre>{_text(signed.note)}</pre><h3>Keys</h3><pre>{listed}</pre>"
    )


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """`rows` hold HTML that is safe already."""
    top = "".join(f"<th>{name}</th>" for name in names)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _text(value: object) -> str:
    """Escaped, and free of characters that change the direction or look of what follows."""
    plain = "".join(c if c.isprintable() or c == "\n" else "�" for c in str(value))
    return escape(plain)
