"""Every setting that makes a head, in one place; saved with the head that it made."""

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from core.errors import TrainingError

Objective = Literal["paper", "joint"]
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
ADAPTER = 512  # width of the adapter that a joint training makes
SPARSITY, JOINT_SPARSITY = 4e-3, 1e-4  # of captions and images alike
LEAST_WEIGHT, JOINT_LEAST_WEIGHT = 0.2, 0.1


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training.

    Defaults follow the paper (section 4) where it names a value; sizes are those of the built-in model. What is not the
    paper's is on by default where it made heads better on every data set that was tried (`start`, `truth`, `blur`), or
    a third cheaper for next to nothing (`least_weight`). Without `blur`, `truth`, `anchor` and `least_weight`, and with
    the start left to chance, the method is the paper's.

    `objective`: "paper": sparse scores learn what the frozen dense scores say. "joint", not in the paper: an adapter
    above the frozen vectors (`head.Adapter`) learns as well, and both learn from a teacher that is a weighted sum of
    frozen, adapted and sparse scores (`losses.fused_scores`). `adapter_size`, `fused` and `hubness` are its parts:
    `adapter_size`: width of the adapter's hidden layer; 0: none. None (`adapter_width`): 512 in a joint training, else
    0. Above 0 in a training by the paper's objective, the adapter learns by the sparse scores alone.
    `fused`: the share, 0..1, that adapted and sparse scores have in the joint teacher; the rest are the frozen ones.
    `hubness`: the share of what a vector scores with anybody (`losses.hubness`) that the joint teacher takes off.
    `most_flops`: in a joint training the penalty grows after each epoch whose head costs more FLOPs than this, and
    shrinks back once it costs less (`trainer.HeadTraining`), so that one penalty suits all data. 0: it stays.
    `start`: where the projection onto terms starts without word embeddings: the "captions" that speak each term
    (`initialisation.start_from_captions`) or "chance". "auto": from chance without expansion control, as the paper's
    baseline does (a start from words would control it after all), else from the captions.
    `control`: of expansion: "caption" draws once a caption, "word" once a term, "both" first one, then the other.
    `schedule`: how the probability to expand rises (`expansion.expansion_probability`).
    `expansion_level`: that probability all through training under the schedule "constant".
    `projection_rate`: learning rate of the projection from the dense space.
    `vocabulary_rate`: learning rate of layer norm and projection onto terms. None: the paper's 5e-5 where the
    projection starts from word embeddings, as the paper's does, else 1e-3, as it then has everything to learn.
    `tau`: temperature of the dense teacher's softmax. None (`temperature`): the paper's 0.001 without blur, where it
    makes the teacher all but certain, and 0.03 with blur, whose teacher cannot be certain.
    `truth`: the share, 0..1, of the target that says that a caption belongs to its own image, whatever the dense scores
    say (`losses.distillation`; 0: the paper's method). None (`share_of_truth`): 0.5, but 0 where the encoder turns out
    to be trained on the train pairs (`core.experiments.fitting.trained_on_pairs`).
    `sparsity`: the penalty, "l1" or "flops" (`losses`).
    `query_sparsity`, `item_sparsity`: its weights for captions and images, reached by a quadratic warm-up. None
    (`sparsities`): 4e-3, and 1e-4 in a joint training, whose scores gain from terms that the paper's do not use.
    `anchor`: weight of the word anchor (`losses.word_anchor`; 0: the paper's method).
    `anchor_emphasis`: how much more a word that an image's captions say counts in it than one that they do not.
    `blur`: how far at most head and teacher see vectors moved from their places (`batches.blurred`), in units of how
    far vectors lie from their mean.
    `least_weight`: the trained head takes weights below it for 0 (`HeadConfig`); the loss sees every weight. None
    (`least_lit`): 0.2, and 0.1 in a joint training.
    `patience`: epochs without a better validation R@1 after which training ends early; None: never.
    `step`: "plain" computes every weight of every term; "fast" has the same loss and gradients from the lit terms.
    `precision`: "bf16" multiplies matrices in bfloat16, the plain way; weights and scores stay in float32. "fp64"
    computes everything in double precision, the plain way, to compare trainings to the last digit.
    `seed`: the same seed gives the same head on one machine.

    Where the published training differs from ours (`presets.RECIPES`, docs/paper.md), each default being ours:
    `restval`: whether the images that Karpathy's split calls "restval" are learned from ("train") or left "unused".
    `draws`: one draw of expansion a "caption", or one a "batch".
    `rises`: when the probability to expand rises: after every "step", or after every "epoch".
    `marks`: whether [CLS] and [SEP] count as "spoken" by every caption, and [UNK] where a word is unknown.
    `expands_from`: what the head is given for a caption that draws to expand: its "text" or its "image". The image
    looks like a mistake of the published code: the only texts learned from are then those kept to their own words.
    `penalties`: whether the "sum" or the "mean" of both penalties counts.
    `weight_decay`: AdamW's.
    `last_batch`: whether the captions that fill no batch are "dropped" from an epoch or "kept" as a smaller one.
    `validation`: what an epoch is judged by, to keep the best. "expanded": every caption with all its terms, only
    epochs after the warm-up. "controlled": captions kept to their words by draws as in training, every epoch.

    Raises TrainingError for a value outside its range.
    """

    objective: Objective = "paper"
    adapter_size: int | None = None
    fused: float = 0.5
    hubness: float = 0.5
    most_flops: float = 3.5
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
    query_sparsity: float | None = None
    item_sparsity: float | None = None
    anchor: float = 0.0
    anchor_emphasis: float = 4.0
    blur: float = 1.0
    least_weight: float | None = None
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
        """Whether the projection starts from the captions, as `start` and `control` say."""
        return self.start == "captions" or (self.start == "auto" and self.control != "none")

    @property
    def adapter_width(self) -> int:
        """The width of the adapter's hidden layer, `adapter_size` or what it stands for where it is None; 0: none."""
        if self.adapter_size is not None:
            return self.adapter_size
        return ADAPTER if self.objective == "joint" else 0

    @property
    def sparsities(self) -> tuple[float, float]:
        """The penalty's weights for captions and images, as given or what None stands for."""
        usual = JOINT_SPARSITY if self.objective == "joint" else SPARSITY
        query, item = (usual if one is None else one for one in (self.query_sparsity, self.item_sparsity))
        return query, item

    @property
    def least_lit(self) -> float:
        """The weight below which the trained head lights nothing, `least_weight` or what None stands for."""
        usual = JOINT_LEAST_WEIGHT if self.objective == "joint" else LEAST_WEIGHT
        return usual if self.least_weight is None else self.least_weight

    @property
    def takes_off_hubness(self) -> bool:
        """Whether the teacher's scores are without hubness."""
        return self.objective == "joint" and self.hubness > 0

    @property
    def temperature(self) -> float:
        """The temperature, `tau` or what it stands for where it is None."""
        if self.tau is not None:
            return self.tau
        return 0.03 if self.blur else 0.001

    @property
    def share_of_truth(self) -> float:
        """The share, `truth` or what it stands for where it is None and nothing is known of the data."""
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
        for name in ("blur", "least_weight", "weight_decay", "most_flops"):
            if getattr(self, name) is not None and not getattr(self, name) >= 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; it cannot be below 0.")
        for name in ("warmup", "expansion_until", "expansion_level"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1.")
        for name in ("truth", "fused", "hubness"):
            if getattr(self, name) is not None and not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1.")
        if self.adapter_size is not None and self.adapter_size < 0:
            raise TrainingError(f"adapter_size is {self.adapter_size}; it cannot be below 0.")
        if self.patience is not None and self.patience < 1:
            raise TrainingError(f"patience is {self.patience}; it must be at least 1 epoch.")


def setting(text: str) -> tuple[str, Any]:
    """Reads "name=value": the name of a field of TrainingConfig, and its value ("none" where a field may be None).

    Raises TrainingError where there is no such field or its values are of another kind; the config checks the range.
    """
    name, equals, value = text.partition("=")
    kinds = get_type_hints(TrainingConfig)
    if not equals or name not in kinds:
        raise TrainingError(f"'{text}' sets nothing; NAME=VALUE was expected, NAME one of {', '.join(kinds)}.")
    for kind in get_args(kinds[name]) or (kinds[name],):
        if kind is type(None) and value == "none":
            return name, None
        if isinstance(kind, str):  # one of the words that a Literal lists; the config says which there are
            return name, value
        if kind in (int, float):
            try:
                return name, kind(value)
            except ValueError:
                continue
    raise TrainingError(f"{name} cannot be '{value}'; a number was expected.")
