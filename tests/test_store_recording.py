"""Whom an article's own words relay: decided when its reading is recorded, from the sources that stand around them."""

from datetime import UTC, datetime

import pytest

from store.claim import Claim, ClaimSet
from store.events import MentionRecorded, Party
from store.keyed import Keyed
from store.lineage import PRESS
from store.messages import Reading, RevisionFound
from store.reading import Attribution, Document, Findings, Mention, Name, Span
from store.recording import Known, Texts, drafts_of

AT = datetime(2031, 5, 1, 9, 0, tzinfo=UTC)
TEXT = "Mill closes\n\nThe mill closes, Ada Brook said. The Herald had reported it. The mill will be gone."
CLAIMS = ClaimSet((Claim("mill", "The mill closes.", "mill"), Claim("sale", "The mill is sold.", "mill")))
KEYED = Keyed(b"k" * 32)
TITLE, LAST = "Mill closes", "The mill will be gone."
NAMED = Attribution("named", Name("Ada Brook", None, Span(30, 39)))
UNNAMED, OWN = Attribution("unnamed"), Attribution()
HERALD = Party(KEYED.name("Herald"))


def passage(words, *, claim="mill", stance="affirms", who=OWN, echo=False):
    start = TEXT.index(words)
    relayed = Name("Herald", None, Span(TEXT.index("Herald"), TEXT.index("Herald") + 6)) if echo else None
    return Mention(claim, start, start + len(words), words, stance, attribution=who, echo_of=relayed)


SAID = passage("The mill closes, Ada Brook said.", who=NAMED)
REPORTED = passage("The Herald had reported it.", who=UNNAMED, echo=True)


def relays(*mentions):
    """Quote → whom the recorded mention relays, as its own words do not tell."""
    source = RevisionFound("a", 1, "x/1", "f", "o.example", AT, AT, "first_seen", None, None, "c")
    reading = Reading(source, "r", -1, Findings("read", mentions))
    drafts = drafts_of(reading, Known(), Texts(Document(TEXT)), CLAIMS, KEYED).drafts
    events = [draft.event for draft in drafts if isinstance(draft.event, MentionRecorded)]
    return {event.text.quote: event.relays for event in events}


@pytest.mark.parametrize(
    ("words", "sources", "relayed"),
    [
        (TITLE, [REPORTED], HERALD),
        (TITLE, [SAID, REPORTED], None),
        (LAST, [SAID, REPORTED], HERALD),
        (LAST, [SAID], None),
        (TITLE, [], None),
    ],
)
def test_the_outlets_own_words_relay_what_the_nearest_source_relays(words, sources, relayed):
    assert relays(passage(words), *sources)[words] == relayed


def test_a_source_with_a_name_of_its_own_relays_nobody():
    assert relays(SAID, REPORTED) == {SAID.quote: None, REPORTED.quote: None}


def test_what_is_relayed_about_another_claim_or_on_the_other_side_lends_nothing():
    other = passage("The Herald had reported it.", claim="sale", who=UNNAMED, echo=True)
    against = passage("The Herald had reported it.", stance="denies", who=UNNAMED, echo=True)
    assert relays(passage(TITLE), other)[TITLE] is None
    assert relays(passage(TITLE), against)[TITLE] is None


@pytest.mark.parametrize("role", ["newspapers", "One foreign daily", "local media", "press reports"])
def test_an_outlet_without_a_name_stands_for_whoever_printed_it(role):
    told = passage(LAST, who=Attribution("unnamed", role=Name(role, None, None)))
    assert relays(told)[LAST] == PRESS
    assert relays(told, REPORTED)[LAST] == HERALD


@pytest.mark.parametrize("role", ["two sailors", "a woman in the press centre", "a reporter of a newspaper", "this newspaper"])
def test_people_and_the_paper_itself_are_no_outlet_without_a_name(role):
    assert relays(passage(LAST, who=Attribution("unnamed", role=Name(role, None, None))))[LAST] is None
