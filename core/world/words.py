"""The words that captions of the illustrated world are made of, and which of them are true of a scene.

Data and look-ups only: nothing here builds sentences (sentences.py) or chooses what to say (captions.py).
"""

import re
from collections.abc import Sequence
from functools import cache

from core.world.catalogue import KIND_BY_NAME, KINDS, PLACE_BY_NAME, PLACES, TIMES, Kind
from core.world.colours import COLOUR_SYNONYMS
from core.world.scene import Scene

NUMBERS: dict[int, str] = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
# Vague amounts: the words, and the least count they are said of.
VAGUE: dict[str, int] = {"some": 2, "": 2, "several": 3, "a group of": 3}
PAIRS = ("a pair of", "a couple of")  # count is exactly two
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "large": ("large", "big", "huge"),
}
RELATION_WORDS: dict[str, tuple[str, ...]] = {
    "on": ("on", "on", "on top of"),
    "under": ("under", "below", "beneath"),
    "next to": ("next to", "beside", "by"),
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "behind": ("behind", "in back of"),
    "in front of": ("in front of",),
}
PICTURES = ("picture", "drawing", "illustration", "image", "cartoon")
# (for one, for several) people, with a place for the colour.
CLOTHES: tuple[tuple[str, str], ...] = (
    ("in {}", "in {}"),
    ("wearing {}", "wearing {}"),
    ("in {} clothes", "in {} clothes"),
    ("wearing a {} outfit", "wearing {} outfits"),
    ("in a {} outfit", "in {} outfits"),
)
CLOTHES_OF: dict[str, tuple[str, str]] = {
    "man": ("in a {} shirt", "in {} shirts"),
    "boy": ("in a {} shirt", "in {} shirts"),
    "woman": ("in a {} dress", "in {} dresses"),
    "girl": ("in a {} dress", "in {} dresses"),
}
CLOTHES_IN_PLURAL = dict((*CLOTHES, *CLOTHES_OF.values()))
CLOTHES_IN_SINGULAR = {several: one for one, several in CLOTHES_IN_PLURAL.items()}
# What things in the air are over, in each outdoor place.
OVER: dict[str, str] = {
    "beach": "the beach", "sea": "the sea", "meadow": "a meadow", "forest": "a forest", "desert": "the desert",
    "mountains": "the mountains", "snow": "the snow", "street": "a street", "city": "the city", "park": "a park",
    "farm": "a farm",
}  # fmt: skip
# Every other word of the sentence patterns; a test compares real captions with lexicon().
_PATTERN_WORDS = """a an another the and with of in on is are there that who it them wearing dress dresses shirt
    shirts clothes outfit outfits lies lie stands stand sits sit piece pieces nearby scene shown over above"""

# Uncountable nouns ("some fruit", "a piece of furniture"), and nouns that are always plural.
MASS = frozenset({"fruit", "food", "dishware", "furniture", "electronics", "luggage", "clothing"})
PLURAL_ONLY = frozenset({"cattle"})
DEFINITE = frozenset({"sun", "moon"})
# Catalogue words that make no sensible countable noun in a sentence; they are never written.
UNSAID = frozenset({"reading", "weather", "satellite", "shade", "sunshine", "moonlight", "starlight", "coconut"})
# Words that few people use: written a quarter as often as other synonyms.
RARE = frozenset({
    "camelopard", "bartlett", "pippin", "plough", "jumbo", "tambour", "helianthus", "taper", "nightbird", "cumulus",
    "snowperson", "gateau", "plantain", "root", "sail", "arc", "lioness",
})  # fmt: skip

Noun = tuple[str, str]  # (singular, plural)


def _sayable(nouns: tuple[Noun, ...]) -> tuple[Noun, ...]:
    return tuple(noun for noun in nouns if noun[0] not in UNSAID)


PLAIN: dict[str, Noun] = {kind.name: (kind.name, kind.plural) for kind in KINDS}
SYNONYMS: dict[str, tuple[Noun, ...]] = {kind.name: _sayable(kind.synonyms) for kind in KINDS}
BROADER: dict[str, tuple[Noun, ...]] = {kind.name: _sayable(kind.broader) for kind in KINDS}


