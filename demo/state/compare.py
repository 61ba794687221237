"""What the Compare page works with: the ways to rank, and the dense vectors that some of them need; knows no Gradio."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.search.methods import Method, OwnMethod, Ranking
from core.search.query import check_text
from demo.state.app import AppState
from demo.state.job import AtWork, Job
from index_store.progress import Progress, ShouldStop

if TYPE_CHECKING:
    from core.data.dense_items import DenseItems
    from core.search.methods import Ranker

OWN: dict[OwnMethod, str] = {
    "full": "Sparse, all terms",
    "literal": "Sparse, your words only",
    "hybrid": "Sparse, hybrid",
    "fused": "Fused: terms and dense vectors",
    "dense": "Dense vectors",
}
ENCODING = "Encoding the pictures"
AT_ONCE_S = 0.3  # a small collection, or one that is known, is ready so soon
HEAD = "head:"  # before the name of another head


class Comparing:
    """Rankings of one app's collection; makes the dense vectors in the background when they are first asked for."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._rankings: Ranker | None = None
        self.job: Job[None] = Job("sightwords-comparing", "The pictures are still being encoded; wait for that.")

    def methods(self) -> dict[str, str]:
        """What can be chosen: key → what to call it."""
        own: dict[str, str] = {kind: label for kind, label in OWN.items()}
        return own | {f"{HEAD}{name}": f"Another head: {name}" for name in self._heads()}

    def prepare(self, *methods: str) -> bool:
        """Whether these methods can rank now; begins to make what they need where they cannot. Raises its error."""
        chosen = [self._method(name) for name in methods]
        rankings = self._ranked()
        if rankings.dense is not None or not any(method.needs_dense for method in chosen):
            return True
        if (failed := self.job.status.exception) is not None:
            self.job.forget()  # asked again, it is tried again
            raise failed
        with suppress(AtWork):  # whoever asks for the same meanwhile waits for it
            self.job.start(lambda progress, should_stop: self._encode(rankings, progress, should_stop), what=ENCODING)
        self.job.wait(AT_ONCE_S)
        return rankings.dense is not None

    def rank(self, text: str, method: str, k: int) -> Ranking:
        """What one method answers. Raises SightwordsError."""
        return self._ranked().rank(text, self._method(method), k)

    def _method(self, name: str) -> Method:
        check_text(name, "way to rank")
        if (own := next((kind for kind in OWN if kind == name), None)) is not None:
            return Method(own)
        head = self._heads().get(name.removeprefix(HEAD))
        if head is None:
            raise QueryError(f"There is no way to rank called '{name[:60]}'; choose one from the list.")
        return Method("head", head)

    def _heads(self) -> dict[str, Path]:
        from core.models.registry import other_heads

        return other_heads(self._state.model_name, self._state.encoder_name)

    def _ranked(self) -> "Ranker":
        from core.search.methods import Ranker

        model, collection = self._state.ready()
        pictures = self._state.kinds().get("image", 0)
        if self._rankings is None or not self._rankings.ranks(collection) or _outgrown(self._rankings.dense, pictures):
            self._rankings = Ranker(model, collection)
        return self._rankings

    def _encode(self, rankings: "Ranker", progress: Progress, should_stop: ShouldStop) -> None:
        from core.data.dense_items import dense_file, dense_items

        encoder, collection = rankings.model.encoder, rankings.collection
        file = dense_file(collection)
        rankings.dense = dense_items(encoder, collection, file, progress=progress, should_stop=should_stop)


def _outgrown(dense: "DenseItems | None", pictures: int) -> bool:
    """Whether the collection has changed since its dense vectors were made."""
    return dense is not None and len(dense.ids) + dense.missing != pictures
