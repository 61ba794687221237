"""Dense data set folders: read as written, and refused with file, row and expectation when malformed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data import dense
from core.data.dense import IMAGES_FILE, META_FILE, TEXTS_FILE, DenseFolder, read_vectors, write_dense
from core.data.hub import dataset_folder
from core.errors import DatasetError

META: dict[str, Any] = {
    "images": [
        {"imgid": 7, "split": "train", "filename": "a.jpg", "sentences": [{"sentid": 1, "raw": "a dog"}]},
        {"imgid": 5, "split": "restval", "filename": "b.jpg", "sentences": [{"sentid": 2, "raw": "a cat"}]},
        {"imgid": 6, "split": "test", "filename": "c.jpg",
         "sentences": [{"sentid": 4, "raw": "a cow"}, {"sentid": 3, "raw": "grass"}]},
    ]
}  # fmt: skip


def vectors(*ids: int) -> dict[int, np.ndarray]:
    return {i: np.full(3, i, np.float32) for i in ids}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dense(tmp_path, vectors(5, 6, 7), vectors(1, 2, 3, 4), META)
    return tmp_path


def rewrite(path: Path, ids: list[Any], embeddings: list[Any]) -> None:
    pq.write_table(pa.table({"id": ids, "emb": embeddings}), path)


def remeta(folder: Path, change: Any) -> None:
    meta = json.loads(json.dumps(META))
    change(meta["images"])
    (folder / META_FILE).write_text(json.dumps(meta))


def test_a_split_pairs_captions_with_their_images(folder: Path) -> None:
    read = DenseFolder.read(folder)
    assert read.dim == 3 and read.sizes() == {"train": 2, "val": 0, "test": 1}
    train, test = read.split("train"), read.split("test")
    assert train.images[:, 0].tolist() == [7, 5] and train.texts[:, 0].tolist() == [1, 2]
    assert train.image_ids == ["7", "5"] and train.image_of_text.tolist() == [0, 1]
    assert list(test.captions) == ["a cow", "grass"] and test.text_ids == ["4", "3"]
    assert test.texts.dtype == np.float32 and test.image_of_text.tolist() == [0, 0]


KINDS = [
    pa.list_(pa.float64()), pa.list_(pa.float32()), pa.list_(pa.float16()), pa.large_list(pa.float64()),
    pa.list_(pa.float64(), 3), pa.list_(pa.float32(), 3),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_vectors_of_every_type_are_read_in_any_order_and_in_batches(
    kind: pa.DataType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with one row a group, ids as text and an empty row, of which two groups are read at once."""
    monkeypatch.setattr(dense, "BATCH", 2)
    rows = pa.array([[0.5, 0.25, 1.0], None, [7.0, 7.5, 7.0], [6.0, 6.5, 6.0], [5.0, 5.5, 5.0]], kind)
    table = pa.table({"id": ["11", "12", "7", "6", "5"], "emb": rows, "other": [1, 2, 3, 4, 5]})
    pq.write_table(table, folder / IMAGES_FILE, row_group_size=1)
    read = DenseFolder.read(folder)
    assert read.images.dtype == np.float32
    assert read.split("train").images.tolist() == [[7, 7.5, 7], [5, 5.5, 5]]
    assert read.split("test").images.tolist() == [[6, 6.5, 6]]
    assert list(read_vectors(folder / IMAGES_FILE)) == ["11", "7", "6", "5"]


def test_the_split_train_is_told_with_and_without_restval(folder: Path) -> None:
    read = DenseFolder.read(folder)
    assert read.split("train", restval=False).image_ids == ["7"]
    assert list(read.split("train", restval=False).captions) == ["a dog"]
    remeta(folder, lambda images: images[0].update(split="restval"))
    with pytest.raises(DatasetError, match="split 'train' without 'restval'"):
        DenseFolder.read(folder).split("train", restval=False)


NAN = float("nan")


@pytest.mark.parametrize(
    ("ids", "rows", "said", "kept"),
    [
        ([9, 5, 6, 7], [[1.0] * 3] * 4, "row 0: the id 9 is no imgid of dataset_meta.json", ["7", "5", "6"]),
        ([5, 6], [[1.0] * 3] * 2, "the imgid 7 has no vector; a row of img_embs.parquet was expected", ["5", "6"]),
        ([5, 6, 7], [[1.0, NAN, 1], [1.0] * 3, [1.0] * 3], r"row 0 (id 5): the vector holds a value", ["7", "6"]),
        ([5, 6, 7], [[1.0] * 3, None, [1.0] * 3], "row 1 (id 6): the vector is missing", ["7", "5"]),
    ],
)
def test_what_does_not_pair_is_left_out_and_costs_nothing_else(
    folder: Path, caplog: pytest.LogCaptureFixture, ids: list[Any], rows: list[Any], said: str, kept: list[str]
) -> None:
    rewrite(folder / IMAGES_FILE, ids, rows)
    read = DenseFolder.read(folder)
    assert said in caplog.text and "left out" in caplog.text
    assert read.listing.image_ids.to_pylist() == kept and len(read.images) == len(kept)
    texts = [read.texts[i, 0] for i in range(len(read.texts))]  # a caption's vector is its own id three times
    assert texts == [float(i) for i in read.listing.text_ids.to_pylist()]
    owners = [kept[i] for i in read.listing.image_of_text]
    assert owners == [{"1": "7", "2": "5", "3": "6", "4": "6"}[i] for i in read.listing.text_ids.to_pylist()]


