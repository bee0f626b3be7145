"""The words by which English news reporting says, denies, asks and keeps silent.

Only vocabulary and the patterns made of it; what follows from a match is decided by the modules that
import it. Lists are closed and general: no name of a person, firm or place of any story stands here
(the news agencies and papers in `KNOWN_OUTLETS` are the exception, since texts name them without explanation).
"""

import re
from collections.abc import Iterable

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
    """One alternation of all forms of the verbs, longest first."""
    return "|".join(sorted({form for verb in verbs for form in forms(verb)}, key=len, reverse=True))


SAY = (
    "say tell add state declare announce note explain argue claim insist maintain assert contend stress emphasise emphasize "
    "remark observe comment reply respond answer recall write testify swear reveal disclose confirm acknowledge admit "
    "concede accept agree allege warn caution suggest indicate predict forecast estimate promise pledge vow repeat "
    "reiterate reaffirm describe call mention continue conclude complain protest joke quip tweet urge propose recommend "
    "recount murmur whisper hint imply boast clarify specify inform submit apologise apologize share signal "
    "volunteer counter retort report assure express put confide lament demand hail welcome thank withdraw admit criticise criticize condemn accuse blame attack slam blast mock brand dub label portray depict characterise characterize liken oppose endorse proclaim conclude"
).split() + ["point out", "go on", "stick to", "take back", "make", "have it", "spell out", "speak", "read out", "lay", "send", "call for", "point to", "refer to", "insist on"]
THINK = (
    "believe think suspect reckon expect fear hope assume guess speculate anticipate foresee understand feel consider "
    "regard conclude find know hear want favour favor worry"
).split() + ["take it"]
DENY = (
    "deny reject dismiss dispute refute rebut contradict repudiate contest disavow disown scotch quash debunk discredit "
    "denounce decry deride ridicule disclaim gainsay discount exclude rebuff"
).split() + ["rule out", "brush aside", "brush off", "laugh off", "hit back at", "wave away", "play down", "shoot down", "scoff at", "laugh at", "shrug off", "take issue with",
             "pour cold water on", "bat away", "knock down", "push back"]
ASK = "ask question wonder doubt query challenge demand disbelieve".split()
PUBLISH = "report carry publish print quote cite write broadcast claim name say allege reveal mention connect hear".split() + [
    "have it", "learn", "put", "tell", "disclose", "describe", "suggest"]

SAY_VERB = any_of(SAY)
THINK_VERB = any_of(THINK)
DENY_VERB = any_of(DENY)
ASK_VERB = any_of(ASK)
SPEECH_VERB = any_of([*SAY, *THINK, *DENY, *ASK])
PUBLISH_VERB = any_of(PUBLISH)

NOT = r"(?:not|n['’]t|never)"
_AUX = r"(?:would|could|will|can|did|does|do|was|were|is|are|has|have|had|shall|should|might|may)"
_NOT_DO = rf"(?:{_AUX}(?: not|n['’]t)|cannot|won['’]t|can['’]t)(?: (?:immediately|yet|further|publicly|directly|even|at once|himself|herself))?"
_TELLING = (
    r"(?:say|comment|discuss|elaborate|respond|reply|answer|return|disclose|reveal|specify|speculate|pick up|confirm|be drawn|name"
    r"|be reached|take (?:any )?(?:questions?|calls?)|go (?:into|beyond|over|further)|(?:wish|want|care|choose) to|give (?:details|the|any|a)"
    r"|provide|identify|address|engage|explain|release|be (?:available|contacted)|make (?:\w+ )?(?:available|comment))"
)

