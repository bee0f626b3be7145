"""Reporting clauses: where a text says that somebody says, denies, asks, thinks or keeps silent.

A `Frame` is a cue with the noun phrase that is made responsible for it. Sources are found by the shape of
the clause (what stands left of a reporting verb, right of an inverted one, after "according to", before a
colon), not by a parser: the phrase is only bounded here, and read in `workers.source`.
"""

import re
from collections.abc import Iterator

import msgspec

from store.claim import ClaimSet
from store.reading import Span
from workers.dialogue import turns
from workers.names import CAPITALISED, alias_pattern, registry
from workers.nouns import BODY_NOUN, OUTLET_NOUN, PERSON_NOUN
from workers.phrases import VERBAL, clause_subject, floor_of, left_source, noun_phrase, right_source
from workers.reporting import Act, Find, reporting_verbs
from workers.silence import CONTACT, SILENCE
from workers.stands import answers, spoken_label, stands
from workers.text import Sentence, Text
from workers.verbs import PUBLISH_VERB

_LONGEST = 1500
"""Characters of a sentence that are searched: what is longer is no prose, and would cost its square in time."""


class Frame(msgspec.Struct, frozen=True):
    """One reporting clause. With `follows` the source stands after what it says ("…, said the mayor")."""

    sentence: int
    cue: Span
    source: Span | None
    act: Act
    follows: bool = False


