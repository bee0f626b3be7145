"""The nouns of news reporting: unnamed people, bodies, outlets, and the words that names are made of."""

import re

from workers.verbs import listed

ANONYMOUS_NOUN = (
    r"sources?|people|persons?|officials?|insiders?|workers?|employees?|staff(?:ers?)?|managers?"
    r"|executives?|bankers?|brokers?|traders?|analysts?|experts?|observers?|diplomats?|lawyers?"
    r"|solicitors?|barristers?|advis[eo]rs?|aides?"
    r"|investigators?|detectives?|witness(?:es)?|residents?|locals|neighbou?rs?|nurses?|doctors?"
    r"|physicians?|surgeons?|consultants?|scientists?|researchers?|engineers?|technicians?"
    r"|teachers?|students?|pupils|parents?|mothers?|fathers?"
    r"|farmers?|drivers?|suppliers?|contractors?|buyers?|sellers?|agents?|investors?|shareholders?"
    r"|creditors?|directors?|members?|colleagues?|friends?|relatives?|critics?|campaigners?"
    r"|activists?|protesters?|voters?|supporters?|fans?|players?"
    r"|coach(?:es)?|captain|skipper|soldiers?|officers?|commanders?|veterans?|ministers?"
    r"|lawmakers?|politicians?|senators?|legislators?|deput(?:y|ies)|civil servants?|bureaucrats?"
    r"|inspectors?|auditors?|accountants?|economists?|historians?|columnists?"
    r"|spokes(?:man|woman|person|people|men|persons)|representatives?|delegates?|negotiators?"
    r"|envoys?|sailors?|fishermen|pilots?|passengers?|customers?|patients?|survivors?|victims?"
    r"|users?|landlords?|tenants?|wholesalers?|retailers?|shopkeepers?"
    r"|paediatricians?|pediatricians?|virologists?|epidemiologists?|professors?|academics?"
    r"|somebody|someone|others?|some|many|several|most|both|another|one|two|three|four|five|six"
    r"|seven|a dozen|dozens|a (?:second|third|fourth)|the (?:first|second|third|fourth|latter"
    r"|former)|accounts"
    r"|cooks?|miners?|man|woman|men|women|couple|boy|girl|(?:\w+ ){0,1}(?:source|insider|expert"
    r"|leader|chief|head|boss|owner|founder|buyer|maker|holder|goer|keeper)s?|judges?|prosecutors?"
    r"|counsel|governors?|mayors?|presidents?|chairs?|chair(?:man|woman|men)|premiers?"
    r"|chancellors?|bishops?|generals?|colonels?|sheriffs?|commissioners?|editors?|authors?"
    r"|founders?|owners?|rebels?|militants?|villagers?|traders?|widows?|clerks?|secretar(?:y|ies)"
    r"|rivals?|candidates?|whistle-?blowers?|commodores?|admirals?|captains?|chaplains?|lad(?:y|ies)|lords?|lordship|ladyship"
    r"|magistrates?|deckhands?|skippers?|mates?|welders?|hands?|crewm[ae]n|helpers?|cousins?|brothers?|sisters?|nephews?|wives"
    r"|wife|husbands?|sons?|daughters?|pathologists?|journalists?|reporters?|stewards?|porters?|guards?|receptionists?"
    r"|shareholders?|veterinar(?:y|ian)s?|geologists?|hydrologists?|figures?(?! (?:of|for|show))|punters?|regulars?"
)
GROUP_NOUN = (
    r"coastguard|coast guard|line|headquarters|newsroom|switchboard|company|firm|group|club|union"
    r"|council|county|government|ministry|department|office|agency|authority|authorities|regulator"
    r"|police|force|army|navy|military|hospital|clinic|university|school|college|bank|board"
    r"|committee|commission|court|parliament|party"
    r"|charity|foundation|trust|fund|embassy|consulate|federation|association|league|team|airline"
    r"|operator|manufacturer|maker|importer|exporter|retailer|supermarket|utility|institute"
    r"|laboratory|museum|church|palace|administration|presidency|cabinet|directorate|directory"
    r"|brewery|factory|plant|mine|mill|refinery|railway|port|airport|city|town|state|country"
    r"|kingdom|republic|opposition|campaign|organi[sz]ation|body|watchdog|ombudsman|prosecution"
    r"|defence|defense|coroner(?:['’]s office)?|network|operator|provider|owner|developer"
    r"|contractor|publisher|studio|label|theatre|theater|orchestra|festival|zoo|side|bidder"
    r"|companies|firms|ministries|agencies|airlines|unions|clubs|banks|parties|councils"
    r"|governments|sides|mission|delegation|secretariat|border post|(?:press|security|secret|intelligence|customs"
    r"|health|border|postal)"
    r" services?|prosecution|manufacturers"
)

