"""The patterns by which English news reporting denies, doubts, keeps silent and hedges.

Only vocabulary and what is made of it; what follows from a match is decided by the modules that import it.
The lists are closed and general: no name of a person, firm or place of any story stands here.
"""

import re

from workers import verbs
from workers.silence import NOT_DO
from workers.verbs import DENY_VERB

SPEECH_VERB = verbs.SPEECH_VERB
"""Any form of a verb of saying, thinking, denying or asking."""

NOT = r"(?:not|n['’]t|never)"
UNSEEN = re.compile(
    r"\b(?:no|any|little|without) (?:\w+ )?(?:signs?|trace|evidence|proof|indications?|hint|confirmation) (?:of|that"
    r"|for|whatever)\b|\bno (?:\w+ )?\w+ (?:has|have|had) (?:yet )?(?:come|arrived|appeared|reached|pulled in"
    r"|turned up|shown up)\b"
    r"|\bnothing has been (?:shown|proved|proven|seen|produced)\b"
    r"|\b(?:seen|saw|found|detected|observed) no\b|\b(?:nobody|no one|none|no \w+)\b[^.;,]{0,25} (?:has|have"
    r"|had) (?:yet )?(?:confirmed"
    r"|seen|verified|proved|proven|shown|produced)\b",
    re.IGNORECASE,
)
"""Nothing of the kind has been seen: a doubt, where it is not a party that says so."""
UNVERIFIED = re.compile(
    r"\b(?:not|n['’]t|cannot|unable to|impossible to|no way to|no independent|without independent)(?: \w+){0,3}? "
    r"(?:verif\w+|corroborat\w+|confirm\w*|authenticat\w+)\b|\bun(?:verified|corroborated)\b",
    re.IGNORECASE,
)
"""An outlet says of its own account that it has not been able to check it."""
LITOTES = re.compile(
    rf"\b(?:{NOT_DO}|not|never|no one|nobody|without|cannot|hardly) (?:be )?(?:den(?:y|ied|ying)"
    r"|disput(?:e|ed|ing)|contest(?:ed)?|contradict(?:ed)?|reject(?:ed)?|challeng(?:e|ed)"
    r"|discount(?:ed)?|exclud(?:e|ed)|rul(?:e|ed|ing) (?:it |this |that |them )?out|dismiss(?:ed)?"
    r"|doubt(?:ed)?)"
    r"|no denial|did little to dispel|far from (?:denying|ruling)",
    re.IGNORECASE,
)
"""A negated denial: it affirms at most weakly, and never denies."""

_UNTRUTH_NOUN = (
    r"nonsense|rubbish|fantas(?:y|ies)|fair(?:y|ies)[ -]tales?|fiction|fabrications?|inventions?"
    r"|hoax(?:es)?|(?:a|an|outright|blatant|pure|all|of|simply|just|only|more|those|these|such"
    r"|or) lies?|smears?|slanders?|libel|myths?|gossip"
    r"|canards?|falsehoods?|garbage|bunkum|balderdash|tosh|twaddle|hogwash|baloney|drivel"
    r"|propaganda|disinformation|misinformation|fake news"
    r"|old wives['’] tales?|tall tales?|speculation and nothing|insults?|insinuations?|disgrace"
    r"|distortions?|misrepresentations?|fable|invented|figment|hot air|moonshine|poppycock"
)
UNTRUE = re.compile(
    r"\b(?:un(?:true|founded|warranted|substantiated)|false(?:ly)?|incorrect|inaccurate|erroneous"
    r"|mistaken|baseless|groundless|wrong(?:ly)?|bogus|bullshit|trolled|doctored|staged|debunk\w*"
    r"|nope|put to rest|(?:not|n['’]t|never) believe a (?:single )?word|not a (?:single )?word of (?:it|this"
    r"|that) is true|(?:is|was|are|were|be|been|a|all|totally|entirely) (?:fake|faked"
    r"|fabricated|invented)|(?:fake|fabricated|invented) (?:\w+ ){0,2}(?:report|stor(?:y|ies)|news"
    r"|claims?|rumou?rs?|articles?|tweets?|letters?|photos?|videos?|account|website)|retract(?:s"
    r"|ed)? (?:\w+ ){0,2}(?:claims?|stor(?:y|ies)|reports?|articles?|allegations?|accusations?)"
    r"|faked|ma(?:de|king) (?:it |this |that |everything |the \w+ )?(?:all )?up\b|made[ -]up"
    r"|concocted"
    r"|absurd|ridiculous|ludicrous|preposterous|laughable|outlandish|far-fetched|misleading"
    r"|insulting|fanciful|imaginary|upside down|libellous|defamatory|slanderous|fictitious"
    r"|fictional"
    rf"|(?:{_UNTRUTH_NOUN})"
    r"|(?:no|not (?:a|one|any)(?: \w+)?|without|lacks?|lacking|devoid of)(?: \w+)? (?:truth|basis"
    r"|substance|foundation|merit|fact|grain of truth|word of truth|shred of truth|factual basis)"
    r"|hold(?:s)? (?:no |any |little )?water|wide of the mark|wrong end of the"
    r"|nothing of the (?:kind|sort)|no such|not so\b|news to (?:me|us|him|her|them)"
    r"|not (?:something|anything|a \w+) (?:I|we|he|she|they|that I) recogni[sz]e"
    r"|nothing (?:whatever |whatsoever |at all )?to do with"
    r"|(?:not|n['’]t|never|hardly|far from|no longer) (?:\w+ )?(?:true|right|correct|accurate"
    r"|the case|real|factual)"
    r"|say(?:s|ing)? (?:no|not|otherwise)\b(?! (?:one|more|longer|such|\w+ \w+ed))|said (?:no"
    r"|otherwise|not)(?=[.,;:\"”]|$)"
    r"|the (?:opposite|contrary|reverse)(?! (?:view|side|direction|effect|bank|end|of))|contrary to|(?:has|have|had|was|were"
    r"|been) (?:\w+ )?(?:cleared|exonerated|acquitted|absolved)|cleared (?:the|its|his|her"
    r"|imported|all)|too (?:low|high|small|large) by|exaggerat\w+|overstat\w+|inflated)",
    re.IGNORECASE,
)
"""Somebody calls a report untrue, in whatever register."""

