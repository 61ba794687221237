"""Makes a dense data set from pictures and their captions with a frozen encoder; knows no head and no training."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.data.dense import FILES, META_FILE, read_meta, write_dense
from core.encoders import DenseEncoder
from core.errors import DatasetError, ImageError
from core.pictures.images import open_image
from index_store.progress import Progress, silent

BATCH = 64  # pictures decoded at a time: a few hundred megabytes at most


def embed_dataset(encoder: DenseEncoder, dataset: Path, out: Path, *, progress: Progress = silent) -> dict[str, int]:
    """Encodes the pictures and captions that `dataset` lists and writes the dense data set `out`, at the end only.

    `dataset` holds dataset_meta.json; pictures lie at `filename` below it, or at `filepath`/`filename` where the meta
    file says so, as MSCOCO's does. Progress counts pictures and captions together. Returns how many `images`,
    `captions` and dimensions (`dim`) were written. DatasetError names the picture that is missing or unreadable.
    """
    meta_file = dataset / META_FILE
    if not meta_file.is_file():
        raise DatasetError(f"The folder {dataset} has no {META_FILE}, which lists its pictures and captions.")
    images = read_meta(meta_file)
    paths = [_picture(dataset, image, row) for row, image in enumerate(images)]
    sentences = [sentence for image in images for sentence in image["sentences"]]
    image_ids = _distinct([image["imgid"] for image in images], meta_file, "imgid")
    text_ids = _distinct([sentence["sentid"] for sentence in sentences], meta_file, "sentid")
    total, done = len(paths) + len(sentences), 0
    rows: dict[str, list[NDArray[float32]]] = {"images": [], "texts": []}
    for part in _batches(paths):
        rows["images"].extend(encoder.encode_images([_opened(path) for path in part]))
        done += len(part)
        progress(done, total, part[-1].name)
    for part in _batches(sentences):
        rows["texts"].extend(encoder.encode_texts([sentence["raw"] for sentence in part]))
        done += len(part)
        progress(done, total, part[-1]["raw"])
    meta = json.loads(meta_file.read_text("utf-8"))
    meta["encoder"] = encoder.name
    try:
        write_dense(
            out,
            dict(zip(image_ids, rows["images"], strict=True)),
            dict(zip(text_ids, rows["texts"], strict=True)),
            meta,
        )
    except OSError as error:
        raise DatasetError(
            f"The data set {out} cannot be written: {(error.strerror or str(error)).lower()}."
        ) from error
    return {"images": len(paths), "captions": len(sentences), "dim": int(np.shape(rows["images"][0])[0])}


def refuse_overwriting(out: Path) -> None:
    """DatasetError when `out` already holds files of a data set."""
    held = [name for name in FILES if (out / name).exists()]
    if held:
        raise DatasetError(f"The folder {out} already holds {', '.join(held)}; choose another --out.")


def _picture(dataset: Path, image: dict[str, Any], row: int) -> Path:
    where = f"{dataset / META_FILE}, image {row}"
    if not isinstance(image.get("filename"), str) or not image["filename"]:
        raise DatasetError(f"{where}: it has no filename; the name of its picture was expected.")
    for path in (dataset / str(image.get("filepath") or ".") / image["filename"], dataset / image["filename"]):
        if path.is_file():
            return path
    raise DatasetError(f"{where}: there is no picture {image['filename']} in {dataset}.")


def _opened(path: Path) -> Any:
    try:
        return open_image(path)
    except ImageError as error:
        raise DatasetError(f"The picture {path} cannot be embedded: {error}") from error


def _distinct(ids: list[Any], meta_file: Path, what: str) -> list[Any]:
    seen: set[Any] = set()
    for name in ids:
        if name in seen:
            raise DatasetError(f"{meta_file}: the {what} {name} occurs twice; every {what} must occur once.")
        seen.add(name)
    return ids


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
