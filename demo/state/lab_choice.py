"""What a person chooses to train in the Lab: data, controls, settings by name, and those that it begins with."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.errors import QueryError

if TYPE_CHECKING:
    from core.training.config import TrainingConfig

Source = Literal["world", "collection", "folder"]
SCENES = (500, 2_000, 8_000)
EPOCHS = 20  # enough for a few thousand scenes
BATCH = 128  # captions a step: small, as there are few


@dataclass(frozen=True)
class Choice:
    """What is to be trained: on which data, with which controls (a head each), and the other settings by name."""

    source: Source = "world"
    scenes: int = 2_000
    folder: str = ""
    controls: tuple[str, ...] = ("caption",)
    settings: dict[str, Any] = field(default_factory=dict)


def defaults() -> dict[str, Any]:
    """Settings that make a good head of little data: the anchored head's, but for the size of a step."""
    from core.training.presets import ANCHORED_HEAD, SCENES_HEADS

    anchored = SCENES_HEADS[ANCHORED_HEAD]
    return {
        "batch_size": BATCH,
        "anchor": anchored.anchor,
        "query_sparsity": anchored.query_sparsity,
        "item_sparsity": anchored.item_sparsity,
    }


def training_config(control: str, settings: dict[str, Any]) -> "TrainingConfig":
    """Settings as training takes them; QueryError for one that there is not, or of the wrong kind."""
    from core.training.config import TrainingConfig

    known = {name for name in TrainingConfig.__dataclass_fields__ if name != "control"}
    for name in settings:
        if name not in known:
            raise QueryError(f"There is no setting '{name[:60]}'; the settings are {', '.join(sorted(known))}.")
    try:
        return TrainingConfig(control=control, **settings)  # type: ignore[arg-type]  # it checks them itself
    except TypeError as error:  # a comparison with a value that is no number
        raise QueryError(f"A setting has a value of the wrong kind ({error}).") from error
