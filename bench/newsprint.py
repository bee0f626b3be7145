"""Invented news: claims and articles over a made-up vocabulary, seeded, the same in every run.

Names, places and things are strung together from syllables and drawn with Zipf-like frequencies; the small words, the
verbs of saying and the shapes of sentences are English, so that every step of the reader has its usual work.
"""

import random
from itertools import accumulate
from typing import NamedTuple

from store.claim import Claim, ClaimSet, Entity, Slots
from store.reading import Document

SENTENCES = 25
"""Of an article, the title not counted."""
_STORY_CLAIMS = 10
_ONSETS = ("b", "br", "d", "dr", "f", "g", "gr", "h", "k", "kl", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "w", "z")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
_CODAS = ("", "n", "r", "l", "s", "nd", "rt", "m", "sk", "th")
_OPENINGS = (
    "{person} said on {day} that {clause}.",
    "“{clause},” {person}, a spokesman for the {thing}, told reporters.",
    "Officials in {place} denied that {clause}.",
    "According to two people familiar with the {thing}, {clause}.",
    "The {thing} declined to comment on reports that {clause}.",
    "{clause}, although the {thing} and its {thing2} were not ready.",
    "In {place} the {thing} had been expected since {day}, but {clause}.",
    "It was not clear whether {clause}, or what the {thing} would cost.",
)
_CLAUSES = (
    "the {thing} of {place} would {verb} the {thing2} by {day}",
    "{person} and {person2} could {verb} a {thing} in {place}",
    "{place} may {verb} its {thing} before the {thing2} opens",
    "the {thing2} had already begun to {verb} {number} {thing}s",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "14 March", "2 April")


class Subject(NamedTuple):
    """What a claim is about: who does what to which thing, where, and who else has to do with it."""

    person: str
    person2: str
    place: str
    thing: str
    thing2: str
    verb: str


class Press:
    """Writes invented sentences, articles and claims. One seed gives one press."""

    def __init__(self, seed: int, words: int = 20_000) -> None:
        self._rng = random.Random(seed)
        made = sorted({self._word() for _ in range(words)})
        self._rng.shuffle(made)
        cut = len(made) // 4
        self._things, self._verbs = made[: 2 * cut], made[2 * cut : 3 * cut]
        self._names = [word.capitalize() for word in made[3 * cut :]]
        self._weights = list(accumulate(1 / (rank + 80) for rank in range(len(made))))

    def _word(self) -> str:
        draw = self._rng.choice
        return "".join(draw(_ONSETS) + draw(_VOWELS) for _ in range(self._rng.choice((2, 2, 3)))) + draw(_CODAS)

    def _draw(self, words: list[str]) -> str:
        return self._rng.choices(words, cum_weights=self._weights[: len(words)])[0]

    def person(self) -> str:
        return f"{self._draw(self._names)} {self._draw(self._names)}"

    def subject(self) -> Subject:
        """Any subject: names and things anew, common words more often than rare ones."""
        things, verbs, place = self._things, self._verbs, self._draw(self._names)
        return Subject(self.person(), self.person(), place, self._draw(things), self._draw(things), self._draw(verbs))

    def story(self, claims: int) -> list[Subject]:
        """The subjects of one story: the same people in the same place, about other things."""
        first = self.subject()
        return [self.subject()._replace(person=first.person, person2=first.person2, place=first.place) for _ in range(claims)]

    def sentence(self, about: Subject | None = None) -> str:
        subject = about or self.subject()
        filled = {**subject._asdict(), "day": self._rng.choice(_DAYS), "number": self._rng.randrange(2, 900)}
        clause = self._rng.choice(_CLAUSES).format(**filled)
        sentence = self._rng.choice(_OPENINGS).format(clause=clause, **filled)
        first = 1 if sentence.startswith("“") else 0
        return sentence[: first + 1].upper() + sentence[first + 1 :]

    def article(self, about: Subject) -> Document:
        """An article of `SENTENCES` sentences in paragraphs of three; every fourth is about the subject."""
        sentences = [self.sentence(about if n % 4 == 0 else None) for n in range(SENTENCES)]
        paragraphs = [" ".join(sentences[n : n + 3]) for n in range(0, SENTENCES, 3)]
        title = f"{about.person} to {about.verb} the {about.thing} in {about.place}, {about.person2} says"
        return Document("\n\n".join((title, *paragraphs)), "The Outlet", "https://outlet.example/1", language="en")


def watch_list(count: int, seed: int = 7) -> tuple[ClaimSet, list[Subject]]:
    """`count` claims, ten a story, with their entities, and what each is about."""
    press = Press(seed)
    subjects = [subject for _ in range(0, count, _STORY_CLAIMS) for subject in press.story(_STORY_CLAIMS)][:count]
    people = dict.fromkeys(name for subject in subjects for name in (subject.person, subject.person2))
    entities = tuple(Entity(f"e{n}", name) for n, name in enumerate(people))
    claims = tuple(_claim(n, subject) for n, subject in enumerate(subjects))
    return ClaimSet(claims, entities, 0), subjects


def _claim(number: int, about: Subject) -> Claim:
    return Claim(
        id=f"claim-{number:05d}",
        text=f"{about.person} will {about.verb} the {about.thing} of {about.place} and its {about.thing2}.",
        story=f"story-{number // _STORY_CLAIMS:04d}",
        slots=Slots(place=about.place, actors=(about.person, about.person2)),
        keyterms=(about.thing, about.thing2, f"{about.verb} the {about.thing}", about.place),
        principals=(about.person,),
    )
