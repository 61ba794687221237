"""Related nouns: which English nouns mean something of the illustrated world, by WordNet and by hand; no sentences."""

import re
from collections.abc import Mapping

from core.world.catalogue import KINDS, Kind
from core.world.words import BROADER, LEMMAS, MEANINGS, PLAIN, SYNONYMS, WORDS
from recipes.scenes.english_words import FIRST_MEANINGS, NOUNS, OTHER_WORDS
from recipes.scenes.wordnet import Key, WordNet

NARROWER, ABOVE = 10, 3  # steps down and up that still count as meaning the same
HIGHEST = 20  # steps up within which every broader meaning lies
TOO_BROAD = 40  # kinds under a meaning that says nothing any more ("object")
COMMON_SENSES = 3  # of a word: what is only its fourth meaning is not what people mean by it
_SINGLE = re.compile(r"[a-z]{2,20}")
_WORLD = frozenset(WORDS)
_IRREGULAR = {"man": "men", "woman": "women", "child": "children", "person": "people", "foot": "feet", "goose": "geese",
              "mouse": "mice", "calf": "calves", "wolf": "wolves", "ox": "oxen"}  # fmt: skip
_MANS = frozenset({"human", "german", "roman", "shaman", "talisman", "ottoman"})


def kind_meaning(kind: Kind, wordnet: WordNet) -> Key | None:
    """The sense of a kind's name that most of its other names confirm, the commonest of equals."""
    others = {noun for noun, _ in (*SYNONYMS[kind.name], *BROADER[kind.name])}
    best: tuple[int, Key] | None = None
    for key in wordnet.senses(kind.name):
        near = set(wordnet.synsets[key].words)
        for above, _ in wordnet.above(key, 8):
            near |= set(wordnet.synsets[above].words)
        agreed = len(others & near)
        if best is None or agreed > best[0]:
            best = agreed, key
    return best[1] if best else None


def meanings(wordnet: WordNet) -> dict[str, Key]:
    """{noun of the world: its meaning}: of every kind, and of broader nouns where they lie over one of their kinds."""
    found: dict[str, Key] = {}
    for kind in KINDS:
        key = kind_meaning(kind, wordnet)
        if key is None:
            continue
        found[kind.name] = key
        over = [above for above, _ in wordnet.above(key, 8)]
        for noun, _ in (*SYNONYMS[kind.name], *BROADER[kind.name]):
            senses = wordnet.senses(noun)
            fitting = [sense for sense in senses if sense in over or sense == key]
            if fitting:
                found.setdefault(noun, fitting[0])
    return found


Senses = dict[int, tuple[str, ...]]  # of a word, by how common the sense is (0: the commonest): nouns of the world


def related_nouns(wordnet: WordNet) -> dict[str, Senses]:
    """{English noun that the world does not say: for each of its common senses, the nouns of the world that it means}.

    Of one sense the narrowest noun counts: "poodle" means a dog, and that it is an animal follows. There are several
    nouns where a word is broader than each of them. A word of the tables in `english_words` has their sense only.
    """
    found: dict[str, Senses] = {}
    for key, nouns in (_broader(wordnet) | _narrower(wordnet)).items():
        for word in wordnet.synsets[key].words:
            senses = wordnet.senses(word)[:COMMON_SENSES] if _SINGLE.fullmatch(word) else ()
            if key in senses and word not in _WORLD:
                found.setdefault(word, {})[senses.index(key)] = tuple(sorted(nouns))
    by_hand: dict[str, set[str]] = {}
    for noun, (words, _) in NOUNS.items():
        for word in split(words):
            if _SINGLE.fullmatch(word) and word not in _WORLD:
                by_hand.setdefault(word, set()).add(noun)
    return dict(sorted(found.items())) | {word: {0: tuple(sorted(nouns))} for word, nouns in by_hand.items()}


def _narrower(wordnet: WordNet) -> dict[Key, set[str]]:
    """{meaning: the narrowest nouns of the world that it is, or is a kind of}.

    A greyhound is an animal in two steps (a racer is one), and a dog in three: "dog" counts, as dogs are animals. Of
    meanings of which none lies over another, those that are fewest steps away count.
    """
    firsts = [(noun, wordnet.senses(word)[:1]) for noun, words in FIRST_MEANINGS.items() for word in split(words)]
    every: dict[Key, set[str]] = {}  # meaning: the nouns that say it
    for noun, key in (*meanings(wordnet).items(), *((noun, key) for noun, keys in firsts for key in keys)):
        every.setdefault(key, set()).add(noun)
    over = {key: {above for above, _ in wordnet.above(key, HIGHEST)} for key in every}
    held: dict[Key, dict[Key, int]] = {}  # meaning: those of `every` over it, and how many steps
    for key in every:
        held.setdefault(key, {})[key] = 0
        for below, steps in wordnet.below(key, NARROWER):
            held.setdefault(below, {}).setdefault(key, steps)
    found = {}
    for key, near in held.items():
        narrowest = {one: steps for one, steps in near.items() if not any(one in over[other] for other in near)}
        nearest = min(narrowest.values())
        found[key] = set().union(*(every[one] for one, steps in narrowest.items() if steps == nearest))
    return found


def _broader(wordnet: WordNet) -> dict[Key, set[str]]:
    """{meaning: the kinds of the world at most ABOVE steps under it}, without meanings over more than TOO_BROAD."""
    under: dict[Key, set[str]] = {}
    for noun, key in meanings(wordnet).items():
        if noun in PLAIN:
            for above, _ in wordnet.above(key, ABOVE):
                under.setdefault(above, set()).add(noun)
    return {key: kinds for key, kinds in under.items() if len(kinds) <= TOO_BROAD}


def other_words() -> Mapping[str, tuple[str, ...]]:
    """{word of the world that names no thing: other English words for it, which the world does not say}."""
    return {world: tuple(word for word in split(words) if word not in _WORLD) for world, words in OTHER_WORDS.items()}


def plural(noun: str) -> str:
    """The regular plural, or one of a few irregular ones."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith("man") and len(noun) > 4 and noun not in _MANS:
        return noun[:-2] + "en"
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|z|ch|sh)$", noun) else "s")


def world_plural(noun: str) -> str:
    """The plural of a noun of the world, as the captions say it."""
    return next((several for several, one in LEMMAS.items() if one == noun), noun)


def split(words: str) -> list[str]:
    """A list written with commas."""
    return [word.strip() for word in words.split(",") if word.strip()]


assert not (set(NOUNS) | set(FIRST_MEANINGS)) - set(MEANINGS), "the tables name a noun that the world does not have"
