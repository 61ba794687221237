"""How long a search takes, beside other programs in the same run: `python benchmarks/retrieval.py`

Makes synthetic items (`synthetic.py`) or reads real ones (`--collection`), builds a collection and the index of each
peer that is installed (`pip install -e '.[bench]'`), and asks them all the same questions, one at a time, in one
thread: milliseconds (the best of three runs of each question; p50 and p95), how much of the exact top k is found, how
many answers are proven exact, ratios. Indexes are built with as many threads as their makers use.

    python benchmarks/retrieval.py --items 123000 --budgets 20000
    python benchmarks/retrieval.py --growth --plot growth.png --peers seismic scipy --cache DIR
    python benchmarks/retrieval.py --collection my-pictures
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation
    # before numpy and faiss are imported; whoever imports this file keeps its threads
    os.environ.update({f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")})

import numpy as np

from benchmarks.exported import read_items
from benchmarks.growth import draw
from benchmarks.measuring import Task, measure_ours, measure_peer
from benchmarks.peers import PEERS
from benchmarks.records import Measured, System
from benchmarks.report import markdown, ratios
from benchmarks.rows import Rows
from benchmarks.synthetic import SEED, draw_items

GROWTH = [10_000, 30_000, 100_000, 300_000, 1_000_000]


def main(arguments: list[str] | None = None) -> None:
    """Prints Markdown; writes what else was asked for."""
    chosen = _options().parse_args(arguments)
    print(f"{_machine()}\n", flush=True)
    measured: list[Measured] = []
    for items, kept in _sources(chosen):
        measured.append(measure(items, kept, chosen))
        print(markdown(measured[-1], chosen.k), flush=True)
        _write(measured, chosen)  # after each number of items: the largest takes an hour, and may not fit


def _write(measured: list[Measured], chosen: argparse.Namespace) -> None:
    """The files that were asked for, with what is known so far."""
    if chosen.json:
        document = {
            "machine": _machine(),
            "options": {name: str(value) if isinstance(value, Path) else value for name, value in vars(chosen).items()},
            "measured": [asdict(one) | {"ratios": ratios(one)} for one in measured],
        }
        chosen.json.write_text(json.dumps(document, indent=1))
    if chosen.plot:
        draw(measured, chosen.plot)


def measure(items: Rows, kept: Path | None, chosen: argparse.Namespace) -> Measured:
    """Everything of one collection. `kept`: folder for indexes that the next run may take up."""
    task = Task.draw(items, chosen.terms, chosen.queries, chosen.k, chosen.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, opening = measure_ours(task, folder, chosen.batch, chosen.compact, chosen.budgets)
        peers = [one for name in chosen.peers for one in _measure_peer(name, task, folder, kept, chosen)]
        load = os.getloadavg()[2]
    return Measured(
        len(items),
        len(items.terms) / len(items),
        {size: len(some.terms) / len(some) for size, some in task.questions.items()},
        load,
        opening,
        ours,
        peers,
    )


def _measure_peer(name: str, task: Task, folder: Path, kept: Path | None, chosen: argparse.Namespace) -> list[System]:
    """One peer's figures, or why there are none."""
    peer = PEERS[name]
    if find_spec(peer.module) is None:
        return [System(name, peer.about, note="not installed")]
    if peer.slow and len(task.items) > chosen.slow_peers_up_to:
        return [System(name, peer.about, note=f"left out above {chosen.slow_peers_up_to:,} items: --slow-peers-up-to")]
    place = kept if kept and peer.kept else folder
    return measure_peer(peer(), task, place / name, chosen.slow_queries if peer.slow else None)


def _sources(chosen: argparse.Namespace) -> Iterator[tuple[Rows, Path | None]]:
    """Items, and the folder that is kept for them (only synthetic ones are told by number and seed)."""
    if chosen.collection:
        yield read_items(chosen.collection), None
        return
    for count in GROWTH if chosen.growth else chosen.items:
        if chosen.cache is None:
            yield draw_items(count, chosen.seed), None
            continue
        folder = chosen.cache / f"synthetic-{count}-{chosen.seed}"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "items.npz"
        if not file.exists():
            draw_items(count, chosen.seed).save(file)
        yield Rows.load(file), folder


def _machine() -> str:
    """What the figures depend on."""
    system = f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}"
    return f"{system}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; searches in one thread"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_argument_group("what is searched")
    what.add_argument("--items", type=int, nargs="+", default=[10_000], help="synthetic items, one run for each number")
    what.add_argument("--growth", action="store_true", help=f"the same as --items {' '.join(map(str, GROWTH))}")
    what.add_argument("--collection", type=Path, help="a collection's folder, or a JSONL file that `export` wrote")
    what.add_argument("--seed", type=int, default=SEED)
    how = parser.add_argument_group("how")
    how.add_argument("--terms", type=int, nargs="+", default=[8, 40], help="mean sizes of queries")
    how.add_argument("--queries", type=int, default=200, help="of each size")
    how.add_argument("-k", type=int, default=10)
    how.add_argument("--budgets", type=int, nargs="*", default=[], help="also on budgets of so many postings")
    how.add_argument("--batch", type=int, default=250_000, help="items to a commit while building")
    how.add_argument("--compact", action="store_true", help="compact after building, and count it as building")
    beside = parser.add_argument_group("peers")
    beside.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="NAME", help=", ".join(PEERS))
    beside.add_argument("--slow-peers-up-to", type=int, default=20_000, metavar="ITEMS")
    beside.add_argument("--slow-queries", type=int, default=20, help="of each size, for slow peers")
    beside.add_argument(
        "--cache",
        type=Path,
        help="keeps items and indexes for the next run; delete it when synthetic.py or a peer changes",
    )
    out = parser.add_argument_group("output, besides the tables")
    out.add_argument("--json", type=Path, metavar="FILE")
    out.add_argument("--plot", type=Path, metavar="FILE", help="p50 over items as a PNG")
    return parser


if __name__ == "__main__":
    main()
