"""The terms of the head: words of captions and names of classes with their broader words, plurals folded into them.

Afterwards terms that nearly every short question lights are taken out: whatever is asked, they do not mean it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray

from core.encoders.english import stems
from core.models.head import SparseHead
from core.vocabulary import Vocabulary
from recipes.scenes.english_words import FUNCTION_WORDS
from recipes.scenes.wordnet import Key, WordNet

LEAST = 3  # captions that must say a word
ALWAYS = 0.97  # share of the questions not saying a term that light it
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
    """Single words for what a meaning is a kind of, at most `steps` steps up, without those too broad to picture."""
    words = (wordnet.synsets[above].words[0] for above, _ in wordnet.above(key, steps))
    return [word for word in dict.fromkeys(words) if " " not in word and word not in TOO_BROAD]


def vocabulary(wordnet: WordNet, captions: Iterable[str], named: Sequence[str]) -> Vocabulary:
    """The terms that captions say, the most frequent first, then the names of classes and labels and broader words.

    `named`: names by which the classifier or a label calls some teaching photograph. Function words are no terms.
    """
    frequency: Counter[str] = Counter()
    forms: dict[str, str] = {}
    for caption in captions:
        words = set()
        for word in Vocabulary.words(caption):
            one = singular(word, wordnet)
            if one != word:
                forms[word] = one
            words.add(one)
        frequency.update(words)
    often = [word for word, count in frequency.most_common() if count >= LEAST]
    frequent = [word for word in often if word not in SILENT and len(word) > 1]
    terms = list(dict.fromkeys([word for word in frequent if not word.isdigit()] + [*named]))
    listed = set(terms)
    return Vocabulary(terms, {form: one for form, one in sorted(forms.items()) if one in listed and form not in listed})


def always_lit(head: SparseHead, vocabulary: Vocabulary, texts: Sequence[str], rows: NDArray[float32]) -> list[int]:
    """The ids of terms that more than ALWAYS of the texts light which do not say them; rows (n, dim): the texts'."""
    lit, silent = head.weigh(rows) > 0, np.ones((len(texts), len(vocabulary)), bool)
    for number, text in enumerate(texts):
        silent[number, vocabulary.literal_ids(text)] = False
    shares = (lit & silent).sum(0) / np.maximum(silent.sum(0), 1)
    return np.flatnonzero(shares > ALWAYS).tolist()


def without_terms(head: SparseHead, vocabulary: Vocabulary, ids: Sequence[int]) -> tuple[SparseHead, Vocabulary]:
    """The head and its vocabulary without the terms of these ids."""
    kept = np.setdiff1d(np.arange(len(vocabulary)), ids)
    terms = [vocabulary.terms[i] for i in kept]
    listed = set(terms)
    smaller = SparseHead(replace(head.config, vocab_size=len(terms)))
    rows = torch.from_numpy(kept)
    state = head.state_dict()
    state |= {name: state[name][rows] for name in ("vocab_projector.weight", "vocab_projector.bias")}
    smaller.load_state_dict(state)
    forms = {form: term for form, term in vocabulary.forms.items() if term in listed}
    return smaller.eval(), Vocabulary(terms, forms)