def _nouns_of(kind: Kind) -> tuple[Noun, ...]:
    return ((kind.name, kind.plural), *_sayable(kind.synonyms), *_sayable(kind.broader))


def _meanings() -> dict[str, frozenset[str]]:
    meanings: dict[str, set[str]] = {}
    for kind in KINDS:
        for singular, _ in _nouns_of(kind):
            meanings.setdefault(singular, set()).add(kind.name)
    return {noun: frozenset(kinds) for noun, kinds in meanings.items()}


# Singular noun -> the kinds it can mean ("animal" -> every kind of animal, "bear" -> bear and teddy).
MEANINGS: dict[str, frozenset[str]] = _meanings()
# Plural -> singular of the world's nouns, where they differ.
LEMMAS: dict[str, str] = {
    plural: singular for kind in KINDS for singular, plural in _nouns_of(kind) if plural != singular
}


def aloft(kind: str) -> bool:
    """Whether things of this kind are only ever in the air."""
    return KIND_BY_NAME[kind].habitats == ("sky",)


def place_phrases(place: str, kinds: Sequence[str]) -> tuple[str, ...]:
    """The ways to say where these kinds are; things of the air are said to be above the place."""
    if place in OVER and all(aloft(kind) for kind in kinds):
        return f"over {OVER[place]}", f"above {OVER[place]}"
    return PLACE_BY_NAME[place].phrases


def _split(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


@cache
def kind_words() -> frozenset[str]:
    """Every noun of the world's kinds, singular and plural."""
    return frozenset(word for kind in KINDS for noun in _nouns_of(kind) for word in noun)


@cache
def colour_words() -> frozenset[str]:
    """The colours and their synonyms."""
    return frozenset(COLOUR_SYNONYMS) | {word for words in COLOUR_SYNONYMS.values() for word in words}


@cache
def _place_words(place: str) -> frozenset[str]:
    """The nouns of a place that captions speak; not the -ing of "sleeping room", which elsewhere tells a state."""
    words = {word for word in PLACE_BY_NAME[place].words if word not in {"living", "sleeping"}}
    return frozenset((words | {LEMMAS.get(word, word) for word in words}) & lexicon())


@cache
def place_words() -> frozenset[str]:
    """The nouns of the places that captions speak."""
    return frozenset(word for place in PLACES for word in _place_words(place.name))


@cache
def time_words() -> frozenset[str]:
    """The words that tell a time of day."""
    return frozenset(word for time in TIMES for word in _time_words(time))


@cache
def _time_words(time: str) -> frozenset[str]:
    spoken = {word for phrase in TIMES[time] for word in _split(phrase)}
    return frozenset(spoken - set(_PATTERN_WORDS.split()) - {"at", "by", "after", "under", "sky"}) | {time} & lexicon()


@cache
def noun_and_colour_words() -> frozenset[str]:
    """The words that term precision judges: nouns of kinds and places, colours, words of the time."""
    return kind_words() | colour_words() | place_words() | time_words()


@cache
def _kind_true_words(kind: str) -> frozenset[str]:
    return frozenset(word for noun in _nouns_of(KIND_BY_NAME[kind]) for word in noun)


def true_words(scene: Scene) -> set[str]:
    """The noun and colour words that are true of a scene (any name of any of its kinds, singular and plural)."""
    words = set(_place_words(scene.place)) | _time_words(scene.time)
    for group in scene.groups:
        words |= _kind_true_words(group.kind)
        if group.colour:
            words |= {group.colour, *COLOUR_SYNONYMS[group.colour]}
    return words


@cache
def lexicon() -> frozenset[str]:
    """Every word that captions and phrases can contain, lower case."""
    spoken = [*kind_words(), *colour_words(), _PATTERN_WORDS, *NUMBERS.values(), *VAGUE, *PAIRS, *PICTURES]
    spoken += [word for words in (*SIZE_WORDS.values(), *RELATION_WORDS.values(), *TIMES.values()) for word in words]
    spoken += [state for kind in KINDS for state in kind.states]
    spoken += [phrase for place in PLACES for phrase in place.phrases]
    return frozenset(word for text in spoken for word in _split(text))


WORDS: tuple[str, ...] = tuple(sorted(lexicon()))
