"""Seismic (Bruch et al., SIGIR 2024): blocks of similar items with summaries; approximate, all in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import Peer
from benchmarks.rows import Rows

QUERY_CUT, HEAP_FACTOR = 10, 0.8


class Seismic(Peer):
    """Index settings are the package's own."""

    name, module, kept = "seismic", "seismic", True
    about = f"heap factor {HEAP_FACTOR}, query cut {QUERY_CUT}"

    def build(self, items: Rows, folder: Path) -> None:
        import seismic

        seismic.SeismicIndex.build_from_dataset(_dataset(items)).save(str(folder / "items"))
        self.load(folder)  # measured as it is when it was kept

    def load(self, folder: Path) -> None:
        import seismic

        self._index = seismic.SeismicIndex.load(str(folder / "items.index.seismic"))

    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        return _names(terms), weights

    def search(self, question: Any, k: int) -> Sequence[int]:
        terms, weights = question
        found = self._index.search("q", terms, weights, k, QUERY_CUT, HEAP_FACTOR)
        return [int(name) for _, _, name in found]


def _dataset(items: Rows) -> Any:
    import seismic

    names, data = _names(np.arange(items.width)), seismic.SeismicDataset()
    for number in range(len(items)):
        terms, weights = items.row(number)
        data.add_document(str(number), names[terms], weights)
    return data


def _names(terms: NDArray) -> NDArray[np.str_]:
    """Terms as the strings that the package wants."""
    import seismic

    return terms.astype(seismic.get_seismic_string())
