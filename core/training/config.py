"""Every choice that makes a head, in one place, saved with the head it made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from core.errors import TrainingError

Control = Literal["none", "caption", "word", "both"]
Schedule = Literal["linear", "cosine", "step", "constant"]
Sparsity = Literal["l1", "flops"]
Start = Literal["auto", "captions", "chance"]
Step = Literal["fast", "plain"]
Precision = Literal["fp32", "bf16", "fp64"]
Restval = Literal["train", "unused"]
Draws = Literal["caption", "batch"]
Rises = Literal["step", "epoch"]
Marks = Literal["unspoken", "spoken"]
ExpandsFrom = Literal["text", "image"]
Penalties = Literal["sum", "mean"]
LastBatch = Literal["dropped", "kept"]
Validation = Literal["expanded", "controlled"]


@dataclass(frozen=True)
class TrainingConfig:
    """Defaults follow the paper (section 4) where it names a value; sizes are those of the built-in model. What is not
    the paper's is on by default where it made heads better on every data set that was tried (start, `truth`,
    `blur`), or a third cheaper for next to nothing (`least_weight`).

    `start`: of the projection onto terms where no word embeddings are given: the captions that speak each term
    (`initial.start_from_captions`) or chance; "auto": from chance without expansion control, where the paper's baseline
    starts and a start from words would control it after all, else from the captions.
    `control`: of expansion: "caption" draws once a caption, "word" once a term, "both" first one, then the other.
    `schedule`: how the chance to expand rises (`expansion.expansion_probability`); `expansion_level`: the chance all
    through under "constant".
    `vocabulary_rate`: of layer norm and projection onto terms; None: the paper's 5e-5 where the projection starts from
    word embeddings, as the paper's does, and 1e-3 where it starts from chance and has everything to learn.
    `tau`: temperature of the dense teacher's softmax; None (`temperature`): the paper's 0.001 without blur, where it
    makes the teacher all but certain, and 0.03 with blur, whose teacher cannot be certain. `truth`: the share of what
    is taught that a caption belongs to its own image, whatever the dense scores say (`losses.distillation`; 0 = the
    paper's method); None (`share_of_truth`): 0.5, but 0 where `study.fitting` finds that the encoder was taught on the
    train pairs (`leak`).
    `sparsity`: the penalty, "l1" or "flops" (`losses`); `query_sparsity`, `item_sparsity`: its weights, reached by a
    quadratic warm-up.
    `anchor`: weight of the word anchor (0 = the paper's method; see `losses.word_anchor`); `anchor_emphasis`: how much
    more a word that an image's captions say counts in it than one that they do not.
    `blur`: how far at most beside their vectors head and teacher are shown a step's texts and images, in shares of how
    far vectors lie from their mean (`blur.blurred`). Without it and without `truth` the method is the paper's.
    `least_weight`: what the trained head takes for 0 (`HeadConfig`); the loss sees every weight. Not the paper's.
    `patience`: epochs without a better validation R@1 after which training ends early; None: never.
    `step`: "plain" computes every weight of every term; loss and gradients are those of "fast".
    `precision`: "bf16" multiplies matrices in bfloat16, the plain way; weights and scores stay in float32; "fp64"
    computes everything in double precision, the plain way, to compare trainings to the last digit.

    Where the published training differs from ours (`RECIPES`, docs/paper.md), each default being ours:
    `restval`: whether the images that Karpathy's split calls "restval" are learned from ("train") or left "unused".
    `draws`: one draw of expansion a "caption", or one a "batch". `rises`: when the chance to expand rises, after every
    "step" or after every "epoch". `marks`: whether [CLS] and [SEP] count as spoken by every caption, and [UNK] where a
    word is unknown. `penalties`: whether the "sum" or the "mean" of both penalties counts. `weight_decay`: AdamW's.
    `last_batch`: whether the captions that fill no batch are "dropped" from an epoch or "kept" as a smaller one.
    `expands_from`: what the head is given for a caption that draws to expand: its "text", or, which looks like a
    mistake of the published code, its "image": no text is then learned from but those kept to their own words.
    `validation`: what an epoch is judged by, to keep the best: "expanded", every caption with all its terms and only
    epochs after the warm-up, or "controlled", captions kept to their words by draws as in training, every epoch.

    Raises TrainingError for a value outside its range.
    """

    start: Start = "auto"
    control: Control = "caption"
    schedule: Schedule = "linear"
    expansion_level: float = 0.5
    epochs: int = 20
    batch_size: int = 512
    hidden_size: int = 512
    projection_rate: float = 1e-3
    vocabulary_rate: float | None = None
    warmup: float = 0.2  # share of all steps for the learning rate and for the sparsity penalty
    expansion_until: float = 0.95  # share of all steps after which every caption may expand
    tau: float | None = None
    truth: float | None = None
    sparsity: Sparsity = "l1"
    query_sparsity: float = 4e-3
    item_sparsity: float = 4e-3
    anchor: float = 0.0
    anchor_emphasis: float = 4.0
    blur: float = 1.0
    least_weight: float = 0.2
    patience: int | None = None
    step: Step = "fast"
    precision: Precision = "fp32"
    restval: Restval = "train"
    draws: Draws = "caption"
    rises: Rises = "step"
    marks: Marks = "unspoken"
    expands_from: ExpandsFrom = "text"
    penalties: Penalties = "sum"
    weight_decay: float = 0.01
    last_batch: LastBatch = "dropped"
    validation: Validation = "expanded"
    seed: int = 0

    @property
    def starts_from_captions(self) -> bool:
        """What `start` comes to."""
        return self.start == "captions" or (self.start == "auto" and self.control != "none")

    @property
    def temperature(self) -> float:
        """What `tau` comes to."""
        if self.tau is not None:
            return self.tau
        return 0.03 if self.blur else 0.001

    @property
    def share_of_truth(self) -> float:
        """What `truth` comes to where nothing is known of the data."""
        return 0.5 if self.truth is None else self.truth

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(TrainingConfig).items():
            choices = get_args(kind)
            value = getattr(self, name)
            if choices and all(isinstance(choice, str) for choice in choices) and value not in choices:
                raise TrainingError(f"{name} cannot be '{value}'; choose one of {', '.join(choices)}.")
        for name in ("epochs", "batch_size", "hidden_size", "projection_rate", "tau"):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be above 0.")
        for name in ("blur", "least_weight", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; it cannot be below 0.")
        for name in ("warmup", "expansion_until", "expansion_level"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1.")
        if self.truth is not None and not 0 <= self.truth <= 1:
            raise TrainingError(f"truth is {self.truth}; it must lie between 0 and 1.")
        if self.patience is not None and self.patience < 1:
            raise TrainingError(f"patience is {self.patience}; it must be at least 1 epoch.")


RECIPES: Mapping[str, Mapping[str, Any]] = {
    "paper": {
        "start": "chance", "control": "caption", "schedule": "linear", "epochs": 200, "batch_size": 512,
        "hidden_size": 768, "projection_rate": 1e-3, "vocabulary_rate": 5e-5, "warmup": 0.2, "expansion_until": 0.95,
        "tau": 0.001, "truth": 0.0, "sparsity": "l1", "query_sparsity": 1e-3, "item_sparsity": 1e-3, "anchor": 0.0,
        "blur": 0.0, "least_weight": 0.0, "restval": "unused", "draws": "batch", "rises": "epoch", "marks": "spoken",
        "expands_from": "image", "penalties": "mean", "weight_decay": 0.0, "last_batch": "kept",
        "validation": "controlled",
    }
}  # fmt: skip
"""Settings by the name of what they follow. "paper": the published code as its README runs it
(github.com/thongnt99/lsr-multimodal: train.py, loss.py, model.py). All that it names is pinned, also where our default
is the same: a default may change, what is published will not.
"""


def setting(text: str) -> tuple[str, Any]:
    """ "name=value" as a field of TrainingConfig and its value ("none" where a field may be None).

    Raises TrainingError where there is no such field or its values are of another kind; ranges are the config's own.
    """
    name, equals, said = text.partition("=")
    kinds = get_type_hints(TrainingConfig)
    if not equals or name not in kinds:
        raise TrainingError(f"'{text}' sets nothing; NAME=VALUE was expected, NAME one of {', '.join(kinds)}.")
    for kind in get_args(kinds[name]) or (kinds[name],):
        if kind is type(None) and said == "none":
            return name, None
        if isinstance(kind, str):  # one of the words that a Literal lists; the config says which there are
            return name, said
        if kind in (int, float):
            try:
                return name, kind(said)
            except ValueError:
                continue
    raise TrainingError(f"{name} cannot be '{said}'; a number was expected.")
