"""Exported heads in sentence-transformers itself, in an environment of its own, and back."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pytest
import torch

from core.models.exchange.reading import import_head
from core.models.exchange.writing import export_head
from core.models.head import SparseHead
from core.models.head_files import head_config
from core.vocabulary import Vocabulary
from tests.core.models.travelling_heads import ADAPTED, DENSE, PLAIN, made_head
from tests.pages import ROOT, Page

pytestmark = [pytest.mark.network, pytest.mark.slow]
PROGRAM = Path(__file__).with_name("in_sentence_transformers.py")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment: sentence-transformers and what it needs beside what is installed here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    own = Path(_said(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))
    (own / "beside.pth").write_text(sysconfig.get_path("purelib"))  # torch and others are large
    subprocess.run([python, "-m", "pip", "install", "-q", "sentence-transformers"], check=True)
    return python


def _said(python: Path, program: str, *arguments: object) -> str:
    """What a program prints that sees nothing of Sightwords."""
    command = [python, "-I", "-c", program, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("name", [PLAIN, ADAPTED])
def test_a_head_weighs_there_as_here_and_comes_back(package: Path, tmp_path: Path, name: str) -> None:
    head = made_head(tmp_path / "head", name)
    export_head(tmp_path / "head", tmp_path / "out", name=name)
    np.save(tmp_path / "dense.npy", DENSE)
    there = tmp_path / "there"
    subprocess.run([package, "-I", PROGRAM, tmp_path / "out", tmp_path / "dense.npy", there], check=True)
    weights = head.weigh(DENSE)
    np.testing.assert_allclose(np.load(there / "weights.npy"), weights, rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.load(there / "texts.npy"), head.weigh(np.load(there / "encoded.npy")), atol=1e-6)

    terms = Vocabulary.load(tmp_path / "head" / "vocabulary.json").terms
    for row, decoded in zip(weights, json.loads((there / "decoded.json").read_text("utf-8")), strict=True):
        assert dict(decoded) == pytest.approx({terms[i]: row[i] for i in np.flatnonzero(row)}, abs=1e-6)

    import_head(there / "saved", tmp_path / "saved")
    saved = SparseHead.load(tmp_path / "saved")
    assert all(torch.equal(value, saved.state_dict()[key]) for key, value in head.state_dict().items())
    assert head_config(tmp_path / "saved") == head_config(tmp_path / "head")
    assert Vocabulary.load(tmp_path / "saved" / "vocabulary.json").terms == terms

    import_head(there / "trained", tmp_path / "trained")
    trained = SparseHead.load(tmp_path / "trained").weigh(DENSE)
    np.testing.assert_allclose(trained, np.load(there / "trained.npy"), rtol=0, atol=1e-6)
    assert np.abs(trained - weights).max() > 1e-3


def test_the_programs_of_the_page_and_of_the_card_run(package: Path, tmp_path: Path) -> None:
    export_head(ROOT / "assets" / "scenes", tmp_path / "travelling", name="scenes", encoder="scenes")
    (program,) = Page("docs/models.md").blocks("python")
    card = (tmp_path / "travelling" / "README.md").read_text("utf-8")
    for text in (program, card.split("```python\n")[1].split("```")[0].replace("FOLDER_OR_HUB_ID", "travelling")):
        before = f"import os, numpy; os.chdir({str(tmp_path)!r}); vectors = numpy.eye(3, 256, dtype='float32')\n"
        assert "('" in _said(package, before + text)
