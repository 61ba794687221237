"""Terms that nearly every short question lights, whatever it asks: they mean none of them, and leave the head."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray

from core.models.head import HeadConfig, SparseHead
from core.vocabulary import Vocabulary

ALWAYS = 0.97  # share of the questions not saying a term that light it


def always_lit(head: SparseHead, vocabulary: Vocabulary, texts: Sequence[str], rows: NDArray[float32]) -> list[int]:
    """Numbers of the terms that more than ALWAYS of the texts light which do not say them; `rows` (n, dim) theirs."""
    lit, silent = head.weigh(rows) > 0, np.ones((len(texts), len(vocabulary)), bool)
    for number, text in enumerate(texts):
        silent[number, vocabulary.literal_ids(text)] = False
    shares = (lit & silent).sum(0) / np.maximum(silent.sum(0), 1)
    return np.flatnonzero(shares > ALWAYS).tolist()


def without(head: SparseHead, vocabulary: Vocabulary, numbers: Sequence[int]) -> tuple[SparseHead, Vocabulary]:
    """The head and its vocabulary less the terms of these numbers."""
    kept = np.setdiff1d(np.arange(len(vocabulary)), numbers)
    terms = [vocabulary.terms[i] for i in kept]
    listed = set(terms)
    sizes = head.config
    smaller = SparseHead(HeadConfig(sizes.dense_size, sizes.hidden_size, len(terms), sizes.least_weight))
    rows = torch.from_numpy(kept)
    state = head.state_dict()
    state |= {name: state[name][rows] for name in ("vocab_projector.weight", "vocab_projector.bias")}
    smaller.load_state_dict(state)
    forms = {form: term for form, term in vocabulary.forms.items() if term in listed}
    return smaller.eval(), Vocabulary(terms, forms)
