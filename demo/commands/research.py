"""Commands of the paper's study: dense vectors, training, measures and the whole comparison."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.shipped import PHOTO_MODEL, WORLD_MODEL
from demo import terminal
from demo.commands.opening import writing
from demo.commands.options import DeviceOption, JsonOption, PrecisionOption
from demo.terminal import interrupted
from index_store.errors import SightwordsError
from index_store.progress import Progress

if TYPE_CHECKING:
    from core.training.config import TrainingConfig
    from core.training.curves import EpochMeasures
    from core.vocabulary import Vocabulary

commands = typer.Typer()

Control = Literal["none", "caption", "word", "both"]
DataOption = Annotated[str, typer.Option("--data", help="A dense data set: a folder, or a hub id (owner/name).")]
VocabularyOption = Annotated[
    Path | None,
    typer.Option("--vocabulary", help="Terms, one a line (or JSON); words of the train captions when left out."),
]
TokenizerOption = Annotated[
    Literal["words", "wordpiece"] | None,
    typer.Option("--tokenizer", help="How captions split into terms; told from the vocabulary when left out."),
]
VectorsOption = Annotated[
    Path | None,
    typer.Option("--word-vectors", help="For Semantic@20: .npy or GloVe text; else from the train captions."),
]
InitOption = Annotated[
    str | None,
    typer.Option(
        "--init-embeddings",
        metavar="FILE|DIR|HUB_ID",
        help="What the projection onto terms starts from: word vectors (.npy or GloVe text), or the head of "
        "DistilBERT, as the paper's do (a folder with its weights, or distilbert/distilbert-base-uncased).",
    ),
]
RecipeOption = Annotated[
    Literal["paper"] | None,
    typer.Option(
        "--recipe",
        help="paper: every setting as the published code has it (docs/paper.md); other options change it.",
    ),
]
ExpandsFromOption = Annotated[
    Literal["text", "image"] | None,
    typer.Option(
        "--expands-from",
        help="What the head is given for a caption that may expand: its text, or, a mistake of the published code "
        "that --recipe paper repeats, its image.",
    ),
]
WORLD_EPOCHS, WORLD_L1 = 10, 3e-4  # of `reproduce` on the built-in world, where nothing else is asked for
EpochsOption = Annotated[int | None, typer.Option(min=1, help="Passes over the train captions.")]
L1Option = Annotated[
    float | None, typer.Option("--l1", min=0, help="Weight of the sparsity penalty, of captions and images alike.")
]
SeedOption = Annotated[int | None, typer.Option(help="The same seed gives the same head.")]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Any setting of the training, as query_sparsity=0.01 or hidden_size=768; repeatable.",
    ),
]


@commands.command()
def embed(
    dataset: Annotated[Path, typer.Option(help="Pictures, with dataset_meta.json that lists them and their captions.")],
    out: Annotated[Path, typer.Option(help="The folder to write the dense data set into.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help=f"The model or encoder's name; when left out, {PHOTO_MODEL}, or {WORLD_MODEL} for drawings."
        ),
    ] = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a dense data set from pictures and captions."""
    from core.data.embedding import embed_dataset, refuse_overwriting
    from core.models.registry import load_encoder, model_for

    refuse_overwriting(out)
    encoder = load_encoder(model or model_for([dataset]))
    with terminal.progress_bar("embedding") as advance, _stoppable("Stopped; nothing was written."):
        written = embed_dataset(encoder, dataset, out, progress=advance)
    if as_json:
        terminal.print_json({"model": encoder.name, "out": str(out.absolute())} | written)
    else:
        counts = f"{written['images']} images and {written['captions']} captions, {written['dim']} dimensions each"
        terminal.out().print(f"{counts}, written into {out}", markup=False, soft_wrap=True)


