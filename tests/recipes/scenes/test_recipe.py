"""Making the built-in model: what the towers are taught, and that a little of it teaches something."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.encoders.scenes import SceneEncoder
from core.models.registry import SCENES
from core.training.presets import SCENES_HEADS
from core.vocabulary import Vocabulary
from core.world.claims import holds
from core.world.composer import compose
from core.world.words import MEANINGS, WORDS, true_words
from recipes.scenes import batches
from recipes.scenes.auxiliary_heads import GridHead, NameHead
from recipes.scenes.batches import sentences
from recipes.scenes.build import encoded
from recipes.scenes.claim_arrays import ClaimArrays, claims_hold, load_claims
from recipes.scenes.corpus import COLOUR_IDS, KIND_IDS, OBJECTS, SIDES, SIZE, Corpus, load_corpus, said_of
from recipes.scenes.recipe import RECIPE, Stage
from recipes.scenes.towers import Towers, embed, run_stage
from recipes.scenes.vocabulary import COLOUR_NOUNS, builtin_vocabulary, shipped_vocabulary
from tests.rounding import ROUNDING


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return load_corpus("train", 48, tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> ClaimArrays:
    return load_claims("train", 48, tmp_path_factory.mktemp("claims"))


def test_a_corpus_is_drawn_once_and_describes_its_scenes(corpus: Corpus, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    first = load_corpus("train", 3, tmp_path, progress=lambda done, total, _: told.append((done, total)))
    assert told == [(3, 3), (3, 3)]  # drawn, then described
    again = load_corpus("train", 3, tmp_path, progress=lambda done, total, _: told.append((done, total)))
    assert len(told) == 2 and first.captions == again.captions
    for side in SIDES:
        assert np.array_equal(first.pictures[side], again.pictures[side])
        assert np.array_equal(first.pictures[side], corpus.pictures[side][:3])
    scene = compose("train", 2)
    kinds = {KIND_IDS[group.kind] for group in scene.groups}
    assert set(first.boxes[2, :, 0].tolist()) - {0} == kinds
    assert (first.boxes[2, :, 0] > 0).sum() == sum(group.count for group in scene.groups)
    for text in first.captions[2]:
        nouns = set(Vocabulary.words(text)) & {group.kind for group in scene.groups}
        assert nouns <= true_words(scene)


def test_vectors_of_a_corpus_are_encoded_once(tmp_path: Path) -> None:
    encoder = SCENES / "encoder.safetensors"
    first = encoded(encoder, "val", 2, tmp_path, phrases=True)
    part = load_corpus("val", 2, tmp_path, supersample=2)
    assert list(first.captions) == [t for a, b in zip(part.captions, part.phrases, strict=True) for t in (*a, *b)]
    texts = SceneEncoder.load(encoder).encode_texts(first.captions)
    assert np.abs(first.texts - texts).max() < ROUNDING
    assert len(encoded(encoder, "val", 2, tmp_path).texts) == 10  # captions alone
    for path in tmp_path.glob("pictures-*"):
        path.unlink()  # what follows needs none
    again = encoded(encoder, "val", 2, tmp_path, phrases=True)
    assert np.array_equal(first.images, again.images) and np.array_equal(first.texts, again.texts)
    assert list(again.captions) == list(first.captions) and np.array_equal(first.image_of_text, again.image_of_text)


def test_grid_targets_by_hand() -> None:
    boxes = torch.zeros(1, OBJECTS, 6, dtype=torch.int64)
    quarter = SIZE // 4
    boxes[0, 0] = torch.tensor([KIND_IDS["dog"], COLOUR_IDS["red"], 0, 0, quarter, quarter])
    kinds, colours = GridHead().targets(boxes, 4)
    expected = torch.zeros(4, 4)
    expected[0, 0] = 1
    assert torch.equal(kinds[0, KIND_IDS["dog"]], expected) and torch.equal(colours[0, COLOUR_IDS["red"]], expected)
    assert kinds.sum() == 1 and colours.sum() == 1


def test_names_by_hand() -> None:
    """A picture with two black cats and a dog of no colour; the phrases "two black cats" and "a pet"."""
    head = NameHead(WORDS)
    cat, dog, black = KIND_IDS["cat"], KIND_IDS["dog"], COLOUR_IDS["black"]
    boxes = torch.zeros(1, OBJECTS, 6, dtype=torch.int64)
    boxes[0, :3, :2] = torch.tensor([[cat, black], [cat, black], [dog, 0]])

    def counted(kind: int, number: int) -> int:
        return head.plain + head.nouns * head.colours + kind * head.COUNTS + number - 1

    def lit(labels: torch.Tensor) -> set[int]:
        return set(labels[0].nonzero().flatten().tolist())

    def coloured(noun: int) -> int:
        return head.plain + noun * head.colours + black

    pets = {KIND_IDS[kind] for kind in MEANINGS["pet"]}
    (pet,) = (noun for noun in range(head.nouns) if set(head.called[:, noun].nonzero().flatten().tolist()) == pets)
    two_black_cats = {cat, head.nouns + black, coloured(cat), counted(cat, 2)}
    shown = lit(head.picture_labels(boxes))
    assert shown >= two_black_cats | {dog, counted(dog, 1), pet, coloured(pet), counted(pet, 2), counted(pet, 1)}
    called = {noun for kind in (cat, dog) for noun in head.called[kind].nonzero().flatten().tolist()}
    assert {label for label in shown if label < head.nouns} == called
    kinds = torch.zeros(1, 2, len(KIND_IDS) + 1, dtype=torch.bool)
    kinds[0, 0, cat] = True
    told = head.phrase_labels(kinds, torch.tensor([[black, 0]]), torch.tensor([[2, 0]]))
    names = head.called[cat].nonzero().flatten().tolist()  # a cat, a pet, an animal
    expected = {head.nouns + black, *names, *map(coloured, names), *(counted(noun, 2) for noun in names)}
    assert lit(told) == expected >= two_black_cats and pet in names
    kinds[0, 0, list(pets)] = True
    nothing = torch.zeros(1, 2, dtype=torch.int64)
    pet_names = lit(head.phrase_labels(kinds, nothing, nothing))
    assert pet in pet_names and pet_names == lit(head.names[None, WORDS.index("pet") + 1]) and cat not in pet_names


def test_a_window_shows_the_pixels_under_it_and_moves_the_boxes() -> None:
    """One white square of 24 px in a black picture of 96 px: wherever the window falls, the box lies on it."""
    pixels = np.zeros((1, 96, 96, 3), np.uint8)
    pixels[:, 24:48, 48:72] = 255
    boxes = np.zeros((1, OBJECTS, 6), np.int16)
    boxes[0, 0] = [1, 1, 192, 96, 288, 192]  # 4 units a pixel: left, top, right, bottom
    whole = hidden = 0
    for seed in range(40):
        mirrored = np.array([seed % 2 == 1])
        window, moved = batches.seen(pixels, boxes, mirrored, 64, np.random.default_rng(seed))
        white = (window[0, 0] > 0).numpy()
        assert window.shape == (1, 3, 64, 64)
        if not moved[0, 0, 0]:
            hidden += 1
            assert white.sum() < 24 * 24 / 2
            continue
        left, top, right, bottom = (moved[0, 0, 2:] * 64 / SIZE).round().int().tolist()
        whole += white.sum() == 24 * 24
        assert white[top:bottom, left:right].all() and white.sum() == (right - left) * (bottom - top)
    assert whole and hidden


def test_part_of_a_batch_comes_from_one_place() -> None:
    places = np.repeat(np.arange(5), 40)
    seen = [rows for rows in batches.batches(places, 30, 20, 0.5, np.random.default_rng(0))]
    assert len(seen) == 30
    for rows in seen:
        assert len(set(rows.tolist())) == len(rows) <= 20
        assert np.bincount(places[rows]).max() >= 10
    plain = np.concatenate(list(batches.batches(places, 10, 20, 0.0, np.random.default_rng(0))))
    assert sorted(plain.tolist()) == list(range(200))  # one pass sees every picture once


def test_mirroring_swaps_left_and_right(corpus: Corpus) -> None:
    mirror = sentences(corpus, WORDS).mirror
    left, right = WORDS.index("left") + 1, WORDS.index("right") + 1
    assert mirror[left] == right and mirror[right] == left
    assert (np.flatnonzero(mirror != np.arange(len(mirror))) == sorted((left, right))).all()


STAGES = (
    Stage(side=96, epochs=2, rate=2e-3, joint=False),
    Stage(side=64, epochs=15, rate=2e-3),
    Stage(side=64, epochs=2, rate=1e-3, phrase_share=0.5, records=True, names_weight=0.3),
)


def _taught(
    corpus: Corpus, claims: ClaimArrays, stages: tuple[Stage, ...]
) -> tuple[list[dict[str, float]], NDArray[np.float32]]:
    """The measures of each step of a training from nothing, and the vectors of pictures after it, (n, dim)."""
    recipe = replace(RECIPE, batch_size=16, stages=stages)
    texts, towers = sentences(corpus, WORDS), Towers.fresh(WORDS, recipe)
    measures: list[dict[str, float]] = []
    for stage in stages:
        run_stage(towers, corpus, texts, claims, stage, recipe, on_step=lambda step, steps, m: measures.append(m))
    return measures, embed(towers.image, towers.text, corpus, texts.captions)[0]


def test_a_few_steps_teach_something(corpus: Corpus, claims: ClaimArrays) -> None:
    measures, _ = _taught(corpus, claims, STAGES)
    contrast = [m["contrast"] for m in measures if "contrast" in m]
    assert np.mean(contrast[35:45]) < 0.85 * np.mean(contrast[:5])
    assert measures[-1]["grid"] < 0.6 * measures[0]["grid"]


@pytest.mark.usefixtures("one_thread")
def test_a_few_steps_repeat_exactly(corpus: Corpus, claims: ClaimArrays) -> None:
    short = tuple(replace(stage, epochs=1) for stage in STAGES)
    (first, vectors), (second, again) = (_taught(corpus, claims, short) for _ in range(2))
    assert first == second and np.array_equal(vectors, again)


def test_the_vocabularies_are_readable_whole_words() -> None:
    words, shipped = builtin_vocabulary(), shipped_vocabulary()
    assert {"dog", "puppy", "animal", "red", "night", "two"} <= set(words.terms)
    assert words.id("dogs") == words.id("dog") and words.id("the") is None
    assert all(term.isalpha() and term.islower() for term in words.terms)
    assert shipped.terms[: len(words)] == words.terms and set(shipped.terms[len(words) :]) == COLOUR_NOUNS.keys()
    assert {"black cat", "person in red"} <= COLOUR_NOUNS.keys() and shipped.id("black cats") == shipped.id("black cat")
    assert all(word.isalpha() and word.islower() for term in COLOUR_NOUNS for word in term.split(" "))


def test_truth_of_whole_batches_agrees_with_the_definition(tmp_path: Path) -> None:
    count = 70
    claims = load_claims("train", count, tmp_path)
    scenes = [compose("train", number) for number in range(count)]
    phrases = [said_of(scene)[2] for scene in scenes]
    rows, rng = np.arange(count), np.random.default_rng(0)
    for _ in range(3):
        which = rng.integers(0, 3, count)
        true = claims_hold(claims, rows, which, rows)
        for i, j in np.ndindex(count, count):
            claim = phrases[i][which[i]].claim
            assert true[i, j] == (i == j or (not claim.relations and holds(claim, scenes[j]))), (claim, scenes[j])
        assert true.sum() > 1.2 * count  # many a phrase is true of several pictures


def test_the_built_in_heads_are_taught_as_the_paper_teaches() -> None:
    """Whatever the defaults are: vectors as they are, the teacher all but certain."""
    assert {(head.blur, head.truth, head.temperature) for head in SCENES_HEADS.values()} == {(0.0, 0.0, 0.001)}
