"""The items that a collection holds, by path and by bytes, while others may write to it; decides nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index_store.items import Item
from index_store.store import Store


class KnownItems:
    """What a collection held when it was read last.

    `at_path`: items by (kind, path). `by_hash`: the id of one picture by content hash. Items that this run adds are
    found by hash only, as no step of a run looks for them by path.
    """

    def __init__(self, collection: Store) -> None:
        self.collection = collection
        self.read()

    def read(self) -> None:
        """Reads the items anew."""
        self.at_path: dict[tuple[str, str], list[Item]] = defaultdict(list)
        self.by_hash: dict[str, int] = {}
        for item in self.collection.all_items():
            self.at_path[item.kind, item.path].append(item)
            if item.kind == "image":
                self.by_hash[item.content_hash] = item.id

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other processes from writing inside; what they wrote before is read first."""
        with self.collection.writing() as others_wrote:
            if others_wrote:
                self.read()
            yield

    def pictures_at(self, path: str | Path) -> list[Item]:
        """The picture items with this path."""
        return self.at_path.get(("image", str(path)), [])

    def captions_at(self, path: str | Path) -> list[Item]:
        """The caption items of the picture with this path."""
        return self.at_path.get(("caption", str(path)), [])

    def below(self, folder: Path) -> int:
        """How many items have a path in a folder or below it."""
        return sum(len(items) for (_, path), items in self.at_path.items() if Path(path).is_relative_to(folder))

    def forget_bytes(self, replaced: Iterable[Item]) -> None:
        """Items that are no longer there are no longer found by hash."""
        for item in replaced:
            if self.by_hash.get(item.content_hash) == item.id:
                del self.by_hash[item.content_hash]