@commands.command()
def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder of the head: weights, settings, vocabulary.")],
    control: Annotated[Control, typer.Option(help="Expansion control while training.")] = "caption",
    schedule: Annotated[
        Literal["linear", "cosine", "step", "constant"], typer.Option(help="How the chance to expand rises.")
    ] = "linear",
    sparsity: Annotated[
        Literal["l1", "flops"], typer.Option(help="The penalty on weights: their sum, or what they cost a search.")
    ] = "l1",
    vocabulary: VocabularyOption = None,
    tokenizer: TokenizerOption = None,
    init_embeddings: InitOption = None,
    start: Annotated[
        Literal["auto", "captions", "chance"] | None,
        typer.Option(
            help="Where that starts without them: the captions that speak a term, or chance (auto, the default: "
            "from chance without expansion control)."
        ),
    ] = None,
    epochs: EpochsOption = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Captions a step.")] = None,
    tau: Annotated[float | None, typer.Option(help="Temperature of the dense scores to learn from.")] = None,
    l1: L1Option = None,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Ends after so many epochs without a better validation R@1.")
    ] = None,
    precision: Annotated[
        Literal["fp32", "bf16"], typer.Option(help="bf16: products in half precision, for GPUs.")
    ] = "fp32",
    seed: SeedOption = None,
    recipe: RecipeOption = None,
    expands_from: ExpandsFromOption = None,
    settings: SettingsOption = None,
    device: DeviceOption = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begins anew, whatever training lies in OUT.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a head on a dense data set; repeated after Ctrl-C or a crash, it goes on from the last whole epoch."""
    from core.data.dense import DenseFolder
    from core.data.hub import dataset_folder
    from core.encoders.devices import compute_device
    from core.experiments.beginning import read_beginning
    from core.experiments.fitting import Watch, train_folder
    from core.models.registry import chosen_device

    beginning = _beginning(init_embeddings, recipe)
    folder = DenseFolder.read(dataset_folder(data, _told_of_download))
    config = _config(
        recipe, epochs, l1, seed, settings, control=control, schedule=schedule, sparsity=sparsity,
        batch_size=batch_size, tau=tau, patience=patience, precision=precision, start=start, expands_from=expands_from,
    )  # fmt: skip
    captions = folder.split("train", restval=config.restval == "train").captions
    own = _vocabulary(vocabulary, tokenizer, captions, beginning)
    embeddings = read_beginning(beginning, own) if beginning is not None else None
    where = compute_device(chosen_device(device)).device.type
    with (
        terminal.progress_bar(f"training, control {control}") as advance,
        writing(out),
        interrupted("Stopping before the next step…") as should_stop,
    ):
        watch = Watch(
            step=lambda done, total, _: advance(done, total, ""),
            epoch=lambda row: terminal.say(_epoch_line(row, config.epochs)),
            should_stop=should_stop,
        )
        fitted = train_folder(folder, own, config, out, watch, embeddings=embeddings, device=where, restart=restart)
    if as_json:
        terminal.print_json(
            {"head": str(out.absolute()), "control": control, "terms": len(own), "ended": fitted.ended,
             "epochs": len(fitted.curves), "kept_epoch": fitted.kept_epoch, "seconds": fitted.seconds}
        )  # fmt: skip
    elif fitted.ended:
        kept = f"A head of {len(own)} terms, control {control}, as after epoch {fitted.kept_epoch} of {config.epochs}"
        terminal.out().print(f"{kept}, written into {out}", markup=False, soft_wrap=True)
    else:
        done = len(fitted.curves)
        there = f"the best head of {done} epochs lies in {out}" if done else "no epoch was finished"
        raise SightwordsError(f"Stopped; {there}, and the same command goes on from there.")


@commands.command()
def evaluate(
    data: DataOption,
    head: Annotated[
        str | None, typer.Option(metavar="DIR|MODEL", help="The folder of a head, or the name of a model that has one.")
    ] = None,
    dense: Annotated[bool, typer.Option("--dense", help="Judge the dense vectors themselves.")] = False,
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="The part to judge on.")] = "test",
    mode: Annotated[
        Literal["full", "literal", "hybrid"],
        typer.Option(help="literal: a caption's own terms only; hybrid: one of them must match, all terms score."),
    ] = "full",
    as_reference: Annotated[
        bool,
        typer.Option(
            "--as-reference",
            help="Kendall's τ and hybrid as the published code has them: of the first ten places only.",
        ),
    ] = False,
    vocabulary: VocabularyOption = None,
    tokenizer: TokenizerOption = None,
    word_vectors: VectorsOption = None,
    runs: Annotated[Path | None, typer.Option(help="A folder for TREC run files of both directions.")] = None,
    depth: Annotated[int, typer.Option(min=10, help="Places of the run files.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Judge a head, or the dense vectors, by the paper's measures."""
    if (head is None) == (not dense):
        raise typer.BadParameter("give either --head DIR|MODEL or --dense")
    from core.data.dense import DenseFolder
    from core.data.hub import dataset_folder
    from core.data.spoken_terms import spoken_terms
    from core.evaluation.judge import evaluate_dense, evaluate_head
    from core.evaluation.word_vectors import caption_vectors, read_word_vectors

    folder = DenseFolder.read(dataset_folder(data, _told_of_download))
    part = folder.split(split)
    places = depth if runs is not None else 10
    with terminal.progress_bar("judging") as advance, _stoppable("Stopped."):
        if head is None:
            judged, said = evaluate_dense(part, depth=places, progress=advance), {}
        else:
            from core.models.head import load_head
            from core.models.registry import find_head

            place, terms = find_head(head)
            loaded, own = load_head(place, vocabulary or terms, tokenizer)
            if word_vectors is not None:
                vectors = read_word_vectors(word_vectors, own.terms)
            else:
                source = folder.split("train" if folder.sizes()["train"] else split)
                vectors = caption_vectors(source.texts, spoken_terms(source.captions, own))
            judged = evaluate_head(
                loaded,
                part,
                spoken_terms(part.captions, own),
                mode=mode,
                vectors=vectors,
                depth=places,
                as_reference=as_reference,
                progress=advance,
            )
            said = {
                "mode": mode,
                "as_reference": as_reference,
                "word_vectors": str(word_vectors) if word_vectors is not None else "train captions",
            }
    if runs is not None:
        with writing(runs):
            runs.mkdir(parents=True, exist_ok=True)
        tag = "dense" if head is None else f"{Path(head).name}-{mode}"
        judged.runs["text_to_image"].write(runs / "text_to_image.trec", part.text_ids, part.image_ids, tag)
        judged.runs["image_to_text"].write(runs / "image_to_text.trec", part.image_ids, part.text_ids, tag)
    if as_json:
        terminal.print_json({"split": split} | said | judged.to_json())
    else:
        _show_measures(judged.to_json())


