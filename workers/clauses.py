"""The part of a passage that bears on its claim: cut into clauses, without the reporting clause around it."""

import re
from functools import lru_cache

import msgspec

from store.claim import Claim, ClaimSet
from workers.attribution import governing
from workers.text import Passage, Text
from workers.verbs import listed
from workers.voices import Voice

_STOP = frozenset(
    listed(
        "the a an of in on at by to from with and or but for as is are was were be been has have had "
        "it its his her their he she they that this which who whom whose not no any some all more "
        "than into after before about over under between during said says say will would could may "
        "might can do does did there what when where how also one two other people"
    )
)
_BOUNDARY = re.compile(
    r";\s+|:\s+|\s[–—-]\s|,? (?=but\b|while\b|whereas\b|although\b|though\b|because\b|since\b"
    r"|despite\b|except\b|when\b|due to\b|owing to\b|in case\b)|, (?=which\b|where\b|who\b|whose\b"
    r"|after\b|(?:only |just )?(?:hours|days|weeks|months|minutes|an? (?:hour|day|week|month)|\w+ (?:hours|days|weeks|months))"
    r" (?:after|before)\b|possibly\b|perhaps\b|when\b|with\b|leaving\b|adding\b|and (?:that |it |he |she "
    r"|they |the |we |in )\b|making\b|urging\b|warning\b|calling\b|noting\b|promising\b|given\b)"
)


class Core(msgspec.Struct, frozen=True):
    """A passage prepared for judging.

    `said` is the passage with its source phrase blanked, `nearest` the clause of it that shares most with
    the claim, `rest` the others, `shared` how many of the claim's words `nearest` holds.
    """

    said: str
    nearest: str
    rest: tuple[str, ...]
    shared: int
    voice: Voice | None


def core(text: Text, passage: Passage, claims: ClaimSet) -> Core:
    """The passage cut down to what is said about the claim, made once for each text and passage."""
    held = text.__dict__.setdefault("_cores", {})
    key = (id(claims), passage.claim.id, passage.start, passage.end)
    if key not in held:
        held[key] = _made_core(text, passage, claims)
    found: Core = held[key]
    return found


def _made_core(text: Text, passage: Passage, claims: ClaimSet) -> Core:
    voice = governing(text, passage, claims)
    said = _ANONYMITY.sub(lambda m: " " * len(m[0]), _without_source(text, passage, voice))
    pieces = [p for s in _sentences(text, passage, said) for p in _BOUNDARY.split(s) if p and re.search(r"\w", p)] or [said]
    scored = [overlap(passage.claim, piece) for piece in pieces]
    main = [n for n, piece in enumerate(pieces) if scored[n] and not _DEPENDENT.match(piece)]
    best = max(main or range(len(pieces)), key=lambda n: (scored[n], -n))
    return Core(
        said,
        pieces[best],
        tuple(p for n, p in enumerate(pieces) if n != best),
        overlap(passage.claim, pieces[best]),
        voice,
    )


_ANONYMITY = re.compile(
    r",? (?:who|whom)\b [^,.;“”\"]{0,60}?(?:anonymity|by name|(?:not|n['’]t|declin\w+ to|refus\w+ to) (?:to )?(?:be )?"
    r"(?:identif\w+|named?\b|quoted))[^,.;“”\"]*"
)
"""Why a source has no name: that says nothing of the claim."""
_DEPENDENT = re.compile(
    r"\s*(?:(?:only |just )?(?:hours|days|weeks|months|minutes|an? (?:hour|day|week|month)|\w+ (?:hours|days|weeks|months))"
    r" (?:after|before)|which|where|who|whose|after|since|because|when|with|given|despite"
    r"|except|as)\b"
)


EARLIER = re.compile(r"\s*(?:only |just )?(?:[\w-]+ ){1,3}(?:after|before)\b")
"""Opens a clause about another time: 'only hours after …'."""


def _sentences(text: Text, passage: Passage, said: str) -> list[str]:
    """The passage's prepared words, cut where the text's sentences end."""
    ends = [s.end - passage.start for s in text.sentences if passage.start < s.end < passage.end]
    return [said[low:high] for low, high in zip([0, *ends], [*ends, len(said)], strict=True)]


_DENIED_SUBJECT = re.compile(r"(?:neither|nobody|no one|none|no|not)\b", re.IGNORECASE)


def _without_source(text: Text, passage: Passage, voice: Voice | None) -> str:
    said = text.text[passage.start : passage.end]
    if voice is None or voice.frame.source is None or _DENIED_SUBJECT.match(text.of(voice.frame.source)):
        return said
    low, high = voice.frame.source.start, voice.frame.source.end
    if voice.frame.act == "label" and not voice.frame.follows:
        low, high = text.sentences[voice.frame.sentence].start, voice.frame.cue.end
    low, high = max(0, low - passage.start), max(0, high - passage.start)
    return said[:low] + " " * (min(high, len(said)) - min(low, len(said))) + said[high:]


def overlap(claim: Claim, piece: str) -> int:
    """How many different words of the claim the piece holds, compared by their first five letters."""
    return len(stems(piece) & terms(claim))


def terms(claim: Claim) -> frozenset[str]:
    """The claim's own words and its key terms, as stems."""
    return _terms(claim.text, claim.keyterms, claim.aliases, claim.slots.place or "")


@lru_cache(maxsize=4096)
def _terms(wording: str, keyterms: tuple[str, ...], aliases: tuple[str, ...], place: str) -> frozenset[str]:
    return stems(" ".join((wording, *keyterms, *aliases, place)))


def stems(piece: str) -> frozenset[str]:
    """Words of a piece without function words, cut to five letters."""
    return frozenset(w[:5] for w in re.findall(r"[a-z0-9£$€]+", piece.casefold()) if w not in _STOP and len(w) > 1)
