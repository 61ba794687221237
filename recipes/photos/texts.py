"""The words that the text tower knows, and the texts from which it learns what the sentence encoder knows."""

import random
import re
from collections.abc import Iterator, Sequence
from functools import cache

from core.vocabulary import Vocabulary
from recipes.scenes.wordnet import Key, WordNet

PHYSICAL, ARTIFACT, FOOD, ANIMAL = ("n", "00001930"), ("n", "00021939"), ("n", "00021265"), ("n", "00015388")
PLANT_PART, PERSON = ("n", "13085113"), ("n", "00007846")
LONGEST = 16  # words of a definition
_WORD = re.compile(r"[a-z]{2,20}")
_PLACES = (
    "on a table", "in the kitchen", "on the floor", "in a room", "outdoors", "on the grass", "in the street",
    "in a garden", "on a desk", "in the snow", "by the water", "on a shelf", "in a bag", "next to a window",
    "in the background", "on a beach", "in a field", "on a bed", "in a box", "against a white wall",
)  # fmt: skip
_LOOKS = (
    "red", "blue", "green", "yellow", "black", "white", "brown", "orange", "pink", "grey", "purple", "small", "big",
    "old", "new", "wooden", "metal", "plastic", "broken", "colourful", "striped", "empty", "shiny", "dirty", "round",
)  # fmt: skip
_FRAMES = (
    "a photo of {}", "{}", "a picture of {}", "{} {place}", "there is {} {place}", "a close up of {}",
    "{} and {other}", "a person holding {}", "{} next to {other}", "a man with {}", "a woman with {}", "{} {place}",
)  # fmt: skip


@cache
def under(wordnet: WordNet, top: Key) -> frozenset[Key]:
    """The meanings below one, it included."""
    found, level = {top}, [top]
    while level:
        level = [key for above in level for key in wordnet.narrower.get(above, ()) if key not in found]
        found |= set(level)
    return frozenset(found)


def known_words(wordnet: WordNet, captions: Sequence[str], common: frozenset[str], names: Sequence[str]) -> list[str]:
    """The words that get a row of their own: those of captions and class names, and common ones of English.

    `common`: words for which the sentence encoder has a piece; `names`: of classes and labels.
    """
    spoken = {word for caption in (*captions, *names) for word in Vocabulary.words(caption)}
    english = {word for word in wordnet.words() if wordnet.counts.get(word, 0) > 0 or word in common}
    things = under(wordnet, ARTIFACT) | under(wordnet, FOOD)
    for key in things | under(wordnet, ANIMAL):
        synset = wordnet.synsets[key]
        latin = key not in things and len(synset.words) > 1 and any(" " in word for word in synset.words[-1:])
        for lemma in synset.words[:1] if latin else synset.words:
            if wordnet.senses(lemma)[:2].count(key):  # among its two commonest meanings
                english |= {word for word in lemma.split() if _WORD.fullmatch(word)}
    return sorted(spoken | english)


def things(wordnet: WordNet, listed: frozenset[str]) -> list[str]:
    """Nouns of things that can be photographed, of listed words only, each in its commonest meaning."""
    nouns = set()
    for top in (ARTIFACT, FOOD, ANIMAL, PLANT_PART, PERSON):
        for key in under(wordnet, top):
            for lemma in wordnet.synsets[key].words[:3]:
                if set(Vocabulary.words(lemma)) <= listed and wordnet.senses(lemma)[:1] == (key,):
                    nouns.add(lemma)
    return sorted(nouns)


def distillation_texts(
    wordnet: WordNet, words: Sequence[str], captions: Sequence[str], names: Sequence[str], seed: int = 0
) -> list[str]:
    """Texts of which the tower learns what the sentence encoder says; captions as they are do not belong to them.

    They are words alone, nouns of things in short frames, definitions, and captions in which a noun was exchanged.
    """
    draw, listed = random.Random(seed), frozenset(words)
    nouns = things(wordnet, listed)
    texts = [*words, *(f"a {noun}" for noun in nouns), *names, *(f"a photo of a {name}" for name in names)]
    for noun in [*nouns, *nouns, *(list(names) * 10)]:
        texts.append(_framed(noun, nouns, draw))
    for synset in wordnet.synsets.values():
        spoken = Vocabulary.words(synset.gloss)
        if 3 <= len(spoken) <= LONGEST and sum(word in listed for word in spoken) >= 0.9 * len(spoken):
            texts.append(" ".join(spoken))
    texts += _exchanged(wordnet, captions, nouns, draw)
    return sorted(set(texts))


def _framed(noun: str, nouns: Sequence[str], draw: random.Random) -> str:
    thing = f"{draw.choice(_LOOKS)} {noun}" if draw.random() < 0.4 else noun
    return draw.choice(_FRAMES).format(f"a {thing}", place=draw.choice(_PLACES), other=f"a {draw.choice(nouns)}")


def _exchanged(wordnet: WordNet, captions: Sequence[str], nouns: Sequence[str], draw: random.Random) -> Iterator[str]:
    """Each caption with one of its nouns exchanged for any other."""
    known = set(nouns)
    for caption in captions:
        spoken = Vocabulary.words(caption)
        nouns_at = [i for i, word in enumerate(spoken) if word in known]
        if nouns_at:
            spoken[draw.choice(nouns_at)] = draw.choice(nouns)
            yield " ".join(spoken)
