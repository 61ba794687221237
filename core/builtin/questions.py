"""Plain questions about the scenes of a corpus, with all their right answers: what the head learns beside captions.

People ask for "two birds" or "a yellow toy", which captions seldom say alone, and which is true of many pictures. The
distillation of the paper knows one target distribution, that of the dense vectors; the records know every right answer.
"""

import hashlib
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy import bool_, int64
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional

from core.builtin import corpus as drawn
from core.builtin.recipe import QuestionRecipe
from core.builtin.truth import THINGS, Truth, holding, phrase_rows, scene_row
from core.data.spoken import spoken_terms
from core.encoders.scenes import SceneEncoder
from core.head import SparseHead
from core.scenes.captions import Caption
from core.scenes.catalogue import KIND_BY_NAME, KINDS, PLACES, TIMES
from core.scenes.colours import BASES, COLOUR_SYNONYMS
from core.scenes.scene import Group, Scene
from core.scenes.sentences import Mention, Plan, caption_of
from core.scenes.words import (
    BROADER,
    MASS,
    MEANINGS,
    NUMBERS,
    PLAIN,
    PLURAL_ONLY,
    SYNONYMS,
    VAGUE,
    place_phrases,
)
from core.training.config import TrainingConfig
from core.training.expansion import allowed_terms
from core.training.losses import answers_apart, l1, warm, word_anchor
from core.training.objective import probability_of
from core.vocabulary import Vocabulary

EACH = 4  # questions a scene
SEVERAL_RATE = 0.5  # of questions about a group of several where there is one: "two birds" and "cows" are hard to tell
PAIR_RATE, COLOUR_RATE, COUNT_RATE, PLACE_RATE, TIME_RATE = 0.25, 0.5, 0.5, 0.4, 0.2
BROADER_RATE = 0.5  # "a blue toy": many kinds of things to find, none of them named
PLAIN_COLOUR = 5  # times as often as each of its synonyms


def question(scene: Scene, rng: random.Random) -> Caption:
    """One or two things of a scene by any of their names, each at times with its colour or number, place and time."""
    chosen = rng.sample(range(len(scene.groups)), len(scene.groups))
    if rng.random() < SEVERAL_RATE:
        chosen.sort(key=lambda i: scene.groups[i].count == 1)  # stable: by chance among those of several
    chosen = chosen[: 2 if rng.random() < PAIR_RATE else 1]
    place = time = place_phrase = time_phrase = ""
    if rng.random() < PLACE_RATE:
        place, phrases = scene.place, place_phrases(scene.place, [scene.groups[i].kind for i in chosen])
        place_phrase = rng.choice(phrases)
    if rng.random() < TIME_RATE:
        time, time_phrase = scene.time, rng.choice(TIMES[scene.time])
    mentions = tuple(_mention(i, scene.groups[i], rng) for i in chosen)
    return caption_of(Plan("phrase", mentions, place=place, place_phrase=place_phrase, time=time,
                           time_phrase=time_phrase))  # fmt: skip


def _mention(index: int, group: Group, rng: random.Random) -> Mention:
    names = BROADER[group.kind] if rng.random() < BROADER_RATE else ()
    noun = rng.choice(names or (PLAIN[group.kind], *SYNONYMS[group.kind]))
    if noun[0] in PLURAL_ONLY and group.count == 1:
        noun = PLAIN[group.kind]
    amount, count = _amount(noun[0], group.count, rng)
    if not group.colour or rng.random() >= COLOUR_RATE:
        return Mention(index, group.kind, noun, amount, count)
    word = rng.choice([group.colour] * PLAIN_COLOUR + list(COLOUR_SYNONYMS[group.colour]))
    clothes = rng.choice(("in {}", "wearing {}")) if KIND_BY_NAME[group.kind].group == "person" else ""
    return Mention(index, group.kind, noun, amount, count, colour=group.colour, colour_word=word, clothes=clothes)


def _amount(noun: str, count: int, rng: random.Random) -> tuple[str, int | None]:
    """The words before a noun and the count that they assert (None: vague)."""
    if noun in MASS:
        return rng.choice(("some", "")), None
    if count == 1:
        return rng.choice(("a", "a", "")), 1
    return (NUMBERS[count], count) if rng.random() < COUNT_RATE else (rng.choice(("some", "")), None)


