"""The sentence encoder that teaches English: all-MiniLM-L6-v2 from a folder; needed for building, shipped nowhere."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from torch.nn import functional
from tqdm import tqdm

from core.encoders.precision import computes_bf16

BATCH, LONGEST = 256, 48


class Teacher:
    """Wang et al. 2020 (MiniLM), as sentence-transformers pool it: the mean of the last layer's states."""

    def __init__(self, folder: Path):
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    @property
    def common_words(self) -> frozenset[str]:
        """Words so frequent that its tokenizer has a piece for each."""
        return frozenset(word for word in self._tokenizer.get_vocab() if word.isalpha() and len(word) > 2)

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> NDArray[float32]:
        """Texts -> (n, 384) rows of unit length."""
        out = np.zeros((len(texts), self._model.config.hidden_size), np.float32)
        order = np.argsort([len(text) for text in texts])
        for start in tqdm(range(0, len(texts), BATCH), desc="teacher", unit="batch", mininterval=5):
            rows = order[start : start + BATCH]
            inputs = self._tokenizer(
                [texts[i] for i in rows], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
            )
            with torch.autocast("cpu", torch.bfloat16, enabled=computes_bf16()):
                states = self._model(**inputs).last_hidden_state.float()
            mask = inputs["attention_mask"].unsqueeze(2)
            out[rows] = functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1).numpy()
        return out
