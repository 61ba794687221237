"""How English says that something is not there: its words, the parts of words, and what only looks like it."""

from collections.abc import Callable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DETERMINERS = _words("a an the any some single more other visible such of")
NEGATORS = _words("no without zero neither nor minus sans lacking w/o w/out")
EXCEPT = _words("except excluding")
# two words that leave out what follows: "a street free of cars", "animals other than dogs"
EXCEPT_PAIRS = frozenset(
    {("other", "than"), ("apart", "from"), ("aside", "from"), ("free", "of"), ("free", "from"), ("devoid", "of"),
     ("empty", "of"), ("bare", "of"), ("absent", "of")}
)  # fmt: skip
# these leave out what follows behind one of the next: "anything but cats", "any animal but a cat", "all save pears"
BUT = _words("but besides save")
WHOLE = _words("anything everything anyone everyone anybody everybody")
WHOLE_OF = _words("any every all")
# what is said to be free of things without a hyphen: "a car free street", but not "a wild free horse"
FREED = _words("car cars traffic people crowd dog pet animal cloud snow ice tree smoke litter child kid human")
NOBODY = frozenset({"nobody", "no-one", "noone"})
# what may stand between "not" and the thing: "not wearing a hat", "doesn't have a hat", "not in the snow"
BETWEEN = _words(
    "wearing holding having with containing showing including carrying in on at near by under have has got want "
    "contain show include wear be"
)
WANTING = frozenset({"don't", "doesn't", "didn't"})  # a verb must follow: "doesn't have a hat"
CONTRACTED = WANTING | _words("isn't aren't wasn't weren't hasn't haven't hadn't ain't")
# what is dropped before a negation, as it led to it: "a beach that has no people", "there are no dogs"
LEADING = _words(
    "and but with or that which who has have having is are was were there there's it it's its do does did be "
    "please i want show me only just"
)
ENDING = _words(
    "in on at by with near next to behind beside under over above below between from into onto for and or nor but that "
    "which who while when where if is are was were has have not no without except as than then it they he she this "
    "please at-all around inside outside during"
)
# what asks for nothing by itself: "anything that is not a dog", "pictures without cars"
ANYTHING = WHOLE | _words("something somebody someone all picture pictures photo photos image images")
FILLING = LEADING | ENDING | DETERMINERS | ANYTHING | frozenset({"the"})
JOINING = frozenset({"or", "nor"})
NOT_ADDED = _words("a an the one two three four five some many several with")
QUALITIES = _words(
    "red orange yellow green blue purple pink brown black white grey gray golden big large huge small little tiny old "
    "young new tall short long dark light bright wet dry empty happy sad open closed striped colorful colourful"
)
# words that end in -ing and are things, not what somebody does
THINGS_IN_ING = _words(
    "building ceiling painting railing clothing wing ring king string thing spring sling swing evening morning earring "
    "wedding drawing pudding lighting crossing awning"
)
# "homeless" says nothing of homes
LESS_OTHERWISE = _words(
    "aimless bless boundless breathless careless cordless countless doubtless effortless endless faceless fearless "
    "flawless fruitless harmless heartless helpless homeless hopeless jobless lawless lifeless limitless loveless "
    "meaningless merciless mindless needless nevertheless nonetheless painless penniless pointless powerless priceless "
    "reckless regardless relentless restless ruthless seamless selfless senseless shameless sleepless soulless "
    "speechless spotless stainless tasteless thankless thoughtless timeless tireless topless unless useless weightless "
    "wireless worthless"
)
# "non-stop" leaves nothing out
NON_OTHERWISE = _words(
    "stop fiction profit smoking stick slip alcoholic verbal binary violent fat dairy toxic existent native linear "
    "standard essential sense"
)
SIGNS = _words("sign signs signal symbol symbols zone zones area areas poster label logo")
# idioms, and sayings: what they deny is not to be seen
IDIOMS = tuple(
    tuple(idiom.split())
    for idiom in (
        "no longer", "no matter", "no doubt", "no way", "no problem", "no more than", "no less than", "no fewer than",
        "no other than", "no sooner", "no wonder", "no idea", "no end", "no thanks", "no entry", "no parking",
        "no smoking", "no trespassing", "no swimming", "no fishing", "no diving", "no littering", "no man's land",
        "not only", "not just", "not merely", "not simply", "not even", "not yet", "not far", "not so", "not very",
        "not too", "not quite", "not to", "not all", "not every", "not much", "not many", "not less", "not more",
        "not until", "not sure", "not without", "not because", "not necessarily", "not bad", "or not", "if not",
        "why not", "nothing but", "without doubt", "without exception", "with or without", "with and without",
        "without limits", "without borders", "without end", "no one else", "no strings attached", "no pain no gain",
        "no pain", "no guts no glory", "no risk no fun", "no news is good news", "no country for", "no place like",
        "no bite", "no smoke without fire", "no fire without smoke", "no stone unturned", "no rest", "no such thing",
        "no laughing matter", "no big deal", "no use", "no joke", "no kidding", "no offence", "no offense",
        "no worries", "no comment", "no mercy", "no surrender", "no fear", "no limits", "no limit", "no hurry",
        "no reason", "no wrong", "no good deed", "no good", "no fun", "no shortage of", "no stranger to",
        "no match for", "no better", "no worse", "no different", "no harm", "no time to", "no time for", "no time",
        "no two", "no vacancy", "no exit", "no access", "no admittance", "without a cause", "without cause",
        "without a trace", "without fail", "without warning", "without reason", "without a doubt", "without question",
        "not my cup of tea",
        "not again", "not now", "not here", "not there", "not enough", "not alone", "not a chance", "not for sale",
        "apart from each other", "free of charge", "anything but easy", "all but gone", "all but forgotten",
    )
)  # fmt: skip
LONGEST_IDIOM = max(map(len, IDIOMS))


def lacking(word: str, knows: Callable[[str], bool]) -> str:
    """What a lower-case word says to be missing: "car-free", "hat-less", "hatless"; "" for any other word."""
    for ending in ("-free", "-less", "less"):
        thing = word.removesuffix(ending)
        if thing != word and len(thing) > 1 and word not in LESS_OTHERWISE and knows(thing):
            return thing
    return ""


def denied(word: str, knows: Callable[[str], bool]) -> str:
    """What a lower-case word denies: "non-red", "not-red"; "" for any other word."""
    before, _, rest = word.partition("-")
    return rest if before in ("non", "not") and rest not in NON_OTHERWISE and knows(rest) else ""
