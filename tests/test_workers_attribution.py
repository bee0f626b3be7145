"""Who says it: persons, institutions and unnamed people, found around quotations and across sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.claim import Claim, ClaimSet, Entity
from store.reading import Attribution, Document
from workers.attribution import attribute
from workers.text import Passage, Text

CLAIM = Claim(id="c", text="The reservoir at Hale is poisoned.", story="s", principals=("Water Board",))
ENTITIES = (
    Entity("board", "Hale Water Board", ("Water Board", "the Board")),
    Entity("ines-roth", "Ines Roth", ("Roth", "Ms Roth"), speaks_for="board"),
    Entity("clinic", "St Agnes Hospital", ()),
    Entity("herald", "Hale Herald", ("the Herald",)),
    Entity("norland", "Kingdom of Norland", ("Norland",)),
    Entity("states", "Federated States", ("Norvania",)),
)
CLAIMS = ClaimSet((CLAIM,), ENTITIES)


def who(words, part=None, outlet=None, claims=CLAIMS) -> Attribution:
    said = part or words
    start = words.index(said)
    text = Text(Document(text=words, outlet=outlet))
    return attribute(text, Passage(claims.claims[0], start, start + len(said), 1000), claims)


def names(found: Attribution):
    return tuple(n.text if n else None for n in (found.speaker, found.organisation))


@pytest.mark.parametrize(
    "words",
    [
        "Ines Roth said the reservoir was poisoned.",
        "The reservoir is poisoned, Ines Roth said on Monday.",
        "“The reservoir is poisoned,” said Ines Roth, who runs the laboratory.",
        "According to Ines Roth, the reservoir is poisoned.",
        "Ines Roth: “The reservoir is poisoned.”",
        "“The reservoir,” Ms Roth told reporters, “is poisoned.”",
        "The Water Board, through Ines Roth, confirmed that the reservoir is poisoned.",
        "Water Board director Ines Roth, reached by telephone, declined to comment.",
        "Asked about the reservoir, Roth hung up.",
    ],
)
def test_a_named_speaker_in_every_position(words):
    found = who(words)
    assert (found.anonymity, *names(found)) == ("named", "Ines Roth", "Hale Water Board")
    assert found.speaker.entity == "ines-roth"


def test_the_role_stands_beside_the_name_and_is_remembered():
    words = "The chemist, Ines Roth, said the reservoir was safe. It is poisoned, Roth said."
    found = who(words, part="It is poisoned, Roth said.")
    assert found.role.text == "chemist"


def test_pronouns_and_running_quotations_keep_their_speaker():
    words = "T\n\nInes Roth spoke on Monday. She said the reservoir was poisoned. “It was an accident. Nobody knew.”"
    assert names(who(words, part="She said the reservoir was poisoned."))[0] == "Ines Roth"
    words = "T\n\n“The reservoir is poisoned,” Ines Roth said. “We found it on Friday. Nobody knew.”"
    assert names(who(words, part="“We found it on Friday."))[0] == "Ines Roth"


def test_an_institution_on_record_is_named_without_a_speaker():
    found = who("The Water Board denied that the reservoir was poisoned.")
    assert (found.anonymity, *names(found)) == ("named", None, "Hale Water Board")


def test_a_definite_institution_is_the_one_that_the_text_names():
    words = "T\n\nSt Agnes Hospital has treated forty people. The hospital would not say why."
    assert names(who(words, part="The hospital would not say why.")) == (None, "St Agnes Hospital")


def test_a_person_without_a_name_is_unnamed_also_with_an_employer():
    found = who("A Water Board manager said the reservoir was poisoned.")
    assert (found.anonymity, *names(found)) == ("unnamed", None, "Hale Water Board")
    assert found.role.text == "A Water Board manager"


@pytest.mark.parametrize(
    "words",
    [
        "Two people familiar with the tests said the reservoir was poisoned.",
        "The reservoir is poisoned, officials say.",
        "It is said that the reservoir is poisoned.",
        "The reservoir is reportedly poisoned.",
        "Villagers fear that the reservoir is poisoned.",
    ],
)
def test_unnamed_sources(words):
    found = who(words)
    assert (found.anonymity, found.speaker) == ("unnamed", None)


def test_a_bare_statement_is_the_outlets_own_voice():
    assert who("The reservoir at Hale is poisoned.") == Attribution()


def test_passive_hearers_and_hypothetical_speakers_are_no_sources():
    assert who("Managers were told that the reservoir is poisoned.").anonymity == "none"
    assert who("Someone should say that the reservoir is poisoned.").anonymity == "none"


def test_an_outlet_that_relays_is_no_source_but_whoever_it_quotes_is():
    found = who("The Hale Herald reported that the reservoir was poisoned, citing two chemists.")
    assert (found.anonymity, found.role.text) == ("unnamed", "two chemists")
    assert who("The Hale Herald reported that the reservoir was poisoned.").anonymity == "unnamed"


def test_on_its_own_site_an_authority_speaks_itself():
    found = who("The reservoir at Hale is not poisoned.", outlet="Hale Water Board")
    assert (found.anonymity, *names(found)) == ("named", None, "Hale Water Board")


def test_an_organisation_keeps_the_other_name_that_its_text_uses():
    words = "Norvania has a dam. Norvania said the reservoir was poisoned."
    found = who(words, part="Norvania said the reservoir was poisoned.")
    assert (found.organisation.text, found.organisation.entity) == ("Norvania", "states")


def test_counsel_speaks_for_the_party():
    found = who("Counsel for the Water Board said nothing was poisoned.")
    assert (found.anonymity, *names(found)) == ("named", None, "Hale Water Board")


def test_a_fuller_name_elsewhere_in_the_text_is_used():
    words = "T\n\nThe engineer Tomas Brandt works at Hale. The reservoir is poisoned, Brandt said."
    assert names(who(words, part="The reservoir is poisoned, Brandt said.")) == ("Tomas Brandt", None)


def test_spans_point_at_the_names():
    words = "The reservoir is poisoned, Ines Roth of the Water Board said."
    found = who(words)
    assert words[found.speaker.span.start : found.speaker.span.end] == "Ines Roth"
    assert words[found.organisation.span.start : found.organisation.span.end] == "Water Board"


PIECES = st.sampled_from(
    [
        *("Ines Roth", "the Board", "said", "“It is poisoned,”", "according to", "he", "which"),
        *(",", ".", "denied", "a source", "\n\n", "—", "’s"),
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=25).map(" ".join))
def test_any_jumble_gives_a_consistent_attribution_with_spans_inside_the_text(words):
    found = who(words)
    assert found == who(words)
    if found.anonymity == "none":
        assert found == Attribution()
    if found.anonymity == "unnamed":
        assert found.speaker is None
    for name in (found.speaker, found.organisation, found.role):
        if name is not None and name.span is not None:
            assert 0 <= name.span.start < name.span.end <= len(words)


def test_a_text_that_is_no_prose_costs_no_more_than_its_length():
    words = "said " * 20_000
    assert who(words, part=words[:50]) == Attribution()
