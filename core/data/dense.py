"""Dense data sets, in the paper's form: vectors of images and of their captions, as a folder and as one split.

A folder holds `img_embs.parquet` and `text_embs.parquet` (columns `id`, `emb`) and `dataset_meta.json` in Karpathy's
form. Whatever is wrong with it is reported before anything is computed. Knows no encoder, no training and no measures.
"""

import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy import bool_, float32, int64
from numpy.typing import NDArray

from core.errors import DatasetError
from core.files import write_text_whole, write_whole

log = logging.getLogger(__name__)

BATCH = 2048  # rows read at once: 4 MB as 256 doubles
NOWHERE = -1  # where a vector goes that nobody wants
WARNED = 5  # entries left out whose reasons are given; the others are counted

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
class Listing:
    """What a meta file lists: n images with their splits (as it names them) and m captions, each of one image.

    Ids and captions lie outside Python's own memory, where MSCOCO's 616,767 would take four times as much.
    """

    image_ids: pa.StringArray
    splits: Sequence[str]
    text_ids: pa.StringArray
    captions: pa.StringArray
    image_of_text: NDArray[int64]

    def kept(self, images: NDArray[bool_], texts: NDArray[bool_]) -> "Listing":
        """Of (n,) images and (m,) captions those marked True; a kept caption's image must be kept too."""
        number = np.cumsum(images) - 1  # (n,) new row of each kept image
        return Listing(
            self.image_ids.filter(pa.array(images)),
            list(compress(self.splits, images)),
            self.text_ids.filter(pa.array(texts)),
            self.captions.filter(pa.array(texts)),
            number[self.image_of_text[texts]],
        )


@dataclass(frozen=True)
class DenseFolder:
    """A whole data set folder, read and checked; `split` takes its parts.

    images (n, dim) and texts (m, dim) in the order of `listing`; `encoder`: what made the vectors, where that is known.
    """

    path: Path
    images: NDArray[float32]
    texts: NDArray[float32]
    listing: Listing
    encoder: str | None = None

    @classmethod
    def read(cls, path: Path) -> "DenseFolder":
        """Reads a folder; DatasetError names the file, the row and what was expected of it.

        Rows of parquet files and images of the meta file count from 0. A vector that the meta file does not name is
        left out with a warning, and so is what has no usable vector: a caption, or an image with its captions. Reading
        takes little more memory than the arrays that are kept (benchmarks/reading.py).
        """
        for name in FILES:
            if not (path / name).is_file():
                raise DatasetError(f"The data set {path} has no {name}; it needs {', '.join(FILES)}.")
        files = VectorFile.open(path / IMAGES_FILE), VectorFile.open(path / TEXTS_FILE)
        listing, encoder = _listing(path / META_FILE)
        pa.default_memory_pool().release_unused()  # what building the lists took besides
        images, with_image = files[0].read_rows(listing.image_ids, "imgid")
        texts, with_text = files[1].read_rows(listing.text_ids, "sentid")
        if images.shape[1] != texts.shape[1]:
            raise DatasetError(
                f"{path / TEXTS_FILE}, row 0: the vector has {texts.shape[1]} dimensions, but those of {IMAGES_FILE} "
                f"have {images.shape[1]}; both must come from one encoder."
            )
        if not (with_image.all() and with_text.all()):
            with_text &= with_image[listing.image_of_text]
            captions_each = np.bincount(listing.image_of_text[with_text], minlength=len(with_image))
            with_image &= captions_each > 0  # without a caption it is no pair
            if not with_text.any():
                raise DatasetError(
                    f"{path / META_FILE}: no image has a vector and a caption with one; nothing is left."
                )
            listing, images, texts = listing.kept(with_image, with_text), images[with_image], texts[with_text]
        return cls(path, images, texts, listing, encoder)

    @property
    def dim(self) -> int:
        """The dimensions of its vectors."""
        return int(self.images.shape[1])

    def sizes(self) -> dict[str, int]:
        """Images by split."""
        counts = Counter(SPLIT_NAMES[split] for split in self.listing.splits)
        return {name: counts[name] for name in ("train", "val", "test")}

    def split(self, name: str, *, restval: bool = True) -> DenseDataset:
        """The images of "train", "val" or "test" with their captions, in the order of the meta file.

        `restval`: whether "train" includes what the meta file calls "restval". DatasetError when there is no such split
        or nothing in it.
        """
        listing = self.listing
        chosen = np.array([SPLIT_NAMES[s] == name and (restval or s != "restval") for s in listing.splits], bool)
        if not chosen.any():
            held = ", ".join(f"{count} in {split}" for split, count in self.sizes().items())
            but = "" if restval or name != "train" else " without 'restval'"
            raise DatasetError(
                f"{self.path / META_FILE} lists no image of the split '{name}'{but}, which must hold at least one "
                f"({held})."
            )
        texts = chosen[listing.image_of_text]
        part = listing.kept(chosen, texts)
        return DenseDataset(
            self.images[chosen],
            self.texts[texts],
            part.image_of_text,
            part.captions.to_pylist(),
            part.image_ids.to_pylist(),
            part.text_ids.to_pylist(),
        )