SILENCE = re.compile(
    rf"\b(?:(?:declin|refus)(?:es?|ed|ing) (?:to (?:be drawn|{_TELLING}|add|be interviewed|go|make|talk|acknowledge|take|offer)|(?:any |all |every |an? |further )*(?:comments?|interviews?|requests?|invitations?|questions?))"
    rf"|{_NOT_DO} {_TELLING}\b"
    r"|(?:ha[sd]|have|having|offered|gave|made|issued|with|provided) no (?:immediate |further |public |official |on-the-record )*(?:comments?|answer|repl(?:y|ies)|response|reaction|statement|information|details)"
    r"|no (?:further )?comments?\b|without comment(?:ing)?\b"
    r"|(?:ha[sd]|have|having) nothing (?:more |further |else |new )?(?:to (?:say|add|announce|share|report)|for you)"
    r"|(?:kept|keeps?|keeping) (?:(?:his|her|its|their) (?:own )?(?:counsel|silence|peace|lips|cards)|silent|quiet|mum)"
    r"|(?:remain|stay|fell|went|been|was|were)(?:s|ed|ing)? (?:silent|tight-lipped|quiet|mum|non-committal|noncommittal|unavailable|not (?:\w+ )?available|unreachable)\b"
    r"|neither (?:\w+ )?(?:confirm|admit|accept)(?:s|ed|ing|ted|ting)? (?:[\w'’-]+ ){0,10}nor (?:\w+ )?(?:den|reject|rul|dismiss)\w+"
    r"|neither (?:side|party|company|club|firm|man|woman|of (?:them|the \w+)) (?:\w+ )?(?:disclosed|commented|confirmed|responded|replied|revealed|returned|answered|would)"
    r"|(?:confirm|deny)(?:ing)? (?:n?or|or) (?:deny|confirm)(?:ing)?\b"
    r"|would (?:only say|say only|say no more|say nothing|say neither|give no|make no|offer no|be no)"
    r"|(?:shall|will|can|could|must|ha[sd]|have|said|saying) (?:say |said )?nothing (?:more |further )?about"
    r"|(?:left|leaves|leaving|departed|went in|passed|swept (?:in|out|past)|drove off) (?:\w+ ){0,3}without (?:speaking|talking|answering|taking|commenting|a word|responding)"
    r"|(?:has|have|had) (?:yet|still) to (?:comment|respond|reply|answer|react|say|issue)|said only that|saying only that|would only (?:say|confirm)|(?:could|would|will) only (?:say|confirm)"
    r"|(?:matter|question|subject|issue|case|it|that) (?:was|is) (?:now )?(?:a matter |one )?(?:for (?:the|others|my|his|her|their|investigators|prosecutors|lawyers)|in the hands of|before the (?:court|judge))(?! (?:best|good|better|sake|time|purpose|reason|whole|most|first))"
    r"|(?:would|will|must|should) (?:just |simply )?have to (?:wait|ask)|you(?:['’]ll| will| would| should) (?:have to |need to |better )?ask|ask (?:my|the|our) (?:boss|lawyer|press office|bosses|lawyers)|wait and see|let['’]?s? (?:us )?(?:wait|see|talk about)"
    r"|(?:say|says|said|saying) (?:absolutely )?nothing\b(?! (?:had|has|was|is|were|would|could|in|at|of the|to do|like))|t(?:ook|aking|akes?) no (?:further )?questions|left it at that|(?:press|media) (?:room|office|desk) (?:was|is|has been) (?:closed|shut)"
    r"|put (?:down )?(?:the |his |her )?(?:tele)?(?:phone|receiver)(?: down)?|(?:gone|went|go|left|remain\w*) unanswered|let (?:the|that|every) question (?:hang|pass|go)"
    r"|not (?:here|going) to (?:talk|speak|comment|discuss|get into)|get (?:ahead of|into (?:that|it|details|specifics))|here to (?:talk|speak) about"
    r"|hung up|slammed (?:down )?the (?:phone|receiver)|(?:walked|drove|stalked|strode) (?:off|away|past)|wound up (?:his|her|the|their) window|shut (?:his|her|the|their) door"
    r"|(?:smiled|shrugged|laughed|nodded|grinned|paused)?(?: and | then )?moved on\b|changed the subject|shrugged"
    r"|(?:duck|dodg|sidestep|side-step|evad|deflect|parri|skirt|avoid|swerv|fend|bat|wav)\w*(?: off| away| aside)? (?:(?:the|all|any|our|my|a|further|repeated|most|every) )*(?:questions?|question about|subject|issue|queries)"
    r"|(?:refer|direct|pass|redirect|point|defer|forward)(?:r?ed|s|r?ing)? (?:(?:all|any|our|further|the|his|her|media|press|questions?|inquir(?:y|ies)|enquir(?:y|ies)|quer(?:y|ies)|calls?|us|reporters|journalists|callers|comment|requests?)(?: about [^.;]{3,60}?)?(?: and)? ?)+(?:back )?to\b"
    r"|(?:calls?|messages?|e-?mails?|requests?|questions?|letters?|texts?|inquir(?:y|ies)|enquir(?:y|ies))\b[^.;?]{0,80}\b(?:went|goes|gone|were|was|drew|remain\w*|got|met|received|have|had|has|are|is) (?:been )?(?:unanswered|not (?:\w+ )?(?:returned|answered|acknowledged)|unreturned|no (?:reply|response|answer)|ignored|with silence|left)"
    r"|too (?:early|soon) (?:\w+ ){0,2}(?:to|for)\b|premature to (?:say|comment|speculate|discuss|speak|talk)"
    r"|ask(?:ed|s|ing) for (?:more |some |a little )?(?:time|patience)"
    r"|not (?:prepared|willing|ready|authori[sz]ed|minded|able|going|inclined|at liberty|in a position|about) to (?:say|comment|discuss|confirm|speak|talk|answer|disclose|share|give|go|speculate|get into)"
    r"|(?:wrong|inappropriate|improper|unwise|not appropriate|not right) (?:for \w+ )?to (?:say|speak|comment|discuss|prejudge|speculate|talk)|not comment(?:ing)?\b"
    r"|unwilling to (?:say|comment|discuss|confirm|speak)|unable to (?:say|comment|confirm|discuss)"
    r"|(?:took|takes|taking|ha[sd]|have) no (?:position|view)|without instructions"
    r"|(?:holds?|held|hold|had|has|have) no information"
    r"|(?:does|do|did|will|would)(?: not|n['’]t) (?:comment|discuss|speculate)\b"
    r"|answer(?:ed|s|ing)? (?:my|our|the|a|every|all)? ?(?:\w+ )?questions? with\b"
    r"|(?:matter|question|one|decision|something) for (?:[^.,;“\"]{2,40}),? (?:and )?not (?:for )?(?:\w+)"
    r"|(?:in|at) (?:due course|the (?:right|proper|appropriate) time|good time)\b"
    r"|(?:omitted|neglected|avoided|stopped short of) (?:to )?(?:say|confirm|disclos)\w*"
    r"|off the record only)",
    re.IGNORECASE,
)
"""A party keeps silent, evades, or neither confirms nor denies."""

