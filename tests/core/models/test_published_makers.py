"""`doctor --published`, on a made-up hub that has what the paper's authors published, in small."""

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from huggingface_hub import constants
from typer.testing import CliRunner

import core.models.published
from core.data.dense import IMAGES_FILE
from core.encoders import lavis
from core.encoders.itc import ItcEncoder
from core.encoders.preprocessing import CaptionTokens
from core.errors import DatasetError, UnknownModel
from core.models.pairings import ATTESTED, published_heads
from core.models.published import PICTURE, PublishedExample, compare, published_row
from core.models.registry import load_encoder, load_model
from demo.cli import app
from tests.core import published
from tests.core.towers import TINY, TINY_ALBEF, head_folder, lavis_state, pictures, random_towers

NAMES = ("blip-coco", "lavis-blip-coco", "lavis-albef-coco")


def run(*arguments: object, code: int = 0, **options: Any) -> Any:
    result = CliRunner().invoke(app, ["doctor", *map(str, arguments)], env={"COLUMNS": "400"}, **options)
    assert result.exit_code == code, result.output
    return result


def choose(*names: str) -> list[str]:
    return [part for name in names for part in ("--model", name)]


def dense_set(folder: Path, row: np.ndarray) -> None:
    """A data set whose row 2 is this vector; others before and after."""
    random = np.random.default_rng(0).standard_normal((5, len(row)))
    random[2] = row
    folder.mkdir()
    table = pa.table({"id": [str(n) for n in range(5)], "emb": [list(map(float, vector)) for vector in random]})
    pq.write_table(table, folder / IMAGES_FILE)


@pytest.fixture
def hub(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub, and a machine that has LAVIS's checkpoints and the picture: lavis-blip-coco made the vectors."""
    load_model.cache_clear()
    load_encoder.cache_clear()
    pieces = published.wordpieces(tmp_path / "words")
    checkpoints = home / "checkpoints"
    checkpoints.mkdir(parents=True)
    pictures(1)[0].resize((64, 48)).save(PICTURE.path)
    sizes = {
        "BLIP": replace(TINY, vocab_size=len(pieces) + 2), "ALBEF": replace(TINY_ALBEF, vocab_size=len(pieces)),
    }  # fmt: skip
    repositories = {"distilbert/distilbert-base-uncased": tmp_path / "words"}
    files = {"BLIP": "blip_coco_retrieval.pth", "ALBEF": "albef_coco_retrieval_lavis.pt"}
    for seed, (family, file) in enumerate(files.items(), 5):
        monkeypatch.setattr(lavis, family, sizes[family])
        made = random_towers(sizes[family], seed)
        torch.save({"model": lavis_state(made)}, checkpoints / file)
        encoder = ItcEncoder("it", made, CaptionTokens(tmp_path / "words", 35), "cpu")
        data = f"lsr42/mscoco-{family.lower()}-dense"
        dense_set(tmp_path / family, 3 * encoder.encode_images([core.models.published.open_image(PICTURE.path)])[0])
        repositories[data] = tmp_path / family
    published.blip(tmp_path / "blip")
    repositories["Salesforce/blip-itm-base-coco"] = tmp_path / "blip"
    repositories[ATTESTED] = head_folder(tmp_path / "head", TINY.dim, len(pieces))
    published.serve(repositories, tmp_path / "hub", monkeypatch)
    row = published_row(tmp_path / "BLIP")
    (weights,) = core.models.published.SparseHead.load(tmp_path / "head").weigh(row[None])
    first = np.argsort(-weights)[:6]
    monkeypatch.setattr(core.models.published, "EXAMPLE", {pieces[i]: round(float(weights[i]), 4) for i in first})
    return tmp_path / "hub"


def test_the_encoder_that_made_the_data_is_told(hub: Path) -> None:
    found = json.loads(run("--published", *choose(*NAMES), "--yes", "--json").stdout)
    rows = {row["model"]: row for row in found["pairings"]}
    assert {name: row["made_the_data"] for name, row in rows.items()} == {
        "blip-coco": False, "lavis-blip-coco": True, "lavis-albef-coco": True,
    }  # fmt: skip
    assert rows["lavis-blip-coco"]["cosine"] == pytest.approx(1, abs=1e-6)
    assert len(rows["lavis-blip-coco"]["terms"]) == 6 and not rows["lavis-blip-coco"]["inferred"]
    albef = rows["lavis-albef-coco"]  # whose head nobody has: the cosine is told all the same
    assert albef["inferred"] and albef["cosine"] > 0.999 and "inferred" in albef["problem"] and not albef["terms"]
    assert found["example"]["passed"] and [term for term, _ in found["example"]["terms"]] == list(
        core.models.published.EXAMPLE
    )
    text = run("--published", *choose(*NAMES), input="n\n").stdout
    assert "lsr42/mscoco-blip-dense: made by lavis-blip-coco\n" in text and "(a name that is inferred)" not in text
    assert "cosine 1.000000" in text and "the reference's README" in text


def test_an_example_that_does_not_come_out_is_a_fault(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.models.published, "EXAMPLE", {"animals": 1.6846})
    result = run("--published", *choose("lavis-blip-coco"), "--yes", code=1)
    assert "✗ the published vector through the published head" in result.stdout
    assert not PublishedExample((("animals", 1.69),)).passed and PublishedExample((("animals", 1.6843),)).passed


def test_none_of_those_compared_made_it(hub: Path) -> None:
    text = run("--published", *choose("blip-coco"), "--yes").stdout
    assert "made by none of these; the nearest is blip-coco" in text


def test_a_broken_part_costs_the_others_nothing(hub: Path, home: Path) -> None:
    (home / "checkpoints" / "albef_coco_retrieval_lavis.pt").write_bytes(b"broken")
    found = json.loads(run("--published", *choose("lavis-albef-coco", "lavis-blip-coco"), "--yes", "--json").stdout)
    albef, other = found["pairings"]
    assert albef["cosine"] is None and "cannot be read" in albef["problem"] and other["made_the_data"]


def test_without_a_network_it_is_one_sentence(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in (*published_heads(), None):
        result = run("--published", "--yes", *(choose(name) if name else ()), code=1)
        assert result.stdout == "" and result.stderr.strip().count("\n") == 0, result.stderr
        assert PICTURE.url in result.stderr and "where there is a network" in result.stderr
    assert not [path for folder in (tmp_path / "hub", home) for path in folder.rglob("*") if path.is_file()]
    PICTURE.path.parent.mkdir(parents=True, exist_ok=True)
    pictures(1)[0].save(PICTURE.path)  # the picture alone is not enough
    result = run("--published", "--yes", "--json", *choose("lavis-blip-coco"), code=1)
    assert result.stdout == "" and "blip_coco_retrieval.pth" in result.stderr and result.stderr.count("\n") == 1


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="none of the published models: blip-coco"):
        list(compare(["photos"]))
    run("--published", "--parity", code=2)
    run("--model", "blip-coco", code=2)
    for count in (0, 2):
        pq.write_table(pa.table({"id": ["a"] * count, "emb": [[1.0, 0.0]] * count}), tmp_path / IMAGES_FILE)
        with pytest.raises(DatasetError, match="has no row 2"):
            published_row(tmp_path)
    (tmp_path / IMAGES_FILE).write_text("no parquet")
    with pytest.raises(DatasetError, match="cannot be read"):
        published_row(tmp_path)
