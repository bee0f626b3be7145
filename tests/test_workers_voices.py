"""Whose word it is not: bodies merely mentioned, datelines, labels, the outlet itself, unnamed people of a country."""

import pytest

from store.claim import Claim, ClaimSet, Entity
from store.reading import Attribution, Document
from workers.attribution import attribute
from workers.text import Passage, Text

CLAIM = Claim(id="c", text="The canal at Oster is closed to ships.", story="s", principals=("Norland",))
ENTITIES = (
    Entity("norland", "Norland", ("Ostermark", "NLD")),
    Entity("sea-ministry", "Norlandish Sea Ministry", ("Sea Ministry of Norland",), speaks_for="norland"),
    Entity("vera-holt", "Vera Holt", ("Holt",), speaks_for="norland"),
    Entity("jonas-lind", "Jonas Lind", ("Lind", "Canal spokesman Jonas Lind"), speaks_for="canal"),
    Entity("canal", "Canal Authority", (), speaks_for="norland"),
    Entity("nna", "Norland News Agency", ("NNA",), speaks_for="norland"),
    Entity("courier", "Oster Morning Courier", ()),
)
CLAIMS = ClaimSet((CLAIM,), ENTITIES)


def who(words, part=None, outlet=None) -> Attribution:
    said = part or words
    start = words.index(said)
    return attribute(Text(Document(text=words, outlet=outlet)), Passage(CLAIM, start, start + len(said), 1000), CLAIMS)


def entities(found: Attribution):
    return {n.entity for n in (found.speaker, found.organisation) if n and n.entity}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("Lorries queued.\n\nThe Morning Bugle carried it. Norland has three canals. It said the canal is closed.", "It said"),
        ("Norland met the union on Monday. Nobody spoke. It said the canal is closed.", "It said"),
        ("The canal is closed, said Ida Brandt, an expert on Norland at Oster University.", None),
        ("The canal is closed, Norland expert Ida Brandt said.", None),
        ("The canal is closed, Norland's biggest brewery said.", None),
        ("Several ministries say the canal is closed.", None),
        ("Ships\n\nOSTER, May 3 (Seaways) - The canal is closed, sailors said.", "The canal is closed, sailors said."),
        ("Business: the canal is closed", None),
    ],
)
def test_a_principal_that_is_only_mentioned_does_not_speak(words, part):
    start = words.index(part) if part else 0
    assert entities(who(words, part=words[start:])) == set()


@pytest.mark.parametrize(
    ("words", "entity"),
    [
        ("Norland's sea ministry said the canal is closed.", "sea-ministry"),
        ("Norland's government said the canal is closed.", "norland"),
        ("The canal is closed, Norland's state news agency NNA said.", "nna"),
        ("The Norland News Agency said the canal is closed.", "nna"),
        ("Sea Minister Vera Holt said the canal is closed.", "sea-ministry"),
        ("Canal Authority and Norland say the canal is closed.", "canal"),
        ("In the Canal Authority's view the canal is closed.", "canal"),
    ],
)
def test_an_organ_of_a_principal_is_known_by_its_description(words, entity):
    found = who(words)
    assert found.anonymity == "named"
    assert entity in entities(found)


@pytest.mark.parametrize("words", ["NLD officials said the canal is closed.", "French officials say the canal is closed."])
def test_officials_of_a_country_without_names_are_unnamed(words):
    assert who(words).anonymity == "unnamed"


@pytest.mark.parametrize(
    "later",
    ["The canal is closed, the ministry said.", "The canal is closed, the minister said."],
)
def test_the_office_last_heard_is_meant_by_its_noun(later):
    words = f"Sea Minister Vera Holt said ships wait. {later}"
    assert "sea-ministry" in entities(who(words, part=later))


def test_a_spokesman_is_known_by_the_title_under_which_he_is_watched():
    words = "Ships wait, Jonas Lind told the port. The canal is closed, the authority's spokesman said."
    assert who(words, part="The canal is closed, the authority's spokesman said.").speaker.entity == "jonas-lind"


def test_an_unnamed_official_heard_since_stays_unnamed():
    words = "A minister said it rained. The canal is closed, the minister said."
    assert who(words, part="The canal is closed, the minister said.").speaker is None


def test_the_subject_of_the_sentence_before_is_the_pronouns_antecedent():
    words = "Vera Holt was at the lock. She told us that the canal is closed."
    assert "vera-holt" in entities(who(words, part="She told us that the canal is closed."))


@pytest.mark.parametrize(
    "words", ["The Courier could not confirm that the canal is closed.", "The Courier's crew saw it closed."]
)
def test_an_outlet_that_speaks_of_itself_is_no_source(words):
    assert who(words, outlet="Oster Courier") == Attribution()


@pytest.mark.parametrize(
    ("words", "anonymity"),
    [
        ("Port official: canal to be closed\n\nShips wait.", "unnamed"),
        ("Canal is closed - report\n\nShips wait.", "unnamed"),
        ("Canal is closed - Oster Morning Courier\n\nShips wait.", "unnamed"),
        ("Canal is closed - Oster Courier\n\nShips wait.", "none"),
    ],
)
def test_a_headlines_label_names_the_source_but_not_the_publisher(words, anonymity):
    assert who(words, part=words.split("\n")[0], outlet="Oster Courier").anonymity == anonymity


def test_abbreviated_titles_and_joined_names_do_not_cut_a_name():
    assert who("The canal is closed, according to Rep. Ida Brandt, of the harbour party.").speaker.text == "Ida Brandt"
    assert who("The canal is closed, Ida Brandt and Mayor Karl Ost said.").speaker.text == "Ida Brandt"


def test_a_clause_is_never_taken_for_a_name():
    found = who("Norland says that ships may pass but is silent on the canal.", part="but is silent on the canal")
    assert found.organisation is None or "says" not in found.organisation.text
    assert found.role is None


def test_a_headlines_last_clause_governs_it_without_an_article():
    found = who("Norland closed the canal, harbour board tells sailors\n\nShips wait.", part="Norland closed the canal")
    assert entities(found) == set()


def test_a_sentence_before_a_colon_is_no_label():
    assert who("Norland would close the canal to all ships on Monday: no.") == Attribution()