CONTACT = (
    r"questions?|(?:tele)?phones?|calls?|callers|(?:press|news) conferences?|interview(?:s|ed|ers?)?|reporters?|journalists?|cameras?|microphones?|comments?|statements?|e-?mails?|letters?|messages?|answers?|repl(?:y|ies)|doors?|the press|the media|podium|lectern|left the room|request"
)
"""What passes between a party and those who ask it: a clause about that, and not about the claim, is silence."""
UNTOLD = re.compile(
    r"\b(?:not|never|n['’]t|no|nothing|without|refus\w+|declin\w+|cannot|neither|none|nobody)\b (?:[\w-]+ ){0,3}?(?:comment(?:s|ed|ing)?|be (?:interviewed|contacted|reached|quoted)|interviews?|pre-?empt|prejudge|speculat\w+|dignify|elaborat\w+|discuss\w*|to (?:announce|say|add|report)|answers?|repl(?:y|ies)|engage|expand)\b"
    r"|\bthere (?:is|was) nothing to (?:say|add|announce|report|discuss)|\b(?:only )?(?:did|does|do|would do) (?:only )?harm\b(?=.{0,3}$)",
    re.IGNORECASE,
)
"""A negated verb of telling, more loosely than `SILENCE`: to be trusted only where the claim is not spoken of."""

LITOTES = re.compile(
    rf"\b(?:{_NOT_DO}|not|never|no one|nobody|without|cannot|hardly) (?:be )?(?:den(?:y|ied|ying)|disput(?:e|ed|ing)|contest(?:ed)?|contradict(?:ed)?|reject(?:ed)?|challeng(?:e|ed)|discount(?:ed)?|exclud(?:e|ed)|rul(?:e|ed|ing) (?:it |this |that |them )?out|dismiss(?:ed)?|doubt(?:ed)?)"
    r"|no denial|did little to dispel|far from (?:denying|ruling)",
    re.IGNORECASE,
)
"""A negated denial: it affirms at most weakly, and never denies."""

