"""The commands of the study: documents on standard output, one sentence for what cannot be done, files that fit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from safetensors.torch import save_file
from typer.testing import CliRunner

from core.data.dense import IMAGES_FILE, DenseFolder, write_dense
from core.data.literal_terms import literal_terms
from core.evaluation.evaluate import evaluate_head
from core.models.head import load_head
from core.models.kept_heads import keep_head
from core.training.presets import RECIPES
from core.world.writer import write_scenes
from demo.cli import app

runner = CliRunner()
ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object) -> Result:
    return runner.invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "300"})


def document(*arguments: object) -> dict:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 images of two words each."""
    rng = np.random.default_rng(0)
    meanings = rng.standard_normal((12, 16))
    images, texts, entries = {}, {}, []
    for i in range(90):
        pair = rng.choice(12, 2, replace=False)
        images[i], texts[i] = (
            (meanings[pair].sum(0) + 0.2 * rng.standard_normal(16)).astype(np.float32) / 6 for _ in "it"
        )
        sentences = [{"sentid": i, "raw": f"word{pair[0]} word{pair[1]}"}]
        entries.append({"imgid": i, "split": "train" if i < 60 else "test", "filename": "", "sentences": sentences})
    folder = tmp_path_factory.mktemp("dense")
    write_dense(folder, images, texts, {"images": entries})
    return folder


def test_a_dataset_is_embedded_and_judged(tmp_path: Path) -> None:
    write_scenes("test", 3, tmp_path / "pictures")
    written = document("embed", "--dataset", tmp_path / "pictures", "--out", tmp_path / "dense")
    assert (written["model"], written["images"], written["captions"], written["dim"]) == ("scenes", 3, 15, 256)
    judged = document("evaluate", "--data", tmp_path / "dense", "--dense")
    assert judged["recall@5"] == 1.0 and judged["flops"] is None and judged["split"] == "test"
    again = run("embed", "--dataset", tmp_path / "pictures", "--out", tmp_path / "dense")
    assert again.exit_code == 1 and "already holds" in again.stderr