DOUBT = re.compile(
    r"\b(?:doubt(?:s|ed|ful|ing)?|(?:pinch|grain) of salt|would be surprised (?:if|by)|jury is (?:still )?out"
    r"|less (?:sure|certain|convinced)|not believe in|puzzl(?:ed|ing)|baffl(?:ed|ing)"
    r"|perplex(?:ed|ing)|mystif\w+"
    r"|(?:a |something of a |still a )(?:mystery|riddle|puzzle|enigma)|anything but (?:certain"
    r"|clear|sure|convinc\w+)|(?:few|hardly (?:anyone|anybody)|not everyone"
    r"|not everybody) (?:[\w'’-]+ ){0,6}(?:believes?|thinks?|expects?|accepts?|buys?)|demand(?:s"
    r"|ed|ing)? (?:to (?:see|know|hear|be shown)|an explanation|answers|proof|evidence)|(?:does|do"
    r"|did) ?n(?:o|['’])t (?:quite )?add up|call(?:s|ed)? (?:it |that |this |for )?(?:in"
    r"|into) question|suspicious(?:ly)?|scepti\w+|skepti\w+|unconvinced|unpersuaded|incredul\w+"
    r"|dubious|questionable|implausible|hard to (?:believe|credit|square|swallow|accept|see how)"
    r"|difficult to (?:believe|credit)|cast(?:s|ing)? doubt|pour(?:s|ed)? scorn|rais(?:e|es|ed"
    r"|ing) (?:\w+ )?(?:questions|doubts|eyebrows)|question(?:s|ed|ing)? (?:whether|why|how|if|the"
    r"|his|her|its|their|what)"
    r"|challeng(?:e|es|ed|ing) (?:\w+ ){1,4}to (?:say|show|prove|explain|produce|publish)"
    r"|wonder(?:s|ed|ing)?|quer(?:y|ies|ied)"
    r"|(?:is|was|are|were|remain(?:s|ed)?|be|still) (?:\w+ )?(?:not (?:\w+ )?(?:clear|known"
    r"|certain|proven|established)|unclear|uncertain|unproven|unknown|an? (?:\w+ )?(?:open"
    r"|other) question)|open question"
    r"|(?:would|should|['’]d) (?:\w+ )?(?:like|want|love|ask|need) to (?:see|hear|know|have)"
    r"|want(?:s|ed)? (?:to (?:see|hear|know)|proof|evidence|answers|an explanation)|(?:nobody"
    r"|no one|none|neither \w+)\b[^.;]{0,30}\bexplain(?:s|ed)?\b|one would like to know"
    r"|find(?:s|ing)? (?:it|that|this) (?:\w+ )?(?:odd|strange|curious|hard|puzzling|remarkable)"
    r"|found (?:it|that|this) (?:\w+ )?(?:odd|strange|curious|hard|puzzling|remarkable)"
    r"|far from (?:certain|clear|sure)|(?:no longer|not|n['’]t) (?:know|knew|sure|certain"
    r"|convinced|persuaded|believe(?! a (?:single )?word)|buy)\b|\w+n['’]t (?:know|believe(?! a (?:single )?word))\b"
    r"|remains? to be (?:seen|proven|proved|shown)"
    r"|spare (?:me|us)|beg(?:s|ged)? the question|too good to be true|before I believed?"
    r"|take (?:it|this|that) with (?:a|some) )",
    re.IGNORECASE,
)
"""Somebody calls the claim in question without denying it."""

