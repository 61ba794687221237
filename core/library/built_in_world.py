"""The built-in world: a collection of drawn test pictures, made on the first start; must not know who shows it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import write_text_whole
from core.library.indexing.dense_filling import fill_dense
from core.library.indexing.sync import index_paths
from core.world.writer import META, write_scenes
from index_store.errors import CollectionBusy, CollectionError, CollectionExists, CollectionFull
from index_store.folder.collection import Collection
from index_store.progress import Progress, ShouldStop, never, silent

if TYPE_CHECKING:
    from core.models.model import Model

WORLD_SIZE = 1000
_CHUNK = 50  # pictures drawn, then indexed, in turn: a second or two between signs of life


def ensure_world(
    model: "Model",
    path: Path,
    count: int = WORLD_SIZE,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> None:
    """Draws the first `count` pictures of the test split beside `path` and makes the collection at `path` from them.

    Does nothing when that is complete; goes on where an interrupted run stopped. Draws and indexes in turns, so that
    the collection can be opened from the first call of `progress` on, which counts pictures, and be searched while it
    grows. Each picture's first caption becomes its `caption`, for alternative texts. Returns early, incomplete, once
    `should_stop()` is true. Raises CollectionBusy, at once, while another process draws, CollectionError when the
    folder cannot be written.
    """
    finished = path.parent / "finished.json"
    with _home_named():
        if Collection.exists(path) and not Collection.outdated(path) and _finished(finished) == count:
            return
    pictures = path.parent / "pictures"
    with _opened(model, path) as collection, collection.writing():  # whoever is first draws all
        indexed = min(len(collection), _drawn_count(pictures), count)
        progress(indexed, count, "the built-in world")
        for start in range(indexed - indexed % _CHUNK, count, _CHUNK):
            end = min(start + _CHUNK, count)
            _draw(pictures, start, end)
            alt_texts = _first_captions(pictures, start, end)
            report = index_paths(
                model, collection, list(alt_texts), alt_texts=alt_texts, keep_dense=True, should_stop=should_stop
            )
            if report.cancelled or should_stop():
                return
            progress(end, count, "the built-in world")
        collection.keep_dense(model.encoder.dim)  # a world of an older version has none yet
        fill_dense(model.encoder, collection, progress=progress, should_stop=should_stop)
        if should_stop():
            return
    write_text_whole(finished, json.dumps({"count": count, "dense": True}) + "\n")


def _opened(model: "Model", path: Path) -> Collection:
    terms = model.vocabulary.terms
    if not Collection.exists(path):
        try:
            with _home_named():
                return Collection.create(path, model=model.name, vocabulary=terms, precision=model.precision, wait=0)
        except CollectionExists:
            if not Collection.exists(path):
                raise  # something else lies there; otherwise another program was quicker to make it
    return Collection.open(path, model=model.name, vocabulary=terms, writable=True, wait=0)


@contextmanager
def _home_named() -> Iterator[None]:
    """Adds to the error of a home folder that cannot be read or written how to choose another one."""
    try:
        yield
    except (CollectionBusy, CollectionExists, CollectionFull):
        raise
    except CollectionError as error:
        raise CollectionError(f"{error} SIGHTWORDS_HOME can name another folder.") from error


def _draw(pictures: Path, start: int, end: int) -> None:
    """Draws what is missing of the pictures from `start` to before `end`."""
    start = max(start, min(_drawn_count(pictures), end))
    if start == end:
        return
    try:
        write_scenes("test", end - start, pictures, start=start)
    except OSError as error:
        raise CollectionError(
            f"The built-in world cannot be drawn into {pictures} ({(error.strerror or str(error)).lower()}); "
            "set SIGHTWORDS_HOME to a folder with space that can be written."
        ) from error


def _images(pictures: Path) -> list[dict[str, Any]]:
    try:
        images: list[dict[str, Any]] = json.loads((pictures / META).read_text("utf-8"))["images"]
        return images
    except (OSError, ValueError, KeyError):
        return []


def _drawn_count(pictures: Path) -> int:
    """How many pictures from the first on are there; drawing goes on after them."""
    for number, image in enumerate(_images(pictures)):
        if not (pictures / image["filename"]).exists():
            return number
    return len(_images(pictures))


def _first_captions(pictures: Path, start: int, end: int) -> dict[Path, str]:
    """The pictures from `start` to before `end`, absolute, with the first caption of each."""
    folder = pictures.resolve()
    return {folder / image["filename"]: image["sentences"][0]["raw"] for image in _images(pictures)[start:end]}


def _finished(finished: Path) -> int | None:
    """How many pictures the finished world has, all with their dense vectors; None where that is not said."""
    try:
        said = json.loads(finished.read_text("utf-8"))
        return said["count"] if isinstance(said["count"], int) and said.get("dense") is True else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