_UNTRUTH_NOUN = (
    r"nonsense|rubbish|fantas(?:y|ies)|fair(?:y|ies)[ -]tales?|fiction|fabrications?|inventions?|hoax(?:es)?|(?:a|an|outright|blatant|pure|all|of|simply|just|only|more|those|these|such|or) lies?|smears?|slanders?|libel|myths?|gossip"
    r"|canards?|falsehoods?|garbage|bunkum|balderdash|tosh|twaddle|hogwash|baloney|drivel|propaganda|disinformation|misinformation|fake news"
    r"|old wives['’] tales?|tall tales?|speculation and nothing|insults?|insinuations?|disgrace|distortions?|misrepresentations?|fable|invented|figment|hot air|moonshine|poppycock"
)
UNTRUE = re.compile(
    r"\b(?:un(?:true|founded|warranted|substantiated)|false(?:ly)?|incorrect|inaccurate|erroneous|mistaken|baseless|groundless|wrong(?:ly)?|bogus|bullshit|trolled|doctored|staged|debunk\w*|nope|put to rest|(?:is|was|are|were|be|been|a|all|totally|entirely) (?:fake|faked|fabricated|invented)|(?:fake|fabricated|invented) (?:\w+ ){0,2}(?:report|stor(?:y|ies)|news|claims?|rumou?rs?|articles?|tweets?|letters?|photos?|videos?|account|website)|retract(?:s|ed)? (?:\w+ ){0,2}(?:claims?|stor(?:y|ies)|reports?|articles?|allegations?|accusations?)|faked|ma(?:de|king) (?:it |this |that |everything |the \w+ )?(?:all )?up\b|made[ -]up|concocted"
    r"|absurd|ridiculous|ludicrous|preposterous|laughable|outlandish|far-fetched|misleading|insulting|fanciful|imaginary|phantom|upside down|libellous|defamatory|slanderous|fictitious|fictional"
    rf"|(?:{_UNTRUTH_NOUN})"
    r"|(?:no|not (?:a|one|any)(?: \w+)?|without|lacks?|lacking|devoid of)(?: \w+)? (?:truth|basis|substance|foundation|merit|fact|grain of truth|word of truth|shred of truth|factual basis)"
    r"|hold(?:s)? (?:no |any |little )?water|wide of the mark|wrong end of the|nothing of the (?:kind|sort)|no such|not so\b|news to (?:me|us|him|her|them)"
    r"|not (?:something|anything|a \w+) (?:I|we|he|she|they|that I) recogni[sz]e|nothing (?:whatever |whatsoever |at all )?to do with"
    r"|(?:not|n['’]t|never|hardly|far from|no longer) (?:\w+ )?(?:true|right|correct|accurate|the case|real|factual)"
    r"|say(?:s|ing)? (?:no|not|otherwise)\b(?! (?:one|more|longer|such|\w+ \w+ed))|said (?:no|otherwise|not)(?=[.,;:\"”]|$)"
    r"|the (?:opposite|contrary|reverse)|contrary to|(?:has|have|had|was|were|been) (?:\w+ )?(?:cleared|exonerated|acquitted|absolved)|cleared (?:the|its|his|her|imported|all)|too (?:low|high|small|large) by|exaggerat\w+|overstat\w+|inflated)",
    re.IGNORECASE,
)
"""Somebody calls a report untrue, in whatever register."""

DOUBT = re.compile(
    r"\b(?:doubt(?:s|ed|ful|ing)?|puzzl(?:ed|ing)|baffl(?:ed|ing)|perplex(?:ed|ing)|mystif\w+|(?:a |something of a |still a )(?:mystery|riddle|puzzle|enigma)|anything but (?:certain|clear|sure|convinc\w+)|(?:few|hardly (?:anyone|anybody)|not everyone|not everybody) (?:[\w'’-]+ ){0,6}(?:believes?|thinks?|expects?|accepts?|buys?)|demand(?:s|ed|ing)? (?:to (?:see|know|hear|be shown)|an explanation|answers|proof|evidence)|(?:does|do|did) ?n(?:o|['’])t (?:quite )?add up|call(?:s|ed)? (?:it |that |this |for )?(?:in|into) question|suspicious(?:ly)?|scepti\w+|skepti\w+|unconvinced|unpersuaded|incredul\w+|dubious|questionable|implausible|hard to (?:believe|credit|square|swallow|accept|see how)"
    r"|difficult to (?:believe|credit)|cast(?:s|ing)? doubt|pour(?:s|ed)? scorn|rais(?:e|es|ed|ing) (?:\w+ )?(?:questions|doubts|eyebrows)|question(?:s|ed|ing)? (?:whether|why|how|if|the|his|her|its|their|what)"
    r"|challeng(?:e|es|ed|ing) (?:\w+ ){1,4}to (?:say|show|prove|explain|produce|publish)|wonder(?:s|ed|ing)?|quer(?:y|ies|ied)"
    r"|(?:is|was|are|were|remain(?:s|ed)?|be|still) (?:\w+ )?(?:not (?:\w+ )?(?:clear|known|certain|proven|established)|unclear|uncertain|unproven|unknown|an? (?:\w+ )?(?:open|other) question)|open question"
    r"|(?:would|should|['’]d) (?:\w+ )?(?:like|want|love|ask|need) to (?:see|hear|know|have)|want(?:s|ed)? (?:to (?:see|hear|know)|proof|evidence|answers|an explanation)|(?:nobody|no one|none|neither \w+)\b[^.;]{0,30}\bexplain(?:s|ed)?\b|one would like to know"
    r"|find(?:s|ing)? (?:it|that|this) (?:\w+ )?(?:odd|strange|curious|hard|puzzling|remarkable)|found (?:it|that|this) (?:\w+ )?(?:odd|strange|curious|hard|puzzling|remarkable)"
    r"|far from (?:certain|clear|sure)|(?:no longer|not|n['’]t) (?:know|knew|sure|certain|convinced|persuaded|believe|buy)\b|remains? to be (?:seen|proven|proved|shown)"
    r"|spare (?:me|us)|beg(?:s|ged)? the question|too good to be true|before I believed?|take (?:it|this|that) with (?:a|some) )",
    re.IGNORECASE,
)
"""Somebody calls the claim in question without denying it."""

