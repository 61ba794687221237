"""The dense vectors of a collection folder: read from its catalog page by page, or held in memory; knows no search.

Rows are added by ascending id and never change, so that what is held stays true while items come and go; whoever asks
knows which items count. Where items that were there before are given theirs, all is read anew.
"""

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index_store.catalog.catalog import Catalog
from index_store.dense import all_sound, from_bytes, sound

PAGE = 4_096  # rows that are read, and multiplied, at a time: some megabytes


class Page(NamedTuple):
    """Rows by ascending id."""

    ids: NDArray[np.int64]  # (n,)
    rows: NDArray[np.float32]  # (n, d)


class DenseVectors:
    """Any thread may call any method."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()  # guards what follows
        self._holding = False
        self._held: tuple[Page, ...] = ()
        self._filled = -1  # what the catalog said of later additions when all was read

    @property
    def size(self) -> int | None:
        """Numbers of a dense vector; None where none are kept."""
        return self._catalog.dense_state()[0]

    def hold(self) -> None:
        """Holds what is read from now on, 4 bytes a number."""
        self._holding = True

    def pages(self) -> Iterator[Page]:
        """All rows, by ascending id; those that are added meanwhile may come, too. None where none are kept."""
        size, filled = self._catalog.dense_state()
        if size is None:
            return
        if not self._holding:
            yield from self._read(size, 0)
            return
        with self._lock:
            held = self._held if filled == self._filled else ()
            new = list(self._read(size, int(held[-1].ids[-1]) if held else 0))
            if new and held and held[-1].ids.size + new[0].ids.size <= PAGE:  # a growing collection has few pages
                new[0] = Page(np.append(held[-1].ids, new[0].ids), np.concatenate([held[-1].rows, new[0].rows]))
                held = held[:-1]
            self._held, self._filled = (*held, *new), filled
            held = self._held
        yield from held

    def rows(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """{id: row (d,)} of those ids that have one."""
        size = self.size
        if size is None:
            return {}
        read = ((item, from_bytes(data)) for item, data in self._catalog.dense(ids).items() if len(data) == 4 * size)
        return {item: row for item, row in read if sound(row)}

    def _read(self, size: int, after: int) -> Iterator[Page]:
        """Rows with ids above `after`; damaged ones, which `verify` finds, are left out."""
        while page := self._catalog.dense_page(after, PAGE):
            after = page[-1][0]
            fitting = [(item, data) for item, data in page if len(data) == 4 * size]
            ids = np.array([item for item, _ in fitting], np.int64)
            rows = np.frombuffer(b"".join(data for _, data in fitting), "<f4").reshape(-1, size)
            whole = all_sound(rows)
            if whole.any():
                yield Page(ids, rows) if whole.all() else Page(ids[whole], rows[whole])
