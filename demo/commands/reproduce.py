"""The command `reproduce`: the paper's comparison of expansion controls, one table."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from demo import terminal
from demo.commands.opening import writing
from demo.commands.options import JsonOption
from demo.commands.research_options import (
    EpochsOption,
    ExpandsFromOption,
    InitOption,
    L1Option,
    RecipeOption,
    SeedOption,
    SettingsOption,
    TokenizerOption,
    VectorsOption,
    VocabularyOption,
    caption_vocabulary,
    chosen_vocabulary,
    initial_embeddings_path,
    stoppable,
    tell_of_download,
    training_config,
)
from index_store.progress import Progress

if TYPE_CHECKING:
    from core.training.config import TrainingConfig
    from core.vocabulary import Vocabulary

commands = typer.Typer()

WORLD_EPOCHS, WORLD_L1 = 10, 3e-4  # on the built-in world, where nothing else is asked for
DataOption = Annotated[
    str | None, typer.Option("--data", help="A dense data set: folder or hub id; the built-in world without.")
]
HeadsOption = Annotated[
    list[str] | None,
    typer.Option(metavar="DIR|MODEL", help="Judge this head, as it is, beside those trained here; repeatable."),
]
OutOption = Annotated[Path, typer.Option(help="The folder for heads and table; what is finished there is kept.")]


@commands.command()
def reproduce(
    data: DataOption = None,
    out: OutOption = Path("reproduction"),
    split: Annotated[Literal["val", "test"], typer.Option(help="The part to judge on.")] = "test",
    scenes: Annotated[int, typer.Option(min=100, help="Train scenes of the built-in world.")] = 8000,
    head: HeadsOption = None,
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
    from core.experiments.paper_comparison import PaperComparison
    from core.experiments.table import markdown, write_table
    from core.models.registry import find_head

    ready = {named: find_head(named) for named in head or ()}
    embeddings = initial_embeddings_path(init_embeddings, recipe)
    if data is None and recipe is None:
        # few scenes, few steps: with more of either, a stronger penalty costs no more
        epochs, l1 = epochs or WORLD_EPOCHS, WORLD_L1 if l1 is None else l1
    config = training_config(recipe, settings, epochs=epochs, l1=l1, seed=seed, expands_from=expands_from)
    stopped = f"Stopped; what is finished lies in {out}, and the same command goes on from there."
    with _parts() as progress, stoppable(stopped), writing(out):
        own = chosen_vocabulary(vocabulary, tokenizer, embeddings)
        folder, terms = _world(scenes, own, progress) if data is None else _data_set(data, own, config)
        comparison = PaperComparison(folder, out, terms, config, split, word_vectors, ready, embeddings)
        table = comparison.table(progress=progress)
        files = write_table(table, out)
    if as_json:
        terminal.print_json({"table": table, "files": files})
    else:
        terminal.out().print(markdown(table), markup=False, soft_wrap=True)
        terminal.say(f"Written into {out}: {', '.join(Path(file).name for file in files.values())}")


def _world(scenes: int, own: "Vocabulary | None", progress: Progress) -> "tuple[Path, Vocabulary]":
    """The built-in world as a data set, drawn now where it is not there yet, and the terms: `own`, or its words."""
    from core.data.world_data import world_data, world_vocabulary
    from core.files import home_folder

    folder = world_data(scenes, home_folder() / "study", progress=progress)
    return folder, own if own is not None else world_vocabulary()


def _data_set(data: str, own: "Vocabulary | None", config: "TrainingConfig") -> "tuple[Path, Vocabulary]":
    """The folder of the data set named, and the terms: `own`, or the words of its train captions."""
    from core.data.dense import DenseFolder
    from core.data.hub import dataset_folder

    folder = dataset_folder(data, tell_of_download)
    train = DenseFolder.read(folder).split("train", restval=config.restval == "train")
    return folder, own if own is not None else caption_vocabulary(train.captions)


@contextmanager
def _parts() -> Iterator[Progress]:
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
