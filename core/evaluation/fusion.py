"""How much the whole of a picture counts beside its terms: chosen on a split that no head was trained on.

A fused score is sparse score + weight × cosine. The two have no common scale: a sparse score grows with the number of
terms, and cosines of one encoder may all lie within a tenth. So the weight belongs to a head and its encoder.
"""

import json
from pathlib import Path

import numpy as np
from numpy import float64
from numpy.typing import NDArray

from core.data.dense import DenseDataset
from core.evaluation.evaluate import blocks, pair_scores, sparse_items
from core.files import write_text_whole
from core.models.head import SparseHead
from core.models.head_files import CONFIG_FILE, DENSE_WEIGHT, head_config

WEIGHTS = tuple(float(f"{2 ** (step / 2):.3g}") for step in range(-8, 25))  # 0.0625 to 4,096, half an octave apart
MOST = 5_000  # captions that choose; the standard error of their mean is below 0.007


def best_dense_weight(head: SparseHead, data: DenseDataset) -> float:
    """The one of WEIGHTS with the highest mean reciprocal rank of the captions' own images; the least of equal ones.

    Ranks and not hits at the first place choose, since they tell weights apart with fewer captions. Where there are
    more than MOST captions, every second, third, … of them is taken.
    """
    items, images = sparse_items(head, data), data.images.astype(float64)
    chosen = np.arange(0, len(data.texts), max(1, -(-len(data.texts) // MOST)))
    found = np.zeros(len(WEIGHTS))
    for rows in blocks(len(chosen)):
        texts, own = data.texts[chosen[rows]], data.image_of_text[chosen[rows]]
        sparse, cosines = pair_scores(head.weigh(texts), items), texts.astype(float64) @ images.T
        found += [_reciprocal_ranks(sparse + weight * cosines, own) for weight in WEIGHTS]
    return WEIGHTS[int(found.argmax())]


def _reciprocal_ranks(scores: NDArray[float64], own: NDArray[np.int64]) -> float:
    """The sum of 1 / rank over rows (b, n) of scores, of the item `own` (b,) of each; ties go to the earlier item."""
    mine = np.take_along_axis(scores, own[:, None], 1)
    earlier = np.arange(scores.shape[1]) < own[:, None]
    ranks = 1 + (scores > mine).sum(1) + ((scores == mine) & earlier).sum(1)
    return float((1 / ranks).sum())


def note_dense_weight(folder: Path, head: SparseHead, data: DenseDataset) -> float:
    """Writes the `best_dense_weight` of the head in a folder into its config.json, and returns it."""
    weight = best_dense_weight(head, data)
    config = head_config(folder) | {DENSE_WEIGHT: weight}
    write_text_whole(folder / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    return weight
