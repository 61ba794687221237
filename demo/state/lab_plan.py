"""What the heads of one choice have in common: where they learn from and what they are judged on; knows no training."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import QueryError, TrainingError
from core.shipped import WORLD_MODEL
from demo.state.lab_choice import Choice
from demo.state.lab_heads import WORLD_TEST, lab_folder
from index_store.progress import Progress, ShouldStop
from index_store.store import Store

if TYPE_CHECKING:
    from core.encoders import DenseEncoder
    from core.experiments.experiment import Experiment
    from core.training.config import TrainingConfig


def planned(
    choice: Choice,
    config: "TrainingConfig",
    encoder: "DenseEncoder",
    collection: Store,
    called: str,
    *,
    progress: Progress,
    should_stop: ShouldStop,
) -> "Experiment | None":
    """The experiment of a choice's first head; None when stopped while the open collection was being encoded.

    `collection`: the open one, `called` that. Raises QueryError where the built-in world cannot teach this encoder,
    DatasetError and TrainingError where there is nothing to learn from.
    """
    from core.experiments.experiment import Experiment

    if choice.source == "world":
        if encoder.name != WORLD_MODEL:
            raise QueryError(
                f"The built-in world is drawn for the model '{WORLD_MODEL}', not for '{encoder.name}'; train "
                "on a collection or a folder."
            )
        data = f"{choice.scenes:,} scenes"
        return Experiment(data, WORLD_TEST, config, WORLD_MODEL, "", scenes=choice.scenes)
    if choice.source == "folder":
        folder = Path(os.path.expanduser(choice.folder.strip())).absolute()
        return _on_folder(folder, folder.name, config)
    made = _collection_data(encoder, collection, progress=progress, should_stop=should_stop)
    return _on_folder(made, called, config) if made is not None else None


def _on_folder(folder: Path, called: str, config: "TrainingConfig") -> "Experiment":
    from core.data.dense import DenseFolder
    from core.experiments.experiment import Experiment

    dense = DenseFolder.read(folder)
    sizes = dense.sizes()
    if not sizes["train"]:
        raise TrainingError(f"The data set {folder} has no split 'train' to learn from.")
    judged = next(name for name in ("test", "val", "train") if sizes[name])
    tested = f"{sizes[judged]:,} pictures of {called}, split {judged}"
    return Experiment(f"{sizes['train']:,} pictures of {called}", tested, config, dense.encoder, "", folder=str(folder))


def _collection_data(
    encoder: "DenseEncoder", collection: Store, *, progress: Progress, should_stop: ShouldStop
) -> Path | None:
    """The folder of the collection's dense data set, made now; None when stopped."""
    from core.data.collection_data import collection_data
    from core.data.dense_items import dense_file

    name = hashlib.sha256(f"{collection.address}\n{encoder.name}".encode()).hexdigest()[:16]
    out = lab_folder() / "data" / name
    file = dense_file(collection)
    written = collection_data(encoder, collection, file, out, progress=progress, should_stop=should_stop)
    return out if written else None