_ACCORD = re.compile(
    r"(?:\b[Ff]or (?=(?:the |an? )?[^,.;]{2,60} it (?:was|is) (?:submitted|argued|said|contended"
    r"|put))|\b(?:[Aa]ccording to(?! which\b| whom\b)|[Ii]n the (?:words|view|opinion) of|on the (?:word|authority"
    r"|evidence) of|[Ss]peaking (?:to|for)(?=\x00)|[Aa]s (?:confirmed|reported|described|announced"
    r"|told|stated|claimed) by|[Pp]er(?= [A-Z]))\s+)"
)
_CITE = re.compile(
    r"\b(?:citing|quoting|cited|(?:has|have|had|got) (?:it|this|that) from|which (?:was|is) (?:citing|quoting)"
    r"|attributing it to|credited to"
    r"|sourced to)\s+"
)
_PASSIVE = re.compile(
    r"\b(?:described|reported|announced|confirmed|denied|quoted|cited|told|said|put about|spread"
    r"|traced|circulated|published|carried|alleged|claimed|rejected|dismissed|confirmed|revealed"
    r"|disclosed) by\s+|\b(?:described|dismissed|rejected|denounced|branded|called|labelled|characterised) (?:as )?(?:an? )?"
    r"[\x01\w ’'-]{1,120}? by\s+(?=(?:the |an? )?[A-Za-z\x00])"
)
_LIGHT = re.compile(
    r"\b(?:issu(?:e|es|ed|ing)|ma(?:ke|kes|de|king)|g(?:ive|ives|ave|iving)|offer(?:s|ed|ing)?"
    r"|releas(?:e|es|ed|ing)|puts? out|publish(?:es|ed)?|sent|repeated|stands? by|stood by"
    r"|went back on) (?:an?|the|its|his|her|their|no|every)? ?(?:[\w-]+ ){0,3}?(?:statement|denial"
    r"|warning|admission|apology|assurances?|explanation|account|confirmation|announcement"
    r"|allegations?|accusations?|claims?|word|description)\b"
)
_STATE = re.compile(
    r"\b(?:is|are|was|were|remain(?:s|ed)?) (?:(?:not|still|also|\w+ly) )*(?:convinced|unconvinced"
    r"|sceptical|skeptical|divided|split|adamant|sure|certain|confident|doubtful|opposed|aware"
    r"|unaware|worried|concerned|blunter|blunt|brief|clear|dismissive|cautious)\b|\b(?:sees?|saw"
    r"|seen) (?:this|it|that|these|the \w+|no|little|few) (?:\w+ )?(?:as|sign|reason|evidence|need"
    r"|prospect|chance|point)\b|\b(?:raised|lowered|revised|corrected|updated|cut) (?:its|the"
    r"|their|his|her|an?) (?:\w+ ){0,2}?(?:number|count|figures?|toll|tally|estimate|forecast"
    r"|report)\b|\b(?:exercis|invok|reserv)(?:es?|ed) (?:his|her|its|their) right"
)
_SPOKE = re.compile(
    r"\b(?:opens?|opened|orders?|ordered|launche[sd]|approve[sd]|raise[sd]) (?:an? "
    r"|the )?(?:\w+ ){0,2}?(?:inquiry|investigation|probe|enquiry|review|recall|number|alert"
    r"|file)\b"
)
_CONDUCT = re.compile(rf"\b(?:{CONTACT})\b", re.IGNORECASE)
_UNANSWERED = re.compile(
    r"\b(?:[Cc]alls?|[Mm]essages?|[Ee]-?mails?|[Rr]equests?|[Qq]uestions?|[Ll]etters?"
    r"|[Tt]exts?) (?:(?:and|or) [\w-]+ )?(?:for comment )?(?:sent |left |put |made "
    r"|addressed )?(?:to|with|for)\s+(?=[^.;]{2,80}?\b(?:unanswered|not (?:\w+ )?(?:returned"
    r"|answered)|unreturned|ignored|no (?:reply|response|answer)))"
)
_WORD_OF = (
    r"(?P<deny>denials?|rebuttals?|disclaimers?|rejections?)|accounts?|claims?|allegations?"
    r"|accusations?|assertions?|statements?|admissions?|announcements?|confirmations?|(?:latest "
    r"|official |own |current )?(?:count|tally|toll|figures?|estimates?|numbers?|data)"
    r"|predictions?|forecasts?|warnings?|suspicions?|contentions?|assurances?|suggestions?"
    r"|insistence|testimony|evidence|verdict|ruling|conclusions?|findings?"
)
_BELIEVED = re.compile(
    r"\b[Ii]f (?P<np>[^,;:.]{2,70}?) (?:is|are|was|were) (?:to be (?:believed|trusted|credited)|(?:to be )?right|correct)\b"
)
_VIEW = re.compile(
    r"\b[Ii]n (?P<np>[^,;:.]{2,50}?)(?:['’]s|(?<=s)['’]) (?:view|opinion|judge?ment|reading|telling|words|account|version|eyes"
    r"|estimation)\b"
)
_DATELINE = re.compile(
    r"(?:[A-ZÀ-Þ][A-ZÀ-Þ.'’/ ]+|[A-ZÀ-Þ][\w'’]+(?: [A-ZÀ-Þ][\w'’]+){0,2})(?:, [\w. ]{3,25})?(?: ?\([^()]{2,40}\))? ?[-–—]+ "
    r"(?=\S)"
)
"""'CITY, Sept 5 (Agency) - ' before the first words of a report."""
_CLOCK = re.compile(r"(?:\d{1,2}[:.]\d\d(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]m)(?: [A-Z]{3,4}\b)?[ :–—-]+(?=\S)")
"""The time that opens an entry of a live page."""
_NOMINAL = re.compile(rf"['’]s? (?:\w+ )?(?:{_WORD_OF})\b")
_FROM = re.compile(rf"\b(?:{_WORD_OF}) (?:from|by)\s+")
_LABEL = re.compile(r"^(?P<source>[^:\x01.?!;]{2,120}): ?(?=[\x01“\"‘]|[Nn]o comment|[Nn]othing|[Nn]o\b)")
_LONGEST_LABEL = 7
"""Words before a colon and an unquoted answer ("Name, when asked: no comment") that still name who speaks."""
_TITLE_LABEL = re.compile(r"^(?P<source>(?:[A-Z\x00][\w.'’\x00-]*(?: (?=[A-Z\x00])|(?=:))){1,4}): (?=[A-Z\x01])")
_TITLE_HEAD = re.compile(r"^(?P<source>[A-Z\x00][^:\x01.?!;,]{1,45}): (?=\S)")
_TITLE_TAIL = re.compile(r"(?<=\S{3}) (?P<dash>[-–—]) (?P<source>[A-Z\x00][\w.'’\x00 ]{1,40})$")
_TAIL_LABEL = re.compile(r"^(?P<said>\x01+): (?P<source>[^.:\x01]{2,60})$")


