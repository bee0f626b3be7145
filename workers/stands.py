"""Clauses that report without a verb of saying: somebody answers, will not be drawn, has no doubt, saw it happen.

They are looked for only in sentences that hold no reporting verb, and only with a subject that can speak: a name, a
pronoun, a noun for people or bodies. All functions take a sentence as `workers.frames.masked` gives it.
"""

import re
from collections.abc import Iterator

from workers.nouns import BODY_NOUN, PERSON_NOUN
from workers.phrases import VERBAL, left_source, noun_phrase, right_source
from workers.reporting import Act, Find

_NOT = r"(?:n['’]t| not| never)"
_DEGREE = r"(?:(?:now|still|also|quite|so|far from|rather|much|less|more|hardly|scarcely|\w+ly) )*"
_REFUSES = re.compile(
    rf"\b(?:(?:is|was|are|were|wo|would|will|be|been){_NOT}? (?:be )?(?:drawn|tempted|pinned down|coaxed|saying|talking|telling"
    r"|commenting|giving (?:anything|nothing)|picking up|answering|returning|taking (?:our )?(?:calls|questions))"
    r"|(?:has|have|had) (?:stopped|given up) (?:taking|answering|returning) (?:our )?(?:calls|questions|messages)"
    r"|(?:ducked|dodged|sidestepped|side-stepped|evaded|skirted|fended off|brushed off|parried|batted away) (?:an?"
    r"|the|all|our|every|any)"
    r"|(?:changed the subject|rang off|walked (?:on|off|away)|drove (?:on|off|past)|turned (?:away|on (?:his|her) heel)"
    r"|shook (?:his|her) head|looked away|hung up|put the phone down))\b"
)
_HOLDS = re.compile(
    rf"\b(?:(?:is|was|are|were|remains?|remained){_NOT}? {_DEGREE}(?:sure|convinced|persuaded|certain|hopeful"
    rf"|optimistic|pessimistic"
    r"|coy|thinking of|having (?:any|none) of|sticking to|standing by|in no doubt|of the (?:view|opinion)|letting on|budging)"
    r"|(?:has|have|had) (?:no|little|few|some|every|grave|serious|(?:his|her|its|their) own) (?:\w+ )?(?:doubts?|recollections?"
    r"|memory|opinions?|views?|ideas?|information|knowledge|intentions?|plans?|quarrel|objections?|comments?"
    r"|explanation|answer)"
    rf"|(?:would|could|can|did|does|do|will|wo|ca){_NOT} (?:\w+ly )?(?:accept|see|make out|think|address|repeat"
    rf"|discuss|rule|recall"
    r"|remember|recognise|recognize|hear|say|tell|characterise|characterize|publish|name|touch|explain|elaborate"
    r"|confirm|believe"
    r"|imagine|understand|share|agree|object|want|care|know|buy|budge|bite|rise to|look into|find|indicate|offer"
    r"|be (?:rushed|asked)"
    r"|answer|take (?:up|part|questions|the bait))"
    r"|would (?:have|hear) none of|will have none of|cannot (?:see|think|imagine|believe|recall|remember|say|make out)"
    r"|(?:makes?|made|puts?|has|have) it (?:at|that|as|\d|an?\b|(?:on|down) )|puts? the \w+ (?:\w+ )?at"
    r"|gives? \w+ (?:\w+ )?(?:no )?"
    r"(?:better|chance|odds)|(?:has|have) (?:him|her|it|them|the \w+(?: \w+)?) \w+ing|has given up on|(?:has|have"
    r"|had) stopped believing"
    r"|takes? (?:the|a) (?:same |opposite |different |dim |darker? |harder |softer )?(?:view|line)|gave (?:none|nothing|no \w+)"
    r"|(?:draws?|drew|called) attention to|(?:referred|passed|directed) (?:us|reporters|journalists|\w+ questions?"
    r"|(?:all )?questions)"
    r"|swears? blind|swore blind|hit the roof|for (?:his|her) part)\b",
)
_WITNESSED = re.compile(r"\b(?:had |has |have )?(?:seen|saw|counted|heard|noticed|watched|noted|spotted|recognised"
    r"|recognized|felt)\b")