INQUIRY = re.compile(r"\b(?:ask(?:s|ed)?|(?:is|are|was|were|keep|keeps|kept) asking|inquired?|demanded)(?: (?:aloud|himself|herself|again|\w+ly|to know))? ?,?(?: (?:me|us|him|her|them|the \w+))? ?(?:whether|why|how|if|who|what|when|where|which|to know|[“\"])", re.IGNORECASE)
"""Somebody asks an open question (active voice; see `stance` for 'asked whether …, she said')."""

OPEN = re.compile(
    r"\b(?:depend(?:s|ed|ing)? on|hinge[sd]? on|(?:is|are|was|were|remain(?:s|ed)?) (?:\w+ )?(?:divided|split|undecided|at odds)|remains? to be seen|nobody (?:can|could) (?:tell|say)|no one (?:can|could) (?:tell|say)"
    r"|time will tell|the question (?:\w+ ){0,3}is|what (?:would|will|happens|that would)|will (?:ask|want to know)|talk (?:of|was|among)|concerns? (?:over|about|that)|possibilit(?:y|ies) (?:of|that)|prospects? of|line of inquiry"
    r"|(?:weigh|ponder|mull|debat|consider)(?:s|es)\b|(?:is|are|was|were) (?:weighing|pondering|mulling|debating|considering|examining|looking into)|if not|wait(?:s|ed|ing)? (?:for|to see)|no longer heard)",
    re.IGNORECASE,
)
"""The matter is laid out or left open."""

NEGATION = re.compile(
    r"\b(?:not|never|no(?!\.)|nobody|no one|none|nothing|nowhere|neither|nor|cannot|unable|hardly|barely|scarcely|lack(?:s|ed|ing)?|fail(?:s|ed|ing)? to|"
    r"refus(?:e|es|ed|ing) to|bar(?:s|red)? (?:\w+ )?from|prevent(?:s|ed|ing)?|prohibit(?:s|ed)?|forbid(?:s|den)?|rather than|instead of|unlikely|stop(?:s|ped)? short of|far from|ruled out|rules out)\b|\b\w+n['’]t\b",
    re.IGNORECASE,
)
IDLE_NEGATION = re.compile(
    r"\b(?:not (?:only|just|merely|simply|least|to mention|surpris\w+|yet clear|clear|even|alone|until|far|for the first|on condition|long|so much|authori[sz]ed|cleared|to be (?:named|identified|quoted)|named|identified|public)|no (?:doubt|secret|wonder|surprise|later than|fewer than|less than|more than|sooner|matter|question that|one is surprised|other than|longer a secret)"
    r"|nothing (?:but|less|short of|else)|none other|whether or not|if not|or not|why not|the words? [\"“]not|(?:urg|press|warn|ask|tell|told|order|pressur|persuad|advis|want)\w* (?:\w+ ){1,3}not|cannot be named|no (?:names?|camera)|would not surprise|not (?:\w+ )?(?:deny|dispute|contest|doubt|rule)|no one (?:doubts|disputes)|cannot be (?:ruled out|excluded|denied)|could not be (?:ruled out|excluded|denied)"
    r"|unable to (?:hide|conceal)|fail(?:s|ed)? to (?:mention|disclose|tell|report|warn|stop|prevent))\b",
    re.IGNORECASE,
)

