"""Published models, each laid out by exactly the files that the program fetches of it: loaded, looked and read with.

What ids a text should have is told by another implementation: SentencePiece itself, or the algorithm as it is defined.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.encoders import lavis
from core.encoders.dual import DualEncoder
from core.encoders.dual_tokens import dual_tokens
from core.encoders.hub_files import HubFiles
from core.encoders.itc import ItcEncoder
from core.encoders.preprocessing import CaptionTokens
from core.encoders.recipes import encoder_recipe
from core.models.downloads import fetch, lacking
from core.models.registry import load_encoder
from tests.core import published
from tests.core.published import ODD, Ids
from tests.core.towers import TINY, TINY_ALBEF, lavis_state, pictures, random_towers
from tests.rounding import ROUNDING

DUAL: dict[str, tuple[str, Callable[[Path], Ids], set[str]]] = {
    "clip": ("clip:openai/clip-vit-base-patch32", published.clip, {"pytorch_model.bin", "tokenizer.json"}),
    "siglip": ("siglip:google/siglip-base-patch16-224", published.siglip, {"spiece.model", "model.safetensors"}),
    "siglip2": ("siglip:google/siglip2-base-patch16-224", published.siglip2, {"tokenizer.json", "model.safetensors"}),
    "naflex": (
        "siglip:google/siglip2-base-patch16-naflex",
        published.siglip2_naflex,
        {"tokenizer.json", "model.safetensors"},
    ),
}
EVERY = {"config.json", "preprocessor_config.json", "tokenizer_config.json", "special_tokens_map.json"}


def cut(ids: list[int], length: int) -> list[int]:
    """Token ids cut to a length that still end with the end token, as in the models' own training."""
    return ids if len(ids) <= length else [*ids[: length - 1], ids[-1]]


@pytest.fixture(autouse=True)
def nothing_loaded() -> None:
    load_encoder.cache_clear()


