"""Terms that a question lights but does not speak: what is astray, which floors are set, and what they cost."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.encoders.photos import PHOTOS
from core.models.model import Model
from core.models.registry import SCENES, load_model
from core.world.composer import compose
from recipes.scenes import unspoken
from recipes.scenes.described import words_of
from recipes.scenes.unspoken import Asked, Pictures, Trial, calibrate, first_five

SPOKEN, TRUE, STRAY, HELPFUL = range(4)
PICTURES = 12


def trial() -> tuple[Asked, Trial]:
    """Twelve pictures, each with a question of its own that every term is lit by; two of the terms are never true.

    STRAY lights all pictures alike; HELPFUL, which is as untrue, is what lifts the right picture over the others.
    """
    items = np.zeros((PICTURES, 4), np.float32)
    items[:, [SPOKEN, TRUE, STRAY]] = 1
    described = np.zeros((PICTURES, 4), bool)
    described[:, [SPOKEN, TRUE]] = True
    items[0, [TRUE, HELPFUL]] = 0.5, 1
    weights = np.ones((PICTURES, 4), np.float32)
    spoken = np.zeros((PICTURES, 4), bool)
    spoken[:, SPOKEN] = True
    asked = Asked(weights, spoken)
    answers = np.zeros((PICTURES, PICTURES), bool)
    answers[:, 0] = True
    return asked, Trial(Pictures(items, described), asked, answers, asked, np.zeros(PICTURES, np.int64))


def test_a_term_is_astray_where_no_picture_found_is_described_by_it() -> None:
    asked, tried = trial()
    astray = asked.astray(tried.pictures, np.zeros(4, np.float32))
    np.testing.assert_allclose(astray, np.tile([0, 0, 0.25, 0.25], (PICTURES, 1)))
    without = asked.astray(tried.pictures, np.array([9, 9, np.inf, 0], np.float32))  # a spoken term has no floor
    np.testing.assert_allclose(without, np.tile([0, 0, 0, 0.5], (PICTURES, 1)))


def test_a_floor_that_costs_answers_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, tried = trial()
    np.testing.assert_array_equal(calibrate(asked, tried), [0, 0, np.inf, 0])
    monkeypatch.setattr(unspoken, "MOST_LOST", 2.0)  # whatever it costs
    np.testing.assert_array_equal(calibrate(asked, tried), [0, 0, np.inf, np.inf])


def test_a_floor_lies_where_what_is_above_it_is_true_often_enough() -> None:
    asked, tried = trial()
    weights = asked.weights.copy()
    weights[:6, STRAY] = [0.5, 0.4, 0.3, 0.29, 0.2, 0.1]  # the light ones are untrue, the heavy ones true
    described = tried.pictures.described.copy()
    light, heavy = Asked(weights[:6], asked.spoken[:6]), Asked(weights[6:], asked.spoken[6:])
    true = described.copy()
    true[:, STRAY] = True
    wrong = [light.astray(Pictures(tried.pictures.items, described), np.zeros(4, np.float32)),
             heavy.astray(Pictures(tried.pictures.items, true), np.zeros(4, np.float32))]  # fmt: skip
    assert unspoken._wished((light, heavy), wrong)[STRAY] == np.float32(0.29)  # 6 / (6 + 1.49) is above RIGHT


def test_first_five_counts_as_many_as_are_right() -> None:
    scores = np.arange(8, dtype=np.float32)[None].repeat(3, 0)
    answers = np.zeros((3, 8), bool)
    answers[0, 7] = answers[1, [0, 7]] = True  # the last has no answer at all
    assert first_five(scores, answers) == pytest.approx((1 + 0.5) / 2)


def test_sizes_and_sides_describe_no_scene() -> None:
    words = set().union(*(words_of(compose("val", number)) for number in range(40)))
    assert {"dog", "red", "beach", "two"} <= words
    assert words.isdisjoint({"small", "little", "front", "back", "beside", "another", "outfits"})


def test_a_short_question_lights_no_size_and_no_side() -> None:
    model = load_model()
    texts = ["something to eat", "a dog", "two cats", "a small dog in front of a house"]
    *few, spoken = ({model.vocabulary.terms[term] for term in one.terms} for one in model.encode_texts(texts))
    assert all(terms.isdisjoint({"small", "front", "back", "beside", "another"}) for terms in few)
    assert {"front", "dog", "house"} <= spoken


@pytest.mark.parametrize("folder", [SCENES, PHOTOS])
def test_the_shipped_floors_halve_what_is_astray(folder: Path) -> None:
    figures = json.loads((folder / "figures.json").read_text("utf-8"))["unspoken"]
    before, after = figures["without"], figures["with_floors"]
    assert after["all"] <= before["all"] / 2
    assert after["recall_at_1"] >= before["recall_at_1"] - 0.006  # about one standard error of 5,000 captions


def test_a_text_of_unspoken_terms_alone_keeps_them() -> None:
    model = load_model()
    floors = np.full(len(model.vocabulary), np.inf, np.float32)
    strict = Model(model.name, model.encoder, model.head, model.vocabulary, unspoken_from=floors)
    (lit,) = model.project(model.dense_texts(["a poodle"]))
    (kept,) = strict.encode_texts(["a poodle"])
    assert model.vocabulary.literal_ids("a poodle") == [] and len(lit)
    np.testing.assert_array_equal(kept.terms, lit.terms)


def test_what_ships_has_floors() -> None:
    floors = load_model().unspoken_from
    assert floors is not None and np.isinf(floors[load_model().vocabulary.id("small")])
