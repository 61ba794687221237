"""Finds out what this machine has of all that Sightwords can use, by trying each; changes nothing."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from core.encoders.devices import compute_device
from core.encoders.lavis_environment import LavisEnvironment
from core.files import home_folder
from core.library.world_folder import world_path
from core.models.registry import chosen_device, chosen_precision, load_model, models
from core.pictures.formats.kinds import READS_HEIC, READS_JXL
from core.shipped import PHOTO_MODEL, SHIPPED
from core.world.captions import captions
from core.world.composer import compose
from core.world.renderer import render
from index_store.errors import SightwordsError
from index_store.folder.collection import Collection

State = Literal["good", "missing", "bad"]  # "missing": Sightwords works, only this does not
LIBRARIES = ("torch", "transformers", "gradio", "tantivy", "sqlite-utils", "pillow")
SCARCE = 1_000_000_000  # bytes free below which the world and a collection may not fit
SCENES_TRIED = 10


@dataclass(frozen=True)
class Finding:
    """`what` was looked at, its `state`, and what was found, in a sentence (`told`)."""

    what: str
    state: State
    told: str


def examine() -> Iterator[Finding]:
    """Every finding, as it is made; never raises for what is wrong with the machine."""
    yield Finding("Python", "good", f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield Finding("libraries", "good", ", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    for what, check in _CHECKS.items():
        try:
            yield Finding(what, *check())
        except (SightwordsError, OSError) as error:
            yield Finding(what, "bad", str(error))


def _device() -> tuple[State, str]:
    named = chosen_device()
    return (
        "good",
        f"'{named}' computes on {compute_device(named, chosen_precision())}, {os.cpu_count()} processor cores",
    )


def _home() -> tuple[State, str]:
    folder = home_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        return "bad", f"{folder} cannot be written; set SIGHTWORDS_HOME to a folder that can"
    free = shutil.disk_usage(there).free
    if free < SCARCE:
        return "bad", f"only {free / 1e6:,.0f} MB are free for {folder}; free some, or set SIGHTWORDS_HOME elsewhere"
    return "good", f"{folder}, {free / 1e9:,.0f} GB free"


def _built_in() -> tuple[State, str]:
    """Draws pictures and finds each among them by its own first caption."""
    model, scenes = load_model(), [compose("test", number) for number in range(SCENES_TRIED)]
    items = model.encode_images([render(scene).image for scene in scenes])
    queries = model.encode_texts([captions(scene)[0].text for scene in scenes])
    found = sum(
        max(range(len(items)), key=lambda i, query=query: query.dot(items[i])) == own  # type: ignore[misc]
        for own, query in enumerate(queries)
    )
    result = f"found {found} of {len(items)} pictures drawn just now by their own captions"
    return ("good", result) if found > len(items) // 2 else ("bad", f"{result}; install Sightwords again")


def _photographs() -> tuple[State, str]:
    photos = next(entry for entry in models() if entry.name == PHOTO_MODEL)
    return ("good", f"'{PHOTO_MODEL}' is ready for them") if photos.ready else ("missing", f"need {photos.needs}")


def _world() -> tuple[State, str]:
    path = world_path(load_model())
    if not Collection.exists(path):
        return "missing", f"not drawn yet; `sightwords serve` draws it into {path.parent}"
    with Collection.open(path) as world:
        if problems := world.verify():
            return "bad", f"{problems[0]} `sightwords verify --repair --collection {path}` mends it"
        return "good", f"{len(world):,} pictures in {path}, catalog and postings agree"


def _heic() -> tuple[State, str]:
    return ("good", "can be read") if READS_HEIC else ("missing", "`pip install pillow-heif` makes them readable")


def _jxl() -> tuple[State, str]:
    return ("good", "can be read") if READS_JXL else ("missing", "`pip install pillow-jxl-plugin` makes them readable")


def _real_models() -> tuple[State, str]:
    real = [entry for entry in models() if entry.name not in SHIPPED]
    ready = [entry.name for entry in real if entry.ready]
    result = (
        f"{len(ready)} of {len(real)} are here{': ' if ready else ''}{', '.join(ready)}; `sightwords models` lists all"
    )
    return ("good" if ready else "missing"), result


def _lavis() -> tuple[State, str]:
    environment = LavisEnvironment()
    if environment.missing():
        return "missing", f"not here: {environment.whereabouts()}"
    return "good", f"its environment is ready in {environment.folder}"


_CHECKS: dict[str, Callable[[], tuple[State, str]]] = {
    "device": _device,
    "home folder": _home,
    "built-in model": _built_in,
    "photographs": _photographs,
    "illustrated world": _world,
    "HEIC pictures": _heic,
    "JPEG XL pictures": _jxl,
    "published models": _real_models,
    "salesforce-lavis": _lavis,
}
