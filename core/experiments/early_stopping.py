"""Which epoch's head is kept, and whether training ends early, by the curves of validation; knows no head."""

from core.training.config import TrainingConfig
from core.training.curves import EpochMeasures

OVER = 8 / 7  # how far a joint head may be above its most FLOPs and still be kept: to 4 of 3.5


def kept_epoch(curves: list[EpochMeasures], config: TrainingConfig) -> int:
    """The epoch, from 1, whose head is kept: that of the best validation R@1; of equals one with the fewest FLOPs.

    Only epochs after the sparsity warm-up count: before, R@1 is bought with terms that the whole penalty takes away.
    It is the last epoch while there is none of these yet, or no validation. Where `config.validation` is "controlled",
    as in the published code, every epoch counts, and of equals the first is kept. In a joint training heads of more
    than OVER times `config.most_flops` count only where there is no other.
    """
    candidates = _candidates(curves, config)
    if config.objective == "joint" and config.most_flops:
        cheap = [row for row in candidates if (row.flops or 0.0) <= OVER * config.most_flops]
        candidates = cheap or candidates
    if not candidates:
        return curves[-1].epoch
    if config.validation == "controlled":
        return max(candidates, key=lambda row: row.recall_at_1 or 0.0).epoch
    return max(candidates, key=lambda row: (row.recall_at_1 or 0.0, -(row.flops or 0.0))).epoch  # the first of equals


def out_of_patience(curves: list[EpochMeasures], config: TrainingConfig) -> bool:
    """Whether `config.patience` epochs have passed since the one with the best validation R@1."""
    candidates = _candidates(curves, config)
    if config.patience is None or not candidates:
        return False
    best = max(candidates, key=lambda row: row.recall_at_1 or 0.0)  # the first of equals
    return curves[-1].epoch - best.epoch >= config.patience


def _candidates(curves: list[EpochMeasures], config: TrainingConfig) -> list[EpochMeasures]:
    """The epochs that may be kept by their R@1."""
    warm = config.warmup * config.epochs if config.validation == "expanded" else 0
    return [row for row in curves if row.epoch > warm and row.recall_at_1 is not None]
