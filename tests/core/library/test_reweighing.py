"""Heads kept under names, collections weighed anew with them, and collections as data sets."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.collection_data import LEAST, collection_data, described
from core.data.dense import DenseFolder
from core.data.dense_items import dense_file
from core.errors import DatasetError, ModelError
from core.library.indexing.sync import index_paths
from core.library.reweighing import carry_over
from core.models.head import HeadConfig, SparseHead
from core.models.head_files import HEAD_VOCABULARY
from core.models.kept_heads import keep_head, kept_head, kept_heads
from core.models.model import Model
from core.models.pairings import canonical_name
from core.models.registry import load_model, other_heads
from core.search.query import Query
from core.search.search import search
from index_store.folder.collection import Collection
from tests.rounding import ROUNDING, alike

pytestmark = pytest.mark.numeric


@pytest.fixture
def source(model: Model, patches: list[Image.Image], tmp_path: Path) -> Iterator[Collection]:
    """36 pictures with two captions each, and one without."""
    place = tmp_path / "pictures"
    place.mkdir()
    lines = []
    for number, patch in enumerate(patches[:37]):
        patch.save(place / f"{number}.png")
        if number < 36:
            lines.append(f'{{"file": "{number}.png", "captions": ["a red dog {number}", "a boat and {number} cats"]}}')
    (place / "captions.jsonl").write_text("\n".join(lines))
    with Collection.create(tmp_path / "source", model=model.name, vocabulary=model.vocabulary.terms) as made:
        index_paths(model, made, [place], captions=place / "captions.jsonl")
        made.tag([1], ["best"])
        yield made


def other_head(model: Model, place: Path) -> Path:
    SparseHead(HeadConfig(model.encoder.dim, 16, len(model.vocabulary))).save(place)
    model.vocabulary.save(place / HEAD_VOCABULARY)
    return place


def test_a_collection_is_weighed_anew_and_searched(model: Model, source: Collection, tmp_path: Path) -> None:
    head = SparseHead.load(other_head(model, tmp_path / "head"))
    other = Model("other", model.encoder, head, model.vocabulary)
    told: list[tuple[int, int | None, str]] = []
    path = tmp_path / "home" / "collections" / "new" / "collection"
    carried = carry_over(other, source, path, progress=lambda done, total, what: told.append((done, total, what)))
    assert (carried.added, carried.missing, carried.cancelled) == (len(source), 0, False)
    assert [what for done, total, what in told if done == total] == [
        "Encoding the pictures", "Encoding the captions", "Weighing the items",
    ]  # fmt: skip
    with Collection.open(path, model="other") as target:
        old, new = list(source.all_items()), list(target.all_items())
        assert [(i.kind, i.path, i.caption, i.content_hash, i.width, i.tags) for i in old] == [
            (i.kind, i.path, i.caption, i.content_hash, i.width, i.tags) for i in new
        ]
        assert Path(new[0].thumbnail or "").read_bytes() == Path(old[0].thumbnail or "").read_bytes()
        with Image.open(new[0].path) as picture:
            (expected,) = other.encode_images([picture.convert("RGB")])
        assert alike(target.vectors([new[0].id])[0], expected)
        assert search(other, target, Query("a red dog", k=3)).hits
        assert dense_file(target).exists()
    assert carry_over(other, source, path).added == 0
    Path(source.items([2])[0].path).unlink()  # its dense vector is known, so it is carried over all the same
    assert carry_over(other, source, tmp_path / "third").added == len(source)


def test_a_cancelled_carrying_goes_on(model: Model, source: Collection, tmp_path: Path) -> None:
    asked = iter([False] * 5 + [True])
    first = carry_over(model, source, tmp_path / "new", should_stop=lambda: next(asked, True))
    assert first.cancelled
    assert not carry_over(model, source, tmp_path / "new").cancelled
    with Collection.open(tmp_path / "new") as target:
        assert len(target) == len(source)


def test_a_collection_becomes_a_data_set(model: Model, source: Collection, tmp_path: Path) -> None:
    assert len(described(source)) == 36
    assert collection_data(model.encoder, source, tmp_path / "d.npz", tmp_path / "out")
    folder = DenseFolder.read(tmp_path / "out")
    assert folder.encoder == model.encoder.name
    sizes = folder.sizes()
    assert sum(sizes.values()) == 36 and sizes["train"] > 20 and min(sizes.values()) >= 1
    train = folder.split("train")
    np.testing.assert_allclose(train.texts[:2], model.encoder.encode_texts(train.captions[:2]), atol=ROUNDING)
    assert not collection_data(model.encoder, source, tmp_path / "e.npz", tmp_path / "other", should_stop=lambda: True)
    source.remove([item.id for item in source.all_items(kind="image")][:20])
    with pytest.raises(DatasetError, match=f"16 pictures .* at least {LEAST}"):
        collection_data(model.encoder, source, tmp_path / "d.npz", tmp_path / "out")


def test_a_name_stands_for_one_head(model: Model, tmp_path: Path, home: Path) -> None:
    assert kept_heads() == {} and kept_head("mine") is None
    made = other_head(model, tmp_path / "made")
    kept = keep_head(made, "mine", encoder="mean-colours")
    assert kept == home / "heads" / "mine" and kept_heads() == {"mine": kept}
    for name in ("", "a b", "../up", ".hidden", "x" * 41, "a/b"):
        with pytest.raises(ModelError, match="A head's name"):
            keep_head(made, name)
    with pytest.raises(ModelError, match="a head 'mine' already"):
        keep_head(made, "mine")
    with pytest.raises(ModelError, match="cannot be kept"):
        keep_head(tmp_path / "nothing", "other")
    assert list(kept_heads()) == ["mine"] and not list((home / "heads").glob(".*"))


def test_a_kept_head_is_a_model_by_name(home: Path, tmp_path: Path) -> None:
    built_in = load_model()
    place = tmp_path / "made"
    SparseHead(HeadConfig(256, 16, len(built_in.vocabulary))).save(place)
    built_in.vocabulary.save(place / HEAD_VOCABULARY)
    keep_head(place, "mine")
    assert canonical_name("scenes+mine") == "scenes+mine"
    model = load_model("scenes+mine")
    assert model.name == "scenes+mine" and model.head.config.hidden_size == 16
    assert list(other_heads("scenes")) == ["caption control", "caption control and anchor", "no control", "mine"]
    assert list(other_heads("scenes+mine")) == [
        "caption control", "caption control and anchor", "no control", "the built-in one",
    ]  # fmt: skip
    assert list(other_heads("blip-coco")) == ["mine"]
