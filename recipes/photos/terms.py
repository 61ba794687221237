"""The terms of the head: words of captions and names of classes with their broader words, plurals folded into them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from core.encoders.english import stems
from core.vocabulary import Vocabulary
from recipes.scenes.english_words import FUNCTION_WORDS
from recipes.scenes.wordnet import Key, WordNet

LEAST = 3  # captions that must say a word
BROADER_STEPS = 2
_UNSPOKEN = "s t has being photo picture photograph image"
SILENT = frozenset(word.strip() for word in FUNCTION_WORDS.replace("\n", " ").split(",")) | set(_UNSPOKEN.split())
_TOO_BROAD = """entity object whole artifact thing unit instrumentality physical matter substance part way group
abstraction organism being process attribute state event act causal agent chordate vertebrate mammal placental
structure obstruction covering device equipment implement system container conveyance"""
TOO_BROAD = frozenset(_TOO_BROAD.split())
IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "people", "feet": "foot", "teeth": "tooth",
    "mice": "mouse", "geese": "goose", "leaves": "leaf", "knives": "knife", "wolves": "wolf", "shelves": "shelf",
}  # fmt: skip


def singular(word: str, wordnet: WordNet) -> str:
    """The singular of a noun's plural, where WordNet knows the singular and not the plural; else the word itself."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if not word.endswith("s") or word.endswith(("ss", "us", "is")) or wordnet.senses(word):
        return word
    return next((stem for stem in stems(word) if wordnet.senses(stem)), word)


def broader(wordnet: WordNet, key: Key, steps: int = BROADER_STEPS) -> list[str]:
    """Single words for what a meaning is a kind of, at most so many steps up, nothing too broad to picture."""
    words = (wordnet.synsets[above].words[0] for above, _ in wordnet.above(key, steps))
    return [word for word in dict.fromkeys(words) if " " not in word and word not in TOO_BROAD]


def vocabulary(wordnet: WordNet, captions: Iterable[str], named: Sequence[str]) -> Vocabulary:
    """Terms by how many captions say them, then the names of classes and labels and their broader words.

    `named`: names that some photograph of the teaching is called by. Function words are no terms.
    """
    said: Counter[str] = Counter()
    forms: dict[str, str] = {}
    for caption in captions:
        words = set()
        for word in Vocabulary.words(caption):
            one = singular(word, wordnet)
            if one != word:
                forms[word] = one
            words.add(one)
        said.update(words)
    frequent = [word for word, count in said.most_common() if count >= LEAST and word not in SILENT and len(word) > 1]
    terms = list(dict.fromkeys([word for word in frequent if not word.isdigit()] + [*named]))
    listed = set(terms)
    return Vocabulary(terms, {form: one for form, one in sorted(forms.items()) if one in listed and form not in listed})
