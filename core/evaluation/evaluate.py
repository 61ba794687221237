"""Evaluates a head, or dense vectors, on one split: every measure of the paper, in one pass over blocks of captions.

Only a block is ever dense: images are kept as sparse rows; captions are projected, scored, judged and dropped.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy import bool_, float32, float64
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from core.data.dense import DenseDataset
from core.errors import DatasetError
from core.evaluation.correlation import kendall_tau, pearson, top_tau
from core.evaluation.meaning import exact_rows, semantic_rows
from core.evaluation.retrieval import (
    CUTS,
    NO_ITEM,
    BothDirections,
    Run,
    ranks,
    recall_at,
    retrieval_measures,
    top_items,
)
from core.evaluation.sparsity import coactivation, flops_of, gini, shared_dimensions
from core.models.head import SparseHead
from index_store.progress import Progress, silent

Mode = Literal["full", "literal", "hybrid"]
BLOCK = 512  # captions at a time: with 30,522 terms, 62 MB of weights
K = 20  # of Exact@k and Semantic@k
_SPARSE_PAYS = 1 / 50  # a sparse product costs about 50 times as much a term as a dense one


@dataclass(frozen=True)
class Evaluation:
    """What a head or dense vectors reach on a split.

    `measures`: text → image, by their names in JSON, None where a measure has no value. `image_to_text`: recall and MRR
    of the other direction. `runs`: of both directions, "text_to_image" and "image_to_text".
    """

    measures: dict[str, float | None]
    image_to_text: dict[str, float]
    runs: dict[str, Run]

    def to_json(self) -> dict[str, object]:
        """The measures of text → image, those of the other direction below `image_to_text`."""
        return {**self.measures, "image_to_text": self.image_to_text}


def evaluate_dense(data: DenseDataset, *, depth: int = max(CUTS), progress: Progress = silent) -> Evaluation:
    """Recall and MRR of both directions by the dot product of the dense vectors; `depth`: ranks of the runs."""
    both = BothDirections(len(data.images), max(depth, *CUTS), found_only=False)
    images = data.images.astype(float64)
    for rows in blocks(len(data.texts), progress=progress, what="judging the dense vectors"):
        both.add(data.texts[rows].astype(float64) @ images.T)
    return _evaluation({}, both, data)


def evaluate_head(
    head: SparseHead,
    data: DenseDataset,
    literal: csr_array,
    *,
    mode: Mode = "full",
    vectors: NDArray[float32] | None = None,
    depth: int = max(CUTS),
    as_reference: bool = False,
    dense_weight: float | None = None,
    queries: csr_array | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Every measure of one head on one split.

    `literal` (m, |V|) bool: the terms each caption speaks.
    `mode`, of the captions (paper, section 4): "full"; "literal", only literal terms weigh; "hybrid", images that share
    a literal term are candidates, and all terms score them.
    `vectors` (|V|, d): unit word vectors for semantic@20, None without.
    `depth`: ranks kept in the runs, at least 10.
    `as_reference`: as the published code evaluates. "hybrid" then re-scores the ten images that the literal terms alone
    rank first, and FLOPs count both; Kendall's τ is taken over the images in both first ten ranks (`top_tau`), and
    `reference_avg_tau` is what the code prints as `avg_tau`: the mean of τ and p-values together.
    `dense_weight`: ranks by the fused score, which adds this times the dot product of the dense vectors; in hybrid mode
    to candidates only. FLOPs and what else is told of terms stay those of the terms.
    `queries` (m, |V|): the captions' weights, where something else than the head weighs them, such as a query table.

    Keys: recall@1, recall@5, recall@10, mrr@10 (`retrieval`); flops, query_terms, item_terms, coactivation,
    shared_dimensions, posting_gini (`sparsity`; in hybrid mode FLOPs count the products of candidates only);
    exact@20, semantic@20 (`meaning`); kendall_tau_vs_dense, pearson_vs_dense (`correlation`): means over captions.
    Of a head with an adapter also adapted_recall@1: R@1 by the dot product of the vectors as the adapter has them.

    Raises DatasetError for an unknown mode, and where head, data set and vocabulary do not belong together.
    """
    _refuse_what_does_not_fit(head, data, literal, mode)
    items = sparse_items(head, data)
    judge = _Judge(mode, as_reference, items, data.images.astype(float64), vectors, dense_weight)
    both = BothDirections(items.shape[0], max(depth, *CUTS), found_only=True)
    for rows in blocks(len(data.texts), progress=progress, what="judging the head"):
        texts = data.texts[rows]
        weights = head.weigh(texts) if queries is None else queries[rows].toarray()
        both.add(judge.scores(texts, weights, literal[rows].toarray()))
    measures = judge.measures(len(data.texts))
    if head.adapter is not None:
        found = ranks(head.adapt(data.texts), head.adapt(data.images), data.image_of_text)
        measures["adapted_recall@1"] = recall_at(found, 1)
    return _evaluation(measures, both, data)


