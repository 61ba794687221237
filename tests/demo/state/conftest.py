"""The app with a second collection to go over to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.state.app import AppState
from index_store.folder.collection import Collection


@pytest.fixture
def state(model: Model, patches: list[Image.Image], tmp_path: Path, home: Path) -> Iterator[AppState]:
    """The app on a collection of four pictures called mine; another one of four, called trip, was made in it."""
    for number, place in enumerate((tmp_path / "mine", home / "collections" / "trip" / "collection")):
        (pictures := tmp_path / f"pictures-{number}").mkdir()
        for patch in range(4):
            patches[4 * number + patch].save(pictures / f"{patch}.png")
        with Collection.create(place, model=model.name, vocabulary=model.vocabulary.terms) as collection:
            index_paths(model, collection, [pictures])
    state = AppState(model, tmp_path / "mine")
    state.start()
    state.ready()
    yield state
    state.close()
