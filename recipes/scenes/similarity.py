"""The similarity of English nouns to nouns of the world, as the teacher finds it; knows no lessons.

A word alone tells a sentence encoder little: "a warehouse, a kind of depository" is nearer to "building: a structure
that has a roof and walls" than "warehouse" is to "building". Of 2,330 nouns whose meaning WordNet's tree gives, the
teacher finds the right one for 34 % by the words alone, and for 67 % when both are described so.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.world.words import MEANINGS
from recipes.scenes.related_nouns import COMMON_SENSES, meanings
from recipes.scenes.teacher import Teacher
from recipes.scenes.wordnet import Key, WordNet

WORLD_NOUNS = tuple(sorted(MEANINGS))
IN_KIND = 2 / 3  # share of the similarity of the word with what it is a kind of; the rest is that of the word alone
ALONE = 0.15  # by how much the teacher's cosine of two words alone is higher than that of nouns with their kinds


class NounSimilarity:
    """The teacher's cosines between English nouns and those of the world."""

    def __init__(self, wordnet: WordNet, teacher: Teacher):
        self._wordnet, self.teacher = wordnet, teacher
        known = meanings(wordnet)
        described = [self._described(noun, known.get(noun)) for noun in WORLD_NOUNS]
        self._world: NDArray[float32] = (teacher.encode(WORLD_NOUNS) + teacher.encode(described)) / np.float32(2)

    def __call__(self, nouns: Sequence[str]) -> NDArray[float32]:
        """(nouns, WORLD_NOUNS) similarities; of a noun's common senses the one that is nearest counts."""
        by_sense = [self._by_sense(noun) for noun in nouns]
        rows = self.teacher.encode([text for texts in by_sense for text in texts]) @ self._world.T
        starts = np.cumsum([0, *map(len, by_sense)])[:-1]
        in_kind = np.maximum.reduceat(rows, starts)
        alone = self.teacher.encode([with_a(noun) for noun in nouns]) @ self._world.T
        similarity: NDArray[float32] = IN_KIND * in_kind + (1 - IN_KIND) * alone
        return similarity

    def to_words(self, words: Sequence[str], world: Sequence[str]) -> NDArray[float32]:
        """(words, world's words) similarities: of nouns to nouns as above, of other words the teacher's cosine alone.

        That cosine is higher and says less, so ALONE is taken from it.
        """
        near: NDArray[float32] = self.teacher.encode(words) @ self.teacher.encode(world).T - ALONE
        nouns = [i for i, word in enumerate(words) if self._wordnet.senses(word)]
        at = {word: i for i, word in enumerate(world)}
        known = [(column, at[noun]) for column, noun in enumerate(WORLD_NOUNS) if noun in at]
        columns, places = zip(*known, strict=True)
        near[np.ix_(nouns, places)] = self([words[i] for i in nouns])[:, columns]
        return near

    def _by_sense(self, noun: str) -> list[str]:
        """A text for each common sense of the noun, which says what it is a kind of; the noun alone where none does."""
        synsets = (self._wordnet.synsets[key] for key in self._wordnet.senses(noun)[:COMMON_SENSES])
        above = [self._wordnet.synsets[synset.broader[0]].words[0] for synset in synsets if synset.broader]
        return [f"{with_a(noun)}, a kind of {broader}" for broader in above] or [with_a(noun)]

    def _described(self, noun: str, key: Key | None) -> str:
        keys = (key,) if key else self._wordnet.senses(noun)[:1]
        return f"{noun}: {short(self._wordnet.synsets[keys[0]].gloss)}" if keys else noun


def with_a(noun: str) -> str:
    """A noun behind its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def short(gloss: str) -> str:
    """A gloss up to its first bracket or semicolon."""
    return re.split(r"[;(]", gloss)[0].strip() or gloss
