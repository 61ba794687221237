"""A query table for a trained head: from a data set to a file to what it finds, and what it is not learned from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data.dense import DenseFolder
from core.data.literal_terms import literal_terms
from core.evaluation.evaluate import evaluate_head
from core.evaluation.table_queries import table_queries
from core.experiments.fitting import train_folder
from core.experiments.table_fitting import WordVectors, fit_table, fit_table_of
from core.models.head import SparseHead
from core.models.query_table import TABLE_FILE, QueryTable
from core.training.config import TrainingConfig
from core.training.query_table import TableConfig
from core.training.trainer import Stopped
from tests.core.dense_sets import WORDS, write_words

pytestmark = pytest.mark.numeric
CONFIG = TableConfig(epochs=4, batch_size=32)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data set in `data` and its trained head in `head`."""
    place = tmp_path_factory.mktemp("table")
    folder = DenseFolder.read(write_words(place / "data", train=200))
    train_folder(folder, WORDS, TrainingConfig(epochs=15, batch_size=32, hidden_size=32, blur=0.0), place / "head")
    return place


def test_a_table_finds_nearly_what_its_head_finds_at_less_cost_and_its_file_says_the_same(place: Path) -> None:
    folder, head = DenseFolder.read(place / "data"), SparseHead.load(place / "head")
    fitted = fit_table_of(place / "head", folder, config=CONFIG)
    read = QueryTable.load(place / "head" / TABLE_FILE, WORDS)
    assert {word: read.row(word) for word in read.words} == {w: fitted.table.row(w) for w in fitted.table.words}
    test = folder.split("test")
    literal = literal_terms(test.captions, WORDS)
    full = evaluate_head(head, test, literal).measures
    by_table = evaluate_head(head, test, literal, queries=table_queries(read, test.captions)).measures
    assert (by_table["recall@1"] or 0) >= 0.8 * (full["recall@1"] or 0) > 0.2
    assert (by_table["flops"] or 0) <= 0.6 * (full["flops"] or 0)  # half of it on train
    assert by_table["item_terms"] == full["item_terms"]


def test_nothing_is_learned_from_val_or_test(place: Path) -> None:
    folder, head = DenseFolder.read(place / "data"), SparseHead.load(place / "head")
    train, val = folder.split("train"), folder.split("val")
    plain = fit_table(head, WORDS, train, None, config=CONFIG)
    assert plain.epoch == CONFIG.epochs and plain.judged is None
    other = replace(val, captions=["zebu" for _ in val.captions], images=val.images[::-1].copy())
    judged = [fit_table(head, WORDS, train, some, config=replace(CONFIG, epochs=1)).table for some in (val, other)]
    assert judged[0].words == judged[1].words and "zebu" not in judged[1]
    assert all(judged[0].row(word) == judged[1].row(word) for word in judged[0].words)


def test_a_word_that_no_caption_says_has_the_row_of_its_meaning(place: Path) -> None:
    folder, head = DenseFolder.read(place / "data"), SparseHead.load(place / "head")
    train = folder.split("train")
    of_dog = [row for row, caption in zip(train.texts, train.captions, strict=True) if "dog3" in caption.split()]
    puppy = np.mean(of_dog, 0, keepdims=True)
    alone = WordVectors(["puppy"], (puppy / np.linalg.norm(puppy)).astype(np.float32))
    table = fit_table(head, WORDS, train, None, alone=alone, config=CONFIG).table
    assert next(iter(table.row("puppy"))) == "dog3"
    assert "puppy" not in fit_table(head, WORDS, train, None, config=CONFIG).table


def test_a_stopped_learning_writes_nothing(place: Path) -> None:
    (place / "head" / TABLE_FILE).unlink(missing_ok=True)
    with pytest.raises(Stopped):
        fit_table_of(place / "head", DenseFolder.read(place / "data"), config=CONFIG, should_stop=lambda: True)
    assert not (place / "head" / TABLE_FILE).exists()


def test_another_training_into_the_folder_takes_the_old_table_away(place: Path) -> None:
    folder = DenseFolder.read(place / "data")
    (place / "head" / TABLE_FILE).write_text("dog1\tdog1\t1\n", "utf-8")
    train_folder(folder, WORDS, TrainingConfig(epochs=1, batch_size=32, hidden_size=32), place / "head", restart=True)
    assert not (place / "head" / TABLE_FILE).exists()
