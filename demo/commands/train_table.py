"""The command `train-table`: what each word of a question lights, learned for a head that is there already."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from demo import terminal
from demo.commands.opening import writing
from demo.commands.options import JsonOption
from demo.commands.research_options import (
    DataOption,
    SeedOption,
    TokenizerOption,
    VocabularyOption,
    tell_of_download,
)
from demo.terminal import interrupted
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.data.dense import DenseFolder
    from core.encoders import DenseEncoder
    from core.evaluation.validation import ValidationMeasures
    from core.experiments.table_fitting import FittedTable
    from core.vocabulary import Vocabulary

commands = typer.Typer()
LearnerOption = Annotated[Path, typer.Option(help="The folder of the head; its table is written into it.")]


@commands.command("train-table")
def train_table(
    data: DataOption,
    head: LearnerOption,
    vocabulary: VocabularyOption = None,
    tokenizer: TokenizerOption = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn what each word of a question lights, for a trained head, so that asking needs no encoder."""
    from core.data.dense import DenseFolder
    from core.data.hub import dataset_folder
    from core.models.head import load_head

    _, terms = load_head(head, vocabulary, tokenizer)
    folder = DenseFolder.read(dataset_folder(data, tell_of_download))
    table = learned_table(head, folder, terms, seed=seed or 0)
    if as_json:
        terminal.print_json({"head": str(head.absolute())} | table_document(table))
    else:
        terminal.out().print(table_outcome(table, head), markup=False, soft_wrap=True)


def learned_table(head: Path, folder: "DenseFolder", terms: "Vocabulary", *, seed: int) -> "FittedTable":
    """Learns the table of the head in a folder behind a bar, with a line an epoch, and writes it there."""
    from core.experiments.table_fitting import fit_table_of
    from core.training.query_table import TableConfig
    from core.training.trainer import Stopped

    config = TableConfig(seed=seed)
    with (
        terminal.progress_bar("learning the query table") as advance,
        writing(head),
        interrupted("Stopping after this epoch…") as should_stop,
    ):

        def epoch(number: int, loss: float, judged: "ValidationMeasures | None") -> None:
            advance(number, config.epochs, "")
            terminal.say(_epoch_line(number, loss, judged))

        try:
            return fit_table_of(
                head, folder, vocabulary=terms, encoder=_encoder(folder.encoder), config=config, epoch=epoch,
                should_stop=should_stop,
            )  # fmt: skip
        except Stopped:
            raise SightwordsError(f"Stopped; no table was written into {head}.") from None


def table_document(table: "FittedTable") -> dict[str, Any]:
    """What became of a table, for --json; recall and FLOPs on val are None where there is no val."""
    return {
        "words": len(table.table),
        "table_epoch": table.epoch,
        "val": None
        if table.judged is None or table.head is None
        else {
            "table": {"recall@1": table.judged.recall_at_1, "flops": table.judged.flops},
            "head": {"recall@1": table.head.recall_at_1, "flops": table.head.flops},
        },
    }


def table_outcome(table: "FittedTable", out: Path) -> str:
    """The same in a sentence."""
    what = f"A table of {len(table.table):,} words, written into {out}"
    if table.judged is None or table.head is None:
        return what
    return (
        f"{what}; validation R@1 {table.judged.recall_at_1:.3f} at FLOPs {table.judged.flops:.2f}, where the head "
        f"itself has {table.head.recall_at_1:.3f} at {table.head.flops:.2f}"
    )


def _encoder(name: str | None) -> "DenseEncoder | None":
    """The encoder that made the vectors, where it is known and on this machine; says what is missed without."""
    from core.errors import MissingFiles, UnknownModel
    from core.models.registry import load_encoder

    if name is not None:
        try:
            return load_encoder(name)
        except (MissingFiles, UnknownModel):
            pass
    terminal.say(
        f"The encoder of these vectors ({name or 'the data set names none'}) is not here to say what other words mean: "
        "the table knows the words of the train captions only."
    )
    return None


def _epoch_line(number: int, loss: float, judged: "ValidationMeasures | None") -> str:
    line = f"table, epoch {number}: loss {loss:.3f}"
    return line if judged is None else f"{line}; validation R@1 {judged.recall_at_1:.3f}, FLOPs {judged.flops:.2f}"
