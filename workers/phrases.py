"""The noun phrase that is the subject or agent of a reporting verb: where it begins and ends.

All functions take a sentence whose quotations are U+0001 and whose entity names are U+0000, character for
character (`workers.frames.masked`), and answer with bounds in it.
"""

import re

from workers.nouns import ANONYMOUS_NOUN, GENERIC_OUTLET, GROUP_NOUN

_LINK = re.compile(
    r"(?:(?:^|(?<=[\s,]))(?:has|have|had|was|were|is|are|did|do|does|also|again|later|earlier|then"
    r"|now|already|still|so far|thus far|to date|as yet|until now|himself|herself|itself"
    r"|themselves|further|simply|only|repeatedly|previously|recently|twice|once|even|first|since"
    r"|both|all|for the (?:first|second|third) time|(?<=[\w,\x00] )neither"
    r"|meanwhile|however|therefore|though|too|never|not|n['’]t|would|could|will|can|may|might|must"
    r"|should|to|for (?:his|her|its|their) part|at once|in turn|instead|nonetheless|nevertheless"
    r"|always|long|just|(?!family|early|reply|supply|ally|july|only|apply|bully|rely"
    r"|fly)[a-z]{3,}ly"
    r"|(?:(?:late|early|earlier|later) )?(?:on|last|this|next) (?:Mon|Tues|Wednes|Thurs|Fri|Satur"
    r"|Sun)day(?: (?:morning|afternoon|evening|night))?|(?:on|in) (?:\d{1,2} )?(?:January|February"
    r"|March|April|May|June|July|August|September|October|November"
    r"|December)(?: \d{1,2})?(?: \d{4})?"
    r"|yesterday|today|tonight|this (?:morning|afternoon|evening|week|month|year)|last (?:night"
    r"|week|month|year)|earlier (?:today|this week|in the (?:day|week))|in an? (?:statement"
    r"|interview|e-?mail|letter|tweet|post|briefing|speech|telephone interview)|by (?:telephone"
    r"|phone|e-?mail)"
    r"|(?:\w+(?:ed|s) (?:and|nor|or))|went on|sought|seeks|moved|appeared|seemed|continued|continues|is said"
    r"|are said|was said|asked|wants|quick)\s*,?\s*)$"
)
_NP_START = (
    r"(?:(?i:an?|the|this|that|these|those|one|two|three|four|five|six|seven|eight|nine|ten|some"
    r"|many|several|most|both|another|others?|each|every|no|his|her|its|their|my|our|your|he|she"
    r"|they|it|we|i|which|who|whose|neither|nobody|somebody|someone|everybody|people|a few|dozens"
    r"|more|all|any|former|senior|local|unnamed|anonymous|rival|legal|hospital|police|military"
    r"|intelligence|government|company|industry|market|family|state|federal|city|county|village"
    r"|club|union|school|kitchen|diplomatic|judicial|medical|political|opposition|independent"
    r"|private|foreign)\b"
    r"|(?i:about|nearly|almost|roughly|half|fewer|less|hardly anyone|not everyone)\b|\d"
    rf"|[A-ZÀ-Þ\x00]|(?i:{ANONYMOUS_NOUN}|{GROUP_NOUN}|{GENERIC_OUTLET})\b|[a-z-]{{3,}}s\b"
    rf"|[a-z]{{3,}} (?:{GROUP_NOUN})$)"
)
STARTS = re.compile(_NP_START)
_LEADIN = re.compile(
    r"^(?:There (?:is|are|was|were) |(?:And|But|So|Yet|Or|Still|Also|Then|Now|Meanwhile|However"
    r"|Yesterday|Today|Earlier|Later|Separately|Asked|Exclusive:|(?:and|but|so|yet|though|although"
    r"|while|as|when|if|because|since|whereas|that|which|whom|whether|nor|or|after"
    r"|before)(?= ))\b,? *"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? (?=[A-Z\x00a-z])|(?:On|By|In|At|Since|Until"
    r"|During|Before|After|From|For|Last|This|Next|on|by|in|at|since|until"
    r"|during) (?:the )?(?:(?:early|late|mid|same|following|previous)[ -]?)*(?:\d{1,2} )?(?:(?:Mon"
    r"|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August"
    r"|September|October|November|December|week|month|year|night|morning|afternoon|evening|day"
    r"|weekend|summer|autumn|winter|spring"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\d{4}"
    r"|\d{1,2}(?:st|nd|rd|th)?)(?: (?:morning|afternoon|evening|night|\d{1,2}|\d{4}))*,? +"
    r"|(?:In|in) (?:an?|the|his|her|its|their|one) (?:[a-z]+ )?(?:statement|interview|letter"
    r"|e-?mail|speech|tweet|post|reply|briefing|response|court|session|chamber)(?: (?:on"
    r"|to) \w+)?,? +)"
)
_CUT = re.compile(
    r"\b(?:that|which|whether|because|since|as|if|when|while|but|though|although|what|how|why|and"
    r"|or|than|after|before|where)\s+(?=\S)"
)
ROLE_NAME = re.compile(r"(?:[a-z][\w-]* ){1,4}(?=[A-Z\x00])")
_PRONOUN_END = re.compile(r"(?:^|\s)((?:he|she|they|it|we|I|He|She|They|It|We|you))$")
_PARENTHETICAL = re.compile(
    r"^\s*(?:against|per|via|alongside|without|an?|the|its|his|her|their|who|whose|whom|which"
    r"|where|now|then|not|once|also|both|one|a former|in|on|at|by|for|from|with|through|of|as|like"
    r"|under|among|despite|after|before|when|until|if|to|too|however|meanwhile|though|himself"
    r"|herself|\d{1,3}\b|\w+ing|\w+ed|\w+en|familiar|close|speaking|himself|head|chief|professor"
    r"|president|director|[a-z]+(?:man|woman|person|er|or|ist|head|chief|leader|director))\b"
    r"|^\s*(?:(?:[A-Z\x00][\w.'’\x00-]*|&|and) ?){1,5}$"
)


def left_source(mask: str, verb: int) -> tuple[int, int] | None:
    """The noun phrase that is the subject of the word at `verb`: its bounds in the sentence, or None."""
    end = _strip_link(mask, verb)
    left = mask[:end]
    if not left.strip(" ,\x01"):
        return None
    if re.search(r"(?:\band|\bbut|\bthen|, \w+ing)$", left) or (left.endswith(",") and re.match(r"\w+ing\b", mask[verb:])):
        return clause_subject(mask, floor_of(mask, re.search(r",?(?: and| but| then"
            r"|)$", left).start()))  # type: ignore[union-attr]
    if left.rstrip().endswith(","):
        return _over_parentheses(mask, left.rstrip()[:-1])
    found = noun_phrase(mask, floor_of(mask, end), end)
    return _before_verb(mask, found) if found else None


_TELLING_VERB = (
    r"(?:says|said|denies|denied|confirms|confirmed|tells|told|claims|claimed|warns|warned|insists|insisted|expects|expected"
    r"|admits|admitted|adds|added)\b"
)
_TELLS = re.compile(f" {_TELLING_VERB}")


def _before_verb(mask: str, found: tuple[int, int]) -> tuple[int, int]:
    """'The bank says it will sell but (is silent on the price)': the subject alone, not the clause after it."""
    verb = _TELLS.search(mask, *found)
    if verb and not re.search(r"\b(?:who|which|that|whom)\b", mask[found[0] : verb.start()]):
        return found[0], verb.start()
    return found


VERBAL = (
    r"(?:is|was|were|are|has|had|have|did|does|do|will|would|could|can|may|might|must|should|put"
    r"|puts|sticks?|stuck|went|goes|took|takes|made|makes|gave|gives|kept|keeps|got|gets|came"
    r"|comes|left|ran|runs|drew|draws|held|holds|met|sat|stood|spoke|began|led|won|lost|sent"
    r"|showed|laughs|smiled|wants|let|lets|put"
    r"|(?:[a-z]+ly )?[a-z]{3,}(?:ed|ied))\b"
)


def clause_subject(mask: str, floor: int) -> tuple[int, int] | None:
    """The noun phrase that opens the clause at `floor`, up to its first verb."""
    rest = mask[floor:]
    lead = len(rest) - len(rest.lstrip(" ,"))
    found = re.match(rf"(?P<np>[^,;:\x01]+?(?:, [^,;:\x01]+,)?),? (?:{VERBAL}|{_TELLING_VERB})", rest[lead:])
    if not found:
        return None
    return noun_phrase(mask, floor + lead, floor + lead + found.end("np"))


def floor_of(mask: str, end: int) -> int:
    left = re.sub(r" [-–] ", " — ", mask[:end])
    return max((left.rfind(mark) for mark in ',;:\x01—–()?!“”"…'), default=-1) + 1


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
        if mark >= 0 and mask[mark] == "," and (_PARENTHETICAL.match(aside) or _says_who(left[:mark], aside)):
            if end < len(left) or not re.search(r"[A-Z\x00]", aside):
                fallback = noun_phrase(mask, mark + 1, end) or fallback
            end = mark
            continue
        found = noun_phrase(mask, mark + 1, end)
        if found and (end < len(left) or _is_short(left[found[0] : found[1]])):
            return found[0], len(left)
        break
    return (fallback[0], len(left)) if fallback else None


_BARE_NAME = re.compile(
    r"(?:^|[,;:\x01—–] ?|\b(?:and|but|while|that) )(?!(?:In|At|On|From|By|For|To|After|Before|Near|Outside|Inside) )"
    r"(?:(?:[A-ZÀ-Þ\x00][\w.'’\x00-]*|de|da|van|von|bin|al) ?){1,4}$"
)
_ROLE_ASIDE = re.compile(r" ?(?:[a-z][\w-]* ){1,4}?(?:of|at|for|to|in|with) (?:the |an? )?[A-ZÀ-Þ\x00]"
    r"| ?[A-ZÀ-Þ\x00][\w\x00 ]*['’]s? [a-z ]+$")


def _says_who(before: str, aside: str) -> bool:
    """'Ada Lind, secretary-general of the Council,' and 'Ada Lind, Norland's sea minister,': an aside after a bare name."""
    return bool(_ROLE_ASIDE.match(aside) and _BARE_NAME.search(before))


def _is_short(phrase: str) -> bool:
    return len(phrase.split()) <= 6


def noun_phrase(mask: str, floor: int, end: int) -> tuple[int, int] | None:
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
    if " who " not in phrase or not STARTS.match(phrase):
        for cut in reversed(list(_CUT.finditer(phrase))):
            rest = phrase[cut.end() :]
            joined = cut[0].strip() in {"and", "or"} and cut.start() > 0 and _compound(phrase[: cut.start()], rest)
            if STARTS.match(rest) and not joined:
                floor += cut.end()
                phrase = rest
                break
    phrase = phrase.rstrip()
    if late := _LATE_SUBJECT.match(phrase):
        floor, phrase = floor + late.start("np"), late["np"]
    if (
        not phrase
        or not (STARTS.match(phrase) or re.fullmatch(r"(?:[a-z][\w-]* ){1,4}[A-Z\x00].*", phrase))
        or len(phrase.split()) > 24
        or _is_clause(phrase)
    ):
        return None
    return floor, floor + len(phrase)


_LATE_SUBJECT = re.compile(
    r"(?:In|At|On|From|For|After|With|During|Outside|Inside|By|Over|Under|Near|Down) (?:\S+ )+?"
    r"(?P<np>(?:(?:the|an?|one|some|several|two|three) (?:[a-z][\w-]* ){0,3}[a-z][\w-]*|(?:the )?\x00+|(?:Mr|Mrs|Ms"
    r"|Dr|Sir|Dame) .*))$"
)
"""'In a note to three banks the embassy', 'From Vessin Mr Maszek': a subject behind an adverbial without a comma."""
_FINITE = re.compile(
    r"\b(?:is|was|are|were|be|been|has|have|had|will|would|do|does|did|can|could|may|might|must"
    r"|should|not)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"\s(?:who|whom|whose|which)\b.*$|,.*$|\snot (?:\w+ed|known|an?|in|on|at|among)\b.*$")


def _is_clause(phrase: str) -> bool:
    """Whether a supposed noun phrase holds a verb of its own outside its relative clause."""
    bare = _RELATIVE.sub("", phrase)
    return bool(_FINITE.search(bare) or re.search(r"\b\w+ed (?:to|its|his|her|their|the|an?) ", bare))


def _compound(left: str, right: str) -> bool:
    """'Russia and North Korea', 'one official and two bankers': one subject of two names."""
    return (
        not re.search(r"\b(?:is|was|were|are|has|had|have|will|would|said|\w+ed)\b", left)
        and len(left.split()) < 6
        and len(right.split()) < 6
    )


_SHORT = (
    r"(?:(?<=\bRep)|(?<=\bGen)|(?<=\bSen)|(?<=\bGov)|(?<=\bMr)|(?<=\bMrs)|(?<=\bMs)|(?<=\bDr)|(?<=\bCol)|(?<=\bLt)|(?<=\bSt)"
    r"|(?<=\bProf)|(?<=\b[A-Z]))\."
)
"""The full stop of an abbreviated title or of an initial."""


def right_source(mask: str, start: int) -> tuple[int, int] | None:
    """The noun phrase that starts at `start`, with its asides, up to the next clause."""
    while start < len(mask) and mask[start] == " ":
        start += 1
    if not (STARTS.match(mask[start:]) or ROLE_NAME.match(mask[start:])):
        return None
    match = re.match(rf"[^.;:\x01?!“”\"—–()]+(?:(?:\.(?=[A-Za-z]|\s[a-z])|{_SHORT})[^.;:\x01?!“”\"—–()]+)*", mask[start:])
    if not match:
        return None
    stop = re.search(
        r" (?:went|were|was|drew|had|has|have|says?|said|told|insists?|claims?|remain\w*|quoting"
        r"|citing|suggesting|saying|claiming|alleging|that|it (?:was|is)|about|over)\b",
        match[0],
    )
    pieces = match[0][: stop.start() if stop else None].split(",")
    length = len(pieces[0])
    for piece in pieces[1:]:
        if not _PARENTHETICAL.match(piece) or re.match(
            r"\s*(?:adding|saying|citing|quoting|urging|noting|while|which|when|as|but|and|after|despite"
            r"|if)\b",
            piece,
        ):
            break
        length += 1 + len(piece)
    return start, start + len(_WHEN.sub("", match[0][:length].rstrip(" ,")))


_WHEN = re.compile(
    r"(?<=\w),? (?:yesterday|today|tonight|last night|this (?:morning|afternoon|evening|week)|earlier|later|again"
    r"|(?:on|last|late on|early on) (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?: (?:morning|afternoon|evening|night))?)$"
)
"""When it was said, at the end of a phrase that says who."""
