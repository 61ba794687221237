"""Ranked lists of both directions, kept to their first places while the scores stream by, and judged by ir-measures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import RR, R, Success
from numpy import float64, int64
from numpy.typing import NDArray

from core.data.runs import write_run

CUTS = (1, 5, 10)
NOTHING = -1  # a place of a ranked list that no item fills


@dataclass(frozen=True)
class Run:
    """The first `depth` items of every query: rows and scores (queries, depth), -1 where nothing was found."""

    rows: NDArray[int64]
    scores: NDArray[float64]

    def write(self, path: Path, query_ids: Sequence[str], item_ids: Sequence[str], tag: str) -> None:
        """A TREC run file: query, Q0, item, rank, score, tag; DatasetError where it cannot be written."""
        answers = (
            (query, [(item_ids[row], score) for row, score in zip(rows, scores, strict=True) if row != NOTHING])
            for query, rows, scores in zip(query_ids, self.rows.tolist(), self.scores.tolist(), strict=True)
        )
        write_run(path, answers, tag)


def first_places(scores: NDArray[float64], depth: int, *, found_only: bool) -> tuple[NDArray[int64], NDArray[float64]]:
    """(b, n) scores -> rows and scores of the best `depth`, best first; ties go to the lower row, as in a search.

    `found_only`: a score of 0 means that nothing is shared, so that an index would not find the item.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]  # (b, depth)
    best = np.take_along_axis(scores, order, 1)
    rows = np.where(best > 0, order, NOTHING) if found_only else order
    if rows.shape[1] < depth:
        missing = depth - rows.shape[1]
        rows = np.pad(rows, ((0, 0), (0, missing)), constant_values=NOTHING)
        best = np.pad(best, ((0, 0), (0, missing)), constant_values=-np.inf)
    return rows, best


class BothWays:
    """Collects the runs text → image and image → text from blocks of scores whose rows are consecutive texts."""

    def __init__(self, n_images: int, depth: int, *, found_only: bool):
        self._depth, self._found_only = depth, found_only
        self._by_text: list[tuple[NDArray[int64], NDArray[float64]]] = []
        self._texts = 0
        self._rows = np.full((n_images, depth), NOTHING, int64)
        self._scores = np.full((n_images, depth), -np.inf)

    def add(self, scores: NDArray[float64]) -> None:
        """`scores` (b, n_images) of the next b texts."""
        self._by_text.append(first_places(scores, self._depth, found_only=self._found_only))
        rows, best = first_places(scores.T, self._depth, found_only=self._found_only)
        rows = np.where(rows == NOTHING, NOTHING, rows + self._texts)
        # what was kept comes first, so that ties go to the earlier text
        rows, best = np.concatenate([self._rows, rows], 1), np.concatenate([self._scores, best], 1)
        best = np.where(rows == NOTHING, -np.inf, best)
        order = np.argsort(-best, axis=1, kind="stable")[:, : self._depth]
        self._rows, self._scores = np.take_along_axis(rows, order, 1), np.take_along_axis(best, order, 1)
        self._texts += len(scores)

    def text_to_image(self) -> Run:
        """For every text, images."""
        return Run(*(np.concatenate(parts) for parts in zip(*self._by_text, strict=True)))

    def image_to_text(self) -> Run:
        """For every image, texts."""
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
    found = ir_measures.calc_aggregate([*recalls.values(), RR @ 10], qrels, {q: dict(s) for q, s in _by_rank(run)})
    return {f"recall@{k}": float(found[measure]) for k, measure in recalls.items()} | {"mrr@10": float(found[RR @ 10])}


def _by_rank(run: Run) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Each query's items scored by place: trec_eval would round scores and break ties by name, unlike a search."""
    for query, rows in enumerate(run.rows[:, : max(CUTS)].tolist()):
        yield str(query), [(str(row), -float(rank)) for rank, row in enumerate(rows) if row != NOTHING]
