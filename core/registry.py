"""The models that can be named: what each is, what it needs, and how to load it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import UnknownModel
from core.model import Model

DEFAULT_MODEL = "scenes"
ASSETS = Path(__file__).resolve().parent.parent / "assets"
SCENES_ABOUT = (
    "Built in and offline: knows the drawings and the words of its own illustrated world; "
    "it cannot recognise photographs or words it was never taught."
)


@dataclass(frozen=True)
class ModelEntry:
    """One model that can be named; `needs` says in words what loading it takes, `ready` whether all of it is here."""

    name: str
    about: str
    needs: str
    ready: bool


def _load_scenes() -> Model:
    from core.builtin.assets import load_builtin

    return load_builtin(ASSETS / "scenes", name="scenes", about=SCENES_ABOUT)


_LOADERS: dict[str, Callable[[], Model]] = {"scenes": _load_scenes}


def models() -> list[ModelEntry]:
    """Every model that can be named."""
    ready = (ASSETS / "scenes" / "encoder.safetensors").exists()
    return [ModelEntry("scenes", SCENES_ABOUT, "nothing: it is part of Sightwords", ready)]


@cache
def load_model(name: str = DEFAULT_MODEL) -> Model:
    """The named model, loaded once; UnknownModel names those that exist."""
    if name not in _LOADERS:
        known = ", ".join(entry.name for entry in models())
        raise UnknownModel(f"There is no model called '{name}'; the known ones are: {known}.")
    return _LOADERS[name]()
