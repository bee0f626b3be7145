"""The verbs of news reporting by what they do, and regular expressions for all their forms."""

import re
from collections.abc import Iterable


def listed(lines: str) -> tuple[str, ...]:
    """The words of a list written as running text."""
    return tuple(lines.split())


_IRREGULAR = {
    "say": "say says said saying",
    "tell": "tell tells told telling",
    "swear": "swear swears swore sworn swearing",
    "write": "write writes wrote written writing",
    "know": "know knows knew known",
    "think": "think thinks thought thinking",
    "put": "put puts putting",
    "hear": "hear hears heard",
    "see": "see sees saw seen seeing",
    "find": "find finds found",
    "feel": "feel feels felt",
    "hold": "hold holds held",
    "go on": "go(?:es)? on|went on|going on",
    "stick to": "stick(?:s|ing)? to|stuck to",
    "run": "run runs ran",
    "have it": "(?:has|have|had) it",
    "take it": "takes? it|took it",
    "withdraw": "withdraw withdraws withdrew withdrawn withdrawing",
    "take back": "takes? back|took back",
    "understand": "understand understands understood",
    "foresee": "foresee foresees foresaw",
    "forecast": "forecast forecasts forecasting",
    "read": "read reads",
    "speak": "speak speaks spoke",
    "learn": "learn learns learned learnt",
    "lay": "lays? out|laid out",
    "make": "ma(?:kes?|de|king) (?:it )?(?:clear|plain|public|known)",
    "give": "give gives gave",
    "send": "sends? word|sent word",
    "set": "sets? out",
    "take issue with": "takes? issue with|took issue with",
    "shoot down": "shoots? down|shot down",
    "shrug off": "shrugs? off|shrugged off",
    "want": "want(?:s|ed)?(?= to (?:see|know|hear|be (?:told|shown))\\b)",
    "share": "shared(?= (?:that|how)\\b)",
    "agree": "agree(?:s|d|ing)?(?! (?:on|to|upon)\\b)",
    "growl": "(?:sob|growl|roar|bark|sniff|snap|fume|thunder|snort|grumble|bellow|yell|scream|shout|mutter|mumble|hiss|gush"
    "|snarl|rasp|chuckle|jeer|muse|opine|venture|enthuse|interject|chime in|chip in)(?:(?<=e)d|(?<=b)bed|(?<=p)ped|ed"
    "|(?<=e)s|s)",
    "message": "messag(?:es|ed)(?= (?:us|our|to|that|the)\\b)|texted|e-?mailed(?= (?:us|our|to))",
    "allow": "allow(?:s|ed)(?= that\\b|[,.])",
    "object": "object(?:s|ed)(?= (?:to|that)\\b)",
    "shoot back": "(?:shoots?|shot|fire[sd]?|hits?|snap(?:s|ped)?) back",
    "let slip": "lets? (?:slip|on|it be known)",
    "trot out": "trot(?:s|ted) out",
    "vouch for": "vouch(?:es|ed)? for",
    "own to": "own(?:s|ed) (?:up )?to",
    "judge": "judge[sd] (?=it|that|the)|deem(?:s|ed)|calculate[sd](?=[,.]| that)",
    "recall": "recall(?:s|ed) (?:that|how|seeing|being|hearing)",
}


def forms(verb: str) -> list[str]:
    """Regular expressions for a verb's forms; a phrasal verb keeps its particle."""
    if verb in _IRREGULAR:
        given = _IRREGULAR[verb]
        return [given] if "|" in given or "(" in given else given.split()
    head, _, particle = verb.partition(" ")
    tail = f" {particle}" if particle else ""
    stem, double = head, ""
    if head.endswith("e"):
        stem = head[:-1]
        endings = ("e", "es", "ed", "ing")
    elif re.search(r"[^aeiou]y$", head):
        stem = head[:-1]
        endings = ("y", "ies", "ied", "ying")
    else:
        if head in {"admit", "submit", "rebut", "quip", "refer", "bat", "scotch"} - {"scotch"}:
            double = head[-1]
        plural = "es" if re.search(r"(?:s|sh|ch|x|z)$", head) else "s"
        endings = ("", plural, f"{double}ed", f"{double}ing")
    return [stem + ending + tail for ending in endings]


