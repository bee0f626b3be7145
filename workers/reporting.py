"""Reporting verbs: which of them report, and whether their subject stands before or after them."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from workers.phrases import ROLE_NAME, STARTS, left_source, right_source
from workers.verbs import ASK_VERB, DENY_VERB, PUBLISH_VERB, SAY_VERB, THINK_VERB

Act = Literal["say", "think", "deny", "ask", "silent", "accord", "label", "cite", "agent"]


class Find(NamedTuple):
    """A cue, its source (bounds in the sentence; None: that of the clause before), and what it does."""

    cue: tuple[int, int]
    source: tuple[int, int] | None
    act: Act
    follows: bool = False


VERB = re.compile(
    rf"\b(?:(?P<deny>{DENY_VERB})|(?P<ask>{ASK_VERB})|(?P<think>{THINK_VERB})|(?P<say>{SAY_VERB}|{PUBLISH_VERB}))\b(?!['’]s\b)",
    re.IGNORECASE,
)
_INVERTS = re.compile(
    r"(?:sa(?:ys?|id)|ask(?:s|ed)?|repl(?:y|ies|ied)|adds?|added|insist(?:s|ed)?|claim(?:s|ed)?"
    r"|explain(?:s|ed)?|warn(?:s|ed)?|argue[sd]?|admit(?:s|ted)?|wr(?:i|o)tes?|reports?|reported"
    r"|according)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"^(?:(?:(?:(?:late |early )?(?:on|last|this|in) )?(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur"
    r"|Sun)day|yesterday|today|week|month|morning|evening|night|afternoon|\d{1,2} \w+"
    r"|\w+ \d{1,2})(?: (?:morning|afternoon|evening|night))?"
    r"|us|me|reporters|journalists|the \w+|[A-Z\x00][\w\x00]*(?: [A-Z\x00][\w\x00]*)*|lawmakers"
    r"|\w+ly|earlier|later|again|too|also|here|in an? [\w -]+|by (?:tele)?phone|(?:at|in|to|on"
    r"|during|via|through|from|with|of|over|for) (?!that\b)[\w\x00'’ -]+)\b\s*)+"
)
_CLOSE_QUOTES = '”"»’'


def reporting_verbs(mask: str, taken: list[tuple[int, int]]) -> Iterator[Find]:
    """The verbs of a sentence that report, with their subjects, except those at `taken` places.

    A verb that is joined to an earlier one ("met them and said") has no subject of its own: None.
    """
    for match in VERB.finditer(mask):
        if any(low <= match.start() < high for low, high in taken):
            continue
        act = _act(match)
        inverted = _is_inverted(mask, match.start(), match.end())
        if inverted and (source := right_source(mask, match.end() + 1)):
            yield Find(match.span(), source, act, follows=True)
        elif _is_noun(mask, match) or _is_passive(mask, match.start()) or _is_advice(mask, match.start()):
            continue
        elif source := left_source(mask, match.start()):
            yield Find(match.span(), source, act, _trails(mask, source[0], match.end()))
        elif re.search(r"\b(?:and|but) (?:\w+ly )?$", mask[: match.start()]):
            yield Find(match.span(), None, act)


def _act(verb: re.Match[str]) -> Act:
    if verb["deny"]:
        return "deny"
    if verb["ask"]:
        return "ask"
    return "think" if verb["think"] else "say"


def _is_noun(mask: str, verb: re.Match[str]) -> bool:
    before = mask[: verb.start()].rstrip().rsplit(" ", 1)[-1].casefold()
    if before in {
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "any",
        "no",
        "his",
        "her",
        "its",
        "their",
        "of",
        "for",
        "such",
        "same",
        "earlier",
        "new",
        "in",
        "by",
        "on",
        "open",
        "some",
        "to",
        "be",
        "being",
        "been",
        "my",
        "our",
    }:
        return not (
            before in {"to", "be", "been", "that", "this", "some", "new", "earlier", "these"}
            and before in {"that", "some", "these"}
        )
    if _NOUNLIKE.fullmatch(verb[0]) and not _plural_subject(mask[: verb.start()]):
        return True
    if mask[: verb.start()].rstrip().endswith(("'s", "’s", "s'", "s’")):
        return True
    after = mask[verb.end() :].lstrip()
    return (
        verb[0].casefold()
        in {
            "reports",
            "claims",
            "questions",
            "calls",
            "answers",
            "doubts",
            "fears",
            "hopes",
            "names",
            "denials",
            "state",
            "report",
            "claim",
            "question",
        }
        and not mask[: verb.start()].rstrip().endswith("\x00")
        and after.startswith(("of ", "about ", "over ", "from ", "for ", "fund", "money"))
    )


_NOUNLIKE = re.compile(
    r"(?:question|report|claim|state|name|call|share|answer|demand|estimate|forecast|doubt|fear"
    r"|hope|comment|remark|promise|request|review|counter|signal|reply|retort|query|challenge"
    r"|dispute|contest|attack|blame|blast|slam|brand|label|mock|account|note|record|address|brief"
    r"|release|press|plan|stress|update|guess|repeat|mention|protest|welcome|thank|hail|feel|hint"
    r"|joke|boast|vow|pledge|test)",
    re.IGNORECASE,
)


def _plural_subject(before: str) -> bool:
    return bool(
        re.search(r"(?:^|[.,;\x01] )[A-Z]?[a-z]+[^s'’\W]s (?:in|of|at|from|on) [\w ]+$", before)
        or re.search(
            r"(?:[^s'’]s|\b(?:people|men|women|police|staff|they|we|I|you|who|would|could|will|can|may"
            r"|might|did|do|does|to|not|n['’]t|must|should))\s*$",
            before,
            re.IGNORECASE,
        )
    )


def _is_passive(mask: str, verb: int) -> bool:
    """'managers were told', 'he is said to': no subject that speaks."""
    return bool(re.search(r"\b(?:is|are|was|were|be|been|being|got)(?: (?:not|also|\w+ly))? $", mask[:verb])) and not re.match(
        r"\w+ing\b", mask[verb:]
    )


def _is_advice(mask: str, verb: int) -> bool:
    """'someone should ask', 'they must explain': nobody has said anything yet."""
    return bool(re.search(r"\b(?:should|must|ought to|needs? to|let us|please) (?:\w+ly )?$", mask[:verb]))


def _is_inverted(mask: str, start: int, end: int) -> bool:
    before = mask[:start].rstrip()
    if (
        not before
        or not re.match(
            r"\s+(?!(?:he|she|they|it|we|I|that|in|on|to|at|as|whether|there|this|if|no|nothing|not)\b)",
            mask[end:],
        )
        or not (STARTS.match(mask[end:].lstrip()) or ROLE_NAME.match(mask[end:].lstrip()))
    ):
        return False
    if mask[start:end].casefold() in {"told", "tell", "tells"} or mask[start:end].endswith("ing"):
        return False
    last = before[-1]
    if re.search(r", (?:citing|quoting|who|whose|which|asked|speaking|\w+ing)\b[^,]*,$", before):
        return False
    if last == "\x01" or last in "?!" or (last in _CLOSE_QUOTES and last not in "’'"):
        return True
    if last != "," or not _INVERTS.fullmatch(mask[start:end]):
        return False
    ends = re.match(r"\s*[^,.;:\x01]{2,90}(?:[,.;:\x01]|$)", mask[end:])
    return bool(ends) and not _has_verb(mask[end:][: ends.end()])  # type: ignore[union-attr]


def _has_verb(clause: str) -> bool:
    return (
        bool(
            re.search(
                r"\b(?:would|will|had|has|was|were|is|are|could|must|should|may|might|can|do|does|did|need"
                r"|needs)\b",
                clause,
            )
        )
        and not re.search(r" (?:who|whose|whom) ", clause)
    )


def _trails(mask: str, source_start: int, cue_end: int) -> bool:
    """Whether a clause such as ', the office said on Friday.' closes what it reports."""
    before = mask[:source_start].rstrip()
    if not before or before[-1] not in ',\x01?!”"’»—–':
        return False
    rest = mask[cue_end:].strip()
    rest = _TAIL.sub("", mask[cue_end:].strip())
    return not rest or rest[0] in '.,;:\x01?!”"—–' or rest.startswith(("and ", "as ", "after ", "when "))
