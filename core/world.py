"""The built-in world: a collection of drawn test pictures, made on the first start; must not know who shows it."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.home import home_folder
from core.indexing import Progress, index_paths
from core.scenes.writer import META, write_scenes
from index_store.collection import Collection

if TYPE_CHECKING:
    from core.model import Model

WORLD_SIZE = 1000
_CHUNK = 50  # pictures drawn between two looks at `cancelled`; what an interrupted first start draws again


def world_path(model: "Model") -> Path:
    """Where the built-in world of this model lives: another name, vocabulary or other weights mean another folder."""
    digest = hashlib.sha256(f"{model.name}\n{model.vocabulary.digest}\n".encode())
    for name, weights in sorted(model.head.state_dict().items()):
        digest.update(name.encode() + weights.numpy().tobytes())
    return home_folder() / f"world-{model.name}-{digest.hexdigest()[:12]}" / "collection"


def ensure_world(
    model: "Model",
    path: Path,
    count: int = WORLD_SIZE,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Draws the first `count` pictures of the test split beside `path` and makes the collection at `path` from them.

    Does nothing when that is complete; goes on where an interrupted run stopped. Each picture's first caption becomes
    its `caption`, for alternative texts. `progress(done, total, what)` counts drawing and indexing together. Returns
    early, incomplete, once `cancelled()` is true. Raises CollectionError when the folder cannot be written.
    """
    finished = path.parent / "finished.json"
    if Collection.exists(path) and _finished_count(finished) == count:
        return
    pictures = path.parent / "pictures"
    stop = cancelled or (lambda: False)
    if not _draw(pictures, count, progress, stop):
        return

    def indexing(done: int, total: int, name: str) -> None:
        if progress is not None:
            progress(count + done, count + total, name)

    opened = (
        Collection.open(path, model=model.name, vocabulary=model.vocabulary.terms, writable=True)
        if Collection.exists(path)
        else Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms)
    )
    alt_texts = _first_captions(pictures, count)
    with opened as collection:
        report = index_paths(
            model, collection, list(alt_texts), alt_texts=alt_texts, progress=indexing, cancelled=cancelled
        )
    if not report.cancelled:
        part = finished.with_suffix(".part")
        part.write_text(json.dumps({"count": count}) + "\n", "utf-8")
        os.replace(part, finished)


def _draw(pictures: Path, count: int, progress: Progress | None, stop: Callable[[], bool]) -> bool:
    """Draws what is missing of the first `count` pictures; false when stopped."""
    for start in range(_drawn_count(pictures), count, _CHUNK):
        if stop():
            return False
        size = min(_CHUNK, count - start)

        def drawing(done: int, _: int, start: int = start) -> None:
            if progress is not None:
                progress(start + done, 2 * count, "drawing")

        write_scenes("test", size, pictures, start=start, progress=drawing)
    return not stop()


def _images(pictures: Path) -> list[dict[str, object]]:
    try:
        images: list[dict[str, object]] = json.loads((pictures / META).read_text("utf-8"))["images"]
        return images
    except (OSError, ValueError, KeyError):
        return []


def _drawn_count(pictures: Path) -> int:
    """How many pictures from the first on are there; drawing goes on after them."""
    for number, image in enumerate(_images(pictures)):
        if not (pictures / str(image["filename"])).exists():
            return number
    return len(_images(pictures))


def _first_captions(pictures: Path, count: int) -> dict[Path, str]:
    """The first `count` pictures, absolute, with the first caption of each."""
    folder = pictures.resolve()
    return {folder / str(image["filename"]): image["sentences"][0]["raw"] for image in _images(pictures)[:count]}  # type: ignore[index]


def _finished_count(finished: Path) -> int | None:
    try:
        count = json.loads(finished.read_text("utf-8"))["count"]
        return count if isinstance(count, int) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
