"""Teaches the finished text tower everyday English: a row a word, with everything the tower already knows left alone.

The tower's own words, mixing layers and projection stay frozen, so every caption of the world keeps its vector. Only
new rows are learned, such that a text in other words gets the vector of what it means in the world's words; and a small
layer on the tower's features that tells whether the world answers a text at all, for `strangers.py` to go on from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from core.encoders.english import BUCKETS, EnglishWords, Strangeness, letter_groups
from core.encoders.scenes import SceneEncoder
from core.training.trainer import OnStep, unwatched
from core.vocabulary import Vocabulary
from recipes.scenes.english_lessons import (
    Lesson,
    Rephrasing,
    WorldSentences,
    described,
    free_texts,
    hand_written_words,
    listed_words,
    noun_lessons,
    strange_texts,
    word_lessons,
)
from recipes.scenes.similarity import NounSimilarity
from recipes.scenes.wordnet import WordNet

LONGEST = 24  # words of a lesson
STRANGENESS_RATE = 2e-3
ALIEN = 0.35  # similarity to the nearest word of the world under which a noun is strange to it


@dataclass(frozen=True)
class EnglishRecipe:
    """Sizes and rates."""

    captions: int = 60_000  # of the train split, said in other words
    bank: int = 4_000  # world sentences that free texts are compared with
    free: int = 12_000
    strange: int = 6_000
    steps: int = 4_000
    batch_size: int = 512
    rate: float = 0.02
    decay: float = 1e-3  # of the rows: a word about which nothing is known stays silent
    strange_weight: float = 0.5
    letter_steps: int = 300
    seed: int = 0


ENGLISH = EnglishRecipe()


def teach(
    encoder: SceneEncoder,
    captions: Sequence[str],
    wordnet: WordNet,
    related: Mapping[str, tuple[str, ...]],
    similarity: NounSimilarity | None,
    recipe: EnglishRecipe,
    *,
    on_step: OnStep = unwatched,
) -> EnglishWords:
    """Learns rows for English words, and what tells strange texts, for a finished encoder.

    `captions`: sentences of the train split. `related`: what English nouns mean (`believed_related_nouns`). Without a
    `similarity`, and so without its teacher, only WordNet and the hand-written tables teach. Deterministic for one
    machine, thread count and seed.
    """
    rng = np.random.default_rng(recipe.seed)
    torch.manual_seed(recipe.seed)
    words = listed_words(wordnet, related, similarity.teacher.common_words if similarity is not None else ())
    lessons = [*noun_lessons(related), *described(wordnet)]
    rephrase = Rephrasing(related)
    chosen = [captions[i] for i in rng.permutation(len(captions))]
    rephrased = ((caption, rephrase(caption, rng)) for caption in chosen[: recipe.captions])
    lessons += [Lesson(other, (caption,)) for caption, other in rephrased if other is not None]
    rows = torch.zeros(len(words), encoder.text_tower.embed.embedding_dim)
    strange = [word for word in words if word not in related and wordnet.senses(word)]
    if similarity is not None:
        near, teacher = similarity.to_words(words, encoder.words), similarity.teacher
        rows = _start(encoder, near)
        by_hand = hand_written_words()
        free = [i for i, word in enumerate(words) if word not in related and word not in by_hand]
        lessons += word_lessons([words[i] for i in free], near[free], encoder.words)
        sentences = WorldSentences.of(chosen[-recipe.bank :], teacher)
        lessons += sentences.lessons(free_texts(wordnet, words, rng, recipe.free), teacher)
        nearest = dict(zip(words, near.max(1).tolist(), strict=True))
        strange = [word for word in strange if nearest[word] < ALIEN]
    lessons += strange_texts(strange, rng, recipe.strange)
    lessons += [Lesson(caption, (), 0.0) for caption in chosen[: recipe.strange]]
    learned, strangeness = _learn(encoder, rows, _prepared(encoder, words, lessons), recipe, rng, on_step)
    return EnglishWords(words, learned, _letters(encoder, words, learned, recipe), strangeness)


def _start(encoder: SceneEncoder, near: NDArray[float32]) -> Tensor:
    """(words, width) rows to start from: the mean row of the world's words that the teacher finds nearest.

    `near` (words, world's words): similarities by the teacher. Rows of words to which nothing is near are zero.
    """
    best, at = torch.from_numpy(near).topk(6, 1)
    share = torch.softmax(best / 0.05, 1).unsqueeze(2)
    strength = ((best[:, :1] - 0.32) / 0.26).clamp(0, 1)
    return (share * encoder.text_tower.embed.weight[1 + at]).sum(1) * strength


@dataclass(frozen=True)
class _Lessons:
    """n lessons as tensors: word ids of each text, the vectors to learn (n, dim), weights and familiarity (n,)."""

    texts: list[Tensor]
    targets: Tensor
    weights: Tensor
    familiar: Tensor


def _prepared(encoder: SceneEncoder, words: Sequence[str], lessons: Sequence[Lesson]) -> _Lessons:
    """The lessons whose text has a word that is known or to be learned; ids of the latter follow the encoder's own."""
    ids = {word: i for i, word in enumerate((*encoder.words, *words), 1)}
    spoken = ([ids[word] for word in Vocabulary.words(lesson.text) if word in ids] for lesson in lessons)
    pairs = [(row[:LONGEST], lesson) for row, lesson in zip(spoken, lessons, strict=True) if row]
    kept = [lesson for _, lesson in pairs]
    return _Lessons(
        [torch.tensor(row) for row, _ in pairs],
        _targets(encoder, kept),
        torch.tensor([lesson.weight if lesson.means else 0.0 for lesson in kept]),
        torch.tensor([lesson.familiar for lesson in kept]),
    )


def _learn(
    encoder: SceneEncoder,
    start: Tensor,
    lessons: _Lessons,
    recipe: EnglishRecipe,
    rng: np.random.Generator,
    on_step: OnStep,
) -> tuple[Tensor, Strangeness]:
    """Learns rows and the layers for strangeness."""
    tower, first = encoder.text_tower, len(encoder.words) + 1
    rows, strangeness = nn.Parameter(start.clone()), Strangeness(tower.project.in_features, len(start))
    rates = [recipe.rate, STRANGENESS_RATE]
    taught = ([rows], strangeness.layers.parameters())
    optimiser = torch.optim.Adam([{"params": part, "lr": rate} for part, rate in zip(taught, rates, strict=True)])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, recipe.steps, pct_start=0.1)

    def pooled(which: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        batch = pad_sequence([lessons.texts[i] for i in which], batch_first=True)
        words = functional.embedding(batch, torch.cat([tower.embed.weight, rows]))
        return tower.pool(words, batch > 0), batch

    lengths = np.array([len(row) for row in lessons.texts])
    for step in range(recipe.steps):
        drawn = rng.choice(len(lengths), recipe.batch_size * 4, replace=False)
        drawn = drawn[np.argsort(lengths[drawn], kind="stable")].reshape(4, -1)[rng.integers(4)]  # of like lengths
        features, batch = pooled(drawn)
        vectors = functional.normalize(tower.project(features), dim=1)
        weights = lessons.weights[drawn]
        meant = (weights * (1 - (vectors * lessons.targets[drawn]).sum(1))).sum() / weights.sum().clamp(min=1)
        strange = functional.binary_cross_entropy_with_logits(strangeness(features), 1 - lessons.familiar[drawn])
        loss = meant + recipe.strange_weight * strange
        loss = loss + recipe.decay * rows[batch[batch >= first] - first].square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        on_step(step + 1, recipe.steps, {"meant": meant.item(), "strange": strange.item()})
    return rows.detach(), strangeness.eval()


def _targets(encoder: SceneEncoder, lessons: Sequence[Lesson]) -> Tensor:
    """(n, dim) unit rows: the mean vector of the texts that each lesson means; zeros where it means none."""
    texts = sorted({text for lesson in lessons for text in lesson.means})
    at = {text: i for i, text in enumerate(texts)}
    vectors = encoder.encode_texts(texts)
    out = np.zeros((len(lessons), encoder.dim), np.float32)
    for row, lesson in zip(out, lessons, strict=True):
        if lesson.means:
            row[:] = vectors[[at[text] for text in lesson.means]].mean(0)
            row /= np.linalg.norm(row)
    return torch.from_numpy(out)


def _letters(encoder: SceneEncoder, words: Sequence[str], rows: Tensor, recipe: EnglishRecipe) -> Tensor:
    """(BUCKETS, width) rows of letter groups: their mean over a word's groups is near the row of that word."""
    every = [*words, *encoder.words]
    goal = torch.cat([rows, encoder.text_tower.embed.weight[1:]])
    groups = [letter_groups(word) for word in every]
    flat = torch.tensor([group for row in groups for group in row])
    starts = torch.tensor(np.cumsum([0, *map(len, groups[:-1])]))
    buckets = nn.Parameter(torch.zeros(BUCKETS, goal.shape[1]))
    optimiser = torch.optim.Adam([buckets], lr=0.05)
    for _ in range(recipe.letter_steps):
        made = functional.embedding_bag(flat, buckets, starts, mode="mean")
        loss = (made - goal).square().mean() + 1e-4 * buckets.square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return buckets.detach()
