"""What opening a collection costs, in a process that does nothing else: `python benchmarks/opening.py DIR QUERIES…`

QUERIES: files of `Rows`. Prints one JSON object. All queries are searched for, one after the other, between the second
look at the memory and the third. The files are not forced out of the system's cache: what is measured is the work, not
the disk.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from benchmarks.records import Opening
from benchmarks.rows import Rows
from benchmarks.timing import resident
from index_store.folder.collection import Collection

K = 10


def open_and_warm(folder: Path, questions: list[Rows]) -> Opening:
    """Opens it, asks every question once, holds it in memory."""
    vectors = [vector for some in questions for vector in some.vectors()]
    before, started = resident(), time.perf_counter()
    with Collection.open(folder) as held:
        seconds, opened = time.perf_counter() - started, resident()
        started = time.perf_counter()
        held.search(vectors[0], K)
        first = 1000 * (time.perf_counter() - started)
        for vector in vectors[1:]:
            held.search(vector, K)
        warm, started = resident(), time.perf_counter()
        held.load()
        return Opening(seconds, first, len(vectors), before, opened, warm, time.perf_counter() - started, resident())


if __name__ == "__main__":
    print(json.dumps(asdict(open_and_warm(Path(sys.argv[1]), [Rows.load(Path(path)) for path in sys.argv[2:]]))))
