"""Training on a folder: the best head is kept, and whatever stops it, it goes on to the same end."""

import json
import signal
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.dense import DenseFolder
from core.data.literal_terms import literal_terms
from core.errors import TrainingError
from core.evaluation.evaluate import evaluate_head
from core.experiments.fitting import Watch, kept_epoch, train_folder
from core.models.head import SparseHead, load_head
from core.training.checkpoint import CHECKPOINT_FILE
from core.training.config import TrainingConfig
from core.training.curves import PLOT_FILE, EpochMeasures, read_curves
from tests.children import start
from tests.core.dense_sets import WORDS, write_words

CONFIG = TrainingConfig(
    epochs=6, batch_size=20, hidden_size=32, projection_rate=3e-3, vocabulary_rate=3e-3, tau=0.02,
    query_sparsity=2e-2, item_sparsity=2e-2, truth=0.5,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DenseFolder:
    """120 images of three words each, 80 of them to train on and 40 to judge by."""
    return DenseFolder.read(write_words(tmp_path_factory.mktemp("data"), val=40, test=0))


@pytest.fixture(scope="module")
def whole(folder: DenseFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "head"
    assert train_folder(folder, WORDS, CONFIG, out).ended
    return out


def all_to_train(folder: DenseFolder) -> DenseFolder:
    """The same data without a split to judge by."""
    return replace(folder, listing=replace(folder.listing, splits=["train"] * len(folder.images)))


def assert_same_end(out: Path, whole: Path) -> None:
    ours, theirs = (SparseHead.load(place).state_dict() for place in (out, whole))
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name].numpy(), value.numpy(), err_msg=name)
    rows, expected = ([replace(row, seconds=0) for row in read_curves(place)] for place in (out, whole))
    assert rows == expected
    assert not (out / CHECKPOINT_FILE).exists()


def test_the_best_head_is_kept_with_its_curves(folder: DenseFolder, whole: Path) -> None:
    curves = read_curves(whole)
    assert [row.epoch for row in curves] == [1, 2, 3, 4, 5, 6]
    assert curves[-1].expansion > 0.9 and curves[-1].loss < curves[0].loss and all(row.seconds > 0 for row in curves)
    head, vocabulary = load_head(whole)
    val = folder.split("val")
    judged = evaluate_head(head, val, literal_terms(val.captions, vocabulary)).measures
    kept = curves[kept_epoch(curves, CONFIG) - 1]
    best = max(curves[2:], key=lambda row: row.recall_at_1 or 0)
    assert kept.recall_at_1 == best.recall_at_1
    assert kept.recall_at_1 == pytest.approx(judged["recall@1"])
    for name, value in {"flops": kept.flops, "query_terms": kept.query_terms, "item_terms": kept.item_terms}.items():
        assert value == pytest.approx(judged[name]), name
    with Image.open(whole / PLOT_FILE) as plot:
        assert plot.width > 1000 and len(plot.convert("RGB").getcolors(1 << 24) or []) > 50


def test_the_sparsest_of_the_best_epochs_is_kept() -> None:
    """By hand, with 20 % of 10 epochs for the warm-up."""

    def kept(*rows: tuple[float, float]) -> int:
        curves = [EpochMeasures(i, i, 0, 0, 0, 0, 0, recall_at_1=r, flops=f) for i, (r, f) in enumerate(rows, 1)]
        return kept_epoch(curves, replace(CONFIG, epochs=10, warmup=0.2))

    assert kept((0.9, 1), (0.9, 1)) == 2  # nothing but the warm-up: the last
    assert kept((0.99, 1), (0.99, 1), (0.5, 9)) == 3
    assert kept((0, 0), (0, 0), (0.90, 9), (0.89, 1), (0.87, 1)) == 3
    assert kept((0, 0), (0, 0), (0.90, 9), (0.90, 5), (0.90, 7)) == 4
    assert kept((0, 0), (0, 0), (0.90, 5), (0.90, 5)) == 3  # of equals the first


def test_an_ended_training_is_not_trained_again_nor_written_over(folder: DenseFolder, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=2)
    first = train_folder(folder, WORDS, config, tmp_path)
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()}
    steps: list[int] = []
    again = train_folder(folder, WORDS, config, tmp_path, Watch(step=lambda done, total, _: steps.append(done)))
    assert again == first and steps == []
    with pytest.raises(TrainingError, match="holds a finished head of other settings or data"):
        train_folder(folder, WORDS, replace(config, control="word"), tmp_path)
    with pytest.raises(TrainingError):  # nor is one that stops before its first epoch ends
        train_folder(folder, WORDS, config, tmp_path, Watch(step=_explode), restart=True)
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()} == before
    assert train_folder(folder, WORDS, replace(config, control="word"), tmp_path, restart=True).ended


def _explode(done: int, total: int, measures: object) -> None:
    raise TrainingError("as if the machine had failed")


def test_a_loss_that_is_no_number_ends_training_and_keeps_what_was(folder: DenseFolder, tmp_path: Path) -> None:
    """Rates so high that weights overflow within an epoch or two."""
    wild = replace(CONFIG, projection_rate=1e30, vocabulary_rate=1e30)
    with pytest.raises(TrainingError, match=r"The loss is (nan|inf|-inf) in step \d+ of 24, so training ended"):
        train_folder(folder, WORDS, wild, tmp_path)
    assert not (tmp_path / "ended.json").exists()