def test_a_head_is_trained_judged_and_kept_with_its_vocabulary(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "head"
    trained = run("train", "--data", data, "--out", out, "--epochs", 1, "--json")
    assert trained.exit_code == 0 and "Vocabulary: the 12 words" in trained.stderr
    assert json.loads(trained.stdout)["terms"] == 12
    judged = document("evaluate", "--data", data, "--head", out, "--mode", "literal", "--runs", tmp_path / "runs")
    head, vocabulary = load_head(out)
    part = DenseFolder.read(data).split("test")
    own = evaluate_head(head, part, literal_terms(part.captions, vocabulary), mode="literal")
    for name in ("recall@1", "mrr@10", "flops", "query_terms", "item_terms", "coactivation", "exact@20"):
        assert judged[name] == own.measures[name], name
    assert {"semantic@20", "kendall_tau_vs_dense", "recall@5", "recall@10"} <= judged.keys()
    assert set(judged["image_to_text"]) == {"recall@1", "recall@5", "recall@10", "mrr@10"}
    query, _, item, rank, _, tag = (tmp_path / "runs" / "text_to_image.trec").read_text().splitlines()[0].split()
    assert (rank, tag) == ("1", "head-literal")
    assert 60 <= int(query) < 90 and 60 <= int(item) < 90  # a caption none of whose own words is lit has no line
    assert run("evaluate", "--data", data, "--head", out).exit_code == 0


def test_a_query_table_is_learned_with_a_head_or_for_one_and_judged_beside_it(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "head"
    trained = run("train", "--data", data, "--out", out, "--epochs", 2, "--queries", "table", "--json")
    assert trained.exit_code == 0 and "the table knows the words of the train captions only" in trained.stderr
    assert json.loads(trained.stdout)["words"] == 12 and json.loads(trained.stdout)["val"] is None
    first = (out / "queries.tsv").read_bytes()
    judged = document("evaluate", "--data", data, "--head", out, "--table")
    by_table = judged.pop("table")
    assert judged == document("evaluate", "--data", data, "--head", out)
    assert by_table["flops"] < judged["flops"] and by_table["item_terms"] == judged["item_terms"]
    assert "by the table" in run("evaluate", "--data", data, "--head", out, "--table").stdout
    assert "12 words" in run("train-table", "--data", data, "--head", out).stdout
    assert (out / "queries.tsv").read_bytes() == first
    (out / "queries.tsv").unlink()
    told = run("evaluate", "--data", data, "--head", out, "--table")
    assert told.exit_code == 1 and "learn one with `sightwords train-table`" in told.stderr
    assert run("evaluate", "--data", data, "--dense", "--table").exit_code == 2


def test_a_head_is_named_by_its_folder_or_by_a_model(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "head"
    assert run("train", "--data", data, "--out", out, "--epochs", 1).exit_code == 0
    keep_head(out, "mine")
    by_folder = document("evaluate", "--data", data, "--head", out)
    assert document("evaluate", "--data", data, "--head", "photos+mine") == by_folder
    wrong = run("evaluate", "--data", data, "--head", tmp_path / "nope")
    assert wrong.exit_code == 1 and "neither a folder" in wrong.stderr and "nor a model of that name" in wrong.stderr
    for name in ("scenes", "photos"):  # found, but not made for these vectors
        told = run("evaluate", "--data", data, "--head", name)
        assert told.exit_code == 1 and "16" in told.stderr and told.stderr.startswith("Error: ")
    told = run("reproduce", "--data", data, "--out", tmp_path / "table", "--head", "nope")
    assert told.exit_code == 1 and "nor a model of that name" in told.stderr and not (tmp_path / "table").exists()


def test_wordpieces_and_every_setting_can_be_chosen(data: Path, tmp_path: Path) -> None:
    (tmp_path / "pieces.txt").write_text("[UNK]\nword\n" + "".join(f"##{i}\n" for i in range(12)))
    options = ("--vocabulary", tmp_path / "pieces.txt", "--epochs", 1, "--set", "hidden_size=24", "--set", "tau=0.01")
    assert document("train", "--data", data, "--out", tmp_path / "head", *options)["terms"] == 14
    head, vocabulary = load_head(tmp_path / "head")
    assert head.config.hidden_size == 24
    assert json.loads((tmp_path / "head" / "config.json").read_text())["training"]["tau"] == 0.01
    assert vocabulary.tokenizer == "wordpiece" and vocabulary.literal_ids("word11 word7") == [1, 9, 13]


PIECES = ["[UNK]", "[CLS]", "[SEP]", "word", *(f"##{i}" for i in range(12))]


@pytest.fixture(scope="module")
def distilbert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a language model that a head starts from, small."""
    place = tmp_path_factory.mktemp("distilbert")
    weights = {"vocab_layer_norm.weight": torch.ones(8), "vocab_layer_norm.bias": torch.full((8,), 0.5),
               "vocab_projector.bias": torch.arange(16.0) / 100,
               "distilbert.embeddings.word_embeddings.weight": torch.randn(16, 8)}  # fmt: skip
    save_file(weights, place / "model.safetensors")
    (place / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    return place


def test_the_papers_recipe_is_followed_and_changed_by_what_is_asked_for(
    data: Path, distilbert: Path, tmp_path: Path
) -> None:
    given = ("--data", data, "--recipe", "paper", "--epochs", 1, "--set", "hidden_size=8")
    trained = run("train", "--out", tmp_path / "head", *given, "--init-embeddings", distilbert, "--json")
    assert trained.exit_code == 0 and "--expands-from text mends it" in trained.stderr
    assert "from chance" not in trained.stderr and json.loads(trained.stdout)["terms"] == len(PIECES)
    said = json.loads((tmp_path / "head" / "config.json").read_text())
    assert said["training"].items() >= {**RECIPES["paper"], "epochs": 1, "hidden_size": 8}.items()
    assert said["least_weight"] == 0 and said["training"]["expands_from"] == "image"
    assert load_head(tmp_path / "head")[1].terms == tuple(PIECES)
    judged = document("evaluate", "--data", data, "--head", tmp_path / "head", "--mode", "hybrid", "--as-reference")
    assert judged["as_reference"] and {"reference_avg_tau", "kendall_tau_vs_dense"} <= judged.keys()
    mended = run("train", "--out", tmp_path / "mended", *given, "--expands-from", "text", "--l1", 0.5)
    assert mended.exit_code == 0 and "mends" not in mended.stderr and "this one from chance" in mended.stderr
    said = json.loads((tmp_path / "mended" / "config.json").read_text())["training"]
    assert (said["expands_from"], said["query_sparsity"], said["draws"]) == ("text", 0.5, "batch")


@pytest.mark.slow
def test_the_papers_comparison_starts_from_a_language_model(data: Path, distilbert: Path, tmp_path: Path) -> None:
    given = (
        "--data",
        data,
        "--recipe",
        "paper",
        "--epochs",
        1,
        "--set",
        "hidden_size=8",
        "--set",
        "projection_rate=1e-9",
    )
    table = document("reproduce", *given, "--out", tmp_path, "--init-embeddings", distilbert)["table"]
    assert [row["row"] for row in table] == ["dense", "none", "caption", "word", "both", "literal", "hybrid"]
    for control in ("none", "caption", "word", "both"):
        head, vocabulary = load_head(tmp_path / "heads" / control)
        assert vocabulary.terms == tuple(PIECES)
        start = torch.arange(16.0) / 100
        assert torch.allclose(head.vocab_projector.bias, start, atol=1e-3) and head.vocab_layer_norm.bias.mean() > 0.4


def test_what_cannot_be_done_is_said_in_a_sentence(data: Path, tmp_path: Path) -> None:
    def said(*arguments: object) -> str:
        result = run(*arguments)
        assert result.exit_code == 1 and not result.stdout
        sentence = [line for line in result.stderr.splitlines() if not line.startswith("Vocabulary: ")]
        assert len(sentence) == 1 and sentence[0].startswith("Error: ")
        return sentence[0]

    assert "no folder" in said("evaluate", "--data", tmp_path / "nowhere", "--dense")
    assert "the split 'val'" in said("evaluate", "--data", data, "--dense", "--split", "val")
    assert "cannot be read" in said("evaluate", "--data", data, "--head", tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in data.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / IMAGES_FILE).write_bytes(b"PAR1")
    assert IMAGES_FILE in said("train", "--data", broken, "--out", tmp_path / "head")
    assert not (tmp_path / "head").exists()
    (tmp_path / "file").write_text("")
    assert "NAME=VALUE was expected" in said("train", "--data", data, "--out", tmp_path / "head", "--set", "heat=3")
    beginning = ("train", "--data", data, "--out", tmp_path / "head", "--init-embeddings")
    assert "no file nowhere.npy" in said(*beginning, "nowhere.npy")
    assert "model.safetensors cannot be read" in said(*beginning, broken)
    assert "no folder 'no such model'" in said(*beginning, "no such model")
    assert "cannot be written" in said("reproduce", "--data", data, "--out", tmp_path / "file")
    for wrong in (("--dense", "--head", tmp_path), ()):
        assert run("evaluate", "--data", data, *wrong).exit_code == 2
    assert run("train", "--data", data, "--out", tmp_path / "head", "--tokenizer", "wordpiece").exit_code == 2


@pytest.mark.slow
def test_an_interrupted_training_keeps_its_best_head_and_goes_on(data: Path, tmp_path: Path) -> None:
    arguments = ["train", "--data", str(data), "--out", str(tmp_path), "--epochs", "5000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.cli", *arguments],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 3/"):
            break
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=30)[1]
    assert process.returncode == 1 and "the same command goes on from there" in rest and "Traceback" not in rest
    done = len((tmp_path / "metrics.jsonl").read_text().splitlines())
    assert 3 <= done < 5000
    assert document("evaluate", "--data", data, "--head", tmp_path)["recall@1"] > 0
    other = run("train", "--data", data, "--out", tmp_path, "--epochs", 1)
    assert other.exit_code == 1 and "unfinished training with other settings" in other.stderr
    again = json.loads(run("train", "--data", data, "--out", tmp_path, "--epochs", 1, "--restart", "--json").stdout)
    assert again["ended"] and again["epochs"] == again["kept_epoch"] == 1


@pytest.mark.slow
def test_interrupting_a_comparison_keeps_what_is_finished(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo.cli", "reproduce", "--data", data, "--out", tmp_path, "--epochs", "100000"]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("training none"):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=30)[1]
    assert process.returncode == 1 and "the same command goes on from there" in rest and "Traceback" not in rest
    assert json.loads((tmp_path / "rows" / "dense.json").read_text())["recall@1"] > 0