def test_captions_without_vectors_are_left_out_and_images_without_captions(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rewrite(folder / TEXTS_FILE, [1, 2, 3, *range(100, 120)], [[1.0] * 3] * 23)
    assert DenseFolder.read(folder).listing.text_ids.to_pylist() == ["1", "2", "3"]  # its image has another caption
    assert "more entries are left out" in caplog.text and len(caplog.records) == dense.WARNED + 1
    rewrite(folder / TEXTS_FILE, [1, 3, 4], [[1.0] * 3] * 3)
    caplog.clear()
    read = DenseFolder.read(folder)
    assert "the sentid 2 has no vector; a row of text_embs.parquet was expected" in caplog.text
    assert read.listing.image_ids.to_pylist() == ["7", "6"] and read.sizes() == {"train": 1, "val": 0, "test": 1}


def test_an_empty_split_is_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"dataset_meta\.json lists no image of the split 'val'.*2 in train"):
        DenseFolder.read(folder).split("val")


ROWS = [[1.0, 1.0, 1.0]] * 3


@pytest.mark.parametrize(
    ("ids", "rows", "said"),
    [
        ([5, 6, 6], ROWS, "row 2: the id 6 occurs twice"),
        ([5, None, 7], ROWS, "row 1: the id is missing"),
        ([5, 6, 7], [ROWS[0], [1.0, 2.0], ROWS[0]], "row 1: the vector has 2 dimensions, but 3 were expected"),
        ([5, 6, 7], [[1.0, 2.0]] * 3, r"text_embs\.parquet, row 0: the vector has 3 dimensions.*have 2"),
        ([5, 6, 7], ["a", "b", "c"], "lists of numbers were expected"),
        ([5, 6, 7], pa.array([[]] * 3, pa.list_(pa.float64())), "row 0: the vector has 0 dimensions"),
        ([9, 8, 9, 5], [*ROWS, ROWS[0]], "row 2: the id 9 occurs twice"),
        ([8, 9], ROWS[:2], "no image has a vector and a caption with one"),
    ],
)
def test_malformed_vectors_are_refused(folder: Path, ids: list[Any], rows: list[Any], said: str) -> None:
    rewrite(folder / IMAGES_FILE, ids, rows)
    with pytest.raises(DatasetError, match=said):
        DenseFolder.read(folder)


def test_missing_and_broken_files_are_refused(folder: Path) -> None:
    (folder / META_FILE).write_text('{"pictures": []}')
    with pytest.raises(DatasetError, match=r'dataset_meta\.json: JSON of the form \{"images"'):
        DenseFolder.read(folder)
    (folder / TEXTS_FILE).write_bytes((folder / TEXTS_FILE).read_bytes()[:50])
    with pytest.raises(DatasetError, match=r"text_embs\.parquet: a parquet file with the columns id and emb"):
        DenseFolder.read(folder)
    pq.write_table(pa.table({"id": [1]}), folder / TEXTS_FILE)
    with pytest.raises(DatasetError, match=r"text_embs\.parquet: .*columns id and emb"):
        DenseFolder.read(folder)
    (folder / TEXTS_FILE).unlink()
    with pytest.raises(DatasetError, match=r"has no text_embs\.parquet"):
        DenseFolder.read(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda images: images[1].update(sentences=[]), r"image 1 \(imgid 5\): it has no captions"),
        (lambda images: images[1].pop("sentences"), "image 1: it has no sentences"),
        (lambda images: images[2]["sentences"][1].update(raw=" "), "image 2, sentence 1: a sentid and a text"),
        (lambda images: images[0].update(split="dev"), "image 0: the split is 'dev'"),
        (lambda images: images[0].update(imgid=6), "the imgid 6 occurs twice"),
        (lambda images: images[0]["sentences"][0].update(sentid=2), "the sentid 2 occurs twice"),
    ],
)
def test_malformed_meta_is_refused(folder: Path, change: Any, said: str) -> None:
    remeta(folder, change)
    with pytest.raises(DatasetError, match=said):
        DenseFolder.read(folder)


def test_a_data_set_is_a_folder_or_a_hub_id(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dataset_folder(str(folder)) == folder
    with pytest.raises(DatasetError, match=r"no folder .*nowhere at all.* no hub id"):
        dataset_folder("nowhere at all")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DatasetError, match=r"'lsr42/no-dense' is neither a folder here nor in the hub's cache .*hub"):
        dataset_folder("lsr42/no-dense")
    assert not list(tmp_path.glob("hub/**/*.parquet*"))
