"""What the commands that train and judge heads share: options, and what those come to; imports no torch at once."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from demo import terminal
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.training.config import TrainingConfig
    from core.vocabulary import Vocabulary

Tokenizer = Literal["words", "wordpiece"]
DataOption = Annotated[str, typer.Option("--data", help="A dense data set: a folder, or a hub id (owner/name).")]
VocabularyOption = Annotated[
    Path | None,
    typer.Option("--vocabulary", help="Terms, one a line (or JSON); words of the train captions when left out."),
]
TokenizerOption = Annotated[
    Tokenizer | None,
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


def training_config(
    recipe: str | None,
    settings: list[str] | None,
    *,
    epochs: int | None,
    l1: float | None,
    seed: int | None,
    **chosen: Any,
) -> "TrainingConfig":
    """A recipe's settings, above them what was asked for by name, and above that what `--set` says."""
    from core.training.config import TrainingConfig, setting
    from core.training.presets import RECIPES

    given = {"epochs": epochs, "query_sparsity": l1, "item_sparsity": l1, "seed": seed} | chosen
    named = {name: value for name, value in given.items() if value is not None}
    config = TrainingConfig(**{**RECIPES.get(recipe or "", {}), **named, **dict(map(setting, settings or ()))})
    if config.expands_from == "image":
        terminal.say(
            "A caption that may expand is read from its image's vector, not its own, as in the published code, where "
            "that looks like a mistake; --expands-from text mends it."
        )
    return config


def chosen_vocabulary(
    file: Path | None, tokenizer: Tokenizer | None, initial_embeddings: Path | None
) -> "Vocabulary | None":
    """The terms that `--vocabulary` names; else those of the language model to start from; None where neither is."""
    from core.training.mlm_head import own_pieces
    from core.vocabulary import Vocabulary

    file = file or (own_pieces(initial_embeddings) if initial_embeddings is not None else None)
    if file is not None:
        return Vocabulary.load(file, tokenizer)
    if tokenizer == "wordpiece":
        raise typer.BadParameter("--tokenizer wordpiece needs --vocabulary FILE")
    return None


def caption_vocabulary(captions: Sequence[str]) -> "Vocabulary":
    """The words of the train captions, which is told."""
    from core.vocabulary import Vocabulary

    made = Vocabulary.of_captions(captions)
    terminal.say(f"Vocabulary: the {len(made):,} words that at least 3 train captions say (choose with --vocabulary).")
    return made


def tell_of_download(name: str, size: int) -> None:
    """Says what has to be fetched; `size` in bytes."""
    terminal.say(f"'{name}' needs {size / 1e6:,.0f} MB from the hub…")


def initial_embeddings_path(named: str | None, recipe: str | None) -> Path | None:
    """Where what `--init-embeddings` names lies on this machine; fetches what is of the hub and not here yet."""
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
        tell_of_download(named, wanted.size())
        with terminal.progress_bar(f"fetching '{named}'", in_bytes=True) as advance:
            wanted.fetch(progress=advance)
    return wanted.locate()


@contextmanager
def stoppable(sentence: str) -> Iterator[None]:
    """Ctrl-C ends the command with this sentence instead of a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        raise SightwordsError(sentence) from None
