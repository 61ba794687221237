"""Runs of both directions, kept to their first ranks while the scores stream by, and the measures of retrieval.

Recall and MRR of a run are ir-measures'; `ranks` and `recall_at` are the short way where each query has one right item.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import RR, R, Success
from numpy import float32, float64, int64
from numpy.typing import NDArray

from core.data.runs import write_run

CUTS = (1, 5, 10)
NO_ITEM = -1  # a rank of a run that no item fills


@dataclass(frozen=True)
class Run:
    """A TREC run in memory: for each query the rows and scores of its best items, (queries, depth) each.

    Best first; a rank that no item fills holds NO_ITEM.
    """

    rows: NDArray[int64]
    scores: NDArray[float64]

    def write(self, path: Path, query_ids: Sequence[str], item_ids: Sequence[str], tag: str) -> None:
        """Writes a TREC run file: query, Q0, item, rank, score, tag; DatasetError where it cannot be written."""
        answers = (
            (query, [(item_ids[row], score) for row, score in zip(rows, scores, strict=True) if row != NO_ITEM])
            for query, rows, scores in zip(query_ids, self.rows.tolist(), self.scores.tolist(), strict=True)
        )
        write_run(path, answers, tag)


def top_items(scores: NDArray[float64], depth: int, *, found_only: bool) -> tuple[NDArray[int64], NDArray[float64]]:
    """Scores (b, n) -> rows and scores of the best `depth` items, (b, depth) each, best first.

    Ties go to the lower row, as in a search. `found_only`: leaves out items of score 0, which share no term with the
    query, so that an index would not find them. Places that stay empty hold NO_ITEM.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]  # (b, depth)
    best = np.take_along_axis(scores, order, 1)
    rows = np.where(best > 0, order, NO_ITEM) if found_only else order
    if rows.shape[1] < depth:
        missing = depth - rows.shape[1]
        rows = np.pad(rows, ((0, 0), (0, missing)), constant_values=NO_ITEM)
        best = np.pad(best, ((0, 0), (0, missing)), constant_values=-np.inf)
    return rows, best


class BothDirections:
    """Collects the runs text → image and image → text from blocks of scores, whose rows are consecutive texts."""

    def __init__(self, n_images: int, depth: int, *, found_only: bool):
        """`depth`: ranks of the runs; `found_only`: as `top_items` has it."""
        self._depth, self._found_only = depth, found_only
        self._by_text: list[tuple[NDArray[int64], NDArray[float64]]] = []
        self._texts = 0
        self._rows = np.full((n_images, depth), NO_ITEM, int64)
        self._scores = np.full((n_images, depth), -np.inf)

    def add(self, scores: NDArray[float64]) -> None:
        """Takes in the scores (b, n_images) of the next b texts."""
        self._by_text.append(top_items(scores, self._depth, found_only=self._found_only))
        rows, best = top_items(scores.T, self._depth, found_only=self._found_only)
        rows = np.where(rows == NO_ITEM, NO_ITEM, rows + self._texts)
        # what was kept comes first, so that ties go to the earlier text
        rows, best = np.concatenate([self._rows, rows], 1), np.concatenate([self._scores, best], 1)
        best = np.where(rows == NO_ITEM, -np.inf, best)
        order = np.argsort(-best, axis=1, kind="stable")[:, : self._depth]
        self._rows, self._scores = np.take_along_axis(rows, order, 1), np.take_along_axis(best, order, 1)
        self._texts += len(scores)

    def text_to_image(self) -> Run:
        """The images of every text."""
        return Run(*(np.concatenate(parts) for parts in zip(*self._by_text, strict=True)))

    def image_to_text(self) -> Run:
        """The texts of every image."""
        return Run(self._rows, self._scores)


def retrieval_measures(run: Run, right: Sequence[Sequence[int]]) -> dict[str, float]:
    """`recall@1`, `recall@5`, `recall@10` and `mrr@10`, by ir-measures; a query that finds nothing counts 0.

    `right`: the rows of the right items of each query. With one right item, recall@k is R@k. With several (an image's
    captions) it is Success@k, whether any of them is among the first k: what the papers on image-text retrieval report
    as R@k (Karpathy and Fei-Fei 2015; the paper, section 4). mrr@10: the mean of 1/rank of the first right item, 0 when
    that is beyond 10.
    """
    several = any(len(rows) > 1 for rows in right)
    recalls = {k: (Success if several else R) @ k for k in CUTS}
    qrels = {str(query): {str(row): 1 for row in rows} for query, rows in enumerate(right)}
    values = ir_measures.calc_aggregate([*recalls.values(), RR @ 10], qrels, {q: dict(s) for q, s in _by_rank(run)})
    return {f"recall@{k}": float(values[measure]) for k, measure in recalls.items()} | {
        "mrr@10": float(values[RR @ 10])
    }


def _by_rank(run: Run) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Each query's items, scored by their rank: trec_eval rounds scores and breaks ties by name, unlike a search."""
    for query, rows in enumerate(run.rows[:, : max(CUTS)].tolist()):
        yield str(query), [(str(row), -float(rank)) for rank, row in enumerate(rows) if row != NO_ITEM]


def ranks(
    queries: NDArray[float32], items: NDArray[float32], target: NDArray[int64], batch: int = 1000
) -> NDArray[int64]:
    """(m,) the rank, from 1, of each query's target among all items by dot product.

    queries (m, d), items (n, d), target (m,) rows of `items`. Ties go to the lower row, as in a search.
    """
    found = np.empty(len(queries), int64)
    for start in range(0, len(queries), batch):
        part = slice(start, start + batch)
        scores = queries[part] @ items.T  # (b, n)
        own = np.take_along_axis(scores, target[part, None], 1)  # (b, 1)
        earlier = np.arange(len(items))[None, :] < target[part, None]
        found[part] = 1 + (scores > own).sum(1) + ((scores == own) & earlier).sum(1)
    return found


def recall_at(ranks: NDArray[int64], k: int) -> float:
    """R@k, 0..1: the share of queries whose one right item has rank k or better."""
    return float((ranks <= k).mean())
