"""Weighs what is written of a picture, its captions and keywords, into its vector; knows neither files nor folders.

A picture and a sentence light the same terms, so both can be one vector ("Multimodal Learned Sparse Retrieval for Image
Suggestion", arXiv 2402.07736). Here each term weighs as much as in the one of them that lights it more, which finds
more than sums and mixes do (docs/benchmarks.md). A score stays one exact dot product. The collection keeps what was
seen beside the vector, so that each weight can be told apart again: seen, and what lies above it, which was written.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from index_store.items import Item, NewItem, Seen, again
from index_store.progress import Progress, ShouldStop, never, silent
from index_store.store import Store
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.models.model import Model
    from core.vocabulary import Vocabulary

BATCH = 32  # pictures in one commit: no more is lost when the process is killed
PAGE = 500  # pictures whose words are compared at a time
KEPT = 1_000  # texts whose vectors are kept at a time: those of a batch of pictures, with room
WEIGHING = "Weighing captions"  # as progress calls it

CaptionsOf = Callable[[str], Iterable[str]]  # the captions that are items of their own, by their picture's path


def combined(seen: SparseVector, written: Sequence[SparseVector], weight: float) -> SparseVector:
    """The greatest weight of each term: what was seen, and `weight` × what is written."""
    greatest = dict(zip(seen.terms.tolist(), seen.weights.tolist(), strict=True))
    for one in written:
        for term, value in zip(one.terms.tolist(), one.weights.tolist(), strict=True):
            greatest[term] = max(greatest.get(term, 0.0), weight * value)
    return SparseVector.from_pairs({term: value for term, value in greatest.items() if np.float32(value)})


def texts_of(item: Item | NewItem, captions: Iterable[str], vocabulary: "Vocabulary") -> tuple[str, ...]:
    """What is written of a picture, each text once, in alphabetical order: its captions, and its keywords as one text.

    captions: those that are items of their own. A keyword that speaks no term ("best", "to print") says nothing of what
    the picture shows, and is left out.
    """
    keywords = ", ".join(sorted(tag for tag in item.tags if vocabulary.literal_ids(tag)))
    return tuple(sorted({text for text in (*captions, item.caption, keywords) if text and text.strip()}))


class WrittenWords:
    """What is written of pictures, and how much it weighs in their vectors."""

    def __init__(self, model: "Model", weight: float, captions_of: CaptionsOf) -> None:
        """`weight`: 0 to 1; with 0, vectors are of the pictures alone."""
        self._model, self._weight, self._captions_of = model, weight, captions_of
        self._vectors: dict[str, SparseVector] = {}  # of texts

    def encode(self, items: Iterable[NewItem]) -> None:
        """Encodes what `weigh` will need, so that it need not be done while others wait."""
        self._lit([text for item in items for text in self._texts(item)])

    def weigh(self, items: Sequence[NewItem]) -> list[NewItem]:
        """Pictures with their words in their vectors; the vectors given are of the picture alone. Captions stay."""
        texts = [self._texts(item) for item in items]
        vectors = self._lit([text for some in texts for text in some])
        return [
            self._with(item, some, [vectors[text] for text in some]) if some else item
            for item, some in zip(items, texts, strict=True)
        ]

    def are_due(self, item: Item, seen: Seen | None) -> bool:
        """Whether other words should be in a picture's vector than are, or with another weight. seen: as stored."""
        texts = self._texts(item)
        return (self._digest(texts) if texts else None) != (seen.words if seen is not None else None)

    def _with(self, item: NewItem, texts: Sequence[str], written: Sequence[SparseVector]) -> NewItem:
        seen = Seen(item.vector, self._digest(texts))
        return replace(item, vector=combined(item.vector, written, self._weight), seen=seen)

    def _texts(self, item: Item | NewItem) -> tuple[str, ...]:
        if not self._weight or item.kind != "image":
            return ()
        return texts_of(item, self._captions_of(item.path), self._model.vocabulary)

    def _digest(self, texts: Sequence[str]) -> str:
        return hashlib.sha256(repr((self._weight, texts)).encode()).hexdigest()[:16]

    def _lit(self, texts: Sequence[str]) -> dict[str, SparseVector]:
        """The vectors of texts, and of those that were asked for just before."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if len(self._vectors) + len(new) > KEPT:
            self._vectors, new = {}, list(dict.fromkeys(texts))
        if new:
            self._vectors |= zip(new, self._model.encode_texts(new), strict=True)
        return self._vectors


def weigh_due(
    words: WrittenWords,
    collection: Store,
    *,
    besides: Collection[int] = (),
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> int:
    """Gives pictures of which other words are to be weighed in, or none, vectors anew; returns how many there were.

    They become new items, for an item's vector never changes. besides: ids that stay as they are. What was done before
    a stop stays, and the next run goes on from there.
    """
    due = [item for item in _due(words, collection) if item not in besides]
    present, done = set(due), 0
    for start in range(0, len(due), BATCH):
        if should_stop():
            break
        some = due[start : start + BATCH]
        with collection.writing() as others_wrote:
            present = set(collection.ids()) if others_wrote else present
            done += _weigh_anew(words, collection, [item for item in some if item in present])
        progress(start + len(some), len(due), WEIGHING)
    return done


def _due(words: WrittenWords, collection: Store) -> Iterator[int]:
    """Ids of the pictures that are due, ascending."""
    pictures = collection.all_items(kind="image")
    while page := list(islice(pictures, PAGE)):
        seen = collection.seen([item.id for item in page])
        yield from (item.id for item in page if words.are_due(item, seen.get(item.id)))


def _weigh_anew(words: WrittenWords, collection: Store, ids: Sequence[int]) -> int:
    """Replaces items by ones with other words in their vectors; returns how many."""
    seen, dense = collection.seen(ids), collection.dense(ids)
    whole = dict(zip(ids, collection.vectors(ids), strict=True))
    alone = [seen[item].vector if item in seen else whole[item] for item in ids]
    pictures = [
        replace(again(item, vector, dense.get(item.id)), added=item.added)
        for item, vector in zip(collection.items(ids), alone, strict=True)
    ]
    return len(collection.add(words.weigh(pictures), replacing=ids))