@pytest.mark.parametrize("family", DUAL)
def test_a_dual_encoder_works_with_what_is_fetched_of_it(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    name, publish, chosen = DUAL[family]
    repo, hub = name.partition(":")[2], tmp_path / "hub"
    (tmp_path / "published").mkdir()
    ids = publish(tmp_path / "published")
    published.serve({repo: tmp_path / "published"}, hub, monkeypatch)
    fetch(name)
    there = EVERY if family not in ("siglip2", "naflex") else EVERY - {"special_tokens_map.json"}
    assert published.downloaded(repo, hub) == there | chosen and not lacking(name)
    capfd.readouterr()
    encoder = load_encoder(name, "cpu")
    assert "config" not in capfd.readouterr().err  # nothing that would puzzle who only wants to search
    assert isinstance(encoder, DualEncoder) and encoder.encode_images(pictures(1)).shape == (1, 24)
    rows = encoder.encode_texts(["a Dog", "a dog", "a red ball"])
    assert np.abs(rows[0] - rows[1]).max() < ROUNDING and np.abs(rows[0] - rows[2]).max() > 1e-3
    length, padded = (77, None) if family == "clip" else (64, 1 if family == "siglip" else 0)
    tokens = dual_tokens("clip" if family == "clip" else "siglip", hub_folder(repo, hub))
    for text in ODD:
        (row,) = tokens([text], length)["input_ids"].tolist()
        expected = cut(ids(text), length)
        if padded is not None:
            expected += [padded] * (length - len(expected))
        assert row == expected, text
    assert ("attention_mask" in tokens(["a"], length)) == (family == "clip")


def hub_folder(repo: str, hub: Path) -> Path:
    return hub / f"models--{repo.replace('/', '--')}" / "snapshots" / "abc"


@pytest.mark.parametrize(
    ("family", "left"),
    [
        ("clip", {"tokenizer.json"}),
        ("clip", {"vocab.json", "merges.txt"}),
        ("siglip", {"tokenizer.json"}),
        ("siglip", {"spiece.model"}),
        ("siglip2", {"tokenizer.json"}),
    ],
)
def test_a_folder_that_has_less_is_read_as_well(family: str, left: set[str], tmp_path: Path) -> None:
    """Caches of an earlier version hold no tokenizer_config.json, and of SigLIP tokenizer.json alone."""
    name, publish, _ = DUAL[family]
    kind = "clip" if family == "clip" else "siglip"
    ids = publish(tmp_path)
    for file in tmp_path.iterdir():
        if file.name not in left | {"config.json", "preprocessor_config.json"} and file.suffix not in (
            ".safetensors",
            ".bin",
        ):
            file.unlink()
    assert not lacking(f"{name.partition(':')[0]}:{tmp_path}")
    tokens, length = dual_tokens(kind, tmp_path), 77 if kind == "clip" else 64
    for text in ODD:
        row = tokens([text], length)["input_ids"][0].tolist()
        expected = cut(ids(text), length)
        assert row[: len(expected)] == expected and len(set(row[len(expected) :])) <= 1, text


def test_a_processor_as_transformers_5_saves_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, hub, made = "me/tuned", tmp_path / "hub", tmp_path / "published"
    made.mkdir()
    published.siglip2(made)
    eyes = json.loads((made / "preprocessor_config.json").read_text())
    (made / "preprocessor_config.json").unlink()
    (made / "processor_config.json").write_text(
        json.dumps({"image_processor": eyes, "processor_class": "SiglipProcessor"})
    )
    published.serve({repo: made}, hub, monkeypatch)
    fetch(f"siglip:{repo}")
    assert "processor_config.json" in published.downloaded(repo, hub)
    (made / "preprocessor_config.json").write_text(json.dumps(eyes))
    images = pictures(2)
    rows = load_encoder(f"siglip:{repo}", "cpu").encode_images(images)
    assert np.abs(rows - load_encoder(f"siglip:{made}", "cpu").encode_images(images)).max() < ROUNDING


def test_blip_works_with_what_is_fetched_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, hub = "Salesforce/blip-itm-base-coco", tmp_path / "hub"
    ids = published.blip(tmp_path / "published")
    published.serve({repo: tmp_path / "published"}, hub, monkeypatch)
    fetch("blip:" + repo)
    assert published.downloaded(repo, hub) == {"config.json", "model.safetensors", "vocab.txt"}
    _speaks(load_encoder("blip:" + repo, "cpu"), ids, 35)
    (hub_folder(repo, hub) / "vocab.txt").unlink()  # tokenizer.json says the same
    tokens = CaptionTokens(tmp_path / "published", 35)
    (tmp_path / "published" / "vocab.txt").unlink()
    other = CaptionTokens(tmp_path / "published", 35)
    assert all(torch.equal(a, b) for text in ODD for a, b in zip(tokens([text]), other([text]), strict=True))


@pytest.mark.parametrize(("family", "length"), [("blip", 35), ("albef", 30)])
def test_lavis_works_with_what_is_fetched_of_it(
    family: str, length: int, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = published.wordpieces(tmp_path / "published")
    sizes = (
        replace(TINY, vocab_size=len(pieces) + 2) if family == "blip" else replace(TINY_ALBEF, vocab_size=len(pieces))
    )
    monkeypatch.setattr(lavis, family.upper(), sizes)
    checkpoint = {"blip": "blip_coco_retrieval.pth", "albef": "albef_coco_retrieval_lavis.pt"}[family]
    (home / "checkpoints").mkdir(parents=True)
    torch.save({"model": lavis_state(random_towers(sizes))}, home / "checkpoints" / checkpoint)
    repo = "distilbert/distilbert-base-uncased"
    published.serve({repo: tmp_path / "published"}, tmp_path / "hub", monkeypatch)
    for needed in encoder_recipe(f"lavis-{family}-coco").sources:
        needed.fetch()
    assert published.downloaded(repo, tmp_path / "hub") == {"vocab.txt"}
    _speaks(load_encoder(f"lavis-{family}-coco", "cpu"), published.bert_ids(pieces), length)


def _speaks(encoder: object, ids: Ids, length: int) -> None:
    """Asserts that the encoder reads pictures, ignores capitals, and splits texts as BERT's algorithm does."""
    assert isinstance(encoder, ItcEncoder) and encoder.encode_images(pictures(1)).shape == (1, TINY.dim)
    rows = encoder.encode_texts(["a Dog", "a dog", "a red ball"])
    assert np.abs(rows[0] - rows[1]).max() < ROUNDING and np.abs(rows[0] - rows[2]).max() > 1e-3
    for text in ODD:
        assert encoder.tokens([text])[0][0].tolist() == cut(ids(text), length), text


def test_an_old_cache_of_wordpieces_without_the_organisation_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published.wordpieces(tmp_path / "published")
    published.serve({"distilbert-base-uncased": tmp_path / "published"}, tmp_path / "hub", monkeypatch)
    HubFiles("distilbert-base-uncased", ("vocab.txt",)).fetch()
    assert not any("vocab.txt" in where for where in lacking("lavis-albef-coco"))
