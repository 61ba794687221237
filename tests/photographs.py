"""Real photographs for tests: they come with packages that are installed anyway, and are copied out of them."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

WHERE = {
    "cheetah1.jpg": ("gradio", "media_assets/images"),
    "lion.jpg": ("gradio", "media_assets/images"),
    "tower.jpg": ("gradio", "media_assets/images"),
    "cheetah2.jpg": ("gradio", "test_data"),
    "grace_hopper.jpg": ("matplotlib", "mpl-data/sample_data"),
}


def photograph(name: str) -> Path:
    """Where one of them lies in its package."""
    package, below = WHERE[name]
    found = find_spec(package)
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / below / name


def folder_of_photographs(place: Path) -> Path:
    """A folder made here with a copy of all of them."""
    place.mkdir(parents=True)
    for name in WHERE:
        shutil.copyfile(photograph(name), place / name)
    return place


def many_photographs(place: Path, copies: int) -> Path:
    """A folder made here in which each of them is there so many times, in as many sizes."""
    folder = folder_of_photographs(place)
    for name in WHERE:
        with Image.open(folder / name) as image:
            for number in range(1, copies):
                smaller = image.convert("RGB").resize((image.width - number, image.height - number))
                smaller.save(folder / f"{Path(name).stem}.{number}.jpg")
    return folder
