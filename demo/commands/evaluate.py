"""The command `evaluate`: a head, or the dense vectors, judged on a dense data set by the paper's measures."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from demo import terminal
from demo.commands.opening import writing
from demo.commands.options import JsonOption
from demo.commands.research_options import (
    DataOption,
    Tokenizer,
    TokenizerOption,
    VectorsOption,
    VocabularyOption,
    stoppable,
    tell_of_download,
)
from index_store.errors import SightwordsError
from index_store.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.data.dense import DenseDataset, DenseFolder
    from core.evaluation.evaluate import Evaluation
    from core.vocabulary import Vocabulary

commands = typer.Typer()

Mode = Literal["full", "literal", "hybrid"]
HeadOption = Annotated[
    str | None, typer.Option(metavar="DIR|MODEL", help="The folder of a head, or the name of a model that has one.")
]
ModeOption = Annotated[
    Mode, typer.Option(help="literal: a caption's own terms only; hybrid: one of them must match, all terms score.")
]
ReferenceOption = Annotated[
    bool,
    typer.Option(
        "--as-reference", help="Kendall's τ and hybrid as the published code has them: of the first ten places only."
    ),
]
RankOption = Annotated[
    Literal["sparse", "dense", "fused"],
    typer.Option(help="By terms, by whole dense vectors (as --dense), or by both: score + weight × cosine."),
]
WeightOption = Annotated[
    float | None,
    typer.Option(
        "--dense-weight", min=0, help="That weight; when left out, as the head says, else as chosen on the split val."
    ),
]
TableOption = Annotated[
    bool, typer.Option("--table", help="Also judge the head's query table: the same captions, looked up word by word.")
]
RunsOption = Annotated[Path | None, typer.Option(help="A folder for TREC run files of both directions.")]


@commands.command()
def evaluate(
    data: DataOption,
    head: HeadOption = None,
    dense: Annotated[bool, typer.Option("--dense", help="Judge the dense vectors themselves.")] = False,
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="The part to judge on.")] = "test",
    rank: RankOption = "sparse",
    dense_weight: WeightOption = None,
    mode: ModeOption = "full",
    table: TableOption = False,
    as_reference: ReferenceOption = False,
    vocabulary: VocabularyOption = None,
    tokenizer: TokenizerOption = None,
    word_vectors: VectorsOption = None,
    runs: RunsOption = None,
    depth: Annotated[int, typer.Option(min=10, help="Places of the run files.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Judge a head, or the dense vectors, by the paper's measures."""
    if rank == "dense":
        head, dense = None, True
    if (head is None) == (not dense):
        raise typer.BadParameter("give either --head DIR|MODEL or --dense")
    if dense and table:
        raise typer.BadParameter("dense vectors have no query table; leave out --table, or name a --head")
    if dense and rank == "fused":
        raise typer.BadParameter("both are fused where a --head makes terms; leave out --dense")
    from core.data.dense import DenseFolder
    from core.data.hub import dataset_folder
    from core.evaluation.evaluate import evaluate_dense

    folder = DenseFolder.read(dataset_folder(data, tell_of_download))
    part = folder.split(split)
    places = depth if runs is not None else 10
    settings: dict[str, Any] = {}
    by_table = None
    with terminal.progress_bar("judging") as advance, stoppable("Stopped."):
        if head is None:
            judged = evaluate_dense(part, depth=places, progress=advance)
        else:
            weight = _dense_weight(dense_weight, head, folder, vocabulary, tokenizer) if rank == "fused" else None
            judge = partial(
                _judged_head, head, folder, split, mode=mode, dense_weight=weight, as_reference=as_reference,
                vocabulary=vocabulary, tokenizer=tokenizer, word_vectors=word_vectors, depth=places, progress=advance,
            )  # fmt: skip
            judged, by_table = judge(table=False), judge(table=True) if table else None
            source = str(word_vectors) if word_vectors is not None else "train captions"
            settings = {"mode": mode, "as_reference": as_reference, "word_vectors": source}
            settings |= {"rank": rank} | ({} if weight is None else {"dense_weight": weight})
    document = judged.to_json()
    if by_table is not None:
        document["table"] = by_table.to_json()
    if runs is not None:
        _write_runs(judged, part, runs, "dense" if head is None else f"{Path(head).name}-{mode}")
    if as_json:
        terminal.print_json({"split": split} | settings | document)
    else:
        _show_measures(document)
        if "dense_weight" in settings:
            terminal.out().print(f"score + {settings['dense_weight']:g} × cosine", markup=False)