INQUIRY = re.compile(
    r"\b(?:ask(?:s|ed)?|(?:is|are|was|were|keep|keeps|kept) asking|inquired?|demanded)(?: (?:aloud"
    r"|himself|herself|again|\w+ly|to know))? ?,?(?: (?:me|us|him|her|them|the \w+))? ?(?:whether"
    r"|why|how|if|who|what|when|where|which|to know|[“\"])",
    re.IGNORECASE,
)
"""Somebody asks an open question (active voice; see `stance` for 'asked whether …, she said')."""

OPEN = re.compile(
    r"\b(?:depend(?:s|ed|ing)? on|hinge[sd]? on|(?:is|are|was|were|remain(?:s"
    r"|ed)?) (?:\w+ )?(?:divided|split|undecided|at odds)|remains? to be seen|nobody (?:can"
    r"|could) (?:tell|say)|no one (?:can|could) (?:tell|say)"
    r"|time will tell|the question (?:\w+ ){0,3}is|what (?:would|will|happens|that would)"
    r"|will (?:ask|want to know)|talk (?:of|was|among)|concerns? (?:over|about|that)"
    r"|possibilit(?:y|ies) (?:of|that)|prospects? of|line of inquiry"
    r"|(?:weigh|ponder|mull|debat|consider)(?:s|es)\b|(?:is|are|was|were) (?:weighing|pondering"
    r"|mulling|debating|considering|examining|looking into)|if not|wait(?:s|ed|ing)? (?:for"
    r"|to see)|no longer heard)",
    re.IGNORECASE,
)
"""The matter is laid out or left open."""

NEGATION = re.compile(
    r"\b(?:not|never|no(?!\.)|nobody|no one|none|nothing|nowhere|neither|nor|cannot|unable|hardly"
    r"|barely|scarcely|lack(?:s|ed|ing)?|fail(?:s|ed|ing)? to|"
    r"refus(?:e|es|ed|ing) to|bar(?:s|red)? (?:\w+ )?from|prevent(?:s|ed|ing)?|prohibit(?:s|ed)?"
    r"|forbid(?:s|den)?|rather than|instead of|unlikely|stop(?:s|ped)? short of|far from|ruled out"
    r"|rules out)\b|\b\w+n['’]t\b",
    re.IGNORECASE,
)
IDLE_NEGATION = re.compile(
    r"\b(?:not (?:only|just|merely|simply|least|to mention|surpris\w+|yet clear|clear|even|alone"
    r"|until|far|for the first|on condition|long|so much|authori[sz]ed|cleared|to be (?:named"
    r"|identified|quoted)|named|identified|public)|no (?:doubt|secret|wonder|surprise|later than"
    r"|fewer than|less than|more than|sooner|matter|question that|one is surprised|other than"
    r"|longer a secret)"
    r"|nothing (?:but|less|short of|else)|none other|whether or not|if not|or not|why not"
    r"|the words? [\"“]not|(?:urg|press|warn|ask|tell|told|order|pressur|persuad|advis"
    r"|want)\w* (?:\w+ ){0,3}not|cannot be named|no (?:names?|camera)|would not surprise|not hesitate|no (?:reason"
    r"|objection|obstacle|argument|harm|bar) (?:against|to \w+ing)|nothing (?:against|wrong with)"
    r"|not (?:\w+ )?(?:deny|dispute|contest|doubt|rule)|no one (?:doubts|disputes)"
    r"|cannot be (?:ruled out|excluded|denied)|could not be (?:ruled out|excluded|denied)"
    r"|unable to (?:hide|conceal)|fail(?:s|ed)? to (?:mention|disclose|tell|report|warn|stop|prevent))\b",
    re.IGNORECASE,
)

