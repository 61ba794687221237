"""Learns a query table for a trained head, judges it after every epoch and keeps the best; knows no encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import float32
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from core.data.dense import DenseDataset, DenseFolder
from core.data.literal_terms import literal_terms
from core.encoders import DenseEncoder
from core.evaluation.validation import ValidationMeasures, validate_queries
from core.models.head import SparseHead
from core.models.head_files import HEAD_VOCABULARY, unspoken_from
from core.models.query_table import TABLE_FILE, QueryTable
from core.training.query_table import (
    TableConfig,
    TableTraining,
    caption_words,
    closed_form,
    factor_between,
    first_terms,
    lit_rows,
    own_terms,
    products_of,
    shares,
    spoken_words,
    table_of,
    without_strays,
)
from core.training.trainer import Stopped
from core.vocabulary import Vocabulary
from index_store.progress import ShouldStop, never

ABOUT = (
    "What each word of a question lights: the word, then terms and their weights, heaviest first.",
    "Change a line, or take it out; the words of a question are looked up here and added (core/models/query_table.py).",
)  # at the head of the file


@dataclass(frozen=True)
class WordVectors:
    """Words that an encoder knows one by one, and its dense vectors of each alone, (words, dim)."""

    words: Sequence[str]
    rows: NDArray[float32]


@dataclass(frozen=True)
class FittedTable:
    """A table and what it reaches on val beside its head; None where there is no val. `epoch`: it was taken after."""

    table: QueryTable
    epoch: int
    judged: ValidationMeasures | None
    head: ValidationMeasures | None


OnEpoch = Callable[[int, float, ValidationMeasures | None], None]
"""Called after each epoch with its number, the mean loss, and what its table reaches on val."""


def unheard(number: int, loss: float, judged: ValidationMeasures | None) -> None:
    """Epochs that nobody looks at."""


def fit_table(
    head: SparseHead,
    vocabulary: Vocabulary,
    train: DenseDataset,
    val: DenseDataset | None,
    *,
    alone: WordVectors | None = None,
    floors: NDArray[float32] | None = None,
    config: TableConfig | None = None,
    epoch: OnEpoch = unheard,
    should_stop: ShouldStop = never,
) -> FittedTable:
    """The best of the tables after each epoch of descent by R@1 on `val`; without one, the last.

    The words are those of the train captions, the terms and the other words of `alone`, which gives each its meaning;
    without it a word has only what captions that say it show. `floors` (|V|,): from which weight a term counts in a
    text that does not speak it (`unspoken_from`). `epoch` hears of each. Raises Stopped once `should_stop` says so.
    """
    config = config or TableConfig()
    words = caption_words(train.captions, vocabulary)
    spoken = spoken_words(train.captions, vocabulary, words)
    lit, items = lit_rows(head, train.texts), lit_rows(head, train.images)
    if floors is not None:
        lit = without_strays(lit, literal_terms(train.captions, vocabulary), floors)
    unsaid, meanings = _meanings(head, vocabulary, words, alone, floors)
    own = meanings[: len(words)]
    own = own * factor_between((spoken @ own).tocsr(), lit)
    start = closed_form(spoken, lit, own, config.ridge, config.started)
    aim = config.products * products_of(lit, items)
    kept = own_terms(words, own, vocabulary, spoken, shares(items), config.own * aim)
    training = TableTraining(start, spoken, lit, items, train.image_of_text, aim, config, kept)
    judge = _Judge(head, vocabulary, val, [*words, *unsaid]) if val is not None else None
    best: FittedTable | None = None
    for number in range(1, config.epochs + 1):
        if should_stop():
            raise Stopped
        loss = training.run_epoch()
        learned = training.table()
        other = meanings[len(words) :] * factor_between(meanings[: len(words)], learned)
        rows = vstack([learned, first_terms(other, config.most_unsaid)]).tocsr()
        judged = judge(rows) if judge is not None else None
        epoch(number, loss, judged)
        if best is None or judged is None or best.judged is None or judged.recall_at_1 > best.judged.recall_at_1:
            table = table_of([*words, *unsaid], rows, vocabulary)
            best = FittedTable(table, number, judged, judge.head if judge is not None else None)
    assert best is not None
    return best


def _meanings(
    head: SparseHead,
    vocabulary: Vocabulary,
    words: Sequence[str],
    alone: WordVectors | None,
    floors: NDArray[float32] | None,
) -> tuple[list[str], csr_array]:
    """The words that captions do not say, and what the head makes of `words` and of those, each alone (both, |V|)."""
    if alone is None:
        return [], csr_array((len(words), len(vocabulary)), dtype=float32)
    said, terms = set(words), set(vocabulary.terms)
    known = {word: i for i, word in enumerate(alone.words)}
    unsaid = [word for word in known if word not in said and (word in terms or vocabulary.id(word) is None)]
    lit = lit_rows(head, alone.rows)
    if floors is not None:
        lit = without_strays(lit, literal_terms(alone.words, vocabulary), floors)
    both = [*words, *unsaid]
    at = [(row, known[word]) for row, word in enumerate(both) if word in known]
    row, source = np.array(at, np.int64).reshape(-1, 2).T
    chosen = csr_array((np.ones(len(at), float32), (row, source)), shape=(len(both), len(known)))
    return unsaid, (chosen @ lit).tocsr()


def fit_table_of(
    place: Path,
    folder: DenseFolder,
    *,
    vocabulary: Vocabulary | None = None,
    encoder: DenseEncoder | None = None,
    config: TableConfig | None = None,
    epoch: OnEpoch = unheard,
    should_stop: ShouldStop = never,
) -> FittedTable:
    """Learns a table for the head in `place` from a data set, and writes it beside the head's weights (`TABLE_FILE`).

    `vocabulary`: the head's terms; those that lie beside it when left out. `encoder`: what made the vectors, which then
    tells what words mean that no caption says.
    """
    head = SparseHead.load(place)
    own = vocabulary or Vocabulary.load(place / HEAD_VOCABULARY)
    fitted = fit_table(
        head,
        own,
        folder.split("train"),
        folder.split("val") if folder.sizes()["val"] else None,
        alone=word_vectors(encoder, own) if encoder is not None else None,
        floors=unspoken_from(place, own),
        config=config,
        epoch=epoch,
        should_stop=should_stop,
    )
    fitted.table.save(place / TABLE_FILE, ABOUT)
    return fitted


def word_vectors(encoder: DenseEncoder, vocabulary: Vocabulary) -> WordVectors:
    """The vectors of all terms, and of the words that an encoder knows one by one and that mean something to it."""
    listed = (word for word in getattr(encoder, "listed_words", ()) if not encoder.out_of_world(word))
    words = list(dict.fromkeys([*vocabulary.terms, *listed]))
    return WordVectors(words, encoder.encode_texts(words))


class _Judge:
    """Judges tables on a split beside their head."""

    def __init__(self, head: SparseHead, vocabulary: Vocabulary, data: DenseDataset, words: Sequence[str]):
        self._items, self._owner = lit_rows(head, data.images), data.image_of_text
        self._spoken = spoken_words(data.captions, vocabulary, words)
        self.head = validate_queries(lit_rows(head, data.texts), self._items, self._owner)

    def __call__(self, rows: csr_array) -> ValidationMeasures:
        return validate_queries((self._spoken @ rows).tocsr(), self._items, self._owner)
