"""The training objective of one batch (paper, section 3), written as it is defined: every weight of every term.

This is the plain form, and the oracle of the fast one (`fast.py`), which takes only what is lit.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.head import SparseHead
from core.training.config import TrainingConfig
from core.training.expansion import allowed_terms, expansion_probability
from core.training.losses import distillation, flops, l1, warm, word_anchor

SPARSITY = {"l1": l1, "flops": flops}


@dataclass(frozen=True)
class Batch:
    """The rows of one step: texts (b, dim), the terms they speak (b, |V|), their images (b, dim).

    `words` (b, |V|): what any caption of each image speaks; only the anchor asks for it, so it may be left out without.
    `pairs` (b, b): which image is each text's own (`losses.own_pairs`); None: the one of its row.
    Head and teacher see the same texts and images, blurred or not (`blur`).
    """

    texts: Tensor
    literal: Tensor
    images: Tensor
    words: Tensor | None = None
    pairs: Tensor | None = None

    @property
    def inputs(self) -> Tensor:
        """(2b, dim) rows for the head: texts, then images."""
        return torch.cat([self.texts, self.images])


def objective(
    head: SparseHead, batch: Batch, config: TrainingConfig, progress: float, generator: torch.Generator
) -> tuple[Tensor, dict[str, Any]]:
    """The loss of one batch at `progress` (0..1) through training, and what a person wants to watch of it."""
    with torch.autocast(batch.texts.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        text_logits, image_logits = (head.logits(rows) for rows in batch.inputs.chunk(2))
    text_logits, image_logits = text_logits.float(), image_logits.float()  # scores over tau need every digit
    text_weights, image_weights = (torch.log1p(torch.relu(x)) for x in (text_logits, image_logits))
    probability = probability_of(config, progress)
    if config.control != "none":
        text_weights = text_weights * allowed_terms(config.control, batch.literal, probability, generator)
    match = distillation(
        text_weights @ image_weights.T,
        batch.texts @ batch.images.T,
        config.temperature,
        config.share_of_truth,
        batch.pairs,
    )
    penalty = SPARSITY[config.sparsity]
    sparsity = config.query_sparsity * penalty(text_weights) + config.item_sparsity * penalty(image_weights)
    penalised = warm(progress, config.warmup) * sparsity
    loss = match + penalised
    if config.anchor:
        assert batch.words is not None
        # a text's own words are asked for; what its image's other captions say, it may add or leave
        by_text = word_anchor(text_logits, batch.literal.float(), spared=batch.words & ~batch.literal)
        by_image = word_anchor(image_logits, batch.words.float(), emphasis=config.anchor_emphasis)
        loss = loss + config.anchor * (by_text + by_image)
    size = len(batch.texts)
    lit = int((text_weights > 0).sum()) / size, int((image_weights > 0).sum()) / size
    return loss, watched(loss, match, penalised, probability, *lit)


def probability_of(config: TrainingConfig, progress: float) -> float:
    """The chance that a caption (or a term of it) may expand at `progress`; 1 without control."""
    if config.control == "none":
        return 1.0
    return expansion_probability(progress, config.expansion_until, config.schedule, config.expansion_level)


def watched(
    loss: Tensor, match: Tensor, sparsity: Tensor, expansion: float, query_terms: float, item_terms: float
) -> dict[str, Any]:
    """What is told after a step: losses (`sparsity` as it counts now), expansion probability, mean terms lit a text and
    an image."""
    return {
        "loss": loss.item(),
        "match": match.item(),
        "sparsity": sparsity.item(),
        "expansion": expansion,
        "query_terms": query_terms,
        "item_terms": item_terms,
    }
