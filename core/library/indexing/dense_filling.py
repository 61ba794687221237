"""Gives the items of a collection the dense vectors that they lack, where it keeps these: from their files, once."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from core.data.dense_items import dense_file, encoded, known_rows
from index_store.items import Item
from index_store.progress import Progress, ShouldStop, never, silent
from index_store.store import Store

if TYPE_CHECKING:
    from core.encoders import DenseEncoder

BATCH = 32  # items in one commit: no more is lost when the process is killed
FILLING = "Making dense vectors"  # as progress calls it


def fill_dense(
    encoder: "DenseEncoder", collection: Store, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> int:
    """Returns how many items were given theirs. What was made before a stop stays, and the next run goes on from there.

    A row that was made for a comparison before is taken. Items whose pictures cannot be read stay without.
    """
    lacking = collection.without_dense()
    if not lacking:
        return 0
    known = known_rows(dense_file(collection), encoder)
    done = given = 0
    for items in _pages(collection, lacking):
        if should_stop():
            break
        rows = {item.id: row for item in items if (row := known.row(item)) is not None}
        rows |= encoded(encoder, [item for item in items if item.id not in rows])
        collection.note_dense(rows)
        done, given = done + len(items), given + len(rows)
        progress(done, len(lacking), FILLING)
    return given


def _pages(collection: Store, ids: list[int]) -> Iterator[list[Item]]:
    rest = iter(ids)
    while some := list(islice(rest, BATCH)):
        yield collection.items(some)
