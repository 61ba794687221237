"""Pictures that visitors asked with, kept for a while as vectors, so that a page asks again after it was reloaded."""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.search.encoding import EncodedQuery

KEPT = 500  # pictures of all visitors, of some 5 kB each
KEPT_S = 24 * 3600.0


@dataclass(frozen=True)
class SentPicture:
    """What a question needs of a picture: its vector by a model, a thumbnail as a data URI, and what to call it."""

    encoded: "EncodedQuery"
    source: str
    name: str
    model: str


class SentPictures:
    """The `KEPT` newest pictures, for `KEPT_S` seconds, under names that nobody can guess. Safe to share by threads.

    Only the page that sent a picture is told its name, and never in an address, so that nobody else asks with it.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, SentPicture]] = OrderedDict()  # the oldest first
        self._lock = threading.Lock()

    def keep(self, picture: SentPicture) -> str:
        """Keeps a picture; returns its name."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[token] = time.monotonic(), picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return token

    def get(self, token: str) -> SentPicture | None:
        """The picture with this name; None once it is not kept any more."""
        with self._lock:
            since, picture = self._kept.get(token, (0.0, None))
            if picture is not None and time.monotonic() - since > KEPT_S:
                del self._kept[token]
                return None
            return picture
