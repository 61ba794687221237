"""Seismic (Bruch et al., SIGIR 2024): blocks of similar items with summaries; approximate, all in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import Peer
from benchmarks.rows import Rows

QUERY_CUTS, HEAP_FACTORS = (4, 6, 8, 10, 15, 20, 40), (0.7, 0.8, 0.9, 1.0)


class Seismic(Peer):
    """Settings of building are the package's own: with more postings a term, searches took as long or longer."""

    name, module, kept = "seismic", "seismic", True
    about = "its own settings of building"
    settings = tuple((cut, factor) for cut in QUERY_CUTS for factor in HEAP_FACTORS)
    _chosen: tuple[int, float] = (10, 0.8)  # query cut, heap factor
    _index_class = "SeismicIndex"

    def choose(self, setting: tuple[int, float]) -> None:
        self._chosen = setting

    def build(self, items: Rows, folder: Path) -> None:
        import seismic

        getattr(seismic, self._index_class).build_from_dataset(_dataset(items)).save(str(folder / "items"))
        self.load(folder)  # measured as it is when it was kept

    def load(self, folder: Path) -> None:
        import seismic

        self._index = getattr(seismic, self._index_class).load(str(folder / "items.index.seismic"))

    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        return _names(terms), weights

    def search(self, question: Any, k: int) -> Sequence[int]:
        terms, weights = question
        found = self._index.search("q", terms, weights, k, *self._chosen)
        return [int(name) for _, _, name in found]


class SeismicCompressed(Seismic):
    """The same with its vectors compressed (DotVByte)."""

    name, about, _index_class = "seismic-compressed", "DotVByte, its own settings of building", "SeismicIndexDotVByte"


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