def _dense_weight(
    given: float | None, head: str, folder: "DenseFolder", vocabulary: Path | None, tokenizer: Tokenizer | None
) -> float:
    """The weight that is given, or that the head's config says, or that is best on the split "val"."""
    from core.evaluation.fusion import best_dense_weight
    from core.models.head import load_head
    from core.models.head_files import dense_weight
    from core.models.registry import find_head

    place, terms = find_head(head)
    known = given if given is not None else dense_weight(place)
    if known is None:
        loaded, _ = load_head(place, vocabulary or terms, tokenizer)
        known = best_dense_weight(loaded, folder.split("val"))
    return known


def _judged_head(
    head: str,
    folder: "DenseFolder",
    split: str,
    *,
    mode: Mode,
    dense_weight: float | None,
    as_reference: bool,
    vocabulary: Path | None,
    tokenizer: Tokenizer | None,
    word_vectors: Path | None,
    depth: int,
    table: bool,
    progress: Progress,
) -> "Evaluation":
    from core.data.literal_terms import literal_terms
    from core.evaluation.evaluate import evaluate_head
    from core.evaluation.table_queries import table_queries
    from core.models.head import load_head
    from core.models.query_table import TABLE_FILE, QueryTable
    from core.models.registry import find_head

    place, terms = find_head(head)
    loaded, own = load_head(place, vocabulary or terms, tokenizer)
    part = folder.split(split)
    if table and not (place / TABLE_FILE).is_file():
        raise SightwordsError(f"The head {place} has no query table; learn one with `sightwords train-table`.")
    return evaluate_head(
        loaded,
        part,
        literal_terms(part.captions, own),
        mode=mode,
        vectors=_word_vectors(word_vectors, folder, split, own),
        depth=depth,
        as_reference=as_reference,
        dense_weight=dense_weight,
        queries=table_queries(QueryTable.load(place / TABLE_FILE, own), part.captions) if table else None,
        progress=progress,
    )


def _word_vectors(
    file: Path | None, folder: "DenseFolder", split: str, vocabulary: "Vocabulary"
) -> "NDArray[np.float32]":
    """Those of the file; else of the train captions, or of the split's own where there are none."""
    from core.data.literal_terms import literal_terms
    from core.data.word_vectors import caption_vectors, read_word_vectors

    if file is not None:
        return read_word_vectors(file, vocabulary.terms)
    source = folder.split("train" if folder.sizes()["train"] else split)
    return caption_vectors(source.texts, literal_terms(source.captions, vocabulary))


def _write_runs(judged: "Evaluation", part: "DenseDataset", out: Path, tag: str) -> None:
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    judged.runs["text_to_image"].write(out / "text_to_image.trec", part.text_ids, part.image_ids, tag)
    judged.runs["image_to_text"].write(out / "image_to_text.trec", part.image_ids, part.text_ids, tag)


def _show_measures(document: dict[str, Any]) -> None:
    from rich.table import Table

    backwards, by_table = document["image_to_text"], document.get("table")
    table = Table("measure", "text → image", "image → text", *(["text → image, by the table"] if by_table else []))
    for name, value in document.items():
        if isinstance(value, float):
            columns = [f"{value:.4f}", f"{backwards[name]:.4f}" if name in backwards else ""]
            if by_table:
                columns.append("" if by_table[name] is None else f"{by_table[name]:.4f}")
            table.add_row(name, *columns)
    terminal.out().print(table)