@dataclass(frozen=True)
class VectorFile:
    """A parquet file with the columns `id` and `emb`, opened and its columns checked, its rows not read yet."""

    path: Path
    file: pq.ParquetFile

    @classmethod
    def open(cls, path: Path) -> "VectorFile":
        """Opens it; DatasetError where it is no such file."""
        try:
            # with a buffer pages are read one by one, not a whole row group's column at once
            file = pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
            schema = file.schema_arrow
            kinds = {name: schema.field(name).type for name in ("id", "emb")}
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            reason = str(error).splitlines()[0]
            raise DatasetError(
                f"{path}: a parquet file with the columns id and emb was expected ({reason})."
            ) from error
        kind = kinds["emb"]
        if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)) or not (
            pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)
        ):
            raise DatasetError(f"{path}: the column emb holds {kind}; lists of numbers were expected.")
        if not file.metadata.num_rows:
            raise DatasetError(f"{path}: the file has no rows; one vector a row was expected.")
        return cls(path, file)

    def ids(self) -> pa.StringArray:
        """The ids of its rows as text, in their order; DatasetError where a row has none or one occurs twice."""
        try:
            ids = pc.cast(self.file.read(["id"], use_threads=False)["id"].combine_chunks(), pa.string())
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self._unreadable(error) from error
        if ids.null_count:
            row = int(np.flatnonzero(ids.is_null())[0])
            raise DatasetError(f"{self.path}, row {row}: the id is missing.")
        first = np.unique(ids.dictionary_encode().indices, return_index=True)[1]
        if len(first) < len(ids):
            row = int(np.setdiff1d(np.arange(len(ids)), first)[0])
            raise DatasetError(
                f"{self.path}, row {row}: the id {ids[row]} occurs twice; every row needs an id of its own."
            )
        return ids

    def read_rows(self, wanted: pa.StringArray, what: str) -> tuple[NDArray[float32], NDArray[bool_]]:
        """(n, dim) the vectors of the n ids wanted, and (n,) whether there is a usable one; zeros where not.

        `what` names an id in errors and warnings. A vector that nobody wants, one that is missing or not finite, and an
        id without a vector are warned of. Raises DatasetError as `ids` does, and for vectors of different lengths.
        """
        ids = self.ids()
        positions = pc.index_in(ids, wanted).fill_null(NOWHERE).to_numpy()
        there = np.zeros(len(wanted), bool)
        left_out = _LeftOut(self.path)
        rows: NDArray[float32] | None = None
        start = 0
        for vectors in self._vectors():
            stop = start + len(vectors)
            rows = np.zeros((len(wanted), self._dim(vectors)), float32) if rows is None else rows
            whole = self._whole(vectors, rows.shape[1], start)
            values = vectors.flatten().to_numpy(zero_copy_only=False).reshape(-1, rows.shape[1])  # of whole ones
            finite = np.isfinite(values).all(1)
            target = positions[start:stop][whole]
            taken = finite & (target != NOWHERE)
            rows[target[taken]] = values if taken.all() else values[taken]
            there[target[taken]] = True
            left_out.rows(start + np.flatnonzero(~whole), ids, " (id {}): the vector is missing")
            unfit = start + np.flatnonzero(whole)[~finite]
            left_out.rows(unfit, ids, " (id {}): the vector holds a value that is not a finite number")
            start = stop
        left_out.rows(np.flatnonzero(positions == NOWHERE), ids, f": the id {{}} is no {what} of {META_FILE}")
        met = np.zeros(len(wanted), bool)
        met[positions[positions != NOWHERE]] = True
        left_out.entries(np.flatnonzero(~met), wanted, what)
        left_out.warn()
        pa.default_memory_pool().release_unused()
        assert rows is not None  # a file without rows is not opened
        return rows, there

    def _vectors(self) -> Iterator[pa.Array]:
        try:
            for batch in self.file.iter_batches(BATCH, columns=["emb"], use_threads=False):
                yield batch.column("emb")
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self._unreadable(error) from error

    def _dim(self, vectors: pa.Array) -> int:
        """The length that the first vectors have."""
        dim = next((length for length in vectors.value_lengths().to_pylist() if length is not None), 0)
        if not dim:
            raise DatasetError(f"{self.path}, row 0: the vector has 0 dimensions, but at least 1 was expected.")
        return int(dim)

    def _whole(self, vectors: pa.Array, dim: int, start: int) -> NDArray[bool_]:
        """Which of the vectors are there; DatasetError where one is of another length. `start`: row of the first."""
        whole = ~np.asarray(vectors.is_null())
        lengths = vectors.value_lengths().fill_null(dim).to_numpy()
        if (lengths != dim).any():
            row = int(np.flatnonzero(lengths != dim)[0])
            raise DatasetError(
                f"{self.path}, row {start + row}: the vector has {lengths[row]} dimensions, but {dim} were expected, "
                "as in row 0."
            )
        return whole

    def _unreadable(self, error: Exception) -> DatasetError:
        reason = str(error).splitlines()[0]
        return DatasetError(f"{self.path}: its rows cannot be read ({reason}); fetch or write it anew.")