CONDITION = re.compile(
    r"(?:^|(?<=[\s\"“(,;:]))(?:[Ii]f|[Uu]nless|[Pp]rovided(?: that)?|[Aa]ssuming|[Ii]n case|[Ii]n the event|[Aa]s long as|[Ss]upposing|so long as)\b(?! not for| only)|(?:^|(?<=[.!?;:\"“,] )|(?<=[\"“]))(?:Were|Should|Had) (?:the|a|an|it|he|she|they|we|that|this|[A-Z]\w+)(?=[^?]*(?:,|$))(?![^,.]*\?)|\bwere (?:it|they|he|she|\w+) (?:shown|to|proven|confirmed)\b|\bdepend(?:s|ed|ing)? on (?:whether|how|if)\b|\b[Ww]hether\b[^.]*\bdepend(?:s|ed|ing)? on\b|\bonly if\b",
)
FUTURE = re.compile(
    r"\b(?:will(?!ing\b)|['’]ll|shall|wo(?=n['’]t)|(?:is|are|was|were|be|been)? ?(?:going|set|due|scheduled|expected|likely|slated|poised|planned|planning|about|estimated|supposed|ready|preparing|prepared|on course|close|lined up|tipped|on track) (?:to|for|for a)\b"
    r"|(?:is|are|'s|was|were) to (?!blame|date|some|him|her|them|the\b|a\b)(?:be )?(?-i:[a-z])\w+|expect(?:s|ed|ing)?|predict(?:s|ed|ing)?|forecasts?|foresees?|anticipat\w+|plan(?:s|ned|ning)?\b(?! for the)|intend(?:s|ed|ing)?|prepar(?:es|ing) (?:to|for)"
    r"|upcoming|forthcoming|imminent|(?:is|are|was) coming|in talks|close to \w+ing|agenda|pledg(?:es?|ed|ing) to|promis(?:es?|ed|ing) to|vow(?:s|ed) to|aims? to|hopes? to|should be \w+ed|would)\b",
    re.IGNORECASE,
)
MAYBE = re.compile(
    r"\b(?:(?-i:may)(?! \d)|might|could|possibl[ey]|possibility|possibilities|perhaps|maybe|probabl[ey]|presumably|conceivabl[ey]|apparently|seem(?:s|ed|ingly)?|appear(?:s|ed)? (?:to|that)|suspect(?:s|ed|ing)?|suspicions?|speculat\w+|guess(?:es)?|rumou?rs?\b|hypothes\w+"
    r"|unconfirmed|supposedly|thought to|believed to have been|take (?:it )?for granted|takes? it for granted|would not (?:\w+ )?(?:surprise|be surprised)|wouldn['’]t (?:\w+ )?surprise|cannot be (?:ruled out|excluded)|could not be (?:ruled out|excluded)|can['’]t be ruled out|murmur\w*|concerns?|fears? (?:that|of)|talk (?:of|was|among)|(?:is|are) divided|weigh(?:s|ing)|mull(?:s|ing)|considers|(?:is|are|was|were) considering|the question (?:\w+ ){0,3}is)\b",
    re.IGNORECASE,
)

DENIES = re.compile(
    rf"\bplay(?:s|ed)? (?:the|this|that|any|such) \w+ down\b|(?<!\ba )(?<!\bthe )(?<!\bany )(?<!\bof )(?<!\ban )\b(?:{DENY_VERB})\b(?! (?:man|men|woman|worker|workers|employee|employees|staff|manager|packer|officer|minister)\b)|\b(?:denials?|rebuttals?)\b",
    re.IGNORECASE,
)
"""A verb or noun of denial that is no mere attribute ("a dismissed worker")."""
UNATTRIBUTED = re.compile(
    r"\b(?:reportedly|allegedly|purportedly|supposedly|it (?:is|was|has been) (?:\w+ )?(?:said|reported|rumou?red|alleged|claimed|understood|believed|thought)"
    r"|(?:is|are|was|were) (?:\w+ )?(?:said|reported|rumou?red|alleged|believed|understood|thought|estimated|claimed) to|there (?:is|was|has been|are|were) (?:\w+ )?(?:speculation|talk|rumou?rs?|reports?)"
    r"|rumou?r has it|word is|according to (?:reports|rumou?rs|speculation|media reports|press reports))\b",
    re.IGNORECASE,
)
"""Somebody says so, and nobody says who."""

