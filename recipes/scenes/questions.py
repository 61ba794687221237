"""Plain questions about the scenes of a corpus, with all their right answers: what the head learns beside captions.

People ask for "two birds" or "a yellow toy". Captions seldom say that alone, and it is true of many pictures. The
paper's distillation knows the scores of the dense vectors only; the scene records know every right answer.
"""

import hashlib
import random
from pathlib import Path

import numpy as np
from numpy import bool_
from numpy.typing import NDArray

from core.world.captions import Caption
from core.world.catalogue import KIND_BY_NAME, TIMES
from core.world.colours import COLOUR_SYNONYMS
from core.world.scene import Group, Scene
from core.world.scene_table import scene_table, world_digest
from core.world.sentences import Mention, Plan, caption_of
from core.world.words import (
    BROADER,
    MASS,
    NUMBERS,
    PLAIN,
    PLURAL_ONLY,
    SYNONYMS,
    place_phrases,
)
from index_store.progress import Progress, silent
from recipes.scenes.claim_arrays import ClaimArrays, claims_hold, phrase_rows, scene_row

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


def load_questions(
    split: str, count: int, cache: Path, *, progress: Progress = silent
) -> tuple[list[str], ClaimArrays]:
    """EACH questions about each of the first `count` scenes of `split`, in order, and their claims; cached."""
    path = cache / f"questions-{split}-{count}-{_digest()}.npz"
    rows = scene_table(path, split, count, _row, progress=progress)
    return rows.pop("texts").ravel().tolist(), ClaimArrays(**rows)


def every_answer(claims: ClaimArrays) -> NDArray[bool_]:
    """(n * EACH, n) bool: which of the n scenes answer each of their questions, by the records."""
    scenes = np.arange(len(claims.groups))
    answers = [claims_hold(claims, scenes, np.full_like(scenes, which), scenes) for which in range(EACH)]
    return np.stack(answers, 1).reshape(len(scenes) * EACH, len(scenes))


def _digest() -> str:
    return hashlib.sha256(world_digest().encode() + Path(__file__).read_bytes()).hexdigest()[:12]


def _row(scene: Scene) -> dict[str, NDArray]:
    questions = questions_of(scene)
    return scene_row(scene) | phrase_rows(questions) | {"texts": np.array([one.text for one in questions], "U120")}