def questions_of(scene: Scene) -> list[Caption]:
    """The questions of a scene; always the same."""
    rng = random.Random(f"questions/{scene.split}/{scene.number}")
    return [question(scene, rng) for _ in range(EACH)]


def may_light(truth: Truth, vocabulary: Vocabulary) -> csr_array:
    """(questions, |V|) bool: names that a question's things may have, its colours, words for its place and time, and
    numbers where it says that there are several.

    "Birds" may light a duck, an animal and "three", but not "front", which the captions of many such pictures say.
    """
    colours, where = _flat(truth.details)[:, :, 0], _flat(truth.where) + 1  # (m, 2), (m, 2); 0: not said
    several = _flat(truth.details)[:, :, 2].max(1) > 1  # (m,)
    parts: list[tuple[NDArray[bool_], Sequence[Collection[str]]]] = [
        (_one_hot(several, 1), [(*NUMBERS.values(), *VAGUE)]),
        (_flat(truth.kinds.max(2)), [_names(kind.name) for kind in KINDS]),
        *((_one_hot(colours[:, thing], len(BASES)), [*map(_shades, BASES)]) for thing in range(THINGS)),
        (_one_hot(where[:, 0], len(PLACES)), [place.words for place in PLACES]),
        (_one_hot(where[:, 1], len(TIMES)), [_said(TIMES[time]) for time in TIMES]),
    ]
    counts = sum(csr_array(said, dtype=np.int32) @ _terms([(), *words], vocabulary) for said, words in parts)
    return csr_array(counts).astype(bool)


def must_light(truth: Truth, spoken: csr_array, vocabulary: Vocabulary) -> csr_array:
    """(questions, |V|) bool: the terms that a question speaks, and those for what its things are besides.

    A turtle is a reptile and an animal: who asks for a lizard, which this world does not draw, means those.
    """
    nouns = sorted({*PLAIN, *(noun for several in BROADER.values() for noun, _ in several)})
    meant = np.zeros((len(nouns), truth.kinds.shape[-1]), bool)
    for row, noun in zip(meant, nouns, strict=True):
        row[[drawn.KIND_IDS[kind] for kind in MEANINGS[noun]]] = True
    kinds = _flat(truth.kinds)  # (m, things, kinds)
    all_of = ~(kinds.astype(np.int32) @ ~meant.T).astype(bool) & kinds.any(2, keepdims=True)  # (m, things, nouns)
    besides = csr_array(all_of.any(1), dtype=np.int32) @ _terms([(noun,) for noun in nouns], vocabulary)
    return csr_array(spoken.astype(np.int32) + besides).astype(bool)


def _flat(rows: NDArray) -> NDArray:
    return rows.reshape(-1, *rows.shape[2:])


def _one_hot(ids: NDArray, size: int) -> NDArray[bool_]:
    return ids[:, None] == np.arange(size + 1)  # (m, size + 1), column 0: none


def _terms(words: Sequence[Collection[str]], vocabulary: Vocabulary) -> csr_array:
    return spoken_terms([" ".join(several) for several in words], vocabulary).astype(np.int32)


def _names(kind: str) -> tuple[str, ...]:
    return tuple(noun for noun, kinds in MEANINGS.items() if kind in kinds)


def _shades(colour: str) -> tuple[str, ...]:
    return (colour, *COLOUR_SYNONYMS[colour])


def _said(phrases: Sequence[str]) -> list[str]:
    return [word for phrase in phrases for word in Vocabulary.words(phrase)]


def load_questions(
    split: str, count: int, cache: Path, *, progress: Callable[[int, int], None] | None = None
) -> tuple[list[str], Truth]:
    """The questions of the first `count` scenes of `split`, in order, and their truth; cached."""
    path = cache / f"questions-{split}-{count}-{_digest()}.npz"
    rows = drawn.of_every_scene(path, split, count, _row, progress)
    return rows.pop("texts").ravel().tolist(), Truth(**rows)


def every_answer(truth: Truth) -> NDArray[bool_]:
    """(n * EACH, n): which of the n scenes answer each of their questions, by the records."""
    scenes = np.arange(len(truth.groups))
    answers = [holding(truth, scenes, np.full_like(scenes, which), scenes) for which in range(EACH)]
    return np.stack(answers, 1).reshape(len(scenes) * EACH, len(scenes))


