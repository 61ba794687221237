"""What two marks are worth: python benchmarks/feedback.py [--captioned DIR] [--labelled DIR]

Somebody asks a question, looks at the first ten pictures, and marks the first right and the first wrong one (the first
two of one kind where all ten are alike). Compared is the share of right pictures among the first five of those that
nobody marked, before and after. Of the built-in world every scene's record tells what answers a question (its test
split); photographs with captions (`dataset_meta.json`, `--split`, asked for by two terms that a caption of one says)
are right if a caption says both terms, labelled ones (`labels.json`) if they have both labels.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.files import home_folder
from core.library.built_in_world import WORLD_SIZE, ensure_world, world_path
from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.models.registry import load_model
from core.search.query import Query
from core.search.search import search
from index_store.folder.collection import Collection
from recipes.scenes.questions import every_answer, load_questions

LOOKED_AT = 10
CUT = 5
ENOUGH = CUT + 2  # right pictures at least, so that after two marks five can still be found
MOST_COMMON = 0.5  # of all pictures; what more than half answer is no question


@dataclass(frozen=True)
class Case:
    """A collection, and questions with the ids of all pictures that are right."""

    model: Model
    collection: Collection
    questions: Sequence[tuple[str, frozenset[int]]]


@dataclass(frozen=True)
class Measured:
    """Mean shares, 0..1, of right pictures among the first five unmarked; `error`: standard error of the difference."""

    questions: int
    before: float
    after: float
    error: float


def world() -> Case:
    """The built-in world, by the records of its scenes."""
    model = load_model()
    path = world_path(model)
    ensure_world(model, path)
    collection = Collection.open(path)
    ids = {int(Path(item.path).stem.rpartition("-")[2]): item.id for item in collection.items(collection.ids())}
    texts, claims = load_questions("test", WORLD_SIZE, home_folder())
    answers = every_answer(claims)
    asked = {text: frozenset(ids[i] for i in np.flatnonzero(row)) for text, row in zip(texts, answers, strict=True)}
    return Case(model, collection, [*asked.items()])


def photographs(place: Path, names: dict[Path, list[set[str]]]) -> Case:
    """Photographs by what is said of each, {file: sets of words said together}; asked for by any two of a set."""
    model = load_model("photos")
    collection = Collection.create(place, model=model.name, vocabulary=model.vocabulary.terms)
    index_paths(model, collection, sorted(names))
    said = {item.id: names[Path(item.path)] for item in collection.items(collection.ids())}
    words = {item: set().union(*sets) for item, sets in said.items()}
    pairs = sorted({pair for sets in said.values() for some in sets for pair in combinations(sorted(some), 2)})
    having: dict[str, set[int]] = {}
    for item, some in words.items():
        for word in some:
            having.setdefault(word, set()).add(item)
    return Case(model, collection, [(f"{a} {b}", frozenset(having[a] & having[b])) for a, b in pairs])


def captioned(folder: Path, split: str, model: Model) -> dict[Path, list[set[str]]]:
    """{file: for each of its captions, the terms that it says} of a split."""
    rows = json.loads((folder / "dataset_meta.json").read_text("utf-8"))["images"]
    terms = model.vocabulary
    return {
        folder / "images" / row["filename"]: [
            {terms.terms[i] for i in terms.literal_ids(sentence["raw"])} for sentence in row["sentences"]
        ]
        for row in rows
        if row["split"] == split
    }


def labelled(folder: Path) -> dict[Path, list[set[str]]]:
    """{file: its labels, as the one set that there is}."""
    rows = json.loads((folder / "labels.json").read_text("utf-8"))
    return {folder / row["filename"]: [set(row["labels"])] for row in rows}


def chosen(case: Case, count: int) -> list[tuple[str, frozenset[int]]]:
    """`count` questions, drawn with seed 0, that enough pictures answer and not all of the first ten do."""
    fit = [
        (text, right) for text, right in case.questions if ENOUGH <= len(right) <= MOST_COMMON * len(case.collection)
    ]
    drawn: list[tuple[str, frozenset[int]]] = []
    for i in np.random.default_rng(0).permutation(len(fit)):
        text, right = fit[i]
        if not right.issuperset(_ids(case, Query(text, k=LOOKED_AT))):
            drawn.append(fit[i])
        if len(drawn) == count:
            break
    return drawn


def measured(case: Case, questions: Sequence[tuple[str, frozenset[int]]]) -> Measured:
    """Two marks for each question."""
    shares = []
    for text, right in questions:
        before = _ids(case, Query(text, k=100))
        good, bad = ([i for i in before[:LOOKED_AT] if (i in right) is fits] for fits in (True, False))
        good, bad = (good[: 1 if bad else 2], bad[: 1 if good else 2])
        after = _ids(case, Query(text, k=100, right=good, wrong=bad))
        shares.append([_precision(found, {*good, *bad}, right) for found in (before, after)])
    table = np.array(shares)
    gains = table[:, 1] - table[:, 0]
    return Measured(len(table), *table.mean(0).tolist(), float(gains.std(ddof=1) / len(gains) ** 0.5))


def _precision(found: Sequence[int], marked: set[int], right: frozenset[int]) -> float:
    """The share of right ones among the first five that are not marked."""
    return sum(i in right for i in [i for i in found if i not in marked][:CUT]) / CUT


def _ids(case: Case, query: Query) -> list[int]:
    return [hit.id for hit in search(case.model, case.collection, query).hits]


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captioned", type=Path, help="photographs with captions: dataset_meta.json, images/")
    parser.add_argument("--split", default="val", help="of the photographs with captions")
    parser.add_argument("--labelled", type=Path, help="a folder of labelled photographs")
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    table = Table("pictures", "questions", "before", "after two marks", "gain", "standard error")
    with tempfile.TemporaryDirectory() as scratch:
        cases = {"built-in world": world()}
        if options.captioned:
            names = captioned(options.captioned, options.split, load_model("photos"))
            cases["photographs, by captions"] = photographs(Path(scratch) / "captioned", names)
        if options.labelled:
            cases["photographs, by labels"] = photographs(Path(scratch) / "labelled", labelled(options.labelled))
        for name, case in cases.items():
            found = measured(case, chosen(case, options.questions))
            figures = (found.before, found.after, found.after - found.before, found.error)
            table.add_row(name, f"{found.questions}", *(f"{figure:.3f}" for figure in figures))
            case.collection.close()
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