CONDITION = re.compile(
    r"(?:^|(?<=[\s\"“(,;:]))(?:[Ii]f|[Uu]nless|[Pp]rovided(?: that)?|[Aa]ssuming|[Ii]n case"
    r"|[Ii]n the event|[Aa]s long as|[Ss]upposing|so long as)\b(?! not for| only)|(?:^"
    r"|(?<=[.!?;:\"“,] )|(?<=[\"“]))(?:Were|Should|Had) (?:the|a|an|it|he|she|they|we|that|this"
    r"|[A-Z]\w+)(?=[^?]*(?:,|$))(?![^,.]*\?)|\bwere (?:it|they|he|she|this|that) (?:shown|to|proven"
    r"|confirmed)\b|\bdepend(?:s|ed|ing)? on (?:whether|how|if)\b|\b[Ww]hether\b[^.]*\bdepend(?:s"
    r"|ed|ing)? on\b|\bonly if\b",
)
FUTURE = re.compile(
    r"\b(?:will(?!ing\b)|['’]ll|shall|wo(?=n['’]t)|(?:is|are|was|were|be|been)? ?(?:going|set|due"
    r"|scheduled|expected|likely|slated|poised|planned|planning|about|estimated|supposed|ready"
    r"|preparing|prepared|on course|close|lined up|tipped|on track) (?:to|for|for a)\b"
    r"|(?:is|are|'s|was|were) to (?!blame|date|some|him|her|them|the\b|a\b)(?:be )?(?-i:[a-z])\w+"
    r"|expect(?:s|ed|ing)?|predict(?:s|ed|ing)?|forecasts?|foresees?|anticipat\w+|plan(?:s|ned"
    r"|ning)?\b(?! for the)|intend(?:s|ed|ing)?|prepar(?:es|ing) (?:to|for)"
    r"|upcoming|forthcoming|imminent|(?:is|are|was) coming|in talks|close to \w+ing|agenda"
    r"|pledg(?:es?|ed|ing) to|promis(?:es?|ed|ing) to|vow(?:s|ed) to|aims? to|hopes? to"
    r"|should be \w+ed|would)\b",
    re.IGNORECASE,
)
MAYBE = re.compile(
    r"\b(?:(?-i:may)(?! \d)|might|could|possibl[ey]|possibility|possibilities|perhaps|maybe"
    r"|probabl[ey]|presumably|conceivabl[ey]|apparently|seem(?:s|ed|ingly)?|appear(?:s|ed)? (?:to"
    r"|that)|suspect(?:s|ed|ing)?|suspicions?|speculat\w+|guess(?:es)?|rumou?rs?\b|hypothes\w+"
    r"|unconfirmed|supposedly|thought to|supposed to have|said to have|believed to have been|take (?:it )?for granted"
    r"|takes? it for granted|would not (?:\w+ )?(?:surprise|be surprised)"
    r"|wouldn['’]t (?:\w+ )?surprise|cannot be (?:ruled out|excluded)|could not be (?:ruled out"
    r"|excluded)|can['’]t be ruled out|murmur\w*|whisper\w*|gossip\w*|concerns?|fears? (?:that|of)|talk (?:of|was"
    r"|among)|(?:is|are) divided|weigh(?:s|ing)|mull(?:s|ing)|considers|(?:is|are|was"
    r"|were) considering|the question (?:\w+ ){0,3}is|bets? (?:on|that)|betting (?:on|that)|money is on|wagers?(?: that)?)\b",
    re.IGNORECASE,
)

DENIES = re.compile(
    r"\bplay(?:s|ed)? (?:the|this|that|any|such) \w+ down\b"
    rf"|(?<!\ba )(?<!\bthe )(?<!\bany )(?<!\bof )(?<!\ban )\b(?:{DENY_VERB})\b"
    r"(?! (?:an?|the|its|his|her|their|two|three|some|several|\d+)? ?(?:[\w-]+ )?"
    r"(?:man|men|woman|worker|workers|employee|employees|staff|manager|officer|minister)\b)"
    r"|\b(?:denials?|rebuttals?)\b",
    re.IGNORECASE,
)
"""A verb or noun of denial that is no mere attribute ("a dismissed worker")."""
UNATTRIBUTED = re.compile(
    r"\b(?:reportedly|allegedly|purportedly|supposedly|it (?:is|was|has been) (?:\w+ )?(?:said"
    r"|reported|rumou?red|alleged|claimed|understood|believed|thought)"
    r"|(?:is|are|was|were) (?:\w+ )?(?:said|reported|rumou?red|alleged|believed|understood|thought"
    r"|estimated|claimed|supposed) to|there (?:is|was|has been|are|were) (?:\w+ )?(?:speculation|talk"
    r"|rumou?rs?|reports?)"
    r"|rumou?r has it|word is|(?<=\s[-–—] )(?:media )?(?:reports?|sources?|media)$|according to (?:reports|rumou?rs"
    r"|speculation|media reports|press reports))\b",
    re.IGNORECASE,
)
"""Somebody says so, and nobody says who."""

