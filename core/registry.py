"""The models that can be named: what each is, what it needs, and how to load it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.encoders.scenes import SceneEncoder
from core.errors import UnknownModel
from core.head import SparseHead
from core.model import Model
from core.vocabulary import Vocabulary

DEFAULT_MODEL = "scenes"
SCENES = Path(__file__).resolve().parent.parent / "assets" / "scenes"  # the built-in model
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
    encoder = SceneEncoder.load(SCENES / "encoder.safetensors")
    return Model("scenes", encoder, SparseHead.load(SCENES), Vocabulary.load(SCENES / "vocabulary.json"), SCENES_ABOUT)


_LOADERS: dict[str, Callable[[], Model]] = {"scenes": _load_scenes}


def models() -> list[ModelEntry]:
    """Every model that can be named."""
    ready = (SCENES / "encoder.safetensors").exists()
    return [ModelEntry("scenes", SCENES_ABOUT, "nothing: it is part of Sightwords", ready)]


@cache
def load_model(name: str = DEFAULT_MODEL) -> Model:
    """The named model, loaded once; UnknownModel names those that exist."""
    if name not in _LOADERS:
        known = ", ".join(entry.name for entry in models())
        raise UnknownModel(f"There is no model called '{name}'; the known ones are: {known}.")
    return _LOADERS[name]()