@commands.command()
def reproduce(
    data: Annotated[
        str | None, typer.Option("--data", help="A dense data set: folder or hub id; the built-in world without.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder for heads and table; what is finished there is kept.")] = Path(
        "reproduction"
    ),
    split: Annotated[Literal["val", "test"], typer.Option(help="The part to judge on.")] = "test",
    scenes: Annotated[int, typer.Option(min=100, help="Train scenes of the built-in world.")] = 8000,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR|MODEL", help="Judge this head, as it is, beside those trained here; repeatable."),
    ] = None,
    vocabulary: VocabularyOption = None,
    tokenizer: TokenizerOption = None,
    word_vectors: VectorsOption = None,
    init_embeddings: InitOption = None,
    epochs: EpochsOption = None,
    l1: L1Option = None,
    seed: SeedOption = None,
    recipe: RecipeOption = None,
    expands_from: ExpandsFromOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """The paper's comparison: dense, every expansion control, literal and hybrid search, in one table."""
    from core.data.dense import DenseFolder
    from core.data.hub import dataset_folder
    from core.experiments.controls import Study
    from core.experiments.table import markdown, write_table
    from core.models.registry import find_head

    ready = {named: find_head(named) for named in head or ()}
    beginning = _beginning(init_embeddings, recipe)
    if data is None and recipe is None:
        # few scenes, few steps: with more of either, a stronger penalty costs no more
        epochs, l1 = epochs or WORLD_EPOCHS, WORLD_L1 if l1 is None else l1
    config = _config(recipe, epochs, l1, seed, settings, expands_from=expands_from)
    stopped = f"Stopped; what is finished lies in {out}, and the same command goes on from there."
    with _stages() as progress, _stoppable(stopped), writing(out):
        if data is None:
            from core.files import home_folder
            from recipes.scenes.vocabulary import builtin_vocabulary
            from recipes.scenes.world_data import world_data

            place = world_data(scenes, home_folder() / "study", progress=progress)
            own = _vocabulary(vocabulary, tokenizer, (), beginning, builtin_vocabulary)
        else:
            place = dataset_folder(data, _told_of_download)
            train = DenseFolder.read(place).split("train", restval=config.restval == "train")
            own = _vocabulary(vocabulary, tokenizer, train.captions, beginning)
        table = Study(place, out, own, config, split, word_vectors, ready, beginning).run(progress=progress)
        files = write_table(table, out)
    if as_json:
        terminal.print_json({"table": table, "files": files})
    else:
        terminal.out().print(markdown(table), markup=False, soft_wrap=True)
        terminal.say(f"Written into {out}: {', '.join(Path(file).name for file in files.values())}")


