"""Compares the two stores of a collection folder, item by item and posting by posting; reads, never repairs."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from os.path import isfile  # False for what may not be read
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store.catalog.connection import Row
from index_store.dense import from_bytes, sound
from index_store.errors import CollectionDamaged, VectorError
from index_store.findings import Findings
from index_store.postings import impacts
from index_store.postings.reader import PostingsReader, decode
from index_store.vectors import SparseVector, within

TOLERANCE = 1e-3  # relative: float32 scores of one frequency differ by less, those of two frequencies by more


def findings(
    postings: PostingsReader,
    rows: Sequence[Row],
    folder: Path,
    dense: Iterable[tuple[int, bytes]] = (),
    size: int = 0,
    seen: Mapping[int, bytes] | None = None,
) -> Findings:
    """Everything that is wrong. rows: `Catalog.promises()`.  folder: of the collection.

    dense: (id, bytes) of the dense vectors that are kept, which have `size` numbers.  seen: `Catalog.all_seen()`.
    """
    ids = postings.all_ids()
    held, known = set(ids), {row["id"]: row for row in rows}
    vectors: dict[int, SparseVector] = {}
    unreadable = set[int]()
    for item, data in postings.all_vectors():
        try:
            vectors[item] = decode(item, data, folder)
        except CollectionDamaged:
            unreadable.add(item)
    doubled = {a for a, b in pairwise(ids) if a == b}
    return Findings(
        lost=known.keys() - held,
        leftover=held - known.keys(),
        doubled=doubled,
        unreadable=unreadable,
        other={item for item, vector in vectors.items() if item in known and len(vector) != known[item]["terms"]},
        bare={item for item, row in known.items() if row["thumbnail"] and not isfile(folder / row["thumbnail"])},
        misfiled=(_misfiled(postings, vectors) & vectors.keys() & known.keys()) - doubled,
        not_dense={item for item, data in dense if len(data) != 4 * size or not sound(from_bytes(data))},
        not_seen={item for item, data in (seen or {}).items() if item in vectors and not _is_part(data, vectors[item])},
        vectors=vectors,
    )


def _is_part(data: bytes, vector: SparseVector) -> bool:
    """Whether bytes are a sparse vector of which no weight is above that of another."""
    try:
        return within(SparseVector.from_bytes(data), vector)
    except VectorError:
        return False


def _misfiled(postings: PostingsReader, vectors: Mapping[int, SparseVector]) -> set[int]:
    """Ids of vectors with a posting in a list where it does not belong, with a wrong frequency, or missing.

    Compares every posting: for each (term, band), the ids and scores in its list with those that the vectors imply.
    """
    frequencies = postings.frequencies()
    held = [impacts.impacts(vector.weights) for vector in vectors.values()]
    sizes = [len(vector) for vector in vectors.values()]
    ids = np.repeat(np.fromiter(vectors, np.int64, len(vectors)), sizes)
    terms = np.concatenate([np.zeros(0, np.int64), *(vector.terms for vector in vectors.values())])
    bands = np.concatenate([np.zeros(0, np.int64), *(one.band for one in held)])
    order = np.lexsort((ids, bands, terms))
    ids, keys, scores = ids[order], np.stack([terms, bands], 1)[order], _expected_scores(held, sizes, postings)[order]
    starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=np.iinfo(np.int64).min // 2) != 0, 1))
    split = zip(np.split(ids, starts[1:]), np.split(scores, starts[1:]), strict=True) if starts.size else ()
    expected = {(term, band): pair for (term, band), pair in zip(keys[starts].tolist(), split, strict=True)}
    nothing = np.zeros(0, np.int64), np.zeros(0)
    wrong: set[int] = set()
    for term, band in expected.keys() | frequencies.keys():
        mine, should = expected.get((term, band), nothing)
        theirs, does = postings.holding(term, band, frequencies.get((term, band), 0) + 1)
        if not np.array_equal(mine, theirs):
            wrong.update(np.setxor1d(mine, theirs).tolist())
        elif does is not None:
            wrong.update(mine[~np.isclose(does, should, rtol=TOLERANCE)].tolist())
    return wrong


def _expected_scores(
    held: Sequence[impacts.Impacts], sizes: Sequence[int], postings: PostingsReader
) -> NDArray[np.float64]:
    """f / (f + K) of every posting (see `impacts.py`), as the vectors imply it."""
    lengths = np.repeat(np.array([one.length for one in held], np.float64), sizes)
    saturated = impacts.saturation(impacts.rounded(lengths), postings.average_length())
    frequency = np.concatenate([np.zeros(0, np.int64), *(one.frequency for one in held)])
    return frequency / (frequency + saturated)