def _refuse_what_does_not_fit(head: SparseHead, data: DenseDataset, literal: csr_array, mode: str) -> None:
    if mode not in get_args(Mode):
        raise DatasetError(f"There is no inference mode '{mode}'; choose one of {', '.join(get_args(Mode))}.")
    if head.config.dense_size != data.images.shape[1] or head.config.vocab_size != literal.shape[1]:
        raise DatasetError(
            f"The head takes {head.config.dense_size} dimensions to {head.config.vocab_size} terms, but the data set "
            f"has {data.images.shape[1]} dimensions and the vocabulary {literal.shape[1]} terms; they do not belong "
            "together."
        )


class _Judge:
    """Scores one block of captions after the other, and gathers what the measures need of each caption."""

    def __init__(
        self,
        mode: Mode,
        as_reference: bool,
        items: csr_array,
        dense_images: NDArray[float64],
        vectors: NDArray[float32] | None,
        dense_weight: float | None = None,
    ):
        """`items` (n, |V|): the images' weights; `dense_images` (n, dim); `vectors` (|V|, d): for Semantic@k.

        `dense_weight`: as in `evaluate_head`.
        """
        self._dense_weight = dense_weight
        self._mode, self._as_reference = mode, as_reference
        self._items, self._dense_images, self._vectors = items, dense_images, vectors
        self._postings = np.bincount(items.indices, minlength=items.shape[1])  # (|V|,) images that light each term
        self._query_postings = np.zeros_like(self._postings)
        self._columns: dict[str, list[NDArray[float64]]] = {}  # by measure: (b,) of each block's captions
        self._tau_and_p: list[NDArray[float64]] = []  # (2, b) of each block, for what the published code prints

    def scores(self, texts: NDArray[float32], weights: NDArray[float32], own: NDArray[bool_]) -> NDArray[float64]:
        """(b, n) the scores of a block in this mode; keeps the measures of its captions.

        texts (b, dim): dense vectors; weights (b, |V|): their terms'; own (b, |V|): their literal terms.
        """
        by_literal = np.where(own, weights, np.float32(0))
        queries = by_literal if self._mode == "literal" else weights
        scores, dense = pair_scores(queries, self._items), texts.astype(float64) @ self._dense_images.T
        if self._dense_weight is not None:
            scores += self._dense_weight * dense
        columns: dict[str, NDArray] = {}
        if self._mode == "hybrid":
            scores, columns["flops"] = self._hybrid(queries, by_literal, scores)
        columns["query_terms"] = (queries > 0).sum(1)
        columns["coactivation"] = coactivation(queries, self._postings, self._items.shape[0])
        columns[f"exact@{K}"] = exact_rows(queries, own, K)
        if self._vectors is not None:
            columns[f"semantic@{K}"] = semantic_rows(queries, own, self._vectors, K)
        columns |= self._correlations(scores, dense)
        for name, column in columns.items():
            self._columns.setdefault(name, []).append(column)
        self._query_postings += (queries > 0).sum(0)
        return scores

    def _hybrid(
        self, queries: NDArray[float32], by_literal: NDArray[float32], scores: NDArray[float64]
    ) -> tuple[NDArray[float64], NDArray[float64]]:
        """(b, n) the scores of candidates, 0 for other images, and (b,) the term products that they cost an image."""
        literal_scores = pair_scores(by_literal, self._items)
        candidates = literal_scores > 0
        shared = pair_scores((queries > 0).astype(float32), _ones(self._items))
        products = np.zeros(len(queries))
        if self._as_reference:
            candidates = _first(literal_scores)
            products += pair_scores((by_literal > 0).astype(float32), _ones(self._items)).mean(1)
        products += (shared * candidates).mean(1)
        return np.where(candidates, scores, 0.0), products

    def _correlations(self, scores: NDArray[float64], dense: NDArray[float64]) -> dict[str, NDArray]:
        """Kendall's τ and Pearson's correlation, (b,) each, of the scores (b, n) with the dense ones (b, n)."""
        if self._as_reference:
            top = top_tau(scores, dense, max(CUTS))
            self._tau_and_p.append(np.stack([top.tau, top.p_value]))
            tau = top.tau
        else:
            tau = kendall_tau(scores, dense)
        return {"kendall_tau_vs_dense": tau, "pearson_vs_dense": pearson(scores, dense)}

    def measures(self, n_texts: int) -> dict[str, float | None]:
        """The measures of all blocks so far, which together hold `n_texts` captions."""
        n_items = self._items.shape[0]
        measures: dict[str, float | None] = {
            "flops": flops_of(self._query_postings, n_texts, self._postings, n_items),
            "item_terms": self._items.nnz / n_items,
            "shared_dimensions": shared_dimensions(self._query_postings, self._postings),
            "posting_gini": gini(self._postings),
        }
        measures |= {name: _mean(np.concatenate(parts)) for name, parts in self._columns.items()}
        if self._tau_and_p:
            measures["reference_avg_tau"] = _mean(np.concatenate(self._tau_and_p, 1).ravel())
        return measures


