"""The numbers by which the built-in model is made; those of its heads are `core.training.presets`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QuestionRecipe:
    """The numbers of `QuestionLoss`, by which the shipped head learns questions."""

    each_step: int = 128  # questions a step
    english: float = 0.3  # share of them that is asked in words that the world does not say
    weight: float = 3.0  # of right answers before wrong ones (`losses.answers_apart`)
    dense_weight: float = 1.0  # of following the dense scores of the same pictures
    tau: float = 0.02  # temperature of those
    anchor: float = 0.045  # weight of the target terms of questions
    emphasis: float = 4.0  # how much more a target term counts than one that must stay dark, for pictures as well
    shown: float = 0.01  # weight of the colour nouns that a picture shows
    nearest: int = 8  # pictures besides the batch's, nearest to each question
    looked_at: int = 20_000  # drawn pictures among which those are looked for


QUESTIONS = QuestionRecipe()


@dataclass(frozen=True)
class Stage:
    """One stage of training the towers."""

    side: int  # of its pictures, in pixels
    epochs: float  # passes over the corpus
    rate: float  # peak learning rate
    joint: bool = True  # False: the image tower alone, by the grid
    window: int | None = None  # the side of the part of a picture that is seen, None: the whole
    grid_weight: float = 0.3
    phrase_share: float = 0.15  # of the sentences that are short phrases instead of captions, at most 0.5
    names_weight: float = 0.0  # of reading names off the finished vectors
    crowd: float = 0.0  # share of a batch that is drawn from one place
    records: bool = False  # every picture that a phrase is true of, by the records, is a right answer to it


@dataclass(frozen=True)
class Recipe:
    """Sizes of the corpus, and the stages: the image tower first learns what is where, then both towers learn together.

    Questions as people type them are short and true of many pictures. So phrases are learned beside captions, and what
    is there, in which colour and how many, must be readable from the vectors of pictures and sentences alike.
    """

    train_scenes: int = 40_000
    val_scenes: int = 1_000
    test_scenes: int = 1_000
    table_scenes: int = 2_000  # whose captions teach the query table: its words are few
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
