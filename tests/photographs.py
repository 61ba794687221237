"""Real photographs for tests: they come with packages that are installed anyway, and are copied out of them."""

import shutil
from importlib.util import find_spec
from pathlib import Path

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
