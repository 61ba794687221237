"""Files of TREC runs (ranked items for many queries) and of queries; must not know how items are ranked."""

from collections.abc import Iterable
from pathlib import Path

from core.errors import DatasetError, QueryError
from core.files import write_whole

RankedList = tuple[str, Iterable[tuple[str, float]]]  # a query's id, and (item's id, score), the best first


def write_run(path: Path, lists: Iterable[RankedList], tag: str) -> int:
    """Writes `query Q0 item rank score tag` a line, the file whole or not at all; returns the number of lines.

    Scores are written so that reading them gives the same float64. DatasetError where the file cannot be written.
    """
    lines = 0

    def fill(part: Path) -> None:
        nonlocal lines
        with part.open("w", encoding="utf-8") as file:
            for query, items in lists:
                for rank, (item, score) in enumerate(items, 1):
                    file.write(f"{query} Q0 {item} {rank} {score!r} {tag}\n")
                    lines += 1

    try:
        write_whole(path, fill)
    except OSError as error:
        raise DatasetError(f"The run {path} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    return lines


def read_queries(path: Path) -> list[tuple[str, str]]:
    """(id, text) of each query from a file with an id, a tab and the text a line; QueryError names the wrong line."""
    try:
        rows = [line.split("\t", 1) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"The queries {path} cannot be read ({error}).") from error
    for number, parts in enumerate(rows, 1):
        if len(parts) != 2 or not parts[0].strip() or not parts[1].strip():
            raise QueryError(f"{path}, query {number}: expected an id, a tab and the query.")
    return [(name.strip(), text.strip()) for name, text in rows]
