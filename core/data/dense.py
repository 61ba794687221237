"""Dense data sets, in the paper's form: vectors of images and of their captions, as a folder and as one split.

A folder holds `img_embs.parquet` and `text_embs.parquet` (columns `id`, `emb`) and `dataset_meta.json` in Karpathy's
form. Whatever is wrong with it is said before anything is computed. Knows no encoder, no training and no measures.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy import float32, int64
from numpy.typing import NDArray

from core.errors import DatasetError
from core.writing import write_text_whole, write_whole

IMAGES_FILE, TEXTS_FILE, META_FILE = "img_embs.parquet", "text_embs.parquet", "dataset_meta.json"
FILES = (IMAGES_FILE, TEXTS_FILE, META_FILE)
# "restval" is what Karpathy's split of MSCOCO calls the rest of the old validation set; everybody trains on it.
SPLIT_NAMES = {"train": "train", "restval": "train", "val": "val", "test": "test"}


@dataclass(frozen=True)
class DenseDataset:
    """One split: (n, dim) image rows, (m, dim) caption rows, and for each caption its image's row and its text.

    `image_ids` and `text_ids` name the rows in run files; row numbers where they are left out.
    """

    images: NDArray[float32]
    texts: NDArray[float32]
    image_of_text: NDArray[int64]
    captions: Sequence[str]
    image_ids: Sequence[str] = ()
    text_ids: Sequence[str] = ()

    def __post_init__(self) -> None:
        n, m = len(self.images), len(self.texts)
        if not n or not m:
            raise DatasetError(f"The data set has {n} images and {m} captions; training and evaluation need both.")
        if self.images.shape[1] != self.texts.shape[1]:
            raise DatasetError(
                f"Image vectors have {self.images.shape[1]} dimensions and caption vectors {self.texts.shape[1]}; "
                "they must come from one encoder."
            )
        if not (len(self.image_of_text) == len(self.captions) == m) or self.image_of_text.max() >= n:
            raise DatasetError(f"The {m} caption vectors do not pair with their captions and the {n} images.")
        for name, rows in (("image", self.images), ("caption", self.texts)):
            bad = np.flatnonzero(~np.isfinite(rows).all(1))
            if len(bad):
                raise DatasetError(f"The {name} vector in row {bad[0]} holds a value that is not a finite number.")
        for name, ids, count in (("image_ids", self.image_ids, n), ("text_ids", self.text_ids, m)):
            if not ids:
                object.__setattr__(self, name, [str(row) for row in range(count)])
            elif len(ids) != count:
                raise DatasetError(f"There are {len(ids)} {name} for {count} rows; every row needs one.")


@dataclass(frozen=True)
class DenseFolder:
    """A whole data set folder, read and checked; `split` takes its parts."""

    path: Path
    images: Mapping[str, NDArray[float32]]
    texts: Mapping[str, NDArray[float32]]
    meta: Sequence[Mapping[str, Any]]
    encoder: str | None = None  # what made the vectors, where the data set says so

    @classmethod
    def read(cls, path: Path) -> "DenseFolder":
        """Reads a folder; DatasetError names the file, the row and what was expected of it.

        Rows of parquet files and images of the meta file count from 0.
        """
        for name in FILES:
            if not (path / name).is_file():
                raise DatasetError(f"The data set {path} has no {name}; it needs {', '.join(FILES)}.")
        images, texts = read_vectors(path / IMAGES_FILE), read_vectors(path / TEXTS_FILE)
        dims = [len(next(iter(vectors.values()))) for vectors in (images, texts)]
        if dims[0] != dims[1]:
            raise DatasetError(
                f"{path / TEXTS_FILE}, row 0: the vector has {dims[1]} dimensions, but those of {IMAGES_FILE} have "
                f"{dims[0]}; both must come from one encoder."
            )
        meta, encoder = _meta(path / META_FILE)
        _pair(path, "imgid", [str(image["imgid"]) for image in meta], images, IMAGES_FILE)
        sentences = [str(sentence["sentid"]) for image in meta for sentence in image["sentences"]]
        _pair(path, "sentid", sentences, texts, TEXTS_FILE)
        return cls(path, images, texts, meta, encoder)

    @property
    def dim(self) -> int:
        """The dimensions of its vectors."""
        return len(next(iter(self.images.values())))

    def sizes(self) -> dict[str, int]:
        """Images by split."""
        return {name: sum(_split(image) == name for image in self.meta) for name in ("train", "val", "test")}

    def split(self, name: str) -> DenseDataset:
        """The images of "train", "val" or "test" with their captions, in the order of the meta file.

        DatasetError when there is no such split or nothing in it.
        """
        chosen = [image for image in self.meta if _split(image) == name]
        if not chosen:
            held = ", ".join(f"{count} in {split}" for split, count in self.sizes().items())
            raise DatasetError(
                f"{self.path / META_FILE} lists no image of the split '{name}', which must hold at least one ({held})."
            )
        pairs = [(row, sentence) for row, image in enumerate(chosen) for sentence in image["sentences"]]
        image_ids = [str(image["imgid"]) for image in chosen]
        text_ids = [str(sentence["sentid"]) for _, sentence in pairs]
        return DenseDataset(
            np.stack([self.images[i] for i in image_ids]),
            np.stack([self.texts[i] for i in text_ids]),
            np.array([row for row, _ in pairs], int64),
            [sentence["raw"] for _, sentence in pairs],
            image_ids,
            text_ids,
        )


def read_vectors(path: Path) -> dict[str, NDArray[float32]]:
    """The vectors of a parquet file with the columns `id` and `emb`, by id as text."""
    try:
        table = pq.read_table(path, columns=["id", "emb"])
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise DatasetError(f"{path}: a parquet file with the columns id and emb was expected ({reason}).") from error
    ids, embeddings = table["id"].to_pylist(), table["emb"].combine_chunks()
    if not ids:
        raise DatasetError(f"{path}: the file has no rows; one vector a row was expected.")
    if not (pa.types.is_list(embeddings.type) or pa.types.is_large_list(embeddings.type)
            or pa.types.is_fixed_size_list(embeddings.type)) or not _numeric(embeddings.type.value_type):  # fmt: skip
        raise DatasetError(f"{path}: the column emb holds {embeddings.type}; lists of numbers were expected.")
    lengths = embeddings.value_lengths().to_pylist()
    for row, (name, length) in enumerate(zip(ids, lengths, strict=True)):
        if name is None or length is None:
            raise DatasetError(f"{path}, row {row}: the {'id' if name is None else 'vector'} is missing.")
        if length != lengths[0] or not length:
            raise DatasetError(
                f"{path}, row {row}: the vector has {length} dimensions, but {lengths[0] or 'at least 1'} were "
                "expected, as in row 0."
            )
    values = embeddings.flatten().to_numpy(zero_copy_only=False).astype(float32)
    rows = values.reshape(len(ids), lengths[0])
    bad = np.flatnonzero(~np.isfinite(rows).all(1))
    if len(bad):
        raise DatasetError(
            f"{path}, row {bad[0]} (id {ids[bad[0]]}): the vector holds a value that is not a finite number."
        )
    vectors: dict[str, NDArray[float32]] = {}
    for row, name in enumerate(ids):
        if str(name) in vectors:
            raise DatasetError(f"{path}, row {row}: the id {name} occurs twice; every row needs an id of its own.")
        vectors[str(name)] = rows[row]
    return vectors


def read_meta(path: Path) -> list[dict[str, Any]]:
    """The images of a meta file in Karpathy's form, each with imgid, split, filename and sentences[] of sentid, raw."""
    return _meta(path)[0]


