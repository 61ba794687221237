"""What is strange to the world: the dictionary's verdicts, the learned mix, and how well the shipped model tells."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from core.encoders.english import EnglishWords, Strangeness
from core.encoders.scenes import SceneEncoder
from core.models.registry import SCENES, load_model
from core.world.words import WORDS
from recipes.scenes.english_figures import questions
from recipes.scenes.stranger_figures import FORMS, in_turn, stranger_figures, strangers, typed
from recipes.scenes.strangers import FALSE_ALARMS, SMALL, Dictionary, Sentences, learn_strangeness, word_strangeness
from recipes.scenes.wordnet import WordNet

DICTIONARY = Path("/usr/share/wordnet")


def test_each_word_is_typed_in_one_form() -> None:
    assert [typed("fox", form) for form in FORMS] == ["fox", "foxes", "a fox", "the fox", "two foxes"]
    assert in_turn(["axe"] * 6) == ["axe", "axes", "a axe", "the axe", "two axes", "axe"]


@pytest.mark.skipif(not DICTIONARY.exists(), reason="needs Debian's wordnet-base")
def test_the_dictionary_tells_what_is_drawn_from_what_is_only_like_it() -> None:
    dictionary = Dictionary(WordNet.read(DICTIONARY))
    held = ("poodle", "collies", "stallion", "mammal", "beverage", "cottages", "boulevard", "settee")
    strange = ("violin", "octopus", "dinosaur", "crocodiles", "trumpet", "algebra", "inflation")
    assert [dictionary.holds(word, {}) for word in held] == [True] * len(held)
    assert [dictionary.holds(word, {}) for word in strange] == [False] * len(strange)
    assert dictionary.holds("slowly", {}) is None and dictionary.holds("qwrtz", {}) is None


@pytest.mark.skipif(not DICTIONARY.exists(), reason="needs Debian's wordnet-base")
def test_similarity_says_how_surely_and_decides_where_the_dictionary_does_not() -> None:
    near = np.array([[0.8, 0.1], [0.2, 0.1], [0.5, 0.1], [0.1, 0.5], [0.1, 0.2]], np.float32)
    words = ["poodle", "collie", "violin", "gladly", "slowly"]
    found = word_strangeness(words, near, ["dog", "grass"], Dictionary(WordNet.read(DICTIONARY)))
    np.testing.assert_allclose(found, [0.5 * 0.2, 0.5 * 0.8, 0.5 + 0.5 * 0.5, 0.5 * 0.5, 0.5 + 0.5 * 0.8], rtol=1e-6)


def test_of_held_sentences_a_small_share_is_told() -> None:
    """Sentences that their words alone tell apart."""
    torch.manual_seed(0)
    shipped = SceneEncoder.load(SCENES / "encoder.safetensors")
    words = [f"{letter}{letter}word" for letter in "abcdefghij"]
    english = EnglishWords(words, torch.zeros(10, 160), torch.zeros(4096, 160), Strangeness(480, 10))
    encoder = SceneEncoder(shipped.words, shipped.image_tower, shipped.text_tower, english)
    values = np.linspace(0, 1, 10, dtype=np.float32)
    pairs = [f"{one} {other}" for one in words for other in words]
    held = [pair for pair in pairs if max(pair.split()) < "f"]
    strange = [pair for pair in pairs if min(pair.split()) > "e"]
    judged = learn_strangeness(encoder, values, Sentences(tuple(held), tuple(strange)))
    judging = SceneEncoder(shipped.words, shipped.image_tower, shipped.text_tower, judged)
    assert judged.small == SMALL and "red" in SMALL and "dog" not in SMALL
    told = [judging.out_of_world(text) for text in held]
    assert sum(told) <= max(1, FALSE_ALARMS * len(held)) and all(judging.out_of_world(text) for text in strange)


def test_what_is_judged_is_not_what_is_learned_from() -> None:
    asked, first = strangers(), questions()
    assert len(asked["words"]["outside"]) == len(set(asked["words"]["outside"])) == 200
    assert not set(asked["words"]["outside"]) & (set(WORDS) | set(asked["words"]["inside"]))
    for side in ("inside", "outside"):
        assert len(asked["sentences"][side]) == 60 and not set(asked["sentences"][side]) & set(first[side])


def test_the_shipped_model_tells_what_its_world_lacks() -> None:
    model = load_model()
    assert isinstance(model.encoder, SceneEncoder)
    found = stranger_figures(model.encoder, model.vocabulary)
    assert all(share <= 0.03 for share in found.vocabulary.values())
    assert found.words.told >= 0.7 and found.words.auroc >= 0.95 and found.english.auroc >= 0.95
    assert found.sentences.auroc >= 0.93 and found.first_sentences.auroc >= 0.93
    figures = json.loads((SCENES / "figures.json").read_text("utf-8"))["strangers"]
    assert asdict(found) == {
        name: {key: pytest.approx(value, abs=0.01) for key, value in one.items()} for name, one in figures.items()
    }


def test_words_that_people_type_are_not_denied() -> None:
    model = load_model()
    held = ("dog", "dogs", "two dogs", "people", "beach", "cars", "snow", "a dog on a sofa", "a pooch in the snow",
            "something to eat", "a black cat", "woman in red")  # fmt: skip
    assert [text for text in held if model.out_of_world(text)] == []
    strange = ("violin", "an octopus", "two dinosaurs", "quarterly tax report", "asdfgh qwrtz")
    assert [text for text in strange if not model.out_of_world(text)] == []
