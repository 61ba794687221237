"""What a query table finds beside its head: `python benchmarks/query_table.py --data DIR [--data DIR=HEAD]`

A row a dense data set (a folder): R@1, R@10 and FLOPs on the split "test" by the head and by its table, and the table's
as shares of the head's. Where a HEAD is named (a folder, or a built-in model), it is judged with the table that lies
beside it; else head and table are trained for every seed, with the settings of `train --queries table` as they come,
and what is printed are means over the seeds. Terms are the words of the train captions then.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.data.dense import DenseDataset, DenseFolder
from core.data.literal_terms import literal_terms
from core.evaluation.evaluate import evaluate_head
from core.evaluation.table_queries import table_queries
from core.experiments.fitting import train_folder
from core.experiments.table_fitting import fit_table_of
from core.models.head import load_head
from core.models.query_table import TABLE_FILE, QueryTable
from core.models.registry import find_head
from core.training.config import TrainingConfig
from core.training.query_table import TableConfig
from core.vocabulary import Vocabulary

MEASURES = ("recall@1", "recall@10", "flops")


def trained(folder: DenseFolder, seed: int, epochs: int, out: Path) -> None:
    """Trains a head and its table into a folder, as `train --queries table` does where the encoder is not known."""
    vocabulary = Vocabulary.of_captions(folder.split("train").captions)
    train_folder(folder, vocabulary, TrainingConfig(seed=seed, epochs=epochs), out)
    fit_table_of(out, folder, config=TableConfig(seed=seed))


def judged(place: Path, test: DenseDataset) -> list[list[float]]:
    """The MEASURES of the head in a folder and of its table, and the microseconds in which a caption is looked up."""
    head, vocabulary = load_head(place)
    table = QueryTable.load(place / TABLE_FILE, vocabulary)
    table_queries(table, test.captions)  # so that every row is read
    started = perf_counter()
    queries = table_queries(table, test.captions)
    each = 1e6 * (perf_counter() - started) / len(test.captions)
    literal = literal_terms(test.captions, vocabulary)
    both = (evaluate_head(head, test, literal, queries=some).measures for some in (None, queries))
    return [[measures[name] or 0.0 for name in MEASURES] + [each] for measures in both]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", required=True, metavar="DIR[=HEAD]", help="repeatable")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=TrainingConfig().epochs, help="of the heads")
    options = parser.parse_args()
    print("| data | head: R@1 | R@10 | FLOPs | table: R@1 | R@10 | FLOPs | R@1 of the head's | FLOPs | µs a look-up |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for named in options.data:
        place, _, head = named.partition("=")
        folder = DenseFolder.read(Path(place))
        found = []
        for seed in range(1 if head else options.seeds):
            with tempfile.TemporaryDirectory() as out:
                if not head:
                    trained(folder, seed, options.epochs, Path(out))
                found.append(judged(find_head(head)[0] if head else Path(out), folder.split("test")))
        (own, _), (table, each) = ((row[:3], row[3]) for row in np.mean(found, 0))
        shares = np.mean([by_table[0] / by_head[0] for by_head, by_table in found])
        cells = [
            *(f"{value:.3f}" for value in (*own, *table)),
            f"{shares:.3f}",
            f"{table[2] / own[2]:.2f}",
            f"{each:.0f}",
        ]
        print(f"| {Path(place).name}{f', {head}' if head else ''} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
