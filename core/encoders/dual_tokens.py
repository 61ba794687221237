"""What CLIP, SigLIP and SigLIP 2 read of a sentence, by the tokenizer that a checkpoint's files say; knows no weights.

Which class reads them is not left to transformers' AutoTokenizer: published files name none, one that needs files which
are not there, or, as SigLIP 2's do, one that does not lower-case though training did.
"""

import json
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

Kind = Literal["clip", "siglip"]

SENTENCEPIECE, TOKENIZER = "spiece.model", "tokenizer.json"
_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)
_END = "</s>"  # of SigLIP's texts, which it also pads them with where nothing else is said


@dataclass(frozen=True)
class DualTokens:
    """Sentences to token ids. `cleaned`: what is done to a sentence before the tokenizer sees it."""

    kind: Kind
    tokenizer: Any
    cleaned: Callable[[str], str] = str

    def __call__(self, texts: Sequence[str], length: int) -> Mapping[str, Tensor]:
        """(n, longest) `input_ids` and `attention_mask` of CLIP; (n, length) `input_ids` of SigLIP.

        SigLIP reads its vector at the last position and was trained without a mask, so that padding counts.
        """
        clip = self.kind == "clip"
        return self.tokenizer(
            [self.cleaned(text) for text in texts],
            padding=True if clip else "max_length",
            truncation=True,
            max_length=length,
            return_attention_mask=clip,
            return_tensors="pt",
        )


def dual_tokens(kind: Kind, folder: Path) -> DualTokens:
    """The tokenizer in a checkpoint's folder; raises what transformers raises for files that it cannot read.

    One that is none of the published kinds is taken as it was saved.
    """
    from transformers import CLIPTokenizer, PreTrainedTokenizerFast, Siglip2Tokenizer, SiglipTokenizer

    saved = _pieces(folder / TOKENIZER)
    cleaned: Callable[[str], str] = str
    if kind == "clip" and saved in (None, "CLIP"):
        reader: Any = CLIPTokenizer
    elif kind == "siglip" and (folder / SENTENCEPIECE).is_file():
        reader = SiglipTokenizer
    elif kind == "siglip" and saved == "Gemma":
        reader = Siglip2Tokenizer
    else:
        reader = PreTrainedTokenizerFast
        cleaned = canonical if saved == "Unigram" else str
    tokenizer = reader.from_pretrained(folder, local_files_only=True)
    tokenizer.pad_token = tokenizer.pad_token or _END
    tokenizer.padding_side = "right"  # as all of them were trained; Gemma's class pads on the left
    return DualTokens(kind, tokenizer, cleaned)


def _pieces(file: Path) -> str | None:
    """Whose way of splitting words a tokenizer.json holds: "CLIP", "Gemma", else what it calls it; None without one."""
    if not file.is_file():
        return None
    model = json.loads(file.read_text("utf-8"))["model"]
    if model.get("end_of_word_suffix") == "</w>":
        return "CLIP"
    return "Gemma" if model.get("byte_fallback") and "merges" in model else model.get("type")


def canonical(text: str) -> str:
    """A sentence as SigLIP was taught to read it: in lower case, without ASCII punctuation, spaces collapsed.

    Source: `canonicalize_text` of google-research/big_vision.
    """
    return re.sub(r"\s+", " ", text.lower().translate(_WITHOUT_PUNCTUATION)).strip()
