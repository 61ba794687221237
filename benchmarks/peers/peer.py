"""What every peer looks like to the benchmark."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from benchmarks.rows import Rows


class Peer(ABC):
    """Made empty, then built or loaded, then asked one question at a time, in one thread."""

    name: ClassVar[str]
    module: ClassVar[str]  # what must be importable
    about: ClassVar[str]  # how it is set, for the table
    kept: ClassVar[bool] = False  # whether `load` can take up what `build` left in the folder
    slow: ClassVar[bool] = False  # so slow that large collections and many questions are spared it
    faithful: ClassVar[bool] = True  # whether it searches the same vectors, so that its answers can be judged

    settings: ClassVar[tuple[Any, ...]] = ()  # of searching, to be tried one after the other

    def choose(self, setting: Any) -> None:
        """Searches by one of the `settings` from now on; only asked of those that have some."""
        raise NotImplementedError(f"{self.name} has one setting.")

    @abstractmethod
    def build(self, items: Rows, folder: Path) -> None:
        """Makes an index of the items in an empty folder, or in memory."""

    def load(self, folder: Path) -> None:
        """Opens what `build` left there; only asked of those that keep something."""
        raise NotImplementedError(f"{self.name} keeps nothing on disk.")

    @abstractmethod
    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        """The question in the peer's own form: not timed, as whoever uses it would hold questions so."""

    @abstractmethod
    def search(self, question: Any, k: int) -> Sequence[int]:
        """Rows of the k best items: timed."""

    def close(self) -> None:
        """Gives back what outlives the object; most have no such thing."""
        return None
