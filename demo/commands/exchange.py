"""Commands that carry a collection to other programs and back: export, import."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from demo import terminal
from demo.commands.opening import model_of, opened, writable
from demo.commands.options import (
    CollectionOption,
    DenseWeightOption,
    JsonOption,
    LiteralTextOption,
    NewCollectionOption,
    RankOption,
    WaitOption,
)
from demo.components import amounts
from index_store.address import MilvusAddress, parse_address
from index_store.folder.writer_lock import WAIT_S

commands = typer.Typer()


@commands.command("export")
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    form: Annotated[
        Literal["jsonl", "trec", "ciff"],
        typer.Option(
            "--format",
            help="jsonl: every item with its exact weights; ciff: the Common Index File Format, for PISA or Anserini, "
            "weights × 1000 rounded; trec: a run, answers to --queries.",
        ),
    ] = "jsonl",
    collection: CollectionOption = None,
    queries: Annotated[
        Path | None, typer.Option("--queries", help="For a run: a query id, a tab and the query, one a line.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="For a run: how many hits a query.")] = 1000,
    literal_text: LiteralTextOption = False,
    rank: RankOption = "sparse",
    dense_weight: DenseWeightOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a collection's items as JSON lines or CIFF, or its answers to many queries as a TREC run."""
    if (form == "trec") != (queries is not None):
        raise typer.BadParameter("--format trec needs --queries FILE, and only it does")
    if queries is not None:
        from core.data.runs import read_queries, write_run
        from core.search.query import Query
        from core.search.search import ranked_lists

        asked = read_queries(queries)
        with opened(collection) as (model, store):
            template = Query(k=k, literal_text=literal_text, rank=rank, dense_weight=dense_weight)
            lists = ranked_lists(model, store, asked, template)
            written = write_run(out, lists, "sightwords")
    else:
        from index_store.formats.ciff import export_ciff
        from index_store.formats.jsonl import export_jsonl

        write = export_ciff if form == "ciff" else export_jsonl
        with opened(collection) as (_, store), terminal.progress_bar("exporting") as advance:
            written = write(store, out, progress=advance)
    what = "item" if form == "ciff" else "line"
    if as_json:
        terminal.print_json({"format": form, "file": str(out.absolute()), f"{what}s": written})
    else:
        terminal.out().print(f"{amounts.count(written, what)} written to {out}", markup=False, soft_wrap=True)


@commands.command("import")
def import_(
    source: Annotated[
        Any,  # an Address
        typer.Argument(
            metavar="SOURCE",
            help='JSON lines: {"vector": {term: weight}, …}, CIFF (*.ciff), or another collection.',
            parser=parse_address,
        ),
    ],
    collection: NewCollectionOption,
    model: Annotated[str | None, typer.Option("--model", help="Whose vocabulary a new collection has.")] = None,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Add items whose vectors were made elsewhere: exported, or indexed as shards on other machines."""
    from index_store.formats.ciff import import_ciff, model_of_ciff
    from index_store.formats.jsonl import import_jsonl, model_of_jsonl
    from index_store.formats.transfer import Imported, import_collection
    from index_store.opening import collection_exists

    read: Callable[..., Imported]
    maker: Callable[..., str | None]
    if isinstance(source, MilvusAddress) or source.is_dir():
        read, maker = import_collection, model_of
    elif source.suffix == ".ciff":
        read, maker = import_ciff, model_of_ciff
    else:
        read, maker = import_jsonl, model_of_jsonl
    if model is None and (read is import_collection or not collection_exists(collection)):
        model = maker(source)  # a new collection is made for what comes
    with writable(collection, model, wait=wait) as (_, store), terminal.progress_bar("importing") as advance:
        done = read(store, source, progress=advance)
        items, place = len(store), store.address
    if as_json:
        terminal.print_json(asdict(done) | {"collection": place, "items": items})
    else:
        added = f"{amounts.count(done.added, 'item')} added, {done.present:,} there already"
        terminal.out().print(f"{added}; the collection now holds {items:,}")
