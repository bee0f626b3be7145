"""Interviews and hearings set as dialogue: who speaks in a paragraph that a name and a colon open.

A text is read as dialogue if it has three such paragraphs and a label comes back: "Note: …" and "Contact: …"
make none.
"""

import re
from collections import Counter

from store.claim import ClaimSet
from store.reading import Span
from workers.names import CAPITALISED, registry
from workers.text import Text

_TURN = re.compile(
    r"(?:\d{1,3}\.? |[-–—•*] ?|[\[(]?\d{1,2}[:.]\d\d(?:[:.]\d\d)?[\])]?[ –—-]+)?(?P<label>[QA](?=[:.] )"
    r"|(?:[Tt]he )?[A-ZÀ-Þ][^:.?!;“”\"‘\n]{0,48}?(?: (?:Mr|Mrs|Ms|Dr|Prof|St)\. [A-Z][\w’'-]+)?)"
    r"(?: ?\([^()\n]{1,60}\))?[:.] +(?=\S)"
)
_ASKS = re.compile(r"(?:Q|Question|Interviewer|Moderator|Presenter|Host|Reporter|Journalist)", re.IGNORECASE)
_REPLIES = re.compile(r"(?:A|Answer|Reply)", re.IGNORECASE)
_FEWEST = 3
"""Paragraphs with labels that make a dialogue."""


def turns(text: Text) -> dict[int, Span]:
    """The label of each paragraph of a dialogue, by the paragraph's number; empty for other texts."""
    held = text.__dict__.get("_turns")
    if held is None:
        held = text.__dict__["_turns"] = _found(text)
    found: dict[int, Span] = held
    return found


def _found(text: Text) -> dict[int, Span]:
    labelled = {}
    for number, paragraph in enumerate(text.paragraphs[1:], 1):
        match = _TURN.match(text.text, paragraph.start, paragraph.end)
        if match and (len(match["label"]) == 1 or text.text[match.end("label") :][:1] in ": ("):
            labelled[number] = Span(match.start("label"), match.end("label"))
    times = Counter(_last_word(text, span) for span in labelled.values())
    back = [label for label, count in times.items() if count > 1]
    return labelled if back and len(times) > 1 and len(labelled) >= _FEWEST else {}


def _last_word(text: Text, label: Span) -> str:
    """'Dr Ada Lind', 'Ada Lind' and 'LIND' are one label."""
    words = re.findall(r"[\w’'-]+", text.of(label).split(",")[0])
    return words[-1].casefold() if words else ""


def asks(wording: str) -> bool:
    """Whether the label is that of the side that only asks."""
    return bool(_ASKS.fullmatch(wording.strip()))


def speaker_of(text: Text, claims: ClaimSet, label: Span) -> Span:
    """Where the text names whom the label means: 'A' is whoever is introduced first, 'LIND' the Ada Lind above."""
    wording = text.of(label)
    if _REPLIES.fullmatch(wording):
        return _introduced(text, claims) or label
    if " " in wording or registry(text, claims).resolve(label.start, label.end).name.entity:
        return label
    full = re.search(rf"(?<!\. )\b[A-ZÀ-Þ][\w’'-]+ (?:(?:de|da|van|von|al"
        rf"|bin) )?{re.escape(wording)}\b", text.text, re.IGNORECASE)
    return Span(full.start(), full.end()) if full else label


def _introduced(text: Text, claims: ClaimSet) -> Span | None:
    """The first person whom the text names before its first turn."""
    first = min(turns(text))
    body = text.paragraphs[first].start
    names = registry(text, claims)
    for match in CAPITALISED.finditer(text.text, 0, body):
        if " " in match[0] and names.resolve(*match.span()).kind == "person":
            return Span(*match.span())
    return None
