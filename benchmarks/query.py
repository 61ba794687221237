"""How long a question takes on the built-in world, one thread: p50 and p95 of each step: python benchmarks/query.py

Asks captions of the validation split, which the world's pictures were not drawn from. The first questions warm caches
up and are not counted. Never timed in tests: numbers mean something only on a machine that does nothing else.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.library.built_in_world import ensure_world
from core.library.world_folder import world_path
from core.models.registry import DEFAULT_MODEL, load_model
from core.search.query import Query
from core.search.search import search
from core.world.captions import captions
from core.world.composer import compose
from index_store.folder.collection import Collection

STEPS = ("encode", "project", "retrieve", "rescore", "total")
WARM_UP = 10


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--collection", type=Path, help="another collection of the same model")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(DEFAULT_MODEL)
    path = options.collection or world_path(model)
    if options.collection is None:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("drawing the built-in world", total=None)
            ensure_world(model, path, progress=lambda done, total, _: bar.update(task, completed=done, total=total))
    questions = [captions(compose("val", number))[0].text for number in range(WARM_UP + options.queries)]
    with Collection.open(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        results = [search(model, collection, Query(text, k=options.k)) for text in questions][WARM_UP:]
        size = len(collection)
    table = Table("step", "p50 ms", "p95 ms")
    for step in STEPS:
        p50, p95 = np.percentile([result.timings_ms[step] for result in results], [50, 95])
        table.add_row(step, f"{p50:.2f}", f"{p95:.2f}")
    terms = np.mean([len(result.terms) for result in results])
    about = f"{len(results)} captions of {terms:.1f} terms, k = {options.k}, {size} items, one thread"
    Console(width=100).print(about, table, f"all proven exact: {all(result.exact for result in results)}")


if __name__ == "__main__":
    main()