def frames(text: Text, claims: ClaimSet) -> tuple[Frame, ...]:
    """Every reporting clause of a text in reading order, found once for each text and watch list."""
    held = text.__dict__.get("_frames")
    if held is None or held[0] is not claims:
        held = (
            claims,
            tuple(f for n, s in enumerate(text.sentences) for f in _in_sentence(text, claims, n, s)),
        )
        text.__dict__["_frames"] = held
    return held[1]


def closed_quotations(text: Text) -> tuple[Span, ...]:
    """Quotations within one paragraph; a longer one has most likely lost its closing mark."""
    held = text.__dict__.get("_closed_quotations")
    if held is None:
        held = tuple(q for q in text.quotations if "\n" not in text.of(q))
        text.__dict__["_closed_quotations"] = held
    found: tuple[Span, ...] = held
    return found


def masked(text: Text, claims: ClaimSet, sentence: Sentence) -> str:
    """The sentence with quotations and entity names blanked, character for character.

    Quoted words become U+0001, the letters inside an entity's name U+0000, so that neither is taken for a verb
    or a conjunction of the reporting clause.
    """
    said = list(text.of(sentence))
    for quote in closed_quotations(text):
        low, high = (
            max(quote.start, sentence.start) - sentence.start,
            min(quote.end, sentence.end) - sentence.start,
        )
        if low < high:
            said[low:high] = "\x01" * (high - low)
    if sentence.paragraph > 0 and (dateline := _DATELINE.match("".join(said))):
        said[: dateline.end()] = " " * dateline.end()
    if clock := _CLOCK.match("".join(said)):
        said[: clock.end()] = " " * clock.end()
    for aside in re.finditer(r"\([^()]{1,60}\)", "".join(said)):
        said[aside.start() : aside.end()] = " " * (aside.end() - aside.start())
    plain = "".join(said)
    # A quotation that runs on over several sentences has only one of its marks here, or none.
    for match in alias_pattern(claims).finditer(plain):
        said[match.start() : match.end()] = "\x00" * (match.end() - match.start())
    return "".join(said)


def _in_sentence(text: Text, claims: ClaimSet, number: int, sentence: Sentence) -> list[Frame]:
    mask = masked(text, claims, sentence)[:_LONGEST]
    silences = [*SILENCE.finditer(mask)]
    found = [*_silences(mask, silences), *_agents(mask), *_qualified(mask), *_predicates(mask)]
    taken = [m.span() for m in (*silences, *_CITE.finditer(mask))]
    found += [v for v in reporting_verbs(mask, taken) if v.source or found]
    found += [*_nouns(mask), *answers(mask)]
    found += [*(() if found else _conduct(mask)), *_labels(mask, title=sentence.paragraph == 0)]
    found = _without_question(mask, found) or [*spoken_label(mask)]
    found += [stand for stand in stands(mask) if not _shares_clause(mask, stand, found)]
    if not found:
        found = [*_printed(text, claims, sentence, mask)]
    at = sentence.start
    if label := _turn(text, sentence):
        found = [Find((label[1], label[1] + 1), label, "label"), *(f for f in found if f.act != "label")]
    frames_here = [
        Frame(
            number,
            Span(at + find.cue[0], at + find.cue[1]),
            Span(at + find.source[0], at + find.source[1]) if find.source else None,
            find.act,
            find.follows,
        )
        for find in found
    ]
    return sorted(frames_here, key=lambda f: (f.cue.start, f.cue.end))


def _turn(text: Text, sentence: Sentence) -> tuple[int, int] | None:
    """The label of a dialogue's paragraph, in its first sentence."""
    label = turns(text).get(sentence.paragraph)
    if label is None or not sentence.start <= label.start < sentence.end:
        return None
    return label.start - sentence.start, label.end - sentence.start