ANONYMOUS_NOUN = (
    r"sources?|people|persons?|officials?|insiders?|workers?|employees?|staff(?:ers?)?|managers?|executives?|bankers?|brokers?|traders?|analysts?|experts?|observers?|diplomats?|lawyers?|solicitors?|barristers?|advis[eo]rs?|aides?"
    r"|investigators?|detectives?|witness(?:es)?|residents?|locals|neighbou?rs?|nurses?|doctors?|physicians?|surgeons?|consultants?|scientists?|researchers?|engineers?|technicians?|teachers?|students?|pupils|parents?|mothers?|fathers?"
    r"|farmers?|drivers?|suppliers?|contractors?|buyers?|sellers?|agents?|investors?|shareholders?|creditors?|directors?|members?|colleagues?|friends?|relatives?|critics?|campaigners?|activists?|protesters?|voters?|supporters?|fans?|players?"
    r"|coach(?:es)?|captain|skipper|soldiers?|officers?|commanders?|veterans?|ministers?|lawmakers?|politicians?|senators?|legislators?|deput(?:y|ies)|civil servants?|bureaucrats?|inspectors?|auditors?|accountants?|economists?|historians?|columnists?"
    r"|spokes(?:man|woman|person|people|men|persons)|representatives?|delegates?|negotiators?|envoys?|sailors?|fishermen|pilots?|passengers?|customers?|patients?|survivors?|victims?|users?|landlords?|tenants?|wholesalers?|retailers?|hauliers?|shopkeepers?"
    r"|paediatricians?|pediatricians?|virologists?|epidemiologists?|professors?|academics?|somebody|someone|others?|some|many|several|most|both|another|one|two|three|four|five|six|seven|a dozen|dozens|a (?:second|third|fourth)|the (?:first|second|third|fourth|latter|former)|accounts"
    r"|cooks?|packers?|miners?|man|woman|men|women|couple|boy|girl|(?:\w+ ){0,1}(?:source|insider|expert|leader|chief|head|boss|owner|founder|buyer|maker|holder|goer|keeper)s?|judges?|prosecutors?|counsel|governors?|mayors?|presidents?|chairs?|chair(?:man|woman|men)|premiers?|chancellors?|bishops?|generals?|colonels?|sheriffs?|commissioners?|editors?|authors?|founders?|owners?|rebels?|militants?|villagers?|traders?|widows?|carpenters?|clerks?|secretar(?:y|ies)|rivals?|candidates?|whistle-?blowers?"
)
GROUP_NOUN = (
    r"coastguard|coast guard|line|headquarters|newsroom|switchboard|company|firm|group|club|union|council|county|government|ministry|department|office|agency|authority|authorities|regulator|police|force|army|navy|military|hospital|clinic|university|school|college|bank|board|committee|commission|court|parliament|party"
    r"|charity|foundation|trust|fund|embassy|consulate|federation|association|league|team|airline|operator|manufacturer|maker|importer|exporter|retailer|supermarket|utility|institute|laboratory|museum|church|palace|administration|presidency|cabinet|directorate|directory"
    r"|creamery|brewery|factory|plant|mine|mill|refinery|railway|port|airport|city|town|state|country|kingdom|republic|opposition|campaign|organi[sz]ation|body|watchdog|ombudsman|prosecution|defence|defense|coroner(?:['’]s office)?|network|operator|provider|owner|developer|contractor|publisher|studio|label|theatre|theater|orchestra|festival|zoo|side|bidder|companies|firms|ministries|agencies|airlines|unions|clubs|banks|parties|councils|governments|sides|prosecution|manufacturers"
)

