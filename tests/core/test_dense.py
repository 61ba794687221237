"""Dense data set folders: read as written, and refused with file, row and expectation when malformed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data.dense import IMAGES_FILE, META_FILE, TEXTS_FILE, DenseFolder, write_dense
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


def test_vectors_of_other_types_are_read_too(folder: Path) -> None:
    halves = pa.array([[0.5, 0.25, 1.0]] * 3, pa.list_(pa.float64(), 3))
    pq.write_table(pa.table({"id": ["5", "6", "7"], "emb": halves}), folder / IMAGES_FILE)
    assert DenseFolder.read(folder).split("test").images.tolist() == [[0.5, 0.25, 1.0]]


def test_an_empty_split_is_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"dataset_meta\.json lists no image of the split 'val'.*2 in train"):
        DenseFolder.read(folder).split("val")


ROWS = [[1.0, 1.0, 1.0]] * 3


@pytest.mark.parametrize(
    ("ids", "rows", "said"),
    [
        ([5, 6, 7], [[1.0, 1, 1], [1.0, float("nan"), 1], [1.0, 1, 1]], r"row 1 \(id 6\): .*not a finite number"),
        ([5, 6, 6], ROWS, "row 2: the id 6 occurs twice"),
        ([5, 6, 8], ROWS, "the imgid 7 has no vector; a row of img_embs.parquet was expected"),
        ([5, 6], ROWS[:2], "the imgid 7 has no vector"),
        ([5, 6, 7, 9], [*ROWS, ROWS[0]], "row 3: the id 9 is no imgid"),
        ([5, None, 7], ROWS, "row 1: the id is missing"),
        ([5, 6, 7], [ROWS[0], None, ROWS[0]], "row 1: the vector is missing"),
        ([5, 6, 7], [ROWS[0], [1.0, 2.0], ROWS[0]], "row 1: the vector has 2 dimensions, but 3 were expected"),
        ([5, 6, 7], [[1.0, 2.0]] * 3, r"text_embs\.parquet, row 0: the vector has 3 dimensions.*have 2"),
        ([5, 6, 7], ["a", "b", "c"], "lists of numbers were expected"),
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
        (lambda images: images[0]["sentences"][0].update(sentid=9), "the sentid 9 has no vector"),
        (lambda images: images.pop(0), r"img_embs\.parquet, row 2: the id 7 is no imgid"),
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
