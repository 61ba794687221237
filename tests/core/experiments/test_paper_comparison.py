"""The comparison on a small data set: every row, kept when finished, made again when something changed."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ModelError, TrainingError
from core.experiments import paper_comparison
from core.experiments.paper_comparison import ROWS, PaperComparison
from core.experiments.table import markdown, write_table
from core.models.head import HeadConfig, SparseHead, load_head
from core.models.head_files import HEAD_VOCABULARY
from core.training.config import TrainingConfig
from core.vocabulary import Vocabulary
from tests.core.dense_sets import WORDS, write_words

CONFIG = TrainingConfig(
    epochs=8, batch_size=50, hidden_size=64, projection_rate=3e-3, vocabulary_rate=3e-3, tau=0.01,
    query_sparsity=2e-2, item_sparsity=2e-2,
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 images of three words each; vectors are noisy sums of the words' vectors."""
    return write_words(tmp_path_factory.mktemp("data"), train=100, val=0, test=50)


@pytest.mark.slow
def test_the_comparison_fills_every_row_and_goes_on_where_it_stopped(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = PaperComparison(data, tmp_path, WORDS, CONFIG)
    told: list[str] = []
    table = comparison.table(progress=lambda done, total, what: told.append(what))
    rows = {row["row"]: row for row in table}
    assert list(rows) == [row.name for row in ROWS]
    assert all(rows[name]["seconds"] > 0 and rows[name]["peak_mb"] > 50 for name in list(rows)[1:])
    assert rows["dense"]["of_dense"] == 1.0 and rows["dense"]["flops"] is None
    assert rows["literal"]["flops"] < rows["hybrid"]["flops"] <= rows["caption"]["flops"]
    assert rows["literal"]["exact@20"] >= rows["caption"]["exact@20"]  # no other term takes a place
    assert {"training none", "training both", "judging hybrid"} <= set(told) and "training literal" not in told
    head, vocabulary = load_head(tmp_path / "heads" / "caption")
    assert vocabulary.terms == WORDS.terms and head.config.dense_size == 24
    with pytest.raises(ModelError, match="weighs 24 terms, but the vocabulary"):
        (tmp_path / "few.txt").write_text("dog\n")
        load_head(tmp_path / "heads" / "caption", tmp_path / "few.txt")

    (tmp_path / "rows" / "hybrid.json").unlink()  # as if it had been stopped before that
    monkeypatch.setattr(paper_comparison, "train_in_subprocess", None)  # nothing is trained again
    assert comparison.table() == table
    with pytest.raises(TypeError):
        replace(comparison, config=replace(CONFIG, seed=1)).table()  # other settings, other heads


def test_a_head_that_is_there_already_is_judged_beside_the_others(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_comparison, "ROWS", ROWS[:1])  # the dense vectors alone: nothing is trained
    made = SparseHead(HeadConfig(24, 16, 5))
    made.save(tmp_path / "made")
    Vocabulary(WORDS.terms[:5]).save(tmp_path / "made" / HEAD_VOCABULARY)
    comparison = PaperComparison(data, tmp_path / "out", WORDS, CONFIG, ready={"mine": (tmp_path / "made", None)})
    dense, mine = comparison.table()
    assert mine["row"] == "mine" and mine["of_dense"] == mine["recall@1"] / dense["recall@1"]
    assert mine["flops"] > 0 and mine["seconds"] is None
    monkeypatch.setattr(paper_comparison, "evaluate_head", None)  # judged once
    assert comparison.table() == [dense, mine]


def test_errors_of_the_training_process_come_back_as_they_are(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no split 'val'; patience"):
        paper_comparison.train_in_subprocess(data, WORDS, replace(CONFIG, patience=1), tmp_path)


def test_the_table_for_people_and_programs(tmp_path: Path) -> None:
    table = [
        {"row": "dense", "recall@1": 0.5, "of_dense": 1.0, "flops": None, "image_to_text": {"recall@1": 0.25}},
        {"row": "caption", "recall@1": 0.48, "of_dense": 0.96, "flops": 2.346, "image_to_text": {"recall@1": 0.2}},
    ]
    lines = markdown(table).splitlines()
    assert lines[0].startswith("|  | R@1 | R@5 |") and lines[1].startswith("|---|---:|")
    assert lines[2].startswith("| dense | 0.500 |  |") and "| 0.960 | 2.35 |" in lines[3]
    files = write_table(table, tmp_path)
    assert json.loads(Path(files["json"]).read_text()) == table
    with open(files["csv"], newline="") as file:
        assert [row["flops"] for row in csv.DictReader(file)] == ["", "2.346"]
    assert Path(files["plot"]).read_bytes().startswith(b"\x89PNG")
