"""Which texts are strange to the world: how strange each English word is, and how the words of a sentence add up.

The dictionary tells a noun: what is a kind of something that the world draws is held ("poodle"), and so is what lies
over such things ("mammal"). What is only a kind of a broader noun is strange ("violin": an instrument, but none of
those drawn). What the tables say by hand is held. The teacher's similarity says how surely, and tells other words.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.english import STRANGE_FROM, EnglishWords, Strangeness, singulars
from core.encoders.scenes import SceneEncoder
from core.vocabulary import Vocabulary
from core.world.words import LEMMAS, PLAIN, SYNONYMS, WORDS, colour_words, kind_words, place_words, time_words
from recipes.scenes.english_lessons import CLEAR, LATER, Rephrasing, WorldSentences, free_texts, strange_texts
from recipes.scenes.english_words import FUNCTION_WORDS, MOODS, NOUNS, OTHER_WORDS, PHRASES
from recipes.scenes.related_nouns import HIGHEST, NARROWER, meanings, related_nouns, split
from recipes.scenes.similarity import NounSimilarity
from recipes.scenes.wordnet import Key, WordNet

log = logging.getLogger(__name__)

# Nouns by which the world draws things; a broader noun ("instrument") is drawn as some of its kinds only.
DRAWN = frozenset(noun for kind in PLAIN for noun, _ in (PLAIN[kind], *SYNONYMS[kind]))
NAMING = kind_words() | place_words() | time_words()  # the world's words that name what is there
# Words that say what something is like, where it is or how many there are, and so name nothing that could be strange.
SMALL = (frozenset(WORDS) - NAMING) | colour_words() | frozenset(split(FUNCTION_WORDS))
BANK = 4_000  # world sentences that free texts are compared with
EACH = 2_000  # sentences of each kind that the mix is learned from
MIX_STEPS, MIX_RATE = 400, 0.05
FALSE_ALARMS = 0.02  # share of held sentences that may be told to be strange


@dataclass(frozen=True)
class Dictionary:
    """What WordNet and the hand-written tables tell of words: whether the world holds what they name."""

    wordnet: WordNet

    @cached_property
    def _held(self) -> frozenset[Key]:
        """The meanings of what is drawn and of places, all under them and all over them."""
        wordnet, known = self.wordnet, meanings(self.wordnet)
        drawn = {known[noun] for noun in DRAWN if noun in known}
        drawn |= {wordnet.senses(word)[0] for word in place_words() | time_words() if wordnet.senses(word)}
        over = {above for key in drawn for above, _ in wordnet.above(key, HIGHEST)}
        under = {below for key in drawn for below, _ in wordnet.below(key, NARROWER)}
        return frozenset(drawn | over | under)

    @cached_property
    def _related(self) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
        return related_nouns(self.wordnet)

    @cached_property
    def _by_hand(self) -> frozenset[str]:
        texts = [words for words, _ in NOUNS.values()] + list(OTHER_WORDS.values()) + list(MOODS)
        texts += [other for others in PHRASES.values() for other in others]
        return frozenset(word for text in texts for word in Vocabulary.words(text)) - set(split(FUNCTION_WORDS))

    def holds(self, word: str, like: Mapping[str, float]) -> bool | None:
        """Whether the world holds what the word, or what it is the plural of, names; None for what is no noun.

        like: {noun of the world: similarity of the word by the teacher}, which chooses among the senses of a word.
        """
        if word not in self._by_hand and not self.wordnet.senses(word):
            ones = [self.holds(one, like) for one in singulars(word)]
            return next((held for held in (True, False) if held in ones), None)
        if word in self._by_hand:
            return True
        related = self._related.get(word)
        if related:
            best = max(related, key=lambda sense: max(like.get(noun, 0.0) for noun in related[sense]) - LATER * sense)
            if not DRAWN.isdisjoint(related[best]):
                return True
        senses = self.wordnet.senses(word)
        return senses[0] in self._held if senses else None


def word_strangeness(
    words: Sequence[str], near: NDArray[float32], world: Sequence[str], dictionary: Dictionary
) -> NDArray[float32]:
    """(words,) 0..1: how strange to the world what each word names is; from STRANGE_FROM on it is told to be.

    `near` (words, world's words): similarities by the teacher. The dictionary decides on which side of STRANGE_FROM a
    noun is, the similarity how far from it, and on which side any other word is.
    """
    nouns = [(column, word) for column, word in enumerate(world) if LEMMAS.get(word, word) in DRAWN]
    naming = [column for column, word in enumerate(world) if word in NAMING]
    found = np.zeros(len(words), np.float32)
    for i, (word, row) in enumerate(zip(words, near, strict=True)):
        far = 1 - float(np.clip(row[naming].max(), 0, 1))
        held = dictionary.holds(word, {noun: float(row[column]) for column, noun in nouns})
        if held is None:
            held = float(row.max()) >= CLEAR
        found[i] = STRANGE_FROM * far if held else STRANGE_FROM + (1 - STRANGE_FROM) * far
    return found


@dataclass(frozen=True)
class Sentences:
    """Sentences that the world holds something like, and sentences that it does not."""

    held: tuple[str, ...]
    strange: tuple[str, ...]


def sentences(
    captions: Sequence[str],
    words: Sequence[str],
    wordnet: WordNet,
    related: Mapping[str, tuple[str, ...]],
    similarity: NounSimilarity,
    rng: np.random.Generator,
) -> Sentences:
    """Captions in other words, and everyday sentences told by the teacher; strange nouns in the frames of questions.

    captions: of a split that nothing is learned from. words: the listed ones. related: as `believed_related_nouns`.
    """
    chosen = [captions[i] for i in rng.permutation(len(captions))]
    rephrase = Rephrasing(related, 0.9)
    held = [said for caption in chosen[:EACH] if (said := rephrase(caption, rng)) is not None]
    bank = WorldSentences.of(chosen[-BANK:], similarity.teacher)
    told = bank.lessons(free_texts(wordnet, words, rng, 3 * EACH), similarity.teacher)
    held += [lesson.text for lesson in told if lesson.familiar == 1]
    strange = [lesson.text for lesson in told if lesson.familiar == 0][:EACH]
    nouns = [word for word in words if word not in related and wordnet.is_mostly_noun(word)]
    return Sentences(tuple(held), (*strange, *(one.text for one in strange_texts(nouns, rng, EACH))))


def learn_strangeness(encoder: SceneEncoder, words: NDArray[float32], told: Sentences) -> EnglishWords:
    """The encoder's English words with the strangeness of each (words,), and a mix learned from sentences.

    The mix is such that of the held sentences the share FALSE_ALARMS is told to be strange.
    """
    assert encoder.english is not None
    english = encoder.english
    strangeness = Strangeness(encoder.text_tower.project.in_features, len(words))
    strangeness.load_state_dict(
        english.strangeness.state_dict() | {"words": torch.from_numpy(words), **_state(strangeness.mix, "mix.")}
    )
    judged = EnglishWords(english.words, english.rows, english.buckets, strangeness, SMALL)
    judging = SceneEncoder(encoder.words, encoder.image_tower, encoder.text_tower, judged)
    features, labels = [], []
    for texts, label in ((told.held, 0.0), (told.strange, 1.0)):
        rows = [row for text in texts if (row := judging.strangeness_features(text)) is not None]
        features.append(torch.stack(rows))
        labels.append(torch.full((len(rows),), label))
    mix = _fitted(torch.cat(features), torch.cat(labels))
    with torch.no_grad():
        limit = torch.quantile(mix(features[0]).squeeze(1), 1 - FALSE_ALARMS)
        mix.bias.sub_(limit)
        strangeness.mix.load_state_dict(mix.state_dict())
        share = float((mix(features[1]) >= 0).float().mean())
    log.info("%.3f of %d strange sentences are told, weights %s", share, len(features[1]), mix.weight.tolist())
    return judged


def _state(module: nn.Module, prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in module.state_dict().items()}


def _fitted(features: Tensor, labels: Tensor) -> nn.Linear:
    """The logistic regression of `labels` (n,) 0 or 1 on `features` (n, size); both labels count the same in all."""
    torch.manual_seed(0)
    linear = nn.Linear(features.shape[1], 1)
    optimiser = torch.optim.Adam(linear.parameters(), lr=MIX_RATE)
    share = labels.mean()
    weights = torch.where(labels > 0, 0.5 / share, 0.5 / (1 - share))
    for _ in range(MIX_STEPS):
        loss = functional.binary_cross_entropy_with_logits(linear(features).squeeze(1), labels, weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return linear
