"""Written scenes are a data set in the paper's form that further splits can be added to."""

import json
from pathlib import Path

import pytest
from PIL import Image

from core.errors import DatasetError
from core.world.composer import compose
from core.world.writer import META, write_scenes


def test_two_splits_in_one_folder(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    write_scenes("train", 3, tmp_path, progress=lambda done, count, _: calls.append((done, count)))
    first = json.loads((tmp_path / META).read_text())["images"]
    write_scenes("test", 2, tmp_path, start=5)
    images = json.loads((tmp_path / META).read_text())["images"]

    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert {i["filename"] for i in images} == {
        "train-000000.png", "train-000001.png", "train-000002.png", "test-000005.png", "test-000006.png",
    }  # fmt: skip
    assert all(image in images for image in first)
    assert len({image["imgid"] for image in images}) == 5
    sentences = [sentence for image in images for sentence in image["sentences"]]
    assert len({sentence["sentid"] for sentence in sentences}) == len(sentences) == 25
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([META, *(i["filename"] for i in images)])


def test_the_record_says_what_was_drawn(tmp_path: Path) -> None:
    write_scenes("val", 1, tmp_path)
    (image,) = json.loads((tmp_path / META).read_text())["images"]
    scene = compose("val", 0)
    assert image["split"] == "val"
    assert image["scene"]["place"] == scene.place
    assert image["scene"]["time"] == scene.time
    assert [thing["name"] for thing in image["scene"]["objects"]] == [group.kind for group in scene.groups]
    assert [len(thing["boxes"]) for thing in image["scene"]["objects"]] == [group.count for group in scene.groups]
    with Image.open(tmp_path / image["filename"]) as picture:
        assert picture.size == (384, 384)


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_scenes("val", 2, tmp_path)
    before = (tmp_path / "val-000001.png").read_bytes()
    write_scenes("val", 1, tmp_path, start=1)
    assert (tmp_path / "val-000001.png").read_bytes() == before
    assert len(json.loads((tmp_path / META).read_text())["images"]) == 2


def test_refusals_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="at least 1"):
        write_scenes("val", 0, tmp_path / "a")
    with pytest.raises(DatasetError, match="splits are"):
        write_scenes("dev", 1, tmp_path / "a")
    assert not (tmp_path / "a").exists()
    (tmp_path / META).write_text("[1, 2]")
    with pytest.raises(DatasetError, match="choose another folder"):
        write_scenes("val", 1, tmp_path)
