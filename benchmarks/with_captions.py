"""What a caption in its picture's vector is worth: python benchmarks/with_captions.py [--data DIR [--head DIR]]

The first caption of each picture goes into its vector, and the others ask for it: R@1, and its ratio to that of the
picture alone. Compared are ways to combine the two vectors, what was seen and what is written: the greater weight of
each term, which `index --with-captions` takes; their sum; and a mix of shares. "Half" has captions for half of the
pictures only, drawn with seed 0, and asks for all: words draw questions away from pictures that have none.

Without --data the built-in world answers. --data names a dense data set: of the model `photos`, as `embed --model
photos` makes one, or of the `--head` in a folder. Ways and weights were chosen on the split "val".
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy import bool_, float32, int64
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.data.dense import DenseDataset, DenseFolder
from core.data.world_data import world_data
from core.evaluation.retrieval import ranks, recall_at
from core.files import home_folder
from core.models.head import SparseHead, load_head
from core.models.model import Model
from core.models.registry import load_model
from index_store.vectors import SparseVector

Rows = NDArray[float32]
WAYS: Mapping[str, Callable[[Rows, Rows, float], Rows]] = {
    "greater": lambda seen, written, weight: np.maximum(seen, weight * written),
    "sum": lambda seen, written, weight: seen + weight * written,
    "mix": lambda seen, written, weight: (1 - weight) * seen + weight * written,
}
WEIGHTS = (0.3, 0.5, 0.7, 1.0)
WORLD_SCENES = 50  # of the train split, which is not looked at


class Weighed:
    """Weights (n, |V|) of pictures and of their first captions, and the other captions as questions (m, |V|)."""

    def __init__(self, seen: Rows, texts: Rows, image_of_text: NDArray[int64]) -> None:
        _, first = np.unique(image_of_text, return_index=True)  # each picture's
        others = np.setdiff1d(np.arange(len(texts)), first)
        self.seen, self.written = seen, texts[first]
        self.questions, self.own = texts[others], image_of_text[others]
        self.half: NDArray[bool_] = np.random.default_rng(0).random(len(seen)) < 0.5

    def recall(self, items: Rows) -> float:
        """R@1 of the questions among items (n, |V|)."""
        return recall_at(ranks(self.questions, items, self.own), 1)

    def table(self) -> None:
        """Prints the rows."""
        alone = self.recall(self.seen)
        print(f"| the picture alone | | {alone:.3f} | |\n| the caption alone | | {self.recall(self.written):.3f} | |")
        for name, way in WAYS.items():
            for weight in WEIGHTS:
                items = way(self.seen, self.written, weight)
                whole, half = self.recall(items), self.recall(np.where(self.half[:, None], items, self.seen))
                print(f"| {name} | {weight} | {whole:.3f}, × {whole / alone:.3f} | {half:.3f}, × {half / alone:.3f} |")


def weighed(data: DenseDataset, head: SparseHead, model: Model | None) -> Weighed:
    """A split by a head; texts without stray terms, as they are searched with, where it is a model's."""
    texts = head.weigh(data.texts)
    if model is not None:
        for row, text in zip(texts, data.captions, strict=True):
            kept = model.without_stray_terms(text, SparseVector.from_dense(row))
            row[np.setdiff1d(np.flatnonzero(row), kept.terms)] = 0
    return Weighed(head.weigh(data.images), texts, data.image_of_text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a dense data set; the built-in world without it")
    parser.add_argument("--head", type=Path, help="the head for --data; that of the model photos without it")
    parser.add_argument("--split", default="test")
    options = parser.parse_args()
    model = load_model("photos" if options.data else "scenes") if options.head is None else None
    head = model.head if model is not None else load_head(options.head)[0]
    place = options.data or world_data(WORLD_SCENES, home_folder() / "study")
    data = DenseFolder.read(place).split(options.split)
    print(f"{place.name}, {options.split}: {len(data.images):,} pictures, {len(data.texts):,} captions\n")
    print("| | weight | R@1, all with captions | half |\n|---|---|---|---|")
    weighed(data, head, model).table()


if __name__ == "__main__":
    main()
