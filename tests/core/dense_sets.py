"""A small dense data set whose captions can be learned: pictures of three words, captions that say two of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.data.dense import write_dense
from core.vocabulary import Vocabulary

WORDS = Vocabulary([f"{thing}{i}" for thing in ("red", "dog", "car") for i in range(8)])


def write_words(
    folder: Path,
    *,
    words: Sequence[str] = WORDS.terms,
    dim: int = 24,
    encoder: str = "words",
    train: int = 80,
    val: int = 20,
    test: int = 20,
) -> Path:
    """So many pictures in each split, one caption each; the folder."""
    rng = np.random.default_rng(0)
    meanings = rng.standard_normal((len(words), dim))

    def vector(said: list[int]) -> np.ndarray:
        row = meanings[said].sum(0) + 0.3 * rng.standard_normal(dim)
        return (row / np.linalg.norm(row)).astype(np.float32)

    pictures, texts, entries = {}, {}, []
    for i, split in enumerate(["train"] * train + ["val"] * val + ["test"] * test):
        shown = rng.choice(len(words), 3, replace=False).tolist()
        pictures[i], texts[i] = vector(shown), vector(shown[:2])
        sentences = [{"sentid": i, "raw": " ".join(words[w] for w in shown[:2])}]
        entries.append({"imgid": i, "split": split, "filename": "", "sentences": sentences})
    write_dense(folder, pictures, texts, {"images": entries, "encoder": encoder})
    return folder
