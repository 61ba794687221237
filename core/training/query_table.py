"""Learns what each word of a question lights, beside a trained head whose items stay as they are; judges nothing.

Not the paper's: questions without an encoder, "inference-free" (OpenSearch's doc-only mode, Geng et al. 2024; V-SPLADE,
arXiv 2605.30917). A question's weights are the sum of its words' rows, so they are linear in which words it says:

1. *In closed form*: the rows T that come nearest to what the head lights for the captions, (X + λ) T = Y in the sense
   of least squares, drawn towards what the head makes of each word alone (`closed_form`). So a word that no caption
   says has the row of its own meaning.
2. *By descent*: of each row the heaviest terms are kept, and their weights learn to find the captions' own images among
   others, as the head's full scores and the truth say, under a price for each product (`TableTraining`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import float32, float64, int64
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, vstack
from torch import Tensor
from torch.nn import functional

from core.errors import TrainingError
from core.models.head import SparseHead
from core.models.query_table import QueryTable, spoken_keys
from core.training.losses import distillation, own_pairs
from core.vocabulary import Vocabulary

SOLVED = 4096  # words solved for together: a matrix of 134 MB; the rarer ones follow one by one
HELD = 1 << 26  # numbers of a matrix (captions, terms) held at once: half a gigabyte
ROWS = 4096  # dense rows weighed at once
LEAST_KEPT = 0.3  # what a term weighs at least in the row of the word that it is
SAMPLED = 5000  # captions by which products are counted


@dataclass(frozen=True)
class TableConfig:
    """Settings of one table.

    `most_terms`: of a word that a caption says; `most_unsaid`: of any other word. `products`: the share of the head's
    own FLOPs that a table's may come to. `own`: the share of those that is spent first on the terms that words are
    themselves. `ridge`: how strongly a row is drawn to what the head makes of the word alone,
    in captions that say it. `started`: terms of a row that descent begins with. `truth`: the share of the lesson that
    a caption belongs to its own image, the rest being the head's full scores. `price`: of a product, at first; after
    each epoch it is multiplied by (FLOPs / those aimed at) squared, by 2 at most and by half at least.
    Raises TrainingError for a value outside its range.
    """

    most_terms: int = 16
    most_unsaid: int = 8
    products: float = 0.5
    own: float = 0.4
    ridge: float = 1.0
    started: int = 100
    epochs: int = 5
    batch_size: int = 512
    rate: float = 0.01
    truth: float = 0.5
    price: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("most_terms", "most_unsaid", "started", "epochs", "batch_size", "rate", "ridge"):
            if not getattr(self, name) > 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be above 0.")
        for name in ("products", "own", "truth"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1.")
        if self.price < 0:
            raise TrainingError(f"price is {self.price}; it cannot be below 0.")


def caption_words(captions: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """The words of captions that a table may have rows for, the most frequent first."""
    counts = Counter(key for caption in captions for key in spoken_keys(vocabulary, caption))
    return sorted(counts, key=lambda word: (-counts[word], word))


def spoken_words(captions: Sequence[str], vocabulary: Vocabulary, words: Sequence[str]) -> csr_array:
    """(m, words) 1 where a caption says a word, by `spoken_keys`; a word that is not listed is left out."""
    number = {word: i for i, word in enumerate(words)}
    said = [[number[key] for key in spoken_keys(vocabulary, caption) if key in number] for caption in captions]
    starts = np.cumsum([0, *map(len, said)])
    ids = np.fromiter((i for some in said for i in some), np.int32, int(starts[-1]))
    return csr_array((np.ones(len(ids), float32), ids, starts), shape=(len(said), len(words)))


def lit_rows(head: SparseHead, rows: NDArray[float32]) -> csr_array:
    """(n, |V|) what a head makes of dense rows (n, dim), a part at a time."""
    return vstack([csr_array(head.weigh(rows[i : i + ROWS])) for i in range(0, len(rows), ROWS)]).tocsr()


def without_strays(lit: csr_array, spoken: csr_array, floors: NDArray[float32]) -> csr_array:
    """(n, |V|) weights without those of terms that are not spoken (n, |V|) and lie below their floors (|V|,)."""
    own = csr_array((np.ones(lit.nnz, bool), lit.indices, lit.indptr), shape=lit.shape)
    said = own.multiply(spoken.astype(bool)).tocsr()
    rows = np.repeat(np.arange(lit.shape[0]), np.diff(lit.indptr))
    kept = (lit.data >= floors[lit.indices]) | np.isin(_places(lit), _places(said))
    return csr_array((lit.data[kept], (rows[kept], lit.indices[kept])), shape=lit.shape)


def _places(rows: csr_array) -> NDArray[int64]:
    """(nnz,) where the entries of a matrix lie in it, as row × width + column."""
    row = np.repeat(np.arange(rows.shape[0], dtype=int64), np.diff(rows.indptr))
    places: NDArray[int64] = row * rows.shape[1] + rows.indices
    return places


def closed_form(spoken: csr_array, lit: csr_array, alone: csr_array, ridge: float, most: int) -> csr_array:
    """(words, |V|) the heaviest `most` weights above 0 of each row of T, which makes |X T - Y|² + ridge |T - P|² least.

    X: `spoken` (m, words), Y: `lit` (m, |V|), P: `alone` (words, |V|). Exact for the first SOLVED words; each other is
    then fitted by itself to what those left over.
    """
    often = min(SOLVED, spoken.shape[1])
    x, rare = (part.astype(float64) for part in (spoken[:, :often], spoken[:, often:]))
    gram = (x.T @ x).toarray()
    gram[np.diag_indices(often)] += ridge
    factor = cho_factor(gram, overwrite_a=True, check_finite=False)
    counts = np.asarray(rare.sum(0)).reshape(-1, 1)
    best = _Heaviest(spoken.shape[1], most)
    step = max(1, HELD // (8 * max(spoken.shape)))
    for start in range(0, lit.shape[1], step):
        columns = slice(start, min(start + step, lit.shape[1]))
        own = alone[:, columns].toarray().astype(float64)
        left = lit[:, columns].toarray().astype(float64) - spoken.astype(float64) @ own
        solved = cho_solve(factor, x.T @ left, check_finite=False)
        single = rare.T @ (left - x @ solved) / (counts + ridge)
        best.add(start, own + np.concatenate([solved, single]))
    return best.rows(lit.shape[1])


class _Heaviest:
    """The heaviest weights of each row, gathered from blocks of columns."""

    def __init__(self, n: int, most: int):
        self._most = most
        self._ids, self._weights = np.zeros((n, 0), int64), np.zeros((n, 0))

    def add(self, first: int, block: NDArray[float64]) -> None:
        """Takes a block (n, columns) whose first column is the term `first`."""
        ids = np.broadcast_to(np.arange(first, first + block.shape[1]), block.shape)
        weights = np.concatenate([self._weights, block], 1)
        order = np.argsort(-weights, axis=1, kind="stable")[:, : self._most]
        self._ids = np.take_along_axis(np.concatenate([self._ids, ids], 1), order, 1)
        self._weights = np.take_along_axis(weights, order, 1)

    def rows(self, width: int) -> csr_array:
        """(n, width) what is above 0."""
        kept = self._weights > 0
        row = np.nonzero(kept)[0]
        return csr_array((self._weights[kept].astype(float32), (row, self._ids[kept])), shape=(len(kept), width))


def factor_between(rows: csr_array, wanted: csr_array) -> float:
    """The number by which `rows` come nearest to `wanted` (least squares); 1 where rows are empty.

    Only where `wanted` has a weight: what it has none for, such as the terms of "the", says nothing of a scale.
    """
    there = rows.multiply(wanted > 0)
    square = float(there.multiply(there).sum())
    return float(there.multiply(wanted).sum()) / square if square else 1.0


class TableTraining:
    """The descent: the weights of a table learn to find images that a head has weighed.

    The same seed gives the same table on one machine.
    """

    def __init__(
        self,
        start: csr_array,
        spoken: csr_array,
        lit: csr_array,
        items: csr_array,
        image_of_text: NDArray[int64],
        aim: float,
        config: TableConfig,
        kept: csr_array | None = None,
    ):
        """`start` (words, |V|): rows to begin with, which keep their terms or lose them; `kept` (words, |V|) bool: not
        those, which weigh LEAST_KEPT at least.

        `spoken` (m, words): who says which; `lit` (m, |V|) and `items` (n, |V|): what the head lights for captions and
        images, `image_of_text` (m,) whose is whose. `aim`: the FLOPs that a question may cost.
        """
        self._config, self._spoken, self._lit, self._items = config, spoken, lit, items
        self._image_of_text, self._aim, self.price = image_of_text, aim, config.price
        self._terms, weights = _padded(start)
        self._weights = torch.from_numpy(weights).requires_grad_()
        self._kept = kept if kept is not None else csr_array(start.shape, dtype=bool)
        place = np.arange(len(weights))[:, None] * start.shape[1] + self._terms.numpy()
        stays = np.isin(place, _places(self._kept)) & (weights > 0)
        self._least = torch.from_numpy(np.where(stays, LEAST_KEPT, 0.0).astype(float32))
        self._shares = shares(items)
        self._costs = torch.from_numpy(self._shares.astype(float32))
        self._sample = spoken[:SAMPLED]
        self._optimiser = torch.optim.Adam([self._weights], lr=config.rate)
        self._draws = np.random.default_rng(config.seed)
        self.epoch = 0

    def run_epoch(self) -> float:
        """One pass over the captions; the mean loss of its steps."""
        size, losses = self._config.batch_size, []
        order = self._draws.permutation(len(self._image_of_text))
        for start in range(0, max(1, len(order) - size + 1), size):
            loss = self._loss(order[start : start + size])
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            losses.append(loss.item())
        self.epoch += 1
        cost = products(self._rows(), self._sample, self._shares)
        self.price *= float(np.clip((cost / self._aim) ** 2, 0.5, 2.0)) if self._aim else 2.0
        return float(np.mean(losses))

    def _loss(self, captions: NDArray[int64]) -> Tensor:
        own = self._image_of_text[captions]
        spoken, items = self._spoken[captions], _dense(self._items[own])
        queries = self._queries(spoken, items.shape[1])
        with torch.no_grad():
            teacher = _dense(self._lit[captions]) @ items.T
        pairs = own_pairs(torch.from_numpy(own))
        match = distillation(queries @ items.T, teacher, 1.0, self._config.truth, pairs)
        return match + self.price * (queries @ self._costs).mean()

    def _queries(self, spoken: csr_array, width: int) -> Tensor:
        """(b, width) sums of the rows of the words that are spoken (b, words)."""
        words = torch.from_numpy(spoken.indices.astype(int64))
        caption = torch.from_numpy(np.repeat(np.arange(spoken.shape[0]), np.diff(spoken.indptr)))
        weights = torch.maximum(*(functional.embedding(words, rows) for rows in (self._weights, self._least)))
        place = caption[:, None] * width + self._terms[words]
        return torch.zeros(spoken.shape[0] * width).index_add(0, place.ravel(), weights.ravel()).view(-1, width)

    def table(self) -> csr_array:
        """(words, |V|) the rows as they are now, without as many of their lightest weights as their products demand."""
        return cheap_enough(self._rows(), self._sample, self._shares, self._aim, self._kept)

    def _rows(self) -> csr_array:
        """(words, |V|) the heaviest `most_terms` weights of each row as they are now."""
        weights = torch.maximum(self._weights.detach(), self._least).numpy()
        order = np.argsort(-weights, axis=1, kind="stable")[:, : self._config.most_terms]
        kept, terms = np.take_along_axis(weights, order, 1), np.take_along_axis(self._terms.numpy(), order, 1)
        lit = kept > 0
        return csr_array((kept[lit], (np.nonzero(lit)[0], terms[lit])), shape=(len(lit), self._items.shape[1]))


def _padded(rows: csr_array) -> tuple[Tensor, NDArray[float32]]:
    """(n, longest) terms and weights of sparse rows; behind a row's end the term 0 with a weight below 0, for good."""
    counts = np.diff(rows.indptr)
    at = np.arange(rows.nnz) - np.repeat(rows.indptr[:-1], counts)
    row = np.repeat(np.arange(rows.shape[0]), counts)
    terms = np.zeros((rows.shape[0], max(1, counts.max(initial=0))), int64)
    weights = np.full(terms.shape, -1.0, float32)
    terms[row, at], weights[row, at] = rows.indices, rows.data
    return torch.from_numpy(terms), weights


