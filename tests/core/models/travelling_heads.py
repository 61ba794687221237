"""Two small heads that travel: as the paper has them, with WordPieces; and with all that is ours."""

from pathlib import Path

import numpy as np
import torch

from core.models.head import HeadConfig, SparseHead
from core.vocabulary import Vocabulary

PLAIN, ADAPTED = "plain", "adapted"
DENSE = np.random.default_rng(4).standard_normal((40, 24)).astype(np.float32)  # not of unit length
_WORDPIECES = ("[UNK]", "black", "cat", "##s", "play", "##ing", "sea", "dog")
_WORDS = ("black", "black cat", "dog", "naïve", "can't", "東京", "sea")


def made_head(folder: Path, name: str) -> SparseHead:
    """Random weights in a head's folder; some vectors hardly vary behind `proj`, so that an eps of 1e-5 would tell."""
    torch.manual_seed(len(name))
    adapted = name == ADAPTED
    vocabulary = Vocabulary(_WORDS, {"dogs": "dog"}) if adapted else Vocabulary(_WORDPIECES, tokenizer="wordpiece")
    head = SparseHead(HeadConfig(24, 16, len(vocabulary), *((0.25, 5) if adapted else ())))
    with torch.no_grad():
        head.proj.weight.mul_(1e-2)
        head.proj.bias.mul_(1e-2)
        head.vocab_projector.weight.mul_(3)
        if head.adapter is not None:
            head.adapter.up.weight.normal_(std=0.5)
    about = {"encoder": "mean-colours", "dense_weight": 3.5, "unspoken_from": {"sea": None}} if adapted else {}
    head.save(folder, **about)
    vocabulary.save(folder / "vocabulary.json")
    if adapted:
        (folder / "queries.tsv").write_text("dog\tdog\t1\n")
    return head.eval()
