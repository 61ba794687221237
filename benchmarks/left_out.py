"""How surely "A -B" leaves out what has B, and nothing else: python benchmarks/left_out.py [--labelled DIR]

Of the built-in world every scene's record tells what it has; photographs need a folder with `labels.json`, a list of
{"filename", "labels"}. For pairs of things the first 60 pictures for A are looked at: how many of those with B are left
in the answer to "A -B", and how many that have A and not B are lost from it. Pairs that often stand together are told
from siblings, whose questions light up much of the same. The last column says how many of the first ten pictures for
"-B" alone have B after all.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
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
from core.search.query import MAX_K, Query
from core.search.search import search
from core.world.composer import compose
from core.world.words import MEANINGS
from index_store.folder.collection import Collection

LOOKED_AT = 60
OFTEN = 10  # pictures that have a thing at least, so that it is asked for
TOGETHER = 3  # pictures that have both things of a pair at least
ALIKE = 0.4  # cosine of the questions of siblings


@dataclass(frozen=True)
class Truth:
    """A collection of pictures, and which of them have each thing: {thing: ids}."""

    model: Model
    collection: Collection
    having: Mapping[str, frozenset[int]]


def world() -> Truth:
    """The built-in world, by the records of its scenes."""
    model = load_model()
    path = world_path(model)
    ensure_world(model, path)
    collection = Collection.open(path)
    kinds = {item.id: {group.kind for group in _scene(item.path)} for item in collection.items(collection.ids())}
    having = {thing: frozenset(i for i, some in kinds.items() if meant & some) for thing, meant in MEANINGS.items()}
    return Truth(model, collection, having)


def photographs(folder: Path, place: Path, count: int) -> Truth:
    """`count` of the labelled photographs of a folder, indexed at `place`."""
    labels = {
        str(folder / row["filename"]): set(row["labels"]) for row in json.loads((folder / "labels.json").read_text())
    }
    paths = [Path(path) for path in sorted(labels)[:: max(1, len(labels) // count)]]
    model = load_model("photos")
    collection = Collection.create(place, model=model.name, vocabulary=model.vocabulary.terms)
    index_paths(model, collection, paths)
    items = collection.items(collection.ids())
    things = sorted(set().union(*labels.values()))
    having = {thing: frozenset(item.id for item in items if thing in labels[item.path]) for thing in things}
    return Truth(model, collection, having)


def pairs(truth: Truth, count: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """(kind, pairs of things): those that stand together, and siblings; at most `count` of each, drawn with seed 0."""
    things = [
        one for one, ids in truth.having.items() if len(ids) >= OFTEN and truth.model.vocabulary.id(one) is not None
    ]
    rows = truth.model.head.weigh(truth.model.dense_texts(things))  # (n, |V|)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    alike = dict(zip(things, rows, strict=True))
    random = np.random.default_rng(0)
    other = [(a, b) for a, b in permutations(things, 2) if not truth.having[b] <= truth.having[a] <= truth.having[b]]
    together = [(a, b) for a, b in other if len(truth.having[a] & truth.having[b]) >= TOGETHER]
    siblings = [
        (a, b) for a, b in other if alike[a] @ alike[b] > ALIKE and len(truth.having[a] & truth.having[b]) < TOGETHER
    ]
    for kind, some in (("together", together), ("siblings", siblings)):
        yield kind, [some[i] for i in random.permutation(len(some))[:count]]


def judged(truth: Truth, some: list[tuple[str, str]]) -> tuple[float, float, float]:
    """The shares of pictures with B that are left and of pictures with A alone that are lost; pictures with B among
    the first ten for "-B" alone.
    """
    having = left = rightful = lost = wrong = 0
    for asked, without in some:
        before = _ids(truth, asked, LOOKED_AT)
        after = set(_ids(truth, f'{asked} -"{without}"', MAX_K))
        having += sum(i in truth.having[without] for i in before)
        left += sum(i in truth.having[without] and i in after for i in before)
        alone = [i for i in before if i in truth.having[asked] - truth.having[without]]
        rightful += len(alone)
        lost += sum(i not in after for i in alone)
        wrong += sum(i in truth.having[without] for i in _ids(truth, f'-"{without}"', 10))
    return left / max(1, having), lost / max(1, rightful), wrong / max(1, len(some))


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelled", type=Path, help="a folder of labelled photographs")
    parser.add_argument("--photographs", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=150)
    options = parser.parse_args()
    table = Table("pictures", "pairs", "with B, left", "A alone, lost", "-B alone: of ten, with B")
    with tempfile.TemporaryDirectory() as scratch:
        truths = {"built-in world": world()}
        if options.labelled:
            truths["photographs"] = photographs(options.labelled, Path(scratch) / "photographs", options.photographs)
        for name, truth in truths.items():
            for kind, some in pairs(truth, options.pairs):
                left, lost, wrong = judged(truth, some)
                table.add_row(name, f"{len(some)} {kind}", f"{left:.3f}", f"{lost:.3f}", f"{wrong:.2f}")
            truth.collection.close()
    Console(width=110).print(table)


def _scene(path: str) -> tuple:
    split, _, number = Path(path).stem.rpartition("-")
    return compose(split, int(number)).groups


def _ids(truth: Truth, text: str, k: int) -> list[int]:
    return [hit.id for hit in search(truth.model, truth.collection, Query(text, k=k)).hits]


if __name__ == "__main__":
    main()
