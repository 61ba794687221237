"""What two marks are worth: python benchmarks/feedback.py [--captioned DIR] [--labelled DIR]

Somebody looks for pictures of two things, asks for both of them or only for one ("dog", and means dogs in snow), looks
at the first page, and marks the first right and the first wrong picture (the first two of one kind where the page holds
but that). Compared is precision@5, before and after: of what people then see, and of the pictures that nobody marked,
which alone tells whether the question has become better. Of the built-in world (its test split) every scene's record
tells what it shows, of photographs their captions (`dataset_meta.json`, `--split`) or labels (`labels.json`); what is
looked for are two words that are said of one picture together.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.library.built_in_world import ensure_world
from core.library.indexing.sync import index_paths
from core.library.world_folder import world_path
from core.models.model import Model
from core.models.registry import load_model
from core.search.query import Query
from core.search.search import search
from core.world.composer import compose
from index_store.folder.collection import Collection
from recipes.scenes.described import words_of

LOOKED_AT = 24  # a page
CUT = 5
ENOUGH = CUT + 2  # right pictures at least, so that after two marks five can still be found
MOST_COMMON = 0.5  # of what one word answers; where more do, the other word tells little
Said = dict[int, list[set[str]]]
"""{item: sets of words that are said of it together, as a caption says them}."""


@dataclass(frozen=True)
class Case:
    """A collection, and what is said of its pictures."""

    model: Model
    collection: Collection
    said: Said


@dataclass(frozen=True)
class Need:
    """What somebody looks for: two words, the first of which is asked by itself, and the ids of what has both."""

    words: tuple[str, str]
    right: frozenset[int]


@dataclass(frozen=True)
class Measured:
    """precision@5, 0..1, before and after: `seen` of all results, `unmarked` of those that nobody marked.

    `error`: the standard error of what unmarked ones gain.
    """

    needs: int
    seen: tuple[float, float]
    unmarked: tuple[float, float]
    error: float


def world() -> Case:
    """The built-in world, by the records of its scenes."""
    model = load_model()
    path = world_path(model)
    ensure_world(model, path)
    collection = Collection.open(path)
    said = {}
    for item in collection.items(collection.ids()):
        split, _, number = Path(item.path).stem.rpartition("-")
        words = words_of(compose(split, int(number)))
        said[item.id] = [{word for word in words if model.vocabulary.id(word) is not None}]
    return Case(model, collection, said)


def photographs(place: Path, said: dict[Path, list[set[str]]]) -> Case:
    """Photographs by what is said of each file, indexed at `place`."""
    model = load_model("photos")
    collection = Collection.create(place, model=model.name, vocabulary=model.vocabulary.terms)
    index_paths(model, collection, sorted(said))
    items = collection.items(collection.ids())
    return Case(model, collection, {item.id: said[Path(item.path)] for item in items})


def captioned(folder: Path, split: str, model: Model) -> dict[Path, list[set[str]]]:
    """{file: for each of its captions, the terms that it says} of a split."""
    rows = json.loads((folder / "dataset_meta.json").read_text("utf-8"))["images"]
    terms = model.vocabulary
    return {
        folder / row["filename"]: [
            {terms.terms[i] for i in terms.literal_ids(sentence["raw"])} for sentence in row["sentences"]
        ]
        for row in rows
        if row["split"] == split
    }


def labelled(folder: Path) -> dict[Path, list[set[str]]]:
    """{file: its labels, as the one set that there is}."""
    rows = json.loads((folder / "labels.json").read_text("utf-8"))
    return {folder / row["filename"]: [set(row["labels"])] for row in rows}


def needs(case: Case, count: int) -> list[Need]:
    """`count` of them, drawn with seed 0."""
    having: dict[str, set[int]] = {}
    for item, sets in case.said.items():
        for word in set().union(*sets):
            having.setdefault(word, set()).add(item)
    together = {pair for sets in case.said.values() for some in sets for pair in permutations(sorted(some), 2)}
    fit = [
        Need((one, other), frozenset(both))
        for one, other in sorted(together)
        if ENOUGH <= len(both := having[one] & having[other]) <= MOST_COMMON * len(having[one])
        and len(having[one]) <= MOST_COMMON * len(case.said)
    ]
    return [fit[i] for i in np.random.default_rng(0).permutation(len(fit))[:count]]


def measured(case: Case, wanted: Sequence[Need], spoken: int) -> Measured:
    """Two marks for each need, asked by the first `spoken` of its words."""
    rows = []
    for need in wanted:
        text = " ".join(need.words[:spoken])
        before = _ids(case, Query(text, k=100))
        good, bad = ([i for i in before[:LOOKED_AT] if (i in need.right) is fits] for fits in (True, False))
        good, bad = (good[: 1 if bad else 2], bad[: 1 if good else 2])
        found = (before, _ids(case, Query(text, k=100, right=good, wrong=bad)))
        unmarked = [[i for i in one if i not in (*good, *bad)] for one in found]
        rows.append([_precision(one, need.right) for one in (*found, *unmarked)])
    table = np.array(rows)
    gains = table[:, 3] - table[:, 2]
    means = table.mean(0).tolist()
    return Measured(len(table), (means[0], means[1]), (means[2], means[3]), float(gains.std() / len(gains) ** 0.5))


def _precision(found: Sequence[int], right: frozenset[int]) -> float:
    return sum(i in right for i in found[:CUT]) / CUT


def _ids(case: Case, query: Query) -> list[int]:
    return [hit.id for hit in search(case.model, case.collection, query).hits]


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captioned", type=Path, help="photographs with captions: dataset_meta.json, images/")
    parser.add_argument("--split", default="val", help="of the photographs with captions")
    parser.add_argument("--labelled", type=Path, help="a folder of labelled photographs")
    parser.add_argument("--needs", type=int, default=200)
    options = parser.parse_args()
    table = Table("pictures", "asked by", "all: before, after", "unmarked: before, after", "gain, standard error")
    with tempfile.TemporaryDirectory() as scratch:
        cases = {"built-in world": world()}
        if options.captioned:
            said = captioned(options.captioned, options.split, load_model("photos"))
            cases["photographs, by captions"] = photographs(Path(scratch) / "captioned", said)
        if options.labelled:
            cases["photographs, by labels"] = photographs(Path(scratch) / "labelled", labelled(options.labelled))
        for name, case in cases.items():
            wanted = needs(case, options.needs)
            for spoken, asked in ((1, "one of two words"), (2, "both words")):
                found = measured(case, wanted, spoken)
                gain = found.unmarked[1] - found.unmarked[0]
                shares = (f"{before:.3f}, {after:.3f}" for before, after in (found.seen, found.unmarked))
                table.add_row(name, f"{asked} ({found.needs})", *shares, f"{gain:+.3f}, {found.error:.3f}")
            case.collection.close()
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
