"""The Lab's logic: a head trained on a collection, kept, used and left; one work at a time; what cannot be done."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from core.errors import QueryError
from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.training.checkpoint import CHECKPOINT_FILE
from core.training.config import TrainingConfig
from demo.components.amounts import remaining
from demo.components.head_comparison import ComparedHead, head_comparison
from demo.components.training_curves import training_curves
from demo.state.app import AppState
from demo.state.lab import Lab
from demo.state.lab_choice import Choice
from demo.state.lab_heads import WORLD_TEST
from demo.state.library import Library
from demo.tabs.lab import cleaned
from demo.web import build
from index_store.errors import SightwordsError
from index_store.folder.collection import Collection
from tests.conftest import TERMS
from tests.core.dense_sets import write_words

FAST = {"epochs": 2, "batch_size": 16, "hidden_size": 16, "tau": 0.02}


@pytest.fixture
def lab(model: Model, patches: list[Image.Image], tmp_path: Path) -> Iterator[Lab]:
    """On a collection of 36 pictures, a caption each."""
    place = tmp_path / "pictures"
    place.mkdir()
    lines = []
    for number, patch in enumerate(patches[:36]):
        patch.save(place / f"{number}.png")
        lines.append(f'{{"file": "{number}.png", "captions": ["a {("red", "blue")[number % 2]} dog"]}}')
    (place / "captions.jsonl").write_text("\n".join(lines))
    with Collection.create(tmp_path / "mine", model=model.name, vocabulary=model.vocabulary.terms) as made:
        index_paths(model, made, [place], captions=place / "captions.jsonl")
    state = AppState(model, tmp_path / "mine")
    state.start()
    state.ready()
    yield Lab(state, Library(state))
    state.close()


def test_a_head_is_trained_kept_used_and_left(lab: Lab, model: Model, home: Path) -> None:
    state = lab._state
    lab.start(Choice("collection", controls=("caption", "word"), settings=FAST))
    lab.job.wait()
    assert lab.job.status.exception is None and lab.said.startswith("2 heads trained."), lab.said
    found = lab.heads.experiments()
    assert [one.config.control for one in found.values()] == ["caption", "word"]
    assert all(one.encoder == "mean-colours" and one.result and one.result.ended for one in found.values())
    assert len(lab.training.epochs) == 2 and len(lab.training.steps) >= 2
    (tested, (rows, dense)), *rest = lab.compared().items()
    assert "of mine, split test" in tested and len(rows) == 2 and 0 <= dense <= 1 and not rest
    key = list(found)[-1]
    assert lab.heads.free_name(key) == "word-1"
    lab.heads.keep(key, "word-1")
    with pytest.raises(QueryError, match="kept already, as 'word-1'"):
        lab.heads.keep(key, "other")
    before = state.searcher.encode_text("a red dog").vector
    lab.use("word-1")
    lab.job.wait()
    assert lab.job.status.exception is None, lab.said
    used, collection = state.ready()
    assert used.name == "mean-colours+word-1" and used.encoder is model.encoder and len(collection) == 72
    assert lab.head_in_use == "word-1" and lab._library.current == "mine with word-1"
    assert state.searcher.encode_text("a red dog").vector.weights.tolist() != before.weights.tolist()
    assert next(row for row in lab.compared()[tested][0] if row.in_use).name == "word-1"
    with pytest.raises(QueryError, match="in use already"):
        lab.use("word-1")
    lab.back()
    back, collection = state.ready()
    assert back is model and collection.path.name == "mine" and lab.head_in_use == ""
    lab._library.use("mine with word-1")  # as the Library goes over: the model comes with the collection
    assert state.ready()[0] is used
    lab.discard(key)
    assert list(lab.heads.experiments()) == list(found)[:1] and (home / "heads" / "word-1").exists()
    assert list(lab.heads.named()) == [next(iter(found)), "head:word-1"]


def test_training_is_stopped_and_gone_on_with_and_nobody_else_trains_meanwhile(lab: Lab, tmp_path: Path) -> None:
    data = write_words(tmp_path / "data", words=TERMS, encoder="mean-colours")
    lab.start(Choice("folder", folder=str(data), settings=FAST | {"epochs": 5000}))
    with pytest.raises(QueryError, match="The Lab is at work"):
        lab.start(Choice("collection", settings=FAST))
    other = "from demo.state.lab import _only_one\nwith _only_one(): pass"
    refused = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True)
    assert "Another window of Sightwords" in refused.stderr
    while not lab.training.epochs:
        lab.job.wait(0.05)
    lab.stop()
    lab.job.wait()
    assert lab.job.status.exception is None and lab.said.startswith("Stopped after epoch"), lab.said
    (key,) = lab.heads.experiments()
    done = len(lab.training.epochs)
    assert lab.heads.experiments()[key].result.epochs == done  # type: ignore[union-attr]
    assert (tmp_path / "home" / "lab" / "runs" / key / CHECKPOINT_FILE).exists()
    assert lab.can_go_on(key)
    lab.go_on(key)
    while len(lab.training.epochs) <= done:
        lab.job.wait(0.05)
    lab._state.close()  # as when the app ends
    assert lab.job.status.state == "ended" and len(lab.training.epochs) > done
    assert subprocess.run([sys.executable, "-c", other]).returncode == 0


def test_what_cannot_be_done_is_said(lab: Lab, tmp_path: Path) -> None:
    for choice, said in (
        (Choice("moon"), "nothing to learn from called 'moon'"),  # type: ignore[arg-type]
        (Choice(controls=()), "at least one control"),
        (Choice("folder"), "Name the folder"),
        (Choice(scenes=5), "cannot teach with 5 scenes"),
        (Choice(controls=("some",)), "control cannot be 'some'"),
        (Choice(settings={"epochs": 0}), "epochs is 0"),
        (Choice(settings={"epochs": "many"}), "wrong kind"),
        (Choice(settings={"rate": 1}), "no setting 'rate'"),
    ):
        with pytest.raises(SightwordsError, match=said):
            lab.start(choice)
    unspoken = write_words(tmp_path / "unspoken", encoder="mean-colours")
    for choice, said in (
        (Choice("folder", folder=str(tmp_path)), "has no img_embs.parquet"),
        (Choice("world"), "not for 'mean-colours'"),
        (Choice("folder", folder=str(unspoken)), "says any of the 32 terms"),
    ):
        lab.start(choice)
        lab.job.wait()
        assert lab.job.status.exception is not None and said in lab.said
    for action, said in (
        (lambda: lab.heads.keep("none", "name"), "Choose a trained head"),
        (lambda: lab.discard("none"), "Choose one of the trained heads"),
        (lambda: lab.go_on("none"), "nothing to go on with"),
        (lambda: lab.use("none"), "no kept head 'none'"),
    ):
        with pytest.raises(QueryError, match=said):
            action()
    assert lab.heads.experiments() == {} and lab.heads.named() == {}


def test_a_head_for_other_vectors_is_kept_but_not_used(lab: Lab, tmp_path: Path) -> None:
    lab.start(Choice("folder", folder=str(write_words(tmp_path / "data")), settings=FAST))
    lab.job.wait()
    ((key, one),) = lab.heads.experiments().items()
    assert one.encoder == "words"
    lab.heads.keep(key, "words")
    with pytest.raises(QueryError, match="made for vectors of 'words'"):
        lab.use("words")


def test_curves_and_comparison_tell_what_they_show() -> None:
    steps = [
        (0.5, {"loss": 3.0, "sparsity": 0.1, "expansion": 0.1}),
        (1.0, {"loss": 2.0, "sparsity": 0.2, "expansion": 0.2}),
    ]
    curves = training_curves(steps, [], 4)
    assert curves.count("<svg") == 5 and "in all 2, sparsity penalty 0.2 now" in curves and "nothing yet" in curves
    rows = [
        ComparedHead("<b>mine</b>", "caption", "d", 0.8, 2.0, 10, 20, 0.5, 30.0),
        ComparedHead("none", "none", "d", 0.7, 0.0, 0, 0, 0.0, trained_here=False, in_use=True),
    ]
    shown = head_comparison(rows, 0.9, "<i>tests</i>")
    assert "<b>mine" not in shown and "<i>" not in shown and shown.count("<svg") == 2 and "88.9 %" in shown
    assert head_comparison([], 0.9, "t") == ""
    assert (remaining(None), remaining(33), remaining(200)) == ("", "about 35 s left", "about 4 min left")


def test_strangers_see_heads_compared_and_train_none(model: Model) -> None:
    page = build(AppState(model, public=True))
    ids = {component.elem_id for component in page.blocks.values()}
    assert "lab-table" in ids and not ids & {"lab-train", "lab-use", "lab-keep"}
    said = next(component for component in page.blocks.values() if component.elem_id == "lab-lead")
    assert "Training is off here" in str(said.value)
    names = {fn.api_name for fn in page.fns.values()}
    assert "search" in names and not names & {"train_head", "use_head", "trained_heads"}
    assert WORLD_TEST in str(next(c for c in page.blocks.values() if c.elem_id == "lab-table").value)


def test_number_fields_that_were_seen_but_not_filled_mean_the_defaults() -> None:
    """A browser sends 0 for an empty number field once "More settings" has been open."""
    usual = TrainingConfig()
    config = TrainingConfig(**cleaned({"epochs": 3, "tau": 0, "patience": 0, "sparsity": None}))
    assert (config.temperature, config.patience, config.sparsity) == (usual.temperature, None, usual.sparsity)
