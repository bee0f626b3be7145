"""Who speaks where no plain verb of saying tells: dialogue, live pages, answers, stands, offices, papers that carry a thing."""

import pytest

from store.claim import Claim, ClaimSet, Entity
from store.reading import Document
from workers.attribution import attribute
from workers.echo import relayed
from workers.text import Passage, Text

CLAIM = Claim(id="c", text="The canal at Oster is closed to ships.", story="s", principals=("Canal Authority",))
ENTITIES = (
    Entity("canal", "Canal Authority", ()),
    Entity("lind", "Jonas Lind", ("Lind", "Mr Lind"), speaks_for="canal"),
    Entity("tidings", "Oster Tidings", ("the Tidings",)),
)
CLAIMS = ClaimSet((CLAIM,), ENTITIES)


def read(words, part):
    start = words.index(part)
    text, passage = Text(Document(text=words)), Passage(CLAIM, start, start + len(part), 1000)
    who = attribute(text, passage, CLAIMS)
    return who.speaker and who.speaker.text, who.anonymity, relayed(text, passage, who, CLAIMS)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ('Ships\n\n"Closed?" was Jonas Lind\'s answer. Ships waited.', '"Closed?" was Jonas Lind\'s answer.'),
        ("Ships\n\nLind was not sure that the canal is closed.", "Lind was not sure that the canal is closed."),
        ("Ships\n\n14:05 Lind, at the lock: the canal is closed.", "the canal is closed"),
        ("Ships\n\nLind, secretary-general of the Canal Authority, said the canal is closed.", "the canal is closed"),
        ("Ships\n\nLind neither denied nor confirmed that the canal is closed.", "the canal is closed"),
        ("Ships\n\nWhen we rang Jonas Lind, he said the canal is closed.", "the canal is closed"),
        ("Ships\n\nQ: Is it?\n\nLIND: The canal is closed.\n\nQ: Why?\n\nLIND: Ice.", "The canal"),
        ("Talk with Jonas Lind\n\nQ: Is it?\n\nA: Yes. The canal is closed.\n\nQ: Why?\n\nA: Ice.", "The canal is closed."),
    ],
)
def test_the_speaker_is_found_without_a_plain_verb_of_saying(words, part):
    assert read(words, part)[:2] == ("Jonas Lind", "named")


def test_the_side_that_asks_in_a_dialogue_is_no_source():
    words = "Talk with Jonas Lind\n\nQ: The canal is closed?\n\nA: Yes.\n\nQ: Why?\n\nA: Ice."
    assert read(words, "The canal is closed?")[:2] == (None, "none")


def test_a_paper_that_has_something_is_relayed():
    said = "The Tidings has the canal closed for a week."
    _, anonymity, outlet = read(f"Ships\n\n{said}", said)
    assert (anonymity, outlet and outlet.text) == ("unnamed", "Oster Tidings")


def test_an_office_means_the_one_person_who_bears_it():
    words = "Ships\n\nHarbour master Vera Holt spoke first. Ice came.\n\nThe harbour master said the canal is closed."
    assert read(words, "the canal is closed")[0] == "Vera Holt"