def _dense(rows: csr_array) -> Tensor:
    return torch.from_numpy(rows.toarray())


def products_of(queries: csr_array, items: csr_array) -> float:
    """The FLOPs of queries (m, |V|) and items (n, |V|): the mean number of terms that two of them share."""
    return float(shares(queries) @ shares(items))


def shares(lit: csr_array) -> NDArray[float64]:
    """(|V|,) the share of rows that light each term."""
    return np.bincount(lit.indices, minlength=lit.shape[1]) / lit.shape[0]


def products(rows: csr_array, spoken: csr_array, item_shares: NDArray[float64]) -> float:
    """The FLOPs of questions that say what is `spoken` (m, words), by a table's rows (words, |V|)."""
    return float(shares((spoken @ rows).tocsr()) @ item_shares)


def cheap_enough(
    rows: csr_array, spoken: csr_array, item_shares: NDArray[float64], aim: float, kept: csr_array | None = None
) -> csr_array:
    """The rows without their lightest weights, as many as are needed so that `products` are at most `aim`.

    Weights that are `kept` (words, |V|) bool stay, whatever they cost.
    """
    stay = kept.multiply(rows).tocsr() if kept is not None else csr_array(rows.shape)
    weights = np.unique(rows.data)
    low, high = 0, len(weights)  # weights below weights[low] may go, so that at last none is left
    while low < high:
        middle = (low + high) // 2
        if products(_from(rows, weights[middle], stay), spoken, item_shares) <= aim:
            high = middle
        else:
            low = middle + 1
    return _from(rows, weights[low] if low < len(weights) else np.inf, stay)


