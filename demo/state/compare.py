"""What the Compare page works with: the ways to rank, and the dense vectors that some of them need; knows no Gradio."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.search.methods import Method, Ranking
from demo.state.app import Session
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.data.dense_items import DenseItems
    from core.search.methods import Ranker

OWN = {
    "full": "Sparse, all terms",
    "literal": "Sparse, your words only",
    "hybrid": "Sparse, hybrid",
    "dense": "Dense vectors",
}
HEAD = "head:"  # before the name of another head


class Comparing:
    """Rankings of one session's collection; makes the dense vectors in the background when they are first asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rankings: Ranker | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._error: SightwordsError | None = None
        self.done = self.total = 0  # of the pictures that had to be encoded

    def methods(self) -> dict[str, str]:
        """What can be chosen: key → what to call it."""
        return OWN | {f"{HEAD}{name}": f"Another head: {name}" for name in self._heads()}

    def prepare(self, *methods: str) -> bool:
        """Whether these methods can rank now; begins to make what they need where they cannot. Raises its error."""
        chosen = [self._method(name) for name in methods]
        rankings = self._ranked()
        if rankings.dense is not None or not any(method.needs_dense for method in chosen):
            return True
        with self._lock:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._thread is None or not self._thread.is_alive():
                self._stop.clear()
                self.done = self.total = 0
                self._thread = threading.Thread(target=self._encode, args=(rankings,), daemon=True)
                self._thread.start()
            self._thread.join(timeout=0.3)  # a small collection, or one that is known, is ready at once
        return rankings.dense is not None

    def cancel(self) -> None:
        """Stops making vectors after the batch at hand; what is made is kept."""
        self._stop.set()

    def rank(self, text: str, method: str, k: int) -> Ranking:
        """What one method answers. Raises SightwordsError."""
        return self._ranked().rank(text, self._method(method), k)

    def _method(self, name: str) -> Method:
        if name in OWN:
            return Method(name)  # type: ignore[arg-type]
        place = self._heads().get(name.removeprefix(HEAD))
        if place is None:
            raise QueryError(f"There is no way to rank called '{name[:60]}'; choose one from the list.")
        return Method("head", place)

    def _heads(self) -> dict[str, Path]:
        from core.models.registry import other_heads

        return other_heads(self._session.model_name, self._session.encoder_name)

    def _ranked(self) -> "Ranker":
        from core.search.methods import Ranker

        model, collection = self._session.ready()
        pictures = self._session.kinds().get("image", 0)
        if self._rankings is None or not self._rankings.ranks(collection) or _outgrown(self._rankings.dense, pictures):
            self._rankings = Ranker(model, collection)
        return self._rankings

    def _encode(self, rankings: "Ranker") -> None:
        from core.data.dense_items import dense_file, dense_items

        model, collection = self._session.ready()

        def told(done: int, total: int | None, _: str) -> None:
            self.done, self.total = done, total or 0

        try:
            file = dense_file(collection)
            rankings.dense = dense_items(model.encoder, collection, file, progress=told, should_stop=self._stop.is_set)
        except SightwordsError as error:
            self._error = error


def _outgrown(dense: "DenseItems | None", pictures: int) -> bool:
    """Whether the collection has changed since its dense vectors were made."""
    return dense is not None and len(dense.ids) + dense.missing != pictures
