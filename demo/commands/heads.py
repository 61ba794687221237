"""Commands that carry a head to sentence-transformers and back: export-head, import-head."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from demo import terminal
from demo.commands.opening import writing
from demo.commands.options import JsonOption
from demo.commands.research_options import TokenizerOption

commands = typer.Typer()


@commands.command("export-head")
def export_head(
    head: Annotated[str, typer.Argument(metavar="HEAD", help="A head: its folder, or a model's name.")],
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to make.")],
    vocabulary: Annotated[
        Path | None, typer.Option(help="Terms, one a line (or JSON); those of the head when left out.")
    ] = None,
    tokenizer: TokenizerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a head as a folder that sentence-transformers loads as a SparseEncoder of dense vectors."""
    from core.models.exchange.writing import export_head as write
    from core.models.registry import encoder_of, find_head

    place, terms = find_head(head)
    name, encoder = Path(head).name, encoder_of(head)
    with writing(out):
        sizes = write(place, out, name=name, encoder=encoder, vocabulary=vocabulary or terms, tokenizer=tokenizer)
    if as_json:
        terminal.print_json({"head": head, "folder": str(out.absolute()), "terms": sizes.vocab_size})
    else:
        text = f"The head {head}, of {sizes.vocab_size:,} terms, written into {out} for sentence-transformers"
        terminal.out().print(text, markup=False, soft_wrap=True)


@commands.command("import-head")
def import_head(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A SparseEncoder that export-head wrote, trained further or not.")
    ],
    out: Annotated[Path | None, typer.Option(help="The head's folder, to be made.")] = None,
    keep: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep it under a name instead, as the Lab does.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a head back from a SparseEncoder's folder, into a folder of its own or, kept for good, under a name."""
    from core.models.exchange.reading import import_head as read
    from core.models.kept_heads import keep_head

    if (out is None) == (keep is None):
        raise typer.BadParameter("give either --out DIR or --keep NAME")
    if out is not None:
        with writing(out):
            sizes = read(source, out)
    else:
        with tempfile.TemporaryDirectory() as folder:
            sizes = read(source, Path(folder))
            out = keep_head(Path(folder), str(keep))
    if as_json:
        terminal.print_json({"head": str(out.absolute()), "name": keep, "terms": sizes.vocab_size})
    else:
        where = f"kept as '{keep}'" if keep else f"written into {out}"
        terminal.out().print(f"A head of {sizes.vocab_size:,} terms, {where}", markup=False, soft_wrap=True)
