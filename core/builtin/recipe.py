"""Every number of the recipe by which the built-in model is made."""

from dataclasses import dataclass, replace

from core.training.config import TrainingConfig

SHIPPED = "caption control + anchor"
_HEAD = TrainingConfig(start="chance", epochs=6, query_sparsity=2e-3, item_sparsity=2e-3, truth=0.0, blur=0.0)
# Named as the model card names them. Anchor and start are this project's additions; the plain method stands beside.
HEADS: dict[str, TrainingConfig] = {
    "no control": replace(_HEAD, control="none"),
    "caption control": _HEAD,
    SHIPPED: replace(_HEAD, start="captions", anchor=0.0007, query_sparsity=2e-4, item_sparsity=5e-4),
}


@dataclass(frozen=True)
class Stage:
    """One stage of training the towers: the side of its pictures, passes over the corpus, peak learning rate."""

    side: int
    epochs: float
    rate: float
    joint: bool = True  # False: the image tower alone, by the grid
    window: int | None = None  # the side of the part of a picture that is seen, None: the whole
    grid_weight: float = 0.3
    phrase_share: float = 0.15  # of the sentences that are short phrases instead of captions, at most 0.5
    names_weight: float = 0.0  # of reading names off the finished vectors
    crowd: float = 0.0  # share of a batch that is drawn from one place
    records: bool = False  # every picture that a phrase is true of, by the records, is a right answer to it


@dataclass(frozen=True)
class Recipe:
    """Sizes of the corpus and the stages; first the image tower learns what is where, then both towers together.

    Questions as people type them are short and true of many pictures: so phrases are learned beside captions, and the
    vectors of pictures and sentences alike must name what is there, of which colour and how many, however small.
    """

    train_scenes: int = 40_000
    val_scenes: int = 1_000
    test_scenes: int = 1_000
    batch_size: int = 256
    weight_decay: float = 0.05
    temperature: float = 0.035  # where the learned temperature starts
    seed: int = 0
    stages: tuple[Stage, ...] = (
        Stage(side=96, epochs=6, rate=2e-3, joint=False, window=64),
        Stage(side=64, epochs=5, rate=1.5e-3, phrase_share=0.2, records=True, names_weight=0.3, crowd=0.25),
        Stage(side=96, epochs=10, rate=1.2e-3, phrase_share=0.3, records=True, names_weight=0.3, crowd=0.25),
        Stage(side=96, epochs=5, rate=9e-4, phrase_share=0.4, records=True, names_weight=0.3, crowd=0.25),
        Stage(side=128, epochs=8, rate=7e-4, phrase_share=0.4, records=True, names_weight=0.3, crowd=0.25),
        Stage(side=128, epochs=4, rate=6e-4, phrase_share=0.4, records=True, names_weight=0.3, crowd=0.25),
    )


RECIPE = Recipe()
