"""PISA (Mallia et al., OSIRRC 2019): compressed postings, MaxScore; exact over weights rounded to whole numbers."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import Peer
from benchmarks.rows import Rows

SCALE = 100.0  # a weight of 0.01 is one; the package's own default


class Pisa(Peer):
    """Through PyTerrier's binding. Searches call what is below its data frames: building one takes a millisecond."""

    name, module, kept = "pisa", "pyterrier_pisa", True
    about = f"MaxScore, weights × {SCALE:.0f} in whole numbers"

    def build(self, items: Rows, folder: Path) -> None:
        from pyterrier_pisa import PisaToksIndexer

        PisaToksIndexer(str(folder / "items"), scale=SCALE).index(_documents(items))
        self.load(folder)

    def load(self, folder: Path) -> None:
        from pyterrier_pisa import PisaIndex

        index = PisaIndex(str(folder / "items"), stemmer="none", stops="none", threads=1)
        self._ready = index.quantized(query_algorithm="maxscore", toks_scale=SCALE)

    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        scaled = (SCALE * weights.astype(np.float64)).tolist()
        return [(0, dict(zip(map(str, terms.tolist()), scaled, strict=True)))]

    def search(self, question: Any, k: int) -> Sequence[int]:
        from pyterrier_pisa import _pisathon

        names = np.empty(k, dtype=object)
        found = _pisathon.retrieve(
            self._ready._ctxt,
            "maxscore",
            question,
            k=k,
            threads=1,
            pretokenised=True,
            query_weighted=1,
            result_qidxs=np.empty(k, dtype=np.int32),
            result_docnos=names,
            result_ranks=np.empty(k, dtype=np.int32),
            result_scores=np.empty(k, dtype=np.float32),
        )
        return [int(name) for name in names[:found]]


def _documents(items: Rows) -> Iterator[dict[str, Any]]:
    names = [str(term) for term in range(items.width)]
    for number in range(len(items)):
        terms, weights = items.row(number)
        held = zip(terms.tolist(), weights.tolist(), strict=True)
        yield {"docno": str(number), "toks": {names[term]: weight for term, weight in held}}