_ASKED = re.compile(
    r"\s*(?:But,? |And |Yet )?(?:(?:When|Though|If|Later,?) )?(?:[Aa]sked|[Pp]ressed|[Qq]uestioned|[Cc]hallenged"
    r"|[Ii]nvited|[Rr]eminded)\b"
    r"(?! (?:whether|if) [^,]*$)[^,\x01]*,"
)
_CLAUSE = re.compile(r";|, (?:and|but|while|though|although|whereas) ")


def _without_question(mask: str, found: list[Find]) -> list[Find]:
    """Less what is reported in a lead-in such as 'Asked what the men say happened, …', if anything is reported after it."""
    asked = _ASKED.match(mask)
    later = [f for f in found if asked and f.cue[0] >= asked.end()]
    return later or found


def _shares_clause(mask: str, stand: Find, found: list[Find]) -> bool:
    """Whether the clause has a reporting verb of its own already."""
    marks = [m.start() for m in _CLAUSE.finditer(mask)]
    start = max((m for m in marks if m <= stand.cue[0]), default=0)
    end = min((m for m in marks if m > stand.cue[0]), default=len(mask))
    return any(start <= f.cue[0] < end for f in found)


_OPENS = re.compile(r"\s*(?:(?:But|And|Yet|As for|As|It was|In|On|Elsewhere) )?(?:[Tt]he )?")


_INSIDE = re.compile(r"(?:, [^,]{2,60},)? (?P<verb>[a-z]+)")
_DOES = re.compile(
    r"(?:, [^,]{2,60},)? (?:now |then |also |even |still |later |\w+ly )?(?P<verb>(?!was\b|is\b|does\b|goes\b|its\b"
    r"|this\b)[a-z]+(?:[^s]s|ed)"
    r"|has|had|gave|ran|went|put|made|took|found|heard|led|told|saw|got|kept|could|would|flashing|running|carrying|leading)\b"
)


def _printed(text: Text, claims: ClaimSet, sentence: Sentence, mask: str) -> Iterator[Find]:
    """'The Clarion has thirteen', 'In the Clarion it is larger': another outlet that opens a sentence has printed it."""
    for start in (0, *(m.end() for m in re.finditer(r"; (?:and |but )?", mask))):
        opening = _OPENS.match(mask, start)
        low = sentence.start + (opening.end() if opening else start)
        alias = next((m for m in alias_pattern(claims).finditer(text.text, low, sentence.end) if m.start() == low), None)
        name = alias or CAPITALISED.match(text.text, low)
        if name is None or name.end() >= sentence.end or registry(text, claims).resolve(*name.span()).kind != "outlet":
            continue
        within = re.search(r"\b(?:In|On|in|on) (?:the )?$", mask[: name.start() - sentence.start])
        verb = (_INSIDE if within else _DOES).match(mask[name.end() - sentence.start :])
        if verb:
            at = name.end() - sentence.start + verb.start("verb")
            yield Find((at, at + len(verb["verb"])), (name.start() - sentence.start, name.end() - sentence.start), "say")


def _silences(mask: str, silences: list[re.Match[str]]) -> Iterator[Find]:
    for match in silences:
        # "A doctor who is not authorised to speak said": no silence on the matter.
        if not re.search(r"(?<!,) who (?:\w+ )?$", mask[: match.start()]):
            yield Find(match.span(), left_source(mask, match.start()), "silent")
    for match in _UNANSWERED.finditer(mask):
        if source := right_source(mask, match.end()):
            yield Find(match.span(), source, "silent")


_AGENTS: tuple[tuple[re.Pattern[str], Act], ...] = ((_ACCORD, "accord"), (_CITE, "cite"), (_PASSIVE, "agent"))


def _agents(mask: str) -> Iterator[Find]:
    """'According to X', 'citing X', 'described by X', and the outlet before an aside 'citing X'."""
    for pattern, act in _AGENTS:
        for match in pattern.finditer(mask):
            if source := right_source(mask, match.end()):
                yield Find(match.span(), source, act, follows=True)
    for match in _CITE.finditer(mask):
        aside = mask[: match.start()].rstrip().endswith(",")
        if aside and (source := _before_aside(mask, match.start())):
            yield Find(match.span(), source, "say")