_HIS_ANSWER = re.compile(
    r"\b(?:was|is|were|came) (?P<np>[^,;:.\x01]{2,60}?)(?:['’]s|(?<=s)['’]) (?:\w+ ){0,2}(?:answer|reply|response"
    r"|retort|verdict|line"
    r"|message|comment|reaction|version|view|summary|estimate|words?|advice|parting shot)\b"
    r"|\b(?:is|was|were) (?:all|how|what|the (?:most|best|nearest|only \w+)(?: that)?|as (?:far|much) as)(?= )"
    r"(?P<subject>[^,;:.\x01]{2,70}?) (?:puts?|put|would|could|will|had|has|says?|said|offered|got|gets|sees?"
    r"|remembers?|describes?)\b"
)
_CAME = re.compile(
    r"\b(?:came|comes|ran|went) (?:the|an?|back|his|her|their) ?(?:\w+ )?(?:answer|reply|response|retort|word|message"
    r"|shout|voice|cry)?"
    r"(?: back)?(?: (?:from|of) )?|\b(?:drew|brought|prompted|earned|provoked) (?:an? |the )?(?:\w+ )?(?:answer|reply"
    r"|response|retort|rebuke"
    r"|denial) from |\b(?:is|was) (?:met|greeted|dismissed|waved away|brushed aside) with (?:an? )?(?:\w+ )?\w+ by "
)
_OPENING = re.compile(
    r"^\s*(?P<np>(?:[a-z]+ )?(?:(?:[A-ZÀ-Þ\x00][\w.'’\x00-]*) ?){1,5})(?:,|(?= (?:to|on|at|in|from|outside|after"
    r"|before|again)\b))"
    r"[^:\x01?!;]{0,90}: (?=\S)"
)
_PRONOUN = re.compile(r"(?:he|she|they|we|i|nobody|who|one(?: of them)?|another|others|some|both|neither)$", re.IGNORECASE)
_INDEFINITE = re.compile(r"(?:an?|one|two|three|several|some|another|other|many|neighbours|residents"
    r"|witnesses)\b", re.IGNORECASE)


def stands(mask: str) -> Iterator[Find]:
    """Where somebody takes a stand in other words than verbs of saying; empty for most sentences."""
    for pattern, act in _PREDICATES:
        for match in pattern.finditer(mask):
            source = left_source(mask, match.start())
            if source and _speaks(mask, source):
                yield Find(match.span(), source, act)
    for match in _WITNESSED.finditer(mask):
        source = left_source(mask, match.start())
        if source and _INDEFINITE.match(mask[slice(*source)]) and PERSON_NOUN.search(mask[slice(*source)]):
            yield Find(match.span(), source, "say")


_PREDICATES: tuple[tuple[re.Pattern[str], Act], ...] = ((_REFUSES, "silent"), (_HOLDS, "think"))


def answers(mask: str) -> Iterator[Find]:
    """'“…” was the mayor's answer', '“…” is all she would say', '…, came the reply from the yard'."""
    for match in _HIS_ANSWER.finditer(mask):
        group = "np" if match["np"] else "subject"
        source = noun_phrase(mask, match.start(group), match.end(group))
        if source and _speaks(mask, source):
            yield Find(match.span(), source, "say", follows=True)
    for match in _CAME.finditer(mask):
        if match[0].endswith(("from ", "of ", "by ")) and (source := right_source(mask, match.end())):
            yield Find(match.span(), source, "say", follows=True)


def spoken_label(mask: str) -> Iterator[Find]:
    """'Ada Lind, at the airport: were it true, …': a name that opens the sentence, an aside, a colon."""
    match = _OPENING.match(mask)
    if match and not re.search(rf"\b(?:{VERBAL})", mask[match.end("np") : match.end()]) and _speaks(mask, match.span("np")):
        low, high = match.span("np")
        yield Find((match.end() - 2, match.end() - 1), (low, low + len(mask[low:high].rstrip())), "label")


def _speaks(mask: str, place: tuple[int, int]) -> bool:
    """Whether a noun phrase can be somebody who takes a stand."""
    phrase = mask[slice(*place)].strip()
    head = phrase.split(",")[0]
    return bool(
        _PRONOUN.fullmatch(head)
        or "\x00" in head
        or re.search(r"(?:^|[a-z] )[A-ZÀ-Þ][\w.'’-]+ [A-ZÀ-Þ][\w.'’-]+$", head)
        or re.match(r"(?:Mr|Mrs|Ms|Dr|Sir|Dame|Captain|Colonel|General|Admiral) ", head)
        or PERSON_NOUN.search(head)
        or BODY_NOUN.search(head)
    )
