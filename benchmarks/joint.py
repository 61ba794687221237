"""The joint objective beside the paper's, each part left out: `python benchmarks/joint.py --data DIR --data DIR`.

A head is trained for every row, data set (a dense data set's folder) and seed, with the settings of `train` as they
come but for what the row names, and judged on the split "test". Printed are means over the seeds: R@1 and that of the
adapted vectors as shares of what the frozen dense vectors reach, FLOPs, terms, Exact@20, and processor seconds of the
training, which other work on the machine changes least. Terms are the words of the train captions.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.data.dense import DenseFolder
from core.data.literal_terms import literal_terms
from core.evaluation.evaluate import evaluate_dense, evaluate_head
from core.experiments.fitting import train_folder
from core.models.head import load_head
from core.training.config import TrainingConfig
from core.vocabulary import Vocabulary

JOINT = TrainingConfig(objective="joint")
ROWS: Mapping[str, TrainingConfig] = {
    "the paper's objective": TrainingConfig(),
    "joint": JOINT,
    "without an adapter": replace(JOINT, adapter_size=0),
    "without fusion: frozen scores teach": replace(JOINT, fused=0.0),
    "without taking hubness off": replace(JOINT, hubness=0.0),
    "adapter alone: neither": replace(JOINT, fused=0.0, hubness=0.0),
}
COLUMNS = ("recall@1", "adapted_recall@1", "flops", "query_terms", "item_terms", "exact@20", "seconds")


def measured(folder: DenseFolder, vocabulary: Vocabulary, config: TrainingConfig) -> dict[str, Any]:
    """What the head of a config reaches on the test split, and how many processor seconds its training took."""
    with tempfile.TemporaryDirectory() as out:
        started = time.process_time()
        train_folder(folder, vocabulary, config, Path(out))
        seconds = time.process_time() - started
        head, _ = load_head(Path(out))
    test = folder.split("test")
    return evaluate_head(head, test, literal_terms(test.captions, vocabulary)).measures | {"seconds": seconds}


def line(name: str, figures: list[dict[str, Any]], dense: float) -> str:
    """A row of the table from the figures of every seed."""
    mean = {key: float(np.mean([row.get(key) or np.nan for row in figures])) for key in COLUMNS}
    spread = float(np.std([row["recall@1"] for row in figures])) / dense
    adapted = "" if np.isnan(mean["adapted_recall@1"]) else f"{mean['adapted_recall@1'] / dense:.3f}"
    return (
        f"| {name} | {mean['recall@1'] / dense:.3f} ± {spread:.3f} | {adapted} | {mean['flops']:.2f} | "
        f"{mean['query_terms']:.1f} / {mean['item_terms']:.1f} | {mean['exact@20']:.2f} | {mean['seconds']:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True, help="a dense data set; repeatable")
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row; repeatable")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=TrainingConfig().epochs)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="of matrix products")
    options = parser.parse_args()
    given = {"epochs": options.epochs, "precision": options.precision}
    for place in options.data:
        folder = DenseFolder.read(place)
        vocabulary = Vocabulary.of_captions(folder.split("train").captions)
        dense = evaluate_dense(folder.split("test")).measures["recall@1"] or np.nan
        made = f"{len(vocabulary):,} terms, {options.epochs} epochs, {options.precision}"
        print(f"\n{place.name}: dense R@1 {dense:.3f}; {made}\n")
        print("| | R@1 of dense | adapted, of dense | FLOPs | terms caption / image | Exact@20 | processor s |")
        print("|---|---|---|---|---|---|---|")
        for name in options.row or ROWS:
            configs = [replace(ROWS[name], seed=seed, **given) for seed in range(options.seeds)]
            print(line(name, [measured(folder, vocabulary, config) for config in configs], dense), flush=True)


if __name__ == "__main__":
    main()