def _meta(path: Path) -> tuple[list[dict[str, Any]], str | None]:
    """The images of a meta file, and the name of what made the vectors, where it says so."""
    try:
        told = json.loads(path.read_text("utf-8"))
        images = told["images"]
        if not isinstance(images, list):
            raise TypeError(f"images is a {type(images).__name__}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f'{path}: JSON of the form {{"images": [...]}} was expected ({error}).') from error
    for row, image in enumerate(images):
        where = f"{path}, image {row}"
        for key in ("imgid", "split", "sentences"):
            if not isinstance(image, dict) or image.get(key) is None:
                raise DatasetError(f"{where}: it has no {key}; every image needs imgid, split and sentences.")
        if str(image["split"]) not in SPLIT_NAMES:
            raise DatasetError(f"{where}: the split is '{image['split']}'; train, val or test was expected.")
        sentences = image["sentences"]
        if not isinstance(sentences, list) or not sentences:
            raise DatasetError(f"{where} (imgid {image['imgid']}): it has no captions; at least one was expected.")
        for number, sentence in enumerate(sentences):
            raw = sentence.get("raw") if isinstance(sentence, dict) else None
            if not isinstance(raw, str) or not raw.strip() or sentence.get("sentid") is None:
                raise DatasetError(f"{where}, sentence {number}: a sentid and a text as raw were expected.")
    encoder = told.get("encoder")
    return images, encoder if isinstance(encoder, str) else None


def write_dense(
    path: Path, images: Mapping[Any, NDArray[float32]], texts: Mapping[Any, NDArray[float32]], meta: Mapping[str, Any]
) -> None:
    """Writes a data set folder from vectors by id; the meta file last, so that it never names what is not there."""
    path.mkdir(parents=True, exist_ok=True)
    for name, vectors in ((IMAGES_FILE, images), (TEXTS_FILE, texts)):
        rows = pa.array([vector.astype(float32) for vector in vectors.values()], pa.list_(pa.float32()))
        write_whole(path / name, partial(pq.write_table, pa.table({"id": list(vectors), "emb": rows})))
    write_text_whole(path / META_FILE, json.dumps(meta, ensure_ascii=False) + "\n")


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _split(image: Mapping[str, Any]) -> str:
    return SPLIT_NAMES[image["split"]]


def _pair(path: Path, what: str, named: Sequence[str], vectors: Mapping[str, object], file: str) -> None:
    """Every id of the meta file once and with a vector, and no vector besides."""
    seen: set[str] = set()
    for name in named:
        if name in seen:
            raise DatasetError(f"{path / META_FILE}: the {what} {name} occurs twice; every {what} must occur once.")
        if name not in vectors:
            raise DatasetError(f"{path / META_FILE}: the {what} {name} has no vector; a row of {file} was expected.")
        seen.add(name)
    for row, name in enumerate(vectors):
        if name not in seen:
            raise DatasetError(f"{path / file}, row {row}: the id {name} is no {what} of {META_FILE}.")
