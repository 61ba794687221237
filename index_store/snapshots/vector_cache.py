"""Exact vectors kept in memory as stored bytes, by item id; knows neither the stores nor what the bytes mean.

All snapshots of a collection share one cache, from any thread. An entry is never out of date, because ids are never
used twice. Whether an item is still there is for the snapshot to say.
"""

import threading
from collections.abc import Sequence

CACHE_BYTES = 256 * 2**20  # ~1 kB a vector


class VectorCache:
    """Holds about CACHE_BYTES at most. A full cache is emptied: each vector is read once more, at no bookkeeping."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards changes; reading one entry needs none
        self._entries: dict[int, bytes] = {}
        self._bytes = 0

    def get(self, item: int) -> bytes | None:
        """The vector's bytes, if they are here."""
        return self._entries.get(item)

    def known(self, items: Sequence[int]) -> dict[int, bytes]:
        """{id: bytes} of those that are here."""
        entries = ((item, self.get(item)) for item in items)
        return {item: data for item, data in entries if data is not None}

    def keep(self, item: int, data: bytes) -> None:
        """Keeps a vector's bytes for the next time."""
        with self._lock:
            if self._bytes > CACHE_BYTES:
                self._entries, self._bytes = {}, 0
            self._bytes += len(data) - len(self._entries.get(item, b""))
            self._entries[item] = data

    def drop(self, item: int) -> None:
        """Forgets a removed item."""
        with self._lock:
            self._bytes -= len(self._entries.pop(item, b""))
