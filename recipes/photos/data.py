"""Reads what the model is taught on: a folder of captioned photographs and one of labelled ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import bool_
from numpy.typing import NDArray

from core.data.dense import read_meta

HELD_OUT = 715  # of the labelled photographs, the last ones: another kind than the captioned, never taught on


@dataclass(frozen=True)
class Photograph:
    """A file with what describes it: captions, or names of things in it; `split`: train, val or test."""

    path: Path
    split: str
    captions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def captioned(folder: Path) -> list[Photograph]:
    """The photographs of a `dataset_meta.json` in the paper's form; whatever is neither val nor test teaches."""
    return [
        Photograph(
            folder / str(image["filename"]),
            image["split"] if image["split"] in ("val", "test") else "train",
            captions=tuple(sentence["raw"] for sentence in image["sentences"]),
        )
        for image in read_meta(folder / "dataset_meta.json")
    ]


def labelled(folder: Path) -> list[Photograph]:
    """The photographs of a `labels.json` (`filename`, `labels`); the last HELD_OUT are of the split val."""
    rows = json.loads((folder / "labels.json").read_text("utf-8"))
    teaching = len(rows) - HELD_OUT
    return [
        Photograph(folder / row["filename"], "train" if number < teaching else "val", labels=tuple(row["labels"]))
        for number, row in enumerate(rows)
    ]


def names(photographs: Sequence[Photograph]) -> list[str]:
    """Every label once, in order of the alphabet."""
    return sorted({label for photograph in photographs for label in photograph.labels})


def label_table(photographs: Sequence[Photograph], listed: Sequence[str]) -> NDArray[bool_]:
    """(photographs, labels) whether each shows each."""
    column = {name: i for i, name in enumerate(listed)}
    table = np.zeros((len(photographs), len(listed)), bool)
    for row, photograph in enumerate(photographs):
        table[row, [column[label] for label in photograph.labels]] = True
    return table


def spoken(labels: Sequence[str]) -> str:
    """Labels as a short caption: "a dog, a cup and a spoon"."""
    named = [f"a {label}" for label in labels]
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1]])) if named else ""
