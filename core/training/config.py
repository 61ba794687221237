"""Every choice that makes a head, in one place, saved with the head it made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingConfig:
    """Defaults follow the paper (section 4) where it names a value; sizes are those of the built-in model.

    `control`: of expansion, one of `expansion.CONTROLS`: "caption" draws once a caption, "word" once a term.
    `tau`: temperature of the dense teacher's softmax.
    `l1`: weight of the sparsity penalty on query and item weights, reached by a quadratic warm-up.
    `anchor`: weight of the word anchor (0 = the paper's method; see `losses.word_anchor`); `anchor_emphasis`: how much
    more a word that an image's captions say counts in it than one that they do not.
    """

    control: str = "caption"
    epochs: int = 20
    batch_size: int = 512
    hidden_size: int = 512
    projection_rate: float = 1e-3
    vocabulary_rate: float = 1e-3
    warmup: float = 0.2  # share of all steps for the learning rate and for the sparsity penalty
    expansion_until: float = 0.95  # share of all steps after which every caption may expand
    tau: float = 0.001
    query_l1: float = 4e-3
    item_l1: float = 4e-3
    anchor: float = 0.0
    anchor_emphasis: float = 4.0
    step: str = "fast"  # "plain" computes every weight of every term; the loss and its gradients are the same
    seed: int = 0
