"""The oracle on scenes small enough to count by hand, and its premise: a caption's own scene always fits it."""

import pytest

from core.world.captions import captions
from core.world.claims import claim_from_json
from core.world.composer import compose
from core.world.oracle import SceneIndex, expected_recall, oracle_ranks
from core.world.scene import Group, Scene


def scene(number: int, *kinds: str, place: str = "park") -> Scene:
    return Scene("hand", number, place, "day", tuple(Group(kind, "red", 1, "medium", "", ()) for kind in kinds))


def test_ties_are_broken_at_random() -> None:
    # Captions that fit 1, 2, 4 and 20 scenes: at one (1 + 1/2 + 1/4 + 1/20) / 4, and so on.
    assert expected_recall([1, 2, 4, 20], 1) == pytest.approx(100 * 1.8 / 4)
    assert expected_recall([1, 2, 4, 20], 5) == pytest.approx(100 * 3.25 / 4)
    assert expected_recall([1, 2, 4, 20], 10) == pytest.approx(100 * 3.5 / 4)
    assert expected_recall([], 1) == 0.0


def test_the_index_finds_what_holds() -> None:
    index = SceneIndex([scene(0, "cat", "sofa"), scene(1, "cat"), scene(2, "dog", "sofa", place="beach")])
    assert index.matching(claim_from_json({"things": [{"noun": "cat"}]})) == [0, 1]
    assert index.matching(claim_from_json({"things": [{"noun": "animal"}, {"noun": "sofa"}]})) == [0, 2]
    assert index.matching(claim_from_json({"things": [], "place": "beach"})) == [2]
    assert index.matching(claim_from_json({"things": [{"noun": "apple"}]})) == []


def test_equal_scenes_share_the_first_place() -> None:
    twins = [scene(0, "cat"), scene(0, "cat")]
    found = oracle_ranks(twins)
    assert found.matching == ((2,) * 5, (2,) * 5)
    assert found.recall_at_1 == 50.0
    assert found.recall_at_5 == 100.0


def test_every_caption_fits_its_own_scene() -> None:
    scenes = [compose("train", number) for number in range(150)]
    index = SceneIndex(scenes)
    for position, one in enumerate(scenes):
        for caption in captions(one):
            assert position in index.matching(caption.claim)
    found = oracle_ranks(scenes)
    assert 80.0 < found.recall_at_1 <= found.recall_at_5 <= found.recall_at_10 <= 100.0
