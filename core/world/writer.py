"""Writes composed scenes to a folder in the paper's form: PNGs and dataset_meta.json; knows no model."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import DatasetError
from core.files import write_text_whole, write_whole
from core.world.captions import captions
from core.world.composer import compose
from core.world.renderer import Rendering, render
from core.world.scene import Scene
from index_store.progress import Progress, silent

META = "dataset_meta.json"
_LOOKED_AT = 1 << 16  # characters of a meta file, which may be large: the first scene takes some 2,000


def write_scenes(split: str, count: int, out: Path, *, start: int = 0, progress: Progress = silent) -> None:
    """Scenes `start` .. `start + count - 1` of `split` as `{split}-000123.png`, and `dataset_meta.json`.

    A folder that holds other scenes keeps them; scenes written again replace themselves. The meta file is written last,
    so it never names a picture that is not there. `progress` is told of each picture, by its file's name.
    Raises DatasetError when the split or count makes no sense, or the folder's meta file cannot be read.
    """
    if count < 1:
        raise DatasetError(f"Cannot write {count} scenes: the count must be at least 1.")
    compose(split, start)  # complains about a wrong split before anything is written
    out.mkdir(parents=True, exist_ok=True)
    kept = _kept(out / META)
    for done, number in enumerate(range(start, start + count), 1):
        scene = compose(split, number)
        rendering = render(scene)
        filename = f"{scene.id}.png"
        write_whole(out / filename, partial(rendering.image.save, format="PNG", compress_level=3))
        kept[filename] = _entry(scene, rendering, filename)
        progress(done, count, filename)
    images = _numbered([kept[filename] for filename in sorted(kept)])
    text = json.dumps({"images": images}, ensure_ascii=False, indent=1) + "\n"
    write_text_whole(out / META, text)


def drawn_here(path: Path) -> bool:
    """Whether a folder, or that of a file, holds scenes as `write_scenes` writes them; looks at the first one only."""
    meta = (path if path.is_dir() else path.parent) / META
    try:
        with meta.open(encoding="utf-8") as file:
            start = file.read(_LOOKED_AT)
        first, _ = json.JSONDecoder().raw_decode(start, start.index("{", start.index('"images"')))
    except (OSError, ValueError):  # no such file, no JSON, or nothing of ours
        return False
    scene = first.get("scene")
    return isinstance(scene, dict) and {"place", "objects"} <= scene.keys()


def _kept(meta: Path) -> dict[str, dict[str, Any]]:
    """What the folder's meta file lists already, by file name."""
    if not meta.exists():
        return {}
    try:
        return {image["filename"]: image for image in json.loads(meta.read_text(encoding="utf-8"))["images"]}
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{meta} is not a list of images that scenes can be added to; choose another folder."
        ) from error


def _entry(scene: Scene, rendering: Rendering, filename: str) -> dict[str, Any]:
    record = scene.record()
    for thing, boxes in zip(record["objects"], rendering.boxes, strict=True):
        thing["boxes"] = [list(box) for box in boxes]
        thing.pop("kind", None)
    return {
        "imgid": -1,
        "split": scene.split,
        "filename": filename,
        "sentences": [{"sentid": -1, "raw": caption.text} for caption in captions(scene)],
        "scene": record,
    }


def _numbered(images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The images with new ids where they have none yet: those already given stay."""
    next_image = max((image["imgid"] for image in images), default=-1) + 1
    next_sentence = max((s["sentid"] for image in images for s in image["sentences"]), default=-1) + 1
    for image in images:
        if image["imgid"] < 0:
            image["imgid"], next_image = next_image, next_image + 1
        for sentence in image["sentences"]:
            if sentence["sentid"] < 0:
                sentence["sentid"], next_sentence = next_sentence, next_sentence + 1
    return images
