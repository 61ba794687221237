"""The card of a head that travels: what it is and how it is used, as the Hugging Face hub shows it."""

import textwrap

from core.models.exchange.layout import CODE
from core.models.head import HeadConfig

_HEADER = """---
library_name: sentence-transformers
pipeline_tag: feature-extraction
tags:
- sentence-transformers
- sparse-encoder
- sparse
- multimodal
- sightwords
---
"""


def card(name: str, sizes: HeadConfig, encoder: str | None) -> str:
    """The README of an exported head in Markdown. `encoder`: whose vectors it reads, None where nobody knows."""
    vectors = f"vectors of `{encoder}`" if encoder else "vectors of the encoder that it was trained on"
    about = f"""A Dense2Sparse head, written by Sightwords: it turns dense vectors of pictures and texts into weights of
        {sizes.vocab_size:,} terms. It reads {vectors}, {sizes.dense_size} numbers each; the encoder is not part of
        it."""
    code = f"""The code to trust is `{CODE.name}` in this folder: it {_what_the_code_does(sizes)}. All other modules are
        the package's own."""
    return f"""{_HEADER}
# {name}

{_filled(about)}

```python
from sentence_transformers import SparseEncoder

head = SparseEncoder("FOLDER_OR_HUB_ID", trust_remote_code=True)
weights = head.encode(list(vectors))  # vectors: (n, {sizes.dense_size}) numbers, a row for each picture or text
print(head.decode(weights, top_k=10))  # [(term, weight), …] of each
print(head.similarity(weights, weights))  # sums over shared terms
```

{_filled(code)}

The method: Nguyen, Hendriksen, Yates and de Rijke, *Multimodal Learned Sparse Retrieval with Probabilistic Expansion
Control*, ECIR 2024. `sightwords import-head FOLDER` reads the head back.
"""


def _what_the_code_does(sizes: HeadConfig) -> str:
    parts = ["takes dense vectors"]
    if sizes.adapter_size:
        parts.append("moves them by the head's adapter")
    if sizes.least_weight:
        parts.append(f"leaves out weights of at most {sizes.least_weight:g}")
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120)
