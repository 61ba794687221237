"""Every number of the recipe by which the built-in model is made."""

from dataclasses import dataclass, replace

from core.training.config import TrainingConfig

ANCHORED = "caption control and anchor"
SHIPPED = "caption control, anchor and questions"
_HEAD = TrainingConfig(
    start="chance", epochs=6, query_sparsity=2e-3, item_sparsity=2e-3, tau=0.001, truth=0.0, blur=0.0, least_weight=0.0
)
_ANCHORED = replace(_HEAD, start="captions", anchor=0.0007, query_sparsity=2e-4, item_sparsity=5e-4)
_ASKED = replace(_ANCHORED, epochs=3, schedule="constant", expansion_level=1.0, query_sparsity=5e-5, item_sparsity=2e-4)
# Named as the model card names them. Anchor, start and questions are this project's additions; the plain method stands
# beside. The shipped head goes on from the anchored one, where every caption expands, and is asked questions.
HEADS: dict[str, TrainingConfig] = {
    "no control": replace(_HEAD, control="none"),
    "caption control": _HEAD,
    ANCHORED: _ANCHORED,
    SHIPPED: _ASKED,
}


@dataclass(frozen=True)
class QuestionRecipe:
    """What the shipped head learns besides, of `each_step` questions in a step, the share `english` of them in words
    that the world does not say.

    `weight`: of right answers before wrong ones (`losses.answers_apart`); `dense_weight`, `tau`: of the dense scores of
    the same pictures, and their temperature; `anchor`, `emphasis`: of the terms that name what a question asks for;
    `shown`: of the nouns of a colour that a picture shows, with the same emphasis.
    `nearest`: so many pictures besides the batch's, of `looked_at` drawn ones, as are nearest to each question.
    """

    each_step: int = 128
    english: float = 0.3
    weight: float = 3.0
    dense_weight: float = 1.0
    tau: float = 0.02
    anchor: float = 0.045
    emphasis: float = 4.0
    shown: float = 0.01
    nearest: int = 8
    looked_at: int = 20_000


QUESTIONS = QuestionRecipe()


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
