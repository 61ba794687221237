"""LAVIS's retrieval models as salesforce-lavis computes them, in a worker process with an environment of its own."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray
from PIL import Image

from core.encoders.lavis_environment import LAVIS_VERSION
from core.encoders.worker import Worker

SCRIPT = Path(__file__).with_name("lavis_worker.py")
DIM = 256  # of every published retrieval model
TOGETHER = 8  # pictures a message: the worker's patience is for a message


class LavisOriginal:
    """Pictures and texts through salesforce-lavis; the worker starts with the first of them, in 16 to 20 seconds."""

    def __init__(self, name: str, worker: Worker):
        """`worker`: as `lavis_worker` makes it."""
        self.name, self.dim, self._worker = name, DIM, worker

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        """RGB pictures of any size -> (n, dim) rows of unit length."""
        return self._rows("images", "pngs", [png(image) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> NDArray[float32]:
        """Sentences -> (n, dim) rows of unit length."""
        return self._rows("texts", "texts", list(texts))

    def unknown_words(self, text: str) -> list[str]:
        """None: WordPieces spell every word."""
        return []

    def out_of_world(self, text: str) -> bool:
        """False: it was trained on photographs of everything, and has no way to tell."""
        return False

    def close(self) -> None:
        """Ends the worker; it also ends with this process."""
        self._worker.close()

    def _rows(self, do: str, key: str, inputs: Sequence[str]) -> NDArray[float32]:
        rows = [np.zeros((0, self.dim), np.float32)]
        for start in range(0, len(inputs), TOGETHER):
            rows.append(array(self._worker.ask({"do": do, key: inputs[start : start + TOGETHER]})))
        return np.concatenate(rows)


def lavis_worker(
    python: Path,
    family: str,
    tuned: str,
    vocabulary: Path,
    checkpoint: Path | None,
    device: str = "auto",
    sizes: Mapping[str, object] | None = None,
) -> Worker:
    """A worker that holds one published model; random weights where no checkpoint is named (see `lavis_worker.py`).

    `python`: of the environment; `vocabulary`: BERT's uncased vocab.txt; `sizes`: the fields of LavisSizes, None: those
    of the published model.
    """
    hello = {
        "do": "load",
        "family": family,
        "tuned": tuned,
        "vocabulary": str(vocabulary),
        "device": device,
        "checkpoint": None if checkpoint is None else str(checkpoint),
        "sizes": None if sizes is None else dict(sizes),
    }
    command = [str(python), "-I", str(SCRIPT)]  # -I: core/encoders is no place to import `lavis` from
    return Worker("The worker of salesforce-lavis", command, hello, {"lavis": LAVIS_VERSION, "dim": DIM})


def png(image: Image.Image) -> str:
    """A picture's pixels without loss, as text."""
    file = io.BytesIO()
    image.convert("RGB").save(file, "PNG", compress_level=1)
    return base64.b64encode(file.getvalue()).decode("ascii")


def array(answer: dict[str, Any]) -> NDArray[float32]:
    """The array in a worker's answer."""
    return np.frombuffer(base64.b64decode(answer["data"]), np.float32).reshape(answer["shape"])