def _vocabulary(
    path: Path | None,
    tokenizer: Any,
    captions: Any,
    beginning: Path | None = None,
    otherwise: "Callable[[], Vocabulary] | None" = None,
) -> "Vocabulary":
    """The terms asked for; else those of the language model to begin from; else `otherwise`, or the captions' words."""
    from core.experiments.beginning import own_pieces
    from core.vocabulary import Vocabulary

    path = path or (own_pieces(beginning) if beginning is not None else None)
    if path is not None:
        return Vocabulary.load(path, tokenizer)
    if tokenizer == "wordpiece":
        raise typer.BadParameter("--tokenizer wordpiece needs --vocabulary FILE")
    if otherwise is not None:
        return otherwise()
    made = Vocabulary.of_captions(captions)
    terminal.say(f"Vocabulary: the {len(made):,} words that at least 3 train captions say (choose with --vocabulary).")
    return made


def _told_of_download(name: str, size: int) -> None:
    terminal.say(f"'{name}' needs {size / 1e6:,.0f} MB from the hub…")


def _beginning(named: str | None, recipe: str | None) -> Path | None:
    """Where what `--init-embeddings` names lies on this machine, fetched where it is of the hub and not here yet."""
    from core.encoders.hub_files import HubFiles, source
    from core.training.mlm_head import PIECES_FILE, WEIGHTS_FILES

    if named is None:
        if recipe == "paper":
            terminal.say(
                "The paper's heads start from the language model's head of DistilBERT, this one from chance; name it "
                "with --init-embeddings distilbert/distilbert-base-uncased, or a folder that holds it."
            )
        return None
    if os.path.exists(path := os.path.expanduser(named)):
        return Path(path)
    if Path(named).suffix in (".npy", ".txt", *(Path(name).suffix for name in WEIGHTS_FILES)):
        raise SightwordsError(f"There is no file {named} to start from; name one, or a folder or hub id of DistilBERT.")
    wanted = source(named, (WEIGHTS_FILES, PIECES_FILE))
    if isinstance(wanted, HubFiles) and wanted.missing():
        _told_of_download(named, wanted.size())
        with terminal.progress_bar(f"fetching '{named}'", in_bytes=True) as advance:
            wanted.fetch(progress=advance)
    return wanted.locate()


def _config(
    recipe: str | None, epochs: int | None, l1: float | None, seed: int | None, settings: list[str] | None,
    **chosen: Any,
) -> "TrainingConfig":  # fmt: skip
    """A recipe's settings, above them what was asked for by name, and above that what `--set` says."""
    from core.training.config import RECIPES, TrainingConfig, setting

    given = {"epochs": epochs, "query_sparsity": l1, "item_sparsity": l1, "seed": seed} | chosen
    named = {name: value for name, value in given.items() if value is not None}
    config = TrainingConfig(**{**RECIPES.get(recipe or "", {}), **named, **dict(map(setting, settings or ()))})
    if config.expands_from == "image":
        terminal.say(
            "A caption that may expand is read from its image's vector, not its own, as in the published code, where "
            "that looks like a mistake; --expands-from text mends it."
        )
    return config


def _epoch_line(row: "EpochMeasures", epochs: int) -> str:
    line = f"epoch {row.epoch}/{epochs}: loss {row.loss:.3f}, chance to expand {row.expansion:.2f}"
    if row.recall_at_1 is None:
        return line
    cost = f"FLOPs {row.flops:.2f}, terms {row.query_terms:.1f} a caption, {row.item_terms:.1f} an image"
    return f"{line}; validation R@1 {row.recall_at_1:.3f}, {cost}"


@contextmanager
def _stages() -> Iterator[Progress]:
    """Progress of work that has several parts: on standard error a line and a bar for each."""
    with ExitStack() as bars:
        now: list[Any] = ["", None]

        def progress(done: int, total: int | None, what: str) -> None:
            if what != now[0]:
                bars.close()
                terminal.say(f"{what}…")
                now[:] = what, bars.enter_context(terminal.progress_bar(what))
            now[1](done, total, what)

        yield progress


@contextmanager
def _stoppable(sentence: str) -> Iterator[None]:
    """Ctrl-C ends the command with a sentence instead of a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        raise SightwordsError(sentence) from None


def _show_measures(document: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("measure", "text → image", "image → text")
    backwards = document["image_to_text"]
    for name, value in document.items():
        if isinstance(value, float):
            other = f"{backwards[name]:.4f}" if name in backwards else ""
            table.add_row(name, f"{value:.4f}", other)
    terminal.out().print(table)
