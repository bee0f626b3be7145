"""Reporting clauses: where a text says that somebody says, denies, asks, thinks or keeps silent.

A `Frame` is a cue with the noun phrase that is made responsible for it. Sources are found by the shape of
the clause (what stands left of a reporting verb, right of an inverted one, after "according to", before a
colon), not by a parser: the phrase is only bounded here, and read in `workers.source`.
"""

import re
from typing import Literal

import msgspec

from store.claim import ClaimSet
from store.reading import Span
from workers.cues import ANONYMOUS_NOUN, ASK_VERB, CONTACT, DENY_VERB, GENERIC_OUTLET, GROUP_NOUN, PUBLISH_VERB, SAY_VERB, SILENCE, THINK_VERB
from workers.names import alias_pattern
from workers.text import Sentence, Text

Act = Literal["say", "think", "deny", "ask", "silent", "accord", "label", "cite", "agent"]


class Frame(msgspec.Struct, frozen=True):
    """One reporting clause. With `follows` the source stands after what it says ("…, said the mayor")."""

    sentence: int
    cue: Span
    source: Span | None
    act: Act
    follows: bool = False


_VERB = re.compile(
    rf"\b(?:(?P<deny>{DENY_VERB})|(?P<ask>{ASK_VERB})|(?P<think>{THINK_VERB})|(?P<say>{SAY_VERB}|{PUBLISH_VERB}))\b(?!['’]s\b)", re.IGNORECASE
)
_ACCORD = re.compile(
    r"(?:\b[Ff]or (?=(?:the |an? )?[^,.;]{2,60} it (?:was|is) (?:submitted|argued|said|contended|put))|\b(?:[Aa]ccording to|[Ii]n the (?:words|view|opinion) of|on the (?:word|authority|evidence) of|[Ss]peaking (?:to|for)(?=\x00)|[Aa]s (?:confirmed|reported|described|announced|told|stated|claimed) by|[Pp]er(?= [A-Z]))\s+)"
)
_CITE = re.compile(r"\b(?:citing|quoting|cited|which (?:was|is) (?:citing|quoting)|attributing it to|credited to|sourced to)\s+")
_PASSIVE = re.compile(
    r"\b(?:described|reported|announced|confirmed|denied|quoted|cited|told|said|put about|spread|traced|circulated|published|carried|alleged|claimed|rejected|dismissed|confirmed|revealed|disclosed) by\s+"
)
_LIGHT = re.compile(
    r"\b(?:issu(?:e|es|ed|ing)|ma(?:ke|kes|de|king)|g(?:ive|ives|ave|iving)|offer(?:s|ed|ing)?|releas(?:e|es|ed|ing)|puts? out|publish(?:es|ed)?|sent|repeated|stands? by|stood by|went back on) (?:an?|the|its|his|her|their|no|every)? ?(?:[\w-]+ ){0,3}?(?:statement|denial|warning|admission|apology|assurances?|explanation|account|confirmation|announcement|allegations?|accusations?|claims?|word|description)\b"
)
_STATE = re.compile(
    r"\b(?:is|are|was|were|remain(?:s|ed)?) (?:(?:not|still|also|\w+ly) )*(?:convinced|unconvinced|sceptical|skeptical|divided|split|adamant|sure|certain|confident|doubtful|opposed|aware|unaware|worried|concerned|blunter|blunt|brief|clear|dismissive|cautious)\b|\b(?:sees?|saw|seen) (?:this|it|that|these|the \w+|no|little|few) (?:\w+ )?(?:as|sign|reason|evidence|need|prospect|chance|point)\b|\b(?:raised|lowered|revised|corrected|updated|cut) (?:its|the|their|his|her|an?) (?:\w+ ){0,2}?(?:number|count|figures?|toll|tally|estimate|forecast|report)\b|\b(?:exercis|invok|reserv)(?:es?|ed) (?:his|her|its|their) right"
)
_SPOKE = re.compile(r"\b(?:opens?|opened|orders?|ordered|launche[sd]|approve[sd]|raise[sd]) (?:an? |the )?(?:\w+ ){0,2}?(?:inquiry|investigation|probe|enquiry|review|recall|number|alert|file)\b")
_LINK = re.compile(
    r"(?:(?:^|(?<=[\s,]))(?:has|have|had|was|were|is|are|did|do|does|also|again|later|earlier|then|now|already|still|so far|thus far|to date|as yet|until now|himself|herself|itself|themselves|further|simply|only|repeatedly|previously|recently|twice|once|even|first|since|both|all"
    r"|meanwhile|however|therefore|though|too|never|not|n['’]t|would|could|will|can|may|might|must|should|to|for (?:his|her|its|their) part|at once|in turn|instead|nonetheless|nevertheless|always|long|just|(?!family|early|reply|supply|ally|july|only|apply|bully|rely|fly)[a-z]{3,}ly"
    r"|(?:(?:late|early|earlier|later) )?(?:on|last|this|next) (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?: (?:morning|afternoon|evening|night))?|(?:on|in) (?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{1,2})?(?: \d{4})?"
    r"|yesterday|today|tonight|this (?:morning|afternoon|evening|week|month|year)|last (?:night|week|month|year)|earlier (?:today|this week|in the (?:day|week))|in an? (?:statement|interview|e-?mail|letter|tweet|post|briefing|speech|telephone interview)|by (?:telephone|phone|e-?mail)"
    r"|(?:\w+(?:ed|s) and)|went on|sought|seeks|moved|appeared|seemed|continued|continues|is said|are said|was said|asked|wants|quick)\s*,?\s*)$"
)
_NP_START = (
    r"(?:(?i:an?|the|this|that|these|those|one|two|three|four|five|six|seven|eight|nine|ten|some|many|several|most|both|another|others?|each|every|no|his|her|its|their|my|our|your|he|she|they|it|we|i|which|who|whose|neither|nobody|somebody|someone|everybody|people|a few|dozens|more|all|any|former|senior|local|unnamed|anonymous|rival|legal|hospital|police|military|intelligence|government|company|industry|market|family|state|federal|city|county|village|club|union|school|kitchen|diplomatic|judicial|medical|political|opposition|independent|private|foreign)\b"
    rf"|(?i:about|nearly|almost|roughly|half|fewer|less|hardly anyone|not everyone)\b|\d|[A-ZÀ-Þ\x00]|(?i:{ANONYMOUS_NOUN}|{GROUP_NOUN}|{GENERIC_OUTLET})\b|[a-z-]{{3,}}s\b)"
)
_STARTS = re.compile(_NP_START)
_LEADIN = re.compile(
    r"^(?:There (?:is|are|was|were) |(?:And|But|So|Yet|Or|Still|Also|Then|Now|Meanwhile|However|Yesterday|Today|Earlier|Later|Separately|Asked|Exclusive:|(?:and|but|so|yet|though|although|while|as|when|if|because|since|whereas|that|which|whom|whether|nor|or|after|before)(?= ))\b,? *"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? (?=[A-Z\x00a-z])|(?:On|By|In|At|Since|Until|During|Before|After|From|For|Last|This|Next|on|by|in|at|since|until|during) (?:the )?(?:(?:early|late|mid|same|following|previous)[ -]?)*(?:\d{1,2} )?(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October|November|December|week|month|year|night|morning|afternoon|evening|day|weekend|summer|autumn|winter|spring"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\d{4}|\d{1,2}(?:st|nd|rd|th)?)(?: (?:morning|afternoon|evening|night|\d{1,2}|\d{4}))*,? +"
    r"|(?:In|in) (?:an?|the|his|her|its|their|one) (?:[a-z]+ )?(?:statement|interview|letter|e-?mail|speech|tweet|post|reply|briefing|response|court|session|chamber)(?: (?:on|to) \w+)?,? +)"
)
_CUT = re.compile(r"\b(?:that|which|whether|because|since|as|if|when|while|but|though|although|what|how|why|and|or|than|after|before|where)\s+(?=\S)")
_ROLE_NAME = re.compile(r"(?:[a-z][\w-]* ){1,4}(?=[A-Z\x00])")
_PRONOUN_END = re.compile(r"(?:^|\s)((?:he|she|they|it|we|I|He|She|They|It|We|you))$")
_PARENTHETICAL = re.compile(
    r"^\s*(?:against|per|via|alongside|without|an?|the|its|his|her|their|who|whose|whom|which|where|now|then|not|once|also|both|one|a former|in|on|at|by|for|from|with|through|of|as|like|under|among|despite|after|before|when|until|if|to|too|however|meanwhile|though|himself|herself|\d{1,3}\b|\w+ing|\w+ed|\w+en|familiar|close|speaking|himself|head|chief|professor|president|director|[a-z]+(?:man|woman|person|er|or|ist|head|chief|leader|director))\b"
    r"|^\s*(?:(?:[A-Z\x00][\w.'’\x00-]*|&|and) ?){1,5}$"
)
_INVERTS = re.compile(r"(?:sa(?:ys?|id)|ask(?:s|ed)?|repl(?:y|ies|ied)|adds?|added|insist(?:s|ed)?|claim(?:s|ed)?|explain(?:s|ed)?|warn(?:s|ed)?|argue[sd]?|admit(?:s|ted)?|wr(?:i|o)tes?|reports?|reported|according)", re.IGNORECASE)
_TAIL = re.compile(
    r"^(?:(?:(?:(?:late |early )?(?:on|last|this|in) )?(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|yesterday|today|week|month|morning|evening|night|afternoon|\d{1,2} \w+|\w+ \d{1,2})(?: (?:morning|afternoon|evening|night))?"
    r"|us|me|reporters|journalists|the \w+|[A-Z\x00][\w\x00]*(?: [A-Z\x00][\w\x00]*)*|lawmakers|\w+ly|earlier|later|again|too|also|here|in an? [\w -]+|by (?:tele)?phone|(?:at|in|to|on|during|via|through|from|with|of|over|for) (?!that\b)[\w\x00'’ -]+)\b\s*)+"
)
_OPEN_QUOTES = "“\"«‘"
_CLOSE_QUOTES = "”\"»’"


def frames(text: Text, claims: ClaimSet) -> tuple[Frame, ...]:
    """Every reporting clause of a text in reading order, found once for each text and watch list."""
    held = text.__dict__.get("_frames")
    if held is None or held[0] is not claims:
        held = (claims, tuple(f for n, s in enumerate(text.sentences) for f in _in_sentence(text, claims, n, s)))
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

    Quoted words become \\x01, the letters inside an entity's name \\x00, so that neither is taken for a verb
    or a conjunction of the reporting clause.
    """
    said = list(text.of(sentence))
    for quote in closed_quotations(text):
        low, high = max(quote.start, sentence.start) - sentence.start, min(quote.end, sentence.end) - sentence.start
        if low < high:
            said[low:high] = "\x01" * (high - low)
    for aside in re.finditer(r"\([^()]{1,60}\)", "".join(said)):
        said[aside.start() : aside.end()] = " " * (aside.end() - aside.start())
    plain = "".join(said)
    # A quotation that runs on over several sentences has only one of its marks here, or none.
    for match in alias_pattern(claims).finditer(plain):
        said[match.start() : match.end()] = "\x00" * (match.end() - match.start())
    return "".join(said)


def _in_sentence(text: Text, claims: ClaimSet, number: int, sentence: Sentence) -> list[Frame]:
    mask = masked(text, claims, sentence)
    found: list[Frame] = []
    at = sentence.start

    def add(cue: tuple[int, int], source: tuple[int, int] | None, act: Act, *, follows: bool = False) -> None:
        place = Span(at + source[0], at + source[1]) if source else None
        found.append(Frame(number, Span(at + cue[0], at + cue[1]), place, act, follows))

    silences = [m.span() for m in SILENCE.finditer(mask)]
    for low, high in silences:
        if re.search(r"(?<!,) who (?:\w+ )?$", mask[:low]):
            continue  # "a doctor who is not authorised to speak said": no silence on the matter
        add((low, high), left_source(mask, low), "silent")
    for match in _ACCORD.finditer(mask):
        if source := right_source(mask, match.end()):
            add(match.span(), source, "accord", follows=True)
    for pattern, kind in ((_CITE, "cite"), (_PASSIVE, "agent")):
        for match in pattern.finditer(mask):
            if source := right_source(mask, match.end()):
                add(match.span(), source, kind, follows=True)  # type: ignore[arg-type]
            if kind == "cite" and mask[: match.start()].rstrip().endswith(",") and (relayer := _before_aside(mask, match.start())):
                add(match.span(), relayer, "say")
    for pattern, kind in ((_LIGHT, "say"), (_STATE, "think"), (_SPOKE, "say")):
        for match in pattern.finditer(mask):
            if source := left_source(mask, match.start()):
                add(match.span(), source, kind)  # type: ignore[arg-type]
    for match in _VERB.finditer(mask):
        if any(low <= match.start() < high for low, high in silences) or _CITE.match(mask, match.start()):
            continue
        act: Act = "say"
        for kind in ("deny", "ask", "think"):
            if match[kind]:
                act = kind  # type: ignore[assignment]
        if _is_inverted(mask, match.start(), match.end()):
            if source := right_source(mask, match.end() + 1):
                add(match.span(), source, act, follows=True)
                continue
        if _is_noun(mask, match) or _is_passive(mask, match.start()) or _is_advice(mask, match.start()):
            continue
        if source := left_source(mask, match.start()):
            add(match.span(), source, act, follows=_trails(mask, source[0], match.end()))
        elif found and re.search(r"\b(?:and|but) (?:\w+ly )?$", mask[: match.start()]):
            add(match.span(), None, act)
    for match in _NOMINAL.finditer(mask):
        if source := _noun_phrase(mask, _floor(mask, match.start()), match.start()):
            add(match.span(), source, "deny" if match["deny"] else "say")
    for match in _FROM.finditer(mask):
        if source := right_source(mask, match.end()):
            add(match.span(), source, "deny" if match["deny"] else "say")
    for match in _UNANSWERED.finditer(mask):
        if source := right_source(mask, match.end()):
            add(match.span(), source, "silent")
    titled = _TITLE_LABEL.match(mask) if sentence.paragraph == 0 else None
    if not found and _CONDUCT.search(mask) and (subject := clause_subject(mask, 0)):
        verb = subject[1] + 1
        add((verb, verb + len(mask[verb:].split(" ")[0])), subject, "silent")
    if titled:
        add((titled.end("source"), titled.end("source") + 1), titled.span("source"), "label")
    if label := _label(mask):
        add(label[0], label[1], "label", follows=label[2])
    return sorted(found, key=lambda f: (f.cue.start, f.cue.end))


def _is_noun(mask: str, verb: re.Match[str]) -> bool:
    before = mask[: verb.start()].rstrip().rsplit(" ", 1)[-1].casefold()
    if before in {"the", "a", "an", "this", "that", "these", "any", "no", "his", "her", "its", "their", "of", "for", "such", "same", "earlier", "new", "in", "by", "on", "open", "some", "to", "be", "being", "been", "my", "our"}:
        return not (before in {"to", "be", "been", "that", "this", "some", "new", "earlier", "these"} and before in {"that", "some", "these"})
    if _NOUNLIKE.fullmatch(verb[0]) and not _plural_subject(mask[: verb.start()]):
        return True
    if mask[: verb.start()].rstrip().endswith(("'s", "’s", "s'", "s’")):
        return True
    after = mask[verb.end() :].lstrip()
    return verb[0].casefold() in {"reports", "claims", "questions", "calls", "answers", "doubts", "fears", "hopes", "names", "denials", "state", "report", "claim", "question"} and after.startswith(("of ", "about ", "over ", "from ", "for ", "fund", "money"))


_NOUNLIKE = re.compile(
    r"(?:question|report|claim|state|name|call|share|answer|demand|estimate|forecast|doubt|fear|hope|comment|remark|promise|request|review|counter|signal|reply|retort|query|challenge|dispute|contest|attack|blame|blast|slam|brand|label|mock|account|note|record|address|brief|release|press|plan|stress|update|guess|repeat|mention|protest|welcome|thank|hail|feel|hint|joke|boast|vow|pledge|test)", re.IGNORECASE
)


def _plural_subject(before: str) -> bool:
    return bool(re.search(r"(?:^|[.,;\x01] )[A-Z]?[a-z]+[^s'’\W]s (?:in|of|at|from|on) [\w ]+$", before) or re.search(r"(?:[^s'’]s|\b(?:people|men|women|police|staff|they|we|I|you|who|would|could|will|can|may|might|did|do|does|to|not|n['’]t|must|should))\s*$", before, re.IGNORECASE))


def _is_passive(mask: str, verb: int) -> bool:
    """'managers were told', 'he is said to': no subject that speaks."""
    return bool(re.search(r"\b(?:is|are|was|were|be|been|being|got)(?: (?:not|also|\w+ly))? $", mask[:verb])) and not re.match(r"\w+ing\b", mask[verb:])


def _is_advice(mask: str, verb: int) -> bool:
    """'someone should ask', 'they must explain': nobody has said anything yet."""
    return bool(re.search(r"\b(?:should|must|ought to|needs? to|let us|please) (?:\w+ly )?$", mask[:verb]))


def _is_inverted(mask: str, start: int, end: int) -> bool:
    before = mask[:start].rstrip()
    if not before or not re.match(r"\s+(?!(?:he|she|they|it|we|I|that|in|on|to|at|as|whether|there|this|if|no|nothing|not)\b)", mask[end:]) or not (_STARTS.match(mask[end:].lstrip()) or _ROLE_NAME.match(mask[end:].lstrip())):
        return False
    if mask[start:end].casefold() in {"told", "tell", "tells"} or mask[start:end].endswith("ing"):
        return False
    last = before[-1]
    if last == "\x01" or last in "?!" or (last in _CLOSE_QUOTES and last not in "’'"):
        return True
    if last != "," or not _INVERTS.fullmatch(mask[start:end]):
        return False
    ends = re.match(r"\s*[^,.;:\x01]{2,90}(?:[,.;:\x01]|$)", mask[end:])
    return bool(ends) and not _has_verb(mask[end:][: ends.end()])  # type: ignore[union-attr]


def _has_verb(clause: str) -> bool:
    return bool(re.search(r"\b(?:would|will|had|has|was|were|is|are|could|must|should|may|might|can|do|does|did|need|needs)\b", clause)) and " who " not in clause


def _trails(mask: str, source_start: int, cue_end: int) -> bool:
    """Whether a clause such as ', the office said on Friday.' closes what it reports."""
    before = mask[:source_start].rstrip()
    if not before or before[-1] not in ",\x01?!”\"’»—–":
        return False
    rest = mask[cue_end:].strip()
    rest = _TAIL.sub("", mask[cue_end:].strip())
    return not rest or rest[0] in ".,;:\x01?!”\"—–" or rest.startswith(("and ", "as ", "after ", "when "))


def left_source(mask: str, verb: int) -> tuple[int, int] | None:
    """The noun phrase that is the subject of the word at `verb`: its bounds in the sentence, or None."""
    end = _strip_link(mask, verb)
    left = mask[:end]
    if not left.strip(" ,\x01"):
        return None
    if re.search(r"(?:\band|\bbut|\bthen|, \w+ing)$", left) or (left.endswith(",") and re.match(r"\w+ing\b", mask[verb:])):
        return clause_subject(mask, _floor(mask, re.search(r",?(?: and| but| then|)$", left).start()))  # type: ignore[union-attr]
    if left.rstrip().endswith(","):
        return _over_parentheses(mask, left.rstrip()[:-1])
    return _noun_phrase(mask, _floor(mask, end), end)


def _before_aside(mask: str, start: int) -> tuple[int, int] | None:
    """'Outlet, quoting an agent, …': the outlet."""
    end = mask[:start].rstrip().rfind(",")
    found = _noun_phrase(mask, _floor(mask, end), end)
    return found if found and not re.search(rf"\b(?:{PUBLISH_VERB})$", mask[slice(*found)]) else None


_VERBAL = (
    r"(?:is|was|were|are|has|had|have|did|does|do|will|would|could|can|may|might|must|should|put|puts|sticks?|stuck|went|goes|took|takes|made|makes|gave|gives|kept|keeps|got|gets|came|comes|left|ran|runs|drew|draws|held|holds|met|sat|stood|spoke|began|led|won|lost|sent|showed|laughs|smiled|wants|let|lets|put"
    r"|(?:[a-z]+ly )?[a-z]{3,}(?:ed|ied))\b"
)


def clause_subject(mask: str, floor: int) -> tuple[int, int] | None:
    """The noun phrase that opens the clause at `floor`, up to its first verb."""
    rest = mask[floor:]
    lead = len(rest) - len(rest.lstrip(" ,"))
    found = re.match(rf"(?P<np>[^,;:\x01]+?(?:, [^,;:\x01]+,)?),? {_VERBAL}", rest[lead:])
    if not found:
        return None
    return _noun_phrase(mask, floor + lead, floor + lead + found.end("np"))


def _floor(mask: str, end: int) -> int:
    left = re.sub(r" [-–] ", " — ", mask[:end])
    return max((left.rfind(mark) for mark in ",;:\x01—–()?!“”\"…"), default=-1) + 1


def _strip_link(mask: str, end: int) -> int:
    """Where the subject ends, auxiliaries, adverbs and dates before the verb being taken off."""
    while True:
        left = mask[:end].rstrip()
        match = _LINK.search(left)
        if not match or match.start() == match.end():
            return len(left)
        if left.endswith(","):
            opened = left[: match.start()].rstrip()
            if not opened.endswith(","):
                return len(left)
            match_start = len(opened) - 1
        else:
            match_start = match.start()
        end = match_start


def _over_parentheses(mask: str, left: str) -> tuple[int, int] | None:
    """The head before one or more asides: 'Name, a spokesman for it, …'."""
    marks = [m.start() for m in re.finditer(r"(?<= )[-–](?= )|[,;:\x01—–()?!]", left)]
    end, fallback = len(left), None
    for mark in [*reversed(marks), -1]:
        aside = left[mark + 1 : end]
        if mark >= 0 and mask[mark] == "," and _PARENTHETICAL.match(aside):
            if end < len(left) or not re.search(r"[A-Z\x00]", aside):
                fallback = _noun_phrase(mask, mark + 1, end) or fallback
            end = mark
            continue
        found = _noun_phrase(mask, mark + 1, end)
        if found and (end < len(left) or _is_short(left[found[0] : found[1]])):
            return found[0], len(left)
        break
    return (fallback[0], len(left)) if fallback else None


def _is_short(phrase: str) -> bool:
    return len(phrase.split()) <= 6


def _noun_phrase(mask: str, floor: int, end: int) -> tuple[int, int] | None:
    """The noun phrase at the end of mask[floor:end], less lead-ins and whatever governs it."""
    while floor < end and mask[floor] in " ,-":
        floor += 1
    moved = True
    if re.match(r"(?:[Ii]f|[Uu]nless|[Ww]hether|[Ss]hould) ", mask[floor:end]):
        return None
    while moved:
        match = _LEADIN.match(mask[floor:end] + " ")
        moved = bool(match) and 0 < match.end() < end - floor  # type: ignore[union-attr]
        floor += match.end() if moved and match else 0
    phrase = mask[floor:end]
    if " who " not in phrase and (pronoun := _PRONOUN_END.search(phrase)):
        return floor + pronoun.start(1), floor + pronoun.end(1)
    if " who " not in phrase or not _STARTS.match(phrase):
        for cut in reversed(list(_CUT.finditer(phrase))):
            rest = phrase[cut.end() :]
            joined = cut[0].strip() in {"and", "or"} and cut.start() > 0 and _compound(phrase[: cut.start()], rest)
            if _STARTS.match(rest) and not joined:
                floor += cut.end()
                phrase = rest
                break
    phrase = phrase.rstrip()
    if not phrase or not (_STARTS.match(phrase) or re.fullmatch(r"(?:[a-z][\w-]* ){1,4}[A-Z\x00].*", phrase)) or len(phrase.split()) > 24 or _is_clause(phrase):
        return None
    return floor, floor + len(phrase)


_FINITE = re.compile(r"\b(?:is|was|are|were|be|been|has|have|had|will|would|do|does|did|can|could|may|might|must|should|not)\b", re.IGNORECASE)
_RELATIVE = re.compile(r"\s(?:who|whom|whose|which)\b.*$|,.*$")


def _is_clause(phrase: str) -> bool:
    """Whether a supposed noun phrase holds a verb of its own outside its relative clause."""
    bare = _RELATIVE.sub("", phrase)
    return bool(_FINITE.search(bare) or re.search(r"\b\w+ed (?:to|its|his|her|their|the|an?) ", bare))


def _compound(left: str, right: str) -> bool:
    """'Russia and North Korea', 'one official and two bankers': one subject of two names."""
    return not re.search(r"\b(?:is|was|were|are|has|had|have|will|would|said|\w+ed)\b", left) and len(left.split()) < 6 and len(right.split()) < 6


def right_source(mask: str, start: int) -> tuple[int, int] | None:
    """The noun phrase that starts at `start`, with its asides, up to the next clause."""
    while start < len(mask) and mask[start] == " ":
        start += 1
    if not (_STARTS.match(mask[start:]) or _ROLE_NAME.match(mask[start:])):
        return None
    match = re.match(r"[^.;:\x01?!“”\"—–()]+(?:\.(?=[A-Za-z]|\s[a-z])[^.;:\x01?!“”\"—–()]+)*", mask[start:])
    if not match:
        return None
    stop = re.search(r" (?:went|were|was|drew|had been|remain\w*|quoting|citing|suggesting|saying|claiming|alleging|that|it (?:was|is)|about|over)\b", match[0])
    pieces = match[0][: stop.start() if stop else None].split(",")
    length = len(pieces[0])
    for piece in pieces[1:]:
        if not _PARENTHETICAL.match(piece) or re.match(r"\s*(?:adding|saying|citing|quoting|urging|noting|while|which|when|as|but|and|after|despite|if)\b", piece):
            break
        length += 1 + len(piece)
    return start, start + len(match[0][:length].rstrip(" ,"))


_CONDUCT = re.compile(rf"\b(?:{CONTACT})\b", re.IGNORECASE)
_UNANSWERED = re.compile(
    r"\b(?:[Cc]alls?|[Mm]essages?|[Ee]-?mails?|[Rr]equests?|[Qq]uestions?|[Ll]etters?|[Tt]exts?) (?:(?:and|or) [\w-]+ )?(?:for comment )?(?:sent |left |put |made |addressed )?(?:to|with|for)\s+(?=[^.;]{2,80}?\b(?:unanswered|not (?:\w+ )?(?:returned|answered)|unreturned|ignored|no (?:reply|response|answer)))"
)
_WORD_OF = (
    r"(?P<deny>denials?|rebuttals?|disclaimers?|rejections?)|accounts?|claims?|allegations?|accusations?|assertions?|statements?|admissions?|announcements?|confirmations?|(?:latest |official |own |current )?(?:count|tally|toll|figures?|estimates?|numbers?|data)"
    r"|predictions?|forecasts?|warnings?|suspicions?|contentions?|assurances?|suggestions?|insistence|testimony|evidence|verdict|ruling|conclusions?|findings?"
)
_NOMINAL = re.compile(rf"['’]s? (?:\w+ )?(?:{_WORD_OF})\b")
_FROM = re.compile(rf"\b(?:{_WORD_OF}) (?:from|by)\s+")
_LABEL = re.compile(r"^(?P<source>[^:\x01.?!;]{2,120}): ?(?=[\x01“\"‘]|[Nn]o comment|[Nn]othing|[Nn]o\b)")
_TITLE_LABEL = re.compile(r"^(?P<source>(?:[A-Z\x00][\w.'’\x00-]*(?: (?=[A-Z\x00])|(?=:))){1,4}): (?=[A-Z\x01])")
_TAIL_LABEL = re.compile(r"^(?P<said>\x01+): (?P<source>[^.:\x01]{2,60})$")


def _label(mask: str) -> tuple[tuple[int, int], tuple[int, int], bool] | None:
    """'Name: “…”' and, of headlines, '“…”: name'."""
    if match := _LABEL.match(mask):
        subject = re.match(rf"(?P<np>.+?)(?: {_VERBAL}|$)", match["source"])
        if subject and (found := _noun_phrase(mask, 0, subject.end("np"))):
            return (match.end("source"), match.end("source") + 1), found, False
    if match := _TAIL_LABEL.match(mask):
        phrase = re.match(r"(?:\w+ ){0,4}?(?:\w+)(?= (?:say|speak|tell|reveal|insist|warn|hit|claim)s?\b|$)", match["source"])
        if phrase and (found := (match.start("source"), match.start("source") + phrase.end())):
            return (match.end("said"), match.end("said") + 1), found, True
    return None