def test_a_stopped_training_goes_on_to_the_same_end(folder: DenseFolder, whole: Path, tmp_path: Path) -> None:
    steps: list[int] = []
    watch = Watch(step=lambda done, total, _: steps.append(done), should_stop=lambda: len(steps) >= 10)  # 4 an epoch
    stopped = train_folder(folder, WORDS, CONFIG, tmp_path, watch)
    assert not stopped.ended and len(stopped.curves) == 2 and (tmp_path / CHECKPOINT_FILE).exists()
    SparseHead.load(tmp_path)  # the best so far is there
    told: list[EpochMeasures] = []
    fitted = train_folder(folder, WORDS, CONFIG, tmp_path, Watch(epoch=told.append))
    assert fitted.ended and [row.epoch for row in told] == [3, 4, 5, 6] and len(fitted.curves) == 6
    assert_same_end(tmp_path, whole)


KILLED = """
import os, signal, sys
from pathlib import Path
from core.data.dense import DenseFolder
from core.experiments.fitting import Watch, train_folder
from tests.children import start
from tests.core.dense_sets import WORDS
from tests.core.experiments.test_fitting import CONFIG
def step(done, total, measures):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
train_folder(DenseFolder.read(Path(sys.argv[1])), WORDS, CONFIG, Path(sys.argv[2]), Watch(step=step))
"""


def test_a_killed_training_goes_on_to_the_same_end(folder: DenseFolder, whole: Path, tmp_path: Path) -> None:
    for step in (3, 14):  # in the first epoch, before any checkpoint, and in the fourth
        child = start(KILLED, folder.path, tmp_path, step)
        assert child.wait() == -signal.SIGKILL
        child.stdout.close()
    told: list[EpochMeasures] = []
    train_folder(folder, WORDS, CONFIG, tmp_path, Watch(epoch=told.append))
    assert [row.epoch for row in told] == [4, 5, 6]
    assert_same_end(tmp_path, whole)


def test_another_run_is_not_overwritten_unasked(folder: DenseFolder, whole: Path, tmp_path: Path) -> None:
    told: list[EpochMeasures] = []
    watch = Watch(epoch=told.append, should_stop=lambda: len(told) == 1)
    train_folder(folder, WORDS, CONFIG, tmp_path, watch)
    with pytest.raises(TrainingError, match="unfinished training with other settings"):
        train_folder(folder, WORDS, replace(CONFIG, control="word"), tmp_path)
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"PK half a file")
    with pytest.raises(TrainingError, match="cannot be read; --restart"):
        train_folder(folder, WORDS, CONFIG, tmp_path)
    assert train_folder(folder, WORDS, CONFIG, tmp_path, restart=True).ended
    assert_same_end(tmp_path, whole)


def test_training_ends_early_without_progress(folder: DenseFolder, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=20, patience=2, projection_rate=1e-12, vocabulary_rate=1e-12)  # nothing is learned
    fitted = train_folder(folder, WORDS, config, tmp_path)
    assert fitted.ended and len(fitted.curves) == 5 + 2 and fitted.kept_epoch == 5  # the first after the warm-up


def test_without_validation_the_last_head_is_kept(folder: DenseFolder, tmp_path: Path) -> None:
    without = all_to_train(folder)
    with pytest.raises(TrainingError, match="no split 'val'"):
        train_folder(without, WORDS, replace(CONFIG, patience=1), tmp_path)
    fitted = train_folder(without, WORDS, replace(CONFIG, epochs=2), tmp_path)
    assert fitted.kept_epoch == 2 and fitted.curves[-1].recall_at_1 is None
    with Image.open(tmp_path / PLOT_FILE) as plot:
        plot.verify()


def test_settings_are_saved_with_the_head(whole: Path) -> None:
    config = json.loads((whole / "config.json").read_text())
    assert config["training"] == asdict(CONFIG) and config["vocab_size"] == len(WORDS)


def test_own_pairs_are_not_taught_where_the_encoder_was_taught_on_them(folder: DenseFolder, tmp_path: Path) -> None:
    """Of the same data, once as it is and once with every train image moved onto its caption."""
    in_train = np.array([split == "train" for split in folder.listing.splits])
    leaking = replace(folder, images=np.where(in_train[:, None], folder.texts, folder.images))  # a caption an image
    cases = {0.5: folder, 0.0: leaking, None: all_to_train(leaking)}
    for number, (expected, data) in enumerate(cases.items()):
        out = tmp_path / str(number)
        train_folder(data, WORDS, replace(CONFIG, epochs=1, truth=None), out)
        assert json.loads((out / "config.json").read_text())["training"]["truth"] == (
            0.5 if expected is None else expected
        )
        joint = TrainingConfig(objective="joint", epochs=1, batch_size=20, hidden_size=8, item_sparsity=2e-2)
        train_folder(data, WORDS, joint, out, restart=True)
        told = json.loads((out / "config.json").read_text())
        penalties = told["training"]["query_sparsity"], told["training"]["item_sparsity"], told["least_weight"]
        assert penalties == ((4e-3, 2e-2, 0.2) if told["training"]["truth"] == 0 else (None, 2e-2, 0.1))
    train_folder(cases[0.0], WORDS, replace(CONFIG, epochs=1, truth=0.25), tmp_path / "said")
    assert json.loads((tmp_path / "said" / "config.json").read_text())["training"]["truth"] == 0.25