class _LeftOut:
    """Gathers what is left out and why, to warn of the first and to count the rest."""

    def __init__(self, path: Path):
        self._path = path
        self._reasons: list[str] = []
        self._count = 0

    def rows(self, rows: NDArray[int64], ids: pa.StringArray, reason: str) -> None:
        """Rows of the file, for one reason, in which "{}" stands for a row's id."""
        lines = [f"{self._path}, row {row}{reason.format(ids[row])}" for row in rows[:WARNED].tolist()]
        self._add(lines, len(rows))

    def entries(self, positions: NDArray[int64], wanted: pa.StringArray, what: str) -> None:
        """Entries of the meta file that have no row here."""
        meta, file = self._path.with_name(META_FILE), self._path.name
        missing = [f"the {what} {wanted[position]} has no vector" for position in positions[:WARNED].tolist()]
        self._add([f"{meta}: {lacking}; a row of {file} was expected" for lacking in missing], len(positions))

    def warn(self) -> None:
        """A warning for each of the first, and one for all others."""
        for reason in self._reasons:
            log.warning("%s; it is left out", reason)
        if self._count > len(self._reasons):
            log.warning("%s: %d more entries are left out", self._path, self._count - len(self._reasons))

    def _add(self, reasons: Sequence[str], count: int) -> None:
        self._reasons += reasons[: WARNED - len(self._reasons)]
        self._count += count


def read_vectors(path: Path) -> dict[str, NDArray[float32]]:
    """The usable vectors of a parquet file with the columns `id` and `emb`, by id as text."""
    file = VectorFile.open(path)
    ids = file.ids()
    rows, there = file.read_rows(ids, "id")
    return {name: rows[row] for row, name in enumerate(ids.to_pylist()) if there[row]}


def _listing(path: Path) -> tuple[Listing, str | None]:
    """What a meta file lists, and the name of what made the vectors, where it says so."""
    images, encoder = _meta(path, _slim)
    sentences = [sentence for image in images for sentence in image["sentences"]]
    image_ids = _distinct(path, "imgid", [str(image["imgid"]) for image in images])
    text_ids = _distinct(path, "sentid", [str(sentence["sentid"]) for sentence in sentences])
    counts = [len(image["sentences"]) for image in images]
    captions = pa.array([sentence["raw"] for sentence in sentences], pa.string())
    splits = [sys.intern(str(image["split"])) for image in images]
    return Listing(image_ids, splits, text_ids, captions, np.repeat(np.arange(len(images)), counts)), encoder


def _distinct(path: Path, what: str, ids: list[str]) -> pa.StringArray:
    """The ids, kept compactly; DatasetError where one occurs twice."""
    if len(set(ids)) < len(ids):
        twice, _ = Counter(ids).most_common(1)[0]
        raise DatasetError(f"{path}: the {what} {twice} occurs twice; every {what} must occur once.")
    return pa.array(ids, pa.string())


_READ = ("images", "encoder", "imgid", "split", "sentences", "sentid", "raw")


def _slim(found: dict[str, Any]) -> dict[str, Any]:
    """Of an object of a meta file what is read of it, at once: MSCOCO's lists every caption's tokens, too."""
    return {name: found[name] for name in _READ if name in found}


def read_meta(path: Path) -> list[dict[str, Any]]:
    """The images of a meta file in Karpathy's form, each with imgid, split, filename and sentences[] of sentid, raw."""
    return _meta(path)[0]


def _meta(path: Path, hook: Callable[[dict[str, Any]], Any] | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """The images of a meta file, and the name of what made the vectors, where it says so; `hook`: as json's."""
    try:
        meta = json.loads(path.read_bytes(), object_hook=hook)
        images = meta["images"]
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
    encoder = meta.get("encoder")
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
