"""The few measures that are worth their time after every epoch: R@1, FLOPs, terms; `evaluate` has them all."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import bool_, float32, int64
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.data.dense import DenseDataset
from core.evaluation.evaluate import BLOCK, blocks, pair_scores, sparse_items
from core.evaluation.sparsity import flops_of
from core.models.head import SparseHead


@dataclass(frozen=True)
class ValidationMeasures:
    """Text → image R@1 (0..1) and its standard error, FLOPs, and the mean number of terms of a caption and an image."""

    recall_at_1: float
    recall_error: float
    flops: float
    query_terms: float
    item_terms: float


Allowed = Callable[[slice], NDArray[bool_]]
"""Given some rows of captions: which terms each of them may light, (rows, |V|) bool."""


def validate(
    head: SparseHead, data: DenseDataset, allowed: Allowed | None = None, batch: int = BLOCK
) -> ValidationMeasures:
    """The measures of a head on a split, as `evaluate_head` in full mode has them.

    An image that shares no term with a caption is not found; ties go to the earlier image. `allowed` keeps captions to
    some of their terms; it is asked for `batch` captions at a time.
    """

    def weights(rows: slice) -> NDArray[float32]:
        queries = head.weigh(data.texts[rows])
        return queries if allowed is None else np.where(allowed(rows), queries, np.float32(0))

    return _measured(weights, sparse_items(head, data), data.image_of_text, batch)


def validate_queries(queries: csr_array, items: csr_array, image_of_text: NDArray[int64]) -> ValidationMeasures:
    """The same of queries (m, |V|), whatever weighed them, among items (n, |V|); `image_of_text` (m,): their own."""
    return _measured(lambda rows: queries[rows].toarray(), items, image_of_text, BLOCK)


def _measured(
    weights: Callable[[slice], NDArray[float32]], items: csr_array, image_of_text: NDArray[int64], batch: int
) -> ValidationMeasures:
    postings = np.bincount(items.indices, minlength=items.shape[1])  # (|V|,) images that light each term
    query_postings, right = np.zeros_like(postings), 0
    for rows in blocks(len(image_of_text), size=batch):
        queries = weights(rows)
        scores = pair_scores(queries, items)
        best = scores.argmax(1)
        right += int(((best == image_of_text[rows]) & (scores.max(1) > 0)).sum())
        query_postings += (queries > 0).sum(0)
    count = len(image_of_text)
    recall = right / count
    return ValidationMeasures(
        recall_at_1=recall,
        recall_error=math.sqrt(recall * (1 - recall) / count),
        flops=flops_of(query_postings, count, postings, items.shape[0]),
        query_terms=float(query_postings.sum() / count),
        item_terms=items.nnz / items.shape[0],
    )
