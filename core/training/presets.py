"""Settings of training by name: those of the published code, and those of the heads that ship; trains nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.training.config import TrainingConfig

RECIPES: Mapping[str, Mapping[str, Any]] = {
    "paper": {
        "objective": "paper", "start": "chance", "control": "caption", "schedule": "linear", "epochs": 200,
        "batch_size": 512, "hidden_size": 768, "projection_rate": 1e-3, "vocabulary_rate": 5e-5, "warmup": 0.2,
        "expansion_until": 0.95, "tau": 0.001, "truth": 0.0, "sparsity": "l1", "query_sparsity": 1e-3,
        "item_sparsity": 1e-3, "anchor": 0.0, "blur": 0.0, "least_weight": 0.0, "restval": "unused", "draws": "batch",
        "rises": "epoch", "marks": "spoken", "expands_from": "image", "penalties": "mean", "weight_decay": 0.0,
        "last_batch": "kept", "validation": "controlled",
    }
}  # fmt: skip
"""Settings by the name of what they follow. "paper": the published code as its README runs it
(github.com/thongnt99/lsr-multimodal: train.py, loss.py, model.py). All that it names is pinned, also where our default
is the same: a default may change, what is published will not.
"""

ANCHORED_HEAD = "caption control and anchor"
SHIPPED_HEAD = "caption control, anchor and questions"
_PLAIN = TrainingConfig(
    start="chance", epochs=6, query_sparsity=2e-3, item_sparsity=2e-3, tau=0.001, truth=0.0, blur=0.0, least_weight=0.0
)
_ANCHORED = replace(_PLAIN, start="captions", anchor=0.0007, query_sparsity=2e-4, item_sparsity=5e-4)
_ASKED = replace(_ANCHORED, epochs=3, schedule="constant", expansion_level=1.0, query_sparsity=5e-5, item_sparsity=2e-4)
SCENES_HEADS: Mapping[str, TrainingConfig] = {
    "no control": replace(_PLAIN, control="none"),
    "caption control": _PLAIN,
    ANCHORED_HEAD: _ANCHORED,
    SHIPPED_HEAD: _ASKED,
}
"""Settings of the heads of the built-in model `scenes`, by the names that its model card and figures.json give them.

The first two are the paper's method. Anchor and start from captions are this project's additions. The shipped head goes
on from the anchored one: every caption expands, and it learns from plain questions as well (`recipes/scenes`).
"""