def _digest() -> str:
    return hashlib.sha256(drawn.world_digest().encode() + Path(__file__).read_bytes()).hexdigest()[:12]


def _row(scene: Scene) -> dict[str, NDArray]:
    said = questions_of(scene)
    return scene_row(scene) | phrase_rows(said) | {"texts": np.array([one.text for one in said], "U120")}


@dataclass(frozen=True)
class Questions:
    """EACH questions a scene, in order: vectors (n * EACH, dim), and those of the same in words that the world does not
    say, the terms that they speak, that they must light and that they may light besides, all (n * EACH, |V|) bool, and
    of which scenes they are true."""

    texts: Tensor
    others: Tensor
    spoken: csr_array
    named: csr_array
    allowed: csr_array
    truth: Truth

    @classmethod
    def of(
        cls, encoder: SceneEncoder, vocabulary: Vocabulary, texts: list[str], others: list[str], truth: Truth
    ) -> "Questions":
        """From what `load_questions` gives and the same in other words; `encoder` must know English to tell them."""
        rows, other_rows = (torch.from_numpy(encoder.encode_texts(said)) for said in (texts, others))
        spoken, allowed = spoken_terms(texts, vocabulary), may_light(truth, vocabulary)
        return cls(rows, other_rows, spoken, must_light(truth, spoken, vocabulary), allowed, truth)


class QuestionLesson:
    """What a step of `HeadTraining` adds to its loss: some questions of the batch's scenes, asked of all its pictures
    and of those among some more that the dense vectors find nearest to each: few of a batch nearly answer a question.

    Some are asked in words that the world does not say, and must light what they mean: "an ant" the insect, too, though
    the one insect of this world is a butterfly.

    Expansion control and L1 are those of the captions, by the head's own config.
    """

    def __init__(self, questions: Questions, images: NDArray, recipe: QuestionRecipe, config: TrainingConfig):
        self._questions, self._images = questions, torch.from_numpy(images)
        self._recipe, self._config = recipe, config

    def __call__(
        self, head: SparseHead, pictures: NDArray[int64], progress: float, generator: torch.Generator
    ) -> Tensor:
        """`pictures`: the rows of the batch's images; `progress` through training, 0..1. The loss to add."""
        recipe, config = self._recipe, self._config
        scenes = pictures[torch.randperm(len(pictures), generator=generator)[: recipe.each_step].numpy()]
        which = torch.randint(EACH, (len(scenes),), generator=generator).numpy()
        rows = scenes * EACH + which
        english = torch.rand(len(rows), 1, generator=generator) < recipe.english
        asked = torch.where(english, self._questions.others[rows], self._questions.texts[rows])
        pictures = np.union1d(pictures, self._nearest(asked, generator))
        answers = torch.from_numpy(holding(self._questions.truth, scenes, which, pictures))
        tables = (self._questions.spoken, self._questions.named, self._questions.allowed)
        spoken, named, allowed = (torch.from_numpy(table[rows].toarray()) for table in tables)
        logits, images = head.logits(asked), self._images[pictures]
        weights = torch.log1p(torch.relu(logits))
        if config.control != "none":
            weights = weights * allowed_terms(config.control, spoken, probability_of(config, progress), generator)
        scores = weights @ head(images).T
        apart = answers_apart(scores, answers)
        taught = functional.cross_entropy(scores, torch.softmax(asked @ images.T / recipe.tau, 1))
        sparsity = warm(progress, config.warmup) * config.query_sparsity * l1(weights)
        # "on" and "wearing" are spoken, but tell no picture from another: they are free, too
        lit = named & allowed
        anchor = word_anchor(logits, lit.float(), (spoken | allowed) & ~lit, recipe.emphasis)
        return recipe.weight * apart + recipe.dense_weight * taught + sparsity + recipe.anchor * anchor

    @torch.no_grad()
    def _nearest(self, asked: Tensor, generator: torch.Generator) -> NDArray[int64]:
        """The rows of the pictures nearest to each of the questions asked (q, dim), among some."""
        some = torch.randperm(len(self._images), generator=generator)[: self._recipe.looked_at]
        count = min(self._recipe.nearest, len(some))
        rows: NDArray[int64] = some[(asked @ self._images[some].T).topk(count, 1).indices].numpy()
        return rows
