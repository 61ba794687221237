"""Exact vectors kept in memory as stored bytes, by item id; knows neither the stores nor what the bytes mean.

One cache serves all views of a collection, from any thread. It is never stale, for ids are never used twice: what is
said to be there, or not, is for a view to decide.
"""

import threading
from collections.abc import Sequence

CACHE_BYTES = 256 * 2**20  # ~1 kB a vector


class VectorCache:
    """Holds up to about CACHE_BYTES; emptied when it is full, which costs a look-up a vector and no bookkeeping."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards changes; reading one entry needs none
        self._held: dict[int, bytes] = {}
        self._bytes = 0

    def get(self, item: int) -> bytes | None:
        """The vector's bytes, if they are held."""
        return self._held.get(item)

    def known(self, items: Sequence[int]) -> dict[int, bytes]:
        """{id: bytes} of those that are held."""
        found = ((item, self.get(item)) for item in items)
        return {item: data for item, data in found if data is not None}

    def keep(self, item: int, data: bytes) -> None:
        """Holds a vector's bytes for the next time."""
        with self._lock:
            if self._bytes > CACHE_BYTES:
                self._held, self._bytes = {}, 0
            self._bytes += len(data) - len(self._held.get(item, b""))
            self._held[item] = data

    def drop(self, item: int) -> None:
        """Forgets a removed item."""
        with self._lock:
            self._bytes -= len(self._held.pop(item, b""))
