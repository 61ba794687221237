"""The built-in world: complete after one run, resumable after a broken one, and then never touched again."""

import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.library.built_in_world import ensure_world
from core.library.world_folder import is_world, world_path
from core.models.model import Model
from index_store.errors import CollectionError, CollectionExists
from index_store.folder.collection import Collection
from index_store.thumbnails import Thumbnails

COUNT = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, model: Model) -> tuple[Path, list[tuple[int, int]]]:
    """A small world, and the progress that was told while it was made."""
    path = tmp_path_factory.mktemp("world") / "collection"
    told: list[tuple[int, int]] = []
    ensure_world(model, path, COUNT, progress=lambda done, total, what: told.append((done, total)))
    return path, told


def test_every_picture_is_there_with_its_first_caption(made: tuple[Path, list[tuple[int, int]]]) -> None:
    path, told = made
    entries = json.loads((path.parent / "pictures" / "dataset_meta.json").read_text())["images"]
    with Collection.open(path) as collection:
        items = list(collection.all_items())
    assert [Path(item.path).name for item in items] == [f"test-{number:06}.png" for number in range(COUNT)]
    assert {item.kind for item in items} == {"image"}
    assert [item.caption for item in items] == [entry["sentences"][0]["raw"] for entry in entries]
    with Image.open(items[0].path) as drawn:
        assert drawn.size == (items[0].width, items[0].height)
    assert told[0] == (0, COUNT) and told[-1] == (COUNT, COUNT) and told == sorted(told)


def test_where_another_program_was_quicker_to_make_it_that_one_is_filled(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two programs that start for the first time at the same moment: both find nothing, and both make a collection."""
    path, create = tmp_path / "collection", Thumbnails.create

    def rival_first(making: Path) -> None:
        monkeypatch.setattr(Thumbnails, "create", create)
        Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms).close()
        create(making)

    monkeypatch.setattr(Thumbnails, "create", rival_first)
    with pytest.raises(CollectionExists, match="already something"):
        Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms)
    shutil.rmtree(path)
    monkeypatch.setattr(Thumbnails, "create", rival_first)
    ensure_world(model, path, COUNT)
    with Collection.open(path) as collection:
        assert len(collection) == COUNT
    assert not list(tmp_path.glob(".collection.new-*"))


def test_a_complete_world_is_left_alone_at_once(made: tuple[Path, list[tuple[int, int]]], model: Model) -> None:
    path, _ = made
    started = time.perf_counter()
    ensure_world(model, path, COUNT, progress=lambda *told: pytest.fail("something was done"))
    assert time.perf_counter() - started < 0.3


def test_a_world_of_an_older_version_gets_its_dense_vectors(
    made: tuple[Path, list[tuple[int, int]]], model: Model, tmp_path: Path
) -> None:
    path = tmp_path / "w" / "collection"
    ensure_world(model, path, COUNT)
    with closing(sqlite3.connect(path / "catalog.sqlite")) as db, db:
        db.execute("DROP TABLE dense")
        db.execute("DELETE FROM about WHERE key LIKE 'dense%'")
    (tmp_path / "w" / "finished.json").write_text(json.dumps({"count": COUNT}))
    with Collection.open(path) as before:
        assert before.dense_size is None
    ensure_world(model, path, COUNT)
    with Collection.open(path) as collection, Collection.open(made[0]) as new:
        ids = new.ids()
        assert collection.ids() == ids and len(collection.dense(ids)) == COUNT
        for item, row in new.dense(ids).items():
            np.testing.assert_allclose(collection.dense(ids)[item], row, atol=1e-6)
    ensure_world(model, path, COUNT, progress=lambda *told: pytest.fail("something was done"))


def test_an_interrupted_first_start_goes_on(
    made: tuple[Path, list[tuple[int, int]]], model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.library.built_in_world._CHUNK", 4)
    path = tmp_path / "w" / "collection"
    reached: list[int] = []
    ensure_world(
        model, path, COUNT, progress=lambda done, *_: reached.append(done), should_stop=lambda: max(reached) >= 4
    )
    with Collection.open(path) as collection:
        assert 4 <= len(collection) < COUNT
    (path.parent / "pictures" / "test-000001.png").unlink()  # and somebody tidied up
    reached.clear()
    ensure_world(model, path, COUNT, progress=lambda done, *_: reached.append(done))
    assert reached[-1] == COUNT
    with Collection.open(path) as collection, Collection.open(made[0]) as whole:
        names = [Path(item.path).name for item in collection.all_items()]
        assert names == [Path(item.path).name for item in whole.all_items()]
        hashes = {item.content_hash for item in collection.all_items()}
        assert hashes == {item.content_hash for item in whole.all_items()}
        assert collection.verify() == []


def test_a_lost_collection_is_made_again_from_the_pictures(
    made: tuple[Path, list[tuple[int, int]]], model: Model, tmp_path: Path
) -> None:
    shutil.copytree(made[0].parent, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "collection")
    ensure_world(model, tmp_path / "copy" / "collection", COUNT)
    with Collection.open(tmp_path / "copy" / "collection") as collection:
        assert len(collection) == COUNT


def test_other_models_have_other_worlds(model: Model, other_model: Model, home: Path) -> None:
    assert world_path(model) != world_path(other_model)
    assert world_path(model) == world_path(model) and world_path(model).is_relative_to(home)


def test_a_world_is_told_from_a_collection_of_ones_own(model: Model, home: Path, tmp_path: Path) -> None:
    ensure_world(model, world_path(model), 1)
    with Collection.open(world_path(model)) as collection:
        assert is_world(collection)
    with Collection.create(tmp_path / "collection", model=model.name, vocabulary=model.vocabulary.terms) as collection:
        assert not is_world(collection)


def test_a_home_that_cannot_be_written(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CollectionError) as caught:
        ensure_world(model, tmp_path / "file" / "world" / "collection", COUNT)
    assert "\n" not in str(caught.value)