KNOWN_OUTLETS = frozenset(
    "reuters|associated press|ap|afp|agence france-presse|bloomberg|bloomberg news|cnn|bbc|nbc|abc news|cbs|fox news|sky news|itv|al jazeera|al arabiya|tass|itar-tass|interfax|ria novosti|ria|sputnik|rt|xinhua|global times|yonhap"
    "|kyodo|nhk|kcna|dpa|ansa|efe|anadolu|pti|ani|ukrinform|belta|nyt|wsj|npr|axios|politico|the hill|semafor|der spiegel|die welt|die zeit|bild|le monde|le figaro|libération|el país|el mundo|la repubblica|corriere della sera|haaretz|the times"
    "|financial times|the economist|the guardian|the independent|new yorker|washington post|new york times|wall street journal|usa today|los angeles times|time magazine|newsweek|buzzfeed|vice|kommersant|vedomosti|izvestia|meduza|novaya gazeta|rbc|hurriyet|dawn|the hindu|asahi|asahi shimbun|nikkei|mainichi|yomiuri|chosun ilbo|hankyoreh|caixin|south china morning post|deutsche welle|swissinfo|euronews|telegraph|daily mail|the sun|mirror|globe and mail|toronto star|sydney morning herald|the age|the australian|irish times".split("|")
)
OUTLET_WORD = re.compile(
    r"^(?:Daily|Evening|Sunday|Morning|Weekly) [A-Z]\w+$|\b(?:News|Times|Post|Courier|Herald|Tribune|Gazette|Journal|Chronicle|Sentinel|Guardian|Observer|Telegraph|Examiner|Inquirer|Enquirer|Dispatch|Bulletin|Mirror|Standard|Star|Globe|Echo|Argus|Mercury|Record|Register|Press|Wire|Newswire|Radio|Television|TV|Broadcasting|Magazine|Weekly|Daily|Review|Ledger|Advertiser|Reporter|Monitor|Spectator|Gazeta|Zeitung|Novosti|Shimbun|Ilbo)$"
)
GENERIC_OUTLET = r"(?:news)?papers?|broadcasters?|(?:news|press) agenc(?:y|ies)|wire services?|(?:news )?websites?|(?:news )?site|magazines?|weekly|daily|tabloids?|broadsheets?|(?:television|radio|TV) (?:stations?|channels?|networks?)|news outlets?|media|press|blogs?|programme|network|periodical"

RETRACTION = re.compile(
    r"\b(?:withdr(?:ew|aw|aws|awn|awing)|t(?:ook|ake|akes|aken) back|retract(?:s|ed)?|recant(?:s|ed)?|reversed) (?:\w+ ){0,2}(?:denials?|what (?:he|she|they|it) (?:\w+ )?(?:said|told)|words|statement)"
    r"|ate (?:his|her|its|their) words|(?:what|which) (?:I|we|he|she|they) (?:\w+ )?(?:said|told)[^.]{0,40} (?:was|were|turned out to be|proved) (?:wrong|false|untrue|mistaken)|no longer (?:denies|disputes|contests)",
    re.IGNORECASE,
)
"""A party takes an earlier denial back."""


def _pair(own: str, contrary: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(rf"\b(?:{own})", re.IGNORECASE), re.compile(rf"\b(?:{contrary})\b", re.IGNORECASE)


ANTONYMS = (
    _pair(r"contaminat|listeria|salmonella|bacteri|virus|leak|toxic|poison|unsafe|corrod|lead\b|tainted|polluted|positive|ill\b|sick|infect|listen", r"clean|(?:perfectly |quite |entirely |absolutely )?safe|sound|harmless|pure|uncontaminated|well below"),
    _pair(r"di(?:ed|es?|e)\b|dead|death|killed", r"(?:is|are|was|were) alive|survived|recovering"),
    _pair(r"forg|fake|counterfeit|hoax|staged|doctored", r"genuine|authentic|(?:is|are|was|were) real"),
    _pair(r"guilty|brib|stole|stolen|fraud|corrupt|embezzl|murder|laundered", r"innocen(?:t|ce)|not guilty|clean hands|forged|framed"),
    _pair(r"clos|shut", r"(?:stay|remain|keep|kept|staying|remaining) open|reopen\w*|going nowhere"),
    _pair(r"leav|quit|resign|depart|steps? down|sells?\b|sold\b|moves?\b", r"(?:is|are|will be|am) (?:staying|remaining)|will (?:stay|remain)|going nowhere|not for sale|intend to (?:stay|keep)"),
    _pair(r"halt|stop|suspend|cut|end\b|ends\b|cancel", r"(?:will|would|to) (?:continue|go on|be honoured|be honored|be kept up)|continues? (?:as|to)|unchanged"),
    _pair(r"restart|reopen|resum|run again|return", r"stay(?:s|ing)? shut|remain(?:s|ing)? (?:shut|closed)|kept shut"),
    _pair(r"taken|captured|fallen|lost|seized", r"(?:still|remain(?:s|ed)?|firmly) (?:in|under) (?:our|their|his|her|its|government|rebel)"),
    _pair(r"less than|below|under\b|underpaid", r"more than|above|at least"),
    _pair(r"stolen|missing|lost|kidnapped|captured|abducted", r"(?:is|are|am|was|were) (?:\w+ )?(?:safe|unharmed|at home|free)"),
    _pair(r"refus|reject|block|veto", r"will (?:approve|grant|allow|license|agree)|has (?:approved|granted|allowed)"),
)
"""What a claim says, and what says the contrary without any negation."""
