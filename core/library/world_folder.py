"""Where the built-in world of a model lies, and how it is told from other collections; draws and loads nothing."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import home_folder

if TYPE_CHECKING:
    from core.models.model import Model
    from index_store.store import Store


def world_path(model: "Model") -> Path:
    """Where the built-in world of this model lives: another name, vocabulary or other weights mean another folder."""
    digest = hashlib.sha256(f"{model.name}\n{model.vocabulary.digest}\n".encode())
    for name, weights in sorted(model.head.state_dict().items()):
        digest.update(name.encode() + weights.numpy().tobytes())
    return home_folder() / f"world-{model.name}-{digest.hexdigest()[:12]}" / "collection"


def is_world(collection: "Store") -> bool:
    """Whether a collection is the built-in world of its model."""
    folder = Path(collection.address).resolve().parent
    return folder.parent == home_folder().resolve() and folder.name.startswith(f"world-{collection.model}-")
