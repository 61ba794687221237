"""Lessons in English for the text tower: texts, what each means in the world's words, and whether the world answers."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.vocabulary import Vocabulary
from core.world.catalogue import KINDS
from core.world.words import LEMMAS, MASS, MEANINGS, PLURAL_ONLY, WORDS
from recipes.scenes.english_words import FUNCTION_WORDS, MOODS, NOUNS, PHRASES
from recipes.scenes.related_nouns import meanings, other_words, plural, related_nouns, split, world_plural
from recipes.scenes.similarity import WORLD_NOUNS, short, with_a
from recipes.scenes.teacher import Teacher
from recipes.scenes.wordnet import WordNet

_WORLD = frozenset(WORDS)
COMMON = 2  # uses in WordNet's texts from which on a word is listed
LATER = 0.03  # of the teacher's cosine: what a sense must be nearer than the one before it
UNLIKE = 0.25  # similarity by the teacher under which a related noun by WordNet is not believed
NEAR, SHARP = 12, 0.05  # how many world sentences, and how sharply, make the meaning of a free text
STRANGE, FAMILIAR = 0.42, 0.62  # the teacher's cosine with the nearest world sentence: nothing like it, much like it
ALIKE, SAME = 0.38, 0.54  # the teacher's similarity of two words: nothing in common, nearly the same
CLEAR = 0.45  # similarity from which on the teacher is believed without WordNet
CLEARER = 0.15  # how much more similar a noun must be to a word than what WordNet says, to be meant instead
LONGEST = 14  # words of a free sentence
Similarity = Callable[[Sequence[str]], NDArray[float32]]
"""Nouns -> (nouns, WORLD_NOUNS) similarities, as `similarity.NounSimilarity` gives them."""


@dataclass(frozen=True)
class Lesson:
    """A text to learn.

    `means`: the world's own texts whose mean vector it is to have; without any it only teaches what is strange.
    `weight`: how much its vector counts. `familiar`, 0..1: how far the world answers it.
    """

    text: str
    means: tuple[str, ...]
    weight: float = 1.0
    familiar: float = 1.0


def with_article(noun: str) -> str:
    """A noun of the world as a caption begins with it."""
    if noun in MASS or noun in PLURAL_ONLY:
        return f"some {noun}"
    return with_a(noun)


def believed_related_nouns(wordnet: WordNet, similarity: Similarity | None) -> dict[str, tuple[str, ...]]:
    """{English noun: the nouns of the world that it means}, by WordNet where the teacher agrees.

    Of a word's senses the one counts that the teacher finds nearest to the word. Where the teacher finds the word
    clearly similar to something narrower, it means that as well: an aunt is a person to WordNet, and like a woman to
    the teacher. Where the teacher finds it clearly similar to something else, it means that instead. A word that has
    nothing in common with any noun of the world is left out. Without a teacher the commonest sense counts.
    """
    related = related_nouns(wordnet)
    if similarity is None:
        return {word: senses[min(senses)] for word, senses in related.items()}
    by_hand = {word for words, _ in NOUNS.values() for word in split(words)}
    words = sorted(related)
    kept = {}
    for word, row in zip(words, similarity(words), strict=True):
        like, senses = dict(zip(WORLD_NOUNS, map(float, row), strict=True)), related[word]
        best = max(senses, key=lambda sense: max(like[noun] for noun in senses[sense]) - LATER * sense)
        if word in by_hand:
            kept[word] = senses[best]
            continue
        near = tuple(noun for noun in senses[best] if like[noun] > UNLIKE)
        clear = max(like, key=lambda noun: like[noun])
        if like[clear] > max(CLEAR, *(like[noun] + CLEARER for noun in senses[best])):
            near = (clear,)
        narrower = [noun for noun in like if any(MEANINGS[noun] < MEANINGS[one] for one in near) and like[noun] > CLEAR]
        if narrower:
            near += (max(narrower, key=lambda noun: like[noun]),)
        if near:
            kept[word] = near
    return kept


def word_lessons(words: Sequence[str], near: NDArray[float32], world: Sequence[str]) -> list[Lesson]:
    """A word means the world's words that the teacher finds nearest, as far as any is near.

    `near` (words, world's words): similarities by the teacher.
    """
    lessons = []
    for word, row in zip(words, near, strict=True):
        best = float(row.max())
        weight = float(np.clip((best - ALIKE) / (SAME - ALIKE), 0, 1))
        if weight > 0:
            close = tuple(world[int(i)] for i in np.flatnonzero(row > best - SHARP))
            lessons.append(Lesson(word, close, weight, weight))
    return lessons


def noun_lessons(related: Mapping[str, tuple[str, ...]]) -> list[Lesson]:
    """A related noun alone, with its article and in the plural, means its noun of the world."""
    lessons = []
    for word, nouns in related.items():
        one, several = tuple(map(with_article, nouns)), tuple(map(world_plural, nouns))
        lessons += [Lesson(word, one), Lesson(with_a(word), one), Lesson(plural(word), several)]
    return lessons


def described(wordnet: WordNet) -> list[Lesson]:
    """Descriptions and moods of the hand-written tables, and the glosses of what the world holds."""
    lessons = [Lesson(text, (with_article(noun),), 2.0) for noun, (_, texts) in NOUNS.items() for text in split(texts)]
    lessons += [Lesson(text, means, 2.0) for text, means in MOODS.items()]
    lessons += [Lesson(other, (phrase,), 2.0) for phrase, others in PHRASES.items() for other in others]
    lessons += [Lesson(other, (word,)) for word, others in other_words().items() for other in others]
    found = meanings(wordnet)
    for kind in KINDS:
        key = found.get(kind.name)
        if key is None:
            continue
        lessons.append(Lesson(short(wordnet.synsets[key].gloss), (with_article(kind.name),)))
        lessons += [
            Lesson(short(wordnet.synsets[below].gloss), (with_article(kind.name),), 0.5)
            for below, _ in wordnet.below(key, 2)
        ]
    return lessons


class Rephrasing:
    """Says a caption of the world in words that the world does not use."""

    def __init__(self, related: Mapping[str, tuple[str, ...]], share: float = 0.6):
        self._share = share
        self._words: dict[str, list[str]] = {}
        for word, nouns in related.items():
            if len(nouns) <= 2:
                for noun in nouns:
                    self._words.setdefault(noun, []).append(word)
                    if world_plural(noun) != noun:
                        self._words.setdefault(world_plural(noun), []).append(plural(word))
        self._by_hand = {noun: [w for w in split(words) if w not in _WORLD] for noun, (words, _) in NOUNS.items()}
        for world, others in other_words().items():
            self._words.setdefault(world, []).extend(others)
        self._phrases = [(re.compile(rf"\b{phrase}\b"), others) for phrase, others in PHRASES.items()]

    def __call__(self, caption: str, rng: np.random.Generator) -> str | None:
        """The caption with some of its words and phrases exchanged; None where none of them could be."""
        text = caption.lower()
        for pattern, others in self._phrases:
            if rng.random() < self._share and pattern.search(text):
                text = pattern.sub(others[rng.integers(len(others))], text, count=1)
        words = [self._other(word, rng) for word in Vocabulary.words(text)]
        other = " ".join(words)
        return other if other != " ".join(Vocabulary.words(caption)) else None

    def _other(self, word: str, rng: np.random.Generator) -> str:
        choices = self._words.get(word)
        if not choices or rng.random() > self._share:
            return word
        by_hand = self._by_hand.get(LEMMAS.get(word, word), [])
        if word not in LEMMAS and by_hand and rng.random() < 0.3:  # what people type most must not drown in rare names
            return by_hand[rng.integers(len(by_hand))]
        return choices[rng.integers(len(choices))]


def free_texts(wordnet: WordNet, words: Sequence[str], rng: np.random.Generator, count: int) -> list[str]:
    """Everyday sentences and definitions (WordNet's) of at most LONGEST words."""
    listed = set(words) | _WORLD
    texts = set()
    for synset in wordnet.synsets.values():
        if any(wordnet.counts.get(word, 0) >= COMMON for word in synset.words):
            for text in (*synset.examples, synset.gloss):
                spoken = Vocabulary.words(text)
                if 2 <= len(spoken) <= LONGEST and sum(word in listed for word in spoken) >= 0.8 * len(spoken):
                    texts.add(" ".join(spoken))
    ordered = sorted(texts)
    return [ordered[i] for i in rng.permutation(len(ordered))[:count]]


@dataclass(frozen=True)
class WorldSentences:
    """Sentences of the world's captions and their vectors by the teacher, (n, 384), to compare free texts with."""

    texts: tuple[str, ...]
    rows: NDArray[float32]

    @classmethod
    def of(cls, texts: Sequence[str], teacher: Teacher) -> "WorldSentences":
        """From captions, each taken once."""
        once = tuple(dict.fromkeys(texts))
        return cls(once, teacher.encode(once))

    def lessons(self, texts: Sequence[str], teacher: Teacher) -> list[Lesson]:
        """A lesson a text: it means the sentences that the teacher finds nearest, as far as it finds any near."""
        rows, lessons = teacher.encode(texts), []
        for start in range(0, len(texts), 1024):
            scores = rows[start : start + 1024] @ self.rows.T
            nearest = np.argpartition(-scores, NEAR, axis=1)[:, :NEAR]
            for text, score, at in zip(texts[start : start + 1024], scores, nearest, strict=True):
                best = float(score[at].max())
                familiar = float(np.clip((best - STRANGE) / (FAMILIAR - STRANGE), 0, 1))
                close = at[score[at] > best - SHARP]
                lessons.append(Lesson(text, tuple(self.texts[i] for i in close), familiar, familiar))
        return lessons


def strange_texts(strange: Sequence[str], rng: np.random.Generator, count: int) -> list[Lesson]:
    """Texts that nothing in the world answers: strange nouns as people ask for them, and words thrown together."""
    lessons = []
    frames = (
        "a {}", "two {}s", "a picture of a {}", "the {} of the {}", "a {} and a {}", "{} {}", "a {} {} {}",
        "how to {} a {}", "the best {} for {}", "{} {} report", "a {} on a {}", "what is the {} of {}",
    )  # fmt: skip
    for _ in range(count):
        frame = frames[rng.integers(len(frames))]
        lessons.append(Lesson(frame.format(*(strange[i] for i in rng.integers(len(strange), size=3))), (), 0.0, 0.0))
    return lessons


def hand_written_words() -> frozenset[str]:
    """Words of the hand-written phrases, descriptions and moods, whose meaning does not follow from word to word."""
    texts = [*MOODS, *(text for others in PHRASES.values() for text in others), *(text for _, text in NOUNS.values())]
    texts += [word for others in other_words().values() for word in others]
    return frozenset(word for text in texts for word in Vocabulary.words(text))


def listed_words(
    wordnet: WordNet, related: Mapping[str, tuple[str, ...]], common: Collection[str] = ()
) -> tuple[str, ...]:
    """The English words that get rows of their own: common ones, related nouns with plurals, hand-written ones."""
    words = {word for word in wordnet.words() if wordnet.counts.get(word, 0) >= COMMON} | set(common)
    words |= set(related) | {plural(word) for word in related} | set(split(FUNCTION_WORDS)) | hand_written_words()
    return tuple(sorted(word for word in words - _WORLD if 1 <= len(word) <= 20))
