"""The pages of docs/ are true: their commands run, and what they say of settings is what the settings are."""

import re
import shlex
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.training.config import TrainingConfig
from core.training.presets import RECIPES
from demo.cli import app
from tests.core.dense_sets import write_words

PAGE = Path(__file__).parent.parent / "docs" / "paper.md"
TEXT = PAGE.read_text("utf-8")


def test_the_page_of_the_paper_is_short() -> None:
    assert len(TEXT.encode()) <= 6_000


def test_every_setting_in_which_the_recipe_differs_is_in_the_table() -> None:
    ours, published = asdict(TrainingConfig()), RECIPES["paper"]
    differing = {name for name, value in published.items() if value != ours[name]}
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \| ([^|]*) \|$", TEXT, re.MULTILINE)
    told = {name: cells for names, *cells in rows for name in re.findall(r"`(\w+)`", names)}
    assert differing == set(told) & ours.keys()
    for name, (theirs, own) in told.items():
        for said, value in ((theirs, published[name]), (own, ours[name])):
            if isinstance(value, str):
                assert f"`{value}`" in said, name
            elif value is not None:
                assert float(value) in [float(number) for number in re.findall(r"\d[\d.]*(?:e-\d)?\b", said)], name


def test_its_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small data set, for one epoch, from chance: no hub can be reached."""
    data = write_words(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    lines = block.splitlines()
    assert {line.split()[1] for line in lines} == {"train", "evaluate", "reproduce"}
    for line in lines:
        arguments = shlex.split(re.sub(r" --init-embeddings \S+", "", line))[1:]
        arguments[arguments.index("--data") + 1] = str(data)
        if arguments[0] == "reproduce":
            continue  # four heads, a process each: tests/demo/test_research.py
        result = CliRunner().invoke(app, [*arguments, *(["--epochs", "1"] if arguments[0] == "train" else [])])
        assert result.exit_code == 0, f"{line}: {result.output}"
