"""Word vectors, a row a term of a vocabulary: from a file, or from the captions of a dense data set; knows no head."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy import float32
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.errors import DatasetError


def caption_vectors(texts: NDArray[float32], literal: csr_array) -> NDArray[float32]:
    """(|V|, dim) unit rows: for each term the mean vector of the captions that speak it, less that of all captions.

    texts (m, dim), literal (m, |V|) bool. Terms that no caption speaks have zeros. Words that occur in similar captions
    get similar vectors. They depend on the data alone, so that Semantic@k of heads of the same data can be compared.
    """
    sums = literal.T.astype(float32) @ (texts - texts.mean(0))  # (|V|, dim)
    return unit_rows(sums)


def read_word_vectors(path: Path, terms: Sequence[str]) -> NDArray[float32]:
    """(|V|, dim) unit rows from a .npy matrix with a row a term, or a text file "word 0.1 0.2 …" (GloVe, word2vec).

    Terms that a text file lacks have zeros. Raises DatasetError where the file is neither or does not fit the terms.
    """
    try:
        if path.suffix == ".npy":
            matrix = np.load(path, allow_pickle=False).astype(float32)
            if matrix.ndim != 2 or len(matrix) != len(terms):
                raise ValueError(f"its shape is {matrix.shape}, {len(terms)} rows were expected, one a term")
        else:
            matrix = _read_text(path, {term: i for i, term in enumerate(terms)})
        if not np.isfinite(matrix).all():
            raise ValueError("it holds a value that is not a finite number")
    except (OSError, ValueError) as error:
        raise DatasetError(f"The word vectors {path} cannot be used: {error}.") from error
    return unit_rows(matrix)


def unit_rows(rows: NDArray[float32]) -> NDArray[float32]:
    """Rows scaled to unit length; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows, float32), where=lengths > 0)


def _read_text(path: Path, ids: dict[str, int]) -> NDArray[float32]:
    found: dict[int, list[str]] = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            word, *values = line.rstrip().split(" ")
            if number == 1 and len(values) == 1:
                continue  # word2vec begins with the matrix's size
            if word in ids:
                found[ids[word]] = values
    widths = {len(values) for values in found.values()}
    if len(widths) != 1:
        raise ValueError("no line begins with a term" if not widths else "its lines have vectors of different lengths")
    matrix = np.zeros((len(ids), widths.pop()), float32)
    for row, values in found.items():
        matrix[row] = values
    return matrix