KNOWN_OUTLETS = frozenset(
    re.split(
        r"\|",
        "reuters|associated press|ap|afp|agence france-presse|bloomberg|bloomberg news|cnn|bbc|nbc"
        "|abc news|cbs|fox news|sky news|itv|al jazeera|al arabiya|tass|itar-tass|interfax"
        "|ria novosti|ria|sputnik|rt|xinhua|global times|yonhap|kyodo|nhk|kcna|dpa|ansa|efe|anadolu"
        "|pti|ani|ukrinform|belta|nyt|wsj|npr|axios|politico|the hill|semafor|der spiegel|die welt"
        "|die zeit|bild|le monde|le figaro|libération|el país|el mundo|la repubblica"
        "|corriere della sera|haaretz|the times|financial times|the economist|the guardian"
        "|the independent|new yorker|washington post|new york times|wall street journal|usa today"
        "|los angeles times|time magazine|newsweek|buzzfeed|vice|kommersant|vedomosti|izvestia|meduza"
        "|novaya gazeta|rbc|hurriyet|dawn|the hindu|asahi|asahi shimbun|nikkei|mainichi|yomiuri"
        "|chosun ilbo|hankyoreh|caixin|south china morning post|deutsche welle|swissinfo|euronews"
        "|telegraph|daily mail|the sun|mirror|globe and mail|toronto star|sydney morning herald"
        "|the age|the australian|irish times",
    )
)
OUTLET_WORD = re.compile(
    r"^(?:Daily|Evening|Sunday|Morning|Weekly|Radio) [A-Z]\w+$|\b(?:News|Times|Post|Courier|Herald"
    r"|Tribune|Gazette|Journal|Chronicle|Sentinel|Guardian|Observer|Telegraph|Examiner|Inquirer"
    r"|Enquirer|Dispatch|Bulletin|Mirror|Standard|Star|Globe|Echo|Argus|Mercury|Record|Register"
    r"|Press|Wire|Newswire|Radio|Television|TV|Broadcasting|Magazine|Weekly|Daily|Review|Ledger"
    r"|Advertiser|Packet|Tidings|Clarion|Messenger|Courant|Intelligencer|Beacon|Bugle|Reporter|Monitor|Spectator|Gazeta|Zeitung|Novosti|Shimbun|Ilbo)$"
)
GENERIC_OUTLET = (
    r"(?:news)?papers?|broadcasters?|(?:news|press) agenc(?:y|ies)|wire services?"
    r"|(?:news )?websites?|(?:news )?site|magazines?|weekly|daily|tabloids?|broadsheets?"
    r"|(?:television|radio|TV) (?:stations?|channels?|networks?)|news outlets?|(?:media|press)(?! (?:service"
    r"|cent(?:re|er)|office|officer"
    r"|secretary|conference|room|desk|release|team|department|bureau|corps|attach)\w*)|blogs?"
    r"|programme|network|periodical"
)
BODY_NOUN = re.compile(rf"\b(?:{GROUP_NOUN})\b", re.IGNORECASE)
PERSON_NOUN = re.compile(rf"\b(?:{ANONYMOUS_NOUN})\b", re.IGNORECASE)
OUTLET_NOUN = re.compile(rf"\b(?:{GENERIC_OUTLET})\b", re.IGNORECASE)
DEMONYM = re.compile(
    r"(?:(?:North|South|East|West|Latin|Central) )?(?:Afghan|African|Algerian|American|Arab|Argentine"
    r"|Argentinian|Armenian|Asian|Australian|Austrian|Azerbaijani|Belarusian|Belgian|Bolivian|Bosnian"
    r"|Brazilian|British|Bulgarian|Canadian|Chilean|Chinese|Colombian|Croatian|Cuban|Cypriot|Czech"
    r"|Danish|Dutch|Egyptian|English|Estonian|Ethiopian|European|Filipino|Finnish|French|Georgian"
    r"|German|Greek|Hungarian|Icelandic|Indian|Indonesian|Iranian|Iraqi|Irish|Israeli|Italian|Japanese"
    r"|Jordanian|Kazakh|Kenyan|Korean|Kuwaiti|Latvian|Lebanese|Libyan|Lithuanian|Malaysian|Mexican"
    r"|Moldovan|Mongolian|Moroccan|Nigerian|Norwegian|Pakistani|Palestinian|Peruvian|Polish"
    r"|Portuguese|Qatari|Romanian|Russian|Saudi|Scottish|Serbian|Singaporean|Slovak|Slovenian|Soviet"
    r"|Spanish|Sudanese|Swedish|Swiss|Syrian|Taiwanese|Thai|Tunisian|Turkish|Ukrainian|Uzbek"
    r"|Venezuelan|Vietnamese|Welsh|Western|Yemeni)s?"
)
"""Adjectives of countries and peoples: they say where somebody is from, not for whom they speak."""
STATE_INITIALS = re.compile(r"(?:U\.?S\.?(?:A\.?)?|U\.?K\.?|E\.?U\.?|U\.?N)\.?")
STATE_ORGAN = re.compile(
    r"\b(?:government|ministry|authorities|presidency|presidential|office|cabinet|administration|parliament|army"
    r"|military|navy|police|embassy|consulate|prosecution|intelligence|regulator|department|agency|council|court"
    r"|central bank)\b",
    re.IGNORECASE,
)
"""What of a country is the country's own voice: its ministry is, its biggest brewery is not."""
TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Lord|Lady|Baroness|Judge|Justice|President"
    r"|Vice President|Prime Minister|Minister|Chancellor|Senator|Sen|Rep|Representative"
    r"|Congress(?:man|woman)"
    r"|Governor|Gov|Mayor|General|Gen|Colonel|Col|Major|Captain|Capt|Lieutenant|Lt|Sergeant|Sgt"
    r"|Admiral|Commander|Inspector|Superintendent|Detective|Constable|Chief|Bishop|Archbishop"
    r"|Cardinal|Pope|Rabbi|Imam|Sheikh"
    r"|King|Queen|Prince|Princess|Ambassador|Secretary|Spokes(?:man|woman|person)|Presidential"
    r"|Councillor|Cllr|Comrade|Father|Sister|Brother|Coach)"
)
BODY_WORD = (
    r"(?:[A-Z]{2,}|.*(?:Ministry|Department|Office|Agency|Authority|Council|Committee|Commission"
    r"|Court|Police|Constabulary|Directorate|Bureau|Board|Bank|Group|Capital|Holdings|Partners"
    r"|Fund|Trust|Union|Party|Association|Federation|Society"
    r"|Foundation|Institute|University|College|School|Hospital|Clinic|Company|Corporation|Corp|Inc"
    r"|Ltd|Limited|plc|PLC|LLC|GmbH|AG|Industries|Motors|Airlines|Airways|Energy|Power|Electric"
    r"|Oil|Gas|Mining|Foods?|Brewery|Dairies|Farms?"
    r"|Pharma|Pharmaceuticals|Laboratories|Labs|Systems|Technologies|Software|Services|Solutions"
    r"|Railways?|Rail|Shipping|Lines|Logistics|Church|Cathedral|Museum|Gallery|Theatre|Theater"
    r"|Orchestra|Opera|Zoo|Kremlin|House|Senate|Congress|Parliament"
    r"|Government|Administration|Embassy|Consulate|Army|Navy|Force|Forces|Guard|Service|Athletic"
    r"|United|City|Town|Rovers|Wanderers|Albion|Rangers|FC|AFC|Club|League|Forum|Airport|Station"
    r"|Centre|Center|Prosecutor['’]s|Network|Alliance"
    r"|Coalition|Front|Movement|Republic|Kingdom|States|Region|County|Province|Street|Road"
    r"|Conference|Games|Cup|Festival|Workers|Farmers|Workers['’]|Nations|International|Global"
    r"|National|Royal|Central|Supreme|Federal|General Staff|Statistics|Safety|Health|Complex|Plant"
    r"|Works|Cross|Watch|Valley|Studios|Air|Aviation|Rail|Metals|Steel|Mobile|Bay|Islands?|Sea"
    r"|Fleet|Command)$)"
)
GIVEN = frozenset(
    listed(
        "adam adrian adrienne agnes ahmed aidan alan albert alex alexander alexandra alexei alfred "
        "ali alice alison amanda amelia amir amy ana andrea andreas andrei andrew andriy angela "
        "anita ann anna anne anthony antonio anton arthur asha astrid barbara beatrice ben benjamin "
        "bernard boris brian bruce carl carla carlos carmen caroline catherine charles charlotte "
        "chris christian christine christopher claire clara claudia colin craig cristina daniel "
        "daniela david dana deborah denis dennis derek diana diego dmitri dmitry dominic donald "
        "dorothy duncan edward eileen elena elizabeth ella ellen emily emma emmanuel eric erik "
        "esther eva evelyn farah fatima felix fernando fiona frances francesca francis francisco "
        "frank gareth gary gavin gemma george georgia gerald gloria gordon grace graham greg gregory "
        "guy hannah hans harold harry hassan heather helen helena henri henry howard hugh ian "
        "ibrahim ines ingrid irene irina isabel isabella ivan jack jacob jake james jan jane janet "
        "jason jean jennifer jeremy jerome jessica jim joan joanna joe johan johanna john jon jonas "
        "jonathan jorge jose josef joseph joshua juan judith julia julian julie karen karin karl "
        "kate katherine kathleen keith kenneth kevin khalid kim klaus kristen kristina lars laura "
        "lauren lawrence lee leila len leo leon leonard leonid les liam lillian linda lisa louis "
        "louise lucas lucia lucy luis luke magnus malcolm marco marcus margaret maria marie marina "
        "mario marion mark marta martha martin mary matthew maud max maya megan mehmet michael "
        "michelle miguel mikhail miriam mohamed mohammed moira monica mustafa nadia nancy naomi "
        "natalia natalie nathan neil nicholas nicola nicole nigel nikolai nina noah nora oleg olga "
        "oliver olivia omar oscar owen pablo pamela patricia patrick paul paula pauline pavel pedro "
        "peter petra philip philippa phil piers pierre priya rachel rafael rahul rajesh ralph "
        "raymond rebecca richard rita robert roberto robin roger roman ronald rosa rose ruth ryan "
        "salma sally sam samantha samuel sandra sara sarah sean sebastian sergei sergey sharon "
        "sheila simon sofia sophia sophie stefan stella stephanie stephen steve steven stuart susan "
        "svetlana sylvia takeshi tamara tanya tariq ted teresa terry thomas tim timothy tobias tom "
        "tony ursula valentina vanessa vera veronica victor victoria viktor vincent vladimir "
        "volodymyr walter wang wei wendy werner william winston xavier yan yasmin yuri yusuf yves "
        "zainab zoe"
    )
)
FEMALE = frozenset(
    listed(
        "adrienne agnes alexandra alice alison amanda amelia amy ana andrea angela anita ann anna "
        "anne asha astrid barbara beatrice carla carmen caroline catherine charlotte christine "
        "claire clara claudia cristina daniela dana deborah diana dorothy eileen elena elizabeth "
        "ella ellen emily emma esther eva evelyn farah fatima fiona frances francesca gemma georgia "
        "gloria grace hannah heather helen helena ines ingrid irene irina isabel isabella jane janet "
        "jennifer jessica joan joanna johanna judith julia julie karen karin kate katherine kathleen "
        "kristen kristina laura lauren leila lillian linda lisa louise lucia lucy margaret maria "
        "marie marina marion marta martha mary maud maya megan michelle miriam moira monica nadia "
        "nancy naomi natalia natalie nicola nicole nina nora olga olivia pamela patricia paula "
        "pauline petra philippa priya rachel rebecca rita rosa rose ruth sally salma samantha sandra "
        "sara sarah sharon sheila sofia sophia sophie stella stephanie susan svetlana sylvia tamara "
        "tanya teresa ursula valentina vanessa vera veronica victoria wendy yasmin zainab zoe"
    )
)
PLACE_WORD = frozenset(
    listed(
        "North South East West Northern Southern Eastern Western Central New Old Saudi Hong San "
        "Santa Los Las El Sri Costa Puerto Great Upper Lower Mount Lake Cape Port Fort Saint St Rio "
        "Buenos Tel Kuala Addis Wall Red White Black Green Blue Big"
    )
)
ORDINARY = frozenset(
    listed(
        "a an the this that these those it its he she they we i you his her their our my your and "
        "but or nor so yet for of in on at by to from with without as if when while since after "
        "before although though because until unless once whether no not yes there here what who "
        "whom whose which why how where all any both each every few many more most much other others "
        "another some several such one two three four five six seven eight nine ten also even just "
        "only still again meanwhile however moreover yesterday today tomorrow monday tuesday "
        "wednesday thursday friday saturday sunday january february march april may june july august "
        "september october november december asked according despite during under over about against "
        "between among into through including later earlier last next first second third then now "
        "perhaps maybe is are was were be been being has have had do does did will would could "
        "should might can nobody nothing everybody everyone somebody someone anybody anyone none "
        "neither either were should had exclusive statement opinion analysis breaking update video "
        "watch"
    )
)
