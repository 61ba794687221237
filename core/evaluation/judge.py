"""Judges a head, or dense vectors, on one split: every measure of the paper, in one pass over blocks of captions.

A block is all that is ever dense: images are kept as sparse rows, captions are projected, scored, judged and dropped.
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
from core.evaluation.ranking import CUTS, NOTHING, BothWays, Run, first_places, retrieval_measures
from core.evaluation.sparsity import coactivation, flops_of, gini, shared_dimensions
from core.models.head import SparseHead
from index_store.progress import Progress, silent

Mode = Literal["full", "literal", "hybrid"]
BLOCK = 512  # captions at a time: with 30,522 terms, 62 MB of weights
K = 20  # of Exact@k and Semantic@k
_SPARSE_PAYS = 1 / 50  # a sparse product costs about 50 times as much a term as a dense one


@dataclass(frozen=True)
class Evaluation:
    """`measures`: by their names in JSON, None where a measure has no value; runs of both directions."""

    measures: dict[str, float | None]
    image_to_text: dict[str, float]
    runs: dict[str, Run]

    def to_json(self) -> dict[str, object]:
        """The measures of text → image, those of the other direction below `image_to_text`."""
        return {**self.measures, "image_to_text": self.image_to_text}


def evaluate_dense(data: DenseDataset, *, depth: int = max(CUTS), progress: Progress = silent) -> Evaluation:
    """What the dense vectors themselves reach by dot product: recall and MRR of both directions."""
    both = BothWays(len(data.images), max(depth, *CUTS), found_only=False)
    images = data.images.astype(float64)
    for rows in blocks(len(data.texts), progress=progress, what="judging the dense vectors"):
        both.add(data.texts[rows].astype(float64) @ images.T)
    return _evaluation({}, both, data)


def evaluate_head(
    head: SparseHead,
    data: DenseDataset,
    spoken: csr_array,
    *,
    mode: Mode = "full",
    vectors: NDArray[float32] | None = None,
    depth: int = max(CUTS),
    as_reference: bool = False,
    progress: Progress = silent,
) -> Evaluation:
    """Every measure of one head on one split.

    `spoken` (m, |V|): the terms each caption speaks. `mode`, of the captions (paper, section 4): "full"; "literal",
    only spoken terms weigh; "hybrid", images that share a spoken term are candidates, all terms score them. `vectors`
    (|V|, d): unit word vectors for semantic@20, None without. `depth`: places kept in the runs, at least 10.
    `as_reference`: as the published code judges. "hybrid" then re-scores the ten images that the spoken terms alone
    rank first, and FLOPs count both; Kendall's τ is taken over the images in both first ten places (`top_tau`), and
    `reference_avg_tau` is what the code prints as `avg_tau`: the mean of τ and p-values together.

    Keys: recall@1, recall@5, recall@10, mrr@10 (`ranking`); flops, query_terms, item_terms, coactivation,
    shared_dimensions, posting_gini (`sparsity`; in hybrid mode FLOPs count the products of candidates only);
    exact@20, semantic@20 (`meaning`); kendall_tau_vs_dense, pearson_vs_dense (`correlation`): means over captions.
    """
    if mode not in get_args(Mode):
        raise DatasetError(f"There is no inference mode '{mode}'; choose one of {', '.join(get_args(Mode))}.")
    if head.config.dense_size != data.images.shape[1] or head.config.vocab_size != spoken.shape[1]:
        raise DatasetError(
            f"The head takes {head.config.dense_size} dimensions to {head.config.vocab_size} terms, but the data set "
            f"has {data.images.shape[1]} dimensions and the vocabulary {spoken.shape[1]} terms; they do not belong "
            "together."
        )
    items = vstack([csr_array(head.weigh(data.images[rows])) for rows in blocks(len(data.images))]).tocsr()
    postings, n_items = np.bincount(items.indices, minlength=items.shape[1]), items.shape[0]
    query_postings = np.zeros_like(postings)
    both = BothWays(n_items, max(depth, *CUTS), found_only=True)
    dense_images = data.images.astype(float64)
    columns: dict[str, list[NDArray[float64]]] = {}
    printed: list[NDArray[float64]] = []  # (2, b) τ and p-values
    for rows in blocks(len(data.texts), progress=progress, what="judging the head"):
        own = spoken[rows].toarray()
        queries = head.weigh(data.texts[rows])
        literal = np.where(own, queries, np.float32(0))
        queries = literal if mode == "literal" else queries
        scores = pair_scores(queries, items)
        found: dict[str, NDArray] = {}
        if mode == "hybrid":
            by_literal = pair_scores(literal, items)
            candidate = by_literal > 0
            shared = pair_scores((queries > 0).astype(float32), _lit(items))
            found["flops"] = np.zeros(len(queries))
            if as_reference:
                candidate = _first(by_literal)
                found["flops"] += pair_scores((literal > 0).astype(float32), _lit(items)).mean(1)
            scores = np.where(candidate, scores, 0.0)
            found["flops"] += (shared * candidate).mean(1)
        found["query_terms"] = (queries > 0).sum(1)
        found["coactivation"] = coactivation(queries, postings, n_items)
        found[f"exact@{K}"] = exact_rows(queries, own, K)
        if vectors is not None:
            found[f"semantic@{K}"] = semantic_rows(queries, own, vectors, K)
        dense = data.texts[rows].astype(float64) @ dense_images.T
        if as_reference:
            tau = top_tau(scores, dense, max(CUTS))
            found["kendall_tau_vs_dense"] = tau.tau
            printed.append(np.stack([tau.tau, tau.p_value]))
        else:
            found["kendall_tau_vs_dense"] = kendall_tau(scores, dense)
        found["pearson_vs_dense"] = pearson(scores, dense)
        for name, column in found.items():
            columns.setdefault(name, []).append(column)
        query_postings += (queries > 0).sum(0)
        both.add(scores)
    measures = {
        "flops": flops_of(query_postings, len(data.texts), postings, n_items),
        "item_terms": items.nnz / n_items,
        "shared_dimensions": shared_dimensions(query_postings, postings),
        "posting_gini": gini(postings),
    }
    measures |= {name: _mean(np.concatenate(parts)) for name, parts in columns.items()}
    judged = _evaluation(measures, both, data)
    if printed:
        judged.measures["reference_avg_tau"] = _mean(np.concatenate(printed, 1).ravel())
    return judged


def pair_scores(queries: NDArray[float32], items: csr_array) -> NDArray[float64]:
    """(b, n) dot products in double precision of (b, |V|) weights with sparse (n, |V|) rows, the quicker way."""
    products = (queries > 0).mean(0) @ np.bincount(items.indices, minlength=items.shape[1]) / items.shape[0]
    if products < _SPARSE_PAYS * items.shape[1]:
        return (csr_array(queries).astype(float64) @ items.T.astype(float64)).toarray()
    parts = [items[rows].toarray().astype(float64) for rows in blocks(items.shape[0])]
    return np.concatenate([queries.astype(float64) @ part.T for part in parts], 1)


def _first(scores: NDArray[float64], depth: int = max(CUTS)) -> NDArray[bool_]:
    """(b, n) which items have the highest scores above 0, at most `depth` a row; ties go to the earlier one."""
    rows, _ = first_places(scores, depth, found_only=True)
    first = np.zeros(scores.shape, bool)
    query, place = np.nonzero(rows != NOTHING)
    first[query, rows[query, place]] = True
    return first


def _lit(items: csr_array) -> csr_array:
    """The rows with 1 for every weight."""
    return csr_array((np.ones_like(items.data), items.indices, items.indptr), shape=items.shape)


def _evaluation(found: dict[str, float | None], both: BothWays, data: DenseDataset) -> Evaluation:
    runs = {"text_to_image": both.text_to_image(), "image_to_text": both.image_to_text()}
    texts_of: list[list[int]] = [[] for _ in data.images]
    for text, image in enumerate(data.image_of_text.tolist()):
        texts_of[image].append(text)
    forwards = retrieval_measures(runs["text_to_image"], [[image] for image in data.image_of_text.tolist()])
    backwards = retrieval_measures(runs["image_to_text"], texts_of)
    names = [
        *forwards, "flops", "query_terms", "item_terms", "coactivation", "shared_dimensions", "posting_gini",
        f"exact@{K}", f"semantic@{K}", "kendall_tau_vs_dense", "pearson_vs_dense",
    ]  # fmt: skip
    measures = {**found, **forwards}
    return Evaluation({name: measures.get(name) for name in names}, backwards, runs)


def _mean(column: NDArray[float64]) -> float | None:
    """The mean of what has a value."""
    kept = column[~np.isnan(column)] if column.dtype.kind == "f" else column
    mean = float(kept.mean()) if len(kept) else math.nan
    return mean if math.isfinite(mean) else None


def blocks(n: int, *, size: int = BLOCK, progress: Progress = silent, what: str = "") -> Iterator[slice]:
    """Slices of at most `size` rows that together are all n; `progress` is told of `what` after each."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
        progress(min(start + size, n), n, what)
