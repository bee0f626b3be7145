"""A small invented story for the reader's tests: a bridge that may close."""

from datetime import UTC, date, datetime

from store.claim import Claim, ClaimSet, Entity, Slots, Variants
from store.reading import Document
from workers.text import Passage, Text

CLOSES = Claim(
    id="harrow-bridge-closes",
    text="The Harrow Bridge over the Mersey is closed to traffic because its cables are corroded.",
    story="bridge",
    kind="forecast",
    slots=Slots(place="Harrow Bridge", date_from=date(2031, 5, 1), date_to=date(2031, 6, 30), actors=("Ports Board",)),
    keyterms=("closed to traffic", "closure of the bridge", "corroded cables", "Harrow Bridge", "shut the bridge"),
    principals=("Ports Board",),
)
COST = Claim(
    id="harrow-repair-cost",
    text="Repairing the Harrow Bridge costs a certain sum, between 40 and 95 million pounds.",
    story="bridge",
    kind="statistic",
    keyterms=("repair bill", "cost of the repair", "million", "estimate"),
    variants=Variants(group="cost", slot="amount", values=("40m", "62m", "95m")),
    principals=("Ports Board",),
)
CAUSE = Claim(
    id="cables-salt",
    text="Road salt ate into the cables of the Harrow Bridge.",
    story="bridge",
    keyterms=("road salt", "salt", "cables", "corrosion"),
    variants=Variants(group="cause", slot="cause", values=("road-salt", "bad-steel"), own="road-salt", exclusive=True),
    principals=("Ports Board",),
)
OPENS = Claim(
    id="bridge-reopens",
    text="The bridge opens to cars again on 14 or 15 June.",
    story="bridge",
    keyterms=("reopening", "opens again"),
    variants=Variants(group="opening", slot="date", values=("2031-06-14", "2031-06-15")),
)
ENTITIES = (
    Entity("ports-board", "Ports Board", ("the Board", "Harbour and Ports Board")),
    Entity("ada-quill", "Ada Quill", ("Quill",), speaks_for="ports-board"),
    Entity("harrow-bridge", "Harrow Bridge"),
    Entity("ruritania", "Ruritania"),
)
CLAIMS = ClaimSet((CLOSES, COST, CAUSE, OPENS), ENTITIES, 7)
PUBLISHED = datetime(2031, 5, 14, 9, tzinfo=UTC)  # a Wednesday

ARTICLE = """Harrow Bridge to be closed to traffic, engineers say

The Harrow Bridge will be closed to traffic within days because its cables are corroded, two engineers told the Echo. \
Road salt ate into the cables for thirty winters, they said.

The Ports Board denied on Tuesday that the bridge would be shut. "That is untrue," said its director, Ada Quill.

The repair bill could reach £62m, according to a draft estimate. The city also opened a new swimming pool.
"""


def document(text: str = ARTICLE, **known: object) -> Document:
    return Document(text, **{"outlet": "The Echo", "published": PUBLISHED, "language": "en"} | known)


def text_of(body: str, **known: object) -> Text:
    return Text(document(body, **known))


def passage(text: Text, quote: str, claim: Claim) -> Passage:
    start = text.text.index(quote)
    return Passage(claim, start, start + len(quote), 900)