def any_of(verbs: Iterable[str]) -> str:
    """One alternation of all forms of the verbs: what has more in common than its length comes first."""
    every = {form for verb in verbs for form in forms(verb)}
    worded = {form for form in every if re.fullmatch(r"[a-z ]+", form)}
    return "|".join([*sorted(every - worded, key=lambda f: (-len(f), f)), tree(worded)])


def tree(words: Iterable[str]) -> str:
    """A pattern for exactly these words in which common beginnings are tried once: many times as fast as a list."""
    by: dict[str, list[str]] = {}
    for word in sorted(words):
        by.setdefault(word[:1], []).append(word[1:])
    ends = "" in by and by.pop("") is not None
    branches = [first + tree(rest) for first, rest in by.items()]
    inner = "|".join(branches)
    return inner if len(branches) == 1 and not ends else f"(?:{inner}){'?' if ends else ''}" if branches else ""


SAY = (
    *listed(
        "say tell add state declare announce note explain argue claim insist maintain assert contend "
        "stress emphasise emphasize "
        "remark observe comment reply respond answer recall write testify swear reveal disclose "
        "confirm acknowledge admit "
        "concede accept agree allege warn caution suggest indicate predict forecast estimate promise "
        "pledge vow repeat "
        "reiterate reaffirm describe call mention continue conclude complain protest joke quip tweet "
        "urge propose recommend "
        "recount murmur whisper hint imply boast clarify specify inform submit apologise apologize "
        "share signal advise underline underscore "
        "volunteer counter retort report assure express put confide lament demand hail welcome thank "
        "withdraw admit criticise criticize condemn accuse blame attack slam blast mock brand dub "
        "label portray depict characterise characterize liken oppose endorse proclaim conclude"
    ),
    "point out",
    "go on",
    "stick to",
    "take back",
    "make",
    "have it",
    "spell out",
    "speak",
    "read out",
    "lay",
    "send",
    "growl",
    "message",
    "allow",
    "object",
    "shoot back",
    "let slip",
    "trot out",
    "vouch for",
    "own to",
    "disagree",
    "call for",
    "point to",
    "refer to",
    "insist on",
)
THINK = (
    *listed(
        "believe think suspect reckon expect fear hope assume guess speculate anticipate foresee "
        "understand feel consider "
        "regard conclude find know hear want favour favor worry bet infer deduce"
    ),
    "take it",
    "judge",
)
DENY = (
    *listed(
        "deny reject dismiss dispute refute rebut contradict repudiate contest disavow disown scotch "
        "quash debunk discredit "
        "denounce decry deride ridicule disclaim gainsay discount exclude rebuff"
    ),
    "rule out",
    "brush aside",
    "brush off",
    "laugh off",
    "hit back at",
    "wave away",
    "play down",
    "shoot down",
    "scoff at",
    "laugh at",
    "shrug off",
    "take issue with",
    "pour cold water on",
    "bat away",
    "knock down",
    "push back",
)
ASK = listed("ask enquire inquire question wonder doubt query challenge demand disbelieve")
PUBLISH = (
    *listed("report carry publish print quote cite write broadcast claim name say allege reveal mention connect hear"),
    "have it",
    "learn",
    "put",
    "tell",
    "disclose",
    "describe",
    "suggest",
)

SAY_VERB = any_of(SAY)
THINK_VERB = any_of(THINK)
DENY_VERB = any_of(DENY)
ASK_VERB = any_of(ASK)
SPEECH_VERB = any_of([*SAY, *THINK, *DENY, *ASK])
PUBLISH_VERB = any_of(PUBLISH)
