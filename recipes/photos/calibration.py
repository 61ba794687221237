"""From which match on a question counts as answered: questions that val photographs answer against ones they do not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import float64
from numpy.typing import NDArray

from core.data.dense import DenseDataset
from core.models.model import Model
from core.search.remarks import LOOKED_AT, best_match
from core.vocabulary import Vocabulary
from index_store.vectors import SparseVector
from recipes.photos.terms import SILENT, singular
from recipes.scenes.wordnet import WordNet

OFTEN = 5  # captions that say a noun which the photographs surely show
ASKED = 300  # questions of each kind, at most
FALSE_ALARMS = 0.03  # of answered questions that may be told to be unanswered


@dataclass(frozen=True)
class Calibration:
    """`answered_from`: the threshold; `told`: the share of unanswered questions below it; `auroc` of the match."""

    answered_from: float
    told: float
    auroc: float


def calibrate(model: Model, data: DenseDataset, wordnet: WordNet, names: Sequence[str]) -> Calibration:
    """`names`: things that may be asked for; those that no caption of the photographs says count as not shown."""
    said = Counter(singular(word, wordnet) for caption in data.captions for word in set(Vocabulary.words(caption)))
    shown = [
        word for word, count in said.most_common() if count >= OFTEN and word not in SILENT and wordnet.senses(word)
    ]
    absent = [name for name in names if not said.keys() & {singular(word, wordnet) for word in Vocabulary.words(name)}]
    random = np.random.default_rng(0)
    captions = [data.captions[i] for i in random.permutation(len(data.captions))[:ASKED]]
    nouns = [f"a {word}" for word in shown[:ASKED]]
    others = [f"a {absent[i]}" for i in random.permutation(len(absent))[:ASKED]]
    items = model.project(data.images)
    matches = {kind: _matches(model, texts, items) for kind, texts in (("in", [*captions, *nouns]), ("out", others))}
    threshold = float(np.quantile(matches["in"], FALSE_ALARMS))
    told = float((matches["out"] < threshold).mean())
    wins = (matches["in"][:, None] > matches["out"][None]).mean()
    return Calibration(round(threshold, 4), round(told, 4), round(float(wins), 4))


def _matches(model: Model, texts: Sequence[str], items: Sequence[SparseVector]) -> NDArray[float64]:
    """(texts,) the best match among each question's best items."""
    found = []
    for query in model.encode_texts(texts):
        scores = np.array([query.dot(item) for item in items])
        best = np.argsort(-scores, kind="stable")[:LOOKED_AT]
        found.append(max(best_match(query, items[i]) for i in best))
    return np.array(found)