_PREDICATES: tuple[tuple[re.Pattern[str], Act], ...] = ((_LIGHT, "say"), (_STATE, "think"), (_SPOKE, "say"))


def _qualified(mask: str) -> Iterator[Find]:
    """'If the officials are right', 'in the union's view'."""
    for pattern in (_BELIEVED, _VIEW):
        for match in pattern.finditer(mask):
            if source := noun_phrase(mask, match.start("np"), match.end("np")):
                yield Find(match.span(), source, "accord", follows=True)


def _predicates(mask: str) -> Iterator[Find]:
    for pattern, act in _PREDICATES:
        for match in pattern.finditer(mask):
            if source := left_source(mask, match.start()):
                yield Find(match.span(), source, act)


def _nouns(mask: str) -> Iterator[Find]:
    """'X's denial', 'allegations from X'."""
    for match in _NOMINAL.finditer(mask):
        if source := noun_phrase(mask, floor_of(mask, match.start()), match.start()):
            yield Find(match.span(), source, "deny" if match["deny"] else "say")
    for match in _FROM.finditer(mask):
        if source := right_source(mask, match.end()):
            yield Find(match.span(), source, "deny" if match["deny"] else "say")


def _conduct(mask: str) -> Iterator[Find]:
    """'She hung up', 'he left by the back door': no verb of telling, but somebody who was asked."""
    subject = clause_subject(mask, 0) if _CONDUCT.search(mask) else None
    if subject and len(mask[: subject[0]].split()) <= 3:
        verb = subject[1] + 1
        yield Find((verb, verb + len(mask[verb:].split(" ", maxsplit=1)[0])), subject, "silent")


def _labels(mask: str, *, title: bool) -> Iterator[Find]:
    titled = (_TITLE_LABEL.match(mask) or _headed(mask)) if title else None
    if title and (tail := _TITLE_TAIL.search(mask)):
        yield Find(tail.span("dash"), tail.span("source"), "label", follows=True)
    if titled:
        yield Find((titled.end("source"), titled.end("source") + 1), titled.span("source"), "label")
    if label := _label(mask):
        yield Find(label[0], label[1], "label", label[2])


def _headed(mask: str) -> re.Match[str] | None:
    """'Port official: ferry to be sold': a headline's label that ends in a noun for who speaks."""
    match = _TITLE_HEAD.match(mask)
    speaks = match and (
        set(match["source"]) == {"\x00"}
        or any(n.fullmatch(match["source"].split()[-1]) for n in (PERSON_NOUN, BODY_NOUN, OUTLET_NOUN))
    )
    return match if speaks else None


def _before_aside(mask: str, start: int) -> tuple[int, int] | None:
    """'Outlet, quoting an agent, …': the outlet."""
    end = mask[:start].rstrip().rfind(",")
    found = noun_phrase(mask, floor_of(mask, end), end)
    return found if found and not re.search(rf"\b(?:{PUBLISH_VERB})$", mask[slice(*found)]) else None


def _label(mask: str) -> tuple[tuple[int, int], tuple[int, int], bool] | None:
    """'Name: “…”' and, of headlines, '“…”: name'."""
    match = _LABEL.match(mask)
    if match and (mask[match.end() : match.end() + 1] in '\x01“"‘' or len(match["source"].split()) <= _LONGEST_LABEL):
        subject = re.match(rf"(?P<np>.+?)(?: {VERBAL}|$)", match["source"])
        if subject and (found := noun_phrase(mask, 0, subject.end("np"))):
            return (match.end("source"), match.end("source") + 1), found, False
    if match := _TAIL_LABEL.match(mask):
        phrase = re.match(
            r"(?:\w+ ){0,4}?(?:\w+)(?= (?:say|speak|tell|reveal|insist|warn|hit|claim)s?\b|$)",
            match["source"],
        )
        if phrase and (found := (match.start("source"), match.start("source") + phrase.end())):
            return (match.end("said"), match.end("said") + 1), found, True
    return None