RETRACTION = re.compile(
    r"\b(?:withdr(?:ew|aw|aws|awn|awing)|t(?:ook|ake|akes|aken) back|retract(?:s|ed)?|recant(?:s"
    r"|ed)?|reversed) (?:\w+ ){0,2}(?:denials?|what (?:he|she|they|it) (?:\w+ )?(?:said|told)"
    r"|words|statement)"
    r"|ate (?:his|her|its|their) words|(?:what|which) (?:I|we|he|she|they) (?:\w+ )?(?:said"
    r"|told)[^.]{0,40} (?:was|were|turned out to be|proved) (?:wrong|false|untrue|mistaken)"
    r"|no longer (?:denies|disputes|contests)",
    re.IGNORECASE,
)
"""A party takes an earlier denial back."""


def _pair(own: str, contrary: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(rf"\b(?:{own})", re.IGNORECASE), re.compile(rf"\b(?:{contrary})\b", re.IGNORECASE)


ANTONYMS = (
    _pair(
        r"contaminat|listeria|salmonella|bacteri|virus|leak|toxic|poison|unsafe|corrod|lead\b|tainted"
        r"|polluted|positive|ill\b|sick|infect|listen",
        r"clean|(?:perfectly |quite |entirely |absolutely )?safe|sound|harmless|pure|uncontaminated"
        r"|well below",
    ),
    _pair(r"di(?:ed|es?|e)\b|dead|death|killed", r"(?:is|are|was|were) alive|survived|recovering"),
    _pair(r"forg|fake|counterfeit|hoax|staged|doctored", r"genuine|authentic|(?:is|are|was|were) real"),
    _pair(
        r"guilty|brib|stole|stolen|fraud|corrupt|embezzl|murder|laundered",
        r"innocen(?:t|ce)|not guilty|clean hands|forged|framed",
    ),
    _pair(r"clos|shut", r"(?:stay|remain|keep|kept|staying|remaining) open|reopen\w*|going nowhere"),
    _pair(
        r"leav|quit|resign|depart|steps? down|sells?\b|sold\b|moves?\b",
        r"(?:is|are|will be|am) (?:staying|remaining)|will (?:stay|remain)|going nowhere|not for sale"
        r"|intend to (?:stay|keep)",
    ),
    _pair(
        r"halt|stop|suspend|cut|end\b|ends\b|cancel",
        r"(?:will|would|to) (?:continue|go on|be honoured|be honored|be kept up)|continues? (?:as|to)"
        r"|unchanged",
    ),
    _pair(
        r"restart|reopen|resum|run again|return",
        r"stay(?:s|ing)? shut|remain(?:s|ing)? (?:shut|closed)|kept shut",
    ),
    _pair(
        r"taken|captured|fallen|lost|seized",
        r"(?:still|remain(?:s|ed)?|firmly) (?:in|under) (?:our|their|his|her|its|government|rebel)",
    ),
    _pair(r"less than|below|under\b|underpaid", r"more than|above|at least"),
    _pair(
        r"stolen|missing|lost|kidnapped|captured|abducted",
        r"(?:is|are|am|was|were) (?:\w+ )?(?:safe|unharmed|at home|free)",
    ),
    _pair(
        r"short(?:age|fall|s)?\b|short of|runs? (?:out|low|short)|run (?:out|low|short)|running (?:out|low|short)"
        r"|used up|deplet"
        r"|exhaust|scarc|depends? on outside",
        r"(?:has|have|had|with) (?:\w+ )?(?:enough|plenty|sufficient|ample)|all (?:it|they|that was|that is) need(?:s|ed)?"
        r"|(?:does|do|did) not need|no shortage",
    ),
    _pair(
        r"refus|reject|block|veto",
        r"will (?:approve|grant|allow|license|agree)|has (?:approved|granted|allowed)",
    ),
)
"""What a claim says, and what says the contrary without any negation."""