def sparse_items(head: SparseHead, data: DenseDataset) -> csr_array:
    """(n, |V|) the weights that the head gives the images of a data set."""
    return vstack([csr_array(head.weigh(data.images[rows])) for rows in blocks(len(data.images))]).tocsr()


def pair_scores(queries: NDArray[float32], items: csr_array) -> NDArray[float64]:
    """(b, n) dot products in double precision of (b, |V|) weights with sparse (n, |V|) rows, the quicker way."""
    products = (queries > 0).mean(0) @ np.bincount(items.indices, minlength=items.shape[1]) / items.shape[0]
    if products < _SPARSE_PAYS * items.shape[1]:
        return (csr_array(queries).astype(float64) @ items.T.astype(float64)).toarray()
    parts = [items[rows].toarray().astype(float64) for rows in blocks(items.shape[0])]
    return np.concatenate([queries.astype(float64) @ part.T for part in parts], 1)


def _first(scores: NDArray[float64], depth: int = max(CUTS)) -> NDArray[bool_]:
    """(b, n) which items have the highest scores above 0, at most `depth` a row; ties go to the earlier one."""
    rows, _ = top_items(scores, depth, found_only=True)
    first = np.zeros(scores.shape, bool)
    query, rank = np.nonzero(rows != NO_ITEM)
    first[query, rows[query, rank]] = True
    return first


def _ones(items: csr_array) -> csr_array:
    """The rows with 1 for every weight."""
    return csr_array((np.ones_like(items.data), items.indices, items.indptr), shape=items.shape)


def _evaluation(found: dict[str, float | None], both: BothDirections, data: DenseDataset) -> Evaluation:
    """The measures `found` and those of both runs, in the order in which they are printed."""
    runs = {"text_to_image": both.text_to_image(), "image_to_text": both.image_to_text()}
    texts_of: list[list[int]] = [[] for _ in data.images]
    for text, image in enumerate(data.image_of_text.tolist()):
        texts_of[image].append(text)
    forwards = retrieval_measures(runs["text_to_image"], [[image] for image in data.image_of_text.tolist()])
    backwards = retrieval_measures(runs["image_to_text"], texts_of)
    names = [
        *forwards, "flops", "query_terms", "item_terms", "coactivation", "shared_dimensions", "posting_gini",
        f"exact@{K}", f"semantic@{K}", "kendall_tau_vs_dense", "pearson_vs_dense",
        *(name for name in ("adapted_recall@1", "reference_avg_tau") if name in found),
    ]  # fmt: skip
    measures = {**found, **forwards}
    return Evaluation({name: measures.get(name) for name in names}, backwards, runs)


def _mean(column: NDArray[float64]) -> float | None:
    """The mean of what has a value."""
    kept = column[~np.isnan(column)] if column.dtype.kind == "f" else column
    mean = float(kept.mean()) if len(kept) else math.nan
    return mean if math.isfinite(mean) else None


def blocks(n: int, *, size: int | None = None, progress: Progress = silent, what: str = "") -> Iterator[slice]:
    """Slices of at most `size` rows (default BLOCK) that together are all n; `progress` hears of `what` after each."""
    size = size or BLOCK
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
        progress(min(start + size, n), n, what)
