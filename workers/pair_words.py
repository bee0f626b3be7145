"""The words of a claim and of a text, as the shipped stance and ranking weights know them.

Frozen on purpose, and apart from `workers.words`: the weights in `workers/model` were trained on exactly these
functions. Change one and the weights must be trained again (`make train`); a test holds the fingerprint.
"""

import re

CUES: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "refute": """hoax fake fakes faked faking false falsely untrue debunk debunks debunked debunking bogus fabricated
            fabrication fiction fictional lie lies lied lying hoaxer hoaxes hoaxed satire satirical spoof prank pranked
            staged stage phony myth photoshopped photoshop refute refutes refuted refuting disprove disproved disproves
            disproven misleading mistaken wrong wrongly incorrect inaccurate erroneous discredit discredited retract
            retracts retracted retraction dispel dispels scam made-up nonsense unfounded baseless busted dupe duped
            fooled fools trick tricked misidentified misreported""",
        "deny": """deny denies denied denying denial dismiss dismisses dismissed dismissing reject rejects rejected
            rejecting rebuff rebut contradict contradicts contradicted contradicting dispute disputes disputed slam slams
            disavow disclaim rubbish rubbishes rubbished clarify clarifies downplay downplays insist insists""",
        "doubt": """doubt doubts doubtful doubted dubious question questions questioned questionable skeptic skeptical
            skeptics sceptical unlikely unclear unproven unconfirmed unverified mystery puzzle puzzles puzzled suspicious
            suspicion improbable supposed supposedly purported purportedly so-called apparently debate debated
            authenticity real really true truth actually""",
        "hedge": """may might could possibly perhaps maybe probably likely would should expected allegedly alleged alleges
            allege seems appears appear looks rumor rumors rumored rumour rumours rumoured speculation reportedly
            potential potentially plan plans planning considering considers mulls mulling eyes talks set next soon will
            to""",
        "report": """report reports reported reporting claim claims claimed claiming say says said saying source sources
            according told tells story stories statement tweet tweets suggests suggest viral video photo picture pictures
            online internet leak leaked leaks investigation investigate investigates investigating probe probes examine
            tests testing dna await awaiting verify""",
        "confirm": """confirm confirms confirmed confirming confirmation official officially reveal reveals revealed admit
            admits admitted announce announces announced prove proves proof proven evidence identified identify verified
            acknowledges acknowledged finally""",
        "neg": """no not never none nobody nothing neither nor cannot without n't dont doesnt didnt isnt wasnt wont cant
            arent werent hasnt havent""",
    }.items()
}
"""Words by which news takes a side. A word may stand in two groups."""

QUESTION_OPENERS, FUNCTION_WORDS = (
    frozenset(words.split())
    for words in (
        "why how what who when where which is was did are does do can could will has should",
        """a an the of and or to in on for at by with from as is are was were be been being it its this that these those
        he she they we you i his her their our your my me him them us do does did has have had than then so if into over
        after before out up down about""",
    )
)

_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})
_NOT = re.compile(r"n't\b")
_TOKEN = re.compile(r"n't|[A-Za-z]+(?:-[A-Za-z]+)*|\d+(?:[.,]\d+)*|[?!:\"]")
_PLAIN = re.compile(r"[^a-z0-9]+")
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))
_PREFIX = 5


def tokens(text: str) -> list[str]:
    """Words, numbers, `n't` and the marks ? ! : " in order, case kept."""
    return _TOKEN.findall(_NOT.sub(" n't", text.translate(_MARKS)))


def stem(word: str) -> str:
    """A crude English stem: good enough to let the inflections of one word meet, and fast."""
    word = word.lower()
    if len(word) > 4:
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
                word = word[: -len(ending)] + instead
                break
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word


def content(words: list[str]) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [stem(w) for w in words if w[0].isalnum() and w.lower() not in FUNCTION_WORDS]


def prefixes(stems: frozenset[str] | set[str]) -> frozenset[str]:
    """The first five letters of every longer stem: `resignation` meets `resigned` there."""
    return frozenset(s[:_PREFIX] for s in stems if len(s) >= _PREFIX)


def shared(words: list[str], stems: frozenset[str] | set[str]) -> list[bool]:
    """For each word, whether the other text has it, by stem or by prefix."""
    heads = prefixes(stems)
    found = []
    for word in words:
        one = stem(word)
        found.append(one in stems or (len(one) >= _PREFIX and one[:_PREFIX] in heads))
    return found


def plain(text: str) -> str:
    """Lower case, everything but letters and digits one blank."""
    return _PLAIN.sub(" ", text.lower())


def grams(text: str, size: int) -> list[str]:
    """Character n-grams of the plain text."""
    text = plain(text)
    return [text[i : i + size] for i in range(len(text) - size + 1)]