def _from(rows: csr_array, least: float, stay: csr_array) -> csr_array:
    """The weights that are at least `least`, and those that stay."""
    heavy = rows.copy()
    heavy.data[heavy.data < least] = 0
    heavy.eliminate_zeros()
    return heavy.maximum(stay).tocsr()


def own_terms(
    words: Sequence[str],
    meanings: csr_array,
    vocabulary: Vocabulary,
    spoken: csr_array,
    item_shares: NDArray[float64],
    most: float,
) -> csr_array:
    """(words, |V|) bool: the term that a word is, where it is lit by what the word means alone (words, |V|).

    So a question of one word finds what it names, though captions, which say more, can do without it. The cheapest come
    first, until `most` FLOPs of the captions that say the words, `spoken` (m, words), are spent.
    """
    ids = np.array([-1 if (term := vocabulary.id(word)) is None else term for word in words])
    row = np.flatnonzero(ids >= 0)
    listed = csr_array((np.ones(len(row), bool), (row, ids[row])), shape=meanings.shape)
    own = listed.multiply(meanings > 0).tocoo()
    costs = shares(spoken)[own.row] * item_shares[own.col]
    order = np.argsort(costs, kind="stable")
    kept = order[np.cumsum(costs[order]) <= most]
    return csr_array((np.ones(len(kept), bool), (own.row[kept], own.col[kept])), shape=meanings.shape)


def first_terms(rows: csr_array, most: int) -> csr_array:
    """The heaviest `most` weights of each row; of equal ones the lower terms."""
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    order = np.lexsort((rows.indices, -rows.data, row))
    kept = order[np.arange(rows.nnz) - rows.indptr[row] < most]  # what is ordered keeps to its row's place
    return csr_array((rows.data[kept], (row[kept], rows.indices[kept])), shape=rows.shape)


def table_of(words: Sequence[str], rows: csr_array, vocabulary: Vocabulary) -> QueryTable:
    """The table whose rows are these (words, |V|)."""
    ends = zip(words, rows.indptr, rows.indptr[1:], strict=False)
    return QueryTable.of_rows(
        vocabulary,
        {
            word: dict(zip((vocabulary.terms[i] for i in rows.indices[a:b]), rows.data[a:b].tolist(), strict=True))
            for word, a, b in ends
        },
    )
