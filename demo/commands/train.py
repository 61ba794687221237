"""The command `train`: a head from a dense data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from demo import terminal
from demo.commands.opening import writing
from demo.commands.options import DeviceOption, JsonOption
from demo.commands.research_options import (
    DataOption,
    EpochsOption,
    ExpandsFromOption,
    InitOption,
    L1Option,
    RecipeOption,
    SeedOption,
    SettingsOption,
    TokenizerOption,
    VocabularyOption,
    caption_vocabulary,
    chosen_vocabulary,
    initial_embeddings_path,
    tell_of_download,
    training_config,
)
from demo.commands.train_table import learned_table, table_document, table_outcome
from demo.terminal import interrupted
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.data.dense import DenseFolder
    from core.experiments.fitting import Fitted
    from core.training.config import TrainingConfig
    from core.training.curves import EpochMeasures
    from core.vocabulary import Vocabulary

commands = typer.Typer()

ObjectiveOption = Annotated[
    Literal["paper", "joint"],
    typer.Option(
        help="paper: the dense scores teach the sparse ones. joint: an adapter above the dense vectors learns too, and "
        "dense and sparse scores together teach both."
    ),
]
ControlOption = Annotated[
    Literal["none", "caption", "word", "both"], typer.Option(help="Expansion control while training.")
]
ScheduleOption = Annotated[
    Literal["linear", "cosine", "step", "constant"], typer.Option(help="How the chance to expand rises.")
]
SparsityOption = Annotated[
    Literal["l1", "flops"], typer.Option(help="The penalty on weights: their sum, or what they cost a search.")
]
StartOption = Annotated[
    Literal["auto", "captions", "chance"] | None,
    typer.Option(
        help="Where that starts without them: the captions that speak a term, or chance (auto, the default: "
        "from chance without expansion control)."
    ),
]
PatienceOption = Annotated[
    int | None, typer.Option(min=1, help="Ends after so many epochs without a better validation R@1.")
]
BatchSizeOption = Annotated[int | None, typer.Option(min=1, help="Captions a step.")]
TauOption = Annotated[float | None, typer.Option(help="Temperature of the dense scores to learn from.")]
ProductsOption = Annotated[Literal["fp32", "bf16"], typer.Option(help="bf16: products in half precision, for GPUs.")]
QueriesOption = Annotated[
    Literal["encoder", "table"],
    typer.Option(help="table: also learns what each word of a question lights, so that asking needs no encoder."),
]
RestartOption = Annotated[bool, typer.Option("--restart", help="Begins anew, whatever training lies in OUT.")]


@commands.command()
def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder of the head: weights, settings, vocabulary.")],
    objective: ObjectiveOption = "paper",
    control: ControlOption = "caption",
    schedule: ScheduleOption = "linear",
    sparsity: SparsityOption = "l1",
    vocabulary: VocabularyOption = None,
    tokenizer: TokenizerOption = None,
    init_embeddings: InitOption = None,
    start: StartOption = None,
    epochs: EpochsOption = None,
    batch_size: BatchSizeOption = None,
    tau: TauOption = None,
    l1: L1Option = None,
    patience: PatienceOption = None,
    precision: ProductsOption = "fp32",
    seed: SeedOption = None,
    recipe: RecipeOption = None,
    expands_from: ExpandsFromOption = None,
    settings: SettingsOption = None,
    device: DeviceOption = None,
    queries: QueriesOption = "encoder",
    restart: RestartOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a head on a dense data set; repeated after Ctrl-C or a crash, it goes on from the last whole epoch."""
    from core.data.dense import DenseFolder
    from core.data.hub import dataset_folder

    embeddings = initial_embeddings_path(init_embeddings, recipe)
    folder = DenseFolder.read(dataset_folder(data, tell_of_download))
    config = training_config(
        recipe, settings, epochs=epochs, l1=l1, seed=seed, objective=objective, control=control, schedule=schedule,
        sparsity=sparsity, batch_size=batch_size, tau=tau, patience=patience, precision=precision, start=start,
        expands_from=expands_from,
    )  # fmt: skip
    terms = chosen_vocabulary(vocabulary, tokenizer, embeddings)
    if terms is None:
        terms = caption_vocabulary(folder.split("train", restval=config.restval == "train").captions)
    fitted = _fitted(folder, terms, config, out, embeddings, device=device, restart=restart)
    outcome = _outcome(fitted, out, config, terms)
    table = learned_table(out, folder, terms, seed=config.seed) if queries == "table" else None
    if as_json:
        terminal.print_json(_document(fitted, out, config, terms) | ({} if table is None else table_document(table)))
        return
    for sentence in (outcome, *([] if table is None else [table_outcome(table, out)])):
        terminal.out().print(sentence, markup=False, soft_wrap=True)


def _fitted(
    folder: "DenseFolder",
    terms: "Vocabulary",
    config: "TrainingConfig",
    out: Path,
    embeddings: Path | None,
    *,
    device: str | None,
    restart: bool,
) -> "Fitted":
    """Trains behind a bar, with a line an epoch; Ctrl-C stops before the next step."""
    from core.encoders.devices import compute_device
    from core.experiments.fitting import Watch, train_folder
    from core.models.registry import chosen_device
    from core.training.mlm_head import read_initial_embeddings

    start = read_initial_embeddings(embeddings, terms) if embeddings is not None else None
    where = compute_device(chosen_device(device)).device.type
    with (
        terminal.progress_bar(f"training, control {config.control}") as advance,
        writing(out),
        interrupted("Stopping before the next step…") as should_stop,
    ):
        watch = Watch(
            step=lambda done, total, _: advance(done, total, ""),
            epoch=lambda row: terminal.say(_epoch_line(row, config.epochs)),
            should_stop=should_stop,
        )
        return train_folder(folder, terms, config, out, watch, embeddings=start, device=where, restart=restart)


def _document(fitted: "Fitted", out: Path, config: "TrainingConfig", terms: "Vocabulary") -> dict[str, Any]:
    return {
        "head": str(out.absolute()),
        "objective": config.objective,
        "control": config.control,
        "terms": len(terms),
        "ended": fitted.ended,
        "epochs": len(fitted.curves),
        "kept_epoch": fitted.kept_epoch,
        "seconds": fitted.seconds,
    }


def _outcome(fitted: "Fitted", out: Path, config: "TrainingConfig", terms: "Vocabulary") -> str:
    """What came of it, in a sentence; raises one that says how to go on where training was stopped."""
    if fitted.ended:
        how = f"{config.objective} objective, control {config.control}"
        kept = f"A head of {len(terms)} terms, {how}"
        return f"{kept}, as after epoch {fitted.kept_epoch} of {config.epochs}, written into {out}"
    done = len(fitted.curves)
    there = f"the best head of {done} epochs lies in {out}" if done else "no epoch was finished"
    raise SightwordsError(f"Stopped; {there}, and the same command goes on from there.")


def _epoch_line(row: "EpochMeasures", epochs: int) -> str:
    line = f"epoch {row.epoch}/{epochs}: loss {row.loss:.3f}, chance to expand {row.expansion:.2f}"
    if row.recall_at_1 is None:
        return line
    cost = f"FLOPs {row.flops:.2f}, terms {row.query_terms:.1f} a caption, {row.item_terms:.1f} an image"
    return f"{line}; validation R@1 {row.recall_at_1:.3f}, {cost}"
