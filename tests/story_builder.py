"""Builds evidence for the tests of the folds, in the words of a small invented story about a bridge."""

import base64
import struct
from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import strategies as st

from store.claim import Claim, ClaimSet, Entity, Variants
from store.events import MentionRecorded, MentionText, Party
from store.evidence import Evidence
from store.lineage import Outlets

DAY_ONE = datetime(2031, 5, 1, 9, 0, tzinfo=UTC)

ENTITIES = (
    Entity("city", "City of Varn", ("Varn city hall",)),
    Entity("mayor", "Ada Linden", ("Linden",), speaks_for="city"),
    Entity("press-officer", "Bo Stern", speaks_for="mayor"),
    Entity("builder", "Ostwerk"),
    Entity("engineer", "Cara Voss"),
    Entity("gazette", "The Gazette"),
    Entity("city-paper", "Varn Bulletin", speaks_for="city"),
)
CLOSES = Claim(
    "bridge-closes", "The Old Bridge closes in May.", "bridge", "forecast",
    deadline=date(2031, 5, 20), timezone="Europe/Berlin", principals=("City of Varn",),
)  # fmt: skip
CRACKED = Claim("bridge-cracked", "The Old Bridge is cracked.", "bridge", principals=("City of Varn", "Ostwerk"))
COST = Claim(
    "bridge-cost", "The repair costs a certain sum.", "bridge", principals=("City of Varn",),
    variants=Variants("cost", "sum", ("2m", "5m")),
)  # fmt: skip


def _detour(own):
    variants = Variants("detour", "street", ("north", "south", "ferry"), own, exclusive=True)
    return Claim(f"detour-{own}", f"The detour goes {own}.", "bridge", principals=("City of Varn",), variants=variants)


NORTH, SOUTH = _detour("north"), _detour("south")
CLAIMS = ClaimSet((CLOSES, CRACKED, COST, NORTH, SOUTH), ENTITIES, 0)
PRINTED = {"o-gaz": "The Gazette", "o-her": "The Herald", "o-wire": "Wire", "o-bul": "Varn Bulletin"}
OUTLETS = Outlets(PRINTED, lambda name: f"k/{name.casefold()}")


def at(day, hour=9, minute=0):
    """Hour of the given day of May 2031, UTC."""
    return DAY_ONE + timedelta(days=day - 1, hours=hour - 9, minutes=minute)


def party(name):
    if name is None:
        return None
    entity = CLAIMS.entity_by_name.get(name.casefold())
    return Party(OUTLETS.key(name), entity.id if entity else None)


def signature(*values):
    return base64.b64encode(struct.pack(f"<{len(values)}H", *values)).decode()


def mention(
    id_, claim=CLOSES, outlet="o-gaz", when=None, stance="affirms", *, hedging="asserted", named=None,
    organisation=None, echo=None, variant=None, said_on=None, happened_on=None, ended=None, article=None, start=0,
    text=True, sig="", review=None, anonymity=None, position=0, anchor=None, role=None,
):  # fmt: skip
    """Evidence with id `id_`, unnamed unless `named` or `organisation` says who speaks."""
    article = article or f"article-of-{id_}"
    anonymity = anonymity or ("named" if named or organisation else "unnamed")
    words = MentionText(f"quote {id_}", "", "", f"https://{outlet}.example/{article}", None, OUTLETS.printed[outlet],
                        named, organisation, role, echo)  # fmt: skip
    event = MentionRecorded(
        mention=id_, article=article, revision=1, rendition="r", outlet=outlet, claim=claim.id, reader="t",
        claims_at=0, start=start, end=start + 5, stance=stance, hedging=hedging, outlet_stance="neutral",
        anonymity=anonymity, speaker=party(named), organisation=party(organisation), echo_of=party(echo),
        variant=variant, said_on=said_on, said_on_precision="day" if said_on else None, happened_on=happened_on,
        score=900, signature=sig, anchor=anchor,
    )  # fmt: skip
    if text:
        event = msgspec.structs.replace(event, text=words)
    return Evidence(event, when or at(1), position, ended, review)


@st.composite
def stories(draw, most=14):
    """Any mixture of mentions of all claims: speakers, relays in circles, values, hedges, endings, equal instants."""
    outlets = sorted(OUTLETS.printed)
    names = ["Ada Linden", "Bo Stern", "Ostwerk", "Cara Voss", "Nobody Known"]
    found = []
    for n in range(draw(st.integers(0, most))):
        claim = draw(st.sampled_from(CLAIMS.claims))
        values = claim.variants.values if claim.variants else ()
        day, hour = draw(st.integers(1, 25)), draw(st.integers(0, 23))
        ends = draw(st.sampled_from([None, None, None, 0, 1, 30, 200]))
        found.append(
            mention(
                f"m{n}", claim, draw(st.sampled_from(outlets)), at(day, hour),
                draw(st.sampled_from(["affirms", "affirms", "denies", "no_comment"])),
                hedging=draw(st.sampled_from(["asserted", "asserted", "predicted", "speculated"])),
                named=draw(st.sampled_from([None, None, *names])),
                echo=draw(st.sampled_from([None, None, *OUTLETS.printed.values(), "A Paper Elsewhere"])),
                variant=draw(st.sampled_from([None, *values])),
                said_on=draw(st.sampled_from([None, None, date(2031, 5, 3), date(2031, 5, 12)])),
                ended=None if ends is None else at(day, hour) + timedelta(hours=ends),
                article=f"a{draw(st.integers(0, 5))}", start=draw(st.integers(0, 3)),
                sig=draw(st.sampled_from(["", signature(*range(8)), signature(*range(1, 9)), signature(*range(6), 9, 9)])),
                position=n,
            )
        )  # fmt: skip
    return found
