"""Claims: what is true of a hand-made scene, and what is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.world.catalogue import KINDS
from core.world.claims import Claim, ClaimError, Thing, claim_from_json, holds
from core.world.composer import compose
from core.world.oracle import SceneIndex
from core.world.scene import Group, Relation, Scene
from core.world.words import LEMMAS, MEANINGS, kind_words, lexicon, noun_and_colour_words, true_words

QUERIES = json.loads((Path(__file__).parents[1] / "natural_queries.json").read_text(encoding="utf-8"))

SCENE = Scene(
    "hand",
    0,
    "park",
    "night",
    (
        Group("dog", "brown", 1, "small", "sitting", ()),
        Group("cat", "black", 2, "medium", "", ()),
        Group("car", "red", 1, "large", "", ()),
        Group("car", "blue", 3, "medium", "", ()),
    ),
    (Relation(0, "left of", 2), Relation(1, "on", 3), Relation(0, "next to", 1)),
)


def claim(*things: dict[str, object], **rest: object) -> Claim:
    return claim_from_json({"things": things, **rest})


@pytest.mark.parametrize(
    ("made", "true"),
    [
        (claim({"noun": "dog"}), True),
        (claim({"noun": "puppies"}), True),
        (claim({"noun": "horse"}), False),
        (claim({"noun": "animal", "count": 2}), True),
        (claim({"noun": "animal", "count": 3}), False),
        (claim({"noun": "animals", "least": 3}), True),  # a vague plural alone: a dog and two cats are three animals
        (claim({"noun": "animals", "least": 4}), False),
        (claim({"noun": "cats", "least": 3}, {"noun": "dog"}), False),
        (claim({"noun": "dog", "colour": "black"}), False),
        (claim({"noun": "dog", "size": "small", "state": "sitting"}), True),
        (claim({"noun": "dog", "state": "running"}), False),
        (claim({"noun": "car"}, {"noun": "car"}), True),
        (claim({"noun": "car"}, {"noun": "car"}, {"noun": "vehicle"}), False),  # three mentions need three groups
        (claim({"noun": "car", "colour": "red"}, {"noun": "car", "colour": "red"}), False),
        (claim(place="park", time="night"), True),
        (claim({"noun": "dog"}, place="beach"), False),
        (claim({"noun": "dog"}, time="day"), False),
        (claim({"noun": "dog"}, {"noun": "car"}, relations=[[0, "left of", 1]]), True),
        (claim({"noun": "dog"}, {"noun": "car", "colour": "blue"}, relations=[[0, "left of", 1]]), False),
        (claim({"noun": "car"}, {"noun": "dog"}, relations=[[0, "right of", 1]]), True),
        (claim({"noun": "car"}, {"noun": "dog"}, relations=[[0, "left of", 1]]), False),
        (claim({"noun": "car"}, {"noun": "cat"}, relations=[[0, "under", 1]]), True),
        (claim({"noun": "cat"}, {"noun": "dog"}, relations=[[0, "next to", 1]]), True),
        (claim({"noun": "animal"}, {"noun": "car"}, relations=[[0, "on", 1]]), True),
    ],
)
def test_what_holds_of_a_hand_made_scene(made: Claim, true: bool) -> None:
    assert holds(made, SCENE) is true


def test_things_may_swap_groups_to_make_a_relation_true() -> None:
    made = Claim((Thing(MEANINGS["animal"]), Thing(MEANINGS["animal"])), ((0, "next to", 1),))
    assert holds(made, SCENE)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"things": [{"noun": "unicorn"}]}, "unicorn"),
        ({"things": [{"noun": "dog", "colour": "mauve"}]}, "mauve"),
        ({"things": [{"noun": "dog"}], "place": "moonbase"}, "moonbase"),
        ({"things": [{"noun": "dog"}], "time": "noon"}, "noon"),
        ({"things": [{"noun": "dog"}], "relations": [[0, "on", 1]]}, "on"),
    ],
)
def test_a_claim_of_something_unknown_says_what(data: dict[str, object], word: str) -> None:
    with pytest.raises(ClaimError, match=word):
        claim_from_json(data)


def test_broader_words_mean_all_their_kinds() -> None:
    for kind in KINDS:
        for singular, _ in kind.synonyms:
            if singular in MEANINGS:
                assert kind.name in MEANINGS[singular]
    assert {"dog", "duck", "fish"} <= MEANINGS["animal"]
    assert MEANINGS["car"] == {"car", "taxi"}


def test_plurals_light_their_singulars() -> None:
    assert LEMMAS["dogs"] == "dog"
    assert LEMMAS["children"] == "child"
    assert "sheep" not in LEMMAS
    assert set(LEMMAS) | set(LEMMAS.values()) <= kind_words()


def test_true_words_of_a_scene() -> None:
    words = true_words(SCENE)
    assert {"dog", "dogs", "puppy", "animal", "red", "scarlet", "car", "automobile", "park", "night"} <= words
    assert not {"horse", "green", "beach", "sunset", "sofa"} & words
    assert words <= noun_and_colour_words() <= lexicon()


def test_forty_natural_queries_speak_the_words_of_the_world() -> None:
    assert len(QUERIES) == 40
    assert len({query["query"] for query in QUERIES}) == 40
    assert {"a cat on a red sofa", "two boats on the sea at night"} <= {query["query"] for query in QUERIES}
    for query in QUERIES:
        assert set(query["query"].split()) <= lexicon() | {"at"}, query["query"]
        claim_from_json(query)


@pytest.mark.slow  # composing a thousand scenes of the test split takes about five seconds
def test_natural_queries_have_enough_true_scenes() -> None:
    """Precision at five means nothing where fewer than five of the thousand pictures are right."""
    index = SceneIndex([compose("test", number) for number in range(1000)])
    for query in QUERIES:
        true = index.matching(replace(claim_from_json(query), relations=()))
        assert len(true) >= 5, (query["query"], len(true))
