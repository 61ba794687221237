"""What LAVIS's retrieval models (BLIP and ALBEF alike) see of a picture and read of a sentence; knows no weights.

The reference is LAVIS's `blip_image_eval` and `blip_caption`: the published heads were trained on what these let
through, so every pixel and every token id matters.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from PIL import Image
from tokenizers import BertWordPieceTokenizer, Tokenizer
from torch import Tensor

from core.errors import ModelError

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], float32)  # of CLIP's training pictures, red green blue, 0..1
STD = np.array([0.26862954, 0.26130258, 0.27577711], float32)
MAX_WORDS = 50  # of a caption
_BECOMES_SPACE = re.compile(r"[.!\"()*#:;~]")


def normalised_pixels(image: Image.Image, side: int) -> NDArray[float32]:
    """A picture of any size -> (3, side, side): bicubic, whatever its aspect, then (rgb / 255 - mean) / std."""
    square = image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    pixels = np.asarray(square, float32) / 255  # (side, side, 3)
    return np.ascontiguousarray(((pixels - MEAN) / STD).transpose(2, 0, 1))


def cleaned_caption(text: str) -> str:
    """A sentence in lower case, most punctuation as spaces, at most 50 words; commas and apostrophes stay."""
    words = _BECOMES_SPACE.sub(" ", text.lower()).split()
    return " ".join(words[:MAX_WORDS])


class CaptionTokens:
    """Sentences to WordPiece ids, [CLS] first and [SEP] last."""

    def __init__(self, folder: Path, max_tokens: int):
        """Reads the folder's tokenizer.json or vocab.txt (BERT's, uncased); ModelError when neither can be read."""
        self._tokenizer = _tokenizer(folder)
        pad = self._tokenizer.token_to_id("[PAD]")
        if None in (pad, self._tokenizer.token_to_id("[CLS]"), self._tokenizer.token_to_id("[SEP]")):
            raise ModelError(f"The tokenizer in {folder} lacks [PAD], [CLS] or [SEP]; BERT's uncased one is needed.")
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.enable_padding(pad_id=pad, pad_token="[PAD]")

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(n, longest) int64 ids and the mask that is 1 where a text still speaks."""
        rows = self._tokenizer.encode_batch([cleaned_caption(text) for text in texts])
        return torch.tensor([row.ids for row in rows]), torch.tensor([row.attention_mask for row in rows])


def _tokenizer(folder: Path) -> Tokenizer:
    try:
        if (folder / "vocab.txt").exists():
            return Tokenizer.from_str(BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True).to_str())
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises bare Exception for files that are missing or malformed
        raise ModelError(
            f"The tokenizer in {folder} cannot be read ({error}); a vocab.txt or tokenizer.json is needed."
        ) from error
