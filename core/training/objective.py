"""The training objective of one batch (paper, section 3), written as it is defined: every weight of every term.

`fast.py` has the same objective from the lit terms alone; this one is its oracle.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.models.head import SparseHead
from core.training.batches import Batch
from core.training.config import TrainingConfig
from core.training.expansion import Expansion, expansion, expansion_probability
from core.training.losses import distillation, flops, fused_scores, l1, warm, word_anchor

SPARSITY = {"l1": l1, "flops": flops}


@dataclass(frozen=True)
class HeadInputs:
    """What the head is given of a batch: rows (2b, dim), first the texts, then the images; the terms that each text may
    light, (b, |V|) bool (None: all); and the probability to expand that these were drawn with.
    """

    rows: Tensor
    allowed: Tensor | None
    probability: float


def draw_inputs(batch: Batch, config: TrainingConfig, progress: float, generator: torch.Generator) -> HeadInputs:
    """Draws which captions expand. Where the config says so (`expands_from`), one that does is given as its image."""
    probability = probability_of(config, progress)
    if config.control == "none":
        return HeadInputs(torch.cat([batch.texts, batch.images]), None, probability)
    drawn: Expansion = expansion(config.control, batch.literal, probability, generator, config.draws)
    texts = torch.where(drawn.drawn, batch.images, batch.texts) if config.expands_from == "image" else batch.texts
    return HeadInputs(torch.cat([texts, batch.images]), drawn.allowed, probability)


def objective(
    head: SparseHead, batch: Batch, config: TrainingConfig, progress: float, generator: torch.Generator
) -> tuple[Tensor, dict[str, Any]]:
    """The loss of one batch at `progress` (0..1) through training, and its measures (`step_measures`)."""
    given = draw_inputs(batch, config, progress, generator)
    with torch.autocast(batch.texts.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        texts, images = (head.adapted(rows) for rows in given.rows.chunk(2))
        text_logits, image_logits = (head.vocab_projector(head.hidden(rows)) for rows in (texts, images))
    # back from bfloat16: scores over tau need every digit
    text_logits, image_logits = text_logits.to(given.rows.dtype), image_logits.to(given.rows.dtype)
    text_weights, image_weights = (torch.log1p(torch.relu(x)) for x in (text_logits, image_logits))
    if given.allowed is not None:
        text_weights = text_weights * given.allowed
    match = match_of(text_weights @ image_weights.T, batch, texts, images, config)
    penalty = SPARSITY[config.sparsity]
    penalised = penalty_of(config, progress, penalty(text_weights), penalty(image_weights))
    loss = match + penalised
    if config.anchor:
        assert batch.words is not None
        # a text's own words are asked for; what its image's other captions say, it may add or leave
        by_text = word_anchor(text_logits, batch.literal.to(text_logits), spared=batch.words & ~batch.literal)
        by_image = word_anchor(image_logits, batch.words.to(image_logits), emphasis=config.anchor_emphasis)
        loss = loss + config.anchor * (by_text + by_image)
    size = len(batch.texts)
    lit = int((text_weights > 0).sum()) / size, int((image_weights > 0).sum()) / size
    return loss, step_measures(loss, match, penalised, given.probability, *lit)


def match_of(sparse: Tensor, batch: Batch, texts: Tensor, images: Tensor, config: TrainingConfig) -> Tensor:
    """How far the scores are from their teacher's: the part of the loss that says what to find.

    sparse (b texts, b images): the scores of the head; texts, images (b, dim): as its adapter has them. By the paper's
    objective the frozen dense scores teach the sparse ones; by the joint one all together teach these and the adapted.
    """
    tau, truth = config.temperature, config.share_of_truth
    if config.objective == "paper":
        return distillation(sparse, batch.dense_scores(), tau, truth, batch.pairs)
    adapted = texts.to(sparse) @ images.to(sparse).T / tau if config.adapter_width else None
    teacher = fused_scores(batch.dense_scores(config.hubness) / tau, adapted, sparse, config.fused)
    match = distillation(sparse, teacher, 1.0, truth, batch.pairs)
    return match if adapted is None else match + distillation(adapted, teacher, 1.0, truth, batch.pairs)


def probability_of(config: TrainingConfig, progress: float) -> float:
    """The probability that a caption (or a term of it) may expand at `progress` (0..1); 1 without control."""
    if config.control == "none":
        return 1.0
    if config.rises == "epoch":
        progress = math.floor(progress * config.epochs + 1e-9) / config.epochs  # its first step may come out below it
    return expansion_probability(progress, config.expansion_until, config.schedule, config.expansion_level)


def penalty_of(config: TrainingConfig, progress: float, by_text: Tensor, by_image: Tensor) -> Tensor:
    """The part of the loss that the penalties of texts and of images make at `progress` (0..1)."""
    query, item = config.sparsities
    both = query * by_text + item * by_image
    return warm(progress, config.warmup) * (both / 2 if config.penalties == "mean" else both)


def step_measures(
    loss: Tensor, match: Tensor, sparsity: Tensor, expansion: float, query_terms: float, item_terms: float
) -> dict[str, Any]:
    """What a person watches of a step, by name.

    `loss`, and its parts `match` (the distillation) and `sparsity` (as it counts now); `expansion`: the probability to
    expand; `query_terms`, `item_terms`: the mean number of terms lit a text and an image.
    """
    return {
        "loss": loss.item(),
        "match": match.item(),
        "sparsity": sparsity.item(),
        "expansion": expansion,
        "query_terms": query_terms,
        "item_terms": item_terms,
    }
